"""A page of a list narrowed down by what no index knows: a stretch of the list at a time.

However rare what is looked for, a page looks through a bounded number of tickets; then it says
how far it looked, and where to go on.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.db import connection

from tickets.desk import lines, lists
from tickets.desk.lists import Page, Place, Selection, candidates, outside

STRETCH = 2500
ROUNDS = 4
MOST_ROUNDS = 100  # for whoever wants all of a list, and waits for it
COUNTED = 100


def page(selection: Selection, after: str) -> Page:
    """One page; ``Page.looked`` is set where there was more to look through."""
    if not selection.also:
        return lists.page(selection, after)
    place = selection.order.place(after)
    found: list[tuple[Place, int]] = []
    for _round in range(ROUNDS):
        fitting, last, size = _look(selection, place, lists.PAGE + 1 - len(found))
        found += fitting
        if len(found) > lists.PAGE:
            shown = found[: lists.PAGE]
            return _page(shown, selection.order.after(shown[-1][0]))
        if last is None or size < STRETCH:
            return _page(found, "")
        place = last
    assert place is not None
    return _page(found, selection.order.after(place), ROUNDS * STRETCH)


def _page(found: Sequence[tuple[Place, int]], after: str, looked: int = 0) -> Page:
    return Page(lines.of([key for _place, key in found]), after, looked)


def _look(
    selection: Selection, place: Place | None, wanted: int
) -> tuple[list[tuple[Place, int]], Place | None, int]:
    """Of the next stretch: what fits, with its place; the last place; how long it was."""
    if not selection.keys:
        return [], None, 0
    keys = ", ".join(f"{key} AS k{n}" for n, key in enumerate(selection.order.keys))
    names = ", ".join(f"k{n}" for n in range(len(selection.order.keys)))
    inner, told = candidates(selection, place, f"{keys}, t.*", STRETCH)
    sql = (
        f"WITH part AS MATERIALIZED ({inner})"  # noqa: S608  (values are bound)
        f" (SELECT {names}, t.id, 0 FROM part t WHERE {' AND '.join(selection.also)}"
        f" ORDER BY {outside(selection.order)} LIMIT {int(wanted)})"
        f" UNION ALL (SELECT {names}, 0, (SELECT count(*) FROM part) FROM part"
        f" ORDER BY {outside(selection.order, back=True)} LIMIT 1)"
    )
    with connection.cursor() as cursor:
        cursor.execute(sql, {**selection.told, **told})
        rows = cursor.fetchall()
    if not rows:
        return [], None, 0
    *fitting, end = rows
    return [(tuple(row[:-2]), row[-2]) for row in fitting], tuple(end[:-2]), end[-1]


def ids(selection: Selection, most: int) -> tuple[list[int], bool]:
    """The numbers of its first ``most`` tickets, and whether all of it was looked through.

    What an index knows is read at once; what none knows, a stretch at a time.
    """
    if not selection.keys:
        return [], True
    if not selection.also:
        keys = ", ".join(f"{key} AS k{n}" for n, key in enumerate(selection.order.keys))
        inner, told = candidates(selection, None, f"{keys}, t.id", most)
        with connection.cursor() as cursor:
            cursor.execute(f"SELECT t.id FROM ({inner}) t", told)  # noqa: S608  (values are bound)
            return list(dict.fromkeys(pk for (pk,) in cursor.fetchall())), True
    place: Place | None = None
    found: dict[int, None] = {}
    for _round in range(MOST_ROUNDS):
        fitting, last, size = _look(selection, place, STRETCH)
        found |= dict.fromkeys(pk for _place, pk in fitting)
        if len(found) >= most or last is None or size < STRETCH:
            return list(found)[:most], True
        place = last
    return list(found), False


def count(selections: Sequence[Selection | None]) -> list[tuple[int, bool]]:
    """How many each holds, in one statement: up to ``COUNTED``, and whether there may be more."""
    parts: list[str] = []
    told: dict[str, Any] = {}
    for number, one in enumerate(selections):
        if one is None or not one.keys:
            parts.append("ARRAY[0, 0]::bigint[]")
            continue
        name = f"v{number}_"
        most = STRETCH if one.also else COUNTED
        order = ", ".join(f"{key} AS k{n}" for n, key in enumerate(one.order.keys))
        inner, values = candidates(one, None, f"{order}, t.*", most, name)
        told |= {f"{name}{key}": value for key, value in one.told.items()} | values
        also = " AND ".join(one.also or ("true",)).replace("%(", f"%({name}")
        parts.append(
            f"(WITH part AS MATERIALIZED ({inner}) SELECT ARRAY[(SELECT count(*) FROM"  # noqa: S608
            f" (SELECT FROM part t WHERE {also} LIMIT {COUNTED}) f), (SELECT count(*) FROM part)])"
        )
    if not parts:
        return []
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT {', '.join(parts)}", told)
        row = cursor.fetchone()
    return [(n, n >= COUNTED or size >= STRETCH) for n, size in row]
