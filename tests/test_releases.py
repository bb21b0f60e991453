"""Pre-orders follow the release date; a date that moves waits for a lead, and then is told."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from django.core import mail as post
from django.test import Client

from supportdesk import clock
from tests.cast import NOON, make_customer, make_order
from tests.desk.errands import alerts, events_of, states
from tickets import outbox
from tickets.actions import preorders
from tickets.actions.order_rows import LineRow, OrderRow
from tickets.actions.orders import upsert_orders
from tickets.actions.releases import confirm, dismiss, expectation, propose
from tickets.actor import SYSTEM, Actor
from tickets.deadlines import sweep
from tickets.errors import Conflict, NotAllowed
from tickets.models import (
    Customer,
    Deadline,
    Order,
    Outbox,
    Product,
    ReleaseMove,
    Shipment,
    Store,
    User,
)

MARCH_20, APRIL_3 = date(2026, 3, 20), date(2026, 4, 3)
ALBUM = (("ALB-TIDE", "Low Tide [Pre-order]", 1, "20.99"),)


@pytest.fixture
def album(kpopusa: Store) -> Product:
    """Released on Friday 20 March."""
    return Product.objects.create(
        store=kpopusa, sku="ALB-TIDE", title="Low Tide", kind="album", release_on=MARCH_20
    )


def preorder(customer: Customer, number: str, **extra: Any) -> Order:
    """Paid, waiting for its release, and planned."""
    order = make_order(
        customer,
        number,
        lines=ALBUM,
        placed=timedelta(days=2),
        shipped=None,
        preorder=True,
        **extra,
    )
    preorders.plan([order], NOON)
    return order


@pytest.fixture
def waiting(mina: Customer, album: Product) -> Order:
    return preorder(mina, "#6001")


def row(number: str, release_on: date | None, **changed: Any) -> OrderRow:
    """What the shop's export says of one pre-order."""
    line = LineRow("ALB-TIDE#1", "ALB-TIDE", "Low Tide", "album", 1, Decimal(20), "", release_on)
    told: dict[str, Any] = {
        "number": number, "number_key": number.lstrip("#"), "email": "ann@example.com",
        "name": "Ann", "phone": "", "placed_at": NOON - timedelta(days=1),
        "paid_at": NOON - timedelta(days=1), "fulfilled_at": None, "cancelled_at": None,
        "financial_status": "paid", "fulfillment_status": "", "channel": "online",
        "shipping_method": "standard", "shipping_label": "", "country": "US", "currency": "USD",
        "total": Decimal(20), "member": None, "preorder": True, "ship_to": (("city", "Reno"),),
        "locale": "en", "time_zone": "", "lines": (line,), "line": 2, **changed,
    }  # fmt: skip
    return OrderRow(**told)


def dues(order: Order) -> list[str]:
    rows = Deadline.objects.filter(order=order, kind="preorder_due").order_by("cycle")
    return [due.isoformat() for due in rows.values_list("due_at", flat=True)]


# --- when it should leave ---------------------------------------------------------------------


def test_a_preorder_leaves_so_many_days_after_its_release(waiting: Order) -> None:
    found = expectation(waiting, NOON)
    assert found is not None
    # Three days until it reaches the store, three more until it leaves: Thursday the 26th.
    assert (found.release_on, found.ships_by) == (MARCH_20, date(2026, 3, 26))
    assert found.due_at == datetime(2026, 3, 27, tzinfo=ZoneInfo("America/Los_Angeles"))
    assert (found.late, found.titles) == (False, ("Low Tide [Pre-order]",))


def test_the_latest_of_its_releases_counts(mina: Customer, album: Product) -> None:
    lines = (*ALBUM, ("ALB-LATER", "Later", 1, "9.00"))
    order = make_order(mina, "#6002", lines=lines, shipped=None, preorder=True)
    Product.objects.filter(sku="ALB-LATER").update(release_on=APRIL_3)
    found = expectation(order, NOON)
    assert found is not None
    assert (found.release_on, found.titles) == (APRIL_3, ("Later",))


def test_a_store_without_figures_follows_the_products_date(popmart: Store) -> None:
    zoe = make_customer(popmart, "zoe@example.com", "Zoë")
    order = make_order(zoe, "P-9", lines=ALBUM, shipped=None, preorder=True)
    assert expectation(order, NOON) is None  # no date is known
    Product.objects.filter(store=popmart).update(release_on=MARCH_20)
    found = expectation(order, NOON)
    assert found is not None
    assert found.ships_by == MARCH_20


@pytest.mark.parametrize(
    "changed", [{"cancelled_at": NOON}, {"paid_at": None}, {"preorder": False}]
)
def test_what_is_no_open_preorder_is_not_expected(waiting: Order, changed: dict[str, Any]) -> None:
    Order.objects.filter(pk=waiting.pk).update(**changed)
    waiting.refresh_from_db()
    assert expectation(waiting, NOON) is None
    preorders.plan([waiting], NOON)
    assert states("preorder_due", order=waiting) == [
        "cancelled" if "cancelled_at" in changed else "met"
    ]


def test_one_that_has_not_left_in_time_alerts_once(waiting: Order) -> None:
    after = NOON + timedelta(days=22)
    for _twice in range(2):
        sweep(after)
    assert states("preorder_due") == ["overdue"]
    assert events_of(waiting) == ["preorder_late"]
    assert alerts() == ["preorder_late"]
    assert not Outbox.objects.filter(to_customer__isnull=False).exists()


def test_one_that_left_is_met(kpopusa: Store, album: Product) -> None:
    upsert_orders(kpopusa, [row("#6100", MARCH_20)], actor=SYSTEM, now=NOON)
    order = Order.objects.get()
    assert states("preorder_due", order=order) == ["pending"]
    sent = row("#6100", MARCH_20, fulfilled_at=NOON, fulfillment_status="fulfilled")
    upsert_orders(kpopusa, [sent], actor=SYSTEM, now=NOON + timedelta(days=1))
    assert states("preorder_due", order=order) == ["met"]
    sweep(NOON + timedelta(days=60))
    assert events_of(order) == []


def test_one_that_left_unnoticed_is_not_called_late(waiting: Order) -> None:
    Shipment.objects.create(order=waiting, shipped_at=NOON)
    sweep(NOON + timedelta(days=60))
    assert states("preorder_due") == ["met"]
    assert alerts() == []


# --- an import says another date --------------------------------------------------------------


def test_an_import_proposes_and_changes_nothing(kpopusa: Store, album: Product) -> None:
    upsert_orders(kpopusa, [row("#6100", MARCH_20)], actor=SYSTEM, now=NOON)
    upsert_orders(kpopusa, [row("#6101", APRIL_3)], actor=SYSTEM, now=NOON)
    album.refresh_from_db()
    move = ReleaseMove.objects.get()
    assert album.release_on == MARCH_20
    assert (move.before, move.after, move.state) == (MARCH_20, APRIL_3, "proposed")
    assert move.proposed_by is None
    assert not Outbox.objects.exists()
    # Newer takes its place; the date that stands takes it back.
    upsert_orders(kpopusa, [row("#6102", date(2026, 4, 10))], actor=SYSTEM, now=NOON)
    assert ReleaseMove.objects.get().after == date(2026, 4, 10)
    upsert_orders(kpopusa, [row("#6103", MARCH_20)], actor=SYSTEM, now=NOON)
    assert not ReleaseMove.objects.exists()


def test_where_nobody_waits_an_import_changes_the_date(kpopusa: Store, album: Product) -> None:
    upsert_orders(kpopusa, [row("#6100", APRIL_3)], actor=SYSTEM, now=NOON)
    album.refresh_from_db()
    assert album.release_on == APRIL_3
    assert not ReleaseMove.objects.exists()
    assert dues(Order.objects.get()) == ["2026-04-10T07:00:00+00:00"]


def test_what_was_dismissed_is_not_proposed_again_by_an_import(
    kpopusa: Store, waiting: Order, lead: User
) -> None:
    upsert_orders(kpopusa, [row("#6101", APRIL_3)], actor=SYSTEM, now=NOON)
    dismiss(ReleaseMove.objects.get(), APRIL_3, actor=Actor.staff(lead), now=NOON)
    upsert_orders(kpopusa, [row("#6102", APRIL_3)], actor=SYSTEM, now=NOON)
    assert list(ReleaseMove.objects.values_list("state", flat=True)) == ["dismissed"]


# --- a lead confirms --------------------------------------------------------------------------


@pytest.fixture
def move(waiting: Order, album: Product, agent: User) -> ReleaseMove:
    made = propose(album, APRIL_3, actor=Actor.staff(agent), now=NOON)
    assert made is not None
    return made


def test_confirming_moves_the_date_and_tells_each_order_once(
    move: ReleaseMove, waiting: Order, jo: Customer, lead: User
) -> None:
    also = preorder(jo, "#6002")
    gone = preorder(jo, "#6003")
    Shipment.objects.create(order=gone, shipped_at=NOON)
    actor = Actor.staff(lead)
    for _twice in range(2):
        confirm(move, APRIL_3, actor=actor, now=NOON)
    assert Product.objects.get(pk=move.product_id).release_on == APRIL_3
    for minutes in range(3):
        sweep(NOON + timedelta(minutes=minutes))
    move.refresh_from_db()
    assert (move.state, move.decided_by, move.orders_told) == ("confirmed", lead, 2)
    for order in (waiting, also):
        assert events_of(order) == ["release_moved"]
        # The old date, the waking, and the new one: ten days after 3 April's last.
        assert states("preorder_due", order=order) == ["cancelled", "fired", "pending"]
        assert dues(order)[-1] == "2026-04-10T07:00:00+00:00"
    assert events_of(gone) == []
    told = Outbox.objects.filter(template="release_moved").order_by("pk")
    assert [mail.to_customer for mail in told] == [waiting.customer, jo]


def test_the_mail_says_both_dates_and_the_new_one(
    move: ReleaseMove, waiting: Order, lead: User
) -> None:
    confirm(move, APRIL_3, actor=Actor.staff(lead), now=NOON)
    sweep(NOON)
    outbox.drain(NOON)
    text = post.outbox[-1].body
    assert "from Fri 20 Mar to Fri 3 Apr" in text
    assert "should leave us by Thu 9 Apr" in text


def test_the_mail_is_in_the_customers_language(
    move: ReleaseMove, waiting: Order, lead: User
) -> None:
    Customer.objects.filter(pk=waiting.customer_id).update(locale="ko")
    confirm(move, APRIL_3, actor=Actor.staff(lead), now=NOON)
    sweep(NOON)
    outbox.drain(NOON)
    assert "4월 3일" in post.outbox[-1].body


def test_a_date_that_is_not_known_any_more(album: Product, waiting: Order, lead: User) -> None:
    made = propose(album, None, actor=Actor.staff(lead), now=NOON)
    assert made is not None
    confirm(made, None, actor=Actor.staff(lead), now=NOON)
    sweep(NOON)
    assert states("preorder_due", order=waiting) == ["cancelled", "fired"]
    assert expectation(waiting, NOON) is None
    outbox.drain(NOON)
    assert "there is no new date yet" in post.outbox[-1].body


def test_a_crash_between_two_orders_tells_nobody_twice(
    move: ReleaseMove, waiting: Order, jo: Customer, lead: User
) -> None:
    preorder(jo, "#6002")
    confirm(move, APRIL_3, actor=Actor.staff(lead), now=NOON)
    sweep(NOON, batch=1, rounds=1)  # and then the worker dies
    assert Outbox.objects.filter(template="release_moved").count() == 1
    sweep(NOON + timedelta(hours=1))
    sweep(NOON + timedelta(hours=2))
    assert Outbox.objects.filter(template="release_moved").count() == 2


def test_a_second_move_before_the_first_was_told_tells_both(
    move: ReleaseMove, waiting: Order, album: Product, lead: User
) -> None:
    actor, later = Actor.staff(lead), NOON + timedelta(minutes=1)
    confirm(move, APRIL_3, actor=actor, now=NOON)
    again = propose(album, date(2026, 4, 10), actor=actor, now=later)
    assert again is not None
    confirm(again, date(2026, 4, 10), actor=actor, now=later)
    sweep(later)
    sweep(later)
    assert events_of(waiting) == ["release_moved", "release_moved"]
    assert states("preorder_due", order=waiting, state="pending") == ["pending"]
    assert dues(waiting)[-1] == "2026-04-17T07:00:00+00:00"


def test_a_late_one_is_not_late_by_the_new_date(album: Product, waiting: Order, lead: User) -> None:
    after = NOON + timedelta(days=22)
    sweep(after)
    made = propose(album, APRIL_3, actor=Actor.staff(lead), now=after)
    assert made is not None
    confirm(made, APRIL_3, actor=Actor.staff(lead), now=after)
    sweep(after)
    assert states("preorder_due") == ["cancelled", "fired", "pending"]


def test_an_agent_may_propose_and_not_confirm(move: ReleaseMove, agent: User) -> None:
    with pytest.raises(NotAllowed):
        confirm(move, APRIL_3, actor=Actor.staff(agent), now=NOON)
    move.refresh_from_db()
    assert move.state == "proposed"


def test_who_looked_at_another_date_decides_nothing(
    move: ReleaseMove, album: Product, lead: User
) -> None:
    actor = Actor.staff(lead)
    propose(album, date(2026, 4, 10), actor=actor, now=NOON)
    with pytest.raises(Conflict):
        confirm(move, APRIL_3, actor=actor, now=NOON)
    album.refresh_from_db()
    assert album.release_on == MARCH_20


def test_dismissing_changes_nothing(move: ReleaseMove, waiting: Order, lead: User) -> None:
    actor = Actor.staff(lead)
    for _twice in range(2):
        dismiss(move, APRIL_3, actor=actor, now=NOON)
    with pytest.raises(Conflict):
        confirm(move, APRIL_3, actor=actor, now=NOON)
    sweep(NOON)
    assert events_of(waiting) == []
    assert states("preorder_due") == ["pending"]


# --- on the desk ------------------------------------------------------------------------------


@pytest.fixture
def sign_in(monkeypatch: pytest.MonkeyPatch) -> Callable[[User], Client]:
    monkeypatch.setattr(clock, "now", lambda: NOON)

    def inner(user: User) -> Client:
        client = Client()
        client.force_login(user, backend="django.contrib.auth.backends.ModelBackend")
        return client

    return inner


def test_the_page_shows_whom_it_concerns_and_asks_a_lead(
    sign_in: Callable[[User], Client], move: ReleaseMove, jo: Customer, agent: User, lead: User
) -> None:
    preorder(jo, "#6002")
    page = sign_in(agent).get("/desk/releases/")
    text = page.content.decode()
    assert "2 orders wait for it" in text
    assert "A lead confirms it." in text
    assert "Confirm and tell" not in text
    assert page.context["counts"].releases == 1
    lena = sign_in(lead)
    assert "Confirm and tell 2 customers" in lena.get("/desk/releases/").content.decode()
    path = f"/desk/releases/{move.pk}/confirmation/"
    assert lena.post(path, {"after": "2026-04-01"}).status_code == 409
    assert lena.post(path, {"after": "2026-04-03"}).status_code == 302
    sweep(NOON)
    assert "2 orders told" in lena.get("/desk/releases/").content.decode()


def test_a_person_says_that_a_date_moves(
    sign_in: Callable[[User], Client], waiting: Order, album: Product, agent: User
) -> None:
    nora = sign_in(agent)
    path, field = f"/desk/products/{album.pk}/release/", f"product-{album.pk}-release_on"
    same = nora.post(path, {field: "2026-03-20"})
    assert same.status_code == 422
    assert "That is its release date already." in same.content.decode()
    assert nora.post(path, {field: "2026-04-03"}).status_code == 302
    assert ReleaseMove.objects.get().proposed_by == agent


def test_what_is_late_stands_on_the_page(
    sign_in: Callable[[User], Client], waiting: Order, agent: User
) -> None:
    sweep(NOON + timedelta(days=22))
    page = sign_in(agent).get("/desk/releases/")
    assert page.context["counts"].preorders == 1
    assert "#6001" in page.content.decode()


def test_the_page_costs_few_queries_however_many_wait(
    sign_in: Callable[[User], Client],
    move: ReleaseMove,
    jo: Customer,
    agent: User,
    django_assert_max_num_queries: Callable[[int], Any],
) -> None:
    for number in range(6):
        preorder(jo, f"#65{number:02d}")
    sweep(NOON + timedelta(days=22))
    nora = sign_in(agent)
    nora.get("/desk/releases/")
    with django_assert_max_num_queries(12):
        assert len(nora.get("/desk/releases/").context["late"]) == 7


def test_the_release_date_is_not_typed_in_the_set_up(
    sign_in: Callable[[User], Client], album: Product, person: Callable[..., User]
) -> None:
    ada = sign_in(person("ada", is_staff=True, is_superuser=True))
    page = ada.get(f"/admin/tickets/product/{album.pk}/change/").content.decode()
    assert 'name="release_on"' not in page
