"""Files that go with a message. They prove nothing: no rule counts them, no card shows them.

While a reply is written its files are at its draft, and nobody's evidence: they can be taken out
again and leave nothing behind. When it is said they become the message's, and their chain of
custody begins. A customer's come with the message itself.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime

from django.db import transaction
from django.db.models import Q, QuerySet
from django.utils.translation import gettext as _

from supportdesk.nudge import check_files as nudge
from tickets.actions import custody, roots
from tickets.actions.add_evidence import Arrival, stored_names
from tickets.actions.base import Turn
from tickets.actions.files_to_send import PATIENCE
from tickets.actions.reply_drafts import in_hand
from tickets.actor import Actor
from tickets.errors import Conflict, InvalidInput
from tickets.lifecycle import EvidenceState, TicketState, UploadState
from tickets.models import Evidence, FileJob, Message, ReplyDraft, Ticket, Upload
from tickets.permissions import permit

KIND = "attachment"
MAX_BYTES = 25 * 1024 * 1024  # of one file: what mail servers take, too
MOST = 10  # of one message

Attached = Evidence | Arrival


def admit(ticket: Ticket, actor: Actor | None) -> None:
    """Say no before the bytes come.

    Raises:
        NotAllowed: who may only look here.
        Conflict: the ticket is closed.
    """
    if actor is None or actor.kind != "staff":
        raise InvalidInput(_("Send this file together with your message."), "file")
    permit(actor, ticket.store, "work", ticket.customer_id)
    if roots.of(ticket).state == TicketState.CLOSED:
        raise Conflict(_("This conversation is closed."))


def take_in(arrival: Arrival, ticket: Ticket, *, actor: Actor, now: datetime) -> Evidence:
    """Keep a stored file with the reply that this person is writing on a ticket.

    Nothing has happened to the ticket yet: there is no event, and no page goes out of date.

    Raises:
        InvalidInput: there are too many already.
        Conflict: the ticket is closed.
        NotAllowed: the actor may only look here.
    """
    admit(ticket, actor)
    assert actor.user is not None
    with transaction.atomic():
        ticket = roots.of(ticket)
        draft = in_hand(ticket, actor.user, now=now)
        _not_too_many(draft.attachments.count() + 1)
        return _row(arrival, ticket, actor, now, reply=draft)


def take_all(
    arrivals: Iterable[Arrival], ticket: Ticket, *, actor: Actor, now: datetime
) -> list[Evidence]:
    """The same for several that came with one form: all of them, or none."""
    with transaction.atomic():
        return [take_in(arrival, ticket, actor=actor, now=now) for arrival in arrivals]


def remove(ticket: Ticket, pk: int, *, actor: Actor, now: datetime) -> list[str]:
    """Take a file out of the reply in hand; returns stored names, to be deleted. Twice is no error.

    Raises:
        NotAllowed: the actor may only look here.
    """
    with transaction.atomic():
        permit(actor, ticket.store, "work")
        rows = Evidence.objects.select_for_update(of=("self",)).filter(
            pk=pk,
            ticket__in=roots.family(roots.of(ticket)),
            kind=KIND,
            message=None,
            reply__user=actor.user,
            reply__send_at=None,
        )
        return drop(rows)


def drop(rows: QuerySet[Evidence]) -> list[str]:
    """Delete files that were never sent; returns what the storage is to let go of."""
    mine = rows.filter(kind=KIND, message=None)
    mine.filter(erased_at__isnull=False).update(reply=None)  # its log of custody stays
    found = list(mine.filter(erased_at=None).prefetch_related("copies"))
    names = [name for row in found for name in stored_names(row)]
    Evidence.objects.filter(pk__in=[row.pk for row in found]).delete()
    return names


def nobodys(before: datetime) -> QuerySet[Evidence]:
    """Attachments whose draft is gone: they were never sent, and nobody can send them."""
    return Evidence.objects.filter(
        kind=KIND, message=None, reply=None, erased_at=None, completed_at__lt=before
    ).order_by("pk")


def check(draft: ReplyDraft, now: datetime) -> bool:
    """Whether the files of a reply can go with it now; False while one is being looked into.

    Raises:
        InvalidInput: one will not do, or has not arrived whole; says which, and what to do.
    """
    coming = Upload.objects.filter(
        Q(ticket=draft.ticket_id) | Q(ticket__merged_into=draft.ticket_id),
        kind=KIND,
        uploaded_by=draft.user_id,
        state=UploadState.RECEIVING,
        expires_at__gt=now,
    ).first()
    if coming is not None:
        raise InvalidInput(
            _("“%(name)s” has not arrived completely yet. Wait for it, or remove it.")
            % {"name": coming.original_name},
            "attachments",
        )
    files = list(draft.attachments.all())
    for file in files:
        _will_do(file, now)
    return all(file.state == EvidenceState.READY for file in files)


def _will_do(file: Evidence, now: datetime) -> None:
    name = {"name": file.original_name}
    if file.state == EvidenceState.INFECTED:
        words = _("Our virus scanner found something dangerous in “%(name)s”. Please remove it.")
    elif file.state == EvidenceState.UNREADABLE:
        words = _("“%(name)s” cannot be sent. Please remove it, and attach it in another format.")
    elif file.erased_at is not None:
        words = _("“%(name)s” is not kept any more. Please remove it, and attach it again.")
    elif file.state == EvidenceState.RECEIVED and file.completed_at <= now - PATIENCE:
        words = _("“%(name)s” is still being checked, and may not go out unchecked.")
    else:
        return
    raise InvalidInput(words % name, "attachments")


def put_on(turn: Turn, message: Message, files: Sequence[Attached]) -> list[int]:
    """Let these files be the message's, in the order given; returns their keys, for its event."""
    _not_too_many(len(files))
    ticket = turn.ticket
    assert ticket is not None
    rows = [
        file
        if isinstance(file, Evidence)
        else _row(file, ticket, turn.actor, turn.now, message=message)
        for file in files
    ]
    unsent = [row.pk for row in files if isinstance(row, Evidence)]
    moved = Evidence.objects.filter(
        Q(ticket=ticket) | Q(ticket__merged_into=ticket),
        pk__in=unsent,
        kind=KIND,
        message=None,
        erased_at=None,
    ).update(ticket=ticket, message=message, reply=None)
    if moved != len(unsent):  # evidence, or a file of another ticket, or one that was sent
        raise InvalidInput(_("This file cannot go with a message."), "attachments")
    custody.begin(rows, "filed", actor=turn.actor, now=turn.now)
    return [row.pk for row in rows]


def visible(files: QuerySet[Evidence]) -> QuerySet[Evidence]:
    """Those that a customer may see: what was said to them or by them, and never a note's."""
    return files.exclude(Q(kind=KIND) & (Q(message=None) | Q(message__kind="note")))


def proving(files: Iterable[Evidence]) -> list[Evidence]:
    """The files that were handed in as evidence: all but what came with a message."""
    return [file for file in files if file.kind != KIND]


def _not_too_many(number: int) -> None:
    if number > MOST:
        raise InvalidInput(
            _("At most %(n)d files go with one message.") % {"n": MOST}, "attachments"
        )


def _row(
    arrival: Arrival,
    ticket: Ticket,
    actor: Actor,
    now: datetime,
    *,
    reply: ReplyDraft | None = None,
    message: Message | None = None,
) -> Evidence:
    evidence = Evidence.objects.create(
        ticket=ticket,
        reply=reply,
        message=message,
        kind=KIND,
        file=arrival.stored_name,
        original_name=arrival.original_name[:255],
        size=arrival.size,
        began_at=arrival.began_at,
        completed_at=arrival.completed_at,
        uploaded_by=actor.user,
    )
    FileJob.objects.create(evidence=evidence, wake_at=now)
    transaction.on_commit(nudge)
    return evidence
