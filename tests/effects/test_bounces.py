"""A returned mail, from the mail server's pipe to the pickup that is not cancelled."""

import io
from datetime import timedelta

import pytest
from django.core.management import call_command
from django.db import OperationalError

from tests.cast import NOON
from tests.effects import returns
from tickets import outbox
from tickets.actions import pickups
from tickets.actor import SYSTEM
from tickets.deadlines import sweep
from tickets.effects.outcome import DELIVERED
from tickets.models import Event, Outbox

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def pipe(monkeypatch):
    """Hands a mail to ``read_bounce`` as a mail server does; gives the exit status."""

    def hand_over(text: str | bytes, **values) -> int:
        raw = text if isinstance(text, bytes) else text.format(**values).encode()
        monkeypatch.setattr("supportdesk.clock.now", lambda: NOON)
        monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(raw)))
        try:
            call_command("read_bounce")
        except SystemExit as leaving:
            return int(leaving.code or 0)
        return 0

    return hand_over


@pytest.fixture
def sent(pickup):
    """The row of a confirmation that the mail server had accepted."""
    pickups.confirm(pickup, actor=SYSTEM, now=NOON)
    outbox.drain(NOON, deliver=lambda row, now: DELIVERED)
    return Outbox.objects.get()


@pytest.mark.parametrize("shape", [returns.DSN, returns.HEADERS_ONLY, returns.EXIM])
def test_a_return_marks_its_mail_and_is_one_event(sent, pipe, shape):
    values = {"message_id": sent.message_id, "action": "failed", "status": "5.1.1"}
    assert pipe(shape, **values) == 0
    assert pipe(shape, **values) == 0
    sent.refresh_from_db()
    assert sent.state == "bounced"
    event = Event.objects.get(kind="mail_bounced")
    assert (event.pickup_id, event.data["template"]) == (sent.pickup_id, "pickup_confirmed")
    alert = Outbox.objects.get(event=event)
    assert (alert.template, alert.to_store) == ("staff_alert", True)


def test_what_is_only_late_has_not_come_back(sent, pipe):
    values = {"message_id": sent.message_id, "action": "delayed", "status": "4.4.1"}
    assert pipe(returns.DSN, **values) == 0
    sent.refresh_from_db()
    assert sent.state == "done"
    assert not Event.objects.filter(kind="mail_bounced").exists()


def test_an_autoresponder_is_no_return(sent, pipe):
    assert pipe(returns.OUT_OF_OFFICE, message_id=sent.message_id) == 0
    sent.refresh_from_db()
    assert sent.state == "done"


@pytest.mark.parametrize("raw", [b"", b"\xff\xfe nonsense", b"Subject: hello\n\nhello"])
def test_what_is_no_return_of_ours_is_taken_and_forgotten(sent, pipe, raw):
    assert pipe(raw) == 0
    sent.refresh_from_db()
    assert sent.state == "done"


def test_a_return_of_somebody_elses_mail_changes_nothing(sent, pipe):
    forged = outbox.message_id_for(sent.pk + 1)
    assert pipe(returns.DSN, message_id=forged, action="failed", status="5.1.1") == 0
    sent.refresh_from_db()
    assert sent.state == "done"


def test_with_the_database_down_the_mail_server_is_told_to_come_again(sent, pipe, monkeypatch):
    def gone(*args, **kwargs):
        raise OperationalError("the database is gone")

    monkeypatch.setattr("tickets.management.commands.read_bounce.record_bounce", gone)
    values = {"message_id": sent.message_id, "action": "failed", "status": "5.1.1"}
    assert pipe(returns.DSN, **values) == 75


def test_a_returned_alert_alerts_nobody(sent, pipe):
    values = {"action": "failed", "status": "5.1.1"}
    pipe(returns.DSN, message_id=sent.message_id, **values)
    outbox.drain(NOON, deliver=lambda row, now: DELIVERED)
    alert = Outbox.objects.get(template="staff_alert")
    pipe(returns.DSN, message_id=alert.message_id, **values)
    alert.refresh_from_db()
    assert alert.state == "bounced"
    assert Outbox.objects.filter(template="staff_alert").count() == 1


def test_a_return_that_overtakes_its_worker_wins(pickup, pipe):
    pickups.confirm(pickup, actor=SYSTEM, now=NOON)
    (lease,) = outbox.take(NOON)
    row = Outbox.objects.get()
    pipe(returns.DSN, message_id=row.message_id, action="failed", status="5.1.1")
    assert outbox.settle(lease, DELIVERED, NOON) is False
    row.refresh_from_db()
    assert row.state == "bounced"


def live_through_the_reminders(pickup, pipe, *, bounced: bool):
    pickups.confirm(pickup, actor=SYSTEM, now=NOON)
    for day in range(21):
        now = NOON + timedelta(days=day)
        sweep(now)
        outbox.drain(now, deliver=lambda row, now: DELIVERED)
        if bounced and day == 18:
            row = Outbox.objects.filter(template="pickup_reminder").last()
            pipe(returns.DSN, message_id=row.message_id, action="failed", status="5.1.1")
    sweep(NOON + timedelta(days=21))
    pickup.refresh_from_db()


def test_a_pickup_whose_reminder_came_back_goes_to_a_person(pickup, pipe):
    live_through_the_reminders(pickup, pipe, bounced=True)
    assert (pickup.state, pickup.needs_person) == ("reserved", True)
    assert not Event.objects.filter(kind="pickup_expired").exists()
    assert not Outbox.objects.filter(template="pickup_expired").exists()


def test_a_pickup_whose_reminders_arrived_expires_by_itself(pickup, pipe):
    live_through_the_reminders(pickup, pipe, bounced=False)
    assert (pickup.state, pickup.needs_person) == ("expired", False)
    assert Outbox.objects.filter(template="pickup_reminder", state="done").count() == 3
