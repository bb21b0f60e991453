"""Who watches a ticket hears of it when the customer has written."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tickets.models import User, Watcher

if TYPE_CHECKING:
    from tickets.actions.base import Turn


def tell_watchers(turn: Turn) -> None:
    """One mail to each, without the customer's words. Asks nothing where nobody has written."""
    ticket = turn.ticket
    if ticket is None:
        return
    written = next(
        (
            event
            for event in turn.events
            if event.kind == "message_added" and event.data.get("message_kind") == "customer"
        ),
        None,
    )
    if written is None:
        return
    watching = Watcher.objects.filter(ticket=ticket).values("user")
    for person in User.objects.filter(pk__in=watching, is_active=True).order_by("pk"):
        turn.tell("watched", written, person)
