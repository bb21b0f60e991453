"""Where the conversation of a ticket goes on: at the one that it was merged into, else there.

For reading, and for what is no part of a ticket's story. Whoever changes a ticket takes its lock
by `base.ticket_turn`, and says ``to_root``.
"""

from __future__ import annotations

from tickets.models import Ticket


def of(ticket: Ticket) -> Ticket:
    """The ticket at which this one's conversation goes on. Asks only where it is another."""
    if ticket.merged_into_id is None:
        return ticket
    rows = Ticket.objects.select_related("store", "customer", "order")
    return rows.get(pk=ticket.merged_into_id)


def family(root: Ticket) -> list[int]:
    """The keys of a ticket and of all that are merged into it, the oldest of these first."""
    rows = Ticket.objects.filter(merged_into=root).order_by("pk")
    return [root.pk, *rows.values_list("pk", flat=True)]
