"""The counter: found in one scan, checked, handed over; kept longer or cancelled with a reason."""

from __future__ import annotations

from datetime import timedelta

from django.test import Client

from tests.desk.conftest import Clock
from tests.desk.steps import at_counter
from tickets.models import Deadline, Event, Outbox, Pickup, Refund, User


def events(pickup: Pickup) -> list[str]:
    return list(Event.objects.filter(pickup=pickup).order_by("seq").values_list("kind", flat=True))


def test_a_scanned_number_opens_its_card(nora: Client, pickup: Pickup) -> None:
    for typed in ("#2001", "2001", " 2001 "):
        answer = nora.get("/desk/pickups/", {"order": typed})
        assert answer.status_code == 302
        assert answer["Location"] == f"/desk/pickups/{pickup.pk}/"


def test_a_number_that_is_not_there_is_told(nora: Client, pickup: Pickup) -> None:
    page = nora.get("/desk/pickups/", {"order": "9999"}).content.decode()
    assert "No pickup has the order number 9999." in page


def test_confirming_begins_the_reservation(nora: Client, pickup: Pickup, still: Clock) -> None:
    assert at_counter(nora, pickup, "confirmation").status_code == 302
    pickup.refresh_from_db()
    assert (pickup.state, pickup.confirmed_at) == ("reserved", still.at)
    assert Deadline.objects.filter(pickup=pickup, kind="pickup_expiry").count() == 1
    assert Outbox.objects.filter(pickup=pickup).values_list("template", flat=True).get() == (
        "pickup_confirmed"
    )
    page = nora.get(f"/desk/pickups/{pickup.pk}/").content.decode()
    assert "20 days left" in page


def test_nothing_leaves_the_shelf_unchecked(nora: Client, pickup: Pickup) -> None:
    at_counter(nora, pickup, "confirmation")
    answer = at_counter(nora, pickup, "handover", receipt_seen="on")
    assert answer.status_code == 422
    assert "Check the receipt and the identification first." in answer.content.decode()
    pickup.refresh_from_db()
    assert (pickup.state, pickup.collected_at) == ("reserved", None)
    assert events(pickup) == ["pickup_confirmed"]


def test_handing_over_says_who_and_when(
    nora: Client, pickup: Pickup, agent: User, still: Clock
) -> None:
    at_counter(nora, pickup, "confirmation")
    still.at += timedelta(days=2)
    both = {"receipt_seen": "on", "identification_seen": "on"}
    assert at_counter(nora, pickup, "handover", **both).status_code == 302
    pickup.refresh_from_db()
    assert (pickup.state, pickup.handed_over_by, pickup.collected_at) == (
        "collected",
        agent,
        still.at,
    )
    assert events(pickup) == ["pickup_confirmed", "pickup_collected"]
    assert Deadline.objects.get(pickup=pickup, kind="pickup_expiry").state == "met"
    assert not Refund.objects.exists()


def test_keeping_it_longer_needs_a_reason(nora: Client, pickup: Pickup) -> None:
    at_counter(nora, pickup, "confirmation")
    pickup.refresh_from_db()
    until = pickup.reserved_until
    assert until is not None
    assert at_counter(nora, pickup, "extension", days=5, reason="").status_code == 422
    assert at_counter(nora, pickup, "extension", days=5, reason="On holiday").status_code == 302
    pickup.refresh_from_db()
    assert pickup.reserved_until is not None
    assert pickup.reserved_until - until == timedelta(days=5)
    assert events(pickup) == ["pickup_confirmed", "pickup_extended"]


def test_cancelling_requests_the_refund(nora: Client, pickup: Pickup) -> None:
    at_counter(nora, pickup, "confirmation")
    assert at_counter(nora, pickup, "cancellation", reason="Asked on the phone").status_code == 302
    pickup.refresh_from_db()
    assert pickup.state == "cancelled"
    refund = Refund.objects.get(pickup=pickup)
    assert refund.amount == pickup.order.total
    assert events(pickup) == ["pickup_confirmed", "pickup_cancelled", "refund_requested"]


def test_a_pickup_that_needs_a_person_stands_first(
    nora: Client, pickup: Pickup, jo: object
) -> None:
    at_counter(nora, pickup, "confirmation")
    Pickup.objects.filter(pk=pickup.pk).update(needs_person=True)
    page = nora.get("/desk/pickups/").content.decode()
    assert "needs a person" in page
    assert "could not be delivered" in nora.get(f"/desk/pickups/{pickup.pk}/").content.decode()


def test_a_refund_without_a_date_says_so(nora: Client, pickup: Pickup) -> None:
    at_counter(nora, pickup, "cancellation", reason="Sold out")
    assert "no date" not in nora.get("/desk/refunds/").content.decode()
    Deadline.objects.filter(refund__pickup=pickup).delete()
    assert "no date" in nora.get("/desk/refunds/").content.decode()


def test_a_refund_is_paid_once(nora: Client, pickup: Pickup, agent: User, still: Clock) -> None:
    at_counter(nora, pickup, "confirmation")
    at_counter(nora, pickup, "cancellation", reason="Asked on the phone")
    refund = Refund.objects.get(pickup=pickup)
    still.at += timedelta(days=3)
    page = nora.get("/desk/refunds/").content.decode()
    assert "#2001" in page
    assert "3 days ago" in page
    for _twice in range(2):
        assert nora.post(f"/desk/refunds/{refund.pk}/payment/").status_code == 302
    refund.refresh_from_db()
    assert (refund.state, refund.paid_by, refund.paid_at) == ("paid", agent, still.at)
    assert events(pickup).count("refund_paid") == 1
    assert "Nothing to pay" in nora.get("/desk/refunds/").content.decode()
