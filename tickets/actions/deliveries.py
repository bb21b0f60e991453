"""What becomes known of an order's parcels: one date by hand, or a carrier's whole list."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from django.db import connection, transaction
from django.utils.translation import gettext as _

from policies.carriers import clean
from tickets.actions import preorders, watch
from tickets.actions.base import ticket_turn
from tickets.actions.order_rows import BadRow, Counts, DeliveryRow
from tickets.actor import Actor
from tickets.errors import Conflict, InvalidInput
from tickets.models import Order, Shipment, Store, Ticket, TrackingEvent
from tickets.permissions import permit

# Two imports of one store take turns, batch by batch, so that neither deadlocks the other.
_IMPORT_LOCK = 0x6F7264
# A carrier's clock may run a little ahead of ours.
CLOCK_SKEW = timedelta(minutes=5)

_FIELDS = ("tracking_number", "carrier", "shipped_at", "last_tracking_at", "delivered_at")


def one_at_a_time(store: Store) -> None:
    """Wait for another import of this store; the lock ends with the transaction."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s, %s)", [_IMPORT_LOCK, store.pk])


def record_delivery(
    shipment: Shipment,
    delivered_at: datetime,
    *,
    actor: Actor,
    now: datetime,
    ticket: Ticket | None = None,
    seen: int | None = None,
) -> Shipment:
    """Set the date on which a shipment arrived; said again it changes nothing.

    Every ticket about its order gets an event. ``ticket`` is the one of them that the person
    looked at, if any, and ``seen`` its ``last_seq`` on that page.

    Raises:
        ValueError: ``seen`` without its ticket, or a ticket about another order.
        InvalidInput: before it was shipped, or in the future.
        Conflict: something happened on that ticket since.
        NotAllowed: the actor does not work in this store.
    """
    if (ticket is None) != (seen is None) or (ticket and ticket.order_id != shipment.order_id):
        raise ValueError("What was seen belongs to a ticket about this shipment's order.")
    with transaction.atomic():
        row = (
            Shipment.objects.select_for_update(of=("self",))
            .select_related("order__store")
            .get(pk=shipment.pk)
        )
        permit(actor, row.order.store, "work")
        problem = _impossible(row.order, row.shipped_at, delivered_at, now)
        if problem:
            raise InvalidInput(problem, "delivered_at")
        if row.delivered_at == delivered_at:
            return row
        if ticket is not None:
            _look(ticket, seen)
        before, row.delivered_at = row.delivered_at, delivered_at
        _tell_tickets([(row, before)], actor, now)
        row.save(update_fields=["delivered_at"])
        watch.plan([row], {row.order_id: row.order}, now)
        preorders.plan([row.order], now)
    return row


def _look(ticket: Ticket, seen: int | None) -> None:
    """Refuse where something happened on this ticket after the event numbered ``seen``."""
    # All tickets of the order are locked in one order, as they are told: two people who looked
    # at different ones must not wait for each other.
    tickets = Ticket.objects.select_for_update().filter(order=ticket.order_id).order_by("pk")
    looked_at = next(row for row in tickets if row.pk == ticket.pk)
    if looked_at.last_seq != seen:
        event = looked_at.events.select_related("actor_user", "actor_customer").last()
        raise Conflict(_("Something happened here since you opened this page."), event)


def _impossible(order: Order, shipped_at: datetime | None, at: datetime, now: datetime) -> str:
    if at > now + CLOCK_SKEW:
        return _("The delivery date lies in the future.")
    if at < (shipped_at or order.placed_at):
        return _("The delivery date lies before the order was shipped.")
    return ""


def _tell_tickets(
    arrived: Sequence[tuple[Shipment, datetime | None]], actor: Actor, now: datetime
) -> None:
    """One event on every ticket of these shipments' orders; with each, its date until now."""
    tickets: dict[int, list[int]] = {}
    of_orders = Ticket.objects.filter(order__in=[s.order_id for s, _before in arrived])
    for ticket_id, order_id in of_orders.order_by("pk").values_list("pk", "order_id"):
        tickets.setdefault(order_id, []).append(ticket_id)
    for shipment, before in arrived:
        at = shipment.delivered_at
        for ticket_id in tickets.get(shipment.order_id, []):
            with ticket_turn(ticket_id, "work", actor=actor, now=now) as turn:
                turn.event(
                    "delivery_recorded",
                    shipment=shipment.kind,
                    tracking_number=shipment.tracking_number,
                    delivered_at=at.isoformat() if at else None,
                    before=before.isoformat() if before else None,
                )


@dataclass
class TrackingResult:
    """What a batch of tracking rows did, and those of its rows that could not be used."""

    counts: Counts = field(default_factory=Counts)
    bad: list[BadRow] = field(default_factory=list)


def upsert_tracking(
    store: Store, batch: Sequence[DeliveryRow], *, actor: Actor, now: datetime
) -> TrackingResult:
    """Take over what carriers know of parcels; one transaction. Blank never erases.

    A number that is new to an order names its parcel that has none yet, else one more parcel.

    Raises:
        NotAllowed: the actor does not manage this store.
    """
    permit(actor, store, "manage")
    result = TrackingResult()
    with transaction.atomic():
        one_at_a_time(store)
        keys = {row.number_key for row in batch}
        orders = {o.number_key: o for o in Order.objects.filter(store=store, number_key__in=keys)}
        book = _Book(orders.values(), events=any(row.event for row in batch))
        for row in batch:
            order = orders.get(row.number_key)
            problem = _("there is no such order") if order is None else book.take(order, row, now)
            if problem:
                result.bad.append(BadRow(row.line, problem, row.number_key))
        _tell_tickets(book.arrived(), actor, now)
        result.counts = book.write()
        moved = book.moved()
        by_key = {order.pk: order for order in orders.values()}
        watch.plan(moved, by_key, now)
        sent = {row.order_id for row in moved if row.shipped_at}
        preorders.plan([by_key[key] for key in sorted(sent) if by_key[key].preorder], now)
    return result


class _Book:
    """The shipments of a batch's orders, in memory, until they are written together."""

    def __init__(self, orders: Iterable[Order], *, events: bool) -> None:
        self._by_order: dict[tuple[int, str], list[Shipment]] = {}
        self._before: dict[int, datetime | None] = {}
        self._dates: dict[int, tuple[datetime | None, ...]] = {}
        self._changed: dict[int, Shipment] = {}
        self._new: list[Shipment] = []
        self._unchanged = 0
        found = Shipment.objects.select_for_update().filter(order__in=list(orders))
        for shipment in found.order_by("pk"):
            self._by_order.setdefault((shipment.order_id, shipment.kind), []).append(shipment)
            self._before[shipment.pk] = shipment.delivered_at
            self._dates[shipment.pk] = _dates(shipment)
        self._events = _EventBook(self._before if events else ())

    def take(self, order: Order, row: DeliveryRow, now: datetime) -> str:
        """Apply one row; returns what is wrong with it, else nothing."""
        shipment = self._find(order, row)
        shipped_at = row.shipped_at or (shipment.shipped_at if shipment else None)
        delivered_at = row.delivered_at or (shipment.delivered_at if shipment else None)
        problem = delivered_at and _impossible(order, shipped_at, delivered_at, now)
        problem = problem or _impossible_event(row, now)
        if problem:
            return problem
        if shipment is None:
            shipment = Shipment(order=order, kind=row.kind)
            self._by_order.setdefault((order.pk, row.kind), []).append(shipment)
            self._new.append(shipment)
        news = self._events.take(shipment, row)
        if (self._fill(shipment, row) or news) and shipment.pk:
            self._changed[shipment.pk] = shipment
        elif shipment.pk and shipment.pk not in self._changed:
            self._unchanged += 1
        return ""

    def _find(self, order: Order, row: DeliveryRow) -> Shipment | None:
        there = self._by_order.get((order.pk, row.kind), [])
        for wanted in (row.tracking_number, ""):
            for shipment in there:
                if _same(shipment.tracking_number, wanted):
                    return shipment
        return there[0] if len(there) == 1 and not row.tracking_number else None

    @staticmethod
    def _fill(shipment: Shipment, row: DeliveryRow) -> bool:
        old = [getattr(shipment, name) for name in _FIELDS]
        for name, before in zip(_FIELDS, old, strict=True):
            told = getattr(row, name)
            if name == "last_tracking_at" and before and told:
                told = max(before, told)  # an older file does not turn the clock back
            setattr(shipment, name, told or before)
        return old != [getattr(shipment, name) for name in _FIELDS]

    def arrived(self) -> list[tuple[Shipment, datetime | None]]:
        """The shipments whose delivery date is news, each with its date until now."""
        return [
            (shipment, self._before.get(shipment.pk))
            for shipment in [*self._new, *self._changed.values()]
            if shipment.delivered_at != self._before.get(shipment.pk)
        ]

    def moved(self) -> list[Shipment]:
        """The shipments of which a date is news; to be asked after they are written."""
        changed = [*self._new, *self._changed.values()]
        return [row for row in changed if _dates(row) != self._dates.get(row.pk)]

    def write(self) -> Counts:
        """Save everything, in two statements."""
        Shipment.objects.bulk_create(self._new)
        # By their ids: one INSERT … ON CONFLICT, where bulk_update would build a CASE per cell.
        Shipment.objects.bulk_create(
            list(self._changed.values()),
            update_conflicts=True,
            unique_fields=["id"],
            update_fields=list(_FIELDS),
        )
        self._events.write()
        return Counts(len(self._new), len(self._changed), self._unchanged)


def _dates(shipment: Shipment) -> tuple[datetime | None, ...]:
    """What a shipment's lateness depends on."""
    return (shipment.shipped_at, shipment.last_tracking_at, shipment.delivered_at)


def _same(number: str, wanted: str) -> bool:
    """Whether two numbers are one, however they are spaced."""
    return number == wanted or bool(wanted and clean(wanted) and clean(number) == clean(wanted))


def _impossible_event(row: DeliveryRow, now: datetime) -> str:
    if not row.event:
        return _("place has no event") if row.place else ""
    if row.last_tracking_at is None:
        return _("event has no time: last event at is missing")
    if row.last_tracking_at > now + CLOCK_SKEW:
        return _("The event lies in the future.")
    return ""


class _EventBook:
    """What carriers said of a batch's parcels: each thing once, a place never forgotten."""

    def __init__(self, shipments: Iterable[int]) -> None:
        found = TrackingEvent.objects.filter(shipment__in=list(shipments))
        self._there = {(event.shipment_id, event.at, event.text): event.place for event in found}
        # By the object: a shipment that is new has no id yet, and no hash.
        self._news: dict[tuple[int, datetime, str], TrackingEvent] = {}

    def take(self, shipment: Shipment, row: DeliveryRow) -> bool:
        """Note the event of a row; returns whether it is news."""
        if not row.event or row.last_tracking_at is None:
            return False
        known = self._there.get((shipment.pk, row.last_tracking_at, row.event))
        if known is not None and row.place in ("", known):
            return False
        event = TrackingEvent(shipment=shipment, at=row.last_tracking_at, text=row.event)
        event = self._news.setdefault((id(shipment), event.at, event.text), event)
        event.place = row.place or event.place
        return True

    def write(self) -> None:
        """Save them, in one statement; their shipments are saved."""
        TrackingEvent.objects.bulk_create(
            [_tied(event) for event in self._news.values()],
            update_conflicts=True,
            unique_fields=["shipment", "at", "text"],
            update_fields=["place"],
        )


def _tied(event: TrackingEvent) -> TrackingEvent:
    event.shipment = event.shipment  # its shipment has an id by now
    return event
