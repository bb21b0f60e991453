"""“Remind me then” is kept: on the morning when the wait is over, once, and only if it still is."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from django.test import Client

from supportdesk.zones import zone_or_none
from tests.cast import NOON, make_order
from tests.portal.conftest import Clock, Customer
from tickets import deadlines, outbox
from tickets.actions.reminders import morning_from
from tickets.lifecycle import DeadlineState
from tickets.models import Customer as Person
from tickets.models import Deadline, Draft, Event, Inquiry, KeptMail, Order, Outbox, Store, Ticket

# Sent five days ago by standard mail: 14 days after the seventh business day it counts as lost.
SENT = timedelta(days=5)
VEGAS, VIENNA = ZoneInfo("America/Los_Angeles"), ZoneInfo("Europe/Vienna")


@pytest.fixture
def waiting(visiting: Callable[[Order], Customer], mina: Person, settings: object) -> Customer:
    """Mina, whose parcel is under way, on the page that says how long that is normal."""
    settings.EMAIL_BACKEND = "tickets.effects.kept.KeepBackend"  # type: ignore[attr-defined]  # pytest-django's own
    order = make_order(mina, "#1055", placed=timedelta(days=6), shipped=SENT, delivered=None)
    someone = visiting(order)
    someone.begin("lost_parcel")
    return someone


def opens_at() -> datetime:
    found = Inquiry.objects.latest("pk").opens_at
    assert found is not None
    return found


def wakes_at() -> datetime:
    found: datetime = Deadline.objects.filter(kind="wait_over").latest("cycle").wake_at
    return found


def sweep(at: datetime) -> int:
    swept = deadlines.sweep(at)
    assert not swept.failed
    outbox.drain(at)
    return swept.fired.get("wait_over", 0)


def mails() -> list[str]:
    kept = KeptMail.objects.filter(subject__startswith="You asked us to remind you")
    return list(kept.order_by("pk").values_list("subject", flat=True))


def test_the_page_says_from_when_and_offers_to_remind(waiting: Customer) -> None:
    page = waiting.get(follow=True).text
    assert "This is still normal" in page
    assert "Remind me then" in page
    assert "E-mail address" not in page  # the order says whose it is

    waiting.post("remind/")
    page = waiting.get("answer/").text
    assert "We remind you" in page
    assert "Do not remind me" in page
    assert "Remind me then" not in page


def test_it_fires_at_ten_in_the_customers_morning_and_not_before_and_not_twice(
    waiting: Customer, at_noon: Clock
) -> None:
    waiting.get(follow=True)
    waiting.post("remind/")
    due = Deadline.objects.get(kind="wait_over")
    assert due.due_at == opens_at()
    assert due.due_at.astimezone(VEGAS).hour == 0
    assert due.wake_at.astimezone(VIENNA).hour == 10
    assert due.wake_at >= due.due_at

    assert sweep(due.wake_at - timedelta(minutes=1)) == 0
    assert mails() == []
    assert sweep(due.wake_at) == 1
    assert sweep(due.wake_at) == 0
    assert sweep(due.wake_at + timedelta(days=90)) == 0
    assert mails() == ["You asked us to remind you: order #1055"]
    event = Event.objects.get(kind="reminded")
    assert event.rule == "kpopusa.lost-parcel"
    assert event.data["decision"]["verdict"] == "accepted"
    due.refresh_from_db()
    assert due.state == DeadlineState.FIRED


def test_its_link_leads_back_to_the_answer_one_click_from_sending(
    waiting: Customer, at_noon: Clock
) -> None:
    waiting.get(follow=True)
    waiting.post("remind/")
    at_noon.now = wakes_at()
    sweep(at_noon.now)
    mail = KeptMail.objects.get()
    link = mail.text.split("http://")[1].split()[0].split("/", 1)[1]
    assert link.startswith("kpopusa/again/")

    page = waiting.web.get(f"/{link}", follow=True)
    assert page.redirect_chain[-1][0] == f"{waiting.base}answer/"
    assert "Yes, we can act on this" in page.text
    waiting.post("send/", {})
    ticket = Ticket.objects.get()
    assert (ticket.request, ticket.order) == ("lost_parcel", waiting.order)
    ends = Inquiry.objects.order_by("pk").values_list("verdict", "ended")
    assert list(ends) == [("wait", "reminder"), ("accepted", "filed")]


def test_a_draft_that_was_tidied_away_is_made_again_from_what_was_said(
    web: Client, kpopusa: Store, at_noon: Clock, settings: object
) -> None:
    settings.EMAIL_BACKEND = "tickets.effects.kept.KeepBackend"  # type: ignore[attr-defined]  # pytest-django's own
    start = web.post(
        "/kpopusa/new/pending_charge/", {"value": "2026-03-04", "time_zone": "Europe/Vienna"}
    )
    base = start["Location"]
    assert "E-mail address" in web.get(base, follow=True).text
    assert web.post(f"{base}remind/", {"r-email": "nobody"}).status_code == 422
    web.post(f"{base}remind/", {"r-email": "ada@example.com"})
    assert Person.objects.get().time_zone == "Europe/Vienna"
    Draft.objects.all().delete()

    at_noon.now = wakes_at()
    sweep(at_noon.now)
    mail = KeptMail.objects.get()
    assert mail.recipient == "ada@example.com"
    link = "/" + mail.text.split("http://")[1].split()[0].split("/", 1)[1]
    page = web.get(link, follow=True)
    assert "ask your bank" in page.text
    web.get(link, follow=True)
    assert Draft.objects.get().answers["said"] == {"charged_at": "2026-03-04T11:00:00+00:00"}


def test_asked_twice_it_is_one_reminder_also_from_another_draft(waiting: Customer) -> None:
    waiting.get(follow=True)
    waiting.post("remind/")
    waiting.post("remind/")
    assert Deadline.objects.filter(kind="wait_over").count() == 1

    waiting.begin("lost_parcel")
    waiting.get(follow=True)
    waiting.post("remind/")
    states = Deadline.objects.order_by("pk").values_list("state", flat=True)
    assert list(states) == ["cancelled", "pending"]
    assert sweep(wakes_at()) == 1
    assert len(mails()) == 1


def test_not_wanted_any_more_it_does_not_come_and_can_be_asked_for_again(
    waiting: Customer,
) -> None:
    waiting.get(follow=True)
    waiting.post("remind/")
    waiting.post("remind/not/")
    waiting.post("remind/not/")  # twice is no error
    assert "Remind me then" in waiting.get("answer/").text
    assert Inquiry.objects.get().ended == ""
    assert sweep(wakes_at()) == 0

    waiting.post("remind/")
    assert sweep(wakes_at()) == 1
    assert len(mails()) == 1
    kinds = Event.objects.order_by("seq").values_list("kind", flat=True)
    assert list(kinds) == ["reminder_asked", "reminder_dropped", "reminder_asked", "reminded"]


@pytest.mark.parametrize("what", ["delivered", "cancelled", "sent", "wrote"])
def test_what_has_settled_itself_is_reminded_of_by_nobody(waiting: Customer, what: str) -> None:
    waiting.get(follow=True)
    waiting.post("remind/")
    due = wakes_at()
    if what == "delivered":
        waiting.order.shipments.update(delivered_at=due - timedelta(days=1))
    elif what == "cancelled":
        Order.objects.update(cancelled_at=due - timedelta(days=1))
    elif what == "wrote":
        waiting.post("write/", {"body": "It has come."})
    else:
        waiting.begin("lost_parcel")
        waiting.post("write/", {"body": "Where is it?"})
    Outbox.objects.all().delete()

    assert sweep(due) == 1
    assert mails() == []
    dropped = Event.objects.get(kind="reminder_dropped")
    assert dropped.data["reason"] == ("sent" if what == "wrote" else what)
    assert not Event.objects.filter(kind="reminded").exists()
    assert Deadline.objects.get(kind="wait_over").state == DeadlineState.CANCELLED


def test_a_wait_that_has_grown_longer_moves_the_reminder_and_writes_nothing_yet(
    waiting: Customer,
) -> None:
    waiting.get(follow=True)
    waiting.post("remind/")
    first = wakes_at()
    waiting.order.shipments.update(shipped_at=NOON + timedelta(days=3))  # the carrier came later

    assert sweep(first) == 1
    assert mails() == []
    rows = Deadline.objects.filter(kind="wait_over").order_by("cycle")
    assert list(rows.values_list("cycle", "state")) == [(1, "cancelled"), (2, "pending")]
    assert rows[1].due_at > first
    assert opens_at() == rows[1].due_at
    assert sweep(rows[1].wake_at) == 1
    assert len(mails()) == 1


def test_a_parcel_arriving_between_the_sweep_and_the_mail_is_not_written_about_by_mistake(
    waiting: Customer,
) -> None:
    waiting.get(follow=True)
    waiting.post("remind/")
    due = wakes_at()
    deadlines.sweep(due)
    waiting.post("write/", {"body": "I write to you now."})
    outbox.drain(due)
    assert Outbox.objects.get(template="wait_over").state == "dropped"


def test_without_a_date_nothing_is_promised(
    visiting: Callable[[Order], Customer], mina: Person
) -> None:
    order = make_order(mina, "#1056", placed=timedelta(days=1), shipped=None)
    someone = visiting(order)
    someone.begin("lost_parcel")
    page = someone.get(follow=True).text
    assert "There is no date yet" in page
    assert "Remind me then" not in page
    someone.post("remind/")
    assert "There is no date yet on which we could remind you." in someone.get("answer/").text
    assert not Deadline.objects.exists()


def test_a_poster_is_waited_for_although_the_album_has_come(
    visiting: Callable[[Order], Customer], mina: Person, settings: object
) -> None:
    settings.EMAIL_BACKEND = "tickets.effects.kept.KeepBackend"  # type: ignore[attr-defined]  # pytest-django's own
    someone = visiting(make_order(mina, "#1057", shipped=SENT, delivered=timedelta(days=1)))
    someone.begin("poster_missing")
    someone.get(follow=True)
    someone.post("remind/")
    assert sweep(wakes_at()) == 1
    assert mails() == ["You asked us to remind you: order #1057"]


def test_a_link_works_for_sixty_days_and_then_says_so(waiting: Customer, at_noon: Clock) -> None:
    waiting.get(follow=True)
    waiting.post("remind/")
    at_noon.now = wakes_at()
    sweep(at_noon.now)
    link = "/" + KeptMail.objects.get().text.split("http://")[1].split()[0].split("/", 1)[1]

    at_noon.now += timedelta(days=59)
    assert waiting.web.get(link)["Location"] == f"{waiting.base}answer/"
    at_noon.now += timedelta(days=2)
    late = waiting.web.get(link, follow=True)
    assert late.redirect_chain[-1][0] == "/kpopusa/new/lost_parcel/"
    assert "This link is too old." in late.text
    assert waiting.web.get(link[:-4] + "abc/").status_code == 404
    assert waiting.web.get(link.replace("/kpopusa/", "/nowhere/")).status_code == 404


def test_nobodys_mailbox_is_filled_by_somebody_else(web: Client, kpopusa: Store) -> None:
    for number in range(6):
        base = web.post("/kpopusa/new/pending_charge/", {"value": "2026-03-04"})["Location"]
        response = web.post(f"{base}remind/", {"r-email": " Ada@Example.com"})
        assert response.status_code == (302 if number < 5 else 429)
    assert "Ada@Example.com" in response.text
    assert Deadline.objects.filter(state="pending").count() == 5


@pytest.mark.parametrize(
    ("opens", "zone", "wakes"),
    [
        # Midnight in Las Vegas is the next afternoon in Seoul: ten o'clock has passed there.
        ("2026-03-25T07:00+00:00", "Asia/Seoul", "2026-03-26T01:00+00:00"),
        ("2026-03-25T07:00+00:00", "America/Los_Angeles", "2026-03-25T17:00+00:00"),
        # The clocks went forward that night.
        ("2026-03-08T08:00+00:00", "America/Los_Angeles", "2026-03-08T17:00+00:00"),
        ("2026-03-25T09:00+00:00", "Europe/Vienna", "2026-03-25T09:00+00:00"),
    ],
)
def test_ten_in_the_morning_is_never_before_the_wait_is_over(
    opens: str, zone: str, wakes: str
) -> None:
    found = zone_or_none(zone)
    assert found is not None
    at = morning_from(datetime.fromisoformat(opens), found)
    assert at == datetime.fromisoformat(wakes)
    assert at.tzinfo == UTC


def test_who_asks_although_it_counts_as_delivered_is_reminded_all_the_same(
    visiting: Callable[[Order], Customer], mina: Person, settings: object
) -> None:
    settings.EMAIL_BACKEND = "tickets.effects.kept.KeepBackend"  # type: ignore[attr-defined]  # pytest-django's own
    there = timedelta(days=1)
    order = make_order(mina, "#1056", placed=timedelta(days=6), shipped=SENT, delivered=there)
    someone = visiting(order)
    someone.begin("lost_parcel")
    assert "Delivered: " in someone.get(follow=True).text
    someone.post("remind/")
    assert sweep(wakes_at()) == 1
    assert mails() == ["You asked us to remind you: order #1056"]
