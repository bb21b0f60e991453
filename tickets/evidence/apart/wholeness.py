"""Whether the bytes that a film's container announces are all there: by its outermost boxes."""

from __future__ import annotations

from pathlib import Path
from typing import IO

_MOST_BOXES = 100_000
_SEGMENT = b"\x18\x53\x80\x67"


def cut_short(path: Path, demuxer: str) -> bool:
    """True where the file ends before what it announces; False also where nothing can be told.

    A recording that was never finished (a phone that ran empty) has data and no index, and is
    cut short as well.
    """
    size = path.stat().st_size
    with path.open("rb") as file:
        if demuxer == "mov":
            return _boxes(file, size)
        if demuxer == "matroska":
            return _segment(file, size)
        if demuxer == "avi":
            announced = int.from_bytes(file.read(8)[4:8], "little")
            # Old cameras wrote zero, or the size of all that follows the first gigabyte.
            return 0 < announced < 0xFFFFFFF0 and announced + 8 > size + 1
    return False


def _boxes(file: IO[bytes], size: int) -> bool:
    """ISO 14496-12: a box is its length (32 bits, or 1 and then 64), its name, its contents."""
    at, names = 0, set()
    for _ in range(_MOST_BOXES):
        file.seek(at)
        head = file.read(16)
        if len(head) < 8:
            break
        length, name = int.from_bytes(head[:4], "big"), head[4:8]
        if length == 1:
            length = int.from_bytes(head[8:16], "big")
        if not name.isalnum() and name.strip(b"\x20\xa9-").isalnum() is False:
            break  # something was hung on behind; players pass over it
        names.add(name)
        if length == 0:
            break  # to the end of the file
        if length < 8:
            break
        if at + length > size:
            return name in (b"mdat", b"moov", b"moof")
        at += length
    return b"mdat" in names and not names & {b"moov", b"moof"}


def _segment(file: IO[bytes], size: int) -> bool:
    """RFC 8794: an element is its ID, its size as a variable-length number, its contents."""
    file.seek(4)
    header = _number(file)
    if header is None:
        return False
    file.seek(header, 1)
    if file.read(4) != _SEGMENT:
        return False
    length = _number(file)
    return length is not None and file.tell() + length > size


def _number(file: IO[bytes]) -> int | None:
    """A variable-length number; None for "unknown", which a live recording writes."""
    first = file.read(1)
    if not first or not first[0]:
        return None
    width = 9 - first[0].bit_length()
    value = first[0] & ((1 << (8 - width)) - 1)
    value = int.from_bytes(bytes([value]) + file.read(width - 1), "big")
    return None if value == (1 << (7 * width)) - 1 else value
