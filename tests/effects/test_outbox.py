"""The outbox: claim, act, settle, sweep."""

import uuid
from datetime import timedelta

import pytest
from django.db import connection

from tests.effects.rows import NOW, a_mail, a_pickup
from tickets import outbox
from tickets.effects.outcome import DELIVERED, dropped, failed, retry
from tickets.models import Outbox

pytestmark = pytest.mark.django_db(transaction=True)

MINUTE = timedelta(minutes=1)


class Deliveries:
    """Stands for the postman: remembers what it was given, answers what it is told."""

    def __init__(self, outcome=DELIVERED):
        self.outcome = outcome
        self.rows = []

    def __call__(self, row, now):
        assert not connection.in_atomic_block, "no transaction is open while the world is touched"
        self.rows.append(row)
        return self.outcome


def test_a_due_row_is_sent_and_settled_once():
    row = a_mail(a_pickup())
    sent = Deliveries()
    assert outbox.drain(NOW, deliver=sent) == 1
    assert outbox.drain(NOW + MINUTE, deliver=sent) == 0
    row.refresh_from_db()
    assert (row.state, row.attempts, row.lease) == ("done", 1, None)
    assert row.settled_at is not None
    assert [found.pk for found in sent.rows] == [row.pk]


def test_a_row_that_is_not_due_yet_waits():
    row = a_mail(a_pickup(), wake_at=NOW + MINUTE)
    sent = Deliveries()
    assert outbox.drain(NOW, deliver=sent) == 0
    assert sent.rows == []
    row.refresh_from_db()
    assert (row.state, row.attempts) == ("pending", 0)


@pytest.mark.parametrize(
    ("outcome", "state"),
    [(DELIVERED, "done"), (failed("550 no such user"), "failed"), (dropped("too late"), "dropped")],
)
def test_every_final_outcome_settles_for_good(outcome, state):
    row = a_mail(a_pickup())
    outbox.drain(NOW, deliver=Deliveries(outcome))
    row.refresh_from_db()
    assert (row.state, row.last_error) == (state, outcome.reason)
    assert outbox.take(NOW + timedelta(days=9)) == []


def test_a_retry_comes_back_later_and_later_and_is_dead_in_the_end():
    row = a_mail(a_pickup())
    at, pauses = NOW, []
    for attempt in range(1, outbox.MAX_ATTEMPTS + 1):
        assert outbox.drain(at, deliver=Deliveries(retry("451 later"))) == 1
        row.refresh_from_db()
        assert row.attempts == attempt
        if row.state == "pending":
            pauses.append(row.wake_at - at)
            assert outbox.take(row.wake_at - MINUTE / 2) == []
            at = row.wake_at
    assert row.state == "dead"
    assert row.last_error == "451 later"
    rounded = [round(pause / MINUTE) for pause in pauses]
    assert rounded == [1, 3, 9, 27, 81, 243, 720, 720, 720]


def test_a_row_that_kills_its_worker_every_time_is_dead_in_the_end():
    row = a_mail(a_pickup())
    at = NOW
    for _attempt in range(outbox.MAX_ATTEMPTS):
        assert len(outbox.take(at)) == 1
        at += outbox.LEASE
    assert outbox.take(at) == []
    row.refresh_from_db()
    assert row.state == "dead"
    assert "without an answer" in row.last_error


def test_a_leased_row_is_nobody_elses():
    a_mail(a_pickup())
    assert len(outbox.take(NOW)) == 1
    assert outbox.take(NOW + MINUTE) == []


def test_a_worker_that_lost_its_lease_cannot_settle():
    row = a_mail(a_pickup())
    (slow,) = outbox.take(NOW)
    later = NOW + outbox.LEASE
    (quick,) = outbox.take(later)
    assert outbox.settle(slow, failed("too slow"), later) is False
    assert outbox.renew(slow, later) is None
    assert outbox.release(slow, later) is False
    row.refresh_from_db()
    assert (row.state, row.lease) == ("pending", quick.token)
    assert outbox.settle(quick, DELIVERED, later) is True
    row.refresh_from_db()
    assert (row.state, row.attempts) == ("done", 2)


def test_the_message_id_is_the_same_on_every_attempt_and_says_no_number():
    row = a_mail(a_pickup())
    outbox.take(NOW)
    row.refresh_from_db()
    first = row.message_id
    outbox.take(NOW + outbox.LEASE)
    row.refresh_from_db()
    assert row.message_id == first == outbox.message_id_for(row.pk)
    assert first.startswith("<")
    assert first.endswith("@supportdesk.invalid>")
    assert first != outbox.message_id_for(row.pk + 1)
    assert len(first) <= Outbox._meta.get_field("message_id").max_length


def test_one_broken_row_does_not_hold_up_the_others():
    broken, fine = a_mail(a_pickup()), a_mail(a_pickup(number="1002"))

    def deliver(row, now):
        if row.pk == broken.pk:
            raise LookupError("a template without a name")
        return DELIVERED

    assert outbox.drain(NOW, deliver=deliver) == 2
    broken.refresh_from_db()
    fine.refresh_from_db()
    assert (fine.state, broken.state) == ("done", "pending")
    assert broken.last_error == "LookupError: a template without a name"


def test_when_the_server_is_away_one_row_notices_and_the_others_lose_no_attempt():
    rows = [a_mail(a_pickup(number=str(number))) for number in range(2000, 2004)]
    sent = Deliveries(retry("connection refused", away=True))
    assert outbox.drain(NOW, deliver=sent) == 1
    assert len(sent.rows) == 1
    attempts = sorted(Outbox.objects.filter(pk__in=[r.pk for r in rows]).values_list("attempts"))
    assert attempts == [(0,), (0,), (0,), (1,)]
    assert not Outbox.objects.filter(lease__isnull=False).exists()
    assert outbox.drain(NOW + 2 * MINUTE, deliver=Deliveries()) == 4


def test_a_drain_stops_at_its_limit():
    for number in range(3000, 3025):
        a_mail(a_pickup(number=str(number)))
    assert outbox.drain(NOW, limit=12, deliver=Deliveries()) == 12
    assert Outbox.objects.filter(state="done").count() == 12
    assert Outbox.objects.filter(lease__isnull=False).count() == 0
    assert outbox.drain(NOW, deliver=Deliveries()) == 13


def test_a_stranger_without_the_token_settles_nothing():
    row = a_mail(a_pickup())
    (lease,) = outbox.take(NOW)
    forged = outbox.Lease(lease.row_id, uuid.uuid4(), lease.until, lease.attempt)
    assert outbox.settle(forged, DELIVERED, NOW) is False
    row.refresh_from_db()
    assert row.state == "pending"
