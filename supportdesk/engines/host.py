"""This machine, as the engines need it: processes, locks, ports and the account to run as."""

from __future__ import annotations

import fcntl
import os
import signal
import socket
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

import psutil

from supportdesk.engines.errors import EngineError


@dataclass(frozen=True)
class Account:
    """The unprivileged account that root lends to PostgreSQL, which refuses to be root."""

    name: str
    uid: int
    gid: int

    def popen_options(self) -> dict[str, Any]:
        """What `subprocess` needs to become this account, with none of root's groups."""
        return {"user": self.uid, "group": self.gid, "extra_groups": []}


@contextmanager
def locked(path: Path, seconds: float = 180.0) -> Iterator[None]:
    """Hold the file lock at `path`; the kernel lets go of it however the holder ends.

    Raises EngineError when another process holds it for longer than `seconds`.
    """
    with path.open("a") as handle:
        _lock(handle, path, seconds)
        yield


def _lock(handle: IO[str], path: Path, seconds: float) -> None:
    end = time.monotonic() + seconds
    while True:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            if time.monotonic() > end:
                raise EngineError(
                    f"Another process has been starting or stopping the engines for "
                    f"{seconds:.0f} seconds (it holds {path})."
                ) from None
            time.sleep(0.05)
        else:
            return


def process(pid: int) -> psutil.Process | None:
    """The live process with this id; a zombie counts as gone."""
    try:
        found = psutil.Process(pid)
        return None if found.status() == psutil.STATUS_ZOMBIE else found
    except psutil.NoSuchProcess:
        return None


def same_process(pid: int, created: float) -> psutil.Process | None:
    """The process if it is still the one that was noted, not a later one with its number."""
    found = process(pid)
    try:
        if found is not None and abs(found.create_time() - created) < 1.0:
            return found
    except psutil.NoSuchProcess:
        pass
    return None


def working_in(directory: Path, name: str) -> list[psutil.Process]:
    """The live processes called `name` whose working directory is exactly `directory`."""
    wanted = os.path.realpath(directory)
    found = []
    for each in psutil.process_iter(["name"]):
        if name not in (each.info["name"] or ""):
            continue
        with suppress(psutil.Error):
            if each.cwd() == wanted and each.status() != psutil.STATUS_ZOMBIE:
                found.append(each)
    return found


def gone(proc: psutil.Process, seconds: float) -> bool:
    """Wait until the process has ended (a zombie has); False when it has not in time."""
    end = time.monotonic() + seconds
    while True:
        try:
            # Reaps it when it is our child; tells when somebody else's has gone.
            proc.wait(timeout=0.05)
            return True
        except psutil.TimeoutExpired:
            with suppress(psutil.NoSuchProcess):
                if proc.status() != psutil.STATUS_ZOMBIE and time.monotonic() < end:
                    continue
                return bool(proc.status() == psutil.STATUS_ZOMBIE)
            return True


def stop(proc: psutil.Process, *steps: tuple[signal.Signals, float]) -> None:
    """Send one signal after another, each with its seconds of patience, then SIGKILL."""
    for number, seconds in (*steps, (signal.SIGKILL, 10.0)):
        try:
            proc.send_signal(number)
        except psutil.NoSuchProcess:
            return
        if gone(proc, seconds):
            return


def free_port() -> int:
    """A loopback port that nobody listens on at this moment."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def last_words(log: Path, since: int = 0) -> str:
    """The last complaint in an engine's log after byte `since`, for a message to a person."""
    try:
        with log.open("rb") as handle:
            handle.seek(since)
            lines = handle.read().decode(errors="replace").splitlines()
    except OSError:
        return "it left no log"
    lines = [line.strip() for line in lines if line.strip()]
    marks = ("FATAL", "PANIC", "ERROR", "error:", "Can't", "cannot", "could not", "Bad file")
    worst = [line for line in lines if any(mark in line for mark in marks)]
    return (worst or lines or ["it said nothing"])[-1]


def private_directory(path: Path, account: Account | None = None) -> Path:
    """Make (or take over) a directory that only the engine's account can enter.

    Raises EngineError when it is somebody else's, or cannot be made.
    """
    try:
        path.mkdir(parents=True, exist_ok=True, mode=0o700)
        if path.is_symlink():
            raise EngineError(f"{path} is a symbolic link; the engines need a directory there.")
        owner = path.stat().st_uid
        wanted = account.uid if account else os.geteuid()
        if owner not in {wanted, os.geteuid()}:
            raise EngineError(
                f"{path} belongs to another account (number {owner}). "
                "Start as that account, or choose another directory with DATA_DIR."
            )
        if account and owner != account.uid:
            os.chown(path, account.uid, account.gid)
        path.chmod(0o700)
    except OSError as error:
        raise EngineError(f"{path} cannot be used: {error.strerror}.") from error
    return path


def write_private(path: Path, text: str) -> None:
    """Replace a file in one step, readable by its owner only."""
    new = path.with_name(f"{path.name}.new")
    new.unlink(missing_ok=True)
    new.touch(mode=0o600)
    new.write_text(text)
    new.replace(path)
