"""Ask clamd about a file. What could not be looked at whole is never clean.

The protocol is spoken here: two commands and one line of reply (clamd(8), "COMMANDS"). The
libraries for it either lost *size limit exceeded* in a broken pipe and sent two million pieces of
1 KiB for a long film, with a licence that a shop's desk should not have to take over, or have
not been kept for ten years.
"""

from __future__ import annotations

import contextlib
import re
import select
import socket
import struct
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from django.conf import settings

from supportdesk.scanner import ClamdAddress, clamd_address

PIECE = 256 * 1024
CONNECT_SECONDS = 10.0
# The longest silence: clamd's own limit on one scan (MaxScanTime) is two minutes.
SILENCE_SECONDS = 150.0
SCAN_SECONDS = 1800.0  # a whole file, with the sending
# What a manager looks for in clamd.conf. A reason with this word stands until such a file went
# through: see ``outages``.
LIMIT = "StreamMaxLength"
_SIZE_REPLY = "INSTREAM size limit exceeded"
# With AlertExceedsMax clamd reports what it did not look at as if it had found something.
_NOT_LOOKED_AT = "Heuristics.Limits.Exceeded"


class ScannerAway(Exception):
    """No answer about this file. ``reason`` is for the manager, in plain English."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


@dataclass(frozen=True, slots=True)
class Clean:
    """Looked at whole, and nothing found."""


@dataclass(frozen=True, slots=True)
class Infected:
    """Found: ``name`` is what clamd calls it."""

    name: str


class Readable(Protocol):
    """Anything that gives its bytes piece by piece."""

    def read(self, size: int, /) -> bytes:
        """At most ``size`` bytes; none at the end."""


class _Silent(Exception):
    """The scanner cannot be reached, or says nothing that clamd says."""


_MOST_REPLY = 4096
_REPLY = re.compile(r"(?P<path>.*): ((?P<virus>.+) )?(?P<status>FOUND|OK|ERROR)")


class _Line:
    """One connection to clamd, over TCP or a Unix socket."""

    def __init__(self, address: ClamdAddress, seconds: float) -> None:
        try:
            if address.path:
                self.socket = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
                self.socket.settimeout(CONNECT_SECONDS)
                self.socket.connect(address.path)
            else:
                place = (address.host, address.port)
                self.socket = socket.create_connection(place, CONNECT_SECONDS)
            self.socket.settimeout(seconds)
        except OSError as error:
            raise _Silent(str(error)) from error

    def __enter__(self) -> _Line:
        return self

    def __exit__(self, *_: object) -> None:
        self.socket.close()

    def command(self, name: str) -> None:
        """Say what is wanted; the reply ends at its line's end."""
        self.socket.sendall(f"n{name}\n".encode())

    def reply(self) -> str:
        """One line; empty where the scanner hung up without a word."""
        said = b""
        try:
            while not said.endswith(b"\n") and len(said) < _MOST_REPLY:
                piece = self.socket.recv(_MOST_REPLY)
                if not piece:
                    break
                said += piece
        except ConnectionResetError:
            pass  # what was said before that counts
        except OSError as error:
            raise _Silent(str(error) or "it does not answer") from error
        return said.decode(errors="replace").strip()


def is_on() -> bool:
    """Whether files are scanned at all."""
    return bool(settings.CLAMD_URL)


def ping() -> None:
    """Ask the scanner whether it is there.

    Raises:
        ScannerAway: it is not, or something else answers.
    """
    try:
        with _Line(_address(), CONNECT_SECONDS) as line:
            line.command("PING")
            answer = line.reply()
    except (_Silent, OSError) as error:
        raise ScannerAway(_unreachable(error)) from error
    if answer != "PONG":
        raise ScannerAway(f"{_address()} does not answer as clamd does: {answer[:80]!r}")


def scan_file(path: str | Path) -> Clean | Infected:
    """Have a file looked at; it is streamed in pieces of ``PIECE`` bytes.

    Raises:
        ScannerAway: no answer, or none about the whole file; never taken for clean.
        OSError: the file itself cannot be read.
    """
    with Path(path).open("rb") as file:
        return scan_stream(file)


def scan_stream(file: Readable) -> Clean | Infected:
    """The same, of an open file that is read from where it stands.

    Raises:
        ScannerAway: no answer, or none about the whole file.
    """
    until = time.monotonic() + SCAN_SECONDS
    try:
        with _Line(_address(), SILENCE_SECONDS) as line:
            sent, whole = _send(line, file, until)
            line.socket.settimeout(_left(until))
            reply = line.reply()
    except _Silent as error:
        raise ScannerAway(_unreachable(error)) from error
    return _judge(reply, sent, whole)


def _address() -> ClamdAddress:
    address = clamd_address(settings.CLAMD_URL)
    if address is None:
        raise ScannerAway("CLAMD_URL is not set")
    return address


def _send(line: _Line, file: Readable, until: float) -> tuple[int, bool]:
    """Send the file; returns the bytes that were sent, and whether that was all of it.

    A connection that breaks is left to the reading of the reply: clamd says why before it hangs
    up, and what it said is still there.
    """
    sent = 0
    with contextlib.suppress(BrokenPipeError, ConnectionResetError):
        try:
            line.command("INSTREAM")
            while piece := file.read(PIECE):
                line.socket.settimeout(_left(until))
                line.socket.sendall(struct.pack("!L", len(piece)))
                line.socket.sendall(piece)
                sent += len(piece)
                if select.select([line.socket], [], [], 0)[0]:
                    return sent, False
            line.socket.sendall(struct.pack("!L", 0))
            return sent, True
        except TimeoutError as error:
            raise _Silent("it stopped reading") from error
    return sent, False


def _left(until: float) -> float:
    left = until - time.monotonic()
    if left <= 0:
        raise _Silent("it took too long")
    return min(left, SILENCE_SECONDS)


def _judge(reply: str, sent: int, whole: bool) -> Clean | Infected:
    if reply.startswith(_SIZE_REPLY):
        raise ScannerAway(_too_large(sent))
    if not reply:
        raise ScannerAway(
            f"{_address()} closed the connection after {_size(sent)}. Where that is about as much "
            f"as {LIMIT} in clamd.conf allows, please raise it above the largest upload."
        )
    found = _REPLY.fullmatch(reply)
    if found is None:
        raise ScannerAway(f"{_address()} gave no answer that clamd gives: {reply[:80]!r}")
    virus, status = found["virus"], found["status"]
    if status == "OK" and not virus:
        if not whole:
            raise ScannerAway(f"{_address()} answered before it had seen the whole file")
        return Clean()
    if status == "FOUND" and virus and not virus.startswith(_NOT_LOOKED_AT):
        return Infected(virus)
    if status == "FOUND" and virus:
        raise ScannerAway(
            f"clamd did not look at all of a file of {_size(sent)} ({virus}). Please raise "
            f"MaxFileSize, MaxScanSize and {LIMIT} in clamd.conf above the largest upload."
        )
    raise ScannerAway(f"{_address()} could not scan: {reply[:160]}")


def _too_large(sent: int) -> str:
    return (
        f"clamd refused a file after {_size(sent)} as too large for it. Please raise {LIMIT}, "
        "MaxFileSize and MaxScanSize in clamd.conf above the largest upload; the file waits."
    )


def _unreachable(error: Exception) -> str:
    return f"{_address()} does not answer: {str(error)[:160]}"


def _size(count: int) -> str:
    return f"{count / 1_000_000:.1f} MB"
