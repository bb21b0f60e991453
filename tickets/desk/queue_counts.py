"""The left zone: how much stands where, the person's views, and a mark of all of it.

One statement. What a queue holds is the sum of the tallies of its columns, which are right at
every moment (a trigger adds to them in the transaction of every change); what depends on the
clock is counted in its partial index and told up to a thousand. Whose stores these are is not
decided here: they come from `access.stores_for`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from typing import Any

from django.db import connection
from django.utils.translation import gettext as _

from supportdesk.prepared import Prepared
from tickets.actions.preorders import KIND as PREORDER
from tickets.actions.watch import KINDS
from tickets.desk.live import MARK
from tickets.desk.queues import QUEUES, SOON, Queue
from tickets.models import User

MOST = 1000
# The values of `columns`, as PostgreSQL calls their types.
VALUES = {
    "me": "bigint",
    "stores": "bigint[]",
    "now": "timestamptz",
    "soon": "timestamptz",
}

# Rows of one place first, and then the sums of the queues: there are far fewer places than rows.
_TALLIES = """
    (SELECT json_build_object({sums}) FROM (
       SELECT stage, state, waiting_for, snoozed, assignee_id IS NULL AS free,
              coalesce(assignee_id = %(me)s, false) AS mine, sum(n) AS n
       FROM tickets_queuetally WHERE store_id = ANY(%(stores)s) GROUP BY 1, 2, 3, 4, 5, 6
     ) q)
"""
# Each store by itself, so that each is one stretch of its index.
_STRETCH = """
    (SELECT count(*) FROM (
       SELECT FROM unnest(%(stores)s::bigint[]) AS s (id), LATERAL (
         SELECT FROM {source} WHERE t.store_id = s.id AND {where}
         ORDER BY {order} LIMIT {most}) x
       LIMIT {most}) y)
"""
_OF_PERSON = """
    (SELECT count(*) FROM (
       SELECT FROM {source} WHERE t.store_id = ANY(%(stores)s) AND {where}
       ORDER BY {order} LIMIT {most}) y)
"""
_REST = """
    (SELECT json_build_array(count(*), count(*) FILTER (WHERE needs_person)) FROM tickets_pickup
     WHERE store_id = ANY(%(stores)s) AND state IN ('preparing', 'reserved')),
    (SELECT count(*) FROM tickets_refund
     WHERE store_id = ANY(%(stores)s) AND state = 'requested'),
    (SELECT json_build_array(count(DISTINCT shipment_id) FILTER (WHERE kind = ANY('{{{parcel}}}')),
                             count(*) FILTER (WHERE kind = '{preorder}'))
     FROM tickets_deadline WHERE store_id = ANY(%(stores)s) AND state = 'overdue'),
    (SELECT count(*) FROM tickets_releasemove
     WHERE store_id = ANY(%(stores)s) AND state = 'proposed'),
    (SELECT json_agg(json_build_array(v.id, v.name, v.owner_id, v.store_id)
                     ORDER BY v.owner_id <> %(me)s, v.position, v.name, v.id)
     FROM tickets_savedview v WHERE v.owner_id = %(me)s OR v.store_id = ANY(%(stores)s)),
    (SELECT array_agg(t.id) FROM tickets_replydraft d JOIN tickets_ticket t ON t.id = d.ticket_id
     WHERE d.user_id = %(me)s AND d.send_at IS NULL AND t.store_id = ANY(%(stores)s))
"""


@dataclass(frozen=True, slots=True)
class View:
    """A saved view as the left zone names it; ``shared`` with the staff of a store."""

    pk: int
    name: str
    mine: bool
    shared: bool


@dataclass(frozen=True, slots=True)
class Counts:
    """How much stands where; ``people`` are the pickups that need a person.

    ``parcels`` are to be looked at; ``releases`` wait for a lead, ``preorders`` are late. A
    number of ``queues`` that is ``MOST`` stands for that many or more, where ``capped``.
    ``drafts`` are the tickets on which this person has begun to write. ``mark`` changes with
    whatever changes on these queues.
    """

    queues: Mapping[str, int]
    pickups: int = 0
    people: int = 0
    refunds: int = 0
    parcels: int = 0
    releases: int = 0
    preorders: int = 0
    views: tuple[View, ...] = ()
    drafts: frozenset[int] = frozenset()
    mark: str = ""

    def said(self, queue: Queue) -> str:
        """A queue's count in figures: ``12``, ``999+``; nothing where none is kept."""
        n = self.queues.get(queue.key)
        if n is None:
            return ""
        return _("%(n)d+") % {"n": MOST - 1} if n >= MOST and not queue.tallied else str(n)


def counts(user: User, stores: Sequence[int], now: datetime) -> Counts:
    """All counts of the left zone for this person in these stores, in one statement."""
    with connection.cursor() as cursor:
        _statement().execute(cursor, values(user, stores, now))
        return counted(cursor.fetchone(), user)


def values(user: User, stores: Sequence[int], now: datetime) -> dict[str, Any]:
    """What `columns` are to be told: of whom, in which stores, at which instant."""
    return {"me": user.pk, "stores": list(stores), "now": now, "soon": now + SOON}


def counted(row: Sequence[Any], user: User) -> Counts:
    """The counts out of what `columns` have brought."""
    tallied, *stretches = row[: 1 + len(_stretched())]
    pickups, refunds, late, moves, views, drafts, mark = row[1 + len(_stretched()) :]
    return Counts(
        queues={**tallied, **dict(zip(_stretched(), stretches, strict=True))},
        pickups=pickups[0],
        people=pickups[1],
        refunds=refunds,
        parcels=late[0],
        preorders=late[1],
        releases=moves,
        views=tuple(
            View(pk, name, owner == user.pk, store is not None)
            for pk, name, owner, store in views or ()
        ),
        drafts=frozenset(drafts or ()),
        mark=mark or "",
    )


@cache
def _stretched() -> tuple[str, ...]:
    """The queues that are counted in their index."""
    return tuple(q.key for q in QUEUES.values() if not q.tallied and q.key != "done")


@cache
def _statement() -> Prepared:
    return Prepared(f"SELECT {columns()}", VALUES)


@cache
def columns() -> str:
    """The columns of a statement that asks for the counts, alone or beside something else."""
    sums = ", ".join(
        f"'{queue.key}', coalesce(sum(n) FILTER (WHERE {_place(queue)}), 0)"
        for queue in QUEUES.values()
        if queue.tallied
    )
    parts = [_TALLIES.format(sums=sums)]
    for queue in map(QUEUES.__getitem__, _stretched()):
        form = _STRETCH if queue.per_store else _OF_PERSON
        where = " AND ".join(queue.where)
        order = ", ".join(queue.order.by)
        parts.append(form.format(source=queue.source, where=where, order=order, most=MOST))
    rest = _REST.format(parcel=",".join(KINDS), preorder=PREORDER)
    return ",".join([*parts, rest, MARK])


def _place(queue: Queue) -> str:
    """The tallies of a queue."""
    columns: dict[str, Any] = {"snoozed": "no", **queue.columns}
    known = {
        "assignee=me": "mine",
        "assignee=nobody": "free",
        "snoozed=yes": "snoozed",
        "snoozed=no": "NOT snoozed",
    }
    asked = (f"{name}={value}" for name, value in columns.items())
    return " AND ".join(known.get(one) or "{} = '{}'".format(*one.split("=")) for one in asked)
