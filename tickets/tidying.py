"""What nobody needs any more: abandoned drafts with their files, spent counters, dead sessions."""

from __future__ import annotations

import logging
from datetime import datetime, timedelta
from importlib import import_module

from django.conf import settings
from django.db import transaction
from django.db.models import Q

from tickets.evidence.orphans import sweep_orphans
from tickets.models import Draft, Evidence, KeptMail, RateBucket

log = logging.getLogger(__name__)

# A customer may begin on a phone and find the parcel a week later; after that the files go.
DRAFT_LIVES = timedelta(days=14)
BUCKET_LIVES = timedelta(days=2)  # longer than any limit counts
KEPT_MAIL_LIVES = timedelta(days=400)  # the demo's own calendar may run a year ahead
_BATCH = 200


def tidy(now: datetime) -> int:
    """Delete what is past its life; returns how many drafts, counters and files went.

    Small transactions under SKIP LOCKED: two tidiers at once share the work, and a customer
    who sends a draft at this very moment wins.
    """
    gone = 0
    while batch := _drop_drafts(now):
        gone += batch
    gone += RateBucket.objects.filter(starts_at__lt=now - BUCKET_LIVES).delete()[0]
    if settings.DEMO:
        KeptMail.objects.filter(at__lt=now - KEPT_MAIL_LIVES).delete()
    import_module(settings.SESSION_ENGINE).SessionStore.clear_expired()
    return gone + sweep_orphans(now)


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
        files = [row.file for row in Evidence.objects.filter(draft__in=drafts)]
        Draft.objects.filter(pk__in=[draft.pk for draft in drafts]).delete()
    for file in files:
        try:
            file.storage.delete(str(file.name))
        except OSError as error:
            log.warning("A file of an abandoned draft stays behind: %s", error)
    return len(drafts)
