"""All that must be done before a desk serves, in one process: starting Django is the slow part.

    python -m supportdesk.prepare [--static] [--demo FILE] [--administrator]

Migrations and the cache's table always; `--static` collects the static files; `--demo` loads the
demo and writes its logins to FILE; `--administrator` makes the first one when there is none.
"""

from __future__ import annotations

import argparse
import getpass
import hashlib
import io
import os
import sys
from pathlib import Path

import django
from django.core.checks import run_checks
from django.core.exceptions import ImproperlyConfigured, ValidationError
from django.core.management import call_command, get_commands
from django.core.management.base import CommandError
from django.db import DatabaseError, OperationalError, connection

from supportdesk.engines.errors import EngineError

_NOBODY = (
    "There is no administrator yet. Start once on a terminal, which asks for one, or set "
    "ADMIN_EMAIL and ADMIN_PASSWORD."
)


class NotReadyError(Exception):
    """The desk cannot serve yet; the message is for a person."""


def main(arguments: list[str]) -> int:
    """Prepare, or say in a sentence why not (exit status 1)."""
    parser = argparse.ArgumentParser(prog="python -m supportdesk.prepare")
    parser.add_argument("--static", action="store_true")
    parser.add_argument("--demo", type=Path, metavar="FILE")
    parser.add_argument("--administrator", action="store_true")
    options = parser.parse_args(arguments)
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "supportdesk.settings")
    try:
        django.setup()
        check()
        migrate()
        if options.static:
            collect_static()
        if options.demo:
            load_demo(options.demo)
        if options.administrator:
            first_administrator()
    except (NotReadyError, EngineError, ImproperlyConfigured, CommandError) as error:
        return _fail(str(error))
    except OperationalError as error:
        return _fail(f"The database does not answer: {error}".strip())
    except DatabaseError as error:
        return _fail(f"The database could not be brought up to date: {error}".strip())
    return 0


def check() -> None:
    """Stop on what Django's checks, and ours, call an error. Raises NotReadyError."""
    found = [message for message in run_checks() if message.is_serious()]
    if found:
        raise NotReadyError("\n".join(f"{each.id}: {each.msg} {each.hint or ''}" for each in found))


def migrate() -> None:
    """Bring the database up to date; quick when it is."""
    from django.db.migrations.executor import MigrationExecutor

    executor = MigrationExecutor(connection)
    if executor.migration_plan(executor.loader.graph.leaf_nodes()):
        _say("Bringing the database up to date ...")
        call_command("migrate", interactive=False, verbosity=0)
    call_command("createcachetable", verbosity=0)


def collect_static() -> None:
    """Collect and compress the static files, unless the very same ones were collected before."""
    from django.conf import settings
    from django.contrib.staticfiles.finders import get_finders

    seen = hashlib.sha256(f"{sys.version} {django.__version__}".encode())
    for finder in get_finders():
        for name, storage in finder.list([]):
            stat = Path(storage.path(name)).stat()
            seen.update(f"{name} {stat.st_size} {stat.st_mtime_ns}\n".encode())
    mark = Path(settings.STATIC_ROOT) / ".collected"
    if mark.exists() and mark.read_text() == seen.hexdigest():
        return
    _say("Collecting and compressing the static files ...")
    call_command("collectstatic", interactive=False, verbosity=0)
    mark.write_text(seen.hexdigest())


def load_demo(logins: Path) -> None:
    """The three stores and their month; loading again changes nothing."""
    if "demo_data" not in get_commands():
        return
    call_command("demo_data")
    text = io.StringIO()
    call_command("demo_data", logins=True, stdout=text)
    logins.write_text(text.getvalue())


def first_administrator() -> None:
    """Make the first administrator when there is none. Raises NotReadyError."""
    from django.contrib.auth import get_user_model

    users = get_user_model()._default_manager
    if users.filter(is_superuser=True, is_active=True).exists():
        return
    email = os.environ.get("ADMIN_EMAIL", "").strip()
    password = os.environ.get("ADMIN_PASSWORD", "")
    if email and password:
        problems = _problems(email, password)
        if problems:
            raise NotReadyError("ADMIN_EMAIL, ADMIN_PASSWORD: " + " ".join(problems))
    elif sys.stdin.isatty():
        email, password = _ask()
    else:
        raise NotReadyError(_NOBODY)
    users.create_superuser(email=email, password=password)
    _say(f"{email} can now sign in as the administrator.")


def _ask() -> tuple[str, str]:
    _say("This desk has no administrator yet. Who shall it be?")
    while True:
        try:
            email = input("  E-mail: ").strip()
            password = getpass.getpass("  Password: ")
            again = getpass.getpass("  Password, again: ")
        except EOFError:
            raise NotReadyError(_NOBODY) from None
        problems = _problems(email, password)
        if password != again:
            problems.append("The two passwords differ.")
        if not problems:
            return email, password
        for problem in problems:
            _say(f"  {problem}")


def _problems(email: str, password: str) -> list[str]:
    from django.contrib.auth import get_user_model
    from django.contrib.auth.password_validation import validate_password
    from django.core.validators import validate_email

    found: list[str] = []
    try:
        validate_email(email)
    except ValidationError as error:
        found += error.messages
    try:
        validate_password(password, user=get_user_model()(email=email))
    except ValidationError as error:
        found += error.messages
    return found


def _say(text: str) -> None:
    sys.stdout.write(text + "\n")
    sys.stdout.flush()


def _fail(text: str) -> int:
    sys.stderr.write(text + "\n")
    return 1


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
