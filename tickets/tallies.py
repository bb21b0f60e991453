"""Fold the tallies: many rows of one place into one, so that their sum stays quick to take.

A trigger adds a row for every change of a ticket's place (see migration 0011), so that nobody
ever waits for a counter. What stands there is the sum, before and after folding alike.
"""

from __future__ import annotations

from django.db import connection

_PLACE = "store_id, stage, state, waiting_for, assignee_id, snoozed"
# Rows that another hand is folding are left to it. What it writes is not seen here yet: each row
# is taken away by one statement only, and that writes what it took. Where nothing has
# happened since the last time, nothing is written.
_FOLD = f"""
WITH crowded AS (
  SELECT array_agg(id) AS ids FROM tickets_queuetally GROUP BY {_PLACE} HAVING count(*) > 1
), mine AS (
  SELECT id FROM tickets_queuetally WHERE id IN (SELECT unnest(ids) FROM crowded)
  FOR UPDATE SKIP LOCKED
), taken AS (
  DELETE FROM tickets_queuetally WHERE id IN (SELECT id FROM mine) RETURNING {_PLACE}, n
), folded AS (
  INSERT INTO tickets_queuetally ({_PLACE}, n)
  SELECT {_PLACE}, sum(n) FROM taken GROUP BY {_PLACE} HAVING sum(n) <> 0
)
SELECT count(*) FROM taken
"""  # noqa: S608  (constants)


def fold() -> int:
    """Fold what has gathered, in one statement; how many rows were folded. Safe twice at once."""
    with connection.cursor() as cursor:
        cursor.execute(_FOLD)
        return int(cursor.fetchone()[0])
