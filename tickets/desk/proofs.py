"""The files of a request as the viewer shows them: what plays, its frames, its moments, its state.

Read in one query for the files and one for their copies; nothing here asks the database again.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime

from django.conf import settings
from django.contrib.postgres.expressions import ArraySubquery
from django.db.models import OuterRef, Q, QuerySet
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as _l

from tickets.file_words import MARK_LABELS, advice_words, clock_words, problem_words
from tickets.lifecycle import EvidenceState, FileStage
from tickets.models import Evidence, EvidenceCopy, FilePrint, Ticket
from tickets.models.evidence import MARKS
from tickets.templatetags import dates

# What the codes of the inspection mean to people; any other is shown as it is.
CODECS: Mapping[str, str] = {
    "h264": "H.264",
    "hevc": "HEVC (H.265)",
    "av1": "AV1",
    "vp8": "VP8",
    "vp9": "VP9",
    "mpeg4": "MPEG-4",
    "jpeg": "JPEG",
    "heif": "HEIC",
}
STATES: Mapping[str, Promise] = {
    "received": _l("Being checked. It counts as soon as that is done."),
    "scanning": _l("Waiting for the virus scan. Nobody sees it before it is clean."),
    "repeated": _l("The same file is here already. It counts only once."),
    "late": _l("Began too late: does not count"),
    "erased": _l("The file was erased after its retention. Its hash stays."),
}


@dataclass(frozen=True, slots=True)
class Frame:
    """One frame of a contact sheet: its second, and which part of the sheet (an SVG viewBox)."""

    at: str  # as a script and a media fragment read it, whatever the reader's language
    clock: str
    view: str


@dataclass(frozen=True, slots=True)
class Mark:
    """A moment that the customer pointed out. ``place`` is where on a bar of 1000."""

    label: str
    at: str
    clock: str
    place: int


@dataclass(frozen=True, slots=True)
class Proof:
    """One file, ready to be shown. ``state`` is a word of ours; ``""`` for a file that counts.

    ``opens`` is false where no address of the file may stand on the page at all; ``shown`` is
    false where it is only told of. ``plays`` names what the player gets: ``preview`` or
    ``original``.
    """

    file: Evidence
    film: bool
    state: str
    words: str
    opens: bool
    shown: bool
    plays: str
    pending: bool
    frames: tuple[Frame, ...]
    sheet: EvidenceCopy | None
    marks: tuple[Mark, ...]
    hints: tuple[str, ...]
    captured: str

    @property
    def codec(self) -> str:
        """The codec as people call it."""
        return CODECS.get(self.file.codec, self.file.codec)

    @property
    def is_void(self) -> bool:
        """Whether the file does not count."""
        return bool(self.state)


@dataclass(frozen=True, slots=True)
class Side:
    """One of the two places of the comparison: its name in the address, and who stands there."""

    name: str
    label: Promise
    chosen: int


@dataclass(frozen=True, slots=True)
class Beside:
    """The files that can be put side by side, and which two are chosen."""

    choices: tuple[Proof, ...]
    sides: tuple[Side, Side]


def beside(proofs: Iterable[Proof], left: int = 0, right: int = 0) -> Beside | None:
    """What there is to choose from; None where fewer than two files can be shown."""
    choices = tuple(one for one in proofs if one.shown)
    if len(choices) < 2:
        return None
    first, second, *_rest = (one.file.pk for one in choices)
    sides = (
        Side("left", _l("On the left"), left or first),
        Side("right", _l("On the right"), right or second),
    )
    return Beside(choices, sides)


def rows(of: QuerySet[Evidence]) -> QuerySet[Evidence]:
    """The files with all that `proofs` and the signals look at: copies, job, prints."""
    prints = FilePrint.objects.filter(evidence=OuterRef("pk")).order_by("at").values("bits")
    return (
        of.select_related("job")
        .prefetch_related("copies")
        .annotate(print_bits=ArraySubquery(prints))
        .order_by("pk")
    )


def proofs(files: Iterable[Evidence], now: datetime) -> list[Proof]:
    """Each of the files as the viewer shows it; ``files`` come from `rows`."""
    return [proof(file, now) for file in files]


def of_ticket(seen: QuerySet[Evidence], ticket: Ticket, now: datetime) -> list[Proof]:
    """The files of one request, among those that may be seen."""
    of = seen.filter(Q(claim__ticket=ticket) | Q(ticket=ticket))
    return proofs(rows(of), now)


def proof(file: Evidence, now: datetime) -> Proof:
    """One file as the viewer shows it."""
    state = _state(file)
    opens = state not in ("erased", "infected", "scanning")
    shown = opens and state in ("", "late")
    copies = {copy.kind: copy for copy in file.copies.all()} if shown else {}
    film = file.seconds is not None or file.content_type.startswith("video/")
    sheet = copies.get("sheet") if film else None
    return Proof(
        file=file,
        film=film,
        state=state,
        words=_words(file, state),
        opens=opens,
        shown=shown,
        plays="preview" if "preview" in copies else "original",
        pending=shown and "preview" not in copies and _in_work(file),
        frames=_frames(sheet),
        sheet=sheet,
        marks=_marks(file) if shown else (),
        hints=tuple(filter(None, map(advice_words, file.advice))) if shown else (),
        captured=_own_clock(file, now),
    )


def _state(file: Evidence) -> str:
    if file.erased_at is not None:
        return "erased"
    if file.state == EvidenceState.INFECTED:
        return "infected"
    if settings.CLAMD_URL and file.scanned_at is None:
        return "scanning"
    if file.state != EvidenceState.READY:
        return str(file.state)
    return "" if file.in_time else "late"


def _words(file: Evidence, state: str) -> str:
    if state in ("infected", "unreadable"):
        told = problem_words(file.problem)
        return _("Does not count. The customer is told: “%(words)s”") % {"words": told}
    return str(STATES.get(state, ""))


def _in_work(file: Evidence) -> bool:
    job = getattr(file, "job", None)
    return job is not None and job.stage != FileStage.DONE


def _frames(sheet: EvidenceCopy | None) -> tuple[Frame, ...]:
    """The frames of a contact sheet, row by row; none of a sheet that does not say where."""
    if sheet is None:
        return ()
    data = sheet.data
    columns, width, height = (data.get(name) or 0 for name in ("columns", "width", "height"))
    if not (columns and width and height):
        return ()
    return tuple(
        Frame(
            at=_plain(at),
            clock=clock_words(at),
            view=f"{number % columns * width} {number // columns * height} {width} {height}",
        )
        for number, at in enumerate(data.get("times", ()))
    )


def _plain(seconds: float) -> str:
    return f"{seconds:.3f}".rstrip("0").rstrip(".")


def _marks(file: Evidence) -> tuple[Mark, ...]:
    length = file.seconds or 0
    if not length:
        return ()
    return tuple(
        Mark(
            label=str(MARK_LABELS[name]),
            at=_plain(at),
            clock=clock_words(at),
            place=round(min(1.0, max(0.0, at / length)) * 1000),
        )
        for name in MARKS
        if (at := file.marks.get(name)) is not None
    )


def _own_clock(file: Evidence, now: datetime) -> str:
    """What a camera without a zone wrote, as it wrote it; empty where the instant is known."""
    if file.captured_at is None or file.captured_zone:
        return ""
    return dates.say(file.captured_at.astimezone(UTC), "UTC", now)
