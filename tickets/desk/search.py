"""One box for everything: what a text names, and the tickets in which its words stand."""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from typing import Any

from tickets.desk import labels, lines, rows
from tickets.desk.person import Desk
from tickets.search import excerpts
from tickets.search.find import Page, find
from tickets.search.meaning import Around, Meaning, understand
from tickets.search.named import Named, named
from tickets.search.query import LONGEST, Query, parse

EVERY_SECONDS = 10.0  # for whoever wants all that is found, and waits for it


@dataclass(frozen=True, slots=True)
class Found:
    """What a search found, as `desk/search.html` shows it.

    ``groups`` are what the text names, with their rows;
    ``rows`` are the tickets in which its words stand, each with its ``excerpt``.
    """

    groups: list[dict[str, Any]] = field(default_factory=list)
    named: Named = field(default_factory=Named)
    rows: list[rows.Row] = field(default_factory=list)
    page: Page = field(default_factory=lambda: Page([]))
    problems: list[str] = field(default_factory=list)
    asked: bool = True


def search(desk: Desk, typed: str, after: int = 0) -> Found:
    """Everything this person may see that was asked for; ``after`` is where a page begins."""
    query = parse(typed)
    names = Named()
    if after == 0 and query.plain and len(typed) <= LONGEST:
        names = named(desk.actor, desk.here, typed)
        if names.reference:
            return Found(named=names)
    meaning = _meaning(desk, query)
    page = Page([]) if meaning.empty else find(meaning, after)
    keys = [key for group in names.groups for key in group.tickets]
    shown = rows.of(desk, lines.of([*keys, *page.tickets]))
    by_key = {row["ticket"].pk: row for row in shown}
    said = excerpts.of_tickets([*{*keys, *page.tickets}], meaning.shown)
    for key, row in by_key.items():
        row["excerpt"] = said.get(key)
    groups = [
        {"title": group.title, "rows": [by_key[key] for key in group.tickets if key in by_key]}
        for group in names.groups
    ]
    already = set(keys)
    others = [by_key[key] for key in page.tickets if key in by_key and key not in already]
    return Found(
        groups=groups,
        named=names,
        rows=others,
        page=page,
        problems=meaning.problems,
        asked=not meaning.empty,
    )


def every(desk: Desk, typed: str, most: int) -> tuple[list[int], bool]:
    """The numbers of all tickets that a search shows, page after page, up to ``most``; and whether
    it came to its end in time."""
    query = parse(typed)
    found: dict[int, None] = {}
    if query.plain and len(typed) <= LONGEST:
        names = named(desk.actor, desk.here, typed)
        found |= dict.fromkeys(key for group in names.groups for key in group.tickets)
    meaning = _meaning(desk, query)
    if meaning.empty:
        return list(found), True
    after, until = 0, time.monotonic() + EVERY_SECONDS
    while len(found) < most:
        page = find(meaning, after, size=1000)
        found |= dict.fromkeys(page.tickets)
        after = page.after
        if not after:
            return list(found)[:most], True
        if time.monotonic() > until:
            return list(found)[:most], False
    return list(found)[:most], True


def _meaning(desk: Desk, query: Query) -> Meaning:
    stores = [desk.store] if desk.store else desk.stores
    requests = {key: str(label) for key, label in labels.REQUESTS.items()}
    return understand(query, Around(desk.user, stores, desk.now, requests))
