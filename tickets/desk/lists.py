"""One page of a list of tickets, read from an index in its order, however many there are.

PostgreSQL cannot read one index in order for several stores at once. So each store is a SELECT
of its own, in the order of the index and limited; they are joined and the first of them kept.
What comes after a place is written as ranges of the same index (a row that has no due date is a
range of its own), so that a deep page costs what the first one does. Nothing is ever sorted but
the few rows that were found.

Written by hand, because a dozen querysets took longer to build than the database took to answer.
Whose tickets may be seen is not decided here: a selection is told the stores, which come from
`access.stores_for`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import lru_cache
from typing import Any

from django.db import connection

from supportdesk.prepared import Prepared
from tickets.desk import lines
from tickets.desk.lines import Line
from tickets.models.ticket import PRIORITIES

PAGE = 30
AWAKE = "t.state IN ('new', 'open', 'waiting') AND t.snoozed_until IS NULL"
Place = tuple[Any, ...]
Range = tuple[str, Place]

_THEIRS = "(t.state = 'waiting')"


@dataclass(frozen=True, slots=True)
class Order:
    """One order of a list. ``keys`` are its columns, ``by`` the same for ORDER BY.

    ``parts`` says how a place in it is written in an address; ``beyond`` turns a place into
    the ranges of the index behind it.
    """

    keys: tuple[str, ...]
    by: tuple[str, ...]
    parts: tuple[str, ...]
    beyond: Callable[[Place], list[Range]]

    def place(self, after: str) -> Place | None:
        """The place that ``after`` names; None for what is none, which begins at the top."""
        found = after.split("~")
        if len(found) != len(self.parts):
            return None
        read = [_READ[part](text) for part, text in zip(self.parts, found, strict=True)]
        return None if _NONE in read else tuple(read)

    def after(self, place: Place) -> str:
        """How an address names a place."""
        return "~".join(_WRITE[part](value) for part, value in zip(self.parts, place, strict=True))


_NONE = object()


def _turn(text: str) -> Any:
    return {"ours": False, "theirs": True}.get(text, _NONE)


def _priority(text: str) -> Any:
    return int(text) if text in _PRIORITIES else _NONE


def _key(text: str) -> Any:
    return int(text) if text.isascii() and text.isdecimal() and len(text) < 19 else _NONE


def _when(text: str) -> Any:
    try:
        at = datetime.fromisoformat(text)
    except ValueError:
        return _NONE
    return at if at.tzinfo is not None and 1 < at.year < 9999 else _NONE


_PRIORITIES = frozenset(map(str, PRIORITIES))
_READ: Mapping[str, Callable[[str], Any]] = {
    "turn": _turn,
    "priority": _priority,
    "when": _when,
    "due": lambda text: None if text == "-" else _when(text),
    "key": _key,
}
_WRITE: Mapping[str, Callable[[Any], str]] = {
    "turn": lambda value: "theirs" if value else "ours",
    "priority": str,
    "when": lambda value: str(value.isoformat()),
    "due": lambda value: value.isoformat() if value else "-",
    "key": str,
}


def _after_turn(place: Place) -> list[Range]:
    """Behind a place among all that is open: rows without a due date come last in their rank."""
    theirs, priority, due, key = place
    # A comparison with `= false` would be turned into `<> 'waiting'`, which is in no index.
    here = f"{_THEIRS} IS {'TRUE' if theirs else 'FALSE'} AND t.priority = %s"
    undated = f"{here} AND t.next_due_at IS NULL"
    if due is None:
        return [
            (f"{undated} AND t.id > %s", (priority, key)),
            (f"({_THEIRS}, t.priority) > (%s, %s)", (theirs, priority)),
        ]
    return [
        (f"({_THEIRS}, t.priority, t.next_due_at, t.id) > (%s, %s, %s, %s)", place),
        (undated, (priority,)),
    ]


def _after_rank(place: Place) -> list[Range]:
    """The same among tickets of one state."""
    priority, due, key = place
    undated = "t.priority = %s AND t.next_due_at IS NULL"
    if due is None:
        return [
            (f"{undated} AND t.id > %s", (priority, key)),
            ("t.priority > %s", (priority,)),
        ]
    return [
        ("(t.priority, t.next_due_at, t.id) > (%s, %s, %s)", place),
        (undated, (priority,)),
    ]


def _row(sign: str, *columns: str) -> Callable[[Place], list[Range]]:
    marks = ", ".join("%s" for _column in columns)
    return lambda place: [(f"({', '.join(columns)}) {sign} ({marks})", place)]


# Ours before theirs, the urgent first, then what is due first, what is never due last.
QUEUE = Order(
    (_THEIRS, "t.priority", "t.next_due_at", "t.id"),
    (_THEIRS, "t.priority", "t.next_due_at", "t.id"),
    ("turn", "priority", "due", "key"),
    _after_turn,
)
# The same where all rows are of one state.
RANK = Order(
    ("t.priority", "t.next_due_at", "t.id"),
    ("t.priority", "t.next_due_at", "t.id"),
    ("priority", "due", "key"),
    _after_rank,
)
DUE = Order(
    ("t.next_due_at", "t.id"),
    ("t.next_due_at", "t.id"),
    ("when", "key"),
    _row(">", "t.next_due_at", "t.id"),
)
SNOOZE = Order(
    ("t.snoozed_until", "t.id"),
    ("t.snoozed_until", "t.id"),
    ("when", "key"),
    _row(">", "t.snoozed_until", "t.id"),
)
NEWEST = Order(("t.id",), ("t.id DESC",), ("key",), _row("<", "t.id"))
OPENED = Order(
    ("t.opened_at", "t.id"),
    ("t.opened_at DESC", "t.id DESC"),
    ("when", "key"),
    _row("<", "t.opened_at", "t.id"),
)
# What hangs on another row, the newest first: a tag, a watcher, a mention.
TAGGED = Order(("g.ticket_id",), ("g.ticket_id DESC",), ("key",), _row("<", "g.ticket_id"))
WATCHED = Order(("w.ticket_id",), ("w.ticket_id DESC",), ("key",), _row("<", "w.ticket_id"))
MENTIONED = Order(("n.message_id",), ("n.message_id DESC",), ("key",), _row("<", "n.message_id"))


@dataclass(frozen=True, slots=True)
class Selection:
    """Which tickets, from which rows, in which order.

    ``where`` are conditions on ``t`` (and on what else stands in ``source``) with named values in
    ``told``: those that the index of this order knows. Each of ``keys`` is read by itself, in the
    place of ``{}`` in ``each``: a store, or a tag. ``also`` are conditions that no index knows:
    they are asked of a stretch of the list at a time, see `stretches`.
    """

    order: Order
    keys: Sequence[int | list[int]]
    where: tuple[str, ...] = ()
    told: Mapping[str, Any] = field(default_factory=dict)
    also: tuple[str, ...] = ()
    source: str = "tickets_ticket t"
    each: str = "t.store_id = {}"


@dataclass(frozen=True, slots=True)
class Page:
    """Up to thirty rows, and where the next thirty begin ('' at the end).

    ``looked`` is how many tickets were looked through, where that was not all of them.
    """

    tickets: list[Line]
    after: str
    looked: int = 0


def page(selection: Selection, after: str) -> Page:
    """One page, in one statement. ``after`` is `Page.after`; anything else is the top."""
    if not selection.keys:
        return Page([], "")
    width = len(selection.order.keys)
    sql, told = statement(selection, selection.order.place(after))
    with connection.cursor() as cursor:
        _prepared(sql, tuple((name, _kind(value)) for name, value in told.items())).execute(
            cursor, told
        )
        rows = cursor.fetchall()
    shown = rows[:PAGE]
    more = selection.order.after(shown[-1][:width]) if len(rows) > PAGE else ""
    return Page([Line(*row[width:]) for row in shown], more)


@lru_cache(maxsize=512)
def _prepared(sql: str, kinds: tuple[tuple[str, str], ...]) -> Prepared:
    return Prepared(sql, dict(kinds))


def _kind(value: Any) -> str:
    """The type of a value in PostgreSQL."""
    if isinstance(value, list):
        return "bigint[]"
    kinds = {bool: "boolean", int: "bigint", datetime: "timestamptz"}
    return kinds.get(type(value), "text")


def statement(selection: Selection, place: Place | None) -> tuple[str, dict[str, Any]]:
    """The rows behind a place, one more than a page, each with its keys and what it shows."""
    keys = ", ".join(f"{key} AS k{n}" for n, key in enumerate(selection.order.keys))
    columns = ", ".join(f"k{n}" for n in range(len(selection.order.keys)))
    inner, told = candidates(selection, place, f"{keys}, {lines.OWN}", PAGE + 1)
    sql = (
        f"SELECT {columns}, {lines.SHOWN} FROM ({inner}) t {lines.BESIDE}"  # noqa: S608  (constants)
        f" ORDER BY {outside(selection.order)}"
    )
    return sql, told


def candidates(
    selection: Selection, place: Place | None, columns: str, most: int, name: str = ""
) -> tuple[str, dict[str, Any]]:
    """The SELECT of the first ``most`` rows behind a place, in order, and the values it names.

    How many is written into it: a plan that is made once should know. ``name`` keeps the values
    of several such SELECTs in one statement apart.
    """
    told: dict[str, Any] = {f"{name}{one}": value for one, value in selection.told.items()}
    ranges = selection.order.beyond(place) if place is not None else [("", ())]
    end = f"ORDER BY {', '.join(selection.order.by)} LIMIT {int(most)}"
    where = [_named(one, name) for one in selection.where]
    branches = []
    for number, key in enumerate(selection.keys):
        told[f"{name}key{number}"] = key
        mine = selection.each.format(f"%({name}key{number})s")
        for part, (behind, values) in enumerate(ranges):
            names = [f"{name}after{part}_{n}" for n in range(len(values))]
            told.update(zip(names, values, strict=True))
            further = [behind % tuple(f"%({one})s" for one in names)] if behind else []
            branches.append(
                f"SELECT {columns} FROM {selection.source}"  # noqa: S608  (values are bound)
                f" WHERE {' AND '.join([mine, *where, *further])} {end}"
            )
    asked = {one: value for one, value in told.items() if f"%({one})s" in " ".join(branches)}
    if len(branches) == 1:
        return branches[0], asked
    joined = " UNION ALL ".join(f"({branch})" for branch in branches)
    order = f"ORDER BY {outside(selection.order)} LIMIT {int(most)}"
    return f"SELECT * FROM ({joined}) b {order}", asked  # noqa: S608  (as above)


def _named(condition: str, name: str) -> str:
    return condition.replace("%(", f"%({name}") if name else condition


def outside(order: Order, back: bool = False) -> str:
    """The same order (or the other way round) where the keys are called k0, k1, …"""
    downs = [by.endswith(" DESC") != back for by in order.by]
    return ", ".join(f"k{n}{' DESC' * down}" for n, down in enumerate(downs))
