"""Read a stored file, or a range of it, from the disk or from S3, piece by piece."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from django.core.files.storage import default_storage

CHUNK = 256 * 1024
log = logging.getLogger(__name__)


class StorageAway(Exception):
    """A file that has a row cannot be read now."""


class Source:
    """The bytes of one range, once. Opened already, so that what is not there shows in time.

    Iterable, and for a web server's file wrapper a file: ``read``, ``fileno``, ``close``.
    """

    block_size = CHUNK

    def __init__(self, body: Any, length: int, *, has_descriptor: bool) -> None:
        self._body = body
        self._left = length
        self.has_descriptor = has_descriptor

    def read(self, amount: int = CHUNK) -> bytes:
        """At most ``amount`` bytes, never beyond the range; empty at its end."""
        wanted = min(amount if amount >= 0 else self._left, self._left)
        piece: bytes = self._body.read(wanted) if wanted > 0 else b""
        self._left -= len(piece)
        return piece

    def fileno(self) -> int:
        """The descriptor of a file on the disk, standing at the range's first byte."""
        return int(self._body.fileno())

    def __iter__(self) -> Iterator[bytes]:
        while piece := self.read():
            yield piece

    def close(self) -> None:
        """Let go of the file, or of the connection to the bucket."""
        self._body.close()


def open_range(name: str, start: int, end: int) -> Source:
    """The bytes from ``start`` to ``end``, both included, of a stored file.

    Raises:
        StorageAway: it is not there, or the storage does not answer.
    """
    storage: Any = default_storage
    bucket = getattr(storage, "bucket", None)
    try:
        if bucket is not None:  # S3: ask for the range itself, or all before it would be fetched
            found = bucket.Object(storage._normalize_name(name))
            body = found.get(Range=f"bytes={start}-{end}")["Body"]
            return Source(body, end - start + 1, has_descriptor=False)
        file = Path(storage.path(name)).open("rb", buffering=0)  # noqa: SIM115 - Source closes it
    except Exception as error:  # every client has its own; none of them is the reader's fault
        log.error("A stored file cannot be read: %s", type(error).__name__)
        raise StorageAway from error
    file.seek(start)
    return Source(file, end - start + 1, has_descriptor=True)
