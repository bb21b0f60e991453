"""What is known of an order's parcels, and when they count as late. Nothing is written.

The dates are those of the guided form: both ask the same decision with the same facts, so that
a customer is never told one day here and another there.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime

from policies.carriers import Recognised, recognise
from policies.evaluate import decide, explain
from policies.pack import Pack
from policies.publish import in_force, pack_of
from policies.shapes import ShippingMethod
from policies.transit import Expected, expected
from policies.types import Decision, Facts, Request, Verdict
from tickets.facts import order_facts
from tickets.models import Order, OrderLine, Pickup, Shipment, Store, TrackingEvent

_LONG_AGO = datetime(1970, 1, 1, tzinfo=UTC)
MOST_EVENTS = 50  # of one parcel: more than any carrier says
# What is asked about a shipment that does not come; the first that a store has a rule for.
_LATE = {
    Shipment.PARCEL: (Request.LOST_PARCEL, Request.TRACKING_STALLED),
    Shipment.POSTER: (Request.POSTER_MISSING,),
}


@dataclass(frozen=True, slots=True)
class Late:
    """When something counts as late, and by which request the customer then asks.

    `since` is the first instant at which it does; None where no rule names one.
    """

    request: str
    decision: Decision
    since: datetime | None

    @property
    def now(self) -> bool:
        """Whether it counts as late already."""
        return self.decision.verdict in (Verdict.ACCEPTED, Verdict.EVIDENCE_NEEDED)


@dataclass(frozen=True, slots=True)
class Parcel:
    """One shipment with all that is known of its way; the latest event first."""

    shipment: Shipment
    recognised: Recognised | None
    events: Sequence[TrackingEvent]
    expected: Expected | None
    late: Late | None

    @property
    def carrier(self) -> str:
        """Who brings it, as well as we know."""
        return self.recognised.carrier if self.recognised else self.shipment.carrier


@dataclass(frozen=True, slots=True)
class Tracked:
    """An order's parcels. `situation` says how far it is: see `situation_of`."""

    order: Order
    pack: Pack
    situation: str
    parcels: Sequence[Parcel]
    pickup: Pickup | None = None
    late: Late | None = None
    sentences: Sequence[str] = ()


def track(order: Order, *, now: datetime, locale: str = "en") -> Tracked:
    """Everything about an order's parcels, by the rules of the day it was placed."""
    pack = pack_of(in_force(order.store_id, order.placed_at))
    found = parcels(order, pack, now=now)
    pickup = Pickup.objects.filter(order=order).first()
    situation = situation_of(order, found, pickup)
    if situation != "waiting":
        return Tracked(order, pack, situation, found, pickup)
    wanted = Request.PREORDER if order.preorder else Request.ORDER_NOT_SHIPPED
    facts = _facts(order, wanted, None, now)
    late = _late(pack, facts, order.paid_at or order.placed_at)
    told = [Verdict.WAIT, Verdict.ACCEPTED, Verdict.ANSWERED]
    said = explain(pack, facts, late.decision, locale=locale)
    sentences = said if late.decision.verdict in told else ()
    return Tracked(order, pack, situation, (), None, late, tuple(sentences))


def situation_of(order: Order, found: Sequence[Parcel], pickup: Pickup | None) -> str:
    """How far an order is: cancelled, pickup, store, waiting, sent or delivered."""
    sent = [parcel for parcel in found if parcel.shipment.shipped_at]
    if order.cancelled_at is not None and not sent:
        return "cancelled"
    if pickup is not None or order.shipping_method == ShippingMethod.PICKUP:
        return "pickup"
    if not sent:
        return "store" if order.channel == "store" else "waiting"
    arrived = all(parcel.shipment.delivered_at for parcel in found)
    return "delivered" if arrived else "sent"


def parcels(order: Order, pack: Pack, *, now: datetime) -> list[Parcel]:
    """The order's shipments, parcels before posters; what was prefetched is not read again."""
    shipments = sorted(order.shipments.all(), key=lambda row: (row.kind != Shipment.PARCEL, row.pk))
    waiting = {row.kind for row in shipments if row.shipped_at and not row.delivered_at}
    late = {kind: late_from(order, pack, kind, now=now) for kind in waiting}
    return [_parcel(order, row, pack, late.get(row.kind)) for row in shipments]


def _parcel(order: Order, row: Shipment, pack: Pack, late: Late | None) -> Parcel:
    on_its_way = row.shipped_at is not None and row.delivered_at is None
    # A poster has a rule of its own and no part in the parcels' estimate.
    estimated = on_its_way and row.kind == Shipment.PARCEL
    method = ShippingMethod(order.shipping_method) if order.shipping_method else None
    return Parcel(
        shipment=row,
        recognised=recognise(row.tracking_number, pack, row.carrier),
        events=list(row.tracking_events.all())[:MOST_EVENTS],
        expected=expected(pack, row.shipped_at, method) if estimated and row.shipped_at else None,
        late=late if on_its_way else None,
    )


def late_from(order: Order, pack: Pack, kind: str, *, now: datetime) -> Late | None:
    """When the shipments of one kind count as late, by the rule that lets the customer act first.

    None where no rule of the store speaks of it.
    """
    lines = _lines_of(order, kind)
    best: Late | None = None
    for request in _LATE.get(kind, ()):
        facts = _facts(order, request, lines, now)
        if facts.order is None or facts.order.shipped_at is None:
            return None
        found = _late(pack, facts, facts.order.last_tracking_at or facts.order.shipped_at)
        if found.decision.rule != pack.unwritten and (best is None or _sooner(found, best)):
            best = found
    return best


def _sooner(one: Late, other: Late) -> bool:
    if one.now or other.now:
        return one.now and not other.now
    return bool(one.since and (other.since is None or one.since < other.since))


def _late(pack: Pack, facts: Facts, begun: datetime) -> Late:
    """The decision now; and, where it is late already, the day on which it became so."""
    decision = decide(pack, facts)
    if decision.verdict == Verdict.WAIT:
        return Late(facts.request, decision, decision.opens_at)
    at_first = decide(pack, replace(facts, at=begun))
    return Late(facts.request, decision, at_first.opens_at)


def _facts(
    order: Order, request: Request, lines: Iterable[OrderLine] | None, now: datetime
) -> Facts:
    return Facts(
        id=f"order-{order.pk}",
        store=order.store.slug,
        request=request,
        at=now,
        order=order_facts(order, lines),
    )


def _lines_of(order: Order, kind: str) -> list[OrderLine] | None:
    """The lines that travel as posters; None, as the guided form asks, for everything else."""
    if kind != Shipment.POSTER:
        return None
    return poster_lines(order)


def poster_lines(order: Order) -> list[OrderLine]:
    """The order's posters, which travel apart."""
    return [line for line in order.lines.select_related("product") if line.product.kind == "poster"]


@dataclass(frozen=True, slots=True)
class NumberTracked:
    """What may be said to whoever holds a tracking number, and no more.

    The same as the carrier's own page says: no name, no address, no order. `parcel` is None
    alike for a number of nobody's and for another store's.
    """

    number: str
    recognised: Recognised | None
    parcel: Parcel | None


def track_number(
    store: Store, number: str, rows: Sequence[Shipment], now: datetime
) -> NumberTracked:
    """A tracking number, with the shipments of this store that have it (see `access`)."""
    pack = pack_of(in_force(store.pk, now))
    if not rows:
        return NumberTracked(number, recognise(number, pack), None)
    latest = max(rows, key=lambda row: row.last_tracking_at or row.shipped_at or _LONG_AGO)
    found = recognise(number, pack, latest.carrier)
    events = list(latest.tracking_events.all())[:MOST_EVENTS]
    return NumberTracked(number, found, Parcel(latest, found, events, None, None))
