"""Files in storage that no row names: what a crash between storing and recording leaves."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta

from django.core.files.storage import default_storage

from tickets.models import Evidence

# Older than any upload that could still be on its way to its row.
MIN_AGE = timedelta(days=1)


def _files(folder: str) -> Iterator[str]:
    try:
        folders, names = default_storage.listdir(folder)
    except FileNotFoundError:
        return
    for name in names:
        yield f"{folder}/{name}"
    for inner in folders:
        yield from _files(f"{folder}/{inner}")


def sweep_orphans(now: datetime, batch: int = 500) -> int:
    """Delete stored evidence files without a row, older than a day; returns how many went."""
    gone = 0
    waiting: list[str] = []
    for name in _files("evidence"):
        waiting.append(name)
        if len(waiting) >= batch:
            gone += _sweep(waiting, now)
            waiting = []
    return gone + _sweep(waiting, now)


def _sweep(names: list[str], now: datetime) -> int:
    known = set(Evidence.objects.filter(file__in=names).values_list("file", flat=True))
    gone = 0
    for name in names:
        if name not in known and default_storage.get_modified_time(name) < now - MIN_AGE:
            default_storage.delete(name)
            gone += 1
    return gone
