"""Read a request's body as it comes: into one buffer, and never waiting for more than there is.

WSGI's own ``read(n)`` waits until all ``n`` bytes are here, which on a slow line is longer
than anybody may be silent, and copies every byte several times. Under gunicorn the bytes are
taken from the socket instead; elsewhere (tests, other servers) in small reads.
"""

from __future__ import annotations

import select
import socket
import time
from typing import Any, Protocol

from gunicorn.http.body import Body, LengthReader
from gunicorn.http.unreader import SocketUnreader

STALLED = 30.0  # seconds without a byte after which a line is given up
_STEP = 64 * 1024  # of a read that waits until it has all
_ENOUGH = 512 * 1024  # bytes that are worth a write
_MOMENT = 0.05  # seconds; a fast line is never silent for so long
_PATIENCE = 1.0  # seconds for which a buffer may fill


class LineBroken(Exception):
    """The visitor is gone, or was silent for too long."""


class Source(Protocol):
    """Where the bytes come from."""

    def waits(self) -> bool:
        """Whether the line is slower than we are: nothing has come for a moment."""

    def into(self, view: memoryview) -> int:
        """Fill a part of ``view``; 0 at the end. Raises `LineBroken`."""

    def close(self) -> None:
        """Leave everything as it was found."""


def source_of(environ: dict[str, Any], length: int | None) -> Source:
    """The body of a request; ``length`` is what its header says, if it says so."""
    body = environ["wsgi.input"]
    sock = environ.get("gunicorn.socket")
    reader = getattr(body, "reader", None)
    if (
        isinstance(body, Body)
        and isinstance(reader, LengthReader)
        and isinstance(reader.unreader, SocketUnreader)
        and isinstance(sock, socket.socket)
    ):
        return SocketSource(body, reader, sock)
    if isinstance(sock, socket.socket):
        return PlainSource(body, length, sock)
    return PlainSource(body, length, None)


class PlainSource:
    """Any WSGI server's input."""

    def __init__(self, body: Any, length: int | None, sock: socket.socket | None) -> None:
        self.body, self.left, self.sock = body, length, sock
        self.before = _impatient(sock)

    def waits(self) -> bool:
        """Nobody can tell before reading."""
        return True

    def into(self, view: memoryview) -> int:
        """One small read."""
        want = min(len(view), _STEP)
        if self.left is not None:
            want = min(want, self.left)
        if not want:
            return 0
        try:
            data = self.body.read(want)
        except Exception as error:  # every server has its own word for it
            raise LineBroken from error
        if self.left is not None:
            self.left -= len(data)
            if not data:
                raise LineBroken
        view[: len(data)] = data
        return len(data)

    def close(self) -> None:
        """The socket waits as long as before."""
        _patient(self.sock, self.before)


class SocketSource:
    """gunicorn's socket, behind what it has read ahead."""

    def __init__(self, body: Body, reader: LengthReader, sock: socket.socket) -> None:
        self.body, self.reader, self.sock = body, reader, sock
        ahead = reader.unreader.take_buffered()
        # What is beyond this body is the next request's.
        self.ahead = memoryview(ahead)[: reader.length]
        reader.unreader.unread(ahead[reader.length :])
        self.before = _impatient(sock)

    def waits(self) -> bool:
        """Nothing read ahead, and nothing on the socket within a moment."""
        if self.ahead or not self.reader.length:
            return False
        return not select.select([self.sock], [], [], _MOMENT)[0]

    def into(self, view: memoryview) -> int:
        """What is here; enough for a write if it comes quickly."""
        view = view[: self.reader.length]
        if self.ahead:
            count = min(len(view), len(self.ahead))
            view[:count] = self.ahead[:count]
            self.ahead = self.ahead[count:]
            self.reader.length -= count
            return count
        enough = min(_ENOUGH, len(view))
        filled = self._receive(view)
        until = time.monotonic() + _PATIENCE
        while 0 < filled < enough and (left := until - time.monotonic()) > 0:
            self.sock.settimeout(left)
            try:
                count = self.sock.recv_into(view[filled:])
            except OSError:
                break  # what is here is taken first; the next call hears it again
            if not count:
                break
            filled += count
        self.reader.length -= filled
        return filled

    def _receive(self, view: memoryview) -> int:
        if not view:
            return 0
        self.sock.settimeout(STALLED)
        try:
            if count := self.sock.recv_into(view):
                return count
        except OSError as error:
            self._broken(error)
        self._broken(None)
        return 0

    def close(self) -> None:
        """Hand back what was read ahead and not taken; the socket waits as before."""
        if self.ahead:
            self.reader.unreader.unread(bytes(self.ahead))
            self.ahead = memoryview(b"")
        _patient(self.sock, self.before)

    def _broken(self, error: OSError | None) -> None:
        self.body.failed = True  # where the next request would begin is unknown
        raise LineBroken from error


def _impatient(sock: socket.socket | None) -> float | None:
    if sock is None:
        return None
    before = sock.gettimeout()
    sock.settimeout(STALLED)
    return before


def _patient(sock: socket.socket | None, before: float | None) -> None:
    if sock is not None and sock.fileno() >= 0:
        sock.settimeout(before)
