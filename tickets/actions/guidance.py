"""Whether guidance ended the contact: counters by the day, of nobody in particular."""

from __future__ import annotations

from datetime import datetime
from typing import Literal
from zoneinfo import ZoneInfo

from django.db import connection

from tickets.models import GuidanceCount, Store

What = Literal["seen", "helped", "wrote"]


def count(store: Store, kind: str, key: str, what: What, *, now: datetime) -> None:
    """Count one: an article (``key`` is its rule) or a general answer (its request type).

    One statement, so that two visitors at once are two. The day is the store's own.
    """
    if what not in ("seen", "helped", "wrote"):
        raise ValueError(f"nobody counts {what!r}")
    day = now.astimezone(ZoneInfo(store.time_zone)).date()
    table = GuidanceCount._meta.db_table
    first = [int(what == name) for name in ("seen", "helped", "wrote")]
    # Nobody waits for the disk over a counter: after a power cut the last ones may be missing.
    # Inside another transaction that would be said of the whole of it, so not there.
    hurry = " RETURNING set_config('synchronous_commit', 'off', true)"
    with connection.cursor() as cursor:
        cursor.execute(
            f"INSERT INTO {table} (store_id, day, kind, key, seen, helped, wrote)"  # noqa: S608  (our own table's and column's names)
            " VALUES (%s, %s, %s, %s, %s, %s, %s)"
            f" ON CONFLICT (store_id, day, kind, key) DO UPDATE SET {what} = {table}.{what} + 1"
            f"{'' if connection.in_atomic_block else hurry}",
            [store.pk, day, kind, key, *first],
        )
