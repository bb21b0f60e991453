"""Files that go with messages, as pages show them: a name, a state, and a way to open them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from django.conf import settings
from django.db.models import Q
from django.utils.translation import gettext as _

from tickets.actions.attachments import KIND
from tickets.file_words import problem_words
from tickets.lifecycle import EvidenceState
from tickets.models import Evidence, Ticket


@dataclass(frozen=True, slots=True)
class Shown:
    """One file of a message or a draft. ``opens`` is false where nobody may open it (yet).

    ``picture``: there is a small one to look at. Everything else is only ever saved.
    """

    file: Evidence
    state: str
    words: str
    opens: bool
    picture: bool


def shown(file: Evidence) -> Shown:
    """One file, without asking the database: its copies were read with it."""
    if file.erased_at is not None:
        return Shown(file, "erased", _("deleted after its retention"), opens=False, picture=False)
    if file.state in (EvidenceState.INFECTED, EvidenceState.UNREADABLE):
        return Shown(file, file.state, problem_words(file.problem), opens=False, picture=False)
    unseen = bool(settings.CLAMD_URL) and file.scanned_at is None
    if file.state == EvidenceState.RECEIVED or unseen:
        return Shown(file, "received", _("being checked…"), opens=False, picture=False)
    picture = file.content_type.startswith("image/") and any(
        copy.kind == "preview" for copy in file.copies.all()
    )
    return Shown(file, "", "", opens=True, picture=picture)


def of(
    ticket: Ticket, messages: Iterable[int], drafts: Iterable[int] = ()
) -> tuple[Mapping[int, list[Shown]], Mapping[int, list[Shown]]]:
    """The files of these messages and drafts of a ticket, by their keys. One query, or two."""
    rows = (
        Evidence.objects.filter(ticket=ticket.pk, kind=KIND)
        .filter(Q(message__in=list(messages)) | Q(reply__in=list(drafts)))
        .prefetch_related("copies")
        .order_by("pk")
    )
    said: dict[int, list[Shown]] = {}
    written: dict[int, list[Shown]] = {}
    for row in rows:
        if row.message_id is not None:
            said.setdefault(row.message_id, []).append(shown(row))
        elif row.reply_id is not None:
            written.setdefault(row.reply_id, []).append(shown(row))
    return said, written
