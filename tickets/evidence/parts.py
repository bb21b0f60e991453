"""Where the bytes of an unfinished file lie: on the local disk, or in an S3 as a multipart upload.

What a storage has confirmed stays confirmed, whoever dies next. A writer that was overtaken
by another can write what it likes: nothing of it comes into the file.
"""

from __future__ import annotations

import errno
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol

from botocore.exceptions import BotoCoreError, ClientError
from django.core.files.storage import default_storage
from django.core.files.storage.filesystem import FileSystemStorage
from django.utils.translation import gettext as _

from tickets.actions.uploads import Turn
from tickets.errors import ActionError
from tickets.models import Upload

UPLOADS = "uploads"  # the folder of what is not whole
_FULL = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}


class StorageTrouble(ActionError):
    """The storage does not take bytes at this moment; what was confirmed is still there."""

    status = 503


class StorageFull(StorageTrouble):
    """There is no room left."""

    status = 507


class Overtaken(Exception):
    """Somebody else writes to this upload by now, or it has ended."""


@dataclass(frozen=True, slots=True)
class Kept:
    """What the storage holds for good: so many bytes, and its own notes on them."""

    offset: int
    notes: dict[str, Any]


class Writer(Protocol):
    """Takes the bytes of one request, from the turn's offset on."""

    def write(self, data: memoryview) -> None:
        """Take all of ``data``. Raises `Overtaken`, and what a storage raises."""

    def keep(self, *, last: bool) -> Kept:
        """What is held for good from now on; with ``last`` it is all that was written."""

    def settled(self) -> None:
        """The row says so too: throw away what nothing names any more."""

    def forget(self) -> None:
        """Nothing beyond the last settled `keep` counts: throw it away where that is possible."""

    def close(self) -> None:
        """Let go of handles."""


# Writes the storage's notes into the row without moving its offset; False when overtaken.
Note = Callable[[dict[str, Any]], bool]


class Parts(Protocol):
    """One storage's way to keep unfinished files."""

    def room(self, more: int) -> None:
        """Raise `StorageFull` where ``more`` bytes would take the last of the room."""

    def begin(self, key: str, stored_name: str) -> dict[str, Any]:
        """Make ready for a new upload; returns its first notes."""

    def writer(self, turn: Turn, note: Note, now: datetime) -> Writer:
        """Write for the holder of ``turn``."""

    def confirmed(self, upload: Upload) -> int:
        """How many bytes are really here: less than the row says only after a power cut."""

    def make_sure(self, upload: Upload | None, stored_name: str) -> bool:
        """Make an arrived file outlive a power cut; False where one came first.

        ``upload`` is None for a file that came by the plain form.
        """

    def finish(self, upload: Upload) -> None:
        """Put the whole file at its ``stored_name``. Harmless when it is there already."""

    def abort(self, upload: Upload) -> None:
        """Throw away what is here of it. Harmless when nothing is."""

    def sweep(self, before: datetime) -> int:
        """Throw away what no row names and nobody wrote to since; returns how many went."""


def parts() -> Parts:
    """Those of the storage that is set up."""
    # Imported here: each of the two knows this module.
    if isinstance(default_storage, FileSystemStorage):
        from tickets.evidence.parts_local import LocalParts

        return LocalParts(default_storage)
    from tickets.evidence.parts_s3 import S3Parts

    return S3Parts(default_storage)


@contextmanager
def told() -> Iterator[None]:
    """Say in words what a storage's own errors mean.

    Raises:
        StorageFull: no room.
        StorageTrouble: it does not answer, or not as it should.
    """
    try:
        yield
    except OSError as error:
        if error.errno in _FULL:
            raise full() from error
        raise away() from error
    except (BotoCoreError, ClientError) as error:
        raise away() from error


def full() -> StorageFull:
    """What a person is told when there is no room."""
    return StorageFull(
        _(
            "There is no room for files at this moment. What has arrived is kept. "
            "Please try again later."
        )
    )


def away() -> StorageTrouble:
    """What a person is told when the storage does not answer."""
    return StorageTrouble(
        _(
            "Files cannot be stored at this moment. What has arrived is kept. "
            "Please try again in a minute."
        )
    )
