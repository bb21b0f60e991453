"""One step back: what staff have just done to a request, undone row by row while its mails wait.

A step of staff is looked at before and after, so that nothing a turn does by itself (clocks,
snoozes, retention, money) can be forgotten. Its mails wait as long as a reply does; until the first
of them has left, and while nothing else has happened on the ticket, every row can be put back as
it was. Automations hear of it as late. The events stay, and one more says that they were taken
back.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

from django.conf import settings
from django.db import IntegrityError, models, transaction
from django.db.models import Q
from django.utils.translation import gettext as _

from tickets.actions.base import Turn, ticket_turn
from tickets.actions.reply_drafts import in_hand
from tickets.actor import Actor
from tickets.errors import Conflict
from tickets.lifecycle import OutboxState
from tickets.models import (
    AutomationCause,
    Claim,
    Deadline,
    Event,
    Message,
    Outbox,
    Refund,
    StepBack,
    Ticket,
)
from tickets.models.event import STEP_UNDONE

# Numbers of events, what follows by itself, and what the database reckons.
_ITSELF = ("id", "last_seq", "updated_at", "stage", "is_open")
# In this order they are put back: a refund's deadlines before the refund.
_OF: tuple[type[models.Model], ...] = (Ticket, Claim, Deadline, Refund)
_KEPT = {
    model: {f.attname: f for f in model._meta.concrete_fields if f.name not in _ITSELF}
    for model in _OF
}
LIVES = timedelta(hours=1)  # far longer than anything can be undone
Rows = dict[int, dict[str, Any]]
Picture = Mapping[type[models.Model], Rows]
# As JSON keeps it, by model: the rows changed, each column [before, after]; the keys of those made.
Record = dict[str, dict[str, Any]]


def delay() -> timedelta:
    """How long the mails of a step wait: as long as a reply."""
    return timedelta(seconds=settings.SEND_DELAY_SECONDS)


@contextmanager
def step_turn(ticket_id: int, verb: str, *, actor: Actor, now: datetime) -> Iterator[Turn]:
    """A turn on a ticket. What staff do in it can be taken back while its mails wait."""
    with (
        _kept(ticket_id, actor),
        ticket_turn(ticket_id, verb, actor=actor, now=now) as turn,
    ):
        if actor.kind == "staff":
            turn.hold = delay()
        yield turn


@contextmanager
def _kept(ticket_id: int, actor: Actor) -> Iterator[None]:
    """Around a whole turn of a ticket: keep the way back from what staff do in it."""
    if actor.kind != "staff" or actor.user is None:
        yield
        return
    with transaction.atomic():
        row = Ticket.objects.select_for_update(of=("self",)).only("last_seq").get(pk=ticket_id)
        first, before = row.last_seq + 1, _look(ticket_id)
        yield
        row.refresh_from_db(fields=["last_seq", "updated_at"])
        if row.last_seq >= first:
            _let_automations_wait(row, first)
            record = _compare(before, _look(ticket_id))
            StepBack.objects.update_or_create(
                ticket=row,
                defaults={
                    "first": first,
                    "last": row.last_seq,
                    "by": actor.user,
                    "at": row.updated_at,
                    "record": record,
                },
            )


def _causes(ticket: Ticket, first: int) -> models.QuerySet[AutomationCause]:
    """What a step has to tell the automations of its store, and has not yet."""
    return AutomationCause.objects.filter(event__ticket=ticket, event__seq__gte=first)


def _let_automations_wait(ticket: Ticket, first: int) -> None:
    """They act on what stands: what they did at once would keep the step from being taken back."""
    _causes(ticket, first).update(wake_at=ticket.updated_at + delay())


def _look(ticket_id: int) -> Picture:
    """The rows of a case as they are in the database now, in plain values."""
    mine: Mapping[type[models.Model], Q] = {
        Ticket: Q(pk=ticket_id),
        Claim: Q(ticket=ticket_id),
        Deadline: Q(ticket=ticket_id)
        | Q(claim__ticket=ticket_id)
        | Q(refund__ticket=ticket_id)
        | Q(refund__claim__ticket=ticket_id),
        Refund: Q(ticket=ticket_id) | Q(claim__ticket=ticket_id),
    }
    return {model: _rows(model, mine[model]) for model in _OF}


def _rows(model: type[models.Model], where: Q) -> Rows:
    found = model._default_manager.filter(where).order_by("pk").values("pk", *_KEPT[model])
    return {row.pop("pk"): {name: _plain(value) for name, value in row.items()} for row in found}


def _plain(value: Any) -> Any:
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat()
    return str(value) if isinstance(value, Decimal) else value


def _compare(before: Picture, after: Picture) -> Record:
    """What has changed between two pictures, and what is new."""
    return {
        model.__name__: {
            "changed": {
                str(pk): changed
                for pk, was in before[model].items()
                if (changed := _changes(was, after[model][pk]))
            },
            "made": sorted(after[model].keys() - before[model].keys()),
        }
        for model in _OF
    }


def _changes(was: dict[str, Any], now: dict[str, Any]) -> dict[str, list[Any]]:
    return {name: [was[name], now[name]] for name in was if was[name] != now[name]}


def forget(now: datetime) -> None:
    """Let go of the ways back that nobody can go any more."""
    StepBack.objects.filter(at__lt=now - LIVES).delete()


# --- back --------------------------------------------------------------------------------


def of(ticket: Ticket, number: int) -> StepBack | None:
    """The way back from the step whose last event has this number; None where there is none."""
    return StepBack.objects.filter(ticket=ticket, last=number).first()


def last_of(ticket: Ticket, actor: Actor, now: datetime) -> StepBack | None:
    """The way back from what somebody has done at this moment."""
    return StepBack.objects.filter(ticket=ticket, by=actor.user, at=now).first()


def back(turn: Turn, step: StepBack, *, within: timedelta) -> Event:
    """Put every row back as it was before a step, and let its mails not go.

    Raises:
        Conflict: it is somebody else's, too long ago, or told to the customer already; something
            has happened on the ticket since.
    """
    assert turn.ticket is not None
    if step.by != turn.actor.user or turn.now - step.at > within:
        raise Conflict(_("This cannot be undone any more."))
    if turn.ticket.last_seq != step.last:
        raise Conflict(_("It has been changed again since, so it was left as it is."))
    events = turn.ticket.events.filter(seq__range=(step.first, step.last)).order_by("seq")
    _keep_mails(events, turn.now)
    _causes(turn.ticket, step.first).delete()
    _put_back(turn, step.record)
    step.delete()
    done = list(events)
    for event in done:
        if event.kind == "request_done":
            _into_hand(turn, event.data["message"])
    return turn.event(
        STEP_UNDONE,
        undoes=step.last,
        undone=[event.seq for event in done],
        kinds=[event.kind for event in done],
    )


def _keep_mails(events: models.QuerySet[Event], now: datetime) -> None:
    """No mail about these events leaves any more; refused once one is on its way."""
    mails = list(Outbox.objects.select_for_update().filter(event__in=events).order_by("pk"))
    if any(mail.state != OutboxState.PENDING or mail.attempts for mail in mails):
        raise Conflict(_("The mail about it has been sent already, so it was left as it is."))
    Outbox.objects.filter(pk__in=[mail.pk for mail in mails]).update(
        state=OutboxState.DROPPED, settled_at=now, last_error="taken back"
    )


def _into_hand(turn: Turn, message_id: int) -> None:
    """What was written to the customer is a draft of its writer's again, before what they began."""
    assert turn.ticket is not None
    assert turn.actor.user is not None
    message = Message.objects.get(pk=message_id, ticket=turn.ticket)
    draft = in_hand(turn.ticket, turn.actor.user, now=turn.now)
    draft.body = "\n\n".join(text for text in (message.body, draft.body.strip()) if text)
    draft.touched_at = turn.now
    draft.save(update_fields=["body", "touched_at"])
    message.delete()


def _put_back(turn: Turn, record: Record) -> None:
    assert turn.ticket is not None
    now = _look(turn.ticket.pk)
    for model in _OF:
        for pk, columns in record[model.__name__]["changed"].items():
            row = now[model].get(int(pk), {})
            if any(row.get(name) != became for name, (_was, became) in columns.items()):
                raise Conflict(_("It has been changed again since, so it was left as it is."))
    try:
        with transaction.atomic():
            for model in _OF:
                mine = record[model.__name__]
                model._default_manager.filter(pk__in=mine["made"]).delete()
                for pk, columns in mine["changed"].items():
                    _restore(turn, model, int(pk), columns)
    except IntegrityError:  # one of its items has a newer open claim
        raise Conflict(_("It has been changed again since, so it was left as it is.")) from None


def _restore(turn: Turn, model: type[models.Model], pk: int, columns: dict[str, Any]) -> None:
    fields = _KEPT[model]
    was = {
        name: fields[name].to_python(value) if value is not None else None
        for name, (value, _became) in columns.items()
    }
    model._default_manager.filter(pk=pk).update(**was)
    for row in (turn.ticket, turn.claim):  # what follows at the end of the turn goes by these
        if isinstance(row, model):
            for name, value in was.items():
                setattr(row, name, value)
