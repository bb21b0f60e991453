"""A gunicorn of the product on a free port of the loopback, and a plain client for it."""

from __future__ import annotations

import http.client
import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urlencode

TOKEN = "b" * 64  # a cross-site token that we give ourselves: cookie and header must agree


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


class Client:
    """One keep-alive connection; every request may come from another visitor.

    After an answer ``body`` and ``headers`` are what came, ``queries`` what it took.
    """

    def __init__(self, port: int, *, patience: float = 60) -> None:
        self.port = port
        self.server = 0  # its process, where it is ours
        self.queries = 0
        self.body = b""
        self.headers: Mapping[str, str] = {}
        self.connection = http.client.HTTPConnection("127.0.0.1", port, timeout=patience)

    def get(self, path: str, cookie: str = "", *, part: bool = False) -> int:
        """The status of a page, its body read; ``part`` as a script of the page asks for it."""
        headers = {"Cookie": cookie} if cookie else {}
        return self._send("GET", path, None, headers | ({"HX-Request": "true"} if part else {}))

    def post(self, path: str, data: dict[str, str], visitor: str, *, cookie: str = "") -> int:
        """Post a form; returns the status."""
        headers = {
            "Content-Type": "application/x-www-form-urlencoded",
            "Cookie": cookie or f"csrftoken={TOKEN}",
            "X-CSRFToken": data.get("csrfmiddlewaretoken", TOKEN),
            "X-Forwarded-For": visitor or "127.0.0.1",
        }
        return self._send("POST", path, urlencode(data), headers)

    def _send(self, method: str, path: str, body: str | None, headers: dict[str, str]) -> int:
        self.connection.request(method, path, body, headers)
        response = self.connection.getresponse()
        self.body = response.read()
        self.headers = response.headers
        self.queries = int(response.headers.get("X-Queries", 0))
        return response.status


@contextmanager
def serving(*, workers: int = 1, threads: int = 4, database: str = "") -> Iterator[Client]:
    """Start it as `make serve` does (threads; one process unless told), stop it at the end.

    ``database`` is the address of another one than everybody's.
    """
    env = {**os.environ, "TRUST_PROXY": "1"}
    if database:
        env["DATABASE_URL"] = database
    with gunicorn(
        Path(sys.executable), "supportdesk.wsgi:application", env, workers=workers, threads=threads
    ) as client:
        yield client


@contextmanager
def gunicorn(
    python: Path,
    application: str,
    env: dict[str, str],
    home: Path | None = None,
    *,
    workers: int,
    threads: int,
) -> Iterator[Client]:
    """An application under gunicorn, with a client that knows its door."""
    port = _free_port()
    command = [str(python), "-m", "gunicorn", application, "--bind", f"127.0.0.1:{port}"]
    command += ["--worker-class", "gthread", "--threads", str(threads)]
    command += ["--workers", str(workers), "--log-level", "error", "--timeout", "600"]
    command += ["--keep-alive", "75"]  # a line that waits for the others keeps its connection
    server = subprocess.Popen(command, env=env, cwd=home)
    try:
        client = Client(port)
        for _ in range(200):
            try:
                if client.get("/healthz") == 200:
                    break
            except OSError:
                client = Client(port)
                time.sleep(0.1)
        else:
            raise RuntimeError("the server did not answer")
        client.server = server.pid
        yield client
    finally:
        server.terminate()
        server.wait(timeout=20)
