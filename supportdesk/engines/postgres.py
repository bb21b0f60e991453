"""One PostgreSQL in a directory: made, started, found again, stopped. No TCP, a private socket."""

from __future__ import annotations

import hashlib
import os
import shutil
import signal
import subprocess
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import quote

import psutil
import psycopg

from supportdesk.engines import host
from supportdesk.engines.errors import EngineError
from supportdesk.engines.place import Place

MAJOR = "18"
NAME = "supportdesk"  # of the database and of its owner
_SOCKET = ".s.PGSQL.5432"
_SOCKET_LIMIT = 103  # bytes of a unix socket's path: macOS has the shortest limit, 104 with its end
_LOG_LIMIT = 10 * 1024 * 1024
_TUNING = {
    "listen_addresses": "",
    "unix_socket_permissions": "0700",
    "max_connections": "100",
    "shared_buffers": "256MB",
    "effective_cache_size": "1GB",
    "random_page_cost": "1.1",
    "timezone": "UTC",
    "log_timezone": "UTC",
    # Neither statements nor values (names, addresses) in the log; the application tells of errors.
    "log_min_messages": "log",
    "log_error_verbosity": "terse",
    "log_checkpoints": "off",
}
_HASTY = {"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off"}


@dataclass(frozen=True)
class Postgres:
    """The engine at `place`; `durable=False` only for data that may be lost, as in tests."""

    place: Place
    durable: bool = True

    @property
    def data(self) -> Path:
        """PostgreSQL's own data directory."""
        return self.place.home / "data"

    @property
    def log(self) -> Path:
        """What the server says."""
        return self.place.home / "log"

    @property
    def url(self) -> str:
        """For DATABASE_URL. The socket's directory, closed to other accounts, is the password."""
        return f"postgres://{NAME}@/{quote(str(self._socket_directory()), safe='')}/{NAME}"

    def running(self) -> psutil.Process | None:
        """The postmaster of this very directory, or None."""
        return running(self.place.home)

    def start(self) -> psutil.Process:
        """Start it if it is not running, and wait until it answers. Raises EngineError.

        The caller holds the lock of the data directory.
        """
        found = self.running()
        if found is None:
            self._make()
            self._clear_after_crash()
            found = self._launch()
        self._ensure_database()
        return found

    def stop(self) -> None:
        """Stop it: clients are cut off, what was committed is safe."""
        found = self.running()
        if found is not None:
            host.stop(found, (signal.SIGINT, 30.0), (signal.SIGQUIT, 10.0))

    # -- making ---------------------------------------------------------------

    def _make(self) -> None:
        version = self.data / "PG_VERSION"
        if version.exists() and (self.data / "global" / "pg_control").exists():
            if version.read_text().strip() != MAJOR:
                raise EngineError(
                    f"{self.data} was made by PostgreSQL {version.read_text().strip()}, this is "
                    f"{MAJOR}: move the data with pg_dump, or choose another DATA_DIR."
                )
            return
        if self.data.exists():  # somebody's interrupted initdb: kept aside, never built upon
            self.data.rename(self.place.home / f"data.unfinished-{time.time_ns()}")
        unfinished = self.place.home / "data.new"
        shutil.rmtree(unfinished, ignore_errors=True)
        self._initdb(unfinished)
        unfinished.rename(self.data)

    def _initdb(self, target: Path) -> None:
        command = [
            *(str(self.place.binaries / "initdb"), "--pgdata", str(target)),
            *("--username", NAME, "--auth=trust", "--encoding=UTF8"),
            # The builtin provider sorts and folds alike on every machine.
            *("--locale-provider=builtin", "--builtin-locale=C.UTF-8", "--locale=C"),
        ]
        if not self.durable:
            command.append("--no-sync")
        since = self._log_size()
        with self.log.open("ab") as log:
            try:
                done = subprocess.run(  # noqa: S603 - the wheel's own program
                    command, stdout=log, stderr=log, stdin=subprocess.DEVNULL, **self._as_account()
                )
            except OSError as error:
                raise EngineError(f"PostgreSQL's initdb cannot run: {error}.") from error
        if done.returncode:
            shutil.rmtree(target, ignore_errors=True)
            raise EngineError(
                f"PostgreSQL could not make its data directory {self.data}: "
                f"{host.last_words(self.log, since)}"
            )

    # -- running --------------------------------------------------------------

    def _clear_after_crash(self) -> None:
        """After a killed postmaster: let its orphans go, drop a pid file that names a stranger."""
        note = self.data / "postmaster.pid"
        if not note.exists():
            return
        orphans = host.working_in(self.data, "postgres")
        for orphan in orphans:  # they notice by themselves within moments; a busy one may not
            if not host.gone(orphan, 3.0):
                host.stop(orphan, (signal.SIGQUIT, 3.0))
        note.unlink(missing_ok=True)

    def _launch(self) -> psutil.Process:
        sockets = self._socket_directory()
        host.private_directory(sockets, self.place.account)
        tuning = _TUNING | ({} if self.durable else _HASTY)
        command = [str(self.place.binaries / "postgres"), "-D", str(self.data), "-k", str(sockets)]
        for name, value in tuning.items():
            command += ["-c", f"{name}={value}"]
        if self._log_size() > _LOG_LIMIT:
            self.log.replace(self.log.with_name("log.1"))
        since = self._log_size()
        with self.log.open("ab") as log:
            try:
                child = subprocess.Popen(  # noqa: S603 - the wheel's own program
                    command,
                    stdout=log,
                    stderr=log,
                    stdin=subprocess.DEVNULL,
                    # Ctrl-C in the terminal is for the applications; they still need us then.
                    start_new_session=True,
                    **self._as_account(),
                )
            except OSError as error:
                raise EngineError(f"PostgreSQL cannot run: {error}.") from error
        self._wait_until_ready(child, since)
        return psutil.Process(child.pid)

    def _wait_until_ready(self, child: subprocess.Popen[bytes], since: int) -> None:
        end = time.monotonic() + 300  # a recovery after a power cut may take its time
        while time.monotonic() < end:
            if child.poll() is not None:
                raise EngineError(
                    f"PostgreSQL did not start: {host.last_words(self.log, since)} "
                    f"(log: {self.log})"
                )
            if _status(self.data) == (child.pid, "ready"):
                return
            time.sleep(0.02)
        host.stop(psutil.Process(child.pid), (signal.SIGINT, 10.0))
        raise EngineError(f"PostgreSQL was not ready after five minutes (log: {self.log}).")

    def _ensure_database(self) -> None:
        end = time.monotonic() + 30
        while True:
            try:
                with psycopg.connect(
                    host=str(self._socket_directory()),
                    user=NAME,
                    dbname="postgres",
                    autocommit=True,
                    connect_timeout=5,
                ) as connection:
                    query = "SELECT 1 FROM pg_database WHERE datname = %s"
                    if connection.execute(query, [NAME]).fetchone() is None:
                        connection.execute("CREATE DATABASE supportdesk")
                return
            except psycopg.OperationalError as error:
                # Found while it was still starting, or on its way down: it may yet answer.
                if time.monotonic() > end or self.running() is None:
                    raise EngineError(f"PostgreSQL does not answer: {error}".strip()) from error
                time.sleep(0.1)

    def _socket_directory(self) -> Path:
        near = self.place.home / "run"
        if len(os.fsencode(near / _SOCKET)) <= _SOCKET_LIMIT:
            return near
        # Fixed, not TMPDIR: every process of this desk must find the same one.
        mark = hashlib.sha256(os.fsencode(self.place.home)).hexdigest()[:16]
        return Path("/tmp") / f"supportdesk-{mark}"  # noqa: S108 - made private, owner checked

    def _as_account(self) -> dict[str, Any]:
        options: dict[str, object] = {"cwd": self.place.home}
        if self.place.account:
            options |= self.place.account.popen_options()
        return options

    def _log_size(self) -> int:
        return self.log.stat().st_size if self.log.exists() else 0


def running(home: Path) -> psutil.Process | None:
    """The postmaster that serves `home`, or None; a stranger with its number does not count."""
    note = _status(home / "data")
    found = host.process(note[0]) if note else None
    try:
        if found is not None and found.cwd() == os.path.realpath(home / "data"):
            return found
    except psutil.Error:
        pass  # another account's process, or gone meanwhile: not our postmaster
    return None


def _status(data: Path) -> tuple[int, str] | None:
    """Process id and status word of postmaster.pid (its lines 1 and 8), or None."""
    try:
        lines = (data / "postmaster.pid").read_text().splitlines()
        return int(lines[0]), (lines[7].strip() if len(lines) > 7 else "")
    except (OSError, ValueError, IndexError):
        return None
