"""A reply on its way: for some seconds it can be taken back, then it is said.

Sent means: the draft has a time (``send_at``). `send_due` makes it a message by `talk.say`, in the
one transaction that deletes the draft; so a worker that dies leaves the draft, and two workers
send one message. Taking it back and sending it lock the same row: exactly one of them happens.
"""

from __future__ import annotations

import logging
import uuid
from collections.abc import Callable, Collection
from datetime import datetime, timedelta

from django.conf import settings
from django.db import InterfaceError, OperationalError, transaction
from django.db.models import Q
from django.utils.translation import gettext as _
from django.utils.translation import override

from supportdesk.nudge import send_replies as nudge
from tickets.actions import attachments, mentions, roots
from tickets.actions.base import Turn, ticket_turn
from tickets.actions.mentions import Called
from tickets.actions.reply_drafts import Typed, fill, in_hand
from tickets.actions.talk import can_answer, say
from tickets.actions.two_answers import nobody_else
from tickets.actions.wording import as_typed, clean
from tickets.actor import Actor
from tickets.errors import ActionError, Conflict, InvalidInput
from tickets.models import Message, ReplyDraft, Ticket
from tickets.permissions import permit
from tickets.placeholders import must_be_filled

log = logging.getLogger(__name__)

LOOK_AGAIN = timedelta(seconds=3)  # while a file of it is being checked
CHANNEL = "desk"
# What is done to the ticket in the very turn in which a reply is let go.
Along = Callable[[Turn], None]


def delay() -> timedelta:
    """How long a reply can be taken back."""
    return timedelta(seconds=settings.SEND_DELAY_SECONDS)


def send(
    ticket: Ticket,
    typed: Typed,
    *,
    actor: Actor,
    now: datetime,
    form_key: uuid.UUID,
    seen_pending: Collection[int] = (),
    seen_writing: Collection[int] = (),
    along: Along | None = None,
) -> ReplyDraft | Message:
    """Let a reply go: the draft on its way, or the message that it has become already.

    ``seen_pending`` are the keys of other people's replies on their way that the writer has read,
    ``seen_writing`` those of the people who are known to be writing, too.
    ``along`` is done in the same turn, once; such a reply leaves what its writer has in hand alone.

    Raises:
        InvalidInput: nothing written, too much, a placeholder left standing, or a file that
            cannot go.
        Conflict: something happened since the page was opened; somebody else is sending a reply;
            the ticket is closed; its claim is still open, so it cannot be solved.
        AlsoWriting: somebody else writes at this moment, and this writer does not know it.
        NotAllowed: the actor may not answer here.
    """
    assert actor.user is not None
    with ticket_turn(ticket.pk, "work", actor=actor, now=now, to_root=True) as turn:
        assert turn.ticket is not None
        before = gone(turn.ticket, form_key)
        if before is not None:
            _forget(turn.ticket, actor.user.pk, typed)
            return before
        must_be_filled(clean(typed.body))
        nobody_else(turn, actor, seen_pending, seen_writing)
        can_answer(turn, typed.then_state, _seen_there(turn, ticket, typed.seen))
        if along is not None:
            along(turn)
            draft = ReplyDraft(ticket=turn.ticket, user=actor.user)
            fill(draft, typed, now=now)
        else:
            draft = in_hand(turn.ticket, actor.user, now=now)
            fill(draft, typed, now=now)
            attachments.check(draft, now)
        draft.form_key, draft.last_error = form_key, ""
        draft.send_at = now + delay()
        draft.save()
        transaction.on_commit(nudge)
    return draft


def _seen_there(turn: Turn, ticket: Ticket, seen: int) -> int | None:
    """What the writer has seen of the turn's ticket; None where they wrote on a merged one.

    Raises:
        Conflict: it was merged, or more has happened there, since they opened its page.
    """
    if turn.ticket == ticket:
        return seen
    row = Ticket.objects.get(pk=ticket.pk)
    Turn(actor=turn.actor, now=turn.now, store=turn.store, ticket=row).saw(seen)
    return None


def note(
    ticket: Ticket, typed: Typed, *, actor: Actor, now: datetime, form_key: uuid.UUID
) -> tuple[Message | ReplyDraft, Called]:
    """Keep a note for colleagues, at once, and whom it calls.

    With a file that is still being checked it goes the way of a reply: it is said as soon as that
    is done.

    Raises:
        InvalidInput: nothing written, too much, a file that will not do, or a person called who
            may not see the ticket.
        NotAllowed: the actor may not write here.
    """
    assert actor.user is not None
    called = mentions.in_note(clean(typed.body), ticket.store)
    with transaction.atomic():
        # The ticket before the draft, as everybody who takes both.
        row = Ticket.objects.select_for_update().get(pk=roots.of(ticket).pk)
        before = gone(row, form_key)
        if before is not None:
            _forget(row, actor.user.pk, typed)
            return before, called
        draft = in_hand(row, actor.user, now=now)
        fill(draft, typed, now=now)
        if not attachments.check(draft, now):
            draft.form_key, draft.send_at, draft.last_error = form_key, now + LOOK_AGAIN, ""
            draft.save()
            transaction.on_commit(nudge)
            return draft, called
        message = say(
            row,
            typed.body,
            kind="note",
            actor=actor,
            now=now,
            form_key=form_key,
            channel=CHANNEL,
            mentions=called.people,
            attachments=list(draft.attachments.order_by("pk")),
        )
        draft.delete()
    return message, called


def gone(ticket: Ticket, form_key: uuid.UUID | None) -> Message | ReplyDraft | None:
    """What the same form has led to before: it was sent, or is on its way."""
    if form_key is None:
        return None
    said = Message.objects.filter(form_key=form_key).first()
    if said is not None:
        return said
    coming = ReplyDraft.objects.filter(form_key=form_key, send_at__isnull=False)
    return coming.filter(Q(ticket=ticket) | Q(ticket__merged_into=ticket)).first()


def _forget(ticket: Ticket, user_id: int, typed: Typed) -> None:
    """The same form sent twice at once leaves no draft of what is said already."""
    ReplyDraft.objects.filter(
        ticket=ticket,
        user=user_id,
        send_at=None,
        body=as_typed(typed.body),
        attachments=None,
    ).delete()


# --- taking it back ----------------------------------------------------------------------


def undo(
    ticket: Ticket,
    pk: int,
    *,
    actor: Actor,
    now: datetime,
    along: Callable[[ReplyDraft], object] | None = None,
) -> ReplyDraft:
    """Take a reply back before it is said: it is in its writer's hand again, as it was typed.

    ``along`` takes back what was done with it, in the same transaction.

    Raises:
        Conflict: it has been said already, or it is somebody else's.
        NotAllowed: the actor may only look here.
    """
    with transaction.atomic():
        permit(actor, ticket.store, "work")
        mine = ReplyDraft.objects.select_for_update(of=("self",)).filter(
            Q(ticket=ticket) | Q(ticket__merged_into=ticket),
            pk=pk,
            user=actor.user,
            send_at__isnull=False,
        )
        row = mine.first()
        if row is None:
            raise Conflict(_("It has been sent already, and cannot be taken back."))
        if along is not None:
            along(row)
        _take_back(row, now)
    return row


def recall(turn: Turn, form_key: str, *, keep: bool = True) -> None:
    """The same inside a turn, for a form's reply; one that is being sent now is not waited for.

    Who sends locks the reply before the ticket, and we hold the ticket. ``keep`` puts it into its
    writer's hand again; else it is gone.

    Raises:
        Conflict: it has been said already.
    """
    rows = ReplyDraft.objects.select_for_update(of=("self",), skip_locked=True).filter(
        ticket=turn.ticket, user=turn.actor.user, form_key=form_key, send_at__isnull=False
    )
    row = rows.first()
    if row is None:
        raise Conflict(_("It has been sent already, and cannot be taken back."))
    if keep:
        _take_back(row, turn.now)
    else:
        row.delete()


def _take_back(row: ReplyDraft, now: datetime, error: str = "") -> None:
    """Put a reply on its way into its writer's hand; what they began since stands below it."""
    newer = (
        ReplyDraft.objects.select_for_update()
        .filter(ticket=row.ticket_id, user=row.user_id, send_at=None)
        .first()
    )
    if newer is not None:
        newer.attachments.update(reply=row)
        if newer.body.strip():
            row.body = f"{row.body}\n\n{newer.body}"
        newer.delete()
    row.send_at, row.last_error, row.touched_at = None, error[:300], now
    row.form_key = uuid.uuid4()
    row.save()


# --- the job -----------------------------------------------------------------------------


def send_due(now: datetime, *, limit: int = 200) -> int:
    """Say every reply whose time has come; returns how many were said.

    Two runs at once share the work: a row that another looks at is passed over.
    """
    said = 0
    for _round in range(limit):
        with transaction.atomic():
            row = (
                ReplyDraft.objects.select_for_update(of=("self",), skip_locked=True)
                .select_related("ticket__store", "user")
                .filter(send_at__lte=now)
                .order_by("send_at", "pk")
                .first()
            )
            if row is None:
                break
            said += _say(row, now)
    return said


def _say(row: ReplyDraft, now: datetime) -> bool:
    """One reply becomes a message, waits for its files, or goes back with the reason."""
    try:
        with transaction.atomic(), override(row.user.locale):
            if not attachments.check(row, now):
                row.send_at = now + LOOK_AGAIN
                row.save(update_fields=["send_at"])
                return False
            _as_message(row, now)
    except (OperationalError, InterfaceError):
        raise  # the database, not the reply: the next run finds it
    except ActionError as error:
        _take_back(row, now, error.message)
        return False
    except Exception:  # one broken reply must not hold up the others, nor be tried for ever
        log.exception("Reply %s could not be sent", row.pk)
        with override(row.user.locale):
            _take_back(row, now, _("Something failed on our side. Please send it again."))
        return False
    return True


def _as_message(row: ReplyDraft, now: datetime) -> None:
    called = mentions.in_note(row.body, row.ticket.store) if row.kind == "note" else Called()
    message = say(
        row.ticket,
        row.body,
        kind=row.kind,
        actor=Actor.staff(row.user),
        now=now,
        form_key=row.form_key,
        channel=CHANNEL,
        then_state=row.then_state if row.kind == "agent" else "",
        mentions=called.people,
        attachments=list(row.attachments.order_by("pk")),
    )
    here = row.ticket_id
    if message.ticket_id != here:  # merged into another since it was sent
        here = roots.of(Ticket.objects.get(pk=here)).pk
    if message.ticket_id != here or message.author_id != row.user_id:
        raise InvalidInput(_("This was sent before, in another conversation."))
    row.delete()
