"""A way back from what staff have just done to a ticket.

The page offers it for ten seconds (``SHOWN``); here a little longer counts, for slow lines and
for pages without a script. Taken back is done the other way round, in a turn of its own, with an
event that names the one it undoes: the history keeps both. What somebody else has changed since
is left as it is.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timedelta

from django.utils.translation import gettext as _

from tickets.actions import deeds, replies, snoozing, stepping
from tickets.actions.base import Turn, ticket_turn
from tickets.actor import Actor
from tickets.errors import ActionError, Conflict
from tickets.lifecycle import TicketState
from tickets.models import Event, Ticket, User
from tickets.models.event import STEP_UNDONE

SHOWN = timedelta(seconds=10)
WITHIN = timedelta(seconds=60)
_Back = Callable[[Turn, Event], "Event | None"]


def take_back(ticket: Ticket, numbers: Sequence[int], *, actor: Actor, now: datetime) -> list[str]:
    """Undo the events of a ticket with these numbers, the last first; returns their kinds.

    Done twice, the second time changes nothing and returns nothing.

    Raises:
        Conflict: too late, somebody else's, or the ticket has been changed since.
        NotAllowed: the actor may not work here.
    """
    with ticket_turn(ticket.pk, "work", actor=actor, now=now) as turn:
        assert turn.ticket is not None
        step = stepping.of(turn.ticket, numbers[0]) if len(numbers) == 1 else None
        if step is not None:
            return [stepping.back(turn, step, within=WITHIN).kind]
        found = list(turn.ticket.events.filter(seq__in=list(numbers)).order_by("-seq"))
        if len(found) != len(set(numbers)):
            raise Conflict(_("This cannot be undone any more."))
        kinds = []
        for event in found:
            if back(turn, event):
                kinds.append(event.kind)
    return kinds


def back(
    turn: Turn, event: Event, *, within: timedelta = WITHIN, whose: Actor | None = None
) -> bool:
    """Undo one event in an open turn; False where it is undone already.

    ``whose`` act it is to be, where it is not the actor's own.

    Raises:
        Conflict: it is not the actor's own, not undoable, too long ago, or no longer so.
    """
    assert turn.ticket is not None
    if turn.ticket.events.filter(kind=STEP_UNDONE, data__undoes=event.seq).exists():
        return False
    way = _BACK.get(event.kind)
    who = whose or turn.actor
    mine = event.actor_kind == who.kind and event.actor_user_id == (
        who.user.pk if who.user else None
    )
    if way is None or not mine or turn.now - event.at > within:
        raise Conflict(_("This cannot be undone any more."))
    assert turn.ticket is not None
    if turn.ticket.events.filter(data__undoes=event.seq).exists():
        return False
    done = way(turn, event)
    if done is not None:
        done.data["undoes"] = event.seq
    return done is not None


def may_be_undone(event: Event) -> bool:
    """Whether there is a way back from an event of this kind."""
    return event.kind in _BACK and not (
        event.kind == "ticket_solved" and "before" not in event.data
    )


def _changed() -> Conflict:
    return Conflict(_("It has been changed again since, so it was left as it is."))


def _assigned(turn: Turn, event: Event) -> Event | None:
    assert turn.ticket is not None
    if turn.ticket.assignee_id != event.data["assignee"] or "before" not in event.data:
        raise _changed()
    before = event.data["before"]
    return deeds.assign(turn, User.objects.get(pk=before) if before else None)


def _prioritised(turn: Turn, event: Event) -> Event | None:
    assert turn.ticket is not None
    if turn.ticket.priority != event.data["after"]:
        raise _changed()
    return deeds.prioritise(turn, event.data["before"])


def _tagged(turn: Turn, event: Event) -> Event | None:
    assert turn.ticket is not None
    added = set(deeds.tags_by_key(event.data["added"]))
    removed = set(event.data["removed"])
    has = turn.ledger.tags(turn.ticket).keys()
    if not added <= has or removed & has:
        raise _changed()
    return deeds.retag(turn, add=removed, remove=added)


def _snoozed(turn: Turn, event: Event) -> Event | None:
    assert turn.ticket is not None
    until = datetime.fromisoformat(event.data["until"])
    if turn.ticket.snoozed_until != until:
        raise _changed()
    before = event.data.get("before")
    if before and datetime.fromisoformat(before) > turn.now:
        return deeds.put_off(turn, datetime.fromisoformat(before))
    return snoozing.wake(turn, "undo")


def _woken(turn: Turn, event: Event) -> Event | None:
    assert turn.ticket is not None
    before = event.data.get("before")
    if turn.ticket.snoozed_until is not None or not before or event.data["by"] != "hand":
        raise _changed()
    return deeds.put_off(turn, datetime.fromisoformat(before))


def _solved(turn: Turn, event: Event) -> Event | None:
    assert turn.ticket is not None
    if turn.ticket.state != TicketState.SOLVED or "before" not in event.data:
        raise _changed()
    return deeds.unsolve(turn, event.data["before"])


def _macro_used(turn: Turn, event: Event) -> Event | None:
    if event.data["reply"]:
        replies.recall(turn, event.data["form_key"])
    undone = macro_back(turn, event)
    if len(undone.data["left"]) == len(event.data["did"]) and not event.data["reply"]:
        raise _changed()
    return undone


def macro_back(turn: Turn, event: Event, *, within: timedelta = WITHIN) -> Event:
    """Take back all that a macro has done to the ticket, the last first; what somebody has changed
    since stays, and stands in the event."""
    assert turn.ticket is not None
    left = []
    for done in turn.ticket.events.filter(seq__in=event.data["did"]).order_by("-seq"):
        try:
            back(turn, done, within=within)
        except ActionError:
            left.append(done.kind)
    data = {"macro": event.data["macro"], "name": event.data["name"], "left": left}
    return turn.event("macro_undone", **data)


_BACK: Mapping[str, _Back] = {
    "macro_used": _macro_used,
    "assigned": _assigned,
    "priority_set": _prioritised,
    "tagged": _tagged,
    "snoozed": _snoozed,
    "woken": _woken,
    "ticket_solved": _solved,
}
