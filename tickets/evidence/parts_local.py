"""Unfinished files on the local disk: one file each, written in place, renamed when whole.

Beside each lies a small file with the *stamp*: the turn that may write. It is looked at
under a lock around every write, so that a writer that slept through being overtaken cannot
put old bytes over new ones, not even when both write at the same instant.

A byte is confirmed once the system has it: that outlives a killed server. What outlives a machine
that loses its power is only what was synced, and to wait for the disk at every part would make an
upload as slow as the disk. So the notes say how much is synced, and in which life of the machine
(its boot id) the rest was confirmed; in another life only the synced part counts, and the client
goes on from there. A line as slow as a phone's is synced at every turn. Before anybody looks into
an arrived file it is synced as a whole: see `make_sure`.
"""

from __future__ import annotations

import fcntl
import os
import shutil
import struct
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import datetime
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.files.storage.filesystem import FileSystemStorage

from tickets.actions.uploads import Turn
from tickets.evidence.parts import UPLOADS, Kept, Note, Overtaken, full
from tickets.models import Upload

_STAMP = struct.Struct(">Q16s")  # microseconds of the turn's beginning, and its token
_OVER = _STAMP.pack(2**64 - 1, b"\xff" * 16)  # nobody writes any more
_BOOT_ID = Path("/proc/sys/kernel/random/boot_id")
# Bytes a second up to which waiting for the disk is nothing beside waiting for the line.
_SLOW_LINE = 16 * 1024 * 1024


def this_life() -> str:
    """The boot id of this machine; another one after every start."""
    return _BOOT_ID.read_text().strip() if _BOOT_ID.exists() else ""


class LocalParts:
    """`Parts` below a directory of the local disk."""

    def __init__(self, storage: FileSystemStorage) -> None:
        self.storage = storage
        self.folder = Path(storage.path(UPLOADS))

    def room(self, more: int) -> None:
        """Leave the reserve alone: the database may live on the same disk."""
        self.folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        if shutil.disk_usage(self.folder).free - more < settings.UPLOAD_KEEP_FREE:
            raise full()

    def begin(self, key: str, stored_name: str) -> dict[str, Any]:
        """The two empty files."""
        self.folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        for path in (self._file(key), self._stamp(key)):
            os.close(os.open(path, os.O_CREAT | os.O_WRONLY, 0o600))
        _sync_folder(self.folder)
        return {"life": this_life(), "synced": 0}

    def writer(self, turn: Turn, note: Note, now: datetime) -> LocalWriter:
        """Stamp the turn, and write from its offset on."""
        key = turn.upload.key
        stamp = _STAMP.pack(int(now.timestamp() * 1_000_000), turn.token.bytes)
        return LocalWriter(self._file(key), self._stamp(key), stamp, turn)

    def confirmed(self, upload: Upload) -> int:
        """All of it while the machine lives; after it was started anew, what was synced."""
        if upload.parts.get("life", this_life()) == this_life():
            return upload.offset
        return min(upload.offset, int(upload.parts["synced"]))

    def make_sure(self, upload: Upload | None, stored_name: str) -> bool:
        """Sync an arrived file; False where the machine went down before that was done."""
        if upload is not None and self.confirmed(upload) < upload.length:
            return False
        handle = os.open(self.storage.path(stored_name), os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)
        return True

    def finish(self, upload: Upload) -> None:
        """Rename; no byte is copied."""
        source, target = self._file(upload.key), Path(self.storage.path(upload.stored_name))
        target.parent.mkdir(parents=True, exist_ok=True)
        with suppress(FileNotFoundError), _locked(self._stamp(upload.key)) as stamp:
            os.pwrite(stamp, _OVER, 0)
        with suppress(FileNotFoundError):
            if source.stat().st_size > upload.length:
                os.truncate(source, upload.length)
            source.rename(target)
            _sync_folder(target.parent)
        if target.stat().st_size != upload.length:
            raise OSError(f"{upload.stored_name} is not whole")
        self._stamp(upload.key).unlink(missing_ok=True)

    def abort(self, upload: Upload) -> None:
        """Delete both files; a writer that still has them open writes into nothing."""
        with suppress(FileNotFoundError), _locked(self._stamp(upload.key)) as stamp:
            os.pwrite(stamp, _OVER, 0)
        self._file(upload.key).unlink(missing_ok=True)
        self._stamp(upload.key).unlink(missing_ok=True)

    def sweep(self, before: datetime) -> int:
        """Files of uploads that have no row, not written to since ``before``."""
        gone = 0
        with suppress(FileNotFoundError):
            for entry in os.scandir(self.folder):
                with suppress(FileNotFoundError):
                    if entry.stat().st_mtime >= before.timestamp():
                        continue
                    key = entry.name.removesuffix(".turn")
                    if not Upload.objects.filter(key=key).exists():
                        Path(entry.path).unlink()
                        gone += 1
        return gone

    def _file(self, key: str) -> Path:
        return self.folder / key

    def _stamp(self, key: str) -> Path:
        return self.folder / f"{key}.turn"


class LocalWriter:
    """`Writer` at offsets of one file."""

    def __init__(self, path: Path, stamp_path: Path, stamp: bytes, turn: Turn) -> None:
        self.stamp = stamp
        self.notes = turn.upload.parts
        self.synced = min(int(self.notes.get("synced", turn.offset)), turn.offset)
        self.since = time.monotonic()
        self.kept = self.at = turn.offset
        self.stamp_path = stamp_path
        self.file = os.open(path, os.O_RDWR)
        try:
            self.mark = os.open(stamp_path, os.O_RDWR)
        except OSError:
            os.close(self.file)
            raise
        try:
            self._take()
        except BaseException:
            self.close()
            raise

    def write(self, data: memoryview) -> None:
        """At its place, while the stamp is ours."""
        with self._mine():
            while data:
                count = os.pwrite(self.file, data, self.at)
                data = data[count:]
                self.at += count

    def keep(self, *, last: bool) -> Kept:
        """All that was written; on the disk itself where the line is slower than the disk."""
        lasted = time.monotonic() - self.since
        if self.at - self.synced <= _SLOW_LINE * lasted:
            os.fdatasync(self.file)
            self.synced, self.since = self.at, time.monotonic()
        self.kept = self.at
        notes = {**self.notes, "life": this_life(), "synced": self.synced}
        return Kept(self.at, notes)

    def settled(self) -> None:
        """There is nothing beside the file."""

    def forget(self) -> None:
        """Cut off what is beyond the last settled byte, unless it is another's by now."""
        with suppress(Overtaken), self._mine():
            os.ftruncate(self.file, self.kept)
        self.at = self.kept

    def close(self) -> None:
        """Both files."""
        os.close(self.file)
        os.close(self.mark)

    def _take(self) -> None:
        with _held(self.mark):
            if os.pread(self.mark, 8, 0) > self.stamp[:8]:
                raise Overtaken  # by a later turn, while we were on our way here
            os.pwrite(self.mark, self.stamp, 0)

    @contextmanager
    def _mine(self) -> Iterator[None]:
        with _held(self.mark):
            if os.pread(self.mark, _STAMP.size, 0) != self.stamp:
                raise Overtaken
            yield


@contextmanager
def _locked(path: Path) -> Iterator[int]:
    handle = os.open(path, os.O_RDWR)
    try:
        with _held(handle):
            yield handle
    finally:
        os.close(handle)


@contextmanager
def _held(handle: int) -> Iterator[None]:
    fcntl.flock(handle, fcntl.LOCK_EX)
    try:
        yield
    finally:
        fcntl.flock(handle, fcntl.LOCK_UN)


def _sync_folder(folder: Path) -> None:
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
