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
from tickets.spreadsheets import BOM, Echo, defused

_CHUNK = 2000


def lines(book: str, rows: QuerySet[Any], store: Store) -> Iterator[str]:
    """The CSV's lines; times on the store's clock with their offset, amounts as plain numbers."""
    writer = csv.writer(Echo())
    zone = ZoneInfo(store.time_zone)
    columns = columns_of(book)
    yield BOM + writer.writerow([str(column.label) for column in columns])
    for row in rows.iterator(chunk_size=_CHUNK):
        yield writer.writerow([_cell(column.read(row), zone) for column in columns])


def _cell(value: Cell, zone: ZoneInfo) -> str:
    if isinstance(value, datetime):
        return value.astimezone(zone).isoformat(sep=" ", timespec="seconds")
    if isinstance(value, str):
        return defused(value)
    return "" if value is None else str(value)
