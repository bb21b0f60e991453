"""Asking clamd about a file, over real sockets: what was not looked at whole is never clean."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from supportdesk.scanner import ClamdAddress, clamd_address
from tests.evidence.clamd import EICAR, Clamd, on_tcp, on_unix
from tickets.evidence import scan
from tickets.evidence.scan import Clean, Infected, ScannerAway, ping, scan_file

MEGABYTE = 1024 * 1024


@pytest.fixture(params=["tcp", "tcp6", "unix"])
def clamd(request: pytest.FixtureRequest, settings: Any) -> Iterator[Clamd]:
    """A scanner, by each way in which one can be reached."""
    with tempfile.TemporaryDirectory(prefix="clamd") as folder:
        ways = {
            "tcp": on_tcp,
            "tcp6": lambda: on_tcp(socket.AF_INET6),
            "unix": lambda: on_unix(Path(folder)),
        }
        with ways[request.param]() as (server, url):
            settings.CLAMD_URL = url
            yield server


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "film.mp4"
    path.write_bytes(bytes(range(256)) * 4096 * 3)
    return path


def test_a_clean_file_is_sent_whole_and_clean(clamd: Clamd, file: Path) -> None:
    assert scan_file(file) == Clean()
    assert clamd.seen == [file.read_bytes()]
    ping()


def test_a_virus_is_named(clamd: Clamd, tmp_path: Path) -> None:
    bad = tmp_path / "film.mp4"
    bad.write_bytes(EICAR)

    assert scan_file(bad) == Infected("Eicar-Signature")


def test_a_file_beyond_its_limit_never_passes(clamd: Clamd, file: Path) -> None:
    clamd.largest = MEGABYTE

    with pytest.raises(ScannerAway) as away:
        scan_file(file)

    assert "StreamMaxLength" in away.value.reason
    assert "too large" in away.value.reason
    assert clamd.seen == []


def test_that_is_so_wherever_in_the_file_the_limit_lies(tcp: Clamd, file: Path) -> None:
    size = file.stat().st_size
    for largest in (1, scan.PIECE, 2 * scan.PIECE + 1, size - 1):
        tcp.largest = largest
        with pytest.raises(ScannerAway, match="StreamMaxLength"):
            scan_file(file)
    tcp.largest = size
    assert scan_file(file) == Clean()


def test_a_film_is_never_in_memory_as_a_whole(tcp: Clamd, tmp_path: Path) -> None:
    film = tmp_path / "film.mp4"
    with film.open("wb") as out:
        out.truncate(24 * MEGABYTE)
    tcp.answer = lambda content: b"stream: OK\n"
    seen: list[int] = []

    class Watched:
        def __init__(self, file: Any) -> None:
            self.file = file

        def read(self, count: int) -> bytes:
            seen.append(count)
            return bytes(self.file.read(count))

    with film.open("rb") as file:
        assert scan.scan_stream(Watched(file)) == Clean()

    assert max(seen) == max(tcp.pieces) == scan.PIECE


@pytest.mark.parametrize(
    "said",
    [
        b"",
        b"\n",
        b"HTTP/1.1 400 Bad Request\n",
        b"OK\n",
        b"stream: OKAY\n",
        b"stream: Eicar OK\n",
        b"stream: FOUND\n",
        b"stream: Can't allocate memory ERROR\n",
        b"stream: Time limit reached. ERROR\n",
        b"\xff\xfe\x00\n",
        b"PONG\n",
    ],
)
def test_whatever_else_it_says_is_not_clean(tcp: Clamd, file: Path, said: bytes) -> None:
    tcp.answer = lambda content: said

    with pytest.raises(ScannerAway):
        scan_file(file)


def test_an_answer_before_it_has_seen_all_is_not_clean(tcp: Clamd, tmp_path: Path) -> None:
    film = tmp_path / "film.mp4"
    film.write_bytes(bytes(8 * MEGABYTE))
    tcp.hasty = b"stream: OK\n"

    with pytest.raises(ScannerAway):
        scan_file(film)


@pytest.mark.parametrize("limit", ["MaxFileSize", "MaxScanSize", "MaxScanTime", "MaxFiles"])
def test_what_it_did_not_look_at_whole_is_neither_clean_nor_infected(
    tcp: Clamd, file: Path, limit: str
) -> None:
    said = f"stream: Heuristics.Limits.Exceeded.{limit} FOUND\n".encode()
    tcp.answer = lambda content: said

    with pytest.raises(ScannerAway, match="MaxFileSize"):
        scan_file(file)


def test_one_that_hangs_up_in_the_middle_is_away(clamd: Clamd, file: Path) -> None:
    clamd.closes_after = MEGABYTE

    with pytest.raises(ScannerAway):
        scan_file(file)


def test_one_that_hangs_up_before_its_answer_is_away(clamd: Clamd, file: Path) -> None:
    clamd.closes_after = file.stat().st_size

    with pytest.raises(ScannerAway):
        scan_file(file)


def test_one_that_says_nothing_has_its_time_and_no_more(
    clamd: Clamd, file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    clamd.hangs = True
    monkeypatch.setattr(scan, "SILENCE_SECONDS", 0.3)
    monkeypatch.setattr(scan, "CONNECT_SECONDS", 0.3)
    began = time.monotonic()

    with pytest.raises(ScannerAway):
        scan_file(file)
    with pytest.raises(ScannerAway):
        ping()

    assert time.monotonic() - began < 4


def test_a_file_that_takes_too_long_in_all_is_given_back(
    tcp: Clamd, file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(scan, "SCAN_SECONDS", 0.0)

    with pytest.raises(ScannerAway, match="too long"):
        scan_file(file)


def test_nobody_there_is_away_and_names_the_place(settings: Any, file: Path) -> None:
    with on_tcp() as (_server, url):
        settings.CLAMD_URL = url
    with pytest.raises(ScannerAway, match="127"):
        scan_file(file)
    with pytest.raises(ScannerAway):
        ping()
    settings.CLAMD_URL = "unix:///nowhere/at/all.ctl"
    with pytest.raises(ScannerAway, match="nowhere"):
        scan_file(file)
    settings.CLAMD_URL = "tcp://a-name-that-is-none.invalid:3310"
    with pytest.raises(ScannerAway, match="invalid"):
        scan_file(file)


def test_another_service_on_that_port_is_no_scanner(tcp: Clamd, settings: Any) -> None:
    with on_tcp() as (server, url):
        settings.CLAMD_URL = url
        server._talk = lambda caller: caller.sendall(b"220 mail ESMTP\n")  # type: ignore[method-assign]  # another one
        with pytest.raises(ScannerAway, match="220 mail"):
            ping()


@pytest.mark.parametrize(
    ("url", "found"),
    [
        ("", None),
        ("  ", None),
        ("tcp://clamd:3310", ClamdAddress(host="clamd", port=3310)),
        ("tcp://clamd", ClamdAddress(host="clamd", port=3310)),
        ("tcp://[::1]:9000/", ClamdAddress(host="::1", port=9000)),
        ("unix:///run/clamav/clamd.ctl", ClamdAddress(path="/run/clamav/clamd.ctl")),
        ("unix:///a%20b/c", ClamdAddress(path="/a b/c")),
    ],
)
def test_an_address_is_read(url: str, found: ClamdAddress | None) -> None:
    assert clamd_address(url) == found


WRONG = [
    "clamd:3310",
    "localhost",
    "http://clamd:3310",
    "tcp://",
    "tcp://:3310",
    "tcp://clamd:0",
    "tcp://clamd:70000",
    "tcp://clamd:port",
    "tcp://clamd:3310/path",
    "tcp://me:secret@clamd:3310",
    "tcp://clamd:3310?timeout=1",
    "unix://",
    "unix:///",
    "unix://run/clamd.ctl",
    "unix:///" + "x" * 200,
    "unix:///run/%00clamd",
    "tcp://[::1",
]


@pytest.mark.parametrize("url", WRONG)
def test_an_address_that_is_none_is_refused_with_an_example(url: str) -> None:
    with pytest.raises(ValueError, match="tcp://host:3310 or unix:///"):
        clamd_address(url)


def test_a_mistake_in_it_stops_the_start() -> None:
    env = {
        **os.environ,
        "CLAMD_URL": "clamd:3310",
        "DJANGO_SETTINGS_MODULE": "supportdesk.settings",
    }

    ended = subprocess.run(
        [sys.executable, "-c", "import django; django.setup()"],
        env=env,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )

    assert ended.returncode != 0
    assert "CLAMD_URL must look like tcp://host:3310" in ended.stderr
