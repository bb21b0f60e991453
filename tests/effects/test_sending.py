"""Mails over a real socket: what the server answers decides what becomes of the row."""

import smtplib
from datetime import timedelta

import pytest

from tests.cast import NOON
from tests.effects.smtp import mail_server
from tickets import outbox
from tickets.actions import pickups
from tickets.actor import SYSTEM
from tickets.models import Customer, Event, Outbox

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def server(settings):
    with mail_server(settings) as running:
        yield running


@pytest.fixture
def confirmed(pickup):
    """A pickup whose confirmation waits in the outbox."""
    return pickups.confirm(pickup, actor=SYSTEM, now=NOON)


def the_row() -> Outbox:
    return Outbox.objects.get(template="pickup_confirmed")


def test_a_mail_arrives_with_everything_it_should_carry(confirmed, server):
    assert outbox.drain(NOON) == 1
    (mail,) = server.mails
    row = the_row()
    assert row.state == "done"
    assert mail["Message-ID"] == row.message_id
    assert mail["To"] == "jo@example.com"
    assert mail["From"] == "KPOP USA <help@kpopusa.test>"
    assert mail["Reply-To"] == "KPOP USA <help@kpopusa.test>"
    assert mail["Auto-Submitted"] == "auto-generated"
    assert mail.get_content_type() == "multipart/alternative"
    assert mail["Subject"] == "Your order #2001 is ready to be picked up"
    text = mail.get_body(("plain",)).get_content()
    html = mail.get_body(("html",)).get_content()
    for words in ("#2001", "Wed 25 Mar, 23:59 in Las Vegas", "that is Thu 15:59 for you"):
        assert words in text
        assert words in html
    assert "The phone is the fastest way to reach us." in text
    assert server.envelopes == [["mail FROM:<help@kpopusa.test>", "rcpt TO:<jo@example.com>"]]


@pytest.mark.parametrize(
    ("where", "answer", "state"),
    [
        ("RCPT", "550 5.1.1 no such mailbox", "failed"),
        ("RCPT", "450 4.2.1 try later", "pending"),
        ("body", "554 5.7.1 refused", "failed"),
        ("body", "451 4.3.0 disk full", "pending"),
        ("DATA", "421 going down", "pending"),
        ("MAIL", "553 5.7.1 you may not send as that", "pending"),
        ("greeting", "421 too busy", "pending"),
    ],
)
def test_five_hundred_is_for_ever_and_four_hundred_is_not(confirmed, server, where, answer, state):
    server.answers[where] = answer
    outbox.drain(NOON)
    row = the_row()
    assert row.state == state
    assert answer.split()[0] in row.last_error
    assert server.mails == []
    server.answers.clear()
    outbox.drain(NOON + timedelta(days=1))
    assert the_row().state == ("failed" if state == "failed" else "done")
    assert len(server.mails) == (0 if state == "failed" else 1)


def test_a_server_that_is_not_there_costs_nothing_but_time(confirmed, settings):
    with mail_server(settings):
        pass  # its port is free again
    assert outbox.drain(NOON) == 1
    row = the_row()
    assert (row.state, row.attempts) == ("pending", 1)
    assert "refused" in row.last_error.lower()
    assert row.wake_at > NOON


def test_an_address_that_is_none_fails_at_once(confirmed, server):
    Customer.objects.update(email="jo at example")
    outbox.drain(NOON)
    assert the_row().state == "failed"
    assert server.mails == []


def test_names_and_subjects_cannot_smuggle_a_header(confirmed, server):
    confirmed.store.name = "Shop\r\nBcc: everybody@example.com"
    confirmed.store.save()
    order = confirmed.order
    order.number = "#2001\r\nBcc: everybody@example.com"
    order.save()
    Customer.objects.update(name="Jo\r\nBcc: everybody@example.com")
    assert outbox.drain(NOON) == 1
    (mail,) = server.mails
    assert mail["Bcc"] is None
    assert len(server.envelopes[0]) == 2
    assert mail["Subject"] == "Your order #2001 Bcc: everybody@example.com is ready to be picked up"


def test_an_address_with_a_line_break_is_refused(confirmed, server):
    Customer.objects.update(email="jo@example.com\nBcc: everybody@example.com")
    outbox.drain(NOON)
    assert the_row().state == "failed"
    assert server.mails == []


def test_a_reminder_for_a_collected_pickup_is_dropped(confirmed, server, agent):
    event = Event.objects.get(kind="pickup_confirmed")
    reminder = Outbox.objects.create(
        store=confirmed.store,
        event=event,
        template="pickup_reminder",
        to_customer=confirmed.order.customer,
        pickup=confirmed,
        cycle=1,
        wake_at=NOON,
    )
    confirmed.cycle = 2
    confirmed.save()
    outbox.drain(NOON)
    reminder.refresh_from_db()
    assert (reminder.state, reminder.last_error) == ("dropped", "the pickup was extended meanwhile")
    assert [mail["Subject"] for mail in server.mails] == [
        "Your order #2001 is ready to be picked up"
    ]


def test_one_round_uses_one_connection(confirmed, server, monkeypatch):
    opened = []
    before = smtplib.SMTP.connect

    def connect(self, *args, **kwargs):
        opened.append(args)
        return before(self, *args, **kwargs)

    monkeypatch.setattr(smtplib.SMTP, "connect", connect)
    for template in ("pickup_extended", "pickup_reminder"):
        Outbox.objects.create(
            store=confirmed.store,
            event=Event.objects.get(kind="pickup_confirmed"),
            template=template,
            to_customer=confirmed.order.customer,
            pickup=confirmed,
            cycle=1,
            wake_at=NOON,
        )
    assert outbox.drain(NOON) == 3
    assert len(server.mails) == 3
    assert len(opened) == 1
