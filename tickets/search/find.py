"""The newest tickets that a query asks for, in time that does not grow with how many there are.

An index on words knows no order: it gives all matches, or none. What stands in many tickets is
therefore asked block by block of ticket numbers, from the newest on, each with its block's mark
(see `tickets.search.vector`), until there is a page: the first blocks are small, and full of it.
What is rare is asked of all at once, as soon as the blocks have shown that it is: a hundred looks
for a few matches would cost more than the matches.

What is neither (a condition that the index does not know, a phrase of words that stand everywhere)
is looked for as long as ``SECONDS`` allow, and then offered to be looked for further back: nothing
that was found is lost, as it would be with a limit on the statement.

Whose they may be is not decided here: `Meaning.stores` come from `access.stores_for`. They are
asked for twice, by a mark in the words and by the ticket's own row.
"""

from __future__ import annotations

import math
import re
import time
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from django.db import connection

from tickets.search.meaning import Meaning
from tickets.search.vector import BLOCKS, quoted

PAGE = 30
SECONDS = 1.0
FEW = 10_000  # matches that may be read at once
_TIERS = (4, 8)  # blocks of the smaller sizes, before the largest: a thousand tickets, 30,000
_QUICK = 0.01  # seconds: a statement that took no longer is followed by one over more blocks
_FASTER = 4
# Numbers go up as tickets are opened. Clocks of several servers differ, by less than this.
_CLOCKS = timedelta(days=1)

# Block after block, and none after the page is full: a nested loop that LIMIT ends. "+ 0" keeps
# the planner from the table's key, which it would walk down, or read half of, beside the index on
# words. The scalar subqueries are looked at row by row, never made a join over all tickets.
_FIND = """
    SELECT found.ticket_id FROM unnest(%s::tsquery[]) AS block (query) CROSS JOIN LATERAL (
        SELECT d.ticket_id FROM tickets_searchdoc d
        WHERE d.words @@ block.query AND d.ticket_id + 0 BETWEEN %s AND %s {conditions}
        ORDER BY d.ticket_id + 0 DESC LIMIT %s
    ) found
    WHERE (SELECT t.store_id FROM tickets_ticket t WHERE t.id = found.ticket_id) = ANY(%s)
    LIMIT %s
"""
_CONDITION = "AND (SELECT {} FROM tickets_ticket t WHERE t.id = d.ticket_id)"
_WHOLE = """
    SELECT coalesce((SELECT max(ticket_id) FROM tickets_searchdoc), 0),
        (SELECT count(*) FROM tickets_store)
"""
_OPENED = """
    SELECT (SELECT id FROM tickets_ticket t WHERE t.store_id = s.id AND t.opened_at {sign} %s
        ORDER BY t.opened_at {way}, t.id {way} LIMIT 1)
    FROM unnest(%s::bigint[]) AS s (id)
"""


@dataclass(frozen=True, slots=True)
class Page:
    """Numbers of tickets, the newest first.

    ``after`` is where the next page begins (0 at the end); ``stopped`` says that time was up
    before the page was full, and that there may be more behind ``after``.
    """

    tickets: list[int]
    after: int = 0
    stopped: bool = False


def find(meaning: Meaning, below: int, *, size: int = 0) -> Page:
    """One page of what is asked for; ``below`` is the ``after`` of the page before, or 0.

    ``size`` is how many a page holds, where that is not ``PAGE``.
    """
    size = size or PAGE
    with connection.cursor() as cursor:
        cursor.execute(_WHOLE)
        newest, stores = cursor.fetchone()
    floor, behind = _span(meaning, newest + 1)
    asker = _Asker(meaning, floor, every_store=len(set(meaning.stores)) >= stores)
    start = low = min(below, behind) if below > 0 else behind
    found: list[int] = []
    until = time.monotonic() + SECONDS
    for marks, lowest in _rounds(start, floor):
        if asker.expects(low - floor) <= FEW:
            found += asker.ask([""], low, floor, size + 1 - len(found))
            break
        found += asker.ask(marks, low, lowest, size + 1 - len(found))
        low = lowest
        if len(found) > size:
            break
        if time.monotonic() > until and low > floor:
            return Page(found, low, stopped=True)
    if len(found) > size:
        return Page(found[:size], found[size - 1])
    return Page(found)


def _rounds(start: int, floor: int) -> Iterator[tuple[list[str], int]]:
    """The blocks from ``start`` down, those of one statement at a time, with their lowest number.

    A block may reach above where the round begins: what is there has been looked at.
    """
    low = start
    for (letter, bits), many in zip(BLOCKS, (*_TIERS, 1), strict=True):
        last = bits == BLOCKS[-1][1]
        first = True
        while low > floor and (first or last):
            number = (low - 1) >> bits
            numbers = range(number, max(number - many, (floor >> bits) - 1, -1), -1)
            began = time.monotonic()
            low = numbers[-1] << bits
            yield [f"{letter}{n}" for n in numbers], low
            many = many * _FASTER if time.monotonic() - began < _QUICK else 1
            first = False


class _Asker:
    """Asks for matches of one query, and learns how rare they are."""

    def __init__(self, meaning: Meaning, floor: int, *, every_store: bool) -> None:
        self._meaning = meaning
        self._floor = floor
        self._words = meaning.tsquery(every_store=every_store)
        # The same without what the index cannot say by itself: the rows that are looked at.
        self._loose = re.sub(r"<\d+>", "&", self._words)
        self._exact = self._loose == self._words and not meaning.conditions
        self._seen = self._among = 0

    def expects(self, tickets: int) -> float:
        """How many rows have to be looked at among so many tickets, at the most."""
        return math.inf if not self._among else (self._seen + 1) / self._among * tickets

    def ask(self, marks: list[str], below: int, lowest: int, limit: int) -> list[int]:
        """The newest matches in these blocks (in all for the mark ''), which end at ``lowest``."""
        found = self._ask(self._words, marks, below, limit, self._meaning.conditions)
        if self._exact:
            self._seen += len(found)
            self._among += below - lowest
        elif not self._among and len(found) < limit:
            seen = len(self._ask(self._loose, marks, below, PAGE + 1, []))
            # Where they stopped counting there are more: as many as tickets, for all we know.
            self._seen = seen if seen <= PAGE else below - lowest
            self._among = below - lowest
        return found

    def _ask(
        self,
        words: str,
        marks: list[str],
        below: int,
        limit: int,
        conditions: list[tuple[str, list[Any]]],
    ) -> list[int]:
        whole = " AND ".join(f"({sql})" for sql, _values in conditions)
        values = [value for _sql, each in conditions for value in each]
        sql = _FIND.format(conditions=_CONDITION.format(whole) if conditions else "")
        queries = [
            "&".join(part for part in (mark and quoted(mark), words) if part) for mark in marks
        ]
        told = [queries, self._floor, below - 1, *values, limit, self._meaning.stores, limit]
        with connection.cursor() as cursor:
            cursor.execute(sql, told)
            return [row[0] for row in cursor.fetchall()]


def _span(meaning: Meaning, behind: int) -> tuple[int, int]:
    """The numbers between which tickets opened in the days that were asked for stand."""
    floor = 0
    with connection.cursor() as cursor:
        if meaning.since is not None:
            sql = _OPENED.format(sign=">=", way="ASC")
            cursor.execute(sql, [meaning.since - _CLOCKS, meaning.stores])
            firsts = [row[0] for row in cursor.fetchall() if row[0] is not None]
            floor = min(firsts, default=behind)
        if meaning.until is not None:
            sql = _OPENED.format(sign="<", way="DESC")
            cursor.execute(sql, [meaning.until + _CLOCKS, meaning.stores])
            lasts = [row[0] for row in cursor.fetchall() if row[0] is not None]
            behind = min(behind, max(lasts, default=-1) + 1)
    return floor, behind
