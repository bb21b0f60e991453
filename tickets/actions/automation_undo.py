"""Taking back what an automation has done: by a lead, and later than a person's own click."""

from __future__ import annotations

from datetime import datetime, timedelta

from django.utils.translation import gettext as _

from tickets.actions import undoing
from tickets.actions.base import ticket_turn
from tickets.actor import SYSTEM, Actor
from tickets.errors import ActionError, Conflict
from tickets.models import Firing
from tickets.permissions import permit

VERB = "override"
_ANY_TIME = timedelta(days=3660)


def undo(firing: Firing, *, actor: Actor, now: datetime) -> list[str]:
    """Take back what one firing has done to its ticket, the last first; returns what stays.

    What has been changed since stays, and so do mails and notes: their kinds of events are
    returned. Done twice, the second time changes nothing.

    Raises:
        Conflict: nothing of it can be taken back (any more).
        NotAllowed: leads and those above them only.
    """
    store = firing.automation.store
    permit(actor, store, VERB)
    left: list[str] = []
    with ticket_turn(firing.ticket_id, "work", actor=actor, now=now) as turn:
        row = Firing.objects.select_for_update().get(pk=firing.pk)
        if row.undone_at is not None:
            return left
        numbers = [seq for one in row.did for seq in one["events"]]
        assert turn.ticket is not None
        done = 0
        for event in turn.ticket.events.filter(seq__in=numbers).order_by("-seq"):
            try:
                done += undoing.back(turn, event, within=_ANY_TIME, whose=SYSTEM)
            except ActionError:
                left.append(event.kind)
        if not done:
            raise Conflict(_("Nothing of this can be undone any more."))
        row.undone_at, row.undone_by = now, actor.user
        row.save(update_fields=["undone_at", "undone_by"])
    return left
