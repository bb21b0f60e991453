"""Start one of the programs that open strangers' files, and hear its answer or its end.

Whatever the file does to it, the program ends: its memory, processor time, and what it may write
are limited from inside, the time by the clock and the length of its answer from here. It runs in
a process group of its own, of which nothing is left.
"""

from __future__ import annotations

import json
import os
import selectors
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any, Protocol

APART = Path(__file__).with_name("apart")
_LIMITED = APART / "limited.py"
_LONGEST_ANSWER = 256 * 1024  # bytes
BEAT = 5.0  # seconds between two calls of ``beat``
_LOOK = 0.5  # and between two looks whether to end


@dataclass(frozen=True, slots=True)
class Limits:
    """What a program may use: bytes of memory, seconds of processor and of clock, bytes of file."""

    memory: int
    cpu: int
    wall: float
    written: int = 0


class Halted(Exception):
    """This process was asked to end; the file waits for another."""


class Died(Exception):
    """The program ended without an answer: killed, crashed, out of time, or talking nonsense."""


_halting = threading.Event()


def halt() -> None:
    """End the programs that run, and start no more: this process is about to end."""
    _halting.set()


def nothing() -> None:
    """The beat of one who holds no lease."""


class Runner(Protocol):
    """How a program is run: apart, as here, or in this process for files of our own making."""

    def __call__(
        self,
        program: Path,
        arguments: Sequence[str],
        limits: Limits,
        beat: Callable[[], None] = nothing,
    ) -> dict[str, Any]:
        """The program's answer, or Died."""
        ...


def run(
    program: Path,
    arguments: Sequence[str],
    limits: Limits,
    beat: Callable[[], None] = nothing,
) -> dict[str, Any]:
    """Run a program under limits and return the JSON object that it writes.

    ``beat`` is called every few seconds meanwhile; what it raises ends the program.

    Raises:
        Halted: `halt` was called.
        Died: no answer came.
    """
    bounds = [str(each) for each in (os.getpid(), limits.memory, limits.cpu, limits.written)]
    process = subprocess.Popen(  # noqa: S603  (our own interpreter and our own program)
        [sys.executable, "-I", "-B", str(_LIMITED), *bounds, str(program), *arguments],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
        env=_environment(),
    )
    assert process.stdout is not None
    with process:
        try:
            said = _listen(process.stdout, limits.wall, beat)
        finally:
            # Before it is waited for: so long the group's number is nobody else's.
            with suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
    try:
        answer = json.loads(said)
    except (ValueError, RecursionError) as error:
        raise Died("it ended without an answer") from error
    if not isinstance(answer, dict):
        raise Died("its answer is no object")
    return answer


def _listen(stream: IO[bytes], wall: float, beat: Callable[[], None]) -> bytes:
    said = bytearray()
    end = time.monotonic() + wall
    next_beat = time.monotonic() + BEAT
    with selectors.DefaultSelector() as selector:
        selector.register(stream, selectors.EVENT_READ)
        while (left := end - time.monotonic()) > 0:
            if _halting.is_set():
                raise Halted
            if selector.select(min(left, _LOOK)):
                piece = os.read(stream.fileno(), 65536)
                if not piece:
                    return bytes(said)
                said += piece
                if len(said) > _LONGEST_ANSWER:
                    raise Died("its answer has no end")
            if time.monotonic() >= next_beat:
                beat()
                next_beat = time.monotonic() + BEAT
    raise Died("its time is over")


def _environment() -> dict[str, str]:
    """No secret of ours is in it; libraries start no threads they do not need."""
    return {
        "PATH": os.environ.get("PATH", ""),
        "LANG": "C.UTF-8",
        "OPENBLAS_NUM_THREADS": "1",
        "OMP_NUM_THREADS": "1",
        "MALLOC_ARENA_MAX": "2",
    }
