"""What one row of a list shows of a ticket: read at once, and said in a few words."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple

from django.db import connection
from django.utils.text import capfirst
from django.utils.translation import gettext as _t

from tickets import labels as common
from tickets.lifecycle import ClaimState, TicketState, WaitingFor
from tickets.references import spoken

# Of the ticket's own row, then of what stands beside it; as `Line` takes them.
_OWN = (
    "id",
    "reference",
    "store_id",
    "request",
    "subject",
    "state",
    "priority",
    "waiting_for",
    "next_due_at",
    "snoozed_until",
    "last_speaker",
    "last_seq",
)
_KEYS = ("customer_id", "assignee_id", "order_id")
OWN = ", ".join(f"t.{name}" for name in (*_OWN, *_KEYS))
SHOWN = ", ".join(f"t.{name}" for name in (*_OWN, "customer_id")) + (  # noqa: S608  (constants)
    ", coalesce(nullif(x.name, ''), x.email), coalesce(nullif(u.name, ''), u.email, ''),"
    " coalesce(c.state, ''), coalesce(c.outcome, ''), o.cancelled_at IS NOT NULL,"
    " (SELECT string_agg(l.title, ', ' ORDER BY i.id) FROM tickets_claimitem i"
    " JOIN tickets_orderline l ON l.id = i.line_id WHERE i.claim_id = c.id),"
    " u.is_active IS FALSE"
)
BESIDE = (
    "JOIN tickets_customer x ON x.id = t.customer_id"
    " LEFT JOIN tickets_user u ON u.id = t.assignee_id"
    " LEFT JOIN tickets_claim c ON c.ticket_id = t.id"
    " LEFT JOIN tickets_order o ON o.id = t.order_id"
)


@dataclass(frozen=True, slots=True)
class Line:
    """One ticket as a list shows it. ``claim`` is its claim's state, '' where it has none.

    ``assignee_left``: whose it is cannot sign in any more; somebody has to take it over.
    """

    pk: int
    reference: str
    store_id: int
    request: str
    subject: str
    state: str
    priority: int
    waiting_for: str
    next_due_at: datetime | None
    snoozed_until: datetime | None
    last_speaker: str
    last_seq: int
    customer_id: int
    customer: str
    assignee: str
    claim: str
    outcome: str
    cancelled: bool
    items: str | None
    assignee_left: bool

    @property
    def spoken_reference(self) -> str:
        """``7KM4-QX9D``: what people read and say."""
        return spoken(self.reference)

    @property
    def finished(self) -> bool:
        """Whether nothing is to be done any more."""
        return self.state in (TicketState.SOLVED, TicketState.CLOSED)

    @property
    def unread(self) -> bool:
        """Whether the customer said or did something that nobody of us has taken up yet."""
        return self.state == TicketState.NEW or (
            self.state == TicketState.OPEN and self.last_speaker == "customer"
        )


def of(keys: Sequence[int]) -> list[Line]:
    """The rows of these tickets, in this order. Whose they are was asked before."""
    if not keys:
        return []
    with connection.cursor() as cursor:
        cursor.execute(
            f"SELECT {SHOWN} FROM tickets_ticket t {BESIDE} WHERE t.id = ANY(%s)",  # noqa: S608  (constants)
            [list(keys)],
        )
        found = {row[0]: Line(*row) for row in cursor.fetchall()}
    return [found[key] for key in keys if key in found]


class Stands(NamedTuple):
    """Where a ticket stands, as far as its next step follows from it."""

    request: str
    state: str
    waiting_for: str
    last_speaker: str
    claim: str
    outcome: str
    cancelled: bool


def next_step(line: Line | Stands) -> str:
    """What has to happen next, in two or three words, and by whom it reads."""
    if not line.claim:
        if line.state in (TicketState.SOLVED, TicketState.CLOSED):
            return capfirst(str(common.TICKET_STATES[line.state]))
        return _errand(line)
    theirs = (ClaimState.AWAITING_EVIDENCE, ClaimState.AWAITING_RETURN)
    if line.claim in theirs and line.state == TicketState.OPEN:
        return _t("Answer")  # they wrote instead of sending
    if line.claim == ClaimState.APPROVED:
        return _t("Fulfil: %(outcome)s") % {"outcome": common.OUTCOMES.get(line.outcome, "")}
    if line.claim == ClaimState.AWAITING_EVIDENCE:
        return _t("Customer sends evidence")
    if line.claim == ClaimState.UNDER_REVIEW:
        return _t("Decide")
    if line.claim == ClaimState.WITH_MANUFACTURER:
        return _t("Manufacturer answers")
    if line.claim == ClaimState.AWAITING_RETURN:
        return _t("Customer sends it back")
    if line.claim == ClaimState.INSPECTING:
        return _t("Inspect")
    return capfirst(str(common.CLAIM_STATES[line.claim]))


def _errand(line: Line | Stands) -> str:
    """The next step of a request that is no claim."""
    if line.waiting_for == WaitingFor.CARRIER:
        return _t("Carrier answers")
    if line.waiting_for == WaitingFor.CUSTOMER:
        return _t("Customer answers")
    if line.request == "cancel_order":
        return _t("Pay the refund") if line.cancelled else _t("Cancel or refuse")
    if line.request == "change_address" and not line.cancelled:
        return _t("Change the address")
    if line.request in ("lost_parcel", "tracking_stalled", "poster_missing"):
        return _t("Look for the parcel")
    return _t("Answer") if line.last_speaker == "customer" else _t("Customer answers")
