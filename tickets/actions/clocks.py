"""The two clocks of a ticket, in opening time of its store: until a person's first answer, and
until the end.

They are told anew at the end of every turn, from where the ticket stands then:

- The first answer's clock runs while it is our turn and nobody has answered. Where the customer
  is waited for first (a claim without its evidence) it begins when the ticket comes to us.
- The clock of the end runs while it is our turn and the ticket is not put off; else it stands
  still, and ``resolve_left`` keeps what is left. Solved and opened again, it goes on with that.

Each stretch of running is a deadline of its own, the next cycle; what was is never changed.
Its ``step`` keeps the minutes it was reckoned with, so that another priority, or another target,
can be reckoned from what was used so far.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

from policies.calendar import Calendar
from policies.models import PolicyVersion
from policies.publish import in_force, pack_of
from tickets.actions.targets import FIRST, KINDS, RESOLVE, figures
from tickets.lifecycle import DeadlineState, TicketState
from tickets.models import Deadline, Ticket

if TYPE_CHECKING:
    from tickets.actions.base import Turn

OURS = (TicketState.NEW, TicketState.OPEN)
OVER = (TicketState.SOLVED, TicketState.CLOSED)
_LIVE = (DeadlineState.PENDING, DeadlineState.OVERDUE)


def follow(turn: Turn) -> None:
    """Start, stop and set the clocks by where the ticket stands at the end of a turn.

    One query, and none where no clock can move: a new ticket, one that waits, one that is over.
    """
    ticket = turn.ticket
    if ticket is None:
        return
    if ticket.answered_at is None and _answers(turn):
        ticket.answered_at = turn.now
    first = ticket.state in OURS and ticket.answered_at is None
    whole = ticket.state in OURS and ticket.snoozed_until is None
    if not (first or whole or _may_have_to_stop(ticket, turn.now)):
        return
    before = due_of(ticket)
    is_new = bool(turn.events) and turn.events[0].seq == 1
    rows = {} if is_new else turn.ledger.newest(ticket, KINDS)
    if first:
        _run_first(turn, ticket, rows.get(FIRST))
    else:
        _stop_first(turn, ticket, rows.get(FIRST))
    if whole:
        _run_whole(turn, ticket, rows.get(RESOLVE))
    else:
        _stop_whole(turn, ticket, rows.get(RESOLVE))
    if due_of(ticket) != before:
        turn.deadlines_touched()


def due_of(ticket: Ticket) -> datetime | None:
    """The earlier of the targets whose clocks run; None where none does."""
    first = ticket.first_due_at if ticket.answered_at is None else None
    return min((at for at in (first, ticket.resolve_due_at) if at is not None), default=None)


def calendar_of(store_id: int, now: datetime) -> Calendar | None:
    """When the store is open, by the rules in force; None where it has none that can be read."""
    try:
        return pack_of(in_force(store_id, now)).calendar
    except PolicyVersion.DoesNotExist:
        return None


def _answers(turn: Turn) -> bool:
    """Whether a person of ours has spoken to the customer in this turn: written, or telephoned."""
    if turn.actor.kind != "staff":
        return False
    return any(mail.to_customer_id for mail in turn.mails) or any(
        event.kind == "call_logged"
        or (event.kind == "message_added" and event.data.get("message_kind") == "agent")
        for event in turn.events
    )


def _may_have_to_stop(ticket: Ticket, now: datetime) -> bool:
    """Whether a clock ran until this turn, or was missed and has not been settled."""
    if ticket.resolve_due_at is not None or ticket.answered_at == now:
        return True
    if ticket.answered_at is None and ticket.first_due_at is not None:
        return True
    unsettled = ticket.answered_at is None or ticket.resolve_left == 0
    return ticket.state in OVER and unsettled


# --- the first answer ---------------------------------------------------------------


def _run_first(turn: Turn, ticket: Ticket, row: Deadline | None) -> None:
    minutes = _minutes(ticket, FIRST, row)
    live = row if row is not None and row.state in _LIVE else None
    if minutes is None:
        _call_off(turn, live)
        ticket.first_due_at = None
    elif live is None:
        ticket.first_due_at = _begin(turn, FIRST, row, minutes, minutes * 60)
    elif live.state == DeadlineState.OVERDUE or live.step == minutes:
        ticket.first_due_at = live.due_at
    else:
        ticket.first_due_at = _reckon_again(turn, live, minutes)


def _stop_first(turn: Turn, ticket: Ticket, row: Deadline | None) -> None:
    if ticket.answered_at is not None or ticket.state in OVER:
        _settle(turn, row)
    else:
        _call_off(turn, row)
    if ticket.answered_at is None:
        ticket.first_due_at = None


# --- the end ------------------------------------------------------------------------


def _run_whole(turn: Turn, ticket: Ticket, row: Deadline | None) -> None:
    minutes = _minutes(ticket, RESOLVE, row)
    live = row if row is not None and row.state in _LIVE else None
    if minutes is None:
        _call_off(turn, live)
        ticket.resolve_due_at = None
    elif live is None:
        left = minutes * 60
        if ticket.resolve_left is not None:
            used = (row.step if row is not None else minutes) * 60 - ticket.resolve_left
            left = max(0, left - used)
        ticket.resolve_due_at = _begin(turn, RESOLVE, row, minutes, left)
    elif live.state == DeadlineState.OVERDUE or live.step == minutes:
        ticket.resolve_due_at = live.due_at
    else:
        ticket.resolve_due_at = _reckon_again(turn, live, minutes)
    ticket.resolve_left = None


def _stop_whole(turn: Turn, ticket: Ticket, row: Deadline | None) -> None:
    if ticket.resolve_due_at is not None:
        calendar = calendar_of(turn.store.pk, turn.now)
        left = calendar.open_seconds(turn.now, ticket.resolve_due_at) if calendar else None
        ticket.resolve_left, ticket.resolve_due_at = left, None
    if ticket.state in OVER:
        _settle(turn, row)
    else:
        _call_off(turn, row)


# --- what both share ----------------------------------------------------------------


def _minutes(ticket: Ticket, kind: str, row: Deadline | None) -> int | None:
    """The figure that holds now. A ticket that was escalated gets no longer time by that."""
    minutes = figures(ticket.store_id, ticket.priority).of(kind)
    if minutes is not None and row is not None and ticket.escalated_at is not None:
        return min(minutes, row.step)
    return minutes


def _begin(turn: Turn, kind: str, row: Deadline | None, minutes: int, left: int) -> datetime | None:
    """The next cycle: so many seconds of opening time from now. None where the store is shut."""
    assert turn.ticket is not None
    calendar = calendar_of(turn.store.pk, turn.now)
    found = calendar.after_open_seconds(turn.now, left) if calendar is not None else None
    if found is None:
        return None
    due_at = found.astimezone(UTC)
    turn.due(turn.ticket, kind, due_at, step=minutes, cycle=row.cycle + 1 if row else 1)
    return due_at


def _reckon_again(turn: Turn, live: Deadline, minutes: int) -> datetime | None:
    """Another figure for a clock that runs: what was used of the old one is used of the new."""
    calendar = calendar_of(turn.store.pk, turn.now)
    if calendar is None:
        return live.due_at
    left = calendar.open_seconds(turn.now, live.due_at)
    left -= calendar.open_seconds(live.due_at, turn.now)  # where it is over, and not swept yet
    used = live.step * 60 - left
    _close(turn, live, DeadlineState.CANCELLED)
    return _begin(turn, live.kind, live, minutes, max(0, minutes * 60 - used))


def _call_off(turn: Turn, row: Deadline | None) -> None:
    """It stands still. What was over before is left to the sweep: it was missed."""
    if row is not None and row.state == DeadlineState.PENDING and row.due_at > turn.now:
        _close(turn, row, DeadlineState.CANCELLED)


def _settle(turn: Turn, row: Deadline | None) -> None:
    """It has happened: in time, or late."""
    if row is not None and row.state in _LIVE:
        late = row.state == DeadlineState.OVERDUE or row.due_at < turn.now
        _close(turn, row, DeadlineState.MET_LATE if late else DeadlineState.MET)


def _close(turn: Turn, row: Deadline, state: DeadlineState) -> None:
    turn.ledger.close(row, state, turn.now)
    turn.deadlines_touched()
