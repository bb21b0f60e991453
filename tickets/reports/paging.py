"""Pages by key: the next page begins after the last row seen, however long the list is."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import Q, QuerySet

PER_PAGE = 50


@dataclass(frozen=True, slots=True)
class Page:
    """Some rows, and the mark after which the next ones begin (empty on the last page)."""

    rows: list[Any]
    after: str


def page_of(rows: QuerySet[Any], at: str, after: str, size: int = PER_PAGE) -> Page:
    """The rows after a mark, of a queryset ordered by ``-at, -pk``.

    Raises:
        ValueError: the mark is none of ours.
    """
    if after:
        instant, pk = _read(after)
        rows = rows.filter(Q(**{f"{at}__lt": instant}) | Q(**{at: instant}, pk__lt=pk))
    found = list(rows[: size + 1])
    if len(found) <= size:
        return Page(found, "")
    last = found[size - 1]
    return Page(found[:size], f"{getattr(last, at).isoformat()}|{last.pk}")


def _read(mark: str) -> tuple[datetime, int]:
    instant, _, pk = mark.partition("|")
    at = datetime.fromisoformat(instant)
    if at.tzinfo is None:
        raise ValueError("a mark names its zone")
    return at, int(pk)
