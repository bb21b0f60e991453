"""A gunicorn of the product in a process of its own, which can be killed and started again."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path
from urllib.request import urlopen

from django.db import connection


class Server:
    """On the test's own database; its files lie in ``media``, or where ``storage`` says."""

    def __init__(self, media: Path, storage: str = "", **extra: str) -> None:
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port = int(probe.getsockname()[1])
        self.url = f"http://127.0.0.1:{self.port}"
        engine, _slash, _name = os.environ["DATABASE_URL"].rpartition("/")
        self.environment = {
            **os.environ,
            "DATABASE_URL": f"{engine}/{connection.settings_dict['NAME']}",
            "MEDIA_ROOT": str(media),
            "STORAGE_URL": storage,
            **extra,
        }
        self.process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Start it, and wait until it answers."""
        command = [sys.executable, "-m", "gunicorn", "supportdesk.wsgi:application"]
        command += ["--bind", f"127.0.0.1:{self.port}", "--worker-class", "gthread"]
        command += ["--threads", "4", "--log-level", "error", "--no-control-socket"]
        self.process = subprocess.Popen(command, env=self.environment, start_new_session=True)
        until = time.monotonic() + 40
        while time.monotonic() < until:
            try:
                with urlopen(f"{self.url}/healthz", timeout=5):
                    return
            except OSError:
                time.sleep(0.1)
        self.kill()
        raise RuntimeError("the server did not answer")

    def kill(self) -> None:
        """As the kernel does when memory is short: at once, with everything it was doing."""
        if self.process is not None:
            os.killpg(self.process.pid, signal.SIGKILL)
            self.process.wait(timeout=20)
            self.process = None

    @property
    def workers(self) -> list[int]:
        """The processes that answer requests."""
        assert self.process is not None
        pid = self.process.pid
        children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
        return [int(child) for child in children]

    def memory(self, what: str = "VmRSS") -> int:
        """Bytes that the workers hold now; with ``VmHWM`` the most they ever held."""
        return sum(_status(pid, what) for pid in self.workers)

    def forget_peak(self) -> None:
        """Let ``VmHWM`` begin anew."""
        for pid in self.workers:
            Path(f"/proc/{pid}/clear_refs").write_text("5")


def _status(pid: int, what: str) -> int:
    for line in Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith(f"{what}:"):
            return int(line.split()[1]) * 1024
    raise LookupError(what)
