"""What one person has begun to write, over all their tickets."""

from __future__ import annotations

from tickets import access
from tickets.desk.person import Desk
from tickets.models import ReplyDraft

SHOWN = 200


def of(desk: Desk) -> list[ReplyDraft]:
    """Drafts on tickets that may still be seen: those that could not be sent first. One query."""
    rows = (
        ReplyDraft.objects.filter(user=desk.user, ticket__in=access.tickets_for(desk.actor))
        .select_related("ticket__customer", "ticket__store")
        .order_by("-touched_at", "-pk")
    )
    if desk.store is not None:
        rows = rows.filter(ticket__store=desk.store)
    found = list(rows[:SHOWN])
    return sorted(found, key=lambda row: not row.last_error)
