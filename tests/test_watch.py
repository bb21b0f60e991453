"""Parcels that are watched: by the store's own dates, set, moved, fired and settled."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from tests.cast import NOON, make_customer, make_order
from tests.desk.errands import alerts, events_of, on_its_way, states
from tickets.actions.deliveries import record_delivery, upsert_tracking
from tickets.actions.order_rows import DeliveryRow
from tickets.actor import SYSTEM
from tickets.deadlines import sweep
from tickets.models import Customer, Deadline, Order, Outbox, Shipment, Store


def scan(
    order: Order,
    at: datetime,
    *,
    now: datetime,
    delivered: datetime | None = None,
    kind: str = "parcel",
    shipped: datetime | None = None,
) -> None:
    """The carrier's list says when this order's parcel was seen last."""
    shipment = order.shipments.filter(kind=kind).first()
    row = DeliveryRow(
        number_key=order.number_key,
        tracking_number=shipment.tracking_number if shipment else "TUBE1",
        carrier="",
        kind=kind,
        shipped_at=shipped,
        last_tracking_at=at,
        delivered_at=delivered,
        line=2,
    )
    result = upsert_tracking(order.store, [row], actor=SYSTEM, now=now)
    assert result.bad == []


def dues(kind: str) -> list[str]:
    rows = Deadline.objects.filter(kind=kind).order_by("cycle")
    return [due.isoformat() for due in rows.values_list("due_at", flat=True)]


@pytest.fixture
def order(mina: Customer) -> Order:
    """Shipped on Thursday 5 February, standard: expected in seven business days."""
    made = make_order(mina, "#7001", placed=timedelta(days=29), delivered=None)
    shipment = on_its_way(made, shipped=timedelta(days=28), scanned=None)
    assert shipment.shipped_at == datetime(2026, 2, 5, 20, tzinfo=UTC)
    return made


def test_a_parcel_that_nobody_scanned_tells_us_nothing(order: Order) -> None:
    sweep(NOON + timedelta(days=60))
    assert not Deadline.objects.exists()


def test_the_date_is_the_one_that_the_rule_names(order: Order) -> None:
    scan(order, NOON - timedelta(days=20), now=NOON)
    # 17 February is the seventh business day (Presidents' Day is none), and 14 days late is the
    # end of 3 March, in Las Vegas.
    assert dues("parcel_late") == ["2026-03-04T08:00:00+00:00"]
    assert not Deadline.objects.filter(kind="parcel_stalled").exists()  # the same rule


def test_a_date_across_the_change_of_the_clocks_is_local_midnight(mina: Customer) -> None:
    late = make_order(mina, "#7002", placed=timedelta(days=5), delivered=None)
    on_its_way(late, shipped=timedelta(days=4), scanned=None)
    scan(late, NOON - timedelta(days=2), now=NOON)
    # Shipped on 1 March; the clocks change on the 8th: midnight is an hour earlier in UTC then.
    assert dues("parcel_late") == ["2026-03-25T07:00:00+00:00"]


def test_late_is_told_on_the_order_and_to_no_customer(order: Order) -> None:
    scan(order, NOON - timedelta(days=20), now=NOON)
    for _twice in range(2):
        sweep(NOON)
    assert states("parcel_late") == ["overdue"]
    assert events_of(order) == ["parcel_late"]
    event = order.events.get()
    assert event.rule == "kpopusa.lost-parcel"
    assert event.data["decision"]["verdict"] == "accepted"
    assert not Outbox.objects.exists()


def test_arriving_settles_it(order: Order) -> None:
    scan(order, NOON - timedelta(days=20), now=NOON - timedelta(days=19))
    scan(order, NOON - timedelta(days=3), now=NOON, delivered=NOON - timedelta(days=3))
    sweep(NOON)
    assert states("parcel_late") == ["met"]
    assert events_of(order) == []


def test_arriving_after_all_is_met_late(order: Order) -> None:
    scan(order, NOON - timedelta(days=20), now=NOON)
    sweep(NOON)
    shipment = order.shipments.get()
    record_delivery(shipment, NOON - timedelta(hours=1), actor=SYSTEM, now=NOON)
    assert states("parcel_late") == ["met_late"]
    sweep(NOON + timedelta(days=1))
    assert events_of(order) == ["parcel_late"]


@pytest.fixture
def stalled(popmart: Store) -> Order:
    """POP MART: late is what has not been scanned for more than five days."""
    made = make_order(make_customer(popmart, "zoe@example.com", "Zoë"), "P-1", delivered=None)
    on_its_way(made, shipped=timedelta(days=8), scanned=None)
    return made


def test_news_of_a_parcel_move_its_date(stalled: Order) -> None:
    scan(stalled, NOON - timedelta(days=4), now=NOON)
    scan(stalled, NOON - timedelta(days=1), now=NOON)
    assert dues("parcel_stalled") == ["2026-03-07T08:00:00+00:00", "2026-03-10T07:00:00+00:00"]
    assert states("parcel_stalled") == ["cancelled", "pending"]
    assert not Deadline.objects.filter(kind="parcel_late").exists()
    # An older list turns no clock back.
    scan(stalled, NOON - timedelta(days=4), now=NOON)
    assert states("parcel_stalled") == ["cancelled", "pending"]


def test_what_was_late_and_moves_again_is_not_late_any_more(stalled: Order) -> None:
    scan(stalled, NOON - timedelta(days=7), now=NOON)
    sweep(NOON)
    assert states("parcel_stalled") == ["overdue"]
    scan(stalled, NOON, now=NOON)
    assert states("parcel_stalled") == ["cancelled", "pending"]


def test_a_deadline_that_was_overtaken_decides_again(stalled: Order) -> None:
    scan(stalled, NOON - timedelta(days=7), now=NOON)
    # Somebody else's hand wrote the scan, and planned nothing.
    Shipment.objects.filter(order=stalled).update(last_tracking_at=NOON - timedelta(days=1))
    sweep(NOON)
    assert states("parcel_stalled") == ["cancelled", "pending"]
    assert events_of(stalled) == []


def test_a_poster_has_its_own_two_weeks(mina: Customer) -> None:
    made = make_order(
        mina, "#7003", lines=(("POS-A", "Poster", 1, "6.00"),), shipped=None, delivered=None
    )
    shipped = NOON - timedelta(days=16)
    scan(made, NOON - timedelta(days=15), now=NOON, kind="poster", shipped=NOON - timedelta(days=8))
    assert states("poster_late") == ["pending"]
    assert shipped < NOON
    assert not Deadline.objects.filter(kind="parcel_late").exists()


def test_a_cancelled_order_is_not_watched(order: Order) -> None:
    Order.objects.filter(pk=order.pk).update(cancelled_at=NOON)
    scan(order, NOON - timedelta(days=20), now=NOON)
    assert not Deadline.objects.exists()


def test_an_old_parcel_is_let_go(order: Order) -> None:
    scan(order, NOON + timedelta(days=100), now=NOON + timedelta(days=101))
    assert not Deadline.objects.exists()


def test_a_list_of_many_costs_the_same_few_statements(
    kpopusa: Store, mina: Customer, django_assert_max_num_queries: Callable[[int], Any]
) -> None:
    rows = []
    for number in range(40):
        made = make_order(mina, f"#8{number:03d}", delivered=None)
        shipment = made.shipments.get()
        rows.append(
            DeliveryRow(made.number_key, shipment.tracking_number, "USPS", "parcel", None,
                        NOON - timedelta(days=1), None, number)
        )  # fmt: skip
    with django_assert_max_num_queries(16):
        upsert_tracking(kpopusa, rows, actor=SYSTEM, now=NOON)
    assert Deadline.objects.filter(kind="parcel_late", state="pending").count() == 40
    assert alerts() == []
