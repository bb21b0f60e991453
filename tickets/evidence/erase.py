"""Delete from the storage what the rows have given up, and do not let go before it is gone.

The rows are the truth and go first (``tickets.actions.retention``). A worker that dies in the
middle leaves a row that comes due again; deleting what is gone already is harmless.
"""

from __future__ import annotations

import logging
from collections.abc import Iterable
from datetime import datetime, timedelta

from django.core.files.storage import default_storage
from django.db.models import Q

from tickets.actions import retention
from tickets.models import Deadline, EvidenceCopy

log = logging.getLogger(__name__)

LEASE = timedelta(minutes=10)
# Longer than any copy takes to make.
SECOND_LOOK = timedelta(hours=1)
FIRST_PAUSE, LONGEST_PAUSE = timedelta(minutes=1), timedelta(hours=6)
_BATCH = 50


def run_due(now: datetime) -> int:
    """Delete the files of every case whose rows have given them up; returns how many cases.

    Safe to run twice at once. A storage that is away puts the case off with growing pauses.
    Each case is looked at again after ``SECOND_LOOK``, for copies that were being made.
    """
    done = 0
    while batch := retention.take_erasures(now, until=now + LEASE, limit=_BATCH):
        for deadline, names in batch:
            done += _erase(deadline, names, now)
    return done


def _erase(deadline: Deadline, names: list[str], now: datetime) -> bool:
    second_look = deadline.due_at + SECOND_LOOK
    try:
        discard(names)
        _late_copies(deadline)
    except Exception as error:  # every storage has its own kinds of failing
        log.warning("Erased evidence stays in the storage for now: %s", error)
        pause = min(FIRST_PAUSE * 2 ** min(deadline.attempts - 1, 20), LONGEST_PAUSE)
        retention.files_stay(deadline, f"{type(error).__name__}: {error}", again_at=now + pause)
        return False
    if now < second_look:
        retention.files_stay(deadline, "", again_at=second_look)
        return False
    retention.files_are_gone(deadline, now=now)
    return True


def discard(names: Iterable[str]) -> None:
    """Delete stored files; one that is not there any more is no mistake.

    Raises whatever the storage raises when it is away.
    """
    for name in names:
        default_storage.delete(name)


def _late_copies(deadline: Deadline) -> None:
    """Copies that were being made of a file while it was erased: they go too."""
    mine = Q(evidence__claim__ticket=deadline.ticket_id) | Q(evidence__ticket=deadline.ticket_id)
    for copy in EvidenceCopy.objects.filter(mine, evidence__erased_at__isnull=False):
        discard([str(copy.file.name)])
        copy.delete()
