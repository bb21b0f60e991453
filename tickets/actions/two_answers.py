"""Before two answers go out: nobody answers beside somebody else without knowing it."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime, timedelta

from django.db.models import Q
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from tickets.actions import roots
from tickets.actions.base import Turn
from tickets.actor import Actor
from tickets.errors import AlsoWriting, Conflict
from tickets.models import ReplyDraft

STILL_WRITING = timedelta(seconds=60)  # after the last word that was kept


def nobody_else(turn: Turn, actor: Actor, seen: Collection[int], known: Collection[int]) -> None:
    """Two people do not answer the same at once without having read, or known of, each other.

    Raises:
        Conflict: somebody else's reply is on its way, and this writer has not seen it.
        AlsoWriting: somebody else's words are still in their hand, and it is not known.
    """
    fresh = Q(send_at__isnull=False) | Q(touched_at__gt=turn.now - STILL_WRITING)
    assert turn.ticket is not None
    rows = ReplyDraft.objects.select_related("user").filter(
        fresh, ticket__in=roots.family(turn.ticket), kind="agent"
    )
    others = list(rows.exclude(user=actor.user))
    for other in others:
        if other.send_at is not None and other.pk not in seen:
            raise Conflict(
                _("%(name)s is sending a reply at this moment. Read it first: it stands above.")
                % {"name": other.user.get_full_name()}
            )
    writing = [row for row in others if row.send_at is None and row.body.strip()]
    if any(row.user_id not in known for row in writing):
        raise AlsoWriting(_who_writes(writing, turn.now), tuple(row.user_id for row in writing))


def _who_writes(rows: Sequence[ReplyDraft], now: datetime) -> str:
    """Who, and since when it was last so; never what, which is their own."""
    again = _("Nothing was sent yet. To send yours all the same, press Send once more.")
    if len(rows) > 1:
        names = ", ".join(row.user.get_full_name() for row in rows)
        said = _("%(names)s are writing replies here, too.") % {"names": names}
    else:
        seconds = max(1, round((now - rows[0].touched_at).total_seconds()))
        told = ngettext(
            "%(name)s is writing a reply here, too: the last word was typed %(n)d second ago.",
            "%(name)s is writing a reply here, too: the last word was typed %(n)d seconds ago.",
            seconds,
        )
        said = told % {"name": rows[0].user.get_full_name(), "n": seconds}
    return f"{said} {again}"
