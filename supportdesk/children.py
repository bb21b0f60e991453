"""The processes that the supervisor starts: each its own group, restarted when it dies."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
import time
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO

import psutil

from supportdesk.engines import host

_PATIENCE = 8.0  # seconds between a polite signal and the next one
_SETTLED = 60.0  # seconds of life after which a crash counts as the first again


@dataclass
class Child:
    """One command that should be running. `speak` tells a person what happens to it."""

    name: str
    command: list[str]
    environment: dict[str, str]
    directory: Path
    process: subprocess.Popen[bytes] | None = None
    began: float = 0.0
    failures: int = 0
    retry_at: float = 0.0
    pump: threading.Thread | None = field(default=None, repr=False)
    leaving: bool = False  # asked to end: what it still says about that is no news

    def start(self) -> None:
        """Start it in a session of its own, so that Ctrl-C reaches the supervisor alone."""
        self.process = subprocess.Popen(  # noqa: S603 - our own command lines
            self.command,
            env=self.environment,
            cwd=self.directory,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
        self.began = time.monotonic()
        self.pump = threading.Thread(target=self._pump, args=(self.process.stdout,), daemon=True)
        self.pump.start()

    def look(self) -> str | None:
        """Restart it when its time has come; what there is to tell, if anything."""
        if self.process is None:
            if time.monotonic() >= self.retry_at:
                self.start()
            return None
        code = self.process.poll()
        if code is None:
            return None
        self._end_group(signal.SIGKILL)  # its own children, should any have outlived it
        if time.monotonic() - self.began > _SETTLED:
            self.failures = 0
        pause = min(30, 2**self.failures)
        self.failures += 1
        self.retry_at = time.monotonic() + pause
        self.process = None
        return f"{self.name} ended ({_reason(code)}); it is started again in {pause} s."

    def stop(self) -> None:
        """End it and all that it started, politely at first."""
        if self.process is None:
            return
        self.leaving = True
        for number in (signal.SIGTERM, signal.SIGQUIT, signal.SIGKILL):
            with suppress(ProcessLookupError):
                self.process.send_signal(number)
            try:
                self.process.wait(_PATIENCE)
                break
            except subprocess.TimeoutExpired:
                continue
        self._end_group(signal.SIGKILL)
        if self.pump:
            self.pump.join(2.0)
        self.process = None

    def _pump(self, stream: IO[bytes]) -> None:
        """Tell the terminal what the child says, a line at a time, with its name before it."""
        with stream:
            for line in iter(stream.readline, b""):
                text = line.decode(errors="replace").rstrip()
                if text and not self.leaving:
                    sys.stdout.write(f"{self.name:>6} | {text}\n")
                    sys.stdout.flush()

    def _end_group(self, number: signal.Signals) -> None:
        if self.process is not None:
            with suppress(ProcessLookupError, PermissionError):
                os.killpg(self.process.pid, number)


def note(children: list[Child], path: Path) -> None:
    """Write down who runs, for the case that the supervisor itself is killed."""
    rows = []
    for child in children:
        if child.process is not None:
            with suppress(psutil.NoSuchProcess):
                created = psutil.Process(child.process.pid).create_time()
                rows.append({"name": child.name, "pid": child.process.pid, "created": created})
    new = path.with_suffix(".new")
    new.write_text(json.dumps(rows))
    new.replace(path)


def end_leftovers(path: Path) -> list[str]:
    """End what a killed supervisor left running; the names of what there was."""
    try:
        rows = json.loads(path.read_text())
    except (OSError, ValueError):
        return []
    names = []
    for row in rows:
        left = host.same_process(row["pid"], row["created"])
        if left is not None:
            names.append(row["name"])
            host.stop(left, (signal.SIGTERM, 5.0))
        # The group may outlive its leader; a group's number is not given away while it lives.
        members = [each for each in psutil.process_iter() if _group(each.pid) == row["pid"]]
        for member in members:
            if member.create_time() >= row["created"] - 1:
                host.stop(member, (signal.SIGTERM, 2.0))
    path.unlink(missing_ok=True)
    return names


def _group(pid: int) -> int | None:
    with suppress(OSError):
        return os.getsid(pid)
    return None


def _reason(code: int) -> str:
    if code < 0:
        return f"killed by {signal.Signals(-code).name}"
    return f"exit status {code}"
