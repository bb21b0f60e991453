"""Time zones as people's browsers and settings name them."""

from __future__ import annotations

from functools import lru_cache
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError


@lru_cache(maxsize=1024)
def zone_or_none(name: str | None) -> ZoneInfo | None:
    """The zone of an IANA name, or ``None`` for nothing, nonsense, or a path in disguise."""
    if not name or len(name) > 64:
        return None
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return None
