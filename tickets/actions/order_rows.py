"""What an import brings to the actions, typed. Pure: no database, no file.

The readers of `tickets.intake` make these rows, `tickets.actions.orders` takes them.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, fields
from datetime import date, datetime
from decimal import Decimal


@dataclass(frozen=True, slots=True)
class LineRow:
    """One line of an order. ``line_key`` stays the same when the order is imported again."""

    line_key: str
    sku: str
    title: str
    kind: str
    quantity: int
    price: Decimal
    supplier: str = ""
    release_on: date | None = None


@dataclass(frozen=True, slots=True)
class OrderRow:
    """One order as the shop tells it. Times are aware and in UTC, money in ``currency``.

    ``line`` is where the order begins in its file; it is no part of the digest.
    """

    number: str
    number_key: str
    email: str
    name: str
    phone: str
    placed_at: datetime
    paid_at: datetime | None
    fulfilled_at: datetime | None
    cancelled_at: datetime | None
    financial_status: str
    fulfillment_status: str
    channel: str
    shipping_method: str
    shipping_label: str
    country: str
    currency: str
    total: Decimal
    member: bool | None
    preorder: bool
    ship_to: tuple[tuple[str, str], ...]
    locale: str
    time_zone: str
    lines: tuple[LineRow, ...]
    line: int

    @property
    def digest(self) -> str:
        """Tells whether anything of the order has changed since its last import."""
        told = [getattr(self, each.name) for each in fields(self) if each.name != "line"]
        return hashlib.sha256(repr(told).encode()).hexdigest()

    @property
    def shipment_kinds(self) -> tuple[str, ...]:
        """What this order is sent as: a parcel, a poster tube beside it, both, or nothing."""
        over_the_counter = self.channel == "store" and not self.ship_to
        if self.shipping_method == "pickup" or over_the_counter:
            return ()
        kinds = {"poster" if line.kind == "poster" else "parcel" for line in self.lines}
        return tuple(sorted(kinds))

    @property
    def waits_on_the_shelf(self) -> bool:
        """A pickup order that nobody has fetched, cancelled or refunded yet."""
        return (
            self.shipping_method == "pickup"
            and self.fulfilled_at is None
            and self.cancelled_at is None
            and self.financial_status not in {"refunded", "voided"}
        )


@dataclass(frozen=True, slots=True)
class DeliveryRow:
    """What a carrier knows of one parcel. Blank or None: not known, and never erases."""

    number_key: str
    tracking_number: str
    carrier: str
    kind: str
    shipped_at: datetime | None
    last_tracking_at: datetime | None
    delivered_at: datetime | None
    line: int
    event: str = ""  # what happened at `last_tracking_at`, and where
    place: str = ""


@dataclass(frozen=True, slots=True)
class BadRow:
    """A row that cannot be used: where it stands, why, and of which order, if that is known."""

    line: int
    reason: str
    number: str = ""


@dataclass(frozen=True, slots=True)
class Counts:
    """What an import did."""

    new: int = 0
    changed: int = 0
    unchanged: int = 0

    def __add__(self, other: Counts) -> Counts:
        return Counts(
            self.new + other.new, self.changed + other.changed, self.unchanged + other.unchanged
        )

    @property
    def total(self) -> int:
        """All that was looked at."""
        return self.new + self.changed + self.unchanged
