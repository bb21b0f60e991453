"""Django's sessions in the database, read by one statement that is planned once.

Every page of the desk begins with it; building the queryset took longer than the answer.
"""

from __future__ import annotations

from typing import Any

from django.contrib.sessions.backends import db
from django.db import connection
from django.utils import timezone

from supportdesk.prepared import Prepared

_READ = Prepared(
    "SELECT session_data FROM django_session WHERE session_key = %(key)s AND expire_date > %(now)s",
    {"key": "text", "now": "timestamptz"},
)


class SessionStore(db.SessionStore):
    """A session as Django keeps it."""

    def load(self) -> dict[str, Any]:
        """What the session holds; of one that is over or unknown nothing, and its key is let go."""
        with connection.cursor() as cursor:
            _READ.execute(cursor, {"key": self.session_key, "now": timezone.now()})
            row = cursor.fetchone()
        if row is None:
            self._session_key = None
            return {}
        found: dict[str, Any] = self.decode(row[0])
        return found
