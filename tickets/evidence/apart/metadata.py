"""When a file says that it was taken, and whether it says where. The place itself stays in it."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from typing import Any

_APPLE = "com.apple.quicktime.creationdate"
_EARLIEST = 1990  # containers that nobody told the time say 1904 or 1970
_LATEST = 2100
_EXIF = 0x8769
_GPS = 0x8825
_TAKEN, _TAKEN_ZONE = 36867, 36881  # DateTimeOriginal, OffsetTimeOriginal
_ZONE = re.compile(r"[+-]\d\d:\d\d|Z")
# Tracks of cameras that write down the way they went: GoPro, Google's camera motion, Sony.
_WAY_TAGS = {"gpmd", "camm", "rtmd"}
_PLACE_WORDS = ("location", "xyz", "gps", "latitude", "longitude")


def captured(at: datetime | None, zone: bool) -> dict[str, Any]:
    """The two fields of an answer about an instant, which must be a year that can be meant."""
    if at is None or not _EARLIEST <= at.year < _LATEST:
        return {"captured_at": None, "captured_zone": False}
    return {"captured_at": at.isoformat(), "captured_zone": zone}


def film_time(tags: Mapping[str, str]) -> dict[str, Any]:
    """When a film was taken: Apple's own tag with its zone, else the container's UTC."""
    for key in (_APPLE, "creation_time"):
        at = _iso(tags.get(key, ""))
        if at is not None:
            found = captured(at.astimezone(UTC) if at.tzinfo else at.replace(tzinfo=UTC), True)
            if found["captured_at"]:
                return found
    return captured(None, False)


def film_place(tags: Iterable[Mapping[str, str]], codec_tags: Iterable[str]) -> bool:
    """Whether any tag of a film, or a track of it, holds a place."""
    if any(tag in _WAY_TAGS for tag in codec_tags):
        return True
    keys = (key.lower() for each in tags for key, value in each.items() if value)
    return any(word in key for key in keys for word in _PLACE_WORDS)


def photo_time(exif: Any) -> dict[str, Any]:
    """When a photo was taken, by EXIF 2.32: local time, and its zone where the camera knew it."""
    inner = exif.get_ifd(_EXIF)
    text, zone = _text(inner.get(_TAKEN)), _text(inner.get(_TAKEN_ZONE))
    try:
        at = datetime.strptime(text, "%Y:%m:%d %H:%M:%S")  # noqa: DTZ007  (the zone comes next)
    except ValueError:
        return captured(None, False)
    known = bool(_ZONE.fullmatch(zone))
    aware = _iso(at.isoformat() + (zone if known else "+00:00"))
    return captured(aware.astimezone(UTC) if aware else None, known and aware is not None)


def photo_place(exif: Any, xmp: bytes) -> bool:
    """Whether a photo's EXIF or XMP holds a place."""
    gps = exif.get_ifd(_GPS)
    # A version and nothing else is what a camera writes that does not know where it is.
    return any(tag != 0 for tag in gps) or b"GPSLatitude" in xmp


def _iso(text: str) -> datetime | None:
    text = text.strip().replace("Z", "+00:00")
    text = re.sub(r"([+-]\d\d)(\d\d)$", r"\1:\2", text)
    try:
        at = datetime.fromisoformat(text)
    except ValueError:
        return None
    # A year at the edge of the calendar cannot even be put into another zone.
    return at if at.year + 1 >= _EARLIEST and at.year <= _LATEST else None


def _text(value: object) -> str:
    return value.strip("\x00 ") if isinstance(value, str) else ""
