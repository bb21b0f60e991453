"""A scanner that speaks clamd's protocol on a real socket, and one for each way of failing."""

from __future__ import annotations

import socket
import struct
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

EICAR = rb"X5O!P%@AP[4\PZX54(P^)7CC)7}$EICAR-STANDARD-ANTIVIRUS-TEST-FILE!$H+H*"


class Clamd:
    """Listens until it is closed; ``seen`` are the files it was sent, ``largest`` its limit."""

    def __init__(self, listener: socket.socket, *, largest: int = 25 * 1024 * 1024) -> None:
        self.listener, self.largest = listener, largest
        self.seen: list[bytes] = []
        self.pieces: list[int] = []
        self.answer: Callable[[bytes], bytes] = judge
        self.closes_after: int | None = None
        self.hangs = False
        self.hasty: bytes | None = None  # said before a byte of the file was read
        self._end = threading.Event()
        listener.settimeout(0.05)
        self._thread = threading.Thread(target=self._serve, daemon=True)
        self._thread.start()

    def close(self) -> None:
        """No more answers."""
        self._end.set()
        self.listener.close()
        self._thread.join(5)

    def _serve(self) -> None:
        while not self._end.is_set():
            try:
                caller, _ = self.listener.accept()
            except TimeoutError:
                continue
            except OSError:
                return
            with caller:
                try:
                    self._talk(caller)
                except (OSError, EOFError):
                    continue

    def _talk(self, caller: socket.socket) -> None:
        caller.settimeout(5)
        command = b""
        while not command.endswith(b"\n"):
            command += _read(caller, 1)
        if self.hangs:
            self._end.wait(5)
            return
        if command == b"nPING\n":
            caller.sendall(b"PONG\n")
        elif command == b"nINSTREAM\n":
            self._stream(caller)
        else:
            caller.sendall(b"UNKNOWN COMMAND\n")

    def _stream(self, caller: socket.socket) -> None:
        if self.hasty is not None:
            caller.sendall(self.hasty)
            self._end.wait(1)
            return
        content = b""
        while size := struct.unpack("!L", _read(caller, 4))[0]:
            self.pieces.append(size)
            if len(content) + size > self.largest:
                caller.sendall(b"INSTREAM size limit exceeded. ERROR\n")
                return  # and hangs up, as clamd does, with the rest unread
            content += _read(caller, size)
            if self.closes_after is not None and len(content) >= self.closes_after:
                return
        self.seen.append(content)
        caller.sendall(self.answer(content))


def judge(content: bytes) -> bytes:
    """What clamd says of a file."""
    found = content.startswith(EICAR)
    return b"stream: Eicar-Signature FOUND\n" if found else b"stream: OK\n"


def _read(caller: socket.socket, count: int) -> bytes:
    found = b""
    while len(found) < count:
        piece = caller.recv(count - len(found))
        if not piece:
            raise EOFError
        found += piece
    return found


@contextmanager
def on_tcp(family: socket.AddressFamily = socket.AF_INET) -> Iterator[tuple[Clamd, str]]:
    """A scanner on a free port of the loopback, and its address."""
    listener = socket.socket(family, socket.SOCK_STREAM)
    host = "127.0.0.1" if family == socket.AF_INET else "::1"
    listener.bind((host, 0))
    listener.listen()
    server = Clamd(listener)
    shown = host if family == socket.AF_INET else f"[{host}]"
    try:
        yield server, f"tcp://{shown}:{listener.getsockname()[1]}"
    finally:
        server.close()


@contextmanager
def on_unix(folder: Path) -> Iterator[tuple[Clamd, str]]:
    """A scanner on a socket in this folder, and its address."""
    path = folder / "clamd.ctl"
    listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    listener.bind(str(path))
    listener.listen()
    server = Clamd(listener)
    try:
        yield server, f"unix://{path}"
    finally:
        server.close()
