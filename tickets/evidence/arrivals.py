"""How far each file of a draft or a request has come, in the words of the customers' pages."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

from django.utils.translation import gettext as _

from tickets.actions.attachments import KIND
from tickets.actions.files_to_send import PATIENCE, files_to_send
from tickets.actions.uploads import Place, unfinished
from tickets.errors import Conflict
from tickets.file_words import advice_words, problem_words
from tickets.lifecycle import EvidenceState
from tickets.models import Evidence, Upload

Stage = Literal["arriving", "checking", "ready", "repeated", "problem"]
_STAGES: dict[str, Stage] = {
    EvidenceState.RECEIVED: "checking",
    EvidenceState.READY: "ready",
    EvidenceState.REPEATED: "repeated",
    EvidenceState.UNREADABLE: "problem",
    EvidenceState.INFECTED: "problem",
}


@dataclass(frozen=True, slots=True)
class Shown:
    """One file as a page shows it: on its way (``upload``), or here (``evidence``).

    ``size`` and ``offset`` are bytes; ``percent`` is how much of it has arrived. ``words`` say
    where it stands, ``advice`` what would make it more useful.
    """

    kind: str
    name: str
    size: int
    stage: Stage
    words: str
    percent: int = 100
    offset: int = 0
    in_time: bool = True
    advice: tuple[str, ...] = ()
    upload: Upload | None = None
    evidence: Evidence | None = None

    @property
    def counts(self) -> bool:
        """Whether it is one of those that a rule asks for."""
        return self.stage == "ready" and self.in_time


def look(place: Place, now: datetime) -> list[Shown]:
    """Every file of a draft, claim or ticket: those that are here, then those on their way."""
    owner = place.draft or place.claim or place.ticket
    assert owner is not None
    here = owner.evidence.exclude(kind=KIND).select_related("upload").order_by("pk")
    return [*(_here(row, now) for row in here), *(_coming(row) for row in unfinished(place))]


def rows(files: Iterable[Shown]) -> list[Evidence]:
    """The files that are here, as the rules look at them."""
    return [file.evidence for file in files if file.evidence is not None]


def moves(files: Iterable[Shown]) -> bool:
    """Whether the server is at work on one of them, so that looking again is worth while."""
    return any(
        file.stage == "checking" and (file.evidence is None or file.evidence.erased_at is None)
        for file in files
    )


def looks_soon(files: Iterable[Shown], now: datetime) -> bool:
    """Whether a check goes on that should be over in a moment."""
    return any(
        file.stage == "checking"
        and file.evidence is not None
        and file.evidence.completed_at > now - PATIENCE
        for file in files
    )


def mark(files: Sequence[Shown]) -> str:
    """Changes whenever a page that shows these files would change."""
    seen = [
        [_key(file), file.stage, "" if file.stage == "arriving" else file.words, file.advice]
        for file in files
    ]
    text = json.dumps(seen)
    return hashlib.sha256(text.encode()).hexdigest()[:20]


def state(place: Place, now: datetime) -> dict[str, Any]:
    """The same for a script: offsets and lengths in bytes; ``held`` says why it cannot be sent."""
    files = look(place, now)
    held = ""
    if place.draft is not None:
        try:
            files_to_send(place.draft, now)
        except Conflict as error:
            held = error.message
    return {
        "mark": mark(files),
        "moving": moves(files),
        "held": held,
        "uploads": [
            {"key": u.key, "kind": u.kind, "name": file.name, "offset": u.offset}
            | {"length": u.length}
            for file in files
            if (u := file.upload) is not None
        ],
        "files": [
            {"id": file.evidence.pk, "kind": file.kind, "name": file.name, "state": file.stage}
            | {"problem": file.words if file.stage == "problem" else "", "words": file.words}
            | {"advice": list(file.advice), "in_time": file.in_time, "upload": _way(file.evidence)}
            for file in files
            if file.evidence is not None
        ],
    }


def _key(file: Shown) -> str:
    return file.upload.key if file.upload is not None else str(file.evidence and file.evidence.pk)


def _way(row: Evidence) -> str:
    """The key of the upload by which it came; empty when it came by the plain form."""
    upload: Upload | None = getattr(row, "upload", None)
    return upload.key if upload is not None else ""


def _coming(upload: Upload) -> Shown:
    percent = 100 * upload.offset // upload.length
    return Shown(
        kind=upload.kind,
        name=upload.original_name,
        size=upload.length,
        stage="arriving",
        words=_("%(n)d %% has arrived. Choose the same file again to go on where it stopped.")
        % {"n": percent},
        percent=percent,
        offset=upload.offset,
        upload=upload,
    )


def _here(row: Evidence, now: datetime) -> Shown:
    stage = _STAGES[row.state]
    return Shown(
        kind=row.kind,
        name=row.original_name,
        size=row.size,
        stage=stage,
        words=_words(row, now),
        offset=row.size,
        in_time=row.in_time,
        advice=_advice(row) if stage == "ready" else (),
        evidence=row,
    )


def _words(row: Evidence, now: datetime) -> str:
    if row.erased_at is not None:
        return _("We deleted this file: the time for which we keep files is over.")
    if row.state == EvidenceState.READY:
        return _("Ready") if row.in_time else _("Ready, but too late to count by itself")
    if row.state == EvidenceState.REPEATED:
        return _("The same file was here already. It counts only once.")
    if row.state != EvidenceState.RECEIVED:
        return problem_words(row.problem)
    if row.completed_at > now - PATIENCE:
        return _("It has arrived. We are checking whether it opens…")
    return _(
        "It has arrived. Checking it takes longer than usual: you need not wait. "
        "We write to you if something is wrong with it."
    )


def _advice(row: Evidence) -> tuple[str, ...]:
    return tuple(words for code in row.advice if (words := advice_words(code)))
