"""Who else is on a ticket, and what has happened on it since its page was read."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from django.db import connection
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from supportdesk.prepared import Prepared
from tickets.actions.presence import LOOKING, TYPING
from tickets.desk.person import Desk
from tickets.models import Ticket

MOST = 5  # people who are named; more are counted
_LATEST = 20  # events that are looked at


@dataclass(frozen=True, slots=True)
class Other:
    """Somebody else who has the ticket open."""

    name: str
    writing: bool


@dataclass(frozen=True, slots=True)
class Here:
    """What the line above the conversation says. ``more`` are people who are not named;
    ``news`` is what has happened since the page was read, in a few words, or nothing."""

    others: tuple[Other, ...] = ()
    more: int = 0
    news: str = ""

    def etag(self) -> str:
        """The same for as long as the same is to be said."""
        told = f"{self.others}|{self.more}|{self.news}|{get_language()}"
        return hashlib.sha256(told.encode()).hexdigest()[:32]


# Of a statement about ``tickets_ticket t``: the others, those who write first.
COLUMN = f"""
  (SELECT json_agg(json_build_array(z.name, z.writing) ORDER BY z.writing DESC, z.name) FROM (
     SELECT coalesce(nullif(u.name, ''), u.email) AS name,
            coalesce(p.typing_at > %(now)s - interval '{TYPING.seconds} seconds', false) AS writing
     FROM tickets_presence p JOIN tickets_user u ON u.id = p.user_id
     WHERE p.ticket_id = t.id AND p.user_id <> %(me)s AND u.is_active
       AND p.seen_at > %(now)s - interval '{LOOKING.seconds} seconds') z)
"""  # noqa: S608  (our own; values are bound)
_NEWS = f"""
  (SELECT json_agg(json_build_array(e.kind, e.data->>'message_kind',
            coalesce(nullif(u.name, ''), u.email)) ORDER BY e.seq DESC)
   FROM (SELECT * FROM tickets_event WHERE ticket_id = t.id AND seq > %(seen)s
         ORDER BY seq DESC LIMIT {_LATEST}) e
   LEFT JOIN tickets_user u ON u.id = e.actor_user_id
   WHERE e.actor_user_id IS DISTINCT FROM %(me)s)
"""  # noqa: S608  (as above)
_READ = Prepared(
    f"SELECT {COLUMN}, {_NEWS} FROM tickets_ticket t WHERE t.id = %(ticket)s",  # noqa: S608  (as above)
    {"ticket": "bigint", "me": "bigint", "now": "timestamptz", "seen": "bigint"},
)


def read(desk: Desk, ticket: Ticket, seen: int) -> Here:
    """Who is there now, and what came after the event numbered ``seen``; in one statement."""
    told = {"ticket": ticket.pk, "me": desk.user.pk, "now": desk.now, "seen": seen}
    with connection.cursor() as cursor:
        _READ.execute(cursor, told)
        # Nothing, where the ticket has gone between the look-up and this.
        others, events = cursor.fetchone() or (None, None)
    return shown(others, _news(events or ()))


def shown(rows: Sequence[Any] | None, news: str = "") -> Here:
    """What `COLUMN` has brought, as the page says it."""
    found = [Other(name, writing) for name, writing in rows or ()]
    return Here(tuple(found[:MOST]), len(found[MOST:]), news)


def _news(events: Iterable[Sequence[Any]]) -> str:
    """The most important thing that others have done: what the customer said comes first."""
    said: dict[str, str] = {}
    other = ""
    for kind, message_kind, name in events:
        if kind == "message_added":
            said.setdefault(message_kind, name or "")
        else:
            other = other or (name or "-")
    if "customer" in said:
        return _("The customer has written.")
    if "agent" in said:
        return _("%(name)s has answered.") % {"name": said["agent"]}
    if "note" in said:
        return _("%(name)s has left a note.") % {"name": said["note"]}
    if not other:
        return ""
    if other == "-":
        return _("Something has happened here.")
    return _("%(name)s has changed something here.") % {"name": other}
