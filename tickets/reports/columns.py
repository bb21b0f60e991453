"""What a list of a book shows of each row, on the page and in the CSV."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

from django.urls import reverse
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from tickets import labels
from tickets.models import Claim, Deadline, GuidanceCount, Inquiry, Outbox, Pickup, Refund
from tickets.reports.books import BOOKS, ENDS, GUIDES, Label, request_label

Cell = str | int | Decimal | datetime | None


@dataclass(frozen=True, slots=True)
class Column:
    """A heading, and how to read the cell from a row. A ``limit`` is said as its last minute."""

    label: Label
    read: Callable[[Any], Cell]
    limit: bool = False


def _pickup_state(row: Pickup) -> str:
    return str(labels.PICKUP_STATES.get(row.state, row.state))


def _case_of(row: Deadline) -> str:
    if row.claim is not None:
        return row.claim.ticket.spoken_reference
    if row.ticket is not None:
        return row.ticket.spoken_reference
    if row.refund is None:
        return ""
    claim = row.refund.claim
    return claim.ticket.spoken_reference if claim else row.refund.order.number


def _cut_label(book: str, name: str, value: str) -> str:
    cuts = BOOKS[book].cuts[name]
    return str(cuts[value].label) if value in cuts else value


_KEPT = {"met": "met", "pending": "ahead"}


def guide_label(row: GuidanceCount) -> str:
    """What a general answer or an article was about; an article is known by its rule."""
    return request_label(row.key) if row.kind == "answer" else row.key


def _mail_case(row: Outbox) -> str:
    event = row.event
    if event.ticket is not None:
        return event.ticket.spoken_reference
    return event.pickup.order.number if event.pickup is not None else ""


def _mail_to(row: Outbox) -> str:
    if row.to_customer is not None:
        return row.to_customer.email
    return row.to_user.email if row.to_user is not None else row.store.alert_to


def _label_of_outcome(row: Claim) -> str:
    return str(labels.OUTCOMES.get(row.outcome, ""))


COLUMNS: Mapping[str, Sequence[Column]] = {
    "claims": (
        Column(_("Reference"), lambda row: row.ticket.spoken_reference),
        Column(_("Filed"), lambda row: row.filed_at),
        Column(_("Customer"), lambda row: row.ticket.customer.name),
        Column(_("Order"), lambda row: row.order.number),
        Column(_("Type"), lambda row: str(labels.CLAIM_TYPES.get(row.type, row.type))),
        Column(_("Verdict"), lambda row: str(labels.VERDICTS.get(row.verdict, row.verdict))),
        Column(_("Rule"), lambda row: row.refused_rule or row.rule),
        Column(_("State"), lambda row: labels.claim_state_label(row.state)),
        Column(_("Outcome"), _label_of_outcome),
    ),
    "deadlines": (
        Column(_("Case"), _case_of),
        Column(_("What"), lambda row: _cut_label("deadlines", "kind", row.kind)),
        Column(_("Due"), lambda row: row.due_at, limit=True),
        Column(
            _("Kept"),
            lambda row: _cut_label("deadlines", "kept", _KEPT.get(row.state, "missed")),
        ),
        Column(_("Settled"), lambda row: row.settled_at if row.state != "overdue" else None),
    ),
    "pickups": (
        Column(_("Order"), lambda row: row.order.number),
        Column(_("Ended"), lambda row: row.ended_at),
        Column(_("Customer"), lambda row: row.order.customer.name),
        Column(_("State"), _pickup_state),
        Column(_("Confirmed"), lambda row: row.confirmed_at),
        Column(_("Reserved until"), lambda row: row.reserved_until, limit=True),
    ),
    "guidance": (
        Column(_("Asked"), lambda row: row.at),
        Column(_("Request"), lambda row: request_label(row.request)),
        Column(_("Order"), lambda row: row.order.number if row.order else ""),
        Column(_("Verdict"), lambda row: str(labels.VERDICTS.get(row.verdict, row.verdict))),
        Column(_("Rule"), lambda row: row.rule),
        Column(_("How it ended"), lambda row: str(ENDS[row.ended])),
        Column(_("Ended"), lambda row: row.ended_at),
        Column(_("Reference"), lambda row: row.ticket.spoken_reference if row.ticket else ""),
    ),
    "answers": (
        Column(_("Day"), lambda row: row.day.isoformat()),
        Column(_("What"), lambda row: str(GUIDES[row.kind])),
        Column(_("About"), guide_label),
        Column(_("Seen"), lambda row: row.seen),
        Column(_("It helped"), lambda row: row.helped),
        Column(_("Wrote to a person"), lambda row: row.wrote),
    ),
    "mails": (
        Column(_("Case"), _mail_case),
        Column(_("Given up"), lambda row: row.settled_at),
        Column(pgettext_lazy("mail", "To"), _mail_to),
        Column(_("Mail"), lambda row: row.template),
        Column(_("What happened"), lambda row: _cut_label("mails", "state", row.state)),
        Column(_("The server said"), lambda row: row.last_error),
    ),
}
_REFUND = (
    Column(_("Order"), lambda row: row.order.number),
    Column(_("Customer"), lambda row: row.order.customer.name),
    Column(_("Because of"), lambda row: row.claim.ticket.spoken_reference if row.claim else "—"),
    Column(_("Requested"), lambda row: row.requested_at),
    Column(_("Paid"), lambda row: row.paid_at),
    Column(_("Amount"), lambda row: row.amount),
    Column(_("Currency"), lambda row: row.currency),
)


def columns_of(book: str) -> Sequence[Column]:
    """The columns of a book's list."""
    return COLUMNS.get(book, _REFUND)


def link_of(row: Any) -> str:
    """Where a row is worked on: its page on the desk; empty where it has none."""
    ticket = pickup = None
    if isinstance(row, Claim):
        ticket = row.ticket
    elif isinstance(row, Pickup):
        pickup = row
    elif isinstance(row, Deadline):
        claim = row.claim or (row.refund.claim if row.refund else None)
        ticket = claim.ticket if claim else row.ticket
        pickup = row.refund.pickup if row.refund and ticket is None else None
    elif isinstance(row, Refund):
        ticket, pickup = (row.claim.ticket, None) if row.claim else (None, row.pickup)
    elif isinstance(row, Inquiry):
        ticket = row.ticket
    elif isinstance(row, Outbox):
        ticket, pickup = row.event.ticket, row.event.pickup
    if ticket is not None:
        return reverse("desk:ticket", args=[ticket.reference])
    return reverse("desk:pickup", args=[pickup.pk]) if pickup is not None else ""
