"""Pre-orders that have not left yet, and by when they should: counted from the release date.

A deadline on the order waits for the day after the last one on which it should have left. When
a release moves, a row that is due at once wakes the sweep: it tells the customer (see
``releases``), and sets the next one.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from django.db.models import Exists, Max, OuterRef, Q, QuerySet

from policies.pack import Pack
from policies.publish import in_force, pack_of
from tickets.actions.base import Turn
from tickets.lifecycle import DeadlineState, PickupState
from tickets.models import Deadline, Order, OrderLine, Pickup, Shipment

KIND = "preorder_due"
WAITING = (DeadlineState.PENDING, DeadlineState.OVERDUE)
NOT_PAID = ("refunded", "voided", "pending", "authorized")


@dataclass(frozen=True, slots=True)
class Expectation:
    """When an open pre-order should leave, on the store's calendar.

    ``release_on`` is the latest release among its items, ``ships_by`` the last day on which it
    should leave (or be ready, for a pickup), ``due_at`` the first instant at which it is late.
    """

    release_on: date
    ships_by: date
    due_at: datetime
    late: bool
    titles: tuple[str, ...]
    rule: str
    is_pickup: bool


def open_preorders() -> QuerySet[Order]:
    """Pre-orders that are paid, not cancelled, and have not left: an order leaves at once."""
    gone = Shipment.objects.filter(order=OuterRef("pk")).filter(
        Q(shipped_at__isnull=False) | Q(delivered_at__isnull=False)
    )
    ready = Pickup.objects.filter(order=OuterRef("pk")).exclude(state=PickupState.PREPARING)
    return Order.objects.filter(
        ~Exists(gone),
        ~Exists(ready),
        preorder=True,
        paid_at__isnull=False,
        cancelled_at=None,
    ).exclude(financial_status__in=NOT_PAID)


def is_open(order: Order) -> bool:
    """Whether this order is one of them now."""
    return open_preorders().filter(pk=order.pk).exists()


def expectation(order: Order, now: datetime) -> Expectation | None:
    """When an open pre-order should leave; None where it is none, or no release is known."""
    if not order.preorder or not is_open(order):
        return None
    lines = OrderLine.objects.filter(order=order).select_related("product")
    return expected(order, list(lines), now)


def expected(order: Order, lines: Iterable[OrderLine], now: datetime) -> Expectation | None:
    """The same for an order that is known to be open, out of its lines and their products."""
    pack = pack_of(in_force(order.store_id, order.placed_at))
    terms = pack.preorder
    waited = [line for line in lines if line.product.release_on is not None]
    if terms is None or not waited:
        return None
    release_on = max(line.product.release_on for line in waited if line.product.release_on)
    ships_by, due_at = _leaves(pack, release_on)
    return Expectation(
        release_on=release_on,
        ships_by=ships_by,
        due_at=due_at,
        late=due_at <= now,
        titles=tuple(line.title for line in waited if line.product.release_on == release_on),
        rule=terms.rule,
        is_pickup=order.shipping_method == "pickup",
    )


def _leaves(pack: Pack, release_on: date) -> tuple[date, datetime]:
    """The last day on which it should leave, and the midnight after it."""
    terms = pack.preorder
    assert terms is not None
    ships_by = release_on + timedelta(days=terms.reach_days + terms.ship_days)
    return ships_by, pack.calendar.midnight(ships_by + timedelta(days=1))


def plan(orders: Sequence[Order], now: datetime) -> None:
    """Set, move or settle the deadlines of these orders; a fixed number of statements.

    An order that was no pre-order, or has left, costs nothing but the one look.
    """
    waiting: dict[int, list[Deadline]] = {}
    rows = Deadline.objects.filter(order__in=orders, kind=KIND, state__in=WAITING)
    for row in rows.order_by("cycle"):
        assert row.order_id is not None
        waiting.setdefault(row.order_id, []).append(row)
    candidates = [order.pk for order in orders if order.preorder]
    if not waiting and not candidates:
        return
    wanted = _wanted(candidates, now)
    met: list[Deadline] = []
    dropped: list[Deadline] = []
    fresh: list[tuple[Order, datetime]] = []
    for order in orders:
        due_at, there = wanted.get(order.pk), waiting.get(order.pk, [])
        there = [row for row in there if not _tells(row, now)]
        if due_at is not None and [row.due_at for row in there] == [due_at]:
            continue
        left = due_at is None and order.cancelled_at is None
        (met if left else dropped).extend(there)
        if due_at is not None:
            fresh.append((order, due_at))
    settle(met, DeadlineState.MET, now)
    settle(dropped, DeadlineState.CANCELLED, now)
    _insert(fresh)


def _tells(row: Deadline, now: datetime) -> bool:
    """Whether this row is about to act: it plans the next one itself."""
    return row.state == DeadlineState.PENDING and row.wake_at <= now


def _wanted(candidates: Sequence[int], now: datetime) -> dict[int, datetime]:
    if not candidates:
        return {}
    still = open_preorders().filter(pk__in=candidates).select_related("store")
    found = {}
    for order in still.prefetch_related("lines__product"):
        told = expected(order, order.lines.all(), now)
        if told is not None:
            found[order.pk] = told.due_at
    return found


def _insert(fresh: Sequence[tuple[Order, datetime]]) -> None:
    if not fresh:
        return
    cycles = dict(
        Deadline.objects.filter(order__in=[order for order, _due in fresh], kind=KIND)
        .order_by()
        .values_list("order")
        .annotate(last=Max("cycle"))
    )
    Deadline.objects.bulk_create(
        Deadline(
            store_id=order.store_id,
            order=order,
            kind=KIND,
            cycle=cycles.get(order.pk, 0) + 1,
            due_at=due_at,
            wake_at=due_at,
        )
        for order, due_at in fresh
    )


def settle(rows: Sequence[Deadline], state: DeadlineState, now: datetime) -> None:
    """Close these rows; what was overdue is met late, where it is met."""
    keys = [row.pk for row in rows]
    if not keys:
        return
    late = DeadlineState.MET_LATE if state == DeadlineState.MET else state
    found = Deadline.objects.filter(pk__in=keys)
    found.filter(state=DeadlineState.OVERDUE).update(state=late, settled_at=now)
    found.filter(state=DeadlineState.PENDING).update(state=state, settled_at=now)


def come_due(turn: Turn, deadline: Deadline) -> DeadlineState:
    """The day has come: is it still here, and is it still late by today's release date?"""
    order = turn.order
    assert order is not None
    if order.cancelled_at is not None:
        return DeadlineState.CANCELLED
    found = expectation(order, turn.now)
    if found is None:
        return DeadlineState.MET if not is_open(order) else DeadlineState.CANCELLED
    if not found.late:
        plan_next(turn, deadline, found.due_at)
        return DeadlineState.CANCELLED
    event = turn.event(
        "preorder_late",
        rule=found.rule,
        version=in_force(order.store_id, order.placed_at),
        release_on=found.release_on.isoformat(),
        ships_by=found.ships_by.isoformat(),
        due_at=found.due_at.isoformat(),
        deadline=KIND,
    )
    turn.alert(event)
    return DeadlineState.OVERDUE


def plan_next(turn: Turn, deadline: Deadline, due_at: datetime) -> None:
    """The next cycle after this one, unless another waits for that very instant."""
    order = turn.order
    assert order is not None
    others = Deadline.objects.filter(order=order, kind=KIND).exclude(pk=deadline.pk)
    if others.filter(state=DeadlineState.PENDING, due_at=due_at).exists():
        return
    settle(list(others.filter(state=DeadlineState.PENDING, wake_at__gt=turn.now)),
           DeadlineState.CANCELLED, turn.now)  # fmt: skip
    last = others.aggregate(last=Max("cycle"))["last"] or 0
    turn.due(order, KIND, due_at, cycle=max(last, deadline.cycle) + 1)
