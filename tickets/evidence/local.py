"""A stored file as a path of this machine: where it lies, or a copy for as long as it is needed."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any

from botocore.exceptions import BotoCoreError, ClientError
from django.conf import settings
from django.core.files.storage import default_storage

from tickets.evidence.programs import nothing
from tickets.models import Evidence

_PIECE = 1024 * 1024
_GONE = {"404", "NoSuchKey", "NotFound"}


class StorageAway(Exception):
    """The storage does not answer, or cannot take what it is given; later it may."""


@contextmanager
def original(evidence: Evidence, beat: Callable[[], None] = nothing) -> Iterator[Path]:
    """The original of a file, to be read only.

    On a local disk it is the file itself; from S3 it is streamed to a temporary file in pieces
    (``beat`` is called between them), which is deleted afterwards.

    Raises:
        FileNotFoundError: the storage has no such file.
        StorageAway: the storage cannot be asked, or the copy has no room.
    """
    name = str(evidence.file.name)
    bucket: Any = getattr(default_storage, "bucket", None)
    if bucket is None:
        path = Path(default_storage.path(name))
        with storage_errors():
            path.stat()
        yield path
        return
    with tempfile.NamedTemporaryFile(dir=settings.FILE_UPLOAD_TEMP_DIR) as copy:
        with storage_errors():
            _fetch(bucket, name, copy, beat)
        yield Path(copy.name)


def _fetch(bucket: Any, name: str, into: IO[bytes], beat: Callable[[], None]) -> None:
    key = default_storage._normalize_name(name)  # type: ignore[attr-defined]  # S3Storage's own
    body = bucket.Object(key).get()["Body"]
    for piece in body.iter_chunks(_PIECE):
        into.write(piece)
        beat()
    into.flush()


@contextmanager
def storage_errors() -> Iterator[None]:
    """What any storage raises, as the two things that a job can do something about.

    Raises:
        FileNotFoundError: there is no such file.
        StorageAway: anything else that the storage, or this machine's disk, says.
    """
    try:
        yield
    except FileNotFoundError:
        raise
    except ClientError as error:
        if str(error.response.get("Error", {}).get("Code", "")) in _GONE:
            raise FileNotFoundError(str(error)) from error
        raise StorageAway(str(error)) from error
    except (OSError, BotoCoreError) as error:
        raise StorageAway(f"{type(error).__name__}: {error}") from error
