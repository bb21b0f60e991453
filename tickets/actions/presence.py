"""Who has a ticket open, told by their page every few seconds.

No part of the ticket's story: nothing of it is locked, no event is written.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from tickets.actor import Actor
from tickets.models import Presence, Ticket
from tickets.permissions import permit

LOOKING = timedelta(seconds=40)  # two questions of a page that were lost, and a bit
TYPING = timedelta(seconds=30)  # how long after the last letter somebody is still writing
LIVES = timedelta(hours=1)


def look(ticket: Ticket, *, actor: Actor, now: datetime, typing: bool = False) -> None:
    """Somebody has the ticket before them; ``typing`` a reply to the customer.

    Raises:
        NotAllowed: they may not see it, or not answer here.
    """
    assert actor.user is not None
    permit(actor, ticket.store, "work" if typing else "see")
    row = Presence(ticket=ticket, user=actor.user, seen_at=now, typing_at=now if typing else None)
    Presence.objects.bulk_create(
        [row],
        update_conflicts=True,
        unique_fields=["ticket", "user"],
        update_fields=["seen_at", "typing_at"] if typing else ["seen_at"],
    )


def leave(ticket: Ticket, *, actor: Actor) -> None:
    """They have left the page; twice is no error."""
    Presence.objects.filter(ticket=ticket, user=actor.user).delete()


def sweep(now: datetime) -> int:
    """Delete what is long over; returns how many rows went."""
    return Presence.objects.filter(seen_at__lt=now - LIVES).delete()[0]
