"""Send one file by tus in chunks, as a program of its own: ``sender.py PORT PATH FILE CHUNK RATE``.

Plain sockets and ``sendfile``, so that what is timed is the server. RATE is the line's, in bytes
a second; 0 is as fast as it goes. Prints the seconds from the first request to the last answer.
"""

from __future__ import annotations

import base64
import socket
import sys
import time
from pathlib import Path

VERSION = "Tus-Resumable: 1.0.0\r\n"


def _answer(line: socket.socket) -> tuple[int, dict[str, str]]:
    head = b""
    while b"\r\n\r\n" not in head:
        piece = line.recv(65536)
        if not piece:
            raise ConnectionError("the server hung up")
        head += piece
    text, rest = head.split(b"\r\n\r\n", 1)
    first, *lines = text.decode("latin-1").split("\r\n")
    headers = {k.lower(): v.strip() for k, v in (each.split(":", 1) for each in lines)}
    left = int(headers.get("content-length", 0)) - len(rest)
    while left > 0:
        left -= len(line.recv(min(left, 65536)))
    return int(first.split()[1]), headers


def send(port: int, path: str, file: Path, chunk: int, rate: int) -> float:
    """The seconds it took; anything but success ends the program with the answer's status."""
    size = file.stat().st_size
    name = base64.b64encode(file.name.encode()).decode()
    host = f"Host: 127.0.0.1:{port}\r\n{VERSION}"
    started = time.perf_counter()
    with socket.create_connection(("127.0.0.1", port), timeout=120) as line, file.open("rb") as src:
        line.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        line.sendall(
            f"POST {path} HTTP/1.1\r\n{host}Upload-Length: {size}\r\n"
            f"Upload-Metadata: filename {name}\r\nContent-Length: 0\r\n\r\n".encode()
        )
        status, headers = _answer(line)
        if status != 201:
            raise SystemExit(f"creation answered {status}")
        place = headers["location"].split(f":{port}", 1)[-1]
        offset = 0
        while offset < size:
            length = min(chunk, size - offset)
            line.sendall(
                f"PATCH {place} HTTP/1.1\r\n{host}Upload-Offset: {offset}\r\n"
                "Content-Type: application/offset+octet-stream\r\n"
                f"Content-Length: {length}\r\n\r\n".encode()
            )
            _body(line, src, offset, length, rate)
            status, headers = _answer(line)
            if status != 204:
                raise SystemExit(f"a chunk answered {status}")
            offset = int(headers["upload-offset"])
    return time.perf_counter() - started


def _body(line: socket.socket, src: object, offset: int, length: int, rate: int) -> None:
    if not rate:
        line.sendfile(src, offset, length)  # type: ignore[arg-type]
        return
    step, sent = 256 * 1024, 0
    began = time.perf_counter()
    while sent < length:
        piece = min(step, length - sent)
        line.sendfile(src, offset + sent, piece)  # type: ignore[arg-type]
        sent += piece
        time.sleep(max(0.0, sent / rate - (time.perf_counter() - began)))


if __name__ == "__main__":
    _port, _path, _file, _chunk, _rate = sys.argv[1:]
    print(send(int(_port), _path, Path(_file), int(_chunk), int(_rate)))
