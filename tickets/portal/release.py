"""When an open pre-order is released and leaves, for the pages on which its customer asks."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from tickets.actions.releases import expectation
from tickets.models import Order
from tickets.templatetags import dates

# What people ask when they wait for a pre-order.
ASKED = frozenset({"preorder", "order_not_shipped", "shipping_time"})


def release_of(order: Order | None, request_type: str, now: datetime) -> dict[str, Any] | None:
    """The order's own dates in words; None where nobody knows them, or nobody asked."""
    found = expectation(order, now) if order is not None and request_type in ASKED else None
    if found is None:
        return None
    return {
        "titles": found.titles,
        "on": dates.day(found.release_on, now),
        "ships_by": dates.day(found.ships_by, now),
        "late": found.late,
        "is_pickup": found.is_pickup,
    }
