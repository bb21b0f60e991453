"""The newest tickets that a query asks for, in time that does not grow with how many there are.

Whose they may be is not decided here: `Meaning.stores` come from `access.stores_for`. They are
asked for twice, by a mark in the words and by the ticket's own row.

An index on words knows no order: it gives all matches, or none. So the query is asked block by
block of ticket numbers, from the newest on, each with its block's mark (see
`tickets.search.vector`), until there is a page. What stands in many tickets fills a page in the
first blocks, which are small; what is rare is rare in the large ones, too. What is neither (a
condition that the index does not know, on words that stand everywhere) is looked for as long as
``SECONDS`` allow, and then offered to be looked for further back: nothing that was found is lost,
as it would be with a limit on the statement.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from django.db import connection

from tickets.search.meaning import Meaning
from tickets.search.vector import BLOCKS, quoted

PAGE = 30
SECONDS = 1.0
_QUICK = 0.01  # seconds: a statement that took no longer is followed by one over more blocks
_FASTER = 16
_FEWEST = 8  # blocks of one size before the next

# Block after block, and none after the page is full: a nested loop that LIMIT ends. "+ 0" keeps
# the planner from walking down the table's key instead of using the index on words.
_FIND = """
    SELECT found.ticket_id FROM unnest(%s::tsquery[]) AS block (query) CROSS JOIN LATERAL (
        SELECT d.ticket_id FROM tickets_searchdoc d
        WHERE d.words @@ block.query AND d.ticket_id < %s {conditions}
        ORDER BY d.ticket_id + 0 DESC LIMIT %s
    ) found
    WHERE (SELECT t.store_id FROM tickets_ticket t WHERE t.id = found.ticket_id) = ANY(%s)
    LIMIT %s
"""
# A scalar subquery: looked at row by row, never turned into a join over all tickets.
_CONDITION = "AND (SELECT {} FROM tickets_ticket t WHERE t.id = d.ticket_id)"


@dataclass(frozen=True, slots=True)
class Page:
    """Numbers of tickets, the newest first.

    ``after`` is where the next page begins (0 at the end); ``stopped`` says that time was up
    before the page was full, and that there may be more behind ``after``.
    """

    tickets: list[int]
    after: int = 0
    stopped: bool = False


def blocks(below: int) -> Iterator[tuple[str, int]]:
    """The blocks that hold all tickets below a number, from the newest: mark and lowest number.

    Eight small ones at least, then more until a larger one can begin; and so on up: about fifty
    for a million tickets.
    """
    top = below - 1
    for size, (letter, bits) in enumerate(BLOCKS):
        more = BLOCKS[size + 1][1] if size + 1 < len(BLOCKS) else None
        seen = 0
        while top >= 0:
            number = top >> bits
            yield f"{letter}{number}", number << bits
            top = (number << bits) - 1
            seen += 1
            if more is not None and seen >= _FEWEST and (top + 1) % (1 << more) == 0:
                break


def find(meaning: Meaning, below: int) -> Page:
    """One page of what is asked for; ``below`` is the ``after`` of the page before, or 0."""
    behind = _newest() + 1
    start = min(below, behind) if below > 0 else behind
    waiting = list(blocks(start))
    found: list[int] = []
    # The first statement goes through the small and the middle blocks.
    many = sum(1 for mark, _low in waiting if not mark.startswith(BLOCKS[-1][0])) or 1
    until = time.monotonic() + SECONDS
    low = start
    while waiting and len(found) <= PAGE:
        these, waiting = waiting[:many], waiting[many:]
        began = time.monotonic()
        found += _ask(meaning, [mark for mark, _low in these], start, PAGE + 1 - len(found))
        ended = time.monotonic()
        low = these[-1][1]
        if ended > until and waiting and len(found) <= PAGE:
            return Page(found, low, stopped=True)
        many = _FASTER if ended - began < _QUICK * max(1, len(these) // _FASTER) else 1
    if len(found) > PAGE:
        return Page(found[:PAGE], found[PAGE - 1])
    return Page(found)


def _newest() -> int:
    with connection.cursor() as cursor:
        cursor.execute("SELECT coalesce(max(ticket_id), 0) FROM tickets_searchdoc")
        return int(cursor.fetchone()[0])


def _ask(meaning: Meaning, marks: list[str], below: int, limit: int) -> list[int]:
    conditions = " AND ".join(f"({sql})" for sql, _values in meaning.conditions)
    values: list[Any] = [value for _sql, each in meaning.conditions for value in each]
    sql = _FIND.format(conditions=_CONDITION.format(conditions) if conditions else "")
    queries = [meaning.tsquery([quoted(mark)]) for mark in marks]
    with connection.cursor() as cursor:
        cursor.execute(sql, [queries, below, *values, limit, meaning.stores, limit])
        return [row[0] for row in cursor.fetchall()]
