"""Whether anything has changed on the queues: asked often, so answered from a few index entries.

Whatever happens to a ticket is an event. Each store's last ones are told, not the last alone: of
two written at once, the one with the lower number may be seen later. What only the clock
changes is told by the last due date that has passed, now and within the hours of *due soon*.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from datetime import datetime

from django.db import connection
from django.utils.translation import get_language

from supportdesk.prepared import Prepared
from tickets.desk.lists import AWAKE
from tickets.desk.queues import SOON

_PASSED = (
    f"(SELECT t.id FROM tickets_ticket t WHERE t.store_id = s.id AND {AWAKE}"  # noqa: S608  (constants)
    " AND t.next_due_at < %({by})s ORDER BY t.next_due_at DESC, t.id DESC LIMIT 1)"
)
MARK = f"""
    (SELECT md5(string_agg(concat_ws('/', s.id, {_PASSED.format(by="now")},
       {_PASSED.format(by="soon")}, (SELECT string_agg(e.id::text, ',') FROM (
         SELECT id FROM tickets_event WHERE store_id = s.id ORDER BY at DESC, id DESC LIMIT 20
       ) e)), ';' ORDER BY s.id)) FROM unnest(%(stores)s::bigint[]) AS s (id))
"""  # noqa: S608  (constants)


_MARK = Prepared(
    f"SELECT {MARK}", {"stores": "bigint[]", "now": "timestamptz", "soon": "timestamptz"}
)


def mark(stores: Sequence[int], now: datetime) -> str:
    """The same for as long as nothing has changed in these stores."""
    with connection.cursor() as cursor:
        _MARK.execute(cursor, {"stores": list(stores), "now": now, "soon": now + SOON})
        return str(cursor.fetchone()[0] or "")


def etag(seen: str, query: str) -> str:
    """The word for one page in one state, as HTTP quotes it."""
    told = f"{seen}|{query}|{get_language()}"
    return f'"{hashlib.sha256(told.encode()).hexdigest()[:32]}"'
