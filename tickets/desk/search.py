"""One box: a reference, an order number, an e-mail address or a name."""

from __future__ import annotations

import re
from dataclasses import dataclass

from django.db.models import Q, QuerySet
from django.utils.translation import gettext as _

from tickets import access
from tickets.actor import Actor
from tickets.models import Pickup, Ticket
from tickets.models.base import email_key
from tickets.models.order import order_number_key
from tickets.references import ALPHABET, clean_reference

LONGEST = 200
_SPOKEN = re.compile(r"[A-Za-z0-9]{4}-[A-Za-z0-9]{4}")


@dataclass(frozen=True, slots=True)
class Found:
    """What a search found. ``ticket`` is the one a reference names; ``hint`` explains a miss."""

    tickets: QuerySet[Ticket]
    ticket: Ticket | None = None
    pickups: tuple[Pickup, ...] = ()
    hint: str = ""


def search(actor: Actor, typed: str) -> Found:
    """Everything this person may see that the typed text names.

    A reference opens its ticket. Order numbers match whole; addresses and names by
    their beginning.
    """
    text = " ".join(typed.split())[:LONGEST]
    tickets = access.tickets_for(actor)
    if not text:
        return Found(tickets.none())
    reference = clean_reference(text)
    if reference:
        ticket = tickets.filter(reference=reference).first()
        if ticket:
            return Found(tickets.none(), ticket=ticket)
    key = order_number_key(text)
    matching = Q(order__number_key=key) | Q(customer__name__istartswith=text)
    if "@" in text or "." in text or " " not in text:
        matching |= Q(customer__email_key__startswith=email_key(text))
    pickups = access.pickups_for(actor).filter(order__number_key=key).select_related("order")
    return Found(tickets.filter(matching), pickups=tuple(pickups[:5]), hint=_hint(text, reference))


def _hint(text: str, reference: str | None) -> str:
    bare = "".join(text.upper().split()).replace("-", "")
    looks_like_one = bool(_SPOKEN.fullmatch(text)) or (
        len(bare) == 8 and all(c in ALPHABET for c in bare) and any(c.isdigit() for c in bare)
    )
    if reference:
        return _("No ticket of yours has the reference %(reference)s.") % {"reference": text}
    if looks_like_one:
        return _(
            "%(typed)s is not a reference: its check character does not fit. "
            "One character was misheard or mistyped."
        ) % {"typed": text}
    return ""
