"""The conversation of a ticket: the newest hundred things, and older ones page by page.

Two streams are laid into one another: messages, by their time, and events, by their number. A
page goes on from the last one of each, so that the ten-thousandth message costs as much to find
as the first.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from django.db.models import Q

from tickets import attached
from tickets.attached import Shown
from tickets.desk import timeline
from tickets.desk.timeline import Entry
from tickets.models import Event, Message, Ticket

PAGE = 100
END = datetime(2090, 1, 1, tzinfo=UTC)
SPOKEN = "message_added"  # its message stands there instead


@dataclass(frozen=True, slots=True)
class Cursor:
    """Where an older page begins: below this event, and before this message."""

    seq: int
    at: datetime
    message: int

    def __str__(self) -> str:
        return f"{self.seq}-{round(self.at.timestamp() * 1_000_000)}-{self.message}"


def read_cursor(typed: str) -> Cursor | None:
    """A cursor out of an address; None for what is none of ours."""
    parts = typed.split("-")
    if len(parts) != 3 or not all(part.isascii() and part.isdigit() for part in parts):
        return None
    seq, micros, message = map(int, parts)
    if max(seq, message) >= 2**63 or micros > 4_000_000_000_000_000:
        return None
    seconds, rest = divmod(micros, 1_000_000)
    at = datetime.fromtimestamp(seconds, UTC).replace(microsecond=rest)
    return Cursor(seq, at, message)


@dataclass(frozen=True, slots=True)
class Talk:
    """A page of the conversation, oldest first. ``older`` leads to the one before it, if any."""

    entries: tuple[Entry, ...]
    older: str = ""


def of(
    ticket: Ticket,
    events: Iterable[Event],
    messages: Iterable[Message],
    files: Mapping[int, Sequence[Shown]],
    *,
    before: Cursor | None = None,
) -> Talk:
    """The newest ``PAGE`` entries among these, and where the older ones begin.

    ``events`` and ``messages`` hold at least the newest ``PAGE + 1`` of each; ``before`` is where
    they begin.
    """
    rows: list[Message | Event] = [row for row in events if row.kind != SPOKEN]
    rows += messages
    rows.sort(key=_place)
    kept = rows[-PAGE:]
    entries: list[Entry] = []
    for row in kept:
        if isinstance(row, Message):
            entries.append(timeline.said(row, files.get(row.pk, ())))
            continue
        entries.append(timeline.entry(row))
        typed = timeline.asked(row)
        entries += [typed] if typed is not None else []
    more = len(rows) > PAGE
    return Talk(tuple(entries), str(_oldest(ticket, kept, before)) if more else "")


def _place(row: Message | Event) -> tuple[datetime, int, int]:
    """The order of all that happened: by time; what opened a ticket stands above what was said."""
    return (row.at, 1, row.pk) if isinstance(row, Message) else (row.at, 0, row.seq)


def _oldest(ticket: Ticket, kept: Sequence[Message | Event], before: Cursor | None) -> Cursor:
    """Below the oldest of either kind that is shown; where none is, below the page before."""
    event = next((row for row in kept if isinstance(row, Event)), None)
    message = next((row for row in kept if isinstance(row, Message)), None)
    start = before or newest(ticket)
    return Cursor(
        event.seq if event is not None else start.seq,
        message.at if message is not None else start.at,
        message.pk if message is not None else start.message,
    )


def newest(ticket: Ticket) -> Cursor:
    """Where the newest page begins: after all there is."""
    return Cursor(ticket.last_seq + 1, END, 0)


def older(ticket: Ticket, before: Cursor) -> Talk:
    """The page before ``before``. Three queries, wherever it is."""
    events = list(
        Event.objects.filter(ticket=ticket, seq__lt=before.seq)
        .exclude(kind=SPOKEN)
        .select_related("actor_user", "actor_customer", "policy_version")
        .defer("policy_version__source")
        .order_by("-seq")[: PAGE + 1]
    )
    earlier = Q(at__lt=before.at) | Q(at=before.at, pk__lt=before.message)
    messages = list(
        Message.objects.filter(earlier, ticket=ticket, at__lte=before.at)
        .select_related("author")
        .order_by("-at", "-pk")[: PAGE + 1]
    )
    for message in messages:
        message.ticket = ticket
    said, _drafts = attached.of(ticket, [row.pk for row in messages])
    return of(ticket, events, messages, said, before=before)


def meanwhile(
    events: Iterable[Event], messages: Iterable[Message], since: int | None
) -> list[Entry]:
    """What happened after the event that somebody had seen: what was said, and all else."""
    if since is None:
        return []
    by_key = {message.pk: message for message in messages}
    found = []
    for event in events:
        if event.seq <= since:
            continue
        message = by_key.get(event.data.get("message", 0)) if event.kind == SPOKEN else None
        line = timeline.entry(event)
        if message is not None:
            line = timeline.with_words(line, message.body)
        found.append(line)
    return found
