"""The demo's mailbox: mails are kept, shown, and never there outside the demo."""

import re
import smtplib

import pytest
from django.core import mail as django_mail

from tests.cast import NOON
from tickets import outbox
from tickets.actions import pickups
from tickets.actor import SYSTEM
from tickets.effects.kept import KeepBackend
from tickets.models import Customer, KeptMail, Outbox

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def keeping(settings, monkeypatch):
    # pytest-django puts its own backend in place of every other.
    settings.EMAIL_BACKEND = "tickets.effects.kept.KeepBackend"
    monkeypatch.setattr("supportdesk.clock.now", lambda: NOON)


@pytest.fixture
def kept(story):
    """The mail that answers a filed claim."""
    story.file("missing_photocard", opened=True)
    assert outbox.drain(NOON) == 1
    return KeptMail.objects.get()


def test_the_mail_of_a_claim_is_kept_with_its_link(kept, client):
    assert kept.recipient == "Mina.Kim@example.com"
    assert kept.sender == "KPOP USA <help@kpopusa.test>"
    assert kept.message_id == Outbox.objects.get().message_id
    page = client.get(f"/mailbox/{kept.pk}/").content.decode()
    link = next(word for word in kept.text.split() if word.startswith("http"))
    assert f'<a href="{link}"' in page
    assert client.get(link.partition("8000")[2]).status_code == 200


def test_from_the_mailbox_a_way_leads_back_to_the_desk_and_to_the_customers(kept, client):
    for page in ("/mailbox/", f"/mailbox/{kept.pk}/"):
        header = client.get(page).text.partition("<header")[2].partition("</header>")[0]
        assert re.findall('<a href="([^"]+)"', header) == ["/mailbox/", "/", "/desk/"]


def test_the_same_message_twice_is_one_mail(kept):
    row = Outbox.objects.get()
    Outbox.objects.update(state="pending", settled_at=None)
    assert outbox.drain(NOON + 2 * outbox.LEASE) == 1
    assert KeptMail.objects.get().message_id == row.message_id


def test_the_inbox_lists_the_newest_first_and_filters_by_recipient(kept, pickup, client):
    pickups.confirm(pickup, actor=SYSTEM, now=NOON)
    outbox.drain(NOON)
    subjects = [mail.subject for mail in client.get("/mailbox/").context["page"]]
    assert len(subjects) == 2
    assert subjects[0] == "Your order #2001 is ready to be picked up"
    only = client.get("/mailbox/", {"to": "mina.kim"}).context["page"]
    assert [mail.pk for mail in only] == [kept.pk]
    assert client.get("/mailbox/", {"to": "nobody"}).status_code == 200


def test_the_html_is_framed_in_a_sandbox_that_runs_nothing(kept, client):
    page = client.get(f"/mailbox/{kept.pk}/")
    assert "frame-src 'self'" in page["Content-Security-Policy"]
    assert "unsafe-inline" not in page["Content-Security-Policy"]
    framed = client.get(f"/mailbox/{kept.pk}/html")
    policy = framed["Content-Security-Policy"]
    assert framed["X-Frame-Options"] == "SAMEORIGIN"
    assert "default-src 'none'" in policy
    assert "style-src 'sha256-" in policy
    assert "sandbox allow-top-navigation-by-user-activation" in policy
    assert "script-src" not in policy
    assert "unsafe-inline" not in policy


@pytest.mark.parametrize("place", ["", "{pk}/", "{pk}/html"])
def test_outside_the_demo_there_is_no_mailbox(kept, client, settings, place):
    settings.DEMO = False
    assert client.get("/mailbox/" + place.format(pk=kept.pk)).status_code == 404


def test_a_mail_that_is_none_is_not_found(client):
    assert client.get("/mailbox/1/").status_code == 404
    assert client.get("/mailbox/1/html").status_code == 404


def test_an_address_at_bounce_test_is_refused_for_ever(pickup):
    Customer.objects.update(email="jo@bounce.test")
    pickups.confirm(pickup, actor=SYSTEM, now=NOON)
    outbox.drain(NOON)
    assert Outbox.objects.get().state == "failed"
    assert not KeptMail.objects.exists()


def test_the_refusal_is_what_a_server_would_raise():
    message = django_mail.EmailMessage("Hello", "", "a@example.com", ["b@Bounce.Test"])
    with pytest.raises(smtplib.SMTPRecipientsRefused) as refused:
        KeepBackend().send_messages([message])
    assert refused.value.recipients["b@Bounce.Test"][0] == 550
