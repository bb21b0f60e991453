"""Copies for looking at: a contact sheet, prints that are compared, a preview. Made once.

The original is read and never touched, and no copy carries anything that was written in it.
"""

from __future__ import annotations

import secrets
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.files import File
from django.core.files.storage import default_storage
from django.db import IntegrityError, transaction

from tickets.evidence import programs
from tickets.evidence.likeness import bands_of, signed
from tickets.evidence.local import storage_errors
from tickets.evidence.programs import APART, Limits, Runner, nothing
from tickets.models import Evidence, EvidenceCopy, FilePrint

PROGRAM = APART / "pictures_program.py"
COPY_LIMITS = Limits(memory=3 * 1024**3, cpu=300, wall=600.0, written=8 * 1024**2)
# A film of many minutes in 4K is coded anew at about the speed at which it was filmed.
PREVIEW_LIMITS = Limits(memory=4 * 1024**3, cpu=3600, wall=3600.0, written=3 * 1024**3)
_TYPES = {"jpg": "image/jpeg", "mp4": "video/mp4"}


class NoPicture(Exception):
    """The program found nothing in the file to make a copy of."""


def make_copies(
    evidence: Evidence,
    path: Path,
    *,
    now: datetime,
    run: Runner = programs.run,
    beat: Callable[[], None] = nothing,
) -> None:
    """The contact sheet of a film, and the prints of any picture. Again is harmless.

    Raises:
        Died: the program ended without an answer.
        NoPicture: it could make nothing of the file.
        StorageAway: the sheet could not be stored.
    """
    with _room() as room:
        answer = _answer(run, ["copy", str(path), str(room / "out")], COPY_LIMITS, beat)
        sheet = answer["sheet"]
        if sheet is not None:
            _keep(evidence, "sheet", room / "out", sheet, now)
    rows = [_print_row(evidence, each["at"], each["bits"]) for each in answer["prints"]]
    _once(lambda: FilePrint.objects.bulk_create(rows, ignore_conflicts=True))


def make_preview(
    evidence: Evidence,
    path: Path,
    *,
    now: datetime,
    run: Runner = programs.run,
    beat: Callable[[], None] = nothing,
) -> None:
    """What every browser shows: a JPEG of a photo, an MP4 of a film. Again is harmless.

    Raises:
        Died, NoPicture, StorageAway: as `make_copies`.
    """
    if evidence.copies.filter(kind="preview").exists():
        return
    with _room() as room:
        arguments = ["preview", str(path), str(room / "out")]
        answer = _answer(run, arguments, PREVIEW_LIMITS, beat)
        _keep(evidence, "preview", room / "out", answer["preview"], now)


def _print_row(evidence: Evidence, at: float, print_: str) -> FilePrint:
    bits = signed(int(print_, 16))
    return FilePrint(evidence=evidence, at=at, bits=bits, bands=bands_of(bits))


@contextmanager
def _room() -> Iterator[Path]:
    """An empty directory for what a program writes."""
    with (
        storage_errors(),
        tempfile.TemporaryDirectory(dir=settings.FILE_UPLOAD_TEMP_DIR, prefix="copy-") as room,
    ):
        yield Path(room)


def _answer(
    run: Runner, arguments: list[str], limits: Limits, beat: Callable[[], None]
) -> dict[str, Any]:
    answer = run(PROGRAM, arguments, limits, beat)
    if not answer["ok"]:
        raise NoPicture(str(answer["code"]))
    return answer


def _keep(evidence: Evidence, kind: str, made: Path, told: dict[str, Any], now: datetime) -> None:
    """Store a copy and record it; what is there already, or has lost its file, is not kept."""
    if evidence.copies.filter(kind=kind).exists():
        return
    name = f"copies/{now:%Y/%m}/{secrets.token_hex(16)}.{told['ending']}"
    with storage_errors(), made.open("rb") as file:
        stored = default_storage.save(name, File(file))
    row = EvidenceCopy(
        evidence=evidence,
        kind=kind,
        file=stored,
        content_type=_TYPES[told["ending"]],
        size=made.stat().st_size,
        width=told["width"],
        height=told["height"],
        data=told["data"],
        made_at=now,
    )
    if not _once(row.save):
        default_storage.delete(stored)


def _once(write: Callable[[], object]) -> bool:
    """Whether it could be written; not where another was faster, or the file's row is gone."""
    try:
        with transaction.atomic():
            write()
    except IntegrityError:
        return False
    return True
