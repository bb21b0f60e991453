"""What an automation does, from the typed list to the deed, in one turn.

Nobody has a hand in it, so nothing is done in a person's name:

- every event is the system's, and carries which automation wrote it (`automation_guard.STAMP`);
- an **internal note** is an event (``automation_noted``), not a message: a note has an author;
- a **reply** is a message of the kind ``system``. The customer reads it on their page and in a mail
  like an answer, but it is none: whose turn it is stays, and so does what a person owes. It is the
  text of one of the store's macros alone, without what else that macro does. It goes at once, for
  there is nobody to take it back, and not while a person's reply is on its way. Where a value is
  missing nothing is sent; and who has shown no order may be anybody, so that a text with a name in
  it, which they typed themselves, is not mailed to the address which they typed.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.utils.translation import gettext as _

from tickets.actions import deeds, macros, roots, snoozing
from tickets.actions.automation_guard import STAMP
from tickets.actions.base import Turn
from tickets.actions.targets import leads_of
from tickets.actions.wording import clean
from tickets.automations.facts import Step
from tickets.errors import Conflict, InvalidInput
from tickets.lifecycle import TicketState
from tickets.models import (
    AutomationVersion,
    Event,
    Macro,
    Message,
    ReplyDraft,
    Store,
    Ticket,
    User,
    Watcher,
)
from tickets.permissions import may
from tickets.placeholders import must_be_filled

RAN, NOTED = "automation_ran", "automation_noted"
REPLY_KIND = "system"
MAIL = "automation"
# What of a macro somebody may have typed who has shown no order.
_TYPED = frozenset({"customer_name", "first_name"})


@dataclass
class Work:
    """One firing at work: its turn, and whom it will have told at the end."""

    turn: Turn
    version: AutomationVersion
    told: list[User] = field(default_factory=list)
    watched: bool = False

    @property
    def ticket(self) -> Ticket:
        """The one it is about."""
        assert self.turn.ticket is not None
        return self.turn.ticket


def do(turn: Turn, version: AutomationVersion, steps: Iterable[Step], depth: int) -> list[Any]:
    """Do all of it, in order; returns the rows of `Firing.did`.

    Raises:
        ActionError: one of them cannot be done here: then none is to be.
    """
    work = Work(turn, version)
    did = []
    for step in steps:
        act = _DOINGS.get(step.key)
        if act is None:
            raise InvalidInput(_("This release does not know “%(key)s”.") % {"key": step.key})
        events = [event for event in act(work, step.value) if event is not None]
        did.append({**step.as_json(), "events": [event.seq for event in events]})
    _sign(work, did, depth)
    return did


def _sign(work: Work, did: list[dict[str, Any]], depth: int) -> None:
    """One event that names the automation and what it has done; and the mails about it."""
    turn, version = work.turn, work.version
    numbers = [seq for one in did for seq in one["events"]]
    if numbers or work.told or work.watched:
        ran = turn.event(RAN, name=version.name, did=numbers)
        for person in dict.fromkeys(work.told):
            turn.tell(MAIL, ran, person)
    stamp = {"id": version.automation_id, "version": version.number, "depth": depth}
    for event in turn.events:
        event.data[STAMP] = stamp


# --- the ticket --------------------------------------------------------------------------

_Done = list["Event | None"]


def _assign(work: Work, value: Mapping[str, Any]) -> _Done:
    wanted = value["user"]
    user = None if wanted == "nobody" else _person(int(wanted))
    return [deeds.assign(work.turn, user)]


def _prioritise(work: Work, value: Mapping[str, Any]) -> _Done:
    return [deeds.prioritise(work.turn, value["priority"])]


def _tag(work: Work, value: Mapping[str, Any]) -> _Done:
    return [deeds.retag(work.turn, add=value["tags"])]


def _untag(work: Work, value: Mapping[str, Any]) -> _Done:
    return [deeds.retag(work.turn, remove=value["tags"])]


def _put_off(work: Work, value: Mapping[str, Any]) -> _Done:
    turn = work.turn
    found = snoozing.opening(turn.store.pk, turn.now, days=value["days"])
    if found is None:
        raise InvalidInput(_("The store has no opening hours: nothing can be put off till then."))
    return [deeds.put_off(turn, min(found, turn.now + deeds.LONGEST_SNOOZE))]


def _solve(work: Work, value: Mapping[str, Any]) -> _Done:
    if work.ticket.state == TicketState.CLOSED:
        return []
    return [deeds.solve(work.turn)]


# --- words -------------------------------------------------------------------------------


def _note(work: Work, value: Mapping[str, Any]) -> _Done:
    return [work.turn.event(NOTED, text=clean(value["text"]))]


def _reply(work: Work, value: Mapping[str, Any]) -> _Done:
    turn, ticket = work.turn, work.ticket
    if ticket.state == TicketState.CLOSED:
        raise Conflict(_("This conversation is closed: nobody is written to."))
    coming = ReplyDraft.objects.select_related("user").filter(
        ticket__in=roots.family(ticket), kind="agent", send_at__isnull=False
    )
    other = coming.first()
    if other is not None:
        told = _("%(name)s was sending a reply at this moment: two answers would have gone out.")
        raise Conflict(told % {"name": other.user.get_full_name()})
    message = Message.objects.create(
        ticket=ticket,
        kind=REPLY_KIND,
        body=_text(ticket, turn.store, value["macro"], turn.now),
        channel="desk",
        at=turn.now,
    )
    event = turn.event("message_added", message=message.pk, message_kind=REPLY_KIND)
    turn.mail("message", event)
    return [event]


def _text(ticket: Ticket, store: Store, macro_id: int, now: datetime) -> str:
    """What the macro says on this ticket, every value of it there.

    Raises:
        InvalidInput: a value is missing, or may not be told to somebody who showed no order.
        Conflict: the macro is used no more.
    """
    macro = Macro.objects.filter(
        pk=macro_id, store=store, owner=None, kind="agent", retired_at=None
    ).first()
    said = macros.compose(macro, ticket, user=None, now=now) if macro is not None else None
    if said is None:
        raise Conflict(_("The macro that it answers with is used no more."))
    said.must_be_whole()
    if ticket.order_id is None and any(part.name in _TYPED for part in said.parts):
        raise InvalidInput(
            _("This customer has shown no order, so nothing with their name is sent by itself.")
        )
    must_be_filled(said.body)
    return clean(said.body)


# --- people ------------------------------------------------------------------------------


def _tell_assignee(work: Work, value: Mapping[str, Any]) -> _Done:
    person = work.ticket.assignee
    if person is not None and person.is_active:
        work.told.append(person)
    return []


def _tell_leads(work: Work, value: Mapping[str, Any]) -> _Done:
    work.told += leads_of(work.turn.store.pk)
    return []


def _watch(work: Work, value: Mapping[str, Any]) -> _Done:
    person = _person(value["user"])
    if not may(person, work.turn.store, "see"):
        raise InvalidInput(_("This person does not work in this store."), "user")
    if not Watcher.objects.filter(ticket=work.ticket, user=person).exists():
        Watcher.objects.create(ticket=work.ticket, user=person, since=work.turn.now)
        work.watched = True
    return []


def _person(pk: int) -> User:
    found = User.objects.filter(pk=pk).first()
    if found is None:
        raise InvalidInput(_("This person does not work in this store."), "user")
    return found


_DOINGS: Mapping[str, Callable[[Work, Mapping[str, Any]], _Done]] = {
    "assign": _assign,
    "priority": _prioritise,
    "add_tags": _tag,
    "remove_tags": _untag,
    "put_off": _put_off,
    "solve": _solve,
    "note": _note,
    "reply": _reply,
    "tell_assignee": _tell_assignee,
    "tell_leads": _tell_leads,
    "watch": _watch,
}
KEYS = frozenset(_DOINGS)
