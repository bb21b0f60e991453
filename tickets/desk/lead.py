"""Who may promise how much: what an agent's buttons say of the store's limit, and asking a lead.

The action holds to the limit under its locks, with what was promised on the order before; here
it is only said beforehand.
"""

from __future__ import annotations

import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import TYPE_CHECKING

from django.utils.translation import gettext as _

from policies.pack import Pack
from policies.publish import pack_of
from tickets.actions.pickups import NOT_OWED
from tickets.models import Event, Order

if TYPE_CHECKING:
    from tickets.desk.steps import Button

MONEY = ("refund", "return")


@dataclass(frozen=True, slots=True)
class AskLead:
    """A step that leaves a note for colleagues: a lead has to take the next one."""

    key: str
    send: Mapping[str, str]
    url: str = "messages"
    icon: str = "key"


def limit_of(pack: Pack, currency: str, verbs: frozenset[str]) -> Decimal | None:
    """What this person refunds alone on one order; None where nothing holds them."""
    return None if "override" in verbs else pack.agent_refund_limit(currency)


def said(limit: Decimal, currency: str) -> str:
    """“Needs a lead: above USD 50.00”."""
    return _("Needs a lead: above %(limit)s") % {"limit": f"{currency} {limit:.2f}"}


def marked(buttons: Sequence[Button], limit: Decimal | None, currency: str) -> list[Button]:
    """The buttons; those that promise money say from where on they need a lead."""
    if limit is None:
        return list(buttons)
    told = said(limit, currency)
    return [
        replace(button, text=f"{button.text} ({told})") if button.value in MONEY else button
        for button in buttons
    ]


def too_dear(order: Order | None, events: Sequence[Event], verbs: frozenset[str]) -> str:
    """Why this person cannot cancel the order alone: its refund is above the limit; '' if not."""
    if order is None or order.paid_at is None or order.financial_status in NOT_OWED:
        return ""
    judged = [event for event in events if event.policy_version is not None]
    if not judged:
        return ""
    version = judged[-1].policy_version
    assert version is not None
    limit = limit_of(pack_of(version), order.currency, verbs)
    return said(limit, order.currency) if limit is not None and order.total > limit else ""


def ask(key: str, title: str, why: str) -> AskLead:
    """The step that leaves the note; sent twice it is one."""
    body = _("A lead, please: %(step)s. %(why)s.") % {"step": title, "why": why}
    return AskLead(f"{key}-lead", {"kind": "note", "body": body, "form_key": str(uuid.uuid4())})
