"""What a store aims at, by priority, and what follows when a ticket misses it."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from tickets.lifecycle import DeadlineState, TicketState
from tickets.models import Deadline, Event, Membership, Role, Target, Ticket, User
from tickets.models.ticket import URGENT
from tickets.permissions import roles_with

if TYPE_CHECKING:
    from tickets.actions.base import Turn

FIRST, RESOLVE = "first_target", "resolve_target"
KINDS = (FIRST, RESOLVE)
# A deadline keeps in its ``step`` the minutes it was reckoned with. 500 hours in the shop are a
# quarter of a year: whoever means longer means no target.
MOST_MINUTES = 30_000
FRESH = 60.0  # seconds for which a store's figures are believed
_OVER = (TicketState.SOLVED, TicketState.CLOSED)


@dataclass(frozen=True, slots=True)
class Figures:
    """Minutes of opening time until the first answer and until the end; None is no target."""

    first: int | None = None
    resolve: int | None = None

    def of(self, kind: str) -> int | None:
        """The figure of a kind of deadline."""
        return self.first if kind == FIRST else self.resolve


NONE = Figures()
_known: dict[int, tuple[float, Mapping[int, Figures]]] = {}  # by store


def figures(store_id: int, priority: int) -> Figures:
    """What a store aims at for a priority. Asked once a minute in each process."""
    asked, found = _known.get(store_id, (0.0, {}))
    if not asked or time.monotonic() - asked > FRESH:
        rows = Target.objects.filter(store=store_id)
        found = {
            priority: Figures(_fit(first), _fit(resolve))
            for priority, first, resolve in rows.values_list(
                "priority", "first_minutes", "resolve_minutes"
            )
        }
        _known[store_id] = (time.monotonic(), found)
    return found.get(priority, NONE)


def forget() -> None:
    """Somebody has changed a target: this process asks again."""
    _known.clear()


def _fit(minutes: int | None) -> int | None:
    return None if minutes is None else min(minutes, MOST_MINUTES)


def miss(turn: Turn, deadline: Deadline) -> DeadlineState:
    """A target has come due, and is missed: once for each kind it makes the ticket more urgent.

    The assignee and the leads are told by mail. Missed again, because the ticket was taken up
    anew with no time left, it is written down and nobody is told twice.
    """
    ticket = turn.ticket
    if ticket is None or ticket.state in _OVER:
        return DeadlineState.CANCELLED
    if deadline.kind == FIRST and ticket.answered_at is not None:
        in_time = ticket.answered_at <= deadline.due_at
        return DeadlineState.MET if in_time else DeadlineState.MET_LATE
    told = Event.objects.filter(
        ticket=ticket, kind="target_missed", data__kind=deadline.kind
    ).exists()
    event = turn.event("target_missed", due_at=deadline.due_at.isoformat())
    event.data["kind"] = deadline.kind
    if not told:
        _escalate(turn, ticket, event)
    return DeadlineState.OVERDUE


def _escalate(turn: Turn, ticket: Ticket, event: Event) -> None:
    """One step more urgent, and a mail to those who can do something about it."""
    ticket.escalated_at = ticket.escalated_at or turn.now
    if ticket.priority > URGENT:
        before, ticket.priority = ticket.priority, ticket.priority - 1
        turn.event("priority_set", before=before, after=ticket.priority)
    people = _who_hears(ticket)
    for user in people:
        turn.tell("staff_alert", event, user)
    if not people:
        turn.alert(event)


def _who_hears(ticket: Ticket) -> list[User]:
    """The assignee, where they still work there, and the leads of the store."""
    heads, others = _staff(ticket.store_id)
    mine = [user for user in (*heads, *others) if user.pk == ticket.assignee_id]
    return list(dict.fromkeys([*mine, *heads]))


def leads_of(store_id: int) -> list[User]:
    """The leads of a store; without one, who may do what they may."""
    return _staff(store_id)[0]


def _staff(store_id: int) -> tuple[list[User], list[User]]:
    """The leads, and everybody else who works there."""
    rows = Membership.objects.filter(
        store=store_id, user__is_active=True, role__in=roles_with("work")
    )
    found = list(rows.select_related("user").order_by("user_id"))
    heads = [one.user for one in found if one.role == Role.LEAD]
    heads = heads or [one.user for one in found if one.role in roles_with("override")]
    return heads, [one.user for one in found if one.user not in heads]
