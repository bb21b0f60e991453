"""Put off to a later day, and awake again: by the clock, by the customer, or by hand."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING

from policies.publish import in_force, pack_of
from tickets.lifecycle import DeadlineState, TicketState
from tickets.models import Deadline, Event

if TYPE_CHECKING:
    from tickets.actions.base import Turn

KIND = "snooze_over"
_OVER = (TicketState.SOLVED, TicketState.CLOSED)
_MONDAY = 0


def opening(
    store_id: int, now: datetime, *, days: int = 1, monday: bool = False
) -> datetime | None:
    """When the store opens after so many days, or on its next Monday; None where it never does."""
    calendar = pack_of(in_force(store_id, now)).calendar
    if monday:
        days = (_MONDAY - calendar.local_date(now).weekday()) % 7 or 7
    return calendar.next_opening(calendar.days_later(now, days))


def put_off(turn: Turn, until: datetime) -> Event:
    """Out of the queues until then. Put off again, the later word counts."""
    ticket = turn.ticket
    assert ticket is not None
    turn.settle(ticket, (KIND,), DeadlineState.CANCELLED)
    last = turn.ledger.newest(ticket, (KIND,)).get(KIND)
    turn.due(ticket, KIND, until, cycle=last.cycle + 1 if last else 1)
    ticket.snoozed_until = until
    return turn.event("snoozed", until=until.isoformat(), zone=turn.store.time_zone)


def wake(turn: Turn, by: str) -> Event | None:
    """Back into the queues. ``by`` is ``hand``, ``undo``, ``time``, ``customer`` or ``end``."""
    ticket = turn.ticket
    assert ticket is not None
    if ticket.snoozed_until is None:
        return None
    before, ticket.snoozed_until = ticket.snoozed_until, None
    if by != "time":  # then the deadline itself says that it has fired
        turn.settle(ticket, (KIND,), DeadlineState.CANCELLED)
    event = turn.event("woken", by=by)
    if by == "hand":  # what a hand has done can be taken back
        event.data["before"] = before.isoformat()
    return event


def follow(turn: Turn, state_before: str) -> None:
    """Wake what ends, what the customer speaks on, and what has become our turn by itself."""
    ticket = turn.ticket
    if ticket is None or ticket.snoozed_until is None:
        return
    if ticket.state in _OVER:
        wake(turn, "end")
    elif turn.actor.kind == "customer" or (
        turn.actor.kind == "system"
        and state_before == TicketState.WAITING
        and ticket.state == TicketState.OPEN
    ):
        wake(turn, "customer")


def fire(turn: Turn, deadline: Deadline) -> DeadlineState:
    """The day has come."""
    ticket = turn.ticket
    if ticket is None or ticket.snoozed_until is None:
        return DeadlineState.CANCELLED
    wake(turn, "time")
    return DeadlineState.FIRED
