"""The rows of work on files: taken under a lease, settled only by who holds it.

An attempt counts from the moment a row is taken, so that a file which takes its worker down every
time is given up in the end. Being put off, because the scanner or the storage is away, is no
attempt: that may go on for as long as it lasts.
"""

from __future__ import annotations

import uuid
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db import connection, transaction
from django.db.models import F
from django.db.models.functions import Greatest

from tickets.lifecycle import FileStage
from tickets.models import FileJob, Outage

# Longer than the longest silence of anything that is worked with: a scanner's two minutes.
LEASE = timedelta(minutes=3)
# Of a preview: storing a film of gigabytes in a bucket says nothing for minutes.
LONG_LEASE = timedelta(minutes=15)
MAX_ATTEMPTS = 3  # at one stage of one file
_RETRIES = (timedelta(seconds=15), timedelta(minutes=2))  # after an error that nobody foresaw
_SHORTEST, _LONGEST = timedelta(seconds=30), timedelta(minutes=5)  # while something is away
HARMFUL = "infected: "  # begins the note on a file that was found so long after it was taken in
_PREVIEWS = 0x5EE_F11E  # the advisory lock under which a preview is taken


class Lost(Exception):
    """The row is somebody else's by now, or gone with its file."""


@dataclass(frozen=True, slots=True)
class Lease:
    """The right to work on one file, while its row holds this token."""

    job_id: int
    evidence_id: int
    token: uuid.UUID
    stage: FileStage
    attempt: int
    last_error: str = ""

    @property
    def is_spent(self) -> bool:
        """Whether there have been attempts enough before this one."""
        return self.attempt > MAX_ATTEMPTS


def lease_of(stage: str) -> timedelta:
    """For how long a row is held at a stage, unless it is renewed."""
    return LONG_LEASE if stage == FileStage.PREVIEW else LEASE


def take(now: datetime, stages: Collection[FileStage]) -> Lease | None:
    """Lease the row that has been due for longest, those with a lease run out among them.

    A preview is taken only while no other is being made: it keeps a processor busy for minutes.
    """
    token = uuid.uuid4()
    with transaction.atomic():
        wanted = set(stages)
        if FileStage.PREVIEW in wanted and not _may_preview(now):
            wanted.discard(FileStage.PREVIEW)
        row = (
            FileJob.objects.select_for_update(skip_locked=True)
            .filter(settled_at=None, stage__in=wanted, wake_at__lte=now)
            .order_by("wake_at", "id")
            .first()
        )
        if row is None:
            return None
        row.lease, row.attempts = token, min(row.attempts + 1, 1000)
        row.leased_until = row.wake_at = now + lease_of(row.stage)
        row.save(update_fields=["lease", "attempts", "leased_until", "wake_at"])
    stage = FileStage(row.stage)
    return Lease(row.pk, row.evidence_id, token, stage, row.attempts, row.last_error)


def _may_preview(now: datetime) -> bool:
    """Held until the end of this transaction: two workers cannot both find it free."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_xact_lock(%s)", [_PREVIEWS])
        if not cursor.fetchone()[0]:
            return False
    return not FileJob.objects.filter(
        stage=FileStage.PREVIEW, settled_at=None, lease__isnull=False, leased_until__gt=now
    ).exists()


def _ours(lease: Lease, /, **values: Any) -> None:
    held = FileJob.objects.filter(pk=lease.job_id, lease=lease.token, settled_at=None)
    if not held.update(**values):
        raise Lost


def renew(lease: Lease, now: datetime) -> None:
    """Hold the row for its full time again. Raises Lost."""
    until = now + lease_of(lease.stage)
    _ours(lease, leased_until=until, wake_at=until)


def go_on(lease: Lease, stage: FileStage, now: datetime, note: str = "") -> Lease:
    """The next stage of the same file, under the same lease. Raises Lost."""
    until = now + lease_of(stage)
    _ours(lease, stage=stage, attempts=1, leased_until=until, wake_at=until, last_error=note[:300])
    return Lease(lease.job_id, lease.evidence_id, lease.token, stage, 1, note)


def hand_on(lease: Lease, stage: FileStage, now: datetime, note: str = "") -> None:
    """Leave the next stage to whoever does it; nothing is left to do at ``done``. Raises Lost."""
    settled = now if stage == FileStage.DONE else None
    _ours(
        lease,
        stage=stage,
        attempts=0,
        lease=None,
        leased_until=None,
        wake_at=now,
        settled_at=settled,
        last_error=note[:300],
    )


def put_off(lease: Lease, kind: str, reason: str, now: datetime) -> None:
    """Come back later, and as often as it takes: the scanner or the storage is away.

    The longer it has been away, the longer the pause. Raises Lost.
    """
    began = Outage.objects.filter(kind=kind, ended_at=None).values_list("began_at", flat=True)
    lasted = now - (began.first() or now)
    pause = min(max(lasted / 2, _SHORTEST), _LONGEST)
    _ours(
        lease,
        lease=None,
        leased_until=None,
        wake_at=now + pause,
        attempts=Greatest(F("attempts") - 1, 0),
        last_error=f"{kind}: {reason}"[:300],
    )


def release(lease: Lease, now: datetime) -> None:
    """Give back a row that could not be worked on to the end; it was no attempt. Raises Lost."""
    _ours(
        lease,
        lease=None,
        leased_until=None,
        wake_at=now,
        attempts=Greatest(F("attempts") - 1, 0),
    )


def retry(lease: Lease, reason: str, now: datetime) -> None:
    """Come back after a pause; the attempt counts. Raises Lost."""
    pause = _RETRIES[min(lease.attempt, len(_RETRIES)) - 1]
    _ours(lease, lease=None, leased_until=None, wake_at=now + pause, last_error=reason[:300])


def wake(kind: str, now: datetime) -> int:
    """What was put off because of this outage need not wait any longer. Returns how many."""
    return FileJob.objects.filter(
        settled_at=None, lease=None, wake_at__gt=now, last_error__startswith=f"{kind}: "
    ).update(wake_at=now)


def scan_again(evidence: Sequence[int], now: datetime, apart: timedelta) -> None:
    """Have these files scanned, one every ``apart``, so that what arrives meanwhile goes first."""
    for number, pk in enumerate(evidence):
        values = {"stage": FileStage.SCAN, "wake_at": now + number * apart, "attempts": 0}
        FileJob.objects.update_or_create(
            evidence_id=pk, defaults={**values, "settled_at": None, "last_error": ""}
        )
