"""A whole desk on one machine: engines, web, workers and beat, started and stopped together.

    python -m supportdesk.supervisor run|serve
    python -m supportdesk.supervisor manage COMMAND …

`run` is the demo, `serve` a real desk, `manage` a management command with the settings of `serve`.
It knows processes only; Django is started by the children.
"""

from __future__ import annotations

import fcntl
import os
import signal
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from types import FrameType
from typing import IO

from supportdesk import embedded, serving
from supportdesk.children import Child, end_leftovers, note
from supportdesk.engines.errors import EngineError
from supportdesk.ports import PortError, require_free
from supportdesk.serving import ROOT, RefusalError, Serving

_FIRST_ANSWER = 60.0  # seconds that the web server may take to answer at first


class StopError(Exception):
    """Somebody asked us to stop."""


def main(arguments: list[str]) -> int:
    """Run until stopped. 0 after a wanted stop, 1 with a sentence when it cannot run."""
    try:
        if arguments == ["run"]:
            return Desk(serving.demo(serving.inherited())).run()
        if arguments == ["serve"]:
            return Desk(serving.real(serving.inherited())).run()
        if len(arguments) > 1 and arguments[0] == "manage":
            return _manage(serving.real(serving.inherited()), arguments[1:])
    except (EngineError, PortError, RefusalError) as error:
        sys.stderr.write(f"{error}\n")
        return 1
    sys.stderr.write("usage: python -m supportdesk.supervisor run | serve | manage COMMAND …\n")
    return 2


def _manage(desk: Serving, arguments: list[str]) -> int:
    command = [sys.executable, str(ROOT / "manage.py"), *arguments]
    return subprocess.run(command, env=desk.environment, check=False).returncode  # noqa: S603 - ours


class Desk:
    """One desk, from its first process to its last."""

    def __init__(self, desk: Serving) -> None:
        self.desk = desk
        self.children: list[Child] = []
        self.engines: list[str] = []  # those that are ours to stop
        self.wanted: list[str] = []  # those that are ours to watch
        self.hold: IO[str] | None = None
        self.stopping = False

    def run(self) -> int:
        """Start everything, watch it, stop everything."""
        with self._alone():
            for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
                signal.signal(number, self._asked_to_stop)
            try:
                self._start()
                self._tell()
                self._watch()
            except StopError:
                return 0
            finally:
                self._stop()
        return 0

    # -- starting -------------------------------------------------------------

    @contextmanager
    def _alone(self) -> Iterator[None]:
        lock = self.desk.data_dir / "supervisor.lock"
        with lock.open("a+") as handle:
            try:
                fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                handle.seek(0)
                raise RefusalError(
                    f"This desk is running already: {handle.read().strip() or lock}. Stop that one "
                    "first, or give this one its own data and port: DATA_DIR=… PORT=… "
                    f"{self.desk.command}"
                ) from None
            handle.truncate(0)
            handle.write(f"{self.desk.address} (process {os.getpid()})\n")
            handle.flush()
            yield

    def _asked_to_stop(self, number: int, frame: FrameType | None) -> None:
        if self.stopping:
            _say("Still stopping …")
            return
        self.stopping = True
        raise StopError

    def _start(self) -> None:
        desk = self.desk
        left = end_leftovers(desk.data_dir / "children.json")
        if left:
            _say(f"An earlier run was cut off; stopped what it had left: {', '.join(left)}.")
        require_free(desk.host, desk.port, desk.command)
        serving.remember(desk)
        self._start_engines()
        self._prepare()
        self._start_children()
        self._wait_for_web()

    def _start_engines(self) -> None:
        names = {"DATABASE_URL": "postgres", "REDIS_URL": "valkey"}
        environment = self.desk.environment
        self.wanted = [name for url, name in names.items() if not environment.get(url)]
        if not self.wanted:
            return
        before = embedded.status(self.desk.data_dir)
        # Noted before: a Ctrl-C in the middle must not leave one running.
        self.engines = [name for name in self.wanted if before[name] is None]
        if self.engines:
            _say(f"Starting {' and '.join(self.engines)} in {self.desk.data_dir} ...")
        engines = embedded.start(self.desk.data_dir, self.wanted)
        # Found running, they may be a passing command's: it must not turn them off under us.
        self.hold = embedded.hold(self.desk.data_dir)
        environment.update(
            {
                url: address
                for url, address in (
                    ("DATABASE_URL", engines.database_url),
                    ("REDIS_URL", engines.redis_url),
                )
                if address
            }
        )

    def _prepare(self) -> None:
        if self.desk.demo:
            options = ["--demo", str(self._logins)]
        else:
            options = ["--static", "--administrator"]
        # In our own group, with our terminal: it may ask for the first administrator.
        done = subprocess.Popen(  # noqa: S603 - ours
            [sys.executable, "-m", "supportdesk.prepare", *options],
            env=self.desk.environment,
            cwd=ROOT,
        )
        try:
            code = done.wait()
        except StopError:
            done.terminate()
            with suppress(subprocess.TimeoutExpired):
                done.wait(10)
            if done.poll() is None:
                done.kill()
                done.wait()
            raise
        if code:
            raise RefusalError("The desk is not ready to serve; the reason stands above.")

    def _start_children(self) -> None:
        python = sys.executable
        threads = "8"
        celery = [python, "-m", "celery", "--quiet", "-A", "supportdesk"]
        web = [python, "-m", "gunicorn", "supportdesk.wsgi:application"]
        web += ["--bind", self.desk.bind, "--worker-class", "gthread", "--threads", threads]
        web += ["--workers", "1" if self.desk.demo else "2", "--log-level", "warning"]
        web += ["--timeout", "120", "--graceful-timeout", "5", "--no-control-socket"]
        # Root is meant to be able to try this; Celery's paragraph against it is about pickle.
        quiet = ["-W", "ignore:You're running the worker with superuser"]
        worker = [python, *quiet, *celery[1:], "worker", "--concurrency", "2"]
        worker += ["--loglevel", "warning"]
        worker += ["--without-gossip", "--without-mingle"]
        # Threads will do: what is heavy about files is done by programs of their own.
        files = [*worker, "--queues", "files", "--hostname", "files@%h", "--pool", "threads"]
        beat = [*celery, "beat", "--loglevel", "warning", "--pidfile", ""]
        beat += ["--schedule", str(self.desk.data_dir / "beat-schedule")]
        for name, command in (
            ("web", web),
            ("worker", worker),
            ("files", files),
            ("beat", beat),
        ):
            child = Child(name, command, self.desk.environment, ROOT)
            self.children.append(child)
            child.start()
        self._note()

    def _wait_for_web(self) -> None:
        web = self.children[0]
        end = time.monotonic() + _FIRST_ANSWER
        while time.monotonic() < end:
            if web.process is not None and web.process.poll() is not None:
                time.sleep(0.2)  # its last words are still on their way to the terminal
                raise RefusalError("The web server does not start; the reason stands above.")
            if _answers(f"{self.desk.address}/healthz"):
                return
            time.sleep(0.1)
        raise RefusalError(
            f"{self.desk.address}/healthz did not answer within {_FIRST_ANSWER:.0f} seconds."
        )

    # -- running --------------------------------------------------------------

    def _tell(self) -> None:
        address = self.desk.address
        logins = (
            self._logins.read_text().strip() if self.desk.demo and self._logins.exists() else ""
        )
        _say("\nSupportdesk is running.")
        if address not in logins:  # the demo tells its addresses with its logins
            for who, path in (
                ("Customers", "/"),
                ("Agents", "/desk/"),
                ("Managers", "/reports/"),
                ("Set-up", "/admin/"),
            ):
                _say(f"  {who:<10} {address}{path}")
        if logins:
            _say(logins)
        _say(f"\nCtrl-C stops everything. The data stays in {self.desk.data_dir}.")

    def _watch(self) -> None:
        turn = 0
        while True:
            time.sleep(0.25)
            turn += 1
            for child in self.children:
                before = child.process
                told = child.look()
                if told:
                    _say(told)
                if child.process is not before:
                    self._note()
            if turn % 8 == 0:
                self._watch_engines()

    def _watch_engines(self) -> None:
        if not self.wanted:
            return
        running = embedded.status(self.desk.data_dir)
        dead = [name for name in self.wanted if running[name] is None]
        if not dead:
            return
        _say(f"{' and '.join(dead)} ended; starting again.")
        self.engines = sorted({*self.engines, *dead})
        try:
            embedded.start(self.desk.data_dir, dead)
        except EngineError as error:
            _say(f"{error} Trying again.")

    # -- stopping -------------------------------------------------------------

    def _stop(self) -> None:
        """Web first, so that nobody is answered by half a desk; the engines last."""
        self.stopping = True
        if self.children:
            _say("\nStopping …")
        order = {"web": 0, "beat": 1, "worker": 2, "files": 3}
        for child in sorted(self.children, key=lambda each: order[each.name]):
            child.stop()
        (self.desk.data_dir / "children.json").unlink(missing_ok=True)
        try:
            if self.hold:
                self.hold.close()
            if self.engines:
                embedded.stop(self.desk.data_dir, self.engines)
            if self.wanted:
                # Found running, started by a command that has ended meanwhile: nobody else will.
                embedded.stop_unless_used(self.desk.data_dir)
        except EngineError as error:
            _say(str(error))
        if self.children:
            _say("Stopped.")

    @property
    def _logins(self) -> Path:
        return self.desk.data_dir / "logins.txt"

    def _note(self) -> None:
        note(self.children, self.desk.data_dir / "children.json")


def _answers(url: str) -> bool:
    try:
        with urllib.request.urlopen(url, timeout=5) as answer:  # noqa: S310 - our own http address
            return bool(answer.status == 200)
    except (urllib.error.URLError, OSError):
        return False


def _say(text: str) -> None:
    with suppress(BrokenPipeError, OSError):  # the terminal may be gone; the desk must still stop
        sys.stdout.write(text + "\n")
        sys.stdout.flush()


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
