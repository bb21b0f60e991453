"""What the import commands show and return: a bar, the bad rows, a summary, an exit status."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

from django.core.management.base import CommandError
from django.db import DatabaseError, OperationalError
from django.utils.translation import gettext as _
from tqdm import tqdm

from tickets.actions.order_rows import BadRow
from tickets.intake.load import Loaded
from tickets.intake.table import UnusableFile
from tickets.models import Store

UNUSABLE = 2  # exit status: the file or the store cannot be used
SOME_BAD = 1  # exit status: some rows could not be used, the others are in

Load = Callable[[BinaryIO, Callable[[BadRow], object], Callable[[int], object], Loaded], Loaded]


def store_named(slug: str) -> Store:
    """The store of a slug.

    Raises:
        CommandError: there is none, or the database does not answer; exit status 2.
    """
    try:
        store = Store.objects.filter(slug=slug).first()
        if store is not None:
            return store
        known = ", ".join(Store.objects.order_by("slug").values_list("slug", flat=True))
    except DatabaseError as error:
        raise _database_down(error) from error
    raise CommandError(
        _("There is no store “%(slug)s”. There is: %(known)s.")
        % {"slug": slug, "known": known or _("none yet")},
        returncode=UNUSABLE,
    )


def run_import(path: Path, what: str, load: Load, say: Callable[[str], object]) -> int:
    """Read ``path`` with a bar, tell each bad row with its line, say the summary.

    Returns:
        0 when every row went in, 1 when some could not.

    Raises:
        CommandError: the file or the database cannot be used; exit status 2.
    """
    loaded = Loaded()
    try:
        with _opened(path) as file, _bar(path) as bar:
            load(file, lambda bad: _tell(path, bad), bar.update, loaded)
    except UnusableFile as error:
        raise CommandError(f"{path}: {error}", returncode=UNUSABLE) from error
    except DatabaseError as error:
        raise _database_down(error, _summary(what, loaded)) from error
    except KeyboardInterrupt:
        message = _("Stopped. %(summary)s Start it again: what is in stays in.")
        raise CommandError(message % {"summary": _summary(what, loaded)}, returncode=130) from None
    say(_summary(what, loaded))
    return SOME_BAD if loaded.bad else 0


def _summary(what: str, loaded: Loaded) -> str:
    counts = loaded.counts
    return _(
        "%(what)s: %(new)d new, %(changed)d changed, %(unchanged)d unchanged, %(bad)d bad rows."
    ) % {
        "what": what,
        "new": counts.new,
        "changed": counts.changed,
        "unchanged": counts.unchanged,
        "bad": loaded.bad,
    }


def _tell(path: Path, bad: BadRow) -> None:
    order = _(" (order %(number)s)") % {"number": bad.number} if bad.number else ""
    line = _("%(file)s line %(line)d%(order)s: %(reason)s") % {
        "file": path.name,
        "line": bad.line,
        "order": order,
        "reason": bad.reason,
    }
    tqdm.write(line, file=sys.stderr)


@contextmanager
def _opened(path: Path) -> Iterator[BinaryIO]:
    try:
        file = path.open("rb")
    except OSError as error:
        raise UnusableFile(_("cannot be read: %(why)s.") % {"why": error.strerror}) from error
    with file:
        try:
            yield file
        except OSError as error:
            if isinstance(error, BrokenPipeError):
                raise
            raise UnusableFile(_("cannot be read: %(why)s.") % {"why": error.strerror}) from error


def _bar(path: Path) -> tqdm:  # type: ignore[type-arg]  # counts bytes, iterates nothing
    quiet = not sys.stderr.isatty()
    size = path.stat().st_size
    return tqdm(total=size, unit="B", unit_scale=True, disable=quiet, desc=path.name, leave=False)


def _database_down(error: DatabaseError, so_far: str = "") -> CommandError:
    if isinstance(error, OperationalError):
        message = _("The database does not answer.")
    else:
        message = _("The database refused: %(why)s") % {"why": str(error).splitlines()[0]}
    return CommandError(f"{message} {so_far}".strip(), returncode=UNUSABLE)
