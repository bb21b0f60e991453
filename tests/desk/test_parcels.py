"""Looking for parcels: with the carrier, and before anybody has written."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client

from tests.cast import NOON, make_order
from tests.desk.conftest import Clock
from tests.desk.errands import alerts, ask, events_of, kinds, mails, on_its_way, states, step
from tickets.actions.watch import plan
from tickets.deadlines import sweep
from tickets.models import Customer, Order, Outbox, Refund, Shipment, Ticket, User

As = Callable[[User], Client]


@pytest.fixture
def order(mina: Customer) -> Order:
    made = make_order(mina, "#7001", placed=timedelta(days=41), delivered=None)
    on_its_way(made, shipped=timedelta(days=40), scanned=timedelta(days=30))
    return made


@pytest.fixture
def lost(order: Order) -> Ticket:
    return ask(order, "lost_parcel", note="It never came.")


@pytest.fixture
def late(order: Order) -> Shipment:
    """A parcel that stands in the list."""
    shipment: Shipment = order.shipments.get()
    plan([shipment], {order.pk: order}, NOON)
    sweep(NOON)
    return shipment


def references(response: Any) -> list[str]:
    return [row["ticket"].reference for row in response.context["rows"]]


def on_list(client: Client) -> list[int]:
    return [one.shipment.pk for one in client.get("/desk/parcels/").context["parcels"]]


# --- with the carrier -------------------------------------------------------------------------


def test_the_carrier_is_asked_and_the_customer_told_the_date(nora: Client, lost: Ticket) -> None:
    assert references(nora.get("/desk/?queue=parcels")) == [lost.reference]
    assert step(nora, lost, "carrier", number="MR-77").status_code == 302
    lost.refresh_from_db()
    assert (lost.state, lost.waiting_for) == ("waiting", "carrier")
    due = lost.deadlines.get(kind="carrier_due")
    # Fourteen local days, over the change of the clocks: midnight after Thursday the 19th.
    assert due.due_at.isoformat() == "2026-03-20T07:00:00+00:00"
    assert mails(lost) == ["ticket_opened", "carrier_asked"]
    assert states("answer_due", ticket=lost) == ["met"]
    page = nora.get(f"/desk/tickets/{lost.reference}/").content.decode()
    assert "Inquiry MR-77" in page


def test_asking_twice_is_once(nora: Client, lost: Ticket) -> None:
    seen = lost.last_seq
    for _twice in range(2):
        assert step(nora, lost, "carrier", seen=seen).status_code == 302
    assert kinds(lost).count("carrier_asked") == 1


def test_a_carrier_that_does_not_answer_alerts(nora: Client, lost: Ticket, still: Clock) -> None:
    step(nora, lost, "carrier")
    still.at = NOON + timedelta(days=15)
    sweep(still.at)
    sweep(still.at)
    lost.refresh_from_db()
    assert (lost.state, lost.waiting_for) == ("open", "")
    assert states("carrier_due", ticket=lost) == ["overdue"]
    assert alerts() == ["deadline_missed"]
    assert references(nora.get("/desk/?queue=overdue")) == [lost.reference]


def test_a_parcel_that_is_found_ends_it(nora: Client, lost: Ticket) -> None:
    assert step(nora, lost, "carrier-answer", found="yes").status_code == 409
    step(nora, lost, "carrier")
    assert step(nora, lost, "carrier-answer", found="yes").status_code == 302
    lost.refresh_from_db()
    assert lost.state == "solved"
    assert states("carrier_due", ticket=lost) == ["met"]
    assert mails(lost)[-1] == "carrier_answered"
    assert not Refund.objects.exists()


def test_a_lost_parcel_is_refunded_by_a_persons_decision(
    nora: Client, lost: Ticket, order: Order
) -> None:
    step(nora, lost, "carrier")
    assert step(nora, lost, "compensation", outcome="refund").status_code == 409
    step(nora, lost, "carrier-answer", found="no")
    lost.refresh_from_db()
    assert lost.state == "open"
    too_much = step(nora, lost, "compensation", outcome="refund", amount="9999")
    assert too_much.status_code == 422
    assert step(nora, lost, "compensation", outcome="refund", amount="50").status_code == 302
    refund = Refund.objects.get(ticket=lost)
    assert str(refund.amount) == "50.00"
    assert step(nora, lost, "done", note="Bye").status_code == 409  # money is still owed
    nora.post(f"/desk/refunds/{refund.pk}/payment/")
    lost.refresh_from_db()
    assert lost.state == "solved"
    assert mails(lost)[-2:] == ["parcel_made_good", "refund_paid"]


def test_a_lost_parcel_is_sent_again(nora: Client, lost: Ticket) -> None:
    step(nora, lost, "carrier")
    step(nora, lost, "carrier-answer", found="no")
    seen = Ticket.objects.get(pk=lost.pk).last_seq
    for _twice in range(2):
        answer = step(
            nora, lost, "compensation", seen=seen, outcome="replacement", tracking="94001"
        )
        assert answer.status_code == 302
    lost.refresh_from_db()
    assert lost.state == "solved"
    assert kinds(lost).count("parcel_made_good") == 1
    assert not Refund.objects.exists()


# --- before anybody has written ---------------------------------------------------------------


def test_a_late_parcel_stands_in_the_list(nora: Client, late: Shipment) -> None:
    page = nora.get("/desk/parcels/")
    text = page.content.decode()
    assert on_list(nora) == [late.pk]
    assert page.context["counts"].parcels == 1
    assert "#7001" in text
    assert "김미나" in text
    assert "USPS" in text
    assert "scanned at least once" in text
    assert not Outbox.objects.exists()


def test_an_investigation_is_opened_and_the_customer_told(
    nora: Client, late: Shipment, order: Order
) -> None:
    order.refresh_from_db()
    for _twice in range(2):
        path = f"/desk/parcels/{late.pk}/investigation/"
        answer = nora.post(path, {"seen": order.last_seq})
        assert answer.status_code == 302
    ticket = Ticket.objects.get()
    assert answer.url == f"/desk/tickets/{ticket.reference}/"
    assert (ticket.request, ticket.order) == ("lost_parcel", order)
    event = ticket.events.get()
    assert (event.kind, event.rule) == ("request_accepted", "kpopusa.lost-parcel")
    assert mails(ticket) == ["investigation_opened"]
    assert states("answer_due", ticket=ticket) == ["pending"]
    assert states("parcel_late") == ["met_late"]
    assert on_list(nora) == []
    assert "kpopusa.lost-parcel" in nora.get(answer.url).content.decode()


def test_what_a_customer_asked_for_is_not_raised_again(
    nora: Client, lost: Ticket, order: Order
) -> None:
    shipment: Shipment = order.shipments.get()
    plan([shipment], {order.pk: order}, NOON)
    sweep(NOON)
    assert states("parcel_late") == ["met"]
    assert on_list(nora) == []


def test_a_customer_who_asks_takes_it_off_the_list(
    nora: Client, late: Shipment, order: Order
) -> None:
    ask(order, "lost_parcel")
    assert states("parcel_late") == ["met_late"]
    assert on_list(nora) == []


def test_it_has_arrived(nora: Client, late: Shipment, order: Order) -> None:
    order.refresh_from_db()
    path = f"/desk/parcels/{late.pk}/delivery/"
    typed = {"seen": order.last_seq, "shipment": late.pk}
    assert nora.post(path, {**typed, "delivered_at": "2027-01-01T10:00"}).status_code == 422
    assert on_list(nora) == [late.pk]
    assert nora.post(path, {**typed, "delivered_at": "2026-03-04T10:00"}).status_code == 302
    late.refresh_from_db()
    assert late.delivered_at is not None
    assert states("parcel_late") == ["met_late"]
    assert on_list(nora) == []


def test_not_now_comes_back(nora: Client, late: Shipment, order: Order, still: Clock) -> None:
    order.refresh_from_db()
    path = f"/desk/parcels/{late.pk}/snooze/"
    assert nora.post(path, {"seen": order.last_seq, "days": 99}).status_code == 422
    assert nora.post(path, {"seen": order.last_seq, "days": 4}).status_code == 302
    assert on_list(nora) == []
    assert events_of(order) == ["parcel_late", "parcel_snoozed"]
    # The same dates told again change nothing: it was put aside.
    plan([late], {order.pk: order}, NOON)
    assert states("parcel_late") == ["cancelled", "pending"]
    still.at += timedelta(days=4)  # a local midnight, over the change of the clocks
    sweep(still.at)
    assert on_list(nora) == [late.pk]


def test_the_second_of_two_agents_sees_what_the_first_did(
    nora: Client, as_: As, second_agent: User, late: Shipment, order: Order
) -> None:
    order.refresh_from_db()
    typed = {"seen": order.last_seq, "days": 4}
    as_(second_agent).post(f"/desk/parcels/{late.pk}/snooze/", typed)
    assert nora.post(f"/desk/parcels/{late.pk}/investigation/", typed).status_code == 409
    assert nora.post(f"/desk/parcels/{late.pk}/snooze/", typed).status_code == 409
    assert not Ticket.objects.exists()


def test_the_list_costs_few_queries(
    nora: Client,
    late: Shipment,
    mina: Customer,
    django_assert_max_num_queries: Callable[[int], Any],
) -> None:
    for number in range(5):
        made = make_order(mina, f"#90{number}", placed=timedelta(days=41), delivered=None)
        shipment = on_its_way(made, shipped=timedelta(days=40), scanned=timedelta(days=30))
        plan([shipment], {made.pk: made}, NOON)
    sweep(NOON)
    with django_assert_max_num_queries(12):
        assert len(on_list(nora)) == 6
