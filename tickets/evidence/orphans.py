"""Files in storage that no row names: what a crash between storing and recording leaves."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta

from django.core.files.storage import default_storage

from supportdesk import clock
from tickets.actions.uploads import LIVES
from tickets.evidence.parts import parts, told
from tickets.lifecycle import UploadState
from tickets.models import Evidence, EvidenceCopy, Upload

# Older than any file that could still be on its way to its row.
MIN_AGE = timedelta(days=1)
# Of an upload: it lives as long as its row, and no row lives shorter than this.
UPLOAD_AGE = LIVES + MIN_AGE
_BATCH = 500


def sweep_orphans(now: datetime) -> int:
    """Delete stored files without a row, older than a day; returns how many went.

    Looks at this month's folder of files and the last one's, at the copies, and at what is
    left of uploads: swept daily or oftener, no orphan grows older. Files carry the machine's
    own time, so the demo's advance is taken off ``now``.

    Raises:
        StorageTrouble: the storage is away; the next sweep goes on.
    """
    real = now - clock.offset()
    # As far back as an upload may have begun that is finished today.
    months = dict.fromkeys(f"{day:%Y/%m}" for day in (now, now - timedelta(days=28)))
    with told():
        gone = sum(_folder(f"evidence/{month}", _named, real) for month in months)
        gone += sum(_folder(folder, _copied, real) for folder in ("copies", *_below(months)))
        return gone + parts().sweep(real - UPLOAD_AGE)


def _below(months: dict[str, None]) -> list[str]:
    return [f"copies/{month}" for month in months]


def _folder(folder: str, known: Callable[[list[str]], set[str]], real: datetime) -> int:
    try:
        names = default_storage.listdir(folder)[1]
    except FileNotFoundError:
        return 0
    gone = 0
    for start in range(0, len(names), _BATCH):
        some = [f"{folder}/{name}" for name in names[start : start + _BATCH] if name]
        gone += _sweep(some, known(some), real)
    return gone


def _named(names: list[str]) -> set[str]:
    """Of evidence, and of uploads that are finished at this moment."""
    # Uploads first: one that becomes evidence between the two looks is seen by the second.
    coming = Upload.objects.filter(stored_name__in=names, state=UploadState.RECEIVING)
    known = set(coming.values_list("stored_name", flat=True))
    return known | set(Evidence.objects.filter(file__in=names).values_list("file", flat=True))


def _copied(names: list[str]) -> set[str]:
    return set(EvidenceCopy.objects.filter(file__in=names).values_list("file", flat=True))


def _sweep(names: list[str], known: set[str], real: datetime) -> int:
    gone = 0
    for name in names:
        if name not in known and default_storage.get_modified_time(name) < real - MIN_AGE:
            default_storage.delete(name)
            gone += 1
    return gone
