"""The numbers of the page: each is counted under the cuts that its link carries."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Any
from urllib.parse import urlencode

from django.db.models import Count, Q, Sum
from django.urls import reverse

from tickets.models import GuidanceCount, Store
from tickets.reports.books import BOOKS, CUT_TITLES, Book, Label
from tickets.reports.columns import guide_label
from tickets.reports.periods import Period


@dataclass(frozen=True, slots=True)
class Number:
    """A count, and the address of the list that it counts."""

    value: int
    url: str


@dataclass(frozen=True, slots=True)
class Line:
    """One line of a table: what it is about, and a number for each column."""

    label: Label
    numbers: list[Number]


@dataclass(frozen=True, slots=True)
class Table:
    """A book cut two ways: lines by one cut, columns by the others.

    ``groups`` are headings over the columns, each with how many of them it spans.
    """

    book: Book
    groups: list[tuple[Label, int]]
    columns: list[Label]
    lines: list[Line]


@dataclass(frozen=True, slots=True)
class Money:
    """An amount in one currency, and the list of the refunds that it sums."""

    amount: Decimal
    currency: str
    count: int
    url: str


def url_for(book: Book, store: Store, period: Period, chosen: Mapping[str, str]) -> str:
    """The address of a list; it names its days, so that it means the same tomorrow."""
    query = urlencode({"store": store.slug, **period.query(), **chosen})
    return f"{reverse('reports:list', args=[book.key])}?{query}"


def table(
    key: str, store: Store, period: Period, by: str, across: tuple[str, ...], total: Label
) -> Table:
    """Count a book by one cut's values and across the values of others, in one query."""
    book = BOOKS[key]
    columns: list[dict[str, str]] = [{}]
    columns += [{name: value} for name in across for value in book.cuts[name]]
    lines: list[dict[str, str]] = [{by: value} for value in book.cuts[by]]
    if len(lines) > 1:
        lines.append({})
    counts = {
        f"n{row}_{column}": Count("pk", filter=_all(book, {**line, **cut}))
        for row, line in enumerate(lines)
        for column, cut in enumerate(columns)
    }
    found = book.rows(store, period, {}).order_by().select_related(None).aggregate(**counts)
    return Table(
        book,
        [(CUT_TITLES[name], len(book.cuts[name])) for name in across],
        [total, *(book.cut(*next(iter(cut.items()))).label for cut in columns[1:])],
        [
            Line(
                book.cut(by, line[by]).label if line else total,
                [
                    Number(found[f"n{row}_{column}"], url_for(book, store, period, {**line, **cut}))
                    for column, cut in enumerate(columns)
                ],
            )
            for row, line in enumerate(lines)
        ],
    )


def _all(book: Book, chosen: Mapping[str, str]) -> Q:
    where = Q(pk__isnull=False)
    for name, value in chosen.items():
        where &= book.cut(name, value).where
    return where


def simple(key: str, store: Store, period: Period, by: str) -> Table:
    """A book counted by one cut: a line for each value."""
    book = BOOKS[key]
    counts = {value: Count("pk", filter=cut.where) for value, cut in book.cuts[by].items()}
    found = book.rows(store, period, {}).order_by().select_related(None).aggregate(**counts)
    lines = [
        Line(cut.label, [Number(found[value], url_for(book, store, period, {by: value}))])
        for value, cut in book.cuts[by].items()
    ]
    return Table(book, [], [], lines)


def money(key: str, store: Store, period: Period) -> list[Money]:
    """What a book of refunds comes to, by currency: amounts of two are never added."""
    book = BOOKS[key]
    found = (
        book.rows(store, period, {})
        .order_by()
        .values("currency")
        .annotate(amount=Sum("amount"), count=Count("pk"))
        .order_by("currency")
    )
    return [
        Money(
            row["amount"],
            row["currency"],
            row["count"],
            url_for(book, store, period, {"currency": row["currency"]}),
        )
        for row in found
    ]


@dataclass(frozen=True, slots=True)
class Guided:
    """How often guidance was enough. ``lines`` are the counters of answers without a draft.

    ``asked`` counts contacts of both kinds, ``alone`` those that no person came into.
    """

    asked: int
    alone: int
    lines: list[dict[str, Any]]
    url: str

    @property
    def percent(self) -> int:
        """The whole percent of contacts that ended without a person, rounded down."""
        return 100 * self.alone // self.asked if self.asked else 0


def guided(store: Store, period: Period) -> Guided:
    """Guided questions and counted answers of a period, and how many needed nobody."""
    book = BOOKS["answers"]
    rows = book.rows(store, period, {}).order_by()
    sums = {name: Sum(name) for name in ("seen", "helped", "wrote")}
    lines = list(rows.values("kind", "key").annotate(**sums).order_by("kind", "-seen", "key"))
    for line in lines:
        line["label"] = guide_label(GuidanceCount(kind=line["kind"], key=line["key"]))
    inquiries = BOOKS["guidance"].rows(store, period, {}).order_by().select_related(None)
    alone = BOOKS["guidance"].cut("person", "without").where
    found = inquiries.aggregate(asked=Count("pk"), alone=Count("pk", filter=alone))
    # Somebody may write without having looked first (by a link in a mail, say).
    seen = sum(max(line["seen"], line["wrote"]) for line in lines)
    wrote = sum(line["wrote"] for line in lines)
    return Guided(
        found["asked"] + seen,
        found["alone"] + seen - wrote,
        lines,
        url_for(book, store, period, {}),
    )


def filled(found: Table) -> Table:
    """A table without its empty lines; the sum at its end stays."""
    kept = [line for line in found.lines[:-1] if line.numbers[0].value]
    return replace(found, lines=[*kept, found.lines[-1]])
