"""Days as they are typed into a search."""

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
