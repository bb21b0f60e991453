"""Turns on hundreds of tickets at once: one lock, one flush, the very deeds of one ticket.

What the turns will ask (deadlines, tags, files, rights) is read once for all of them, and what
they write is written together, in as few statements as there are tables. Only the bookkeeping
differs from `tickets.actions.base.ticket_turn`: the rows that come out are the same, and
tests/test_many.py holds the two against each other.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from typing import Any

from django.db import connection, transaction
from django.db.models import Min, Model
from django.utils.translation import gettext as _

from policies.models import PolicyVersion
from tickets.actions import base
from tickets.actions.base import Turn
from tickets.actions.ledger import LIVE, PROMISED, Ledger, Newest, made
from tickets.actor import Actor
from tickets.errors import NotAllowed
from tickets.lifecycle import DeadlineState
from tickets.models import Claim, Deadline, Evidence, Store, Ticket, TicketTag, User
from tickets.permissions import may, permit


@dataclass
class Batch:
    """The turns by ticket id, and why there is none for the rest.

    ``refused`` says in words why an id has no turn: it is gone, or the actor may not.
    """

    turns: dict[int, Turn]
    refused: dict[int, str]
    _pool: _Pool

    def drop(self, ticket_id: int) -> None:
        """Let nothing come of a turn: what it has gathered is thrown away."""
        del self.turns[ticket_id]


@contextmanager
def turns(ids: Sequence[int], verb: str, *, actor: Actor, now: datetime) -> Iterator[Batch]:
    """Lock tickets and their claims in one order, let the actor through, flush all at the end.

    Args:
        ids: of the tickets, some hundreds at most: all are held in memory, and locked.
        verb: what the actor must be allowed in each ticket's store; one for staff.
    """
    with transaction.atomic():
        batch = _open(ids, verb, actor, now)
        before = {pk: _columns(turn) for pk, turn in batch.turns.items()}
        yield batch
        _flush(batch, before)


def _open(ids: Sequence[int], verb: str, actor: Actor, now: datetime) -> Batch:
    locked = Ticket.objects.select_for_update().filter(pk__in=ids).order_by("pk")
    tickets = {ticket.pk: ticket for ticket in locked}
    stores = Store.objects.in_bulk({ticket.store_id for ticket in tickets.values()})
    closed = {pk: why for pk, store in stores.items() if (why := _closed(actor, store, verb))}
    refused = {pk: _("It is gone.") for pk in ids if pk not in tickets}
    refused |= {
        pk: closed[ticket.store_id] for pk, ticket in tickets.items() if ticket.store_id in closed
    }
    open_ones = {pk: ticket for pk, ticket in tickets.items() if pk not in refused}
    claims = _claims(open_ones)
    pool = _Pool(list(open_ones))
    made_turns = {}
    for pk, ticket in open_ones.items():
        ticket.store = stores[ticket.store_id]
        made_turns[pk] = Turn(
            actor=actor,
            now=now,
            store=ticket.store,
            ticket=ticket,
            claim=claims.get(pk),
            ledger=_Gathered(pool),
        )
    return Batch(made_turns, refused, pool)


def _closed(actor: Actor, store: Store, verb: str) -> str:
    """Why the actor may not do this in a store; empty where they may."""
    try:
        permit(actor, store, verb)
    except NotAllowed as error:
        return error.message
    return ""


def _claims(tickets: Mapping[int, Ticket]) -> dict[int, Claim]:
    rows = Claim.objects.select_for_update().filter(ticket__in=tickets).order_by("pk")
    claims = {row.ticket_id: row for row in rows}
    versions = PolicyVersion.objects.defer("source").in_bulk(
        {row.policy_version_id for row in claims.values()}
    )
    for pk, claim in claims.items():
        claim.ticket, claim.policy_version = tickets[pk], versions[claim.policy_version_id]
    return claims


# --- what is read before, and written after ----------------------------------------------


class _Pool:
    """What all turns of a batch may ask, each read once, when the first of them asks."""

    def __init__(self, ids: Collection[int]) -> None:
        self.ids = ids
        self.rights: dict[tuple[int, int, str], bool] = {}

    @cached_property
    def deadlines(self) -> dict[int, list[Deadline]]:
        """The tickets' own deadlines that wait, and the last of each kind; the last cycle first.

        A ticket that was busy for months has many more, which nobody asks for.
        """
        mine = Deadline.objects.filter(ticket__in=self.ids)
        last = mine.order_by("ticket_id", "kind", "step", "-cycle")
        last = last.distinct("ticket_id", "kind", "step")
        rows = {row.pk: row for row in (*last, *mine.filter(state__in=LIVE).order_by())}
        found: dict[int, list[Deadline]] = defaultdict(list)
        for row in sorted(rows.values(), key=lambda row: (-row.cycle, row.pk)):
            assert row.ticket_id is not None
            found[row.ticket_id].append(row)
        return found

    @cached_property
    def promised(self) -> dict[int, datetime]:
        """By when something was promised of a ticket's claim or refunds, by ticket."""
        found: dict[int, datetime] = {}
        for way in ("claim__ticket", "refund__claim__ticket", "refund__ticket"):
            rows = Deadline.objects.filter(
                **{f"{way}__in": self.ids}, state__in=LIVE, kind__in=PROMISED
            )
            for pk, at in rows.values_list(way).annotate(at=Min("due_at")).order_by():
                found[pk] = min(at, found.get(pk, at))
        return found

    @cached_property
    def tags(self) -> dict[int, dict[str, int]]:
        """Ids of tags by key, by ticket."""
        found: dict[int, dict[str, int]] = defaultdict(dict)
        rows = TicketTag.objects.filter(ticket__in=self.ids)
        for pk, key, tag in rows.values_list("ticket_id", "tag__key", "tag_id"):
            found[pk][key] = tag
        return found

    @cached_property
    def with_files(self) -> set[int]:
        """The tickets with files that are still there, as `ledger.files_of` finds them."""
        there = Evidence.objects.filter(erased_at=None)
        whose = there.filter(ticket__in=self.ids).values_list("ticket_id", flat=True)
        found = {pk for pk in whose if pk is not None}
        claims = there.filter(claim__ticket__in=self.ids)
        found |= {pk for pk in claims.values_list("claim__ticket_id", flat=True) if pk is not None}
        along = there.filter(ticket__merged_into__in=self.ids, ticket__claim=None)
        whole = along.values_list("ticket__merged_into_id", flat=True)
        return found | {pk for pk in whole if pk is not None}


class _Gathered(Ledger):
    """One turn's part: asks what was read, and keeps what is to be written until the flush."""

    def __init__(self, pool: _Pool) -> None:
        self.pool = pool
        self.closed: list[Deadline] = []
        self.put_on: dict[str, str] = {}
        self.taken_off: dict[str, int] = {}

    def newest(self, ticket: Ticket, kinds: Collection[str], step: int | None = None) -> Newest:
        found: Newest = {}
        for row in self.pool.deadlines[ticket.pk]:
            if row.kind in kinds and (step is None or row.step == step):
                found.setdefault(row.kind, row)
        return found

    def live(self, ticket: Ticket, kinds: Collection[str]) -> Deadline | None:
        rows = self.pool.deadlines[ticket.pk]
        waiting = [row for row in rows if row.kind in kinds and row.state in LIVE]
        return min(waiting, key=lambda row: (row.due_at, row.pk), default=None)

    def promised(self, ticket: Ticket) -> datetime | None:
        rows = self.pool.deadlines[ticket.pk]
        found = [row.due_at for row in rows if row.kind in PROMISED and row.state in LIVE]
        of_claim = self.pool.promised.get(ticket.pk)
        return min([*found, of_claim] if of_claim else found, default=None)

    def settle(
        self, subject: Model, kinds: Iterable[str], state: DeadlineState, now: datetime
    ) -> None:
        assert isinstance(subject, Ticket), "a deed settles what is the ticket's own"
        wanted = set(kinds)
        for row in self.pool.deadlines[subject.pk]:
            if row.kind in wanted and row.state in LIVE:
                self.close(row, _settled(row, state, now), now)

    def close(self, row: Deadline, state: DeadlineState, now: datetime) -> None:
        row.state, row.settled_at = state, now
        self.closed.append(row)

    def tags(self, ticket: Ticket) -> Mapping[str, int]:
        there = self.pool.tags[ticket.pk]
        left = {key: pk for key, pk in there.items() if key not in self.taken_off}
        return left | dict.fromkeys(self.put_on, 0)

    def retag(self, ticket: Ticket, add: Mapping[str, str], remove: Mapping[str, int]) -> None:
        there = self.pool.tags[ticket.pk]
        for key in remove:
            if self.put_on.pop(key, None) is None:
                self.taken_off[key] = there[key]
        for key, name in add.items():
            if self.taken_off.pop(key, None) is None:
                self.put_on[key] = name

    def has_files(self, ticket: Ticket) -> bool:
        return ticket.pk in self.pool.with_files

    def may(self, user: User, store: Store, verb: str) -> bool:
        asked = (user.pk, store.pk, verb)
        if asked not in self.pool.rights:
            self.pool.rights[asked] = may(user, store, verb)
        return self.pool.rights[asked]


def _settled(row: Deadline, state: DeadlineState, now: datetime) -> DeadlineState:
    """What a deadline becomes that is settled: see `Ledger.settle`, which says it in SQL."""
    if state != DeadlineState.MET:
        return state
    late = row.state == DeadlineState.OVERDUE or (row.kind.endswith("_due") and row.wake_at < now)
    return DeadlineState.MET_LATE if late else state


# --- the flush ---------------------------------------------------------------------------


def _flush(batch: Batch, before: Mapping[int, Mapping[str, Any]]) -> None:
    gathered = list(batch.turns.values())
    for turn in gathered:
        turn.finish()
    _close([row for turn in gathered for row in _ledger(turn).closed])
    _retag(gathered)
    base.write(gathered)
    changed: dict[int, dict[str, Any]] = {}
    for pk, turn in batch.turns.items():
        assert turn.ticket is not None
        batch._pool.deadlines[pk].extend(turn.deadlines)
        turn.stamp(turn.ticket)
        now = _columns(turn)
        if now != before[pk]:
            changed[pk] = now
    _save(changed, before)


def _ledger(turn: Turn) -> _Gathered:
    assert isinstance(turn.ledger, _Gathered)
    return turn.ledger


def _close(rows: Iterable[Deadline]) -> None:
    groups: dict[tuple[str, datetime], list[int]] = defaultdict(list)
    for row in rows:
        assert row.settled_at is not None
        groups[str(row.state), row.settled_at].append(row.pk)
    for (state, at), pks in groups.items():
        Deadline.objects.filter(pk__in=pks).update(state=state, settled_at=at)


def _retag(gathered: Sequence[Turn]) -> None:
    new: dict[int, dict[str, str]] = defaultdict(dict)
    for turn in gathered:
        for key, name in _ledger(turn).put_on.items():
            new[turn.store.pk].setdefault(key, name)
    ids = {store: made(store, names) for store, names in new.items()}
    TicketTag.objects.bulk_create(
        TicketTag(ticket=turn.ticket, tag_id=ids[turn.store.pk][key])
        for turn in gathered
        for key in _ledger(turn).put_on
    )
    off: dict[int, list[int]] = defaultdict(list)
    for turn in gathered:
        for tag in _ledger(turn).taken_off.values():
            assert turn.ticket is not None
            off[tag].append(turn.ticket.pk)
    for tag, pks in off.items():
        TicketTag.objects.filter(tag=tag, ticket__in=pks).delete()


def _columns(turn: Turn) -> dict[str, Any]:
    """A ticket's columns as they stand in memory, by name; the database keeps the stage itself."""
    fields = Ticket._meta.concrete_fields
    return {one.attname: getattr(turn.ticket, one.attname) for one in fields if one.name != "stage"}


def _save(
    changed: Mapping[int, Mapping[str, Any]], before: Mapping[int, Mapping[str, Any]]
) -> None:
    """Write the tickets that differ, only the columns that differ in any of them, in one statement.

    Django's own ``bulk_update`` writes a CASE with one arm for each row and column, and takes many
    times as long to build as this takes to run.
    """
    if not changed:
        return
    names = {
        name
        for pk, row in changed.items()
        for name, value in row.items()
        if value != before[pk][name]
    }
    fields = [
        one for one in Ticket._meta.concrete_fields if one.attname in names or one.primary_key
    ]
    quote = connection.ops.quote_name
    columns = [quote(str(one.column)) for one in fields]
    arrays = ", ".join(f"%s::{one.rel_db_type(connection)}[]" for one in fields)
    values = [
        [one.get_db_prep_save(row[one.attname], connection) for row in changed.values()]
        for one in fields
    ]
    key = quote(str(Ticket._meta.pk.column))
    sets = ", ".join(f"{name} = new.{name}" for name in columns if name != key)
    table = quote(Ticket._meta.db_table)
    with connection.cursor() as cursor:
        cursor.execute(
            f"UPDATE {table} AS t SET {sets}"  # noqa: S608 - names of our own columns alone
            f" FROM unnest({arrays}) AS new ({', '.join(columns)}) WHERE t.{key} = new.{key}",
            values,
        )
