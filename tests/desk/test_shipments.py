"""The shipments card, and tracking numbers that staff type."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.test import Client

from tests.cast import NOON, make_order
from tests.desk.steps import take
from tickets.actions.talk import open_ticket
from tickets.actor import Actor
from tickets.models import Claim, Customer, Event, Ticket, TrackingEvent


@pytest.fixture
def on_its_way(mina: Customer) -> Ticket:
    """A question about #1043, which was sent sixteen days ago and seen in Denver."""
    order = make_order(mina, "#1043", shipped=timedelta(days=2), delivered=None)
    parcel = order.shipments.get()
    for days in range(2, 0, -1):
        TrackingEvent.objects.create(
            shipment=parcel, at=NOON - timedelta(days=days), text=f"Scan {days}", place="Denver"
        )
    return open_ticket(
        order.store,
        mina,
        order=order,
        request="shipping_time",
        subject="When?",
        body="When does it come?",
        actor=Actor.of_customer(mina),
        now=NOON,
    )


def test_the_card_tells_carrier_events_estimate_and_when_it_is_late(
    nora: Client, on_its_way: Ticket
) -> None:
    page = nora.get(f"/desk/tickets/{on_its_way.reference}/").content.decode()
    assert on_its_way.order is not None
    number = on_its_way.order.shipments.get().tracking_number
    assert f'href="https://tools.usps.com/go/TrackConfirmAction?tLabels={number}"' in page
    assert "the check digit fits" in page
    assert page.index("Scan 1, Denver") < page.index("Scan 2, Denver")
    assert "Fri 6 Mar – Thu 12 Mar" in page
    assert "Late from" in page and "Fri 27 Mar, 00:00" in page
    assert "kpopusa.lost-parcel" in page


def test_a_mistyped_number_is_marked(nora: Client, on_its_way: Ticket) -> None:
    assert on_its_way.order is not None
    on_its_way.order.shipments.update(tracking_number="9400111201080805483017")
    page = nora.get(f"/desk/tickets/{on_its_way.reference}/").content.decode()
    assert "This USPS number has a digit wrong" in page
    assert "the check digit fits" not in page


@pytest.fixture
def approved(nora: Client, ready: Claim) -> Claim:
    take(nora, ready, "decision", decide="approve", outcome="replacement")
    return ready


def test_a_replacement_is_not_sent_off_with_a_wrong_number(nora: Client, approved: Claim) -> None:
    answer = take(nora, approved, "fulfilment", tracking="9400 1112 0108 0805 4830 17")
    assert answer.status_code in (409, 422)
    assert "This USPS number has a digit wrong" in answer.content.decode()
    assert not Event.objects.filter(kind="claim_fulfilled").exists()


def test_its_number_is_kept_as_the_carrier_writes_it(nora: Client, approved: Claim) -> None:
    take(nora, approved, "fulfilment", tracking="9400 1112 0108 0805 4830 16")
    told = Event.objects.get(kind="claim_fulfilled").data
    assert told["tracking"] == "9400111201080805483016"


def test_a_number_of_a_carrier_that_we_do_not_know_is_kept_as_typed(
    nora: Client, approved: Claim
) -> None:
    take(nora, approved, "fulfilment", tracking="ABC-12 34")
    assert Event.objects.get(kind="claim_fulfilled").data["tracking"] == "ABC-12 34"
