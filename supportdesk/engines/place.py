"""Where PostgreSQL lives and whose account it runs under.

An ordinary user runs it as himself, in DATA_DIR. Root cannot: PostgreSQL refuses. Root lends it an
unprivileged account instead, and that account may not reach a clone under a closed home directory.
Nothing of root's is opened up for it; the binaries are copied and the data kept under /var/lib.
"""

from __future__ import annotations

import os
import pwd
import secrets
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

from supportdesk.engines.errors import EngineError
from supportdesk.engines.host import Account, private_directory

_SHARED = Path("/var/lib/supportdesk")
_POINTER = "postgres.place"  # in DATA_DIR, when the data had to live elsewhere


@dataclass(frozen=True)
class Place:
    """PostgreSQL's home directory, its binaries, and the account (None: our own)."""

    home: Path
    binaries: Path
    account: Account | None


@dataclass(frozen=True)
class Wheel:
    """The unpacked PostgreSQL of a wheel: folders to keep side by side, and where `bin` is."""

    root: Path
    folders: tuple[str, ...]
    binaries: str  # relative to root
    version: str


def find(data_dir: Path, wheel: Wheel) -> Place:
    """Decide the place for `data_dir`, the same every time. Raises EngineError."""
    if os.geteuid() != 0:
        return Place(
            private_directory(data_dir / "postgres"), wheel.root / wheel.binaries, account=None
        )
    home, account = _home_for_root(data_dir)
    return Place(private_directory(home, account), _reachable_binaries(wheel, account), account)


def existing_home(data_dir: Path) -> Path:
    """Where the data is, or would be, without making or deciding anything."""
    pointer = data_dir / _POINTER
    return Path(pointer.read_text().strip()) if pointer.exists() else data_dir / "postgres"


def _home_for_root(data_dir: Path) -> tuple[Path, Account]:
    home = existing_home(data_dir)
    if home.exists():
        owner = home.stat().st_uid
        return home, (_account_of(owner) if owner else _lent_account())
    if (data_dir / _POINTER).exists():
        raise EngineError(
            f"The data of this desk was kept in {home}, which is gone; put it back, or delete "
            f"{data_dir / _POINTER} to begin with an empty desk."
        )
    account = _lent_account()
    if _can(account, ["/bin/sh", "-c", 'cd "$1"', "sh", str(data_dir)]):
        return home, account
    home = _SHARED / secrets.token_hex(8)
    private_directory(_made_shared() / home.name, account)
    # The pointer last: an interruption before it leaves an empty folder, never a wrong pointer.
    (data_dir / _POINTER).write_text(f"{home}\n")
    return home, account


def _lent_account() -> Account:
    for name in ("supportdesk", "nobody"):
        try:
            entry = pwd.getpwnam(name)
        except KeyError:
            continue
        return Account(name, entry.pw_uid, entry.pw_gid)
    raise EngineError(
        "PostgreSQL refuses to run as root, and there is no account `supportdesk` or `nobody` to "
        "lend it: start as an ordinary user, or set DATABASE_URL."
    )


def _account_of(uid: int) -> Account:
    try:
        entry = pwd.getpwuid(uid)
    except KeyError:
        return Account(str(uid), uid, uid)
    return Account(entry.pw_name, uid, entry.pw_gid)


def _made_shared() -> Path:
    try:
        _SHARED.mkdir(mode=0o755, parents=True, exist_ok=True)
        _SHARED.chmod(0o755)
    except OSError as error:
        raise EngineError(
            f"{_SHARED} is needed, because PostgreSQL cannot run as root and its account cannot "
            f"reach this directory, but it cannot be made: {error.strerror}. "
            "Clone to a directory that everybody may enter, or set DATABASE_URL."
        ) from error
    return _SHARED


def _reachable_binaries(wheel: Wheel, account: Account) -> Path:
    """The wheel's binaries where `account` can run them: in place, or a copy made once."""
    if _runs(wheel, wheel.root, account):
        return wheel.root / wheel.binaries
    copy = _made_shared() / f"postgres-{wheel.version}"
    if not copy.exists():
        unfinished = copy.with_name(f"{copy.name}.{secrets.token_hex(4)}")
        try:
            for folder in wheel.folders:
                shutil.copytree(wheel.root / folder, unfinished / folder, symlinks=True)
            _open_for_reading(unfinished)
            unfinished.rename(copy)
        except OSError as error:
            shutil.rmtree(unfinished, ignore_errors=True)
            if not copy.exists():  # else: another start was quicker, and its copy is as good
                raise EngineError(f"PostgreSQL cannot be copied to {copy}: {error}.") from error
    if not _runs(wheel, copy, account):
        raise EngineError(
            f"The account `{account.name}` cannot run PostgreSQL from {copy}: start as an ordinary "
            "user, or set DATABASE_URL."
        )
    return copy / wheel.binaries


def _open_for_reading(root: Path) -> None:
    for path in (root, *root.rglob("*")):
        if not path.is_symlink():
            path.chmod(path.stat().st_mode | (0o555 if path.is_dir() else 0o444))
            if os.access(path, os.X_OK):
                path.chmod(path.stat().st_mode | 0o111)


def _runs(wheel: Wheel, root: Path, account: Account) -> bool:
    # The program, and a file of its share directory: a strict umask may have closed either.
    share = root / Path(wheel.binaries).parent / "share"
    samples = sorted(share.rglob("postgres.bki"))[:1]
    script = '"$1" --version >/dev/null && test -r "$2"'
    program = root / wheel.binaries / "postgres"
    return bool(samples) and _can(
        account, ["/bin/sh", "-c", script, "sh", str(program), str(samples[0])]
    )


def _can(account: Account, command: list[str]) -> bool:
    try:
        done = subprocess.run(  # noqa: S603 - our own words, no shell parses them
            command, cwd="/", capture_output=True, timeout=20, **account.popen_options()
        )
    except (OSError, subprocess.SubprocessError) as error:
        raise EngineError(
            f"PostgreSQL refuses to run as root, and root may not become `{account.name}` here "
            f"({error}): start as an ordinary user, or set DATABASE_URL."
        ) from error
    return done.returncode == 0
