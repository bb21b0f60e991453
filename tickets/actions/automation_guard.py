"""What keeps automations from running wild: how deep, how often on one ticket, how many at once.

All is counted by the rows of the log, and an automation's own row is locked meanwhile: two workers
never count past each other.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from django.utils.translation import gettext as _

from tickets.models import Automation, Event, Firing, Ticket

STAMP = "automation"  # in the data of every event that an automation has written
MOST_DEPTH = 3  # automations that set off one another
MOST_PER_TICKET, PER_TICKET = 3, timedelta(hours=1)
MOST_AT_ONCE, AT_ONCE = 300, timedelta(minutes=1)


def depth_of(event: Event | None) -> int:
    """How many automations have led to an event: 0 is a person's, or the clock's."""
    stamp = event.data.get(STAMP) if event is not None else None
    depth = stamp.get("depth", 0) if isinstance(stamp, dict) else 0
    return depth if isinstance(depth, int) else 0


def why_not(automation: Automation, ticket: Ticket, depth: int, now: datetime) -> str:
    """Why it must not act on this ticket now; empty where it may."""
    if depth >= MOST_DEPTH:
        told = _("Automations have set off one another %(n)d times: this is where it ends.")
        return told % {"n": depth}
    lately = Firing.objects.filter(
        ticket=ticket, automation=automation, outcome="did", at__gt=now - PER_TICKET
    )
    if lately.count() >= MOST_PER_TICKET:
        told = _("It has acted %(n)d times on this ticket within an hour.")
        return told % {"n": MOST_PER_TICKET}
    return ""


def too_many(automation: Automation, at: datetime) -> str:
    """Why it has to be switched off; empty where it has not.

    Counted by when things happened, not by when their turn came: after a night without a worker
    much is done within a minute, and no storm.
    """
    lately = Firing.objects.filter(
        automation=automation, outcome="did", caused_at__gt=at - AT_ONCE, caused_at__lte=at
    )
    if lately[:MOST_AT_ONCE].count() < MOST_AT_ONCE:
        return ""
    told = _("It acted %(n)d times within a minute.")
    return told % {"n": MOST_AT_ONCE}
