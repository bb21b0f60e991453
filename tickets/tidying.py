"""What nobody needs any more: abandoned drafts and files, spent counters, dead sessions."""

from __future__ import annotations

import logging
from collections.abc import Callable
from datetime import datetime, timedelta
from functools import partial
from importlib import import_module

from django.conf import settings
from django.db import transaction
from django.db.models import Q

from tickets.actions import attachments, automation_clock, bulk, presence, stepping
from tickets.actions.add_evidence import stored_names
from tickets.evidence import rescan
from tickets.evidence.orphans import sweep_orphans
from tickets.evidence.parts import StorageTrouble, parts, told
from tickets.evidence.receive import discard
from tickets.lifecycle import UploadState
from tickets.models import Draft, Evidence, KeptMail, RateBucket, Upload

log = logging.getLogger(__name__)

# A customer may begin on a phone and find the parcel a week later; after that the files go.
DRAFT_LIVES = timedelta(days=14)
BUCKET_LIVES = timedelta(days=2)  # longer than any limit counts
KEPT_MAIL_LIVES = timedelta(days=400)  # the demo's own calendar may run a year ahead
UNSENT_LIVES = timedelta(days=1)  # of a file whose reply is gone
_BATCH = 200


def tidy(now: datetime) -> int:
    """Delete what is past its life; returns how many drafts, counters and files went.

    Small transactions under SKIP LOCKED: two tidiers at once share the work, and a customer
    who sends a draft at this very moment wins.
    """
    gone = 0
    while batch := _drop_drafts(now):
        gone += batch
    while batch := _drop_left_out(now):
        gone += batch
    while batch := _drop_unsent(now):
        gone += batch
    presence.sweep(now)
    gone += bulk.forget(now)
    automation_clock.forget(now)
    stepping.forget(now)
    gone += RateBucket.objects.filter(starts_at__lt=now - BUCKET_LIVES).delete()[0]
    if settings.DEMO:
        KeptMail.objects.filter(at__lt=now - KEPT_MAIL_LIVES).delete()
    import_module(settings.SESSION_ENGINE).SessionStore.clear_expired()
    rescan.queue(now)
    return gone + _sweep_files(now)


def _sweep_files(now: datetime) -> int:
    try:
        return sweep_orphans(now)
    except StorageTrouble as error:
        log.warning("The storage cannot be swept now: %s", error.__cause__)
        return 0


def _drop_drafts(now: datetime) -> int:
    """One batch of abandoned drafts; their files go after the commit, never before it."""
    with transaction.atomic():
        drafts = list(
            Draft.objects.select_for_update(skip_locked=True, of=("self",))
            .filter(touched_at__lt=now - DRAFT_LIVES, claim__isnull=True)
            .order_by("touched_at", "id")[:_BATCH]
        )
        if not drafts:
            return 0
        # A file that is a claim's or a request's evidence by now outlives its draft.
        sent = Q(claim__isnull=False) | Q(ticket__isnull=False)
        Evidence.objects.filter(sent, draft__in=drafts).update(draft=None)
        evidence = Evidence.objects.filter(draft__in=drafts).prefetch_related("copies")
        files = [name for row in evidence for name in stored_names(row)]
        uploads = list(Upload.objects.filter(draft__in=drafts).exclude(state=UploadState.ARRIVED))
        Draft.objects.filter(pk__in=[draft.pk for draft in drafts]).delete()
    for name in files:
        _throw_away(partial(discard, name))
    for upload in uploads:
        _throw_away(partial(parts().abort, upload))
    return len(drafts)


def _drop_left_out(now: datetime) -> int:
    """One batch of files that would not do, and so did not go with their draft when it was sent.

    Nobody sees them any more, and no days of keeping count for them. A held case keeps them.
    """
    with transaction.atomic():
        rows = list(
            Evidence.objects.select_for_update(skip_locked=True, of=("self",))
            .filter(claim=None, ticket=None, draft__claim__isnull=False)
            .filter(draft__touched_at__lt=now - DRAFT_LIVES, draft__claim__ticket__held_at=None)
            .prefetch_related("copies")
            .order_by("pk")[:_BATCH]
        )
        files = [name for row in rows for name in stored_names(row)]
        Evidence.objects.filter(pk__in=[row.pk for row in rows]).delete()
    for name in files:
        _throw_away(partial(discard, name))
    return len(rows)


def _drop_unsent(now: datetime) -> int:
    """One batch of files that were attached to a reply which nobody sent, and which is gone."""
    with transaction.atomic():
        rows = attachments.nobodys(now - UNSENT_LIVES).select_for_update(
            skip_locked=True, of=("self",)
        )
        batch = list(rows.values_list("pk", flat=True)[:_BATCH])
        files = attachments.drop(Evidence.objects.filter(pk__in=batch))
    for name in files:
        _throw_away(partial(discard, name))
    return len(batch)


def _throw_away(delete: Callable[[], None]) -> None:
    """What stays behind is an orphan, which a later sweep finds."""
    try:
        with told():
            delete()
    except StorageTrouble as error:
        log.warning("A file of an abandoned draft stays behind: %s", error.__cause__)
