"""A gunicorn of the product on a free port of the loopback, and a plain client for it."""

from __future__ import annotations

import http.client
import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from urllib.parse import urlencode

TOKEN = "b" * 64  # a cross-site token that we give ourselves: cookie and header must agree


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


class Client:
    """One keep-alive connection; every request may come from another visitor."""

    def __init__(self, port: int) -> None:
        self.port = port
        self.connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)

    def get(self, path: str, cookie: str = "") -> int:
        """The status of a page, its body read."""
        return self._send("GET", path, None, {"Cookie": cookie} if cookie else {})

    def post(self, path: str, data: dict[str, str], visitor: str) -> int:
        """Post a form; returns the status."""
        headers = {
            "Content-Type": "application/x-www-form-urlencoded",
            "Cookie": f"csrftoken={TOKEN}",
            "X-CSRFToken": TOKEN,
            "X-Forwarded-For": visitor,
        }
        return self._send("POST", path, urlencode(data), headers)

    def _send(self, method: str, path: str, body: str | None, headers: dict[str, str]) -> int:
        self.connection.request(method, path, body, headers)
        response = self.connection.getresponse()
        response.read()
        return response.status


@contextmanager
def serving(*, workers: int = 1, threads: int = 4) -> Iterator[Client]:
    """Start it as `make serve` does (threads; one process unless told), stop it at the end."""
    port = _free_port()
    command = [sys.executable, "-m", "gunicorn", "supportdesk.wsgi:application"]
    command += ["--bind", f"127.0.0.1:{port}", "--worker-class", "gthread"]
    command += ["--threads", str(threads), "--workers", str(workers), "--log-level", "error"]
    server = subprocess.Popen(command, env={**os.environ, "TRUST_PROXY": "1"})
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
        yield client
    finally:
        server.terminate()
        server.wait(timeout=20)
