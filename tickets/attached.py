"""Files that go with messages, as pages show them: a name, a state, and a way to open them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

from django.conf import settings
from django.db import connection
from django.db.models import Q
from django.utils.translation import gettext as _

from supportdesk.prepared import Prepared
from tickets.actions.attachments import KIND
from tickets.file_words import problem_words
from tickets.jsonrows import Shape, know, relate
from tickets.lifecycle import EvidenceState
from tickets.models import Evidence, EvidenceCopy, ReplyDraft, Ticket, User


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
    ticket: Ticket,
    messages: Iterable[int],
    drafts: Iterable[int] = (),
    *,
    tickets: Sequence[int] = (),
) -> tuple[Mapping[int, list[Shown]], Mapping[int, list[Shown]]]:
    """The files of these messages and drafts of a ticket, by their keys. One query, or two.

    ``tickets`` are the keys of it and of what is merged into it, where anything is.
    """
    rows = (
        Evidence.objects.filter(
            Q(message__in=list(messages)) | Q(reply__in=list(drafts)),
            kind=KIND,
            ticket__in=tickets or [ticket.pk],
        )
        .prefetch_related("copies")
        .order_by("pk")
    )
    return _by_owner(rows)


def _by_owner(
    rows: Iterable[Evidence],
) -> tuple[Mapping[int, list[Shown]], Mapping[int, list[Shown]]]:
    said: dict[int, list[Shown]] = {}
    written: dict[int, list[Shown]] = {}
    for row in rows:
        if row.message_id is not None:
            said.setdefault(row.message_id, []).append(shown(row))
        elif row.reply_id is not None:
            written.setdefault(row.reply_id, []).append(shown(row))
    return said, written


_FILE, _COPY, _DRAFT, _USER = (
    Shape(Evidence),
    Shape(EvidenceCopy),
    Shape(ReplyDraft),
    Shape(User, without=("password", "last_login")),
)
_MOST_DRAFTS = 100


@dataclass(frozen=True, slots=True)
class Attached:
    """The drafts on a ticket, with their writers; the files of messages and of drafts, by key."""

    drafts: list[ReplyDraft]
    said: Mapping[int, list[Shown]]
    written: Mapping[int, list[Shown]]


_DRAFTS = """
  (SELECT json_agg(json_build_array({draft}, {user}))
   FROM (SELECT * FROM tickets_replydraft d WHERE d.ticket_id = ANY({family})
         ORDER BY d.send_at, d.id LIMIT {most}) r
   JOIN tickets_user u ON u.id = r.user_id)
"""
_FILES = """
  (SELECT json_agg(json_build_array({file},
     (SELECT json_agg({copy} ORDER BY k.id) FROM tickets_evidencecopy k
      WHERE k.evidence_id = f.id)) ORDER BY f.id)
   FROM tickets_evidence f WHERE f.ticket_id = ANY({family}) AND f.kind = '{kind}'
     AND (f.message_id IN ({messages}) OR f.reply_id IS NOT NULL))
"""
_OF_TICKET = "SELECT {}, {} FROM tickets_ticket t WHERE t.id = %(ticket)s"


_FAMILY = """ARRAY(SELECT t.id UNION ALL
    SELECT n.id FROM tickets_ticket n WHERE n.merged_into_id = t.id)"""


def columns(messages: str, family: str = _FAMILY) -> tuple[str, str]:
    """Two columns of a statement about ``tickets_ticket t``, for `put_together`.

    ``messages`` is SQL for the keys of the messages whose files are wanted beside those of
    the drafts. ``family`` is SQL for the keys of the ticket and of what is merged into it.
    """
    drafts = _DRAFTS.format(
        draft=_DRAFT.sql("r"), user=_USER.sql("u"), most=_MOST_DRAFTS, family=family
    )
    files = _FILES.format(
        file=_FILE.sql("f"), copy=_COPY.sql("k"), kind=KIND, messages=messages, family=family
    )
    return drafts, files


def put_together(drafts: list[Any] | None, files: list[Any] | None) -> Attached:
    """What the two `columns` have brought."""
    rows = []
    for draft, user in drafts or ():
        row = _DRAFT.made(draft)
        relate(row, "user", _USER.made(user))
        rows.append(row)
    rows.sort(key=lambda row: (row.send_at is None, row.send_at or row.touched_at, row.pk))
    found = []
    for values, copies in files or ():
        file = _FILE.made(values)
        know(file, "copies", _COPY.many(copies))
        found.append(file)
    return Attached(rows, *_by_owner(found))


@cache
def _statement() -> Prepared:
    return Prepared(_OF_TICKET.format(*columns("NULL")), {"ticket": "bigint"})


def read(ticket: Ticket) -> Attached:
    """The drafts on a ticket and their files, in one statement."""
    with connection.cursor() as cursor:
        _statement().execute(cursor, {"ticket": ticket.pk})
        return put_together(*cursor.fetchone())
