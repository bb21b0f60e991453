"""What a desk on one machine is told through its environment: the demo, or a real one."""

from __future__ import annotations

import os
import secrets
import socket
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

import environ

from supportdesk.engines.errors import EngineError
from supportdesk.engines.host import write_private
from supportdesk.ports import parse_port

ROOT = Path(__file__).resolve().parent.parent
_KIND = "kind-of-desk"
_TOLD = (
    *("DEBUG", "DEMO", "PORT", "HOST", "BASE_URL", "ALLOWED_HOSTS", "CSRF_TRUSTED_ORIGINS"),
    *("STATIC_ROOT", "MEDIA_ROOT", "STORAGE_URL", "TRUST_PROXY"),
    *("EMAIL_URL", "DEFAULT_FROM_EMAIL", "MAIL_DOMAIN"),
)
_FALSE = {"", "0", "false", "no", "off"}


class RefusalError(Exception):
    """The desk does not start or cannot go on; the message is for a person."""


@dataclass(frozen=True)
class Serving:
    """One desk: where its data is, where it listens, what its processes are told."""

    demo: bool
    data_dir: Path
    host: str
    port: int
    environment: dict[str, str]

    @property
    def command(self) -> str:
        """How a person starts this."""
        return "make run" if self.demo else "make serve"

    @property
    def address(self) -> str:
        """Where a browser on this machine finds it."""
        reach = "127.0.0.1" if self.host in {"0.0.0.0", "::"} else self.host  # noqa: S104 - compared
        return f"http://{f'[{reach}]' if ':' in reach else reach}:{self.port}"

    @property
    def bind(self) -> str:
        """HOST:PORT as gunicorn wants it."""
        return f"{f'[{self.host}]' if ':' in self.host else self.host}:{self.port}"


def demo(given: dict[str, str]) -> Serving:
    """The demo: DEBUG, its month of orders, mails kept and shown.

    Raises RefusalError, PortError, EngineError.
    """
    return _serving(given, True, {"DEBUG": "1", "DEMO": "1"})


def real(given: dict[str, str]) -> Serving:
    """A real desk: no demo, no DEBUG, secrets of its own.

    Raises RefusalError, PortError, EngineError.
    """
    for name in ("DEBUG", "DEMO"):
        if given.get(name, "").strip().lower() not in _FALSE:
            raise RefusalError(f"{name} is for `make run`; a real desk runs without: unset it.")
    serving = _serving(given, False, {"DEBUG": "0", "DEMO": "0"})
    kept = _secrets(serving.data_dir / "secrets.env")
    # What the environment says counts more than what was made here.
    environment = kept | serving.environment
    environment.setdefault("ALLOWED_HOSTS", ",".join(_hosts(serving, environment)))
    environment.setdefault("STATIC_ROOT", str(serving.data_dir / "static"))
    return Serving(False, serving.data_dir, serving.host, serving.port, environment)


def _serving(given: dict[str, str], is_demo: bool, forced: dict[str, str]) -> Serving:
    beside = ROOT / (".data" if is_demo else ".data-shop")
    data_dir = Path(given.get("DATA_DIR") or beside).expanduser().resolve()
    host = given.get("HOST") or "127.0.0.1"
    port = parse_port(given.get("PORT") or "8000")
    _claim(data_dir, "demo" if is_demo else "real")
    environment = given | forced | {"DATA_DIR": str(data_dir), "PORT": str(port), "HOST": host}
    # A line of a child's is told when it is said, not when its buffer is full.
    environment.setdefault("PYTHONUNBUFFERED", "1")
    return Serving(is_demo, data_dir, host, port, environment)


def _claim(data_dir: Path, kind: str) -> None:
    """The demo's passwords are public: its data never becomes a real desk's, nor the reverse."""
    try:
        data_dir.mkdir(parents=True, exist_ok=True)
        mark = data_dir / _KIND
        if not mark.exists():
            mark.write_text(kind + "\n")
        elif mark.read_text().strip() != kind:
            other = mark.read_text().strip()
            raise RefusalError(
                f"{data_dir} holds the data of a {other} desk, and this would be a {kind} one. "
                "Choose another directory: DATA_DIR=…"
            )
    except OSError as error:
        raise EngineError(
            f"The data directory {data_dir} cannot be used: {error.strerror}. "
            "Choose another one with DATA_DIR."
        ) from error


def _secrets(path: Path) -> dict[str, str]:
    """The desk's own secrets: made once, readable by its account only."""
    if not path.exists():
        write_private(
            path,
            "# Made for this desk. Whoever has it can sign links: keep it, and keep it secret.\n"
            f"SECRET_KEY={secrets.token_urlsafe(50)}\n",
        )
    path.chmod(0o600)
    lines = (line.strip() for line in path.read_text().splitlines())
    pairs = (line.split("=", 1) for line in lines if "=" in line and not line.startswith("#"))
    return {name.strip(): value.strip() for name, value in pairs}


def _hosts(serving: Serving, environment: dict[str, str]) -> list[str]:
    named = urlsplit(environment.get("BASE_URL", "")).hostname
    hosts = ["localhost", "127.0.0.1", "[::1]", socket.gethostname(), named]
    if serving.host not in {"0.0.0.0", "::"}:  # noqa: S104 - compared, not bound
        hosts.append(serving.host)
    return list(dict.fromkeys(host for host in hosts if host))


def inherited() -> dict[str, str]:
    """This process's environment and what `.env` adds to it, as a start for the desk's."""
    if (ROOT / ".env").exists():
        environ.Env.read_env(ROOT / ".env")
    return dict(os.environ)


def remember(serving: Serving) -> None:
    """Write down what this desk is told, for commands beside it (settings read it).

    Not the secrets, which have their file, nor the engines, which change their addresses.
    """
    told = (
        f"{name}={serving.environment[name]}\n" for name in _TOLD if name in serving.environment
    )
    write_private(serving.data_dir / "desk.env", "".join(told))
