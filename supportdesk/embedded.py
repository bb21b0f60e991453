"""PostgreSQL and Valkey out of wheels, for one machine without either.

The only file that knows the wheels. Settings ask it for a URL when DATABASE_URL or REDIS_URL is
not set; then the engines of DATA_DIR are found running or started, and the last process to use
them turns them off again. A server sets both variables and does not install the wheels at all.

    python -m supportdesk.embedded start|stop|status
"""

from __future__ import annotations

import atexit
import fcntl
import importlib.util
import os
import sys
from collections.abc import Iterable
from dataclasses import dataclass, field
from importlib.metadata import version
from pathlib import Path
from typing import IO, TYPE_CHECKING

if TYPE_CHECKING:
    from supportdesk.engines.place import Wheel
    from supportdesk.engines.postgres import Postgres
    from supportdesk.engines.valkey import Valkey

ENGINES = ("postgres", "valkey")
_LOCK = "engines.lock"
_USERS = "engines.users"
_KEEP = "engines.keep"
_NOT_INSTALLED = (
    "The embedded engines are not installed: set DATABASE_URL and REDIS_URL to your servers, "
    "or install requirements-embedded.lock (`make run` does)."
)


class EngineError(Exception):
    """An engine cannot run; the message is one sentence for a person."""


@dataclass
class Engines:
    """What `start` gives: the URLs, and which of the engines it really started."""

    database_url: str = ""
    redis_url: str = ""
    started: list[str] = field(default_factory=list)


def default_data_dir() -> Path:
    """DATA_DIR of the environment, else `.data` beside the code."""
    beside = Path(__file__).resolve().parent.parent / ".data"
    return Path(os.environ.get("DATA_DIR") or beside)


def database_url(data_dir: Path | None = None) -> str:
    """The URL of the running, or now started, PostgreSQL of `data_dir`. Raises EngineError."""
    return _use(data_dir, "postgres").database_url


def redis_url(data_dir: Path | None = None) -> str:
    """The URL of the running, or now started, Valkey of `data_dir`. Raises EngineError."""
    return _use(data_dir, "valkey").redis_url


def start(
    data_dir: Path | None = None, only: Iterable[str] = ENGINES, *, durable: bool = True
) -> Engines:
    """Start what is not running yet. Raises EngineError, with a sentence for a person.

    `durable=False` trades safety against a power cut for speed: for tests.
    """
    with _door(data_dir) as place:
        return _start(place, only, durable)


def stop(data_dir: Path | None = None, only: Iterable[str] = ENGINES) -> list[str]:
    """Stop the engines of `data_dir`; returns the names of those that ran."""
    with _door(data_dir) as place:
        (place / _KEEP).unlink(missing_ok=True)
        return _stop(place, only)


def stop_unless_used(data_dir: Path | None = None) -> list[str]:
    """Stop the engines unless a process still uses them or `start` was asked to keep them."""
    with _door(data_dir) as place, (place / _USERS).open("a") as users:
        try:
            fcntl.flock(users, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return []
        return [] if (place / _KEEP).exists() else _stop(place, ENGINES)


def status(data_dir: Path | None = None) -> dict[str, int | None]:
    """Each engine's process id, or None where it does not run. Changes nothing."""
    place = _resolved(data_dir)
    try:
        from supportdesk.engines import postgres, valkey
        from supportdesk.engines.place import existing_home
    except ImportError as error:
        raise EngineError(_NOT_INSTALLED) from error
    found = {
        "postgres": postgres.running(existing_home(place)),
        "valkey": valkey.running(place / "valkey"),
    }
    return {name: proc.pid if proc else None for name, proc in found.items()}
