"""The shelf: reserved, warned, collected in time, or cancelled by nobody's hand."""

from __future__ import annotations

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from tests.cast import NOON
from tickets.actions import pickups
from tickets.actor import Actor
from tickets.deadlines import sweep
from tickets.errors import Conflict, InvalidInput, NotAllowed
from tickets.models import Deadline, Event, Order, Outbox, Pickup, Refund, User

VEGAS = ZoneInfo("America/Los_Angeles")


@pytest.fixture
def reserved(pickup: Pickup, agent: User) -> Pickup:
    return pickups.confirm(pickup, actor=Actor.staff(agent), now=NOON)


def remind_until(now: datetime, outcome: str = "done") -> None:
    """Days pass; every reminder is sent and settles as told."""
    for day in range(1, 20):
        sweep(NOON + timedelta(days=day))
    Outbox.objects.filter(template="pickup_reminder").update(state=outcome, settled_at=now)


def test_a_reservation_is_twenty_local_days_with_three_reminders(reserved: Pickup) -> None:
    reserved.refresh_from_db()
    until = reserved.reserved_until
    assert until == datetime(2026, 3, 26, tzinfo=VEGAS)  # across the change of the clocks
    at = Deadline.objects.filter(kind="pickup_reminder").order_by("due_at")
    assert [d.due_at.astimezone(VEGAS).strftime("%d %H") for d in at] == ["18 10", "22 10", "24 10"]


def test_warned_and_not_collected_it_is_cancelled_and_refunded(reserved: Pickup) -> None:
    end = datetime(2026, 3, 26, tzinfo=VEGAS)
    remind_until(end)
    sweep(end - timedelta(seconds=1))
    reserved.refresh_from_db()
    assert reserved.state == "reserved"

    sweep(end)
    sweep(end)

    reserved.refresh_from_db()
    order = Order.objects.get(pk=reserved.order_id)
    assert (reserved.state, reserved.needs_person) == ("expired", False)
    assert order.cancelled_at == end
    refund = Refund.objects.get(pickup=reserved)
    assert (refund.amount, refund.state) == (order.total, "requested")
    event = Event.objects.get(kind="pickup_expired")
    assert event.rule == "kpopusa.pickup.reserve"
    assert event.data["facts"]["warning_delivered"] is True
    seqs = list(Event.objects.filter(pickup=reserved).values_list("seq", flat=True))
    assert seqs == list(range(1, len(seqs) + 1))
    assert reserved.last_seq == len(seqs)
    assert Outbox.objects.filter(template="pickup_expired").count() == 1
    assert Deadline.objects.get(kind="refund_due").state == "pending"


@pytest.mark.parametrize("outcome", ["failed", "bounced", "dead", "pending"])
def test_without_a_delivered_warning_a_person_is_asked(reserved: Pickup, outcome: str) -> None:
    end = datetime(2026, 3, 26, tzinfo=VEGAS)
    remind_until(end, outcome)
    sweep(end)
    sweep(end)

    reserved.refresh_from_db()
    assert (reserved.state, reserved.needs_person) == ("reserved", True)
    assert not Refund.objects.exists()
    assert Order.objects.get(pk=reserved.order_id).cancelled_at is None
    assert Event.objects.filter(kind="pickup_needs_person").count() == 1
    assert Outbox.objects.filter(template="staff_alert").count() == 1
    assert Deadline.objects.get(kind="pickup_expiry").state == "overdue"


def test_one_bounce_outweighs_two_delivered_warnings(reserved: Pickup) -> None:
    end = datetime(2026, 3, 26, tzinfo=VEGAS)
    remind_until(end)
    last = Outbox.objects.filter(template="pickup_reminder").last()
    assert last is not None
    Outbox.objects.filter(pk=last.pk).update(state="bounced")
    sweep(end)
    reserved.refresh_from_db()
    assert reserved.state == "reserved"


def test_collected_needs_receipt_and_identification(reserved: Pickup, agent: User) -> None:
    nora = Actor.staff(agent)
    with pytest.raises(InvalidInput):
        pickups.hand_over(
            reserved, receipt_seen=True, identification_seen=False, actor=nora, now=NOON
        )
    for _ in range(2):
        pickups.hand_over(
            reserved, receipt_seen=True, identification_seen=True, actor=nora, now=NOON
        )
    reserved.refresh_from_db()
    assert (reserved.state, reserved.handed_over_by) == ("collected", agent)
    assert Event.objects.filter(kind="pickup_collected").count() == 1
    sweep(NOON + timedelta(days=60))
    assert not Event.objects.filter(kind__in=["pickup_reminded", "pickup_expired"]).exists()


def test_an_extension_starts_a_new_cycle_with_its_own_warnings(
    reserved: Pickup, agent: User
) -> None:
    nora = Actor.staff(agent)
    with pytest.raises(InvalidInput):
        pickups.extend(reserved, 7, "", actor=nora, now=NOON)
    pickups.extend(reserved, 7, "On holiday", actor=nora, now=NOON)
    reserved.refresh_from_db()
    assert reserved.reserved_until == datetime(2026, 4, 2, tzinfo=VEGAS)
    assert Deadline.objects.get(kind="pickup_expiry", cycle=1).state == "cancelled"
    assert Deadline.objects.get(kind="pickup_expiry", cycle=2).state == "pending"

    remind_until(datetime(2026, 3, 26, tzinfo=VEGAS))
    sweep(datetime(2026, 3, 26, tzinfo=VEGAS))
    reserved.refresh_from_db()
    assert reserved.state == "reserved"


def test_a_person_can_cancel_with_a_reason_and_only_once(reserved: Pickup, agent: User) -> None:
    nora = Actor.staff(agent)
    for _ in range(2):
        pickups.cancel(reserved, "Damaged on the shelf", actor=nora, now=NOON)
    assert Refund.objects.count() == 1
    assert Event.objects.filter(kind="pickup_cancelled").count() == 1
    with pytest.raises(Conflict):
        pickups.hand_over(
            reserved, receipt_seen=True, identification_seen=True, actor=nora, now=NOON
        )


def test_what_was_never_paid_is_cancelled_without_a_refund(reserved: Pickup) -> None:
    Order.objects.update(financial_status="refunded")
    end = datetime(2026, 3, 26, tzinfo=VEGAS)
    remind_until(end)
    sweep(end)
    reserved.refresh_from_db()
    assert reserved.state == "expired"
    assert not Refund.objects.exists()
    assert reserved.last_seq == Event.objects.filter(pickup=reserved).count()


def test_readers_and_strangers_cannot_touch_the_shelf(
    reserved: Pickup, reader: User, stranger: User
) -> None:
    for user in (reader, stranger):
        with pytest.raises(NotAllowed):
            pickups.cancel(reserved, "no", actor=Actor.staff(user), now=NOON)
    reserved.refresh_from_db()
    assert reserved.state == "reserved"


def test_what_a_person_is_looking_at_does_not_lapse_by_itself(reserved: Pickup) -> None:
    end = datetime(2026, 3, 26, tzinfo=VEGAS)
    remind_until(end)
    Pickup.objects.update(needs_person=True)
    sweep(end)
    reserved.refresh_from_db()
    assert (reserved.state, reserved.needs_person) == ("reserved", True)
    assert not Refund.objects.exists()
