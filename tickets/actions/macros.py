"""Macros at work: what one says on a ticket, and a reply and what is done with it in one turn."""

from __future__ import annotations

import uuid
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import transaction
from django.utils.translation import gettext as _

from tickets.actions import deeds, mentions, replies, snoozing, undoing
from tickets.actions.base import Turn, ticket_turn
from tickets.actions.reply_drafts import Typed
from tickets.actions.talk import say
from tickets.actor import Actor
from tickets.errors import Conflict, InvalidInput, NotAllowed
from tickets.models import Event, Macro, MacroText, ReplyDraft, Store, Ticket, User
from tickets.permissions import permit
from tickets.placeholders import Filled, fill
from tickets.ticket_values import About

USED = "macro_used"
_ANY_TIME = timedelta(days=366)


@dataclass(frozen=True, slots=True)
class Ran:
    """What a run has led to: its event (None: it stood so already), and the reply on its way."""

    event: Event | None
    reply: ReplyDraft | None = None


# --- what it says, and what it does ------------------------------------------------------


def languages(ticket: Ticket) -> list[str]:
    """The languages in which a customer is spoken to, the best first."""
    wanted: list[str] = []
    for tag in (ticket.customer.locale, ticket.store.locale, "en"):
        wanted += [tag, tag.replace("_", "-").split("-")[0]]
    return list(dict.fromkeys(tag for tag in wanted if tag))


def text_for(macro: Macro, ticket: Ticket) -> MacroText | None:
    """The text in the best language that there is one in; None where the macro says nothing."""
    texts = {text.locale: text for text in macro.texts.all()} if macro.kind else {}
    for locale in (*languages(ticket), *texts):
        if locale in texts:
            return texts[locale]
    return None


def compose(macro: Macro, ticket: Ticket, *, user: User | None, now: datetime) -> Filled | None:
    """What the macro says on this ticket, in the customer's language where it can."""
    text = text_for(macro, ticket)
    return fill(text.body, About(ticket, user, text.locale, now)) if text is not None else None


def until(macro: Macro, store: Store, now: datetime) -> datetime | None:
    """Until when it puts a ticket off; None where it does not.

    Raises:
        InvalidInput: the store never opens.
    """
    if not macro.snooze:
        return None
    monday = macro.snooze == "monday"
    found = snoozing.opening(store.pk, now, days=macro.snooze_days or 1, monday=monday)
    if found is None:
        raise InvalidInput(_("The store has no opening hours: nothing can be put off till then."))
    return min(found, now + deeds.LONGEST_SNOOZE)


def do(turn: Turn, macro: Macro) -> list[Event]:
    """All that a macro does but its message, in an open turn; what stood so already is no event.

    Raises:
        InvalidInput, Conflict: one of its deeds cannot be done here: then none is.
    """
    done: list[Event | None] = []
    if macro.assign:
        done.append(deeds.assign(turn, _assignee(turn, macro)))
    if macro.priority is not None:
        done.append(deeds.prioritise(turn, macro.priority))
    if macro.add_tags or macro.remove_tags:
        done.append(deeds.retag(turn, add=macro.add_tags, remove=macro.remove_tags))
    later = until(macro, turn.store, turn.now)
    if later is not None:
        done.append(deeds.put_off(turn, later))
    if macro.then_state == "solved" and macro.kind != "agent":  # else the reply leads there
        done.append(deeds.solve(turn))
    return [event for event in done if event is not None]


def _assignee(turn: Turn, macro: Macro) -> User | None:
    if macro.assign == "me":
        if turn.actor.user is None:
            raise InvalidInput(_("“To me” needs somebody who runs it."), "assign")
        return turn.actor.user
    return macro.assignee if macro.assign == "person" else None


# --- run ---------------------------------------------------------------------------------


def run(
    macro: Macro,
    ticket: Ticket,
    *,
    actor: Actor,
    now: datetime,
    form_key: uuid.UUID,
    seen: int | None = None,
    seen_pending: Collection[int] = (),
    seen_writing: Collection[int] = (),
    bulk: int | None = None,
) -> Ran:
    """Do all that a macro says in one transaction: the reply and the deeds with it.

    The same ``form_key`` twice is once, also after it was taken back. ``bulk`` is the key of the
    change of several tickets that it is a part of.

    Raises:
        InvalidInput: a value is missing on this ticket, or a deed cannot be done.
        Conflict, AlsoWriting: as `replies.send`; or the macro is used no more.
        NotAllowed: not theirs to run, or not here.
    """
    user = _runner(macro, ticket, actor)
    before = used(ticket, form_key)
    if before is not None:
        return Ran(before, _reply_of(ticket, form_key))
    said = compose(macro, ticket, user=user, now=now)
    if said is not None:
        said.must_be_whole()
    if macro.kind == "agent" and said is not None:
        known = {"seen_pending": seen_pending, "seen_writing": seen_writing}
        return _reply(macro, ticket, said, actor, now, form_key, seen or 0, known, bulk)
    return _at_once(macro, ticket, said, actor, now, form_key, seen, bulk)


def _reply(
    macro: Macro,
    ticket: Ticket,
    said: Filled,
    actor: Actor,
    now: datetime,
    form_key: uuid.UUID,
    seen: int,
    known: Mapping[str, Collection[int]],
    bulk: int | None,
) -> Ran:
    """The reply goes on its way; the rest is done in its turn."""
    written: list[Event] = []

    def along(turn: Turn) -> None:
        assert turn.ticket is not None
        if turn.ticket.pk != ticket.pk:
            raise _merged()
        if used(turn.ticket, form_key) is not None:
            raise Conflict(_("This was done already, and taken back. Open the macro again."))
        done = do(turn, macro)
        written.append(_event(turn, macro, done, form_key, said.locale, reply=True, bulk=bulk))

    typed = Typed("agent", said.body, macro.then_state, seen)
    sent = replies.send(
        ticket, typed, actor=actor, now=now, form_key=form_key, along=along, **known
    )
    event = written[0] if written else used(ticket, form_key)
    return Ran(event, sent if isinstance(sent, ReplyDraft) else None)


def _at_once(
    macro: Macro,
    ticket: Ticket,
    said: Filled | None,
    actor: Actor,
    now: datetime,
    form_key: uuid.UUID,
    seen: int | None,
    bulk: int | None,
) -> Ran:
    """A note, if any, and the deeds: all of it now."""
    with transaction.atomic():
        # A note first: it has a turn of its own, under the lock that is taken here.
        row = Ticket.objects.select_for_update().get(pk=ticket.pk)
        before = used(row, form_key)
        if before is not None:
            return Ran(before)
        if row.merged_into_id is not None:
            raise _merged()
        if macro.then_state and seen is not None and row.last_seq != seen:
            raise Conflict(_("Something happened here since you opened this page."))
        if said is not None:
            say(
                ticket,
                said.body,
                kind="note",
                actor=actor,
                now=now,
                form_key=form_key,
                channel=replies.CHANNEL,
                mentions=mentions.in_note(said.body, ticket.store).people,
            )
        with ticket_turn(ticket.pk, "work", actor=actor, now=now) as turn:
            done = do(turn, macro)
            if said is None and not done:
                return Ran(None)
            language = said.locale if said else ""
            return Ran(_event(turn, macro, done, form_key, language, bulk=bulk))


def _merged() -> Conflict:
    return Conflict(_("This ticket was merged into another one: run the macro there."))


def _event(
    turn: Turn,
    macro: Macro,
    done: Sequence[Event],
    form_key: uuid.UUID,
    language: str,
    *,
    reply: bool = False,
    bulk: int | None = None,
) -> Event:
    event = turn.event(
        USED,
        macro=macro.pk,
        name=macro.name,
        language=language,
        did=[event.seq for event in done],
        reply=reply,
        form_key=str(form_key),
    )
    if bulk is not None:
        event.data["bulk"] = bulk
    return event


def _runner(macro: Macro, ticket: Ticket, actor: Actor) -> User:
    permit(actor, ticket.store, "work")
    user = actor.user
    if user is None or macro.store_id != ticket.store_id:
        raise NotAllowed
    if macro.owner_id not in (None, user.pk):
        raise NotAllowed
    if macro.retired_at is not None:
        raise Conflict(_("This macro is used no more."))
    return user


def used(ticket: Ticket, form_key: uuid.UUID | str) -> Event | None:
    """The event of the run that this form has led to."""
    return ticket.events.filter(kind=USED, data__form_key=str(form_key)).first()


def _reply_of(ticket: Ticket, form_key: uuid.UUID) -> ReplyDraft | None:
    coming = ReplyDraft.objects.filter(ticket=ticket, send_at__isnull=False)
    return coming.filter(form_key=form_key).first()


def undo_reply(ticket: Ticket, pk: int, *, actor: Actor, now: datetime) -> ReplyDraft:
    """Take back a reply on its way, and all that was done with it where a macro wrote it.

    Raises:
        Conflict, NotAllowed: as `replies.undo`.
    """

    def along(row: ReplyDraft) -> None:
        event = used(row.ticket, row.form_key)
        if event is None:
            return
        with ticket_turn(row.ticket_id, "work", actor=actor, now=now) as turn:
            undone = undoing.macro_back(turn, event, within=_ANY_TIME)
            undone.data["undoes"] = event.seq

    return replies.undo(ticket, pk, actor=actor, now=now, along=along)
