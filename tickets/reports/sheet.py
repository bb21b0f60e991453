"""A list as CSV: streamed row by row, and harmless in a spreadsheet."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from django.db.models import QuerySet

from tickets.models import Store
from tickets.reports.columns import Cell, columns_of

# A cell that begins like this is a formula to a spreadsheet (CWE-1236).
_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n")
_CHUNK = 2000
# So that spreadsheets read Korean names as UTF-8.
_BOM = "\ufeff"


class _Echo:
    """A file that gives back what is written into it."""

    def write(self, text: str) -> str:
        return text


def lines(book: str, rows: QuerySet[Any], store: Store) -> Iterator[str]:
    """The CSV's lines; times on the store's clock with their offset, amounts as plain numbers."""
    writer = csv.writer(_Echo())
    zone = ZoneInfo(store.time_zone)
    columns = columns_of(book)
    yield _BOM + writer.writerow([str(column.label) for column in columns])
    for row in rows.iterator(chunk_size=_CHUNK):
        yield writer.writerow([_cell(column.read(row), zone) for column in columns])


def _cell(value: Cell, zone: ZoneInfo) -> str:
    if isinstance(value, datetime):
        return value.astimezone(zone).isoformat(sep=" ", timespec="seconds")
    if isinstance(value, str):
        return defused(value)
    return "" if value is None else str(value)


def defused(text: str) -> str:
    """Text that stays text: a leading apostrophe where a spreadsheet would calculate."""
    return f"'{text}" if text.lstrip(" ").startswith(_FORMULA) else text
