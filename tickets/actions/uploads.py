"""Files on their way: rows that say how many bytes are here for good, and who may write now.

The bytes themselves are the storage's business. A row's offset is only ever what the storage
has confirmed, so that whoever comes back after a broken line, a closed tab or a killed server
goes on from there and loses at most what was in the air.
"""

from __future__ import annotations

import json
import secrets
import uuid
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db import connection, transaction
from django.db.models import Q
from django.utils.translation import gettext as _

from tickets.actions import attachments, roots
from tickets.actions.add_evidence import MAX_FILES, Arrival, not_closed, not_sent, take_in
from tickets.actor import Actor
from tickets.errors import Conflict, InvalidInput, NotAllowed
from tickets.lifecycle import UploadState
from tickets.models import Claim, Draft, Evidence, Ticket, Upload
from tickets.models.evidence import new_key
from tickets.permissions import permit

LIVES = timedelta(days=3)  # since the last byte; a phone may come back tomorrow
# A writer of which nothing was heard for so long has lost its line: the next one takes over.
SILENCE = timedelta(seconds=15)
MAX_UNFINISHED = 10  # of one draft, claim or ticket at a time


class Busy(Conflict):
    """Another request writes to this upload at this moment."""


class WrongOffset(Conflict):
    """The writer thinks another number of bytes is here than there is."""


@dataclass(frozen=True, slots=True)
class Place:
    """What a file is for; exactly one is given.

    With ``attached`` it goes with the reply that is being written on the ticket.
    """

    draft: Draft | None = None
    claim: Claim | None = None
    ticket: Ticket | None = None
    attached: bool = False

    def columns(self) -> dict[str, Any]:
        """The three columns of a row that belongs here."""
        return {"draft": self.draft, "claim": self.claim, "ticket": self.ticket}


@dataclass(frozen=True, slots=True)
class Turn:
    """The right to write to one upload, from ``offset`` on, while the row holds this token."""

    upload: Upload
    token: uuid.UUID
    offset: int


def admit(place: Place, actor: Actor | None) -> None:
    """Say no before gigabytes come, to those who would hear it after their last byte.

    Every door asks this, when a file begins and when it goes on. A draft is open to whoever
    holds its key.

    Raises:
        NotAllowed: who may only look here.
        Conflict: the draft was sent, or the request is closed.
    """
    if place.draft is not None:
        not_sent(place.draft)
        return
    claim = place.claim
    ticket = claim.ticket if claim is not None else place.ticket
    if ticket is None or actor is None:
        raise NotAllowed
    if place.attached:
        attachments.admit(ticket, actor)
        return
    permit(actor, ticket.store, "add_evidence", ticket.customer_id)
    not_closed(claim, ticket)


def is_own(upload: Upload, place: Place, actor: Actor | None) -> bool:
    """Whether it belongs here, and was begun by this side of it: a customer, or this colleague."""
    user = actor.user if actor is not None else None
    wanted = {name: row and row.pk for name, row in place.columns().items()}
    here = {name: getattr(upload, f"{name}_id") for name in wanted}
    merged = _merged_since(upload)
    if merged is not None:  # begun on a ticket that is a part of this one now
        claim = getattr(merged, "claim", None) if not place.attached else None
        here |= {"claim": claim and claim.pk, "ticket": None if claim else merged.pk}
    return here == wanted and upload.uploaded_by_id == (user and user.pk)


def begin(
    place: Place,
    *,
    key: str = "",
    kind: str,
    name: str,
    length: int,
    parts: dict[str, Any],
    stored_name: str,
    actor: Actor | None,
    now: datetime,
) -> Upload:
    """An upload of ``length`` bytes begins now: by this instant its deadline is judged.

    ``key`` is its unguessable word, under which the storage has made ready already.

    Raises:
        NotAllowed: the actor may only look here.
        Conflict: the draft was sent, or the request is closed.
        InvalidInput: too many files, or too many unfinished ones.
    """
    with transaction.atomic():
        if place.draft is not None:
            row = Draft.objects.select_for_update().get(pk=place.draft.pk)
            row.touched_at = now
            row.save(update_fields=["touched_at"])
        admit(place, actor)
        unfinished = Upload.objects.filter(**place.columns(), state=UploadState.RECEIVING)
        present = Evidence.objects.filter(
            **{name: value for name, value in place.columns().items() if value is not None},
            erased_at=None,
        ).exclude(kind=attachments.KIND)
        if unfinished.count() >= MAX_UNFINISHED or present.count() >= MAX_FILES:
            raise InvalidInput(
                _("These are many files. Please write to us, and a person will help."), "file"
            )
        return Upload.objects.create(
            **place.columns(),
            key=key or new_key(),
            kind=kind,
            original_name=name[:255],
            length=length,
            stored_name=stored_name,
            parts=parts,
            began_at=now,
            touched_at=now,
            expires_at=now + LIVES,
            uploaded_by=actor.user if actor else None,
        )


def new_stored_name(now: datetime) -> str:
    """Where a file will lie. Random: nothing of what the visitor typed reaches the storage."""
    return f"evidence/{now:%Y/%m}/{secrets.token_urlsafe(18)}"


# How far an upload has come need not outlive a crash of the database: what it forgets, the client
# sends again. So these statements do not wait for its log, which on a disk that is busy with the
# file itself takes longer than the part. What follows of a whole file waits again.
_QUICK = "set_config('synchronous_commit', 'off', true) = 'off'"

# One statement takes the turn and says what is here: two requests at once cannot both get it.
_TAKE = f"""
    UPDATE tickets_upload SET writer = %s, writer_until = %s, touched_at = %s
    WHERE id = %s AND state = 'receiving' AND expires_at > %s AND "offset" = %s
      AND "offset" < length AND (writer IS NULL OR writer_until <= %s)
      AND {_QUICK}
    RETURNING *
"""  # noqa: S608  (our own words)

_ADVANCE = f"""
    UPDATE tickets_upload SET "offset" = %s, parts = %s::jsonb, touched_at = %s, writer = %s,
      writer_until = %s, expires_at = %s
    WHERE id = %s AND writer = %s AND state = 'receiving' AND {_QUICK}
"""  # noqa: S608  (our own words)


def take_turn(upload: Upload, offset: int, *, now: datetime) -> Turn:
    """Let one request write from ``offset`` on.

    Raises:
        Busy: another request writes, and was heard of within ``SILENCE``.
        WrongOffset: another number of bytes is here.
        Conflict: it has ended, or is whole.
    """
    token = uuid.uuid4()
    until = now + SILENCE
    for row in Upload.objects.raw(_TAKE, [token, until, now, upload.pk, now, offset, now]):
        return Turn(row, token, offset)
    found = Upload.objects.filter(pk=upload.pk).first()
    if found is None or found.state != UploadState.RECEIVING or found.expires_at <= now:
        raise Conflict(_("This file is not being sent any more."))
    if found.offset != offset:
        raise WrongOffset(_("We have another part of this file than you think."))
    if found.offset == found.length:
        raise Conflict(_("This file is whole already."))
    raise Busy(_("This file is being sent in another window."))


def advance(
    turn: Turn, offset: int, parts: dict[str, Any], *, now: datetime, done: bool = False
) -> bool:
    """So many bytes are here for good; with ``done`` this request writes no more.

    False, and nothing is written, when somebody else writes by now or it has ended.
    """
    writer, until = (None, None) if done else (turn.token, now + SILENCE)
    notes = json.dumps(parts)
    values = (offset, notes, now, writer, until, now + LIVES, turn.upload.pk, turn.token)
    with connection.cursor() as cursor:
        cursor.execute(_ADVANCE, values)
        return bool(cursor.rowcount)


def let_go(turn: Turn) -> None:
    """This request writes no more, and has nothing to tell; another may."""
    Upload.objects.filter(pk=turn.upload.pk, writer=turn.token).update(
        writer=None, writer_until=None
    )


def step_back(upload: Upload, offset: int, *, now: datetime) -> bool:
    """The storage lost what it had beyond ``offset``: the client sends that again.

    False when it is somebody's turn at this moment, or the row has moved.
    """
    return bool(
        Upload.objects.filter(
            Q(writer=None) | Q(writer_until__lte=now),
            pk=upload.pk,
            offset=upload.offset,
            state=UploadState.RECEIVING,
        ).update(offset=offset, touched_at=now, expires_at=now + LIVES)
    )


def made_sure(upload: Upload) -> None:
    """The arrived file outlives a power cut from now on."""
    parts = {**upload.parts, "synced": upload.length}
    Upload.objects.filter(pk=upload.pk, state=UploadState.ARRIVED).update(parts=parts)


def arrive(upload: Upload, *, actor: Actor | None, now: datetime) -> Evidence:
    """The last byte is here and the file is whole in the storage: it becomes evidence. Once.

    Raises:
        Conflict: what it was for was sent or is over; or it is not whole.
        InvalidInput: there are too many files.
    """
    with transaction.atomic():
        place = Upload.objects.select_related("draft", "claim", "ticket").get(pk=upload.pk)
        merged = _merged_since(place)
        if merged is not None:
            place.claim, place.ticket = None, merged
        _lock_place(place)  # before the upload's row, as everybody who touches both does
        row = Upload.objects.select_for_update().get(pk=upload.pk)
        if row.state == UploadState.ARRIVED and row.evidence_id is not None:
            return Evidence.objects.get(pk=row.evidence_id)
        if row.state != UploadState.RECEIVING or row.offset != row.length:
            raise Conflict(_("This file is not being sent any more."))
        # Whole since its last byte, however late somebody notices.
        completed_at = max(row.touched_at, row.began_at)
        arrival = Arrival(
            row.kind, row.stored_name, row.original_name, row.length, row.began_at, completed_at
        )
        evidence = _taken(arrival, place, actor, now)
        row.state, row.ended_at, row.evidence = UploadState.ARRIVED, now, evidence
        row.writer = row.writer_until = None
        row.save()
    return evidence


def _taken(arrival: Arrival, place: Upload, actor: Actor | None, now: datetime) -> Evidence:
    if arrival.kind == attachments.KIND and place.ticket is not None and actor is not None:
        return attachments.take_in(arrival, place.ticket, actor=actor, now=now)
    return take_in(
        arrival, draft=place.draft, claim=place.claim, ticket=place.ticket, actor=actor, now=now
    )


def _merged_since(upload: Upload) -> Ticket | None:
    """The ticket into which the one was merged that this file was begun for."""
    ticket = upload.claim.ticket if upload.claim is not None else upload.ticket
    return None if ticket is None or ticket.merged_into_id is None else roots.of(ticket)


def _lock_place(upload: Upload) -> None:
    if upload.draft_id is not None:
        Draft.objects.select_for_update().get(pk=upload.draft_id)
        return
    ticket_id = upload.claim.ticket_id if upload.claim is not None else upload.ticket_id
    assert ticket_id is not None
    Ticket.objects.select_for_update().get(pk=ticket_id)


def end(upload: Upload, *, now: datetime) -> bool:
    """Call an upload off. False when it has ended or arrived already."""
    return bool(
        Upload.objects.filter(pk=upload.pk, state=UploadState.RECEIVING).update(
            state=UploadState.ENDED, ended_at=now, writer=None, writer_until=None
        )
    )


def unfinished(place: Place) -> list[Upload]:
    """What has begun and is not whole yet, oldest first."""
    rows = Upload.objects.filter(**place.columns(), state=UploadState.RECEIVING)
    return list(rows.exclude(kind=attachments.KIND).order_by("began_at", "pk"))
