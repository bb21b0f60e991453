"""What staff do to a ticket in one word each: assign, priority, tags, put off, solve.

One vocabulary for a person's click, a macro, a bulk change and an automation. A *deed* is done in
a turn that holds the ticket's lock: it changes the row, and its event keeps what was before, so
that `tickets.actions.undoing` can take it back. What stands already is no deed, and no event.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta

from django.utils.translation import gettext as _

from tickets.actions import snoozing
from tickets.actions.base import Turn
from tickets.errors import Conflict, InvalidInput
from tickets.lifecycle import TicketState, WaitingFor
from tickets.models import Event, Ticket, User
from tickets.models.ticket import PRIORITIES

# What an answer from a person settles.
ANSWER_KINDS = ("answer_due",)
LONGEST_SNOOZE = timedelta(days=366)
MOST_TAGS, LONGEST_TAG = 20, 40
OPEN = (TicketState.NEW, TicketState.OPEN, TicketState.WAITING)


def _row(turn: Turn) -> Ticket:
    assert turn.ticket is not None
    return turn.ticket


# --- who takes care of it ----------------------------------------------------------------


def assign(turn: Turn, user: User | None) -> Event | None:
    """Give it to somebody, or back to all (``None``).

    Raises:
        InvalidInput: that person cannot work in this store (any more).
    """
    ticket = _row(turn)
    if user is not None and not turn.ledger.may(user, turn.store, "work"):
        raise InvalidInput(_("This person does not work in this store."), "assignee")
    before = ticket.assignee_id
    if before == (user.pk if user else None):
        return None
    ticket.assignee = user
    return turn.event(
        "assigned", assignee=user.pk if user else None, name=str(user or ""), before=before
    )


# --- how urgent it is --------------------------------------------------------------------


def prioritise(turn: Turn, priority: int) -> Event | None:
    """Say how urgent it is: 0 urgent … 3 low.

    Raises:
        InvalidInput: there is no such priority.
    """
    ticket = _row(turn)
    if priority not in PRIORITIES:
        raise InvalidInput(_("Choose one of the priorities."), "priority")
    before = ticket.priority
    if before == priority:
        return None
    ticket.priority = priority
    return turn.event("priority_set", before=before, after=priority)


# --- tags --------------------------------------------------------------------------------


def tag_key(name: str) -> str:
    """How tags are compared: ``VIP  buyer`` and ``vip buyer`` are one."""
    return " ".join(name.split()).casefold()


def tags_by_key(names: Iterable[str]) -> dict[str, str]:
    """Typed tags by how they are compared, each as it was typed first.

    Raises:
        InvalidInput: too many, or one that is too long.
    """
    wanted: dict[str, str] = {}
    for name in names:
        if name.strip():
            wanted.setdefault(tag_key(name), " ".join(name.split()))
    if len(wanted) > MOST_TAGS:
        raise InvalidInput(_("At most %(n)d tags, please.") % {"n": MOST_TAGS}, "tags")
    if any(len(text) > LONGEST_TAG for pair in wanted.items() for text in pair):
        raise InvalidInput(_("A tag has at most %(n)d characters.") % {"n": LONGEST_TAG}, "tags")
    return wanted


def retag(turn: Turn, *, add: Iterable[str] = (), remove: Iterable[str] = ()) -> Event | None:
    """Put tags on and take tags off; those that the store has not yet are made.

    What is in both is taken off.

    Raises:
        InvalidInput: more tags than a ticket can have, or one that is too long.
    """
    ticket = _row(turn)
    wanted, unwanted = tags_by_key(add), set(tags_by_key(remove))
    has = turn.ledger.tags(ticket)
    added = sorted(wanted.keys() - has.keys() - unwanted)
    removed = sorted(has.keys() & unwanted)
    if not added and not removed:
        return None
    if len(has) + len(added) - len(removed) > MOST_TAGS:
        raise InvalidInput(_("At most %(n)d tags, please.") % {"n": MOST_TAGS}, "tags")
    turn.ledger.retag(
        ticket, {key: wanted[key] for key in added}, {key: has[key] for key in removed}
    )
    return turn.event("tagged", added=[wanted[key] for key in added], removed=removed)


# --- put off -----------------------------------------------------------------------------


def put_off(turn: Turn, until: datetime) -> Event | None:
    """Take it out of the queues until an instant, or until the customer speaks.

    Raises:
        InvalidInput: ``until`` is not ahead, or more than a year away.
        Conflict: it is solved or closed.
    """
    ticket = _row(turn)
    if not turn.now < until <= turn.now + LONGEST_SNOOZE:
        raise InvalidInput(_("Choose a time ahead, within a year."), "until")
    if ticket.state not in OPEN:
        raise Conflict(_("It is solved: there is nothing to put off."))
    before = ticket.snoozed_until
    if before == until:
        return None
    event = snoozing.put_off(turn, until)
    if before is not None:
        event.data["before"] = before.isoformat()
    return event


# --- solved ------------------------------------------------------------------------------


def solve(turn: Turn) -> Event | None:
    """End a conversation that has no open claim; the customer's answer opens it again.

    Raises:
        Conflict: its claim is still open.
    """
    ticket = _row(turn)
    if ticket.state == TicketState.SOLVED:
        return None
    if turn.claim is not None and turn.claim.is_open:
        raise Conflict(_("The claim on this ticket is still open. Decide it first."))
    before = {"state": str(ticket.state), "waiting_for": str(ticket.waiting_for)}
    if ticket.snoozed_until is not None:
        before["snoozed_until"] = ticket.snoozed_until.isoformat()
    owed = turn.ledger.live(ticket, ANSWER_KINDS)
    if owed is not None:
        before["answer_due"] = owed.due_at.isoformat()
    turn.turn_to(TicketState.SOLVED)
    turn.settle(ticket, ANSWER_KINDS)
    return turn.event("ticket_solved", before=before)


def unsolve(turn: Turn, before: dict[str, str]) -> Event:
    """Take a solution back: whose turn it was and what was owed, by `solve`'s ``before``."""
    ticket = _row(turn)
    turn.turn_to(TicketState(before["state"]), WaitingFor(before["waiting_for"]))
    if "answer_due" in before:
        last = turn.ledger.newest(ticket, ANSWER_KINDS).get(ANSWER_KINDS[0])
        due_at = datetime.fromisoformat(before["answer_due"])
        turn.due(ticket, ANSWER_KINDS[0], due_at, cycle=last.cycle + 1 if last else 1)
    if "snoozed_until" in before:
        until = datetime.fromisoformat(before["snoozed_until"])
        if until > turn.now:
            snoozing.put_off(turn, until)
    return turn.event("solution_undone")
