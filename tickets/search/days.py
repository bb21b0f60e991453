"""Days as they are typed into a search, and the months that an index knows."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from tickets.models import Store

_DATE = re.compile(r"(\d{4})(?:[-/.](\d{1,2})(?:[-/.](\d{1,2}))?)?\.?")
_AGO = re.compile(r"(\d{1,4})([dwmy])")
_DAYS = {"d": 1, "w": 7, "m": 30, "y": 365}
_YEARS = range(1990, 2200)
_MOST_MONTHS = 24  # beyond them whole years are asked for


def day_of(typed: str, today: date) -> date | None:
    """The day that is meant; of a month or a year its first. None for what is none.

    ``2026-03-05``, ``2026/3/5``, ``2026.03``, ``2026``, ``today``, ``yesterday``; ``7d``, ``2w``,
    ``3m`` and ``1y`` ago.
    """
    text = typed.strip().lower()
    if text in ("today", "yesterday"):
        return today - timedelta(days=text == "yesterday")
    ago = _AGO.fullmatch(text)
    found = _DATE.fullmatch(text)
    try:
        if ago:
            made = today - timedelta(days=int(ago[1]) * _DAYS[ago[2]])
        elif found:
            made = date(int(found[1]), int(found[2] or 1), int(found[3] or 1))
        else:
            return None
    except (ValueError, OverflowError):
        return None
    return made if made.year in _YEARS else None


def bounds(typed: str, stores: Sequence[Store], now: datetime) -> dict[datetime, list[int]]:
    """The instant at which that day begins, for the stores where it begins then; {} for no day."""
    found: dict[datetime, list[int]] = {}
    for store in stores:
        zone = ZoneInfo(store.time_zone)
        day = day_of(typed, now.astimezone(zone).date())
        if day is not None:
            at = datetime.combine(day, time(), zone).astimezone(UTC)
            found.setdefault(at, []).append(store.pk)
    return found


def marks_since(at: datetime, now: datetime) -> list[str] | None:
    """Marks of all months from ``at`` to now; of all years where those are too many.

    None where even those are too many to name: then every ticket may be meant.
    """
    months = _months(at, now)
    if len(months) <= _MOST_MONTHS:
        return [f"@m{year}{month:02}" for year, month in months]
    years = range(at.year, now.year + 2)
    return [f"@n{year}" for year in years] if len(years) <= _MOST_MONTHS else None


def marks_after(at: datetime, now: datetime) -> list[str]:
    """Marks of what was certainly opened after ``at``: whole months, or whole years."""
    months = _months(at, now)[1:]
    if len(months) <= _MOST_MONTHS:
        return [f"@m{year}{month:02}" for year, month in months]
    return [f"@n{year}" for year in range(at.year + 1, now.year + 2)][-_MOST_MONTHS:]


def _months(at: datetime, now: datetime) -> list[tuple[int, int]]:
    """The months from ``at`` to the one after now: no clock runs ahead further."""
    first = at.year * 12 + at.month - 1
    last = now.year * 12 + now.month
    return [(number // 12, number % 12 + 1) for number in range(first, last + 1)]
