"""`make run` and `make serve`: one process that starts, watches and stops a whole desk."""

import json
import os
import re
import signal
import socket
import stat
import subprocess
import sys
import threading
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from supportdesk import embedded
from supportdesk.engines import host
from supportdesk.engines.host import free_port
from tests.engines import ADDRESS
from tests.ops.desk import ROOT, eventually, outside, python

OWNER = {"ADMIN_EMAIL": "owner@example.org", "ADMIN_PASSWORD": "correct-horse-battery-77"}


class Desk:
    """A supervisor as `make` starts it, in a process group that a terminal would signal."""

    def __init__(self, kind: str, data: Path, **environment: str) -> None:
        self.data, self.port = data, free_port()
        self.lines: list[str] = []
        self.process = subprocess.Popen(
            [sys.executable, "-m", "supportdesk.supervisor", kind],
            cwd=ROOT,
            # Collected and compressed once for all the desks of this process.
            env=outside(
                DATA_DIR=str(data),
                PORT=str(self.port),
                STATIC_ROOT=f"{os.environ[ADDRESS]}/static-{os.getpid()}",
                **environment,
            ),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            start_new_session=True,
        )
        self.reader = threading.Thread(target=self._read, daemon=True)
        self.reader.start()

    def _read(self) -> None:
        for line in self.process.stdout:
            self.lines.append(line)

    @property
    def said(self) -> str:
        return "".join(self.lines)

    def serves(self) -> bool:
        return eventually(
            lambda: "Ctrl-C stops everything" in self.said or self.process.poll() is not None, 120
        ) and (self.process.poll() is None)

    def children(self) -> dict[str, int]:
        """Process ids by name, as the supervisor notes them."""
        try:
            rows = json.loads((self.data / "children.json").read_text())
        except OSError:
            return {}
        return {row["name"]: row["pid"] for row in rows}

    def everything(self) -> list[psutil.Process]:
        """Every process that this desk has: the supervisor's tree and the engines."""
        found = [psutil.Process(self.process.pid)]
        found += found[0].children(recursive=True)
        return found + self.engines()

    def engines(self) -> list[psutil.Process]:
        """The engines and the processes that they started themselves."""
        found = [psutil.Process(pid) for pid in embedded.status(self.data).values() if pid]
        return found + [each for engine in found for each in engine.children(recursive=True)]

    def ctrl_c(self) -> int:
        os.killpg(self.process.pid, signal.SIGINT)
        code = self.process.wait(60)
        self.reader.join(10)
        return code

    def kill(self) -> None:
        if self.process.poll() is None:
            self.ctrl_c()


@pytest.fixture
def start(data_dir: Path) -> Iterator[type[Desk]]:
    """Starts desks, and ends those that a failing test left."""
    started: list[Desk] = []

    def begin(kind: str = "run", **environment: str) -> Desk:
        started.append(Desk(kind, data_dir, **environment))
        return started[-1]

    yield begin
    for desk in started:
        desk.kill()


def living(processes: list[psutil.Process]) -> list[psutil.Process]:
    """Those that still run; one that only waits for its parent to notice has ended."""
    return [each for each in processes if each.is_running() and host.process(each.pid)]


def get(desk: Desk, path: str = "/healthz") -> int:
    with urllib.request.urlopen(f"http://127.0.0.1:{desk.port}{path}", timeout=10) as answer:
        return answer.status


def test_a_demo_serves_mends_itself_and_leaves_nothing_behind(start) -> None:
    desk = start("run")
    assert desk.serves(), desk.said
    for place in ("/", "/desk/", "/reports/", "/admin/"):
        assert f"http://127.0.0.1:{desk.port}{place}\n" in desk.said
    assert get(desk) == 200

    # A second one in the same directory is told where the first one is.
    second = python(
        "-m", "supportdesk.supervisor", "run", DATA_DIR=str(desk.data), PORT=str(free_port())
    )
    assert second.returncode == 1
    assert f"running already: http://127.0.0.1:{desk.port}" in second.stderr
    assert "Traceback" not in second.stderr

    assert set(desk.children()) == {"web", "worker", "files", "beat"}

    # A killed worker is told of, and replaced; so is a killed PostgreSQL.
    worker = desk.children()["worker"]
    os.kill(worker, signal.SIGKILL)
    assert eventually(lambda: desk.children().get("worker", worker) != worker), desk.said
    assert "worker ended (killed by SIGKILL); it is started again in 1 s." in desk.said
    os.kill(embedded.status(desk.data)["postgres"], signal.SIGKILL)
    assert eventually(lambda: "postgres ended; starting again." in desk.said)
    assert eventually(lambda: _answers(desk)), desk.said

    everything = desk.everything()
    assert len(everything) > 6
    assert desk.ctrl_c() == 0
    assert "Stopped." in desk.said
    assert living(everything) == []
    assert embedded.status(desk.data) == {"postgres": None, "valkey": None}
    assert "Traceback" not in desk.said.split("Stopping")[1]


def test_what_a_killed_run_left_is_ended_by_the_next(start) -> None:
    first = start("serve", **OWNER)
    assert first.serves(), first.said
    engines = first.engines()
    left = [each for each in first.everything() if each not in engines]
    left.remove(psutil.Process(first.process.pid))
    assert len(left) > 4
    first.process.kill()
    first.process.wait(10)

    second = start("serve", **OWNER)
    assert second.serves(), second.said
    assert "An earlier run was cut off; stopped what it had left: " in second.said
    assert living(left) == []
    # The engines were well: they are taken over, and stopped with the desk that took them.
    assert set(embedded.status(second.data).values()) <= {each.pid for each in engines}
    assert second.ctrl_c() == 0
    assert living(engines) == []


def test_a_port_in_use_is_said_before_anything_starts(data_dir: Path) -> None:
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        port = other.getsockname()[1]
        done = python("-m", "supportdesk.supervisor", "run", DATA_DIR=str(data_dir), PORT=str(port))
    assert done.returncode == 1
    assert re.fullmatch(
        rf"Port {port} on 127\.0\.0\.1 is in use by another program\. Stop that, or choose "
        r"another port: PORT=\d+ make run\n",
        done.stderr,
    )
    assert embedded.status(data_dir) == {"postgres": None, "valkey": None}


@pytest.mark.parametrize("port", ["eighty", "0", "70000", "²"])
def test_a_port_that_is_none_is_said(data_dir: Path, port: str) -> None:
    done = python("-m", "supportdesk.supervisor", "run", DATA_DIR=str(data_dir), PORT=port)
    assert done.returncode == 1
    assert f"PORT must be a number from 1 to 65535, not “{port}”." in done.stderr


def test_stopping_in_the_middle_of_the_start_leaves_nothing(start) -> None:
    desk = start("run")
    assert eventually(lambda: "Starting postgres" in desk.said)
    eventually(lambda: any(embedded.status(desk.data).values()))
    assert desk.ctrl_c() == 0, desk.said
    assert embedded.status(desk.data) == {"postgres": None, "valkey": None}
    assert "Traceback" not in desk.said


def test_a_real_desk_has_its_own_secrets_and_first_administrator(start) -> None:
    nobody = start("serve")
    assert nobody.process.wait(120) == 1
    nobody.reader.join(10)
    assert "There is no administrator yet. Start once on a terminal" in nobody.said
    assert "Traceback" not in nobody.said

    weak = start("serve", ADMIN_EMAIL="owner@example.org", ADMIN_PASSWORD="12345")
    assert weak.process.wait(120) == 1
    weak.reader.join(10)
    assert "ADMIN_EMAIL, ADMIN_PASSWORD: This password is too short." in weak.said

    kept = (nobody.data / "secrets.env").read_text()
    desk = start("serve", **OWNER)
    assert desk.serves(), desk.said
    assert "owner@example.org can now sign in as the administrator." in desk.said
    assert OWNER["ADMIN_PASSWORD"] not in desk.said
    assert get(desk) == 200
    secret = desk.data / "secrets.env"
    assert secret.read_text() == kept
    assert stat.S_IMODE(secret.stat().st_mode) == 0o600

    code = "from django.conf import settings as s; from django.contrib.auth import get_user_model "
    code += "as u; from tickets.models import Store; print(s.DEBUG, s.DEMO, "
    code += f"s.SECRET_KEY in {kept!r}, u().objects.count(), Store.objects.count())"
    looked = python("manage.py", "shell", "--no-imports", "-c", code, DATA_DIR=str(desk.data))
    assert looked.stdout.split() == ["False", "False", "True", "1", "0"], looked.stderr
    assert desk.ctrl_c() == 0

    again = start("serve")
    assert again.serves(), "the administrator is there already, so nobody is asked"


def test_the_demos_data_never_becomes_a_real_desks(data_dir: Path) -> None:
    (data_dir / "kind-of-desk").write_text("demo\n")
    done = python("-m", "supportdesk.supervisor", "serve", DATA_DIR=str(data_dir))
    assert done.returncode == 1
    assert "holds the data of a demo desk, and this would be a real one" in done.stderr


def test_a_real_desk_refuses_debug(data_dir: Path) -> None:
    done = python("-m", "supportdesk.supervisor", "serve", DATA_DIR=str(data_dir), DEBUG="1")
    assert done.returncode == 1
    assert done.stderr == "DEBUG is for `make run`; a real desk runs without: unset it.\n"


def _answers(desk: Desk) -> bool:
    try:
        return get(desk) == 200
    except OSError:
        return False
