"""Orders from the shop. What becomes known of their parcels is in ``deliveries``."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime

from django.db import transaction

from tickets.actions.base import pickup_turn
from tickets.actions.deliveries import (
    TrackingResult,
    one_at_a_time,
    record_delivery,
    upsert_tracking,
)
from tickets.actions.order_rows import Counts, OrderRow
from tickets.actions.order_writing import open_pickups_of_closed_orders, write_orders
from tickets.actor import Actor
from tickets.models import Order, Store
from tickets.permissions import permit

__all__ = ["TrackingResult", "record_delivery", "upsert_orders", "upsert_tracking"]


def upsert_orders(
    store: Store, batch: Sequence[OrderRow], *, actor: Actor, now: datetime
) -> Counts:
    """Insert the new orders of a batch and update the changed ones; one transaction.

    An order that stands twice in the batch counts once, as its last row tells it.
    Nothing known is replaced by nothing: delivery dates, cancellations and names stay.

    Raises:
        NotAllowed: the actor does not manage this store.
    """
    permit(actor, store, "manage")
    rows = {row.number_key: row for row in batch}
    with transaction.atomic():
        one_at_a_time(store)
        found = Order.objects.filter(store=store, number_key__in=rows)
        known = {
            key: (digest, cancelled_at)
            for key, digest, cancelled_at in found.values_list(
                "number_key", "import_hash", "cancelled_at"
            )
        }
        todo = [
            row
            for key, row in sorted(rows.items())
            if key not in known or known[key][0] != row.digest
        ]
        if todo:
            cancelled = {key: cancelled_at for key, (_digest, cancelled_at) in known.items()}
            write_orders(store, todo, cancelled, actor=actor, now=now)
            _hand_to_people(store, [row for row in todo if row.number_key in known], actor, now)
    new = sum(row.number_key not in known for row in todo)
    return Counts(new, len(todo) - new, len(rows) - len(todo))


def _hand_to_people(store: Store, rows: Iterable[OrderRow], actor: Actor, now: datetime) -> None:
    """Nothing closes by itself what the shop has closed elsewhere: a person looks first."""
    by_key = {row.number_key: row for row in rows}
    for pickup in open_pickups_of_closed_orders(store, by_key.values()):
        with pickup_turn(pickup.pk, "work", actor=actor, now=now) as turn:
            assert turn.pickup is not None  # a pickup's turn has one
            row = by_key[turn.pickup.order.number_key]
            turn.pickup.needs_person = True
            turn.event(
                "pickup_closed_by_shop",
                fulfilled_at=row.fulfilled_at.isoformat() if row.fulfilled_at else None,
                cancelled_at=row.cancelled_at.isoformat() if row.cancelled_at else None,
                financial_status=row.financial_status,
            )
