"""What an agent refunds without a lead: the store's limit, over all of one order."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.test import Client

from tests.cast import Story, make_customer, make_order
from tests.desk.errands import ask, on_its_way, step
from tests.desk.steps import at_counter, kinds, take
from tickets.models import (
    Claim,
    Customer,
    Event,
    Order,
    Outbox,
    Pickup,
    Refund,
    Store,
    User,
)

# Two of each: more than what an agent of KPOP USA may refund (USD 100).
LINES = (("ALB-AURORA", "Aurora", 2, "80.00"), ("LS-AURORA", "Light Stick", 2, "80.00"))


@pytest.fixture
def lena(as_: Callable[[User], Client], lead: User) -> Client:
    """The lead's browser."""
    return as_(lead)


@pytest.fixture
def dear(mina: Customer) -> Order:
    """An order of 320 dollars."""
    return make_order(mina, "#1042", lines=LINES)


def damaged(order: Order, line: int = 0) -> Claim:
    """A claim that is refunded at once when it is approved."""
    story = Story(order)
    if line:
        order.lines.filter(position=0).update(position=line + 1)
    said = {"opened": False, "package_damaged": True}
    return story.file("transit_damage", "photo", "photo", **said)


def refund(client: Client, claim: Claim, amount: str, outcome: str = "refund") -> Any:
    return take(client, claim, "decision", decide="approve", outcome=outcome, amount=amount)


def approval(claim: Claim) -> dict[str, Any]:
    return Event.objects.get(claim=claim, kind="claim_approved").data


def nothing_happened(claim: Claim) -> None:
    claim.refresh_from_db()
    assert (claim.state, claim.outcome) == ("under_review", "")
    assert kinds(claim) == ["claim_filed"]
    assert not Refund.objects.filter(claim=claim).exists()
    assert not Outbox.objects.filter(template="claim_approved", event__claim=claim).exists()


def test_exactly_the_limit_is_the_agents_own(nora: Client, dear: Order) -> None:
    claim = damaged(dear)

    assert refund(nora, claim, "100.00").status_code == 302

    assert Refund.objects.get().amount == Decimal("100.00")
    kept = approval(claim)
    assert (kept["agent_limit"], kept["promised_before"]) == ("100", "0")


def test_a_cent_above_it_needs_a_lead_and_nothing_happens(nora: Client, dear: Order) -> None:
    claim = damaged(dear)

    told = refund(nora, claim, "100.01")

    assert told.status_code == 403
    assert "Needs a lead: above USD 100.00." in told.content.decode()
    assert 'value="100.01"' in told.content.decode()  # what was typed is kept
    nothing_happened(claim)


def test_the_button_says_who_can_do_it(nora: Client, lena: Client, dear: Order) -> None:
    path = f"/desk/tickets/{damaged(dear).ticket.reference}/"

    assert "(Needs a lead: above USD 100.00)" in nora.get(path).content.decode()
    assert "Needs a lead" not in lena.get(path).content.decode()


def test_a_lead_passes_and_the_event_keeps_the_limit(lena: Client, dear: Order) -> None:
    claim = damaged(dear)

    assert refund(lena, claim, "100.01").status_code == 302

    assert Refund.objects.get().amount == Decimal("100.01")
    assert approval(claim)["agent_limit"] == "100"


def test_two_parts_add_up_over_one_order(nora: Client, lena: Client, dear: Order) -> None:
    assert refund(nora, damaged(dear), "60.00").status_code == 302
    second = damaged(dear, line=1)

    told = refund(nora, second, "40.01")

    assert told.status_code == 403
    assert "and USD 60.00 is promised already" in told.content.decode()
    nothing_happened(second)
    assert refund(nora, second, "40.00").status_code == 302
    assert approval(second)["promised_before"] == "60.00"


def test_so_does_what_waits_for_its_return(nora: Client, lena: Client, dear: Order) -> None:
    first = Story(dear).file("defect", "photo", "photo", opened=True)
    assert refund(nora, first, "70.00").status_code == 302
    assert not Refund.objects.exists()  # the items are on their way back
    second = damaged(dear, line=1)

    assert refund(nora, second, "30.01").status_code == 403
    nothing_happened(second)
    assert refund(nora, second, "30.00").status_code == 302


def test_another_order_begins_anew(nora: Client, mina: Customer, dear: Order) -> None:
    assert refund(nora, damaged(dear), "100.00").status_code == 302
    other = damaged(make_order(mina, "#1043", lines=LINES))

    assert refund(nora, other, "100.00").status_code == 302


def test_a_currency_without_a_limit_has_none(nora: Client, dear: Order) -> None:
    Order.objects.update(currency="EUR")
    claim = damaged(dear)

    assert refund(nora, claim, "320.00").status_code == 302
    assert "agent_limit" not in approval(claim)


def test_each_currency_has_its_own(
    as_: Callable[[User], Client], stranger: User, popmart: Store
) -> None:
    ada = make_customer(popmart, "ada@example.com", "Ada")
    order = make_order(ada, "PM1", lines=LINES)
    order.currency = "CAD"
    order.save(update_fields=["currency"])
    claim = Story(order).file("defect", "photo", "photo", opened=True)

    assert refund(as_(stranger), claim, "135.01", "return").status_code == 403
    nothing_happened(claim)
    assert refund(as_(stranger), claim, "135.00", "return").status_code == 302


def test_the_inspection_does_not_raise_what_was_approved(
    nora: Client, lena: Client, dear: Order
) -> None:
    claim = Story(dear).file("defect", "photo", "photo", opened=True)
    refund(nora, claim, "80.00")
    take(nora, claim, "return")

    assert take(nora, claim, "inspection", passed="yes", amount="100.01").status_code == 403
    claim.refresh_from_db()
    assert (claim.state, claim.inspected_at) == ("inspecting", None)
    assert "inspected" not in kinds(claim)

    assert take(nora, claim, "inspection", passed="yes", amount="100.00").status_code == 302
    assert Refund.objects.get().amount == Decimal("100.00")


def test_what_a_lead_has_approved_an_agent_may_inspect(
    nora: Client, lena: Client, dear: Order
) -> None:
    claim = Story(dear).file("defect", "photo", "photo", opened=True)
    refund(lena, claim, "300.00")
    take(nora, claim, "return")

    assert take(nora, claim, "inspection", passed="yes").status_code == 302
    assert Refund.objects.get().amount == Decimal("300.00")


def test_a_cancellation_above_it_needs_a_lead(nora: Client, lena: Client, mina: Customer) -> None:
    order = make_order(mina, "#4001", lines=LINES, shipped=None)
    ticket = ask(order, "cancel_order")

    told = step(nora, ticket, "cancellation")

    assert told.status_code == 403
    assert "Needs a lead: above USD 100.00." in told.content.decode()
    order.refresh_from_db()
    assert order.cancelled_at is None
    assert not Refund.objects.exists()
    assert step(lena, ticket, "cancellation").status_code == 302
    assert Event.objects.get(kind="refund_requested").data["agent_limit"] == "100"


def test_in_its_place_a_lead_can_be_asked(nora: Client, lena: Client, mina: Customer) -> None:
    order = make_order(mina, "#4001", lines=LINES, shipped=None)
    ticket = ask(order, "cancel_order")
    path = f"/desk/tickets/{ticket.reference}/"

    page = nora.get(path).content.decode()
    assert f'action="{path}cancellation/"' not in page
    assert "Cancel the order (Needs a lead: above USD 100.00)" in page
    body = "A lead, please: Cancel the order. Needs a lead: above USD 100.00."
    assert f'name="body" value="{body}"' in page
    step(nora, ticket, "messages", kind="note", body=body, form_key=uuid.uuid4())

    assert [note.body for note in ticket.messages.filter(kind="note")] == [body]
    assert f'action="{path}cancellation/"' in lena.get(path).content.decode()


def test_so_does_the_compensation_of_a_lost_parcel(
    nora: Client, lena: Client, mina: Customer
) -> None:
    order = make_order(mina, "#7001", lines=LINES, placed=timedelta(days=41), delivered=None)
    on_its_way(order, shipped=timedelta(days=40), scanned=timedelta(days=30))
    ticket = ask(order, "lost_parcel")
    step(nora, ticket, "carrier")
    step(nora, ticket, "carrier-answer", found="no")

    assert step(nora, ticket, "compensation", outcome="refund").status_code == 403
    assert not Refund.objects.exists()
    part = step(nora, ticket, "compensation", outcome="refund", amount="100.00")
    assert part.status_code == 302
    assert Refund.objects.get().amount == Decimal("100.00")


def test_so_does_a_pickup_that_is_cancelled_at_the_counter(
    nora: Client, lena: Client, jo: Customer
) -> None:
    order = make_order(jo, "#2001", lines=LINES, shipped=None, shipping_method="pickup")
    pickup = Pickup.objects.create(store=order.store, order=order)

    assert at_counter(nora, pickup, "cancellation", reason="Asked").status_code == 403
    pickup.refresh_from_db()
    assert (pickup.state, Refund.objects.count()) == ("preparing", 0)
    assert at_counter(lena, pickup, "cancellation", reason="Asked").status_code == 302
    assert Refund.objects.get().amount == order.total
