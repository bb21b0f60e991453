"""The one place where the time is read.

Faces, jobs and commands call :func:`now` once, at the edge, and hand the
instant down; nothing below them asks a clock. In the demo the clock can be
moved forward (``manage.py advance 21d``), so that a person can watch three
weeks of reminders pass in a minute: the offset lies in a file that every
process of the machine reads.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

from django.conf import settings


def _offset_file() -> Path:
    return Path(settings.DATA_DIR) / "clock-offset"


def offset() -> timedelta:
    """How far the demo's clock runs ahead of the real one; zero outside DEBUG."""
    if not settings.DEBUG:
        return timedelta()
    try:
        return timedelta(seconds=float(_offset_file().read_text()))
    except (OSError, ValueError):
        return timedelta()


def now() -> datetime:
    """The current instant, aware, in UTC, with the demo's offset added."""
    return datetime.now(UTC) + offset()


def set_offset(value: timedelta) -> None:
    """Move the demo's clock; only ever forward.

    Raises:
        RuntimeError: outside DEBUG, where time is nobody's to move.
        ValueError: when the clock would go back, which no event row could explain.
    """
    if not settings.DEBUG:
        raise RuntimeError("The clock can only be moved in the demo (DEBUG).")
    if value < offset():
        raise ValueError("The clock only goes forward.")
    path = _offset_file()
    path.parent.mkdir(parents=True, exist_ok=True)
    swap = path.with_suffix(".new")
    swap.write_text(str(value.total_seconds()))
    swap.replace(path)
