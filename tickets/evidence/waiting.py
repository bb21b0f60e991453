"""Minutes of waiting for a phone's network must not keep one of the pool's connections."""

from __future__ import annotations

from django.db import connection


def hand_back_connection() -> None:
    """Return this thread's database connection to the pool; the next query takes one again."""
    if not connection.in_atomic_block:
        connection.close()
