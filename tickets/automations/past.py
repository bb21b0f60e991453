"""What a rule would have done in the past month: a dry run, which reads and changes nothing.

What the history keeps is judged as it was then: priority, tags, assignee, the customer's words and
the opening hours. What it does not keep is judged as it stands today; `unsure` says what that is.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db import connection, transaction
from django.db.models import Exists, OuterRef, Q, Value
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from tickets.actions.automation_clock import SPOKEN
from tickets.actions.deeds import tag_key
from tickets.automations import facts
from tickets.automations.facts import Facts, Rule
from tickets.automations.sentence import holds
from tickets.automations.triggers import TRIGGERS, trigger
from tickets.models import Deadline, Event, Message, Store, Ticket

PERIOD = timedelta(days=30)
MOST = 2000  # causes that are looked at
MOST_READ = 40_000  # events of the kinds in question that are read to find them
SHOWN = 100  # of those that it would have acted on
_CHUNK = 200
_REWOUND = ("priority_set", "assigned", "tagged")
# Conditions about what the history does not keep.
_TODAY: Mapping[str, Promise] = {
    "state": _("the state of a ticket"),
    "waiting_for": _("whom a ticket waits for"),
    "language": _("the customer's language"),
    "order_total_at_least": _("what the order is worth"),
}


@dataclass(frozen=True, slots=True)
class Cause:
    """Something that happened then: an event, or the hour that a deadline was so near."""

    ticket_id: int
    at: datetime
    kind: str
    data: Mapping[str, Any]
    seq: int = 0


@dataclass(frozen=True, slots=True)
class Would:
    """One time that it would have acted. ``stands``: by action, whether it was so already."""

    ticket: Ticket
    at: datetime
    kind: str
    stands: tuple[bool, ...]


@dataclass(frozen=True, slots=True)
class Tried:
    """What came of a dry run.

    ``looked`` causes were looked at, and it would have acted on ``acted`` of them, over
    ``tickets`` tickets. ``whole`` is False where there were more causes than `MOST`: then they are
    the newest ones, back to ``since``. ``unsure`` names what is judged as it stands today.
    """

    rows: tuple[Would, ...]
    looked: int
    acted: int
    tickets: int
    since: datetime
    whole: bool
    unsure: tuple[Promise, ...]


def try_on(rule: Rule, store: Store, now: datetime) -> Tried:
    """Run a checked rule over the last 30 days, the newest first.

    The database is told to refuse whatever would be written meanwhile.
    """
    with transaction.atomic():
        with connection.cursor() as cursor:
            cursor.execute("SET TRANSACTION READ ONLY")
        return _tried(rule, store, now)


def _tried(rule: Rule, store: Store, now: datetime) -> Tried:
    since = now - PERIOD
    whole, read, last = True, 0, now
    causes: list[Cause] = []
    for at, cause in _causes(rule, store, since, now):
        if len(causes) == MOST or read == MOST_READ:
            whole = False
            break
        read, last = read + 1, at
        if cause is not None:
            causes.append(cause)
    rows: list[Would] = []
    acted, on = 0, set()
    for begin in range(0, len(causes), _CHUNK):
        for cause, ticket, then in _facts(rule, causes[begin : begin + _CHUNK]):
            if not holds(rule, then):
                continue
            acted += 1
            on.add(ticket.pk)
            if len(rows) < SHOWN:
                rows.append(Would(ticket, cause.at, cause.kind, _stands(rule, then)))
    if not whole:
        since = last
    keys = {one.key for one in rule.conditions}
    unsure = tuple(words for key, words in _TODAY.items() if key in keys)
    if rule.when == "waiting_for_customer":
        unsure += (_("whether it was the customer's turn all that time"),)
    return Tried(tuple(rows), len(causes), acted, len(on), since, whole, unsure)


# --- what happened -----------------------------------------------------------------------


def _causes(
    rule: Rule, store: Store, since: datetime, now: datetime
) -> Iterator[tuple[datetime, Cause | None]]:
    """What happened, the newest first, each with its instant; None where it was not meant."""
    when = trigger(rule.when)
    if when.key == "before_deadline":
        yield from ((one.at, one) for one in _near(rule, store, since, now))
    elif when.key == "waiting_for_customer":
        yield from ((one.at, one) for one in _waiting(rule, store, since, now))
    else:
        rows = Event.objects.filter(
            store=store,
            at__gt=since,
            at__lte=now,
            kind__in=when.event_kinds,
            ticket__isnull=False,
        ).order_by("-at", "-pk")
        found = rows.values_list("ticket_id", "at", "kind", "data", "seq")
        for pk, at, kind, data, seq in found.iterator(chunk_size=_CHUNK):
            # What undoes something is no cause.
            fits = "undoes" not in data and when.matches(kind, data, dict(rule.when_value))
            yield at, Cause(pk, at, kind, data, seq) if fits else None


def _near(rule: Rule, store: Store, since: datetime, now: datetime) -> Iterator[Cause]:
    """Deadlines that were not settled yet when so many hours were left."""
    kind, ahead = rule.when_value["kind"], timedelta(hours=rule.when_value["hours"])
    rows = Deadline.objects.filter(
        store=store, kind=kind, due_at__gt=since + ahead, due_at__lte=now + ahead
    ).order_by("-due_at", "-pk")
    found = rows.values_list(
        "ticket_id", "claim__ticket_id", "refund__ticket_id", "refund__claim__ticket_id",
        "due_at", "settled_at",
    )  # fmt: skip
    for *tickets, due_at, settled_at in found.iterator(chunk_size=_CHUNK):
        ticket = next((pk for pk in tickets if pk is not None), None)
        open_then = settled_at is None or settled_at > due_at - ahead
        if ticket is not None and open_then:
            yield Cause(ticket, due_at - ahead, "", {"deadline": kind})


# After these it was the customer's turn, as far as the history can tell.
_THEIR_TURN = (
    Q(kind="message_added", data__message_kind="agent")
    | Q(kind__in=("evidence_asked", "return_requested", "claim_reopened"))
    | Q(kind="claim_filed", data__verdict="evidence_needed")
)
_NO_MORE = (
    Q(actor_kind="customer")
    | Q(kind__in=(*SPOKEN, *TRIGGERS["solved"].event_kinds))
    | Q(kind="message_added", data__message_kind="agent")
)


def _waiting(rule: Rule, store: Store, since: datetime, now: datetime) -> Iterator[Cause]:
    """What made it the customer's turn, where nothing was said for so many days after it."""
    long = timedelta(days=rule.when_value["days"])
    after = Event.objects.filter(
        _NO_MORE,
        ticket=OuterRef("ticket"),
        seq__gt=OuterRef("seq"),
        at__lt=OuterRef("at") + Value(long),
    )
    rows = Event.objects.filter(
        _THEIR_TURN,
        ~Exists(after),
        store=store,
        at__gt=since - long,
        at__lte=now - long,
        ticket__isnull=False,
    ).order_by("-at", "-pk")
    found = rows.values_list("ticket_id", "at", "kind", "data", "seq")
    for pk, at, kind, data, _seq in found.iterator(chunk_size=_CHUNK):
        yield Cause(pk, at + long, kind, data)


# --- how it was then ---------------------------------------------------------------------


def _facts(rule: Rule, causes: Sequence[Cause]) -> Iterator[tuple[Cause, Ticket, Facts]]:
    """The facts of some causes, read in a few statements."""
    keys = {cause.ticket_id for cause in causes}
    tickets = Ticket.objects.select_related("store", "customer", "order").in_bulk(keys)
    more = facts.rows_of(keys)
    later = _later(keys)
    asks = {one.key for one in rule.conditions}
    said = _said(keys) if "words" in asks else {}
    for cause in causes:
        ticket = tickets[cause.ticket_id]
        tags = frozenset(more[ticket.pk]["tags"])
        then = _rewound(ticket, tags, cause, later.get(ticket.pk, ()))
        words = [body for at, body in said.get(ticket.pk, ()) if at <= cause.at]
        if words:
            then["last_words"] = words[-1]
        yield (
            cause,
            ticket,
            facts.from_rows(ticket, more[ticket.pk], cause.kind, cause.data, cause.at, **then),
        )


_Change = tuple[int, datetime, str, Mapping[str, Any]]


def _later(tickets: set[int]) -> dict[int, list[_Change]]:
    """What has changed on tickets since, the last first: number, instant, kind, data."""
    found: dict[int, list[_Change]] = {}
    rows = Event.objects.filter(ticket__in=tickets, kind__in=_REWOUND).order_by("ticket", "-seq")
    for pk, seq, at, kind, data in rows.values_list("ticket_id", "seq", "at", "kind", "data"):
        found.setdefault(pk, []).append((seq, at, kind, data))
    return found


def _rewound(
    ticket: Ticket, tags: frozenset[str], cause: Cause, changes: Sequence[_Change]
) -> dict[str, Any]:
    """Priority, assignee and tags as they stood right after the cause."""
    priority, assignee, has = ticket.priority, ticket.assignee_id, set(tags)
    for seq, at, kind, data in changes:
        if seq <= cause.seq if cause.seq else at <= cause.at:
            break
        if kind == "priority_set":
            priority = data.get("before", priority)
        elif kind == "assigned":
            assignee = data.get("before", assignee)
        else:
            has -= {tag_key(str(name)) for name in data.get("added", ())}
            has |= {tag_key(str(name)) for name in data.get("removed", ())}
    return {"priority": priority, "assignee_id": assignee, "tags": frozenset(has)}


def _said(tickets: set[int]) -> dict[int, list[tuple[datetime, str]]]:
    """What customers have said, in order; also in what is merged into a ticket."""
    found: dict[int, list[tuple[datetime, str]]] = {}
    rows = Message.objects.filter(
        Q(ticket__in=tickets) | Q(ticket__merged_into__in=tickets), kind="customer"
    ).order_by("at", "pk")
    for pk, root, at, body in rows.values_list(
        "ticket_id", "ticket__merged_into_id", "at", "body"
    ).iterator(chunk_size=_CHUNK):
        found.setdefault(root if root in tickets else pk, []).append((at, body))
    return found


def _stands(rule: Rule, then: Facts) -> tuple[bool, ...]:
    """Of each action whether it would have changed nothing."""
    return tuple(_so_already(one.key, one.value, then) for one in rule.actions)


def _so_already(key: str, value: Mapping[str, Any], then: Facts) -> bool:
    if key == "assign":
        wanted = None if value["user"] == "nobody" else int(value["user"])
        return then.assignee_id == wanted
    if key == "priority":
        return bool(then.priority == value["priority"])
    if key in ("add_tags", "remove_tags"):
        named = {tag_key(name) for name in value["tags"]}
        return named <= then.tags if key == "add_tags" else named.isdisjoint(then.tags)
    return key == "tell_assignee" and then.assignee_id is None
