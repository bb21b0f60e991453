"""Ask clamd about a file. What could not be looked at whole is never clean.

The library ``clamav-client`` speaks the protocol: commands, replies, both kinds of socket. Its own
``instream`` falls short for a video of two gigabytes, so the bytes are sent here:

- it sends pieces of 1 KiB, two million of them for such a file; these are of 256 KiB;
- clamd says *size limit exceeded* and hangs up in the middle of a file that is too large for it,
  which reaches the library as a broken pipe, without the reason; here what clamd has to say is
  read as soon as it says it;
- it waits without end for a scanner that hangs; here the whole scan has its time;
- it takes no IPv6 address.
"""

from __future__ import annotations

import contextlib
import select
import socket
import struct
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from clamav_client.clamd import (
    ClamdError,
    ClamdNetworkSocket,
    ClamdUnixSocket,
    CommunicationError,
    ResponseError,
)
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


class _Tcp(ClamdNetworkSocket):
    """The library's, for names and addresses of both families."""

    def _init_socket(self) -> None:
        try:
            self.clamd_socket = socket.create_connection((self.host, self.port), CONNECT_SECONDS)
            self.clamd_socket.settimeout(self.timeout)
        except OSError as error:
            raise CommunicationError(self._error_message(error)) from error


class _Unix(ClamdUnixSocket):
    """The library's, with a limit on the time of connecting as well."""

    def _init_socket(self) -> None:
        try:
            self.clamd_socket = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
            self.clamd_socket.settimeout(CONNECT_SECONDS)
            self.clamd_socket.connect(self.unix_socket)
            self.clamd_socket.settimeout(self.timeout)
        except OSError as error:
            self.clamd_socket.close()
            raise CommunicationError(self._error_message(error)) from error


def is_on() -> bool:
    """Whether files are scanned at all."""
    return bool(settings.CLAMD_URL)


def ping() -> None:
    """Ask the scanner whether it is there.

    Raises:
        ScannerAway: it is not, or something else answers.
    """
    client = _client(CONNECT_SECONDS)
    try:
        answer = client.ping()
    except (ClamdError, OSError, ValueError) as error:
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
    client = _client(SILENCE_SECONDS)
    try:
        client._init_socket()
    except CommunicationError as error:
        raise ScannerAway(_unreachable(error)) from error
    try:
        sent = _send(client, file, until)
        client.clamd_socket.settimeout(_left(until))
        reply = _reply(client)
    except (ClamdError, UnicodeDecodeError) as error:
        raise ScannerAway(_unreachable(error)) from error
    finally:
        client._close_socket()
    return _judge(client, reply, sent)


def _client(seconds: float) -> _Tcp | _Unix:
    address = _address()
    if address.path:
        client = _Unix(path=address.path)
        client.timeout = seconds
        return client
    return _Tcp(host=address.host, port=address.port, timeout=seconds)


def _address() -> ClamdAddress:
    address = clamd_address(settings.CLAMD_URL)
    if address is None:
        raise ScannerAway("CLAMD_URL is not set")
    return address


def _send(client: _Tcp | _Unix, file: Readable, until: float) -> int:
    """Send the file; returns the bytes that were sent, fewer where clamd spoke up before the end.

    A connection that breaks is left to the reading of the reply: clamd says why before it hangs
    up, and what it said is still there.
    """
    sent = 0
    with contextlib.suppress(BrokenPipeError, ConnectionResetError):
        try:
            client._send_command("INSTREAM")
            while piece := file.read(PIECE):
                client.clamd_socket.settimeout(_left(until))
                client.clamd_socket.sendall(struct.pack("!L", len(piece)))
                client.clamd_socket.sendall(piece)
                sent += len(piece)
                if select.select([client.clamd_socket], [], [], 0)[0]:
                    return sent
            client.clamd_socket.sendall(struct.pack("!L", 0))
        except TimeoutError as error:
            raise CommunicationError("it stopped reading") from error
    return sent


def _reply(client: _Tcp | _Unix) -> str:
    """One line; empty where the scanner hung up without a word."""
    try:
        return client._recv_response()
    except CommunicationError as error:
        if isinstance(error.__cause__, ConnectionResetError):
            return ""
        raise


def _left(until: float) -> float:
    left = until - time.monotonic()
    if left <= 0:
        raise CommunicationError("it took too long")
    return min(left, SILENCE_SECONDS)


def _judge(client: _Tcp | _Unix, reply: str, sent: int) -> Clean | Infected:
    if reply.startswith(_SIZE_REPLY):
        raise ScannerAway(_too_large(sent))
    if not reply:
        raise ScannerAway(
            f"{_address()} closed the connection after {_size(sent)}. Where that is about as much "
            f"as {LIMIT} in clamd.conf allows, please raise it above the largest upload."
        )
    try:
        _path, virus, status = client._parse_response(reply)
    except ResponseError as error:
        raise ScannerAway(
            f"{_address()} gave no answer that clamd gives: {reply[:80]!r}"
        ) from error
    if status == "OK" and not virus:
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
