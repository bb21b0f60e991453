"""Files are sent as customers send them; and a scanner, real or made to say one thing."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest

from tests.evidence.buckets import bucket
from tests.evidence.clamd import Clamd, on_tcp
from tests.portal.conftest import at_noon, customer, web
from tickets.evidence import scan

__all__ = ["at_noon", "bucket", "customer", "says", "tcp", "web"]


@pytest.fixture
def tcp(settings: Any) -> Iterator[Clamd]:
    """A scanner that works, until a test says otherwise."""
    with on_tcp() as (server, url):
        settings.CLAMD_URL = url
        yield server


@pytest.fixture
def says(monkeypatch: pytest.MonkeyPatch) -> Callable[[object], list[bytes]]:
    """Let the scanner say one thing of every file, or raise it; returns what it is shown."""

    def set_up(answer: object) -> list[bytes]:
        shown: list[bytes] = []

        def scan_stream(file: Any) -> object:
            if isinstance(answer, Exception):
                raise answer
            shown.append(file.read())
            return answer

        monkeypatch.setattr(scan, "scan_stream", scan_stream)
        return shown

    return set_up
