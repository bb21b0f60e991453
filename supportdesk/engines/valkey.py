"""One Valkey in a directory: loopback only, with a password, its data kept in an append-only file.

It carries nudges and nothing else: the truth is in PostgreSQL. So a log that cannot be read back
is put aside, and the desk starts.
"""

from __future__ import annotations

import json
import secrets
import signal
import subprocess
import time
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import psutil
import redis

from supportdesk.engines import host
from supportdesk.engines.errors import EngineError

_ATTEMPTS = 5
_LOG_LIMIT = 10 * 1024 * 1024


@dataclass(frozen=True)
class Valkey:
    """The engine in `home`; `program` is its binary."""

    home: Path
    program: Path
    durable: bool = True

    @property
    def log(self) -> Path:
        """What the server says."""
        return self.home / "log"

    @property
    def url(self) -> str:
        """For REDIS_URL. Raises EngineError when it was never started."""
        return f"redis://:{self._password()}@127.0.0.1:{self._port()}/0"

    def running(self) -> psutil.Process | None:
        """The server that was started here, or None."""
        return running(self.home)

    def start(self) -> psutil.Process:
        """Start it if it is not running, and wait until it answers. Raises EngineError.

        The caller holds the lock of the data directory.
        """
        host.private_directory(self.home)
        found = self.running()
        if found is not None:
            self._wait_until_ready(found, self._log_size())
            return found
        port = self._port(default=0) or host.free_port()
        for _ in range(_ATTEMPTS):
            since = self._log_size()
            found = self._launch(port)
            try:
                self._wait_until_ready(found, since)
                return found
            except EngineError:
                said = self._said(since)
                if "ddress already in use" in said:
                    port = host.free_port()  # somebody was quicker; the port is ours to choose
                elif "append only file" in said and (self.home / "appendonlydir").exists():
                    aside = f"appendonlydir.unreadable-{time.time_ns()}"
                    (self.home / "appendonlydir").rename(self.home / aside)
                else:
                    raise
        raise EngineError(f"Valkey found no free port in {_ATTEMPTS} attempts (log: {self.log}).")

    def stop(self) -> None:
        """Stop it; its data is written first."""
        found = self.running()
        if found is not None:
            host.stop(found, (signal.SIGTERM, 15.0))

    def _launch(self, port: int) -> psutil.Process:
        config = self.home / "valkey.conf"
        host.write_private(config, self._config(port))
        if self._log_size() > _LOG_LIMIT:
            self.log.replace(self.log.with_name("log.1"))
        with self.log.open("ab") as log:
            try:
                child = subprocess.Popen(  # noqa: S603 - the wheel's own program
                    [str(self.program), str(config)],
                    cwd=self.home,
                    stdout=log,
                    stderr=log,
                    stdin=subprocess.DEVNULL,
                    start_new_session=True,  # Ctrl-C is for the applications
                )
            except OSError as error:
                raise EngineError(f"Valkey cannot run: {error}.") from error
        found = psutil.Process(child.pid)
        with suppress(psutil.NoSuchProcess):
            note = {"pid": child.pid, "created": found.create_time(), "port": port}
            host.write_private(self.home / "state.json", json.dumps(note))
        return found

    def _config(self, port: int) -> str:
        home = str(self.home).replace("\\", "\\\\").replace('"', '\\"')
        lines = [
            "bind 127.0.0.1",
            f"port {port}",
            f"requirepass {self._password()}",
            f'dir "{home}"',
            "daemonize no",
            "databases 64",
            'save ""',
            f"appendonly {'yes' if self.durable else 'no'}",
            "appendfsync everysec",
            "maxmemory-policy noeviction",
            "loglevel notice",
        ]
        return "\n".join(lines) + "\n"

    def _wait_until_ready(self, found: psutil.Process, since: int) -> None:
        end = time.monotonic() + 60
        while time.monotonic() < end:
            if host.gone(found, 0):
                raise EngineError(
                    f"Valkey did not start: {host.last_words(self.log, since)} (log: {self.log})"
                )
            try:
                with redis.Redis.from_url(self.url, socket_timeout=1) as client:
                    client.ping()
                return
            except redis.RedisError:
                time.sleep(0.02)
        raise EngineError(f"Valkey was not ready after a minute (log: {self.log}).")

    def _password(self) -> str:
        path = self.home / "password"
        if not path.exists():
            host.write_private(path, secrets.token_hex(24))
        return path.read_text().strip()

    def _port(self, default: int | None = None) -> int:
        note = _note(self.home)
        if note is not None:
            return int(note["port"])
        if default is None:
            raise EngineError(f"Valkey was never started in {self.home}.")
        return default

    def _log_size(self) -> int:
        return self.log.stat().st_size if self.log.exists() else 0

    def _said(self, since: int) -> str:
        with self.log.open("rb") as handle:
            handle.seek(since)
            return handle.read().decode(errors="replace")


def running(home: Path) -> psutil.Process | None:
    """The server noted in `home`, if that very process still lives."""
    note = _note(home)
    return host.same_process(int(note["pid"]), note["created"]) if note else None


def _note(home: Path) -> dict[str, float] | None:
    try:
        note = json.loads((home / "state.json").read_text())
        return {key: note[key] for key in ("pid", "created", "port")}
    except (OSError, ValueError, KeyError, TypeError):
        return None
