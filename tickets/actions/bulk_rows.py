"""What a chunk of a bulk change does to its tickets, and what came of it for each of them.

Inside the chunk's transaction: deeds alone in turns that are flushed together (`many`), what is
said on each ticket by itself, in the ways in which one ticket is answered.
"""

from __future__ import annotations

import uuid
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from django.db import connection, transaction
from django.utils.translation import gettext as _

from tickets.actions import macros, many, replies, talk, undoing
from tickets.actions.base import Turn, ticket_turn
from tickets.actions.bulk_verbs import Around, Plan
from tickets.actions.reply_drafts import Typed
from tickets.actor import Actor
from tickets.errors import ActionError, AlsoWriting, Conflict
from tickets.lifecycle import RowState
from tickets.models import BulkJob, BulkRow, Event, Macro, Ticket
from tickets.placeholders import fill
from tickets.ticket_values import About

Seen = dict[int, int]  # the last event that was seen, by ticket
_SPOKE = """
    SELECT DISTINCT e.ticket_id FROM unnest(%s::bigint[], %s::bigint[]) AS c (ticket, seen)
    JOIN tickets_event e ON e.ticket_id = c.ticket AND e.seq > c.seen
    WHERE e.actor_kind = 'customer'
"""


@dataclass(frozen=True, slots=True)
class Result:
    """What came of it on one ticket: the events it led to, or why there are none."""

    state: RowState
    numbers: tuple[int, ...] = ()
    reason: str = ""


UNCHANGED = Result(RowState.UNCHANGED)


def _done(events: list[Event]) -> Result:
    return Result(RowState.DONE, tuple(event.seq for event in events))


def _failed(error: ActionError | str) -> Result:
    if isinstance(error, AlsoWriting):  # its own words say how to send all the same: not from here
        error = _("Somebody else is writing a reply here.")
    reason = error.message if isinstance(error, ActionError) else error
    return Result(RowState.FAILED, reason=reason or _("It could not be done."))


def _must_stand_alone(ticket: Ticket) -> None:
    if ticket.merged_into_id is not None:
        raise Conflict(_("It was merged into another ticket: change that one."))


def _spoke_since(plan: Plan, rows: Seen) -> set[int]:
    """Where the customer has done or said something after the ticket was chosen, if that counts."""
    if not plan.ends:
        return set()
    with connection.cursor() as cursor:
        cursor.execute(_SPOKE, [list(rows), list(rows.values())])
        return {pk for (pk,) in cursor.fetchall()}


def _must_be_as_seen(ticket_id: int, spoke: set[int]) -> None:
    if ticket_id in spoke:
        raise Conflict(_("The customer has written since you chose it: read that first."))


# --- deeds alone -------------------------------------------------------------------------


def change(job: BulkJob, plan: Plan, rows: Seen, now: datetime) -> dict[int, Result]:
    """The plan's deeds on each of these tickets."""
    around = Around(job.made_at)
    with many.turns(list(rows), "work", actor=Actor.staff(job.user), now=now) as batch:
        results = {pk: _failed(why) for pk, why in batch.refused.items()}
        spoke = _spoke_since(plan, rows)
        for pk, turn in list(batch.turns.items()):
            try:
                _must_stand_alone(_ticket(turn))
                _must_be_as_seen(pk, spoke)
                events = plan.do(turn, around)
            except ActionError as error:
                results[pk] = _failed(error)
                batch.drop(pk)
                continue
            if not events:
                results[pk] = UNCHANGED
                batch.drop(pk)
                continue
            _sign(events, job)
            results[pk] = _done(events)
    return results


def _ticket(turn: Turn) -> Ticket:
    assert turn.ticket is not None
    return turn.ticket


def _sign(events: list[Event], job: BulkJob) -> None:
    """Let the history know of which change an event is a part."""
    for event in events:
        event.data["bulk"] = job.pk


# --- something said along with them ------------------------------------------------------


def reply_key(job: BulkJob, ticket_id: int) -> uuid.UUID:
    """The form key of what a change says on a ticket: always the same, so that it is said once."""
    return uuid.uuid5(job.form_key, str(ticket_id))


def say(job: BulkJob, plan: Plan, rows: Seen, now: datetime) -> dict[int, Result]:
    """A reply, a note or a macro on each of these tickets, and the plan's deeds with it."""
    around = Around(job.made_at)
    macro = _macro(plan)
    locked = Ticket.objects.select_for_update(of=("self",)).filter(pk__in=rows).order_by("pk")
    tickets = locked.select_related("store", "customer", "order", "claim__policy_version")
    found = {ticket.pk: ticket for ticket in tickets.defer("claim__policy_version__source")}
    results = {pk: _failed(_("It is gone.")) for pk in rows if pk not in found}
    spoke = _spoke_since(plan, rows)
    for pk, ticket in found.items():
        try:
            with transaction.atomic():
                _must_stand_alone(ticket)
                _must_be_as_seen(pk, spoke)
                if macro is not None:
                    results[pk] = _run(job, macro, ticket, now)
                elif plan.says == "reply":
                    results[pk] = _reply(job, plan, ticket, around, now)
                else:
                    results[pk] = _note(job, plan, ticket, around, now)
        except ActionError as error:
            results[pk] = _failed(error)
    return results


def _macro(plan: Plan) -> Macro | None:
    if plan.macro is None:
        return None
    rows = Macro.objects.select_related("store", "assignee").prefetch_related("texts")
    return rows.get(pk=plan.macro)


def _run(job: BulkJob, macro: Macro, ticket: Ticket, now: datetime) -> Result:
    if macro.store_id != ticket.store_id:
        raise Conflict(_("The macro is another store's."))
    ran = macros.run(
        macro,
        ticket,
        actor=Actor.staff(job.user),
        now=now,
        form_key=reply_key(job, ticket.pk),
        seen=ticket.last_seq,
        bulk=job.pk,
    )
    return _done([ran.event]) if ran.event is not None else UNCHANGED


def _words(job: BulkJob, plan: Plan, ticket: Ticket, now: datetime) -> str:
    filled = fill(plan.body, About(ticket, job.user, macros.languages(ticket)[0], now))
    filled.must_be_whole()
    return filled.body


def _reply(job: BulkJob, plan: Plan, ticket: Ticket, around: Around, now: datetime) -> Result:
    done: list[Event] = []

    def along(turn: Turn) -> None:
        done.extend(plan.do(turn, around))
        _sign(done, job)

    replies.send(
        ticket,
        Typed("agent", _words(job, plan, ticket, now), plan.then_state, ticket.last_seq),
        actor=Actor.staff(job.user),
        now=now,
        form_key=reply_key(job, ticket.pk),
        along=along,
    )
    return _done(done)


def _note(job: BulkJob, plan: Plan, ticket: Ticket, around: Around, now: datetime) -> Result:
    actor = Actor.staff(job.user)
    talk.say(
        ticket,
        _words(job, plan, ticket, now),
        kind="note",
        actor=actor,
        now=now,
        form_key=reply_key(job, ticket.pk),
        channel=replies.CHANNEL,
    )
    if not plan.deeds:
        return _done([])
    with ticket_turn(ticket.pk, "work", actor=actor, now=now) as turn:
        done = plan.do(turn, around)
        _sign(done, job)
    return _done(done)


# --- taken back --------------------------------------------------------------------------


def take_back(job: BulkJob, rows: Seen, now: datetime) -> dict[int, Result]:
    """What another change has done to these tickets, the other way round, where it still stands."""
    undone = job.undoes
    assert undone is not None
    originals = BulkRow.objects.filter(job=undone, ticket__in=rows, state=RowState.DONE)
    numbers: Mapping[int, list[int]] = dict(originals.values_list("ticket_id", "numbers"))
    events = _events(numbers)
    results: dict[int, Result] = {}
    with many.turns(list(rows), "work", actor=Actor.staff(job.user), now=now) as batch:
        results |= {pk: _failed(why) for pk, why in batch.refused.items()}
        for pk, turn in list(batch.turns.items()):
            try:
                before = len(turn.events)
                caught = _back(undone, turn, events[pk])
            except ActionError as error:
                results[pk] = _failed(error)
                batch.drop(pk)
                continue
            done = turn.events[before:]
            _sign(done, job)
            results[pk] = _done(done) if done or caught else UNCHANGED
    return results


def _events(numbers: Mapping[int, list[int]]) -> dict[int, list[Event]]:
    """The events of these numbers, by ticket, the last first."""
    found: dict[int, list[Event]] = defaultdict(list)
    wanted = {seq for each in numbers.values() for seq in each}
    rows = Event.objects.filter(ticket__in=numbers, seq__in=wanted).order_by("-seq")
    for event in rows:
        assert event.ticket_id is not None
        if event.seq in numbers[event.ticket_id]:
            found[event.ticket_id].append(event)
    return found


def _back(undone: BulkJob, turn: Turn, events: list[Event]) -> bool:
    """All that was done to one ticket. True where a reply was caught on its way.

    Raises:
        Conflict: something of it stands so no more; the reply is sent: then all is left as it is.
    """
    within = turn.now - undone.made_at
    replied = undone.verb == "reply"
    for event in events:
        if event.kind == macros.USED:
            _macro_back(turn, event)
            replied = bool(event.data["reply"])
        else:
            undoing.back(turn, event, within=within)
    if replied:
        # Last of all: it is written at once, and nothing after it can fail.
        key = reply_key(undone, _ticket(turn).pk)
        replies.recall(turn, str(key), keep=False)
    return replied


def _macro_back(turn: Turn, event: Event) -> None:
    if _ticket(turn).events.filter(data__undoes=event.seq).exists():
        raise Conflict(_("It was undone already."))
    back = undoing.macro_back(turn, event, within=turn.now - event.at)
    if len(back.data["left"]) == len(event.data["did"]) and not event.data["reply"]:
        raise Conflict(_("It has been changed again since, so it was left as it is."))
    back.data["undoes"] = event.seq
