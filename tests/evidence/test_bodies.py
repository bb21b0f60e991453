"""Bytes are taken from gunicorn's socket as they come, and the next request finds its own."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from typing import Any

import pytest
from gunicorn.http.body import Body, LengthReader
from gunicorn.http.unreader import SocketUnreader

from tickets.evidence import bodies
from tickets.evidence.bodies import LineBroken, SocketSource, source_of

Line = tuple[socket.socket, dict[str, Any]]


@pytest.fixture
def line() -> Iterator[Line]:
    """A visitor's end, and the environment of a request with a body of ten bytes."""
    visitor, ours = socket.socketpair()
    unreader = SocketUnreader(ours)
    body = Body(LengthReader(unreader, 10))
    yield visitor, {"wsgi.input": body, "gunicorn.socket": ours}
    visitor.close()
    ours.close()


def read_all(source: Any) -> bytes:
    view = memoryview(bytearray(64))
    data = b""
    while count := source.into(view):
        data += view[:count]
    return data


def test_what_was_read_ahead_comes_first_and_the_next_request_keeps_its_own(line: Line) -> None:
    visitor, environ = line
    environ["wsgi.input"].reader.unreader.unread(b"0123")
    visitor.sendall(b"456789GET /next")
    source = source_of(environ, 10)
    assert isinstance(source, SocketSource)
    assert read_all(source) == b"0123456789"
    source.close()
    assert environ["wsgi.input"].reader.length == 0
    assert environ["gunicorn.socket"].recv(100) == b"GET /next"


def test_a_next_request_that_was_read_ahead_stays(line: Line) -> None:
    _visitor, environ = line
    unreader = environ["wsgi.input"].reader.unreader
    unreader.unread(b"0123456789GET /next")
    source = source_of(environ, 10)
    assert read_all(source) == b"0123456789"
    source.close()
    assert unreader.take_buffered() == b"GET /next"


def test_what_nobody_took_can_still_be_read(line: Line) -> None:
    _visitor, environ = line
    environ["wsgi.input"].reader.unreader.unread(b"0123456789")
    source = source_of(environ, 10)
    assert source.into(memoryview(bytearray(4))) == 4
    source.close()
    assert environ["wsgi.input"].read(100) == b"456789"
    assert environ["gunicorn.socket"].gettimeout() is None


def test_a_visitor_who_is_gone(line: Line) -> None:
    visitor, environ = line
    visitor.sendall(b"0123")
    visitor.close()
    source = source_of(environ, 10)
    view = memoryview(bytearray(64))
    assert source.into(view) == 4
    with pytest.raises(LineBroken):
        source.into(view)
    assert environ["wsgi.input"].failed


def test_a_visitor_who_says_nothing(line: Line, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bodies, "STALLED", 0.05)
    monkeypatch.setattr(bodies, "_PATIENCE", 0.05)
    visitor, environ = line
    visitor.sendall(b"01")
    source = source_of(environ, 10)
    view = memoryview(bytearray(64))
    assert source.into(view) == 2
    with pytest.raises(LineBroken):
        source.into(view)
