"""Who is signed in: Django's own backend, but for a statement that is planned once."""

from __future__ import annotations

from typing import Any

from django.contrib.auth.backends import ModelBackend
from django.db import connection

from supportdesk.prepared import Prepared


class Backend(ModelBackend):
    """Password and rights are Django's."""

    def get_user(self, user_id: Any) -> Any:
        """The active person of this key, or None."""
        from tickets.models import User

        fields = User._meta.concrete_fields
        read = _statement(tuple(str(field.column) for field in fields))
        with connection.cursor() as cursor:
            read.execute(cursor, {"key": user_id})
            row = cursor.fetchone()
        if row is None:
            return None
        user = User.from_db(connection.alias, [field.attname for field in fields], row)
        return user if self.user_can_authenticate(user) else None


_known: dict[tuple[str, ...], Prepared] = {}


def _statement(columns: tuple[str, ...]) -> Prepared:
    if columns not in _known:
        named = ", ".join(f'"{column}"' for column in columns)
        text = f"SELECT {named} FROM tickets_user WHERE id = %(key)s"  # noqa: S608  (our own columns)
        _known[columns] = Prepared(text, {"key": "bigint"})
    return _known[columns]
