"""The words of tickets, kept in step with what is said on them.

Triggers note down every ticket whose words have changed (`StaleDoc`), in the transaction that
changes them. Here the notes are taken and the words read again in one transaction: what commits
later has brought a note of its own. One process does it at a time, so that nobody writes older
words over newer ones.
"""

from __future__ import annotations

import logging
import time
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from django.db import DatabaseError, connection, transaction

from tickets.models import ClaimItem, Event, Message, Ticket, TicketTag
from tickets.search.vector import Words, block_marks

log = logging.getLogger(__name__)
BATCH = 100
SECONDS = 20.0  # how long one run goes on while there is more
# Of a very long ticket the beginning and the newest are searched: a tsvector has room for a
# megabyte, and 200 kB of text never fill it.
FIRST_BYTES = NEWEST_BYTES = 100_000
_LOCK = 0x5EA2C4  # one indexer at a time: a key among PostgreSQL's advisory locks
_NOTES = ("claim_filed", "ticket_opened")

_TAKE = """
    DELETE FROM tickets_staledoc WHERE id IN (
        SELECT id FROM tickets_staledoc ORDER BY id FOR UPDATE SKIP LOCKED LIMIT %s
    ) RETURNING ticket_id
"""
_WRITE = """
    INSERT INTO tickets_searchdoc (ticket_id, words)
    SELECT doc.ticket_id, doc.words::tsvector
    FROM unnest(%s::bigint[], %s::text[]) AS doc (ticket_id, words)
    ON CONFLICT (ticket_id) DO UPDATE SET words = excluded.words
    WHERE tickets_searchdoc.words IS DISTINCT FROM excluded.words
"""


def index_due() -> int:
    """Read the words of every ticket that has changed, the oldest change first.

    Returns how many notes were taken. Ends early when another process is at it, or after
    ``SECONDS``: what is left waits for the next run.
    """
    until = time.monotonic() + SECONDS
    taken = 0
    while time.monotonic() < until:
        batch = _index_batch()
        taken += batch
        if batch < BATCH:
            break
    return taken


def mark_all_stale() -> int:
    """Note down every ticket, the newest first: those are looked for most."""
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO tickets_staledoc (ticket_id)"
            " SELECT id FROM tickets_ticket ORDER BY id DESC"
        )
        return int(cursor.rowcount)


def _index_batch() -> int:
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_xact_lock(%s)", [_LOCK])
        if not cursor.fetchone()[0]:
            return 0
        cursor.execute(_TAKE, [BATCH])
        noted = [row[0] for row in cursor.fetchall()]
        tickets = sorted(set(noted))
        try:
            with transaction.atomic():
                _write(tickets)
        except (DatabaseError, ValueError):
            _one_by_one(tickets)
    return len(noted)


def _one_by_one(tickets: Iterable[int]) -> None:
    """Somewhere among these is one that cannot be kept: it alone is left out, and told."""
    for ticket in tickets:
        try:
            with transaction.atomic():
                _write([ticket])
        except (DatabaseError, ValueError):
            log.exception("The words of ticket %s cannot be kept; it is not found by them.", ticket)


def _write(tickets: Sequence[int]) -> None:
    docs = read_words(tickets)
    if docs:
        with connection.cursor() as cursor:
            cursor.execute(_WRITE, [list(docs), list(docs.values())])


# -- what is read --------------------------------------------------------------------


@dataclass(slots=True)
class Doc:
    """What of one ticket is searched: texts in the order of the ticket, marks, who it is from."""

    marks: list[str]
    whose: str
    texts: list[str] = field(default_factory=list)
    messages: Ends = field(default_factory=lambda: Ends())

    def literal(self) -> str:
        """Its tsvector as text."""
        words = Words()
        words.mark(self.marks)
        words.mark_words("@f", self.whose)
        for text in (*self.texts, *self.messages.texts()):
            words.add(text)
        return words.literal()


class Ends:
    """The first and the newest of many texts, by their bytes; what lies between is let go."""

    def __init__(self) -> None:
        self._first: list[str] = []
        self._newest: list[str] = []
        self._room = FIRST_BYTES
        self._kept = 0

    def add(self, text: str) -> None:
        """The next text, from the oldest on."""
        raw = text.encode("utf-8", "ignore")
        if self._room > 0:
            self._first.append(_cut(raw, 0, self._room))
            raw, self._room = raw[self._room :], self._room - len(raw)
        if not raw:
            return
        tail = _cut(raw, max(len(raw) - NEWEST_BYTES, 0), None)
        self._newest.append(tail)
        self._kept += len(raw)
        if self._kept > 8 * NEWEST_BYTES:
            self._trim()

    def texts(self) -> list[str]:
        """What is kept, in order."""
        self._trim()
        return self._first + self._newest

    def _trim(self) -> None:
        left = NEWEST_BYTES
        kept: list[str] = []
        for text in reversed(self._newest):
            raw = text.encode()
            kept.append(_cut(raw, max(len(raw) - left, 0), None))
            left -= len(raw)
            if left <= 0:
                break
        self._newest = kept[::-1]
        self._kept = sum(len(text.encode()) for text in self._newest)


def _cut(raw: bytes, start: int, end: int | None) -> str:
    return raw[start:end].decode("utf-8", "ignore")


def read_words(tickets: Sequence[int]) -> Mapping[int, str]:
    """The tsvectors of these tickets as text, in five queries; of one that is gone, nothing."""
    docs = _tickets(tickets)
    for ticket, title, component, sku in ClaimItem.objects.filter(
        claim__ticket__in=tickets
    ).values_list("claim__ticket_id", "line__title", "component", "line__product__sku"):
        docs[ticket].texts += [text for text in (title, component, sku) if text]
    for ticket, note in Event.objects.filter(
        ticket__in=tickets, kind__in=_NOTES, data__has_key="note"
    ).values_list("ticket_id", "data__note"):
        docs[ticket].texts.append(str(note or ""))
    for ticket, key, name in TicketTag.objects.filter(ticket__in=tickets).values_list(
        "ticket_id", "tag__key", "tag__name"
    ):
        docs[ticket].marks.append(f"@g{key}")
        docs[ticket].texts.append(name)
    _messages(tickets, docs)
    return {ticket: doc.literal() for ticket, doc in docs.items()}


def _tickets(tickets: Sequence[int]) -> dict[int, Doc]:
    rows = Ticket.objects.filter(pk__in=tickets).values_list(
        "pk", "store_id", "request", "subject",
        "customer__name", "customer__email", "order__number",
    )  # fmt: skip
    docs: dict[int, Doc] = {}
    for pk, store, request, subject, name, email, number in rows:
        marks = [*block_marks(pk), f"@s{store}", f"@t{request}"]
        docs[pk] = Doc(marks, f"{name} {email}", [text for text in (subject, name, number) if text])
    return docs


def _messages(tickets: Sequence[int], docs: Mapping[int, Doc]) -> None:
    rows = (
        Message.objects.filter(ticket__in=tickets)
        .order_by("ticket_id", "at", "id")
        .values_list("ticket_id", "kind", "author_id", "body")
    )
    said: defaultdict[int, set[str]] = defaultdict(set)
    for ticket, kind, author, body in rows.iterator(chunk_size=500):
        docs[ticket].messages.add(body)
        said[ticket].add(f"@w{kind}")
        if author is not None:
            said[ticket].add(f"@u{author}")
    for ticket, marks in said.items():
        docs[ticket].marks += sorted(marks)
