"""Cancelling an order and changing its address: urgent, decided again, and never too late."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import timedelta

import pytest
from django.test import Client

from tests.cast import NOON, make_customer, make_order
from tests.desk.conftest import Clock
from tests.desk.errands import NEW_ADDRESS, alerts, ask, kinds, mails, states, step
from tickets.actions.pickups import confirm
from tickets.actor import SYSTEM
from tickets.deadlines import sweep
from tickets.models import (
    Claim,
    Customer,
    Membership,
    Order,
    Pickup,
    Refund,
    Shipment,
    Store,
    Ticket,
    User,
)

As = Callable[[User], Client]


@pytest.fixture
def unshipped(mina: Customer) -> Order:
    """#4001: paid this morning, still here."""
    return make_order(mina, "#4001", placed=timedelta(hours=3), shipped=None)


@pytest.fixture
def cancelling(unshipped: Order) -> Ticket:
    return ask(unshipped, "cancel_order", note="I ordered it twice, sorry!")


def ship(order: Order) -> None:
    Shipment.objects.create(order=order, carrier="USPS", shipped_at=NOON)


def references(response: object) -> list[str]:
    return [row["ticket"].reference for row in response.context["rows"]]  # type: ignore[attr-defined]  # the test client's own


def test_a_cancellation_stands_on_top_of_everything(
    nora: Client, ready: Claim, cancelling: Ticket
) -> None:
    page = nora.get("/desk/")
    assert references(page) == [cancelling.reference, ready.ticket.reference]
    assert page.content.decode().count("urgent") >= 2  # beside the queue, and on the row
    urgent = [line for line in page.text.split("<li>") if "<small>urgent" in line]
    assert [re.findall('data-queue="([a-z]+)"', line) for line in urgent] == [["cancellations"]]
    assert page.context["counts"].queues["cancellations"] == 1
    assert references(nora.get("/desk/?queue=cancellations")) == [cancelling.reference]
    assert references(nora.get("/desk/?queue=questions")) == []


def test_the_page_shows_what_the_rule_said(nora: Client, cancelling: Ticket) -> None:
    page = nora.get(f"/desk/tickets/{cancelling.reference}/").content.decode()
    assert "kpopusa.cancel" in page
    assert "rules version 1" in page
    assert "Your order has not been shipped yet" in page
    assert "I ordered it twice, sorry!" in page
    assert "Cancel the order, request the refund, mail 김미나" in page


def test_cancelling_refunds_and_waits_for_the_payment(
    nora: Client, cancelling: Ticket, unshipped: Order
) -> None:
    assert step(nora, cancelling, "cancellation").status_code == 302
    unshipped.refresh_from_db()
    cancelling.refresh_from_db()
    refund = Refund.objects.get(ticket=cancelling)
    assert unshipped.cancelled_at == NOON
    assert (refund.amount, refund.state) == (unshipped.total, "requested")
    # Seven days from Thursday: over at the midnight after Thursday the 12th, in Las Vegas.
    due = refund.deadlines.get()
    assert due.due_at.isoformat() == "2026-03-13T07:00:00+00:00"
    assert (cancelling.state, cancelling.priority) == ("open", 2)
    # The store's own target for the end comes before the promise.
    assert cancelling.next_due_at == cancelling.resolve_due_at
    assert cancelling.resolve_due_at < due.due_at
    assert kinds(cancelling) == ["request_accepted", "order_cancelled", "refund_requested"]
    event = cancelling.events.get(kind="order_cancelled")
    assert (event.rule, event.policy_version.number) == ("kpopusa.cancel", 1)
    assert mails(cancelling) == ["ticket_opened", "order_cancelled"]
    assert states("answer_due", ticket=cancelling) == ["met"]
    assert nora.get("/desk/").context["counts"].queues["cancellations"] == 0
    page = nora.get("/desk/refunds/").content.decode()
    assert cancelling.spoken_reference in page


def test_paying_the_refund_solves_it(nora: Client, cancelling: Ticket) -> None:
    step(nora, cancelling, "cancellation")
    refund = Refund.objects.get(ticket=cancelling)
    for _twice in range(2):
        assert nora.post(f"/desk/refunds/{refund.pk}/payment/", {"seen": 3}).status_code == 302
    cancelling.refresh_from_db()
    assert (cancelling.state, cancelling.next_due_at) == ("solved", None)
    assert mails(cancelling)[-1] == "refund_paid"
    assert mails(cancelling).count("refund_paid") == 1
    assert states("refund_due", refund=refund) == ["met"]


def test_a_refund_that_nobody_paid_for_seven_days_alerts_once(
    nora: Client, cancelling: Ticket, still: Clock
) -> None:
    step(nora, cancelling, "cancellation")
    still.at = NOON + timedelta(days=7)
    # Thursday the 12th is not over; what the store itself aims at is.
    assert sweep(still.at).fired == {"resolve_target": 1}
    still.at = NOON + timedelta(days=7, hours=12)
    sweep(still.at)
    sweep(still.at)
    assert states("refund_due") == ["overdue"]
    assert alerts() == ["request_accepted", "deadline_missed"]
    assert references(nora.get("/desk/?queue=overdue")) == [cancelling.reference]
    refund = Refund.objects.get(ticket=cancelling)
    nora.post(f"/desk/refunds/{refund.pk}/payment/")
    assert states("refund_due") == ["met_late"]
    assert references(nora.get("/desk/?queue=overdue")) == []


def test_what_was_not_paid_is_cancelled_and_solved(nora: Client, unshipped: Order) -> None:
    unshipped.financial_status = "pending"
    unshipped.paid_at = None
    unshipped.save()
    ticket = ask(unshipped, "cancel_order")
    step(nora, ticket, "cancellation")
    ticket.refresh_from_db()
    assert ticket.state == "solved"
    assert not Refund.objects.exists()


def test_shipped_meanwhile_is_refused_and_nothing_changes(
    nora: Client, cancelling: Ticket, unshipped: Order
) -> None:
    ship(unshipped)
    answer = step(nora, cancelling, "cancellation", note="Gladly!")
    page = answer.content.decode()
    assert answer.status_code == 422
    assert "The order has left meanwhile. Nothing was changed" in page
    assert "Gladly!" in page
    unshipped.refresh_from_db()
    assert unshipped.cancelled_at is None
    assert kinds(cancelling) == ["request_accepted"]
    assert not Refund.objects.exists()
    assert step(nora, cancelling, "refusal", note="It left an hour ago.").status_code == 302
    cancelling.refresh_from_db()
    event = cancelling.events.get(kind="request_refused")
    assert (cancelling.state, event.rule) == ("solved", "kpopusa.cancel")
    assert mails(cancelling)[-1] == "request_refused"
    assert states("answer_due", ticket=cancelling) == ["met"]


def test_a_double_click_cancels_once(nora: Client, cancelling: Ticket) -> None:
    seen = cancelling.last_seq
    for _twice in range(2):
        assert step(nora, cancelling, "cancellation", seen=seen).status_code == 302
    assert kinds(cancelling).count("order_cancelled") == 1
    assert Refund.objects.count() == 1


def test_the_second_of_two_agents_sees_what_the_first_did(
    nora: Client, as_: As, second_agent: User, cancelling: Ticket, unshipped: Order
) -> None:
    seen = cancelling.last_seq
    step(as_(second_agent), cancelling, "refusal", note="It is packed already.")
    answer = step(nora, cancelling, "cancellation", seen=seen)
    page = answer.content.decode()
    assert answer.status_code == 409
    assert "Somebody was here before you" in page
    assert "Omar" in page
    unshipped.refresh_from_db()
    assert unshipped.cancelled_at is None


def test_a_cancelled_pickup_goes_by_its_own_action(nora: Client, pickup: Pickup) -> None:
    confirm(pickup, actor=SYSTEM, now=NOON)
    ticket = ask(pickup.order, "cancel_order")
    step(nora, ticket, "cancellation")
    pickup.refresh_from_db()
    ticket.refresh_from_db()
    refund = Refund.objects.get()
    assert (pickup.state, pickup.order.refunds.count()) == ("cancelled", 1)
    assert refund.pickup_id == pickup.pk
    assert states("pickup_expiry", pickup=pickup) == ["cancelled"]
    assert ticket.state == "open"
    assert mails(ticket) == ["ticket_opened"]  # the pickup's own mail tells it
    nora.post(f"/desk/refunds/{refund.pk}/payment/")
    ticket.refresh_from_db()
    assert ticket.state == "solved"


def test_the_shop_was_faster(nora: Client, cancelling: Ticket, unshipped: Order) -> None:
    Order.objects.filter(pk=unshipped.pk).update(cancelled_at=NOON - timedelta(hours=1))
    answer = step(nora, cancelling, "cancellation")
    assert answer.status_code == 409
    assert "The order is cancelled already." in answer.content.decode()
    assert not Refund.objects.exists()


def test_an_answer_that_is_late_stands_among_the_overdue(
    nora: Client, cancelling: Ticket, still: Clock
) -> None:
    still.at += timedelta(days=2)
    sweep(still.at)
    sweep(still.at)
    assert states("answer_due", ticket=cancelling) == ["overdue"]
    assert alerts() == ["request_accepted", "deadline_missed"]
    assert references(nora.get("/desk/?queue=overdue")) == [cancelling.reference]
    step(nora, cancelling, "cancellation")
    assert states("answer_due", ticket=cancelling) == ["met_late"]


# --- the address ------------------------------------------------------------------------------


def test_a_changed_address_is_written_to_the_order(nora: Client, unshipped: Order) -> None:
    unshipped.ship_to = {"name": "Mina", "city": "Las Vegas"}
    unshipped.save()
    ticket = ask(unshipped, "change_address", **NEW_ADDRESS)
    assert ticket.priority == 1
    page = nora.get(f"/desk/tickets/{ticket.reference}/").content.decode()
    assert "12 Desert Inn Rd" in page
    assert step(nora, ticket, "address").status_code == 302
    unshipped.refresh_from_db()
    ticket.refresh_from_db()
    assert unshipped.ship_to["address1"] == "12 Desert Inn Rd"
    assert unshipped.ship_to["city"] == "Henderson"
    event = ticket.events.get(kind="address_changed")
    assert event.data["before"] == {"name": "Mina", "city": "Las Vegas"}
    assert event.data["after"] == unshipped.ship_to
    assert (ticket.state, mails(ticket)[-1]) == ("solved", "address_changed")


def test_an_address_is_not_changed_once_the_order_left(nora: Client, unshipped: Order) -> None:
    ticket = ask(unshipped, "change_address", **NEW_ADDRESS)
    ship(unshipped)
    assert step(nora, ticket, "address").status_code == 422
    unshipped.refresh_from_db()
    assert unshipped.ship_to == {}
    assert kinds(ticket) == ["request_accepted"]


def test_done_answers_and_solves(nora: Client, agent: User, popmart: Store) -> None:
    Membership.objects.create(user=agent, store=popmart, role="agent")
    order = make_order(make_customer(popmart, "zoe@example.com", "Zoë"), "#9", shipped=None)
    order.paid_at = None  # where it is paid, POP MART changes no address
    order.save()
    ticket = ask(order, "change_address", **NEW_ADDRESS)
    assert step(nora, ticket, "done", note="").status_code == 422
    for _twice in range(2):
        assert step(nora, ticket, "done", note="It is done, Zoë.").status_code == 302
    ticket.refresh_from_db()
    assert ticket.state == "solved"
    assert mails(ticket) == ["ticket_opened", "message"]
    assert "It is done, Zoë." in nora.get(f"/desk/tickets/{ticket.reference}/").content.decode()


def test_an_address_reads_as_it_is_written(nora: Client, unshipped: Order) -> None:
    unshipped.ship_to = {"name": "Mina", "address1": "1 Main St", "city": "Las Vegas", "zip": "89"}
    unshipped.save()
    ticket = ask(unshipped, "change_address", **NEW_ADDRESS)
    step(nora, ticket, "address")
    page = nora.get(f"/desk/tickets/{ticket.reference}/").content.decode()
    assert "Before: Mina, 1 Main St, Las Vegas, 89" in page
    assert "Now: 김미나, 12 Desert Inn Rd, Henderson, NV, 89014, US" in page
