"""Statements that the database plans once for each connection, not once for each page.

Of a statement over a dozen tables the planning takes longer than the answer. What is prepared
stays with the connection, which outlives a request (the pool keeps it).
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping
from typing import Any
from weakref import WeakKeyDictionary

from django.db import ProgrammingError, connection
from django.db.backends.utils import CursorWrapper

_NAMED = re.compile(r"%\((\w+)\)s")
# Behind a pooler of connections somebody else's may have it, or ours may be gone.
_NOT_OURS = ("42P05", "26000")
_known: WeakKeyDictionary[Any, set[str]] = WeakKeyDictionary()


class Prepared:
    """One statement with ``%(named)s`` values; ``kinds`` are their types in PostgreSQL."""

    def __init__(self, sql: str, kinds: Mapping[str, str]) -> None:
        places = {name: f"${number}" for number, name in enumerate(kinds, 1)}
        self._plain = sql
        self._names = list(kinds)
        self._name = f"p_{hashlib.sha256(sql.encode()).hexdigest()[:20]}"
        body = _NAMED.sub(lambda found: places[found[1]], sql)
        self._prepare = f"PREPARE {self._name} ({', '.join(kinds.values())}) AS {body}"
        values = ", ".join("%s" for _name in kinds)
        self._execute = f"EXECUTE {self._name} ({values})"

    def execute(self, cursor: CursorWrapper, told: Mapping[str, Any]) -> None:
        """Run it; the rows are the cursor's."""
        known = _known.setdefault(connection.connection, set())
        try:
            if self._name not in known:
                cursor.execute(self._prepare)
                known.add(self._name)
            cursor.execute(self._execute, [_sent(told[name]) for name in self._names])
        except ProgrammingError as error:
            lost = getattr(error.__cause__, "sqlstate", "") in _NOT_OURS
            if not lost or connection.in_atomic_block:
                raise
            known.discard(self._name)
            cursor.execute(self._plain, told)


def _sent(value: Any) -> Any:
    """Keys as one text, whose type the statement knows: a list is looked through one by one."""
    if type(value) is list and all(type(one) is int for one in value):
        return f"{{{','.join(map(str, value))}}}"
    return value
