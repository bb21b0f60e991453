"""The conversation of a ticket: the newest hundred things, and older ones page by page.

Two streams are laid into one another: messages, by their time, and events, by their number. A
page goes on from the last one of each, so that the ten-thousandth message costs as much to find
as the first.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from django.db.models import Q, QuerySet

from tickets import attached
from tickets.attached import Shown
from tickets.desk import timeline
from tickets.desk.timeline import Entry
from tickets.jsonrows import relate
from tickets.models import Event, Message, Ticket

PAGE = 100
END = datetime(2090, 1, 1, tzinfo=UTC)
_ENOUGH = PAGE + 1
# Of merged tickets: what stands there as a message, and what the ticket's own events tell.
TOLD_HERE = ("message_added", "merged", "unmerged")
SPOKEN = "message_added"  # its message stands there instead


@dataclass(frozen=True, slots=True)
class Cursor:
    """Where an older page begins: below this event, and before this message.

    ``along`` and ``event`` are where the events of merged tickets begin, by their time and key.
    """

    seq: int
    at: datetime
    message: int
    along: datetime = END
    event: int = 0

    def __str__(self) -> str:
        said = f"{self.seq}-{_micros(self.at)}-{self.message}"
        return said if self.along == END else f"{said}-{_micros(self.along)}-{self.event}"


def _micros(at: datetime) -> int:
    return round(at.timestamp() * 1_000_000)


def read_cursor(typed: str) -> Cursor | None:
    """A cursor out of an address; None for what is none of ours."""
    parts = typed.split("-")
    if len(parts) not in (3, 5) or not all(part.isascii() and part.isdigit() for part in parts):
        return None
    seq, micros, message, *more = map(int, parts)
    along, event = more or (_micros(END), 0)
    if max(seq, message, event) >= 2**63 or max(micros, along) > 4_000_000_000_000_000:
        return None
    return Cursor(seq, _instant(micros), message, _instant(along), event)


def _instant(micros: int) -> datetime:
    seconds, rest = divmod(micros, 1_000_000)
    return datetime.fromtimestamp(seconds, UTC).replace(microsecond=rest)


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
    along: Iterable[Event] = (),
    names: Mapping[int, str] | None = None,
) -> Talk:
    """The newest ``PAGE`` entries among these, and where the older ones begin.

    ``events`` and ``messages`` hold at least the newest ``PAGE + 1`` of each; ``before`` is where
    they begin. ``along`` are as many events of merged tickets, ``names`` the references of these,
    by key: what comes from one of them says so.
    """
    names = names or {}
    rows: list[Message | Event] = [row for row in events if row.kind != SPOKEN]
    rows += along
    rows += messages
    rows.sort(key=_place)
    kept = rows[-PAGE:]
    entries: list[Entry] = []
    for row in kept:
        origin = names.get(row.ticket_id or 0, "")
        if isinstance(row, Message):
            entries.append(timeline.said(row, files.get(row.pk, ()), origin))
            continue
        entries.append(timeline.entry(row, origin))
        typed = timeline.asked(row, origin)
        entries += [typed] if typed is not None else []
    more = len(rows) > PAGE
    return Talk(tuple(entries), str(_oldest(ticket, kept, before)) if more else "")


def _place(row: Message | Event) -> tuple[datetime, int, int]:
    """The order of all that happened: by time; what opened a ticket stands above what was said."""
    return (row.at, 1, row.pk) if isinstance(row, Message) else (row.at, 0, row.seq)


def _oldest(ticket: Ticket, kept: Sequence[Message | Event], before: Cursor | None) -> Cursor:
    """Below the oldest of either kind that is shown; where none is, below the page before."""
    events = [row for row in kept if isinstance(row, Event)]
    event = next((row for row in events if row.ticket_id == ticket.pk), None)
    along = next((row for row in events if row.ticket_id != ticket.pk), None)
    message = next((row for row in kept if isinstance(row, Message)), None)
    start = before or newest(ticket)
    return Cursor(
        event.seq if event is not None else start.seq,
        message.at if message is not None else start.at,
        message.pk if message is not None else start.message,
        along.at if along is not None else start.along,
        along.pk if along is not None else start.event,
    )


def newest(ticket: Ticket) -> Cursor:
    """Where the newest page begins: after all there is."""
    return Cursor(ticket.last_seq + 1, END, 0)


def older(ticket: Ticket, before: Cursor, names: Mapping[int, str] | None = None) -> Talk:
    """The page before ``before``. Three queries, wherever it is.

    ``names`` are the references of what is merged into the ticket, by key: one more, where any is.
    """
    family = [ticket.pk, *(names or ())]
    events = list(_told().filter(ticket=ticket, seq__lt=before.seq).order_by("-seq")[:_ENOUGH])
    along: list[Event] = []
    if names:
        earlier = Q(at__lt=before.along) | Q(at=before.along, pk__lt=before.event)
        rows = _told().filter(earlier, ticket__in=list(names)).exclude(kind__in=TOLD_HERE)
        along = list(rows.order_by("-at", "-pk")[:_ENOUGH])
    earlier = Q(at__lt=before.at) | Q(at=before.at, pk__lt=before.message)
    of_these = {"ticket__in": family} if names else {"ticket": ticket}
    messages = list(
        Message.objects.filter(earlier, at__lte=before.at, **of_these)
        .select_related("author")
        .order_by("-at", "-pk")[:_ENOUGH]
    )
    for row in messages:
        relate(row, "ticket", ticket)
    said, _drafts = attached.of(ticket, [row.pk for row in messages], tickets=family)
    return of(ticket, events, messages, said, before=before, along=along, names=names)


def _told() -> QuerySet[Event]:
    rows = Event.objects.exclude(kind=SPOKEN)
    rows = rows.select_related("actor_user", "actor_customer", "policy_version")
    return rows.defer("policy_version__source")


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
