"""Files in storage that no row names: what a crash between storing and recording leaves."""

from __future__ import annotations

from datetime import datetime, timedelta

from django.core.files.storage import default_storage

from supportdesk import clock
from tickets.models import Evidence

# Older than any upload that could still be on its way to its row.
MIN_AGE = timedelta(days=1)
_BATCH = 500


def sweep_orphans(now: datetime) -> int:
    """Delete stored evidence files without a row, older than a day; returns how many went.

    Looks at this month's folder and the last one's: swept daily or oftener, no orphan grows
    older. Files carry the machine's own time, so the demo's advance is taken off ``now``.
    """
    real = now - clock.offset()
    months = dict.fromkeys(f"evidence/{day:%Y/%m}" for day in (now, now - timedelta(days=28)))
    gone = 0
    for folder in months:
        try:
            names = default_storage.listdir(folder)[1]
        except FileNotFoundError:
            continue
        for start in range(0, len(names), _BATCH):
            gone += _sweep([f"{folder}/{name}" for name in names[start : start + _BATCH]], real)
    return gone


def _sweep(names: list[str], real: datetime) -> int:
    known = set(Evidence.objects.filter(file__in=names).values_list("file", flat=True))
    gone = 0
    for name in names:
        if name not in known and default_storage.get_modified_time(name) < real - MIN_AGE:
            default_storage.delete(name)
            gone += 1
    return gone
