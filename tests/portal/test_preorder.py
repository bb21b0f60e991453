"""What a customer hears of their own pre-order, and of a request that is no claim."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from django.test import Client
from django.urls import reverse

from tests.cast import NOON, make_customer, make_order
from tests.desk.errands import ask
from tests.portal.conftest import Clock
from tickets import access
from tickets.actions.cancel_order import cancel_order
from tickets.actions.drafts import answer, identify, start_draft
from tickets.actor import Actor
from tickets.models import (
    Customer,
    Draft,
    Inquiry,
    Order,
    Pickup,
    Product,
    Shipment,
    Store,
    Ticket,
    User,
)


@pytest.fixture
def order(mina: Customer) -> Order:
    made = make_order(mina, "#6001", shipped=None, preorder=True)
    Product.objects.filter(sku="ALB-AURORA").update(release_on=date(2026, 3, 20))
    return made


def asking(order: Order, request: str = "preorder") -> Draft:
    draft = identify(start_draft(order.store, now=NOON), order, now=NOON)
    return answer(draft, request=request, answers={}, now=NOON)


def page_of(web: Client, draft: Draft) -> str:
    return web.get(reverse("portal:answer", args=[draft.store.slug, draft.key])).text


def test_the_answer_names_the_orders_own_dates(web: Client, order: Order) -> None:
    page = page_of(web, asking(order))
    assert "released on <strong>Fri 20 Mar</strong>" in page
    assert "leave us by <strong>Thu 26 Mar</strong>" in page


def test_a_late_one_is_not_promised_again(web: Client, order: Order, at_noon: Clock) -> None:
    at_noon.now += timedelta(days=30)
    page = page_of(web, asking(order))
    assert "It should have left us by Thu 26 Mar" in page


def test_without_a_date_nothing_is_promised(web: Client, order: Order) -> None:
    Product.objects.update(release_on=None)
    assert "Your pre-order" not in page_of(web, asking(order))


def test_once_it_has_left_nothing_is_expected(web: Client, order: Order) -> None:
    Shipment.objects.create(order=order, shipped_at=NOON)
    assert "Your pre-order" not in page_of(web, asking(order))


def test_the_status_page_tells_of_a_cancellation_and_its_refund(
    web: Client, mina: Customer, agent: User
) -> None:
    bought = make_order(mina, "#4001", placed=timedelta(hours=3), shipped=None)
    ticket = ask(bought, "cancel_order")
    open_one = ask(make_order(mina, "#4003", shipped=None), "cancel_order")
    cancel_order(ticket, note="Gladly.", actor=Actor.staff(agent), now=NOON)
    assert "please phone us" in web.get(access.link_for(open_one)).text
    page = web.get(access.link_for(ticket)).text
    assert "This order was cancelled" in page
    assert "please phone us" not in page
    assert "We cancelled your order." in page
    assert "Gladly." in page
    assert "Pay the refund" in page
    assert "Thu 12 Mar, 23:59" in page


def test_a_known_release_is_not_followed_by_there_is_no_date(web: Client, kpop2: Store) -> None:
    emma = make_customer(kpop2, "emma@example.com", "Emma")
    made = make_order(emma, "#6002", shipped=None, preorder=True)
    assert "There is no date yet" in page_of(web, asking(made, "order_not_shipped"))
    Product.objects.update(release_on=date(2026, 3, 20))
    page = page_of(web, asking(made, "order_not_shipped"))
    assert "released on <strong>Fri 20 Mar</strong>" in page
    assert "There is no date yet" not in page


def test_who_asks_about_pre_orders_may_name_the_own_one(web: Client, order: Order) -> None:
    page = web.get(f"/{order.store.slug}/new/preorder/").text
    assert "Ask about a certain order" in page


@pytest.mark.parametrize("request_type", ["cancel_order", "change_address", "order_not_shipped"])
def test_a_cancelled_order_is_told_as_one_and_cannot_be_cancelled_again(
    web: Client, mina: Customer, request_type: str
) -> None:
    bought = make_order(mina, "#4002", shipped=None, cancelled_at=NOON - timedelta(days=1))
    draft = asking(bought, request_type)
    page = page_of(web, draft)
    assert "This order was cancelled" in page
    assert "Yes, we can act on this" not in page
    assert "Write to us" in page

    sent = reverse("portal:send", args=[draft.store.slug, draft.key])
    address = {f"d-{key}": "here" for key in ("name", "street", "city", "postcode", "country")}
    assert web.post(sent, address).status_code in (302, 422)
    assert not Ticket.objects.exists()
    assert not Inquiry.objects.exists()


@pytest.mark.parametrize(("state", "told"), [("cancelled", True), ("expired", False)])
def test_a_pickup_that_ran_out_is_told_by_its_rule_and_a_cancelled_one_plainly(
    web: Client, pickup: Pickup, state: str, told: bool
) -> None:
    Order.objects.filter(pk=pickup.order_id).update(cancelled_at=NOON - timedelta(hours=1))
    Pickup.objects.update(state=state)
    page = page_of(web, asking(pickup.order, "pickup"))
    assert ("This order was cancelled" in page) is told
