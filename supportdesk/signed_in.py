"""Who is signed in: Django's own backend, but for a statement that is planned once.

It brings along where this person works, because every page for staff asks for that next.
"""

from __future__ import annotations

from typing import Any

from django.contrib.auth.backends import ModelBackend
from django.db import connection

from supportdesk.prepared import Prepared


class Backend(ModelBackend):
    """Password and rights are Django's."""

    def get_user(self, user_id: Any) -> Any:
        """The active person of this key, with their ``stores_read`` for the desk; or None."""
        from tickets.models import User

        fields = User._meta.concrete_fields
        read = _statement(tuple(str(field.column) for field in fields))
        with connection.cursor() as cursor:
            read.execute(cursor, {"key": user_id})
            row = cursor.fetchone()
        if row is None:
            return None
        *values, stores = row
        user = User.from_db(connection.alias, [field.attname for field in fields], values)
        user.__dict__["stores_read"] = stores
        return user if self.user_can_authenticate(user) else None


_known: dict[tuple[str, ...], Prepared] = {}


def _statement(columns: tuple[str, ...]) -> Prepared:
    from tickets.desk.person import stores_column

    if columns not in _known:
        named = ", ".join(f'u."{column}"' for column in columns)
        text = f"SELECT {named}, {stores_column()} FROM tickets_user u WHERE u.id = %(key)s"  # noqa: S608  (our own columns)
        _known[columns] = Prepared(text, {"key": "bigint"})
    return _known[columns]
