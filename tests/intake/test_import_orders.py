"""``import_orders``: what a shop's file leaves in the database, once and again."""

from __future__ import annotations

import io
import os
import tracemalloc
from collections.abc import Callable, Iterator
from datetime import timedelta
from decimal import Decimal
from pathlib import Path

import pytest
from django.core.management import call_command
from django.core.management.base import CommandError

from tests.cast import NOON, Story, make_order
from tests.intake.exports import export, line, order, read, saved
from tickets.actions import pickups
from tickets.actions.orders import record_delivery, upsert_orders
from tickets.actor import SYSTEM, Actor
from tickets.errors import NotAllowed
from tickets.intake import load
from tickets.intake.shopify import REQUIRED, read_orders
from tickets.models import (
    Claim,
    ClaimItem,
    Customer,
    Event,
    Order,
    OrderLine,
    Pickup,
    Product,
    Shipment,
    Store,
    Supplier,
    User,
)

Import = Callable[..., tuple[int, str]]


@pytest.fixture
def importing(kpopusa: Store, tmp_path: Path) -> Import:
    """Run the command on these bytes: its exit status and what it said."""

    def run(content: bytes, *more: str, store: str = "kpopusa") -> tuple[int, str]:
        out = io.StringIO()
        path = saved(tmp_path, content)
        try:
            call_command("import_orders", str(path), "--store", store, *more, stdout=out)
        except SystemExit as end:
            assert isinstance(end.code, int)
            return end.code, out.getvalue()
        return 0, out.getvalue()

    return run


def test_an_order_comes_in_with_all_that_hangs_on_it(importing: Import) -> None:
    shipped = {"Fulfilled at": "2026-03-02 09:00:00 -0800", "Fulfillment Status": "fulfilled"}
    status, said = importing(export(order("#1001", line("PST-1", "Poster"), **shipped)))

    assert status == 0
    assert said.strip() == "Orders: 1 new, 0 changed, 0 unchanged, 0 bad rows."
    row = Order.objects.get(number_key="1001")
    assert (row.number, row.total, row.currency) == ("#1001", Decimal("25.90"), "USD")
    assert (row.customer.email, row.customer.name) == ("mina@example.com", "김민아")
    assert [(one.line_key, one.product.kind) for one in row.lines.all()] == [
        ("ALB-1#1", "album"),
        ("PST-1#1", "poster"),
    ]
    assert Supplier.objects.get().name == "Hanbit Distribution"
    kinds = row.shipments.values_list("kind", "shipped_at__day", "delivered_at")
    assert sorted(kinds) == [("parcel", 2, None), ("poster", 2, None)]
    assert not Pickup.objects.exists()


def test_again_it_makes_nothing_twice(importing: Import) -> None:
    content = export(order("#1", line("PST-1", "Poster")), order("#2"))
    importing(content)
    tables = (Order, OrderLine, Shipment, Customer, Product, Supplier)
    before = [list(table.objects.order_by("pk").values()) for table in tables]

    status, said = importing(content)

    assert status == 0
    assert "0 new, 0 changed, 2 unchanged" in said
    assert [list(table.objects.order_by("pk").values()) for table in tables] == before


def test_a_changed_order_is_updated_and_a_line_that_is_gone_goes(importing: Import) -> None:
    importing(export(order("#1", line("B")), order("#2")))
    keys = dict(OrderLine.objects.values_list("line_key", "pk"))

    _status, said = importing(
        export(order("1", **line("B", "Box", **{"Lineitem quantity": 4})), order("#2"))
    )

    assert "0 new, 1 changed, 1 unchanged" in said
    row = Order.objects.get(number_key="1")
    assert list(row.lines.values_list("pk", "line_key", "quantity")) == [(keys["B#1"], "B#1", 4)]


def test_bad_rows_are_told_by_their_line_and_the_exit_status_says_so(
    importing: Import, capsys: pytest.CaptureFixture[str]
) -> None:
    status, said = importing(export(order("#1"), order("#2", Total="-1"), order("#3")))

    assert status == 1
    assert "2 new, 0 changed, 0 unchanged, 1 bad rows" in said
    assert "orders.csv line 3 (order #2): Total “-1” is negative" in capsys.readouterr().err
    assert sorted(Order.objects.values_list("number", flat=True)) == ["#1", "#3"]


@pytest.mark.parametrize(
    ("content", "said"),
    [(b"", "empty"), (b"sku,stock\n", "no column"), (b"\xff\xfeN\0a\0", "UTF-8")],
)
def test_an_unusable_file_is_told_and_leaves_nothing(
    importing: Import, content: bytes, said: str
) -> None:
    with pytest.raises(CommandError, match=said) as told:
        importing(content)
    assert told.value.returncode == 2
    assert not Order.objects.exists()


def test_a_store_or_a_file_that_is_not_there_is_told(importing: Import, tmp_path: Path) -> None:
    with pytest.raises(CommandError, match=r"no store “nowhere”.*kpopusa") as told:
        importing(export(order()), store="nowhere")
    assert told.value.returncode == 2
    for path in (tmp_path / "absent.csv", tmp_path):
        with pytest.raises(CommandError, match="cannot be read") as told:
            call_command("import_orders", str(path), "--store", "kpopusa")
        assert told.value.returncode == 2


def test_a_pickup_order_waits_on_the_shelf_and_has_no_parcel(importing: Import) -> None:
    importing(
        export(
            order("#1", **{"Shipping Method": "In-store pickup"}),
            order("#2", **{"Shipping Method": "KPOP USA"}),
            order("#3", **{"Shipping Method": "Henderson branch"}),
            order(
                "#4",
                **{"Shipping Method": "Pickup", "Fulfilled at": "2026-03-02 09:00:00 -0800"},
            ),
            order(
                "#5", **{"Shipping Method": "Pickup", "Cancelled at": "2026-03-02 09:00:00 -0800"}
            ),
        ),
        "--label",
        "Henderson branch=pickup",
    )
    waiting = Pickup.objects.order_by("order__number").values_list("order__number", "state")
    assert list(waiting) == [("#1", "preparing"), ("#2", "preparing"), ("#3", "preparing")]
    assert not Shipment.objects.exists()


def test_what_staff_recorded_survives_a_changed_import(
    importing: Import, agent: User, kpopusa: Store
) -> None:
    shipped = {"Fulfilled at": "2026-03-02 09:00:00 -0800"}
    importing(export(order("#1", **shipped)))
    record_delivery(
        Shipment.objects.get(),
        NOON - timedelta(hours=3),
        actor=Actor.staff(agent),
        now=NOON,
    )
    Product.objects.update(kind="blind_box")
    Customer.objects.update(locale="ko", time_zone="Asia/Seoul")

    importing(export(order("#1", Total="9.00", **{"Shipping Name": ""}, **shipped)))

    assert Order.objects.get().total == Decimal("9.00")
    assert Shipment.objects.get().delivered_at == NOON - timedelta(hours=3)
    assert Product.objects.get().kind == "blind_box"
    customer = Customer.objects.get()
    assert (customer.name, customer.locale, customer.time_zone) == ("김민아", "ko", "Asia/Seoul")


def test_an_order_we_cancelled_stays_cancelled(importing: Import, kpopusa: Store) -> None:
    importing(export(order("#1")))
    Order.objects.update(cancelled_at=NOON)
    importing(export(order("#1", Total="9.00")))
    assert Order.objects.get().cancelled_at == NOON


def test_a_pickup_that_the_shop_has_closed_goes_to_a_person(importing: Import, agent: User) -> None:
    method = {"Shipping Method": "Pickup"}
    importing(export(order("#1", **method)))
    pickups.confirm(Pickup.objects.get(), actor=Actor.staff(agent), now=NOON)

    importing(export(order("#1", **method, **{"Fulfilled at": "2026-03-04 09:00:00 -0800"})))
    importing(export(order("#1", **method, **{"Fulfilled at": "2026-03-04 09:30:00 -0800"})))

    pickup = Pickup.objects.get()
    assert (pickup.state, pickup.needs_person) == ("reserved", True)
    assert Event.objects.filter(kind="pickup_closed_by_shop").count() == 1


def test_a_claim_keeps_its_line_whatever_the_shop_sends(importing: Import, kpopusa: Store) -> None:
    importing(export(order("#1042", line("LS-1", "Light stick"))))
    row = Order.objects.get()
    Shipment.objects.update(
        shipped_at=NOON - timedelta(days=3), delivered_at=NOON - timedelta(days=2)
    )
    Story(row).file()
    claimed = ClaimItem.objects.get().line

    importing(export(order("#1042", **line("LS-1", "Light stick"))))  # the album is gone
    importing(export(order("#1042", line("ALB-1"), **line("LS-1", "Light stick"))))  # and back

    assert ClaimItem.objects.get().line == claimed
    assert claimed.line_key == "ALB-1#1"
    assert Claim.objects.get().order == row
    assert row.lines.count() == 2


def test_an_order_twice_in_one_file_is_one_as_last_told(importing: Import) -> None:
    importing(export(order("#1", Total="1.00"), order("#2"), order("#1", Total="2.00")))
    assert Order.objects.get(number_key="1").total == Decimal("2.00")
    assert Order.objects.count() == 2


def test_two_stores_may_use_the_same_numbers(importing: Import, popmart: Store) -> None:
    importing(export(order("#1")))
    importing(export(order("#1", Total="7.00")), store="popmart")
    assert Order.objects.get(store__slug="kpopusa").total == Decimal("25.90")
    assert Order.objects.get(store=popmart).total == Decimal("7.00")
    assert Customer.objects.count() == 2


def test_only_who_manages_the_store_may_import(agent: User, kpopusa: Store) -> None:
    rows, _bad = read(export(order("#1")))
    with pytest.raises(NotAllowed):
        upsert_orders(kpopusa, rows, actor=Actor.staff(agent), now=NOON)
    assert not Order.objects.exists()


def test_a_batch_takes_a_fixed_number_of_statements(
    kpopusa: Store, django_assert_max_num_queries: Callable[..., object]
) -> None:
    content = export(
        *(order(f"#{number}", Email=f"c{number}@example.com") for number in range(300))
    )
    with django_assert_max_num_queries(25):  # type: ignore[attr-defined]  # a context manager
        load.load_orders(io.BytesIO(content), kpopusa, actor=SYSTEM, now=NOON, told=pytest.fail)
    assert Order.objects.count() == 300


def test_an_older_order_of_ours_is_found_by_its_number_in_any_writing(
    importing: Import, mina: Customer
) -> None:
    make_order(mina, "#K-77")
    importing(export(order(" k-77 ")))
    assert Order.objects.get().number_key == "k-77"


class Endless(io.RawIOBase):
    """A file of many orders that is never in memory as a whole."""

    def __init__(self, count: int) -> None:
        self._lines: Iterator[bytes] = self._made(count)

    @staticmethod
    def _made(count: int) -> Iterator[bytes]:
        header, row = export(order("#NUMBER"), columns=REQUIRED).splitlines(keepends=True)
        yield header
        for number in range(count):
            yield row.replace(b"NUMBER", str(number).encode())

    def readline(self, size: int | None = -1, /) -> bytes:
        return next(self._lines, b"")


def test_twenty_thousand_orders_pass_in_constant_memory(
    kpopusa: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen = 0

    def count(_store: Store, batch: list[object], **_more: object) -> load.Counts:
        nonlocal seen
        seen += len(batch)
        return load.Counts(new=len(batch))

    monkeypatch.setattr(load, "upsert_orders", count)
    list(read_orders(Endless(600)))  # type: ignore[arg-type]  # what reading needs; fills caches
    tracemalloc.start()
    try:
        loaded = load.load_orders(
            Endless(20_000),  # type: ignore[arg-type]  # a file as far as reading goes
            kpopusa,
            actor=SYSTEM,
            now=NOON,
            told=pytest.fail,
        )
        _now, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert (loaded.counts.new, seen) == (20_000, 20_000)
    assert peak < 12 * 2**20


def test_no_bar_is_drawn_where_nobody_looks(
    importing: Import, capfd: pytest.CaptureFixture[str]
) -> None:
    assert not os.isatty(2)
    importing(export(order("#1")))
    assert capfd.readouterr().err == ""
