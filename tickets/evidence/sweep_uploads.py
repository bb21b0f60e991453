"""Uploads that nobody finishes: whole ones become evidence, the others go when their time is up."""

from __future__ import annotations

import logging
from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import F, Q, QuerySet

from tickets.actions.uploads import LIVES, SILENCE, end
from tickets.actor import Actor
from tickets.errors import ActionError
from tickets.evidence.finishing import finish
from tickets.evidence.parts import StorageTrouble, parts, told
from tickets.lifecycle import UploadState
from tickets.models import Upload

log = logging.getLogger(__name__)

# Whoever brought the last byte finishes it within a moment, if they live.
UNFINISHED = 2 * SILENCE
# A second look at what was called off: a part may have come in while the first was deleted.
FORGOTTEN = timedelta(days=1)
BATCH = 20
_MOST = 50  # batches of one run; the rest waits for the next


def finish_uploads(now: datetime) -> int:
    """Finish what is whole, end what is past its time, forget what is over; returns how many.

    Two sweeps at once share the work, and none of it waits for a storage with a row locked.
    """
    done = 0
    for some, act in ((_whole, _finish), (_expired, _expire), (_over, _forget)):
        last = 0
        for _ in range(_MOST):
            rows = _batch(some(now), last)
            if not rows:
                break
            last = rows[-1].pk
            done += sum(act(row, now) for row in rows)
    return done


def _batch(rows: QuerySet[Upload], after: int) -> list[Upload]:
    """The next few that no other sweep looks at in this moment."""
    with transaction.atomic():
        return list(
            rows.filter(pk__gt=after)
            .select_for_update(skip_locked=True, of=("self",))
            .order_by("pk")[:BATCH]
        )


def _whole(now: datetime) -> QuerySet[Upload]:
    silent = Q(writer=None) | Q(writer_until__lt=now)
    return Upload.objects.filter(
        silent,
        state=UploadState.RECEIVING,
        offset=F("length"),
        touched_at__lt=now - UNFINISHED,
    ).select_related("uploaded_by", "draft", "claim__ticket__customer", "ticket__customer")


def _expired(now: datetime) -> QuerySet[Upload]:
    # Of a whole one the storage has had another such time to come back, and has lost it.
    given_up = Q(offset__lt=F("length")) | Q(expires_at__lt=now - LIVES)
    return Upload.objects.filter(given_up, state=UploadState.RECEIVING, expires_at__lt=now)


def _over(now: datetime) -> QuerySet[Upload]:
    """Ended a day ago; or arrived so long ago that no client asks for it any more."""
    return Upload.objects.filter(
        Q(state=UploadState.ENDED, ended_at__lt=now - FORGOTTEN)
        | Q(state=UploadState.ARRIVED, ended_at__lt=now - LIVES)
    )


def _finish(upload: Upload, now: datetime) -> bool:
    try:
        finish(upload, actor=_actor_of(upload), now=now)
    except StorageTrouble:
        log.warning("An upload that is whole waits for the storage")
        return False
    except ActionError as error:
        log.info("An upload that is whole came to nothing: %s", error.message)
    return True


def _actor_of(upload: Upload) -> Actor | None:
    if upload.uploaded_by is not None:
        return Actor.staff(upload.uploaded_by)
    ticket = upload.claim.ticket if upload.claim is not None else upload.ticket
    return Actor.of_customer(ticket.customer) if ticket is not None else None


def _expire(upload: Upload, now: datetime) -> bool:
    return end(upload, now=now) and _abort(upload)


def _forget(upload: Upload, now: datetime) -> bool:
    if upload.state == UploadState.ENDED and not _abort(upload):
        return False
    return bool(Upload.objects.filter(pk=upload.pk, state=upload.state).delete()[0])


def _abort(upload: Upload) -> bool:
    try:
        with told():
            parts().abort(upload)
    except StorageTrouble as error:
        log.warning("What is left of an upload stays for the next sweep: %s", error.message)
        return False
    return True
