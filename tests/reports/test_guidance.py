"""Did the guidance end the contact? Counted right across the store's own days."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.test import Client

from tests.cast import NOON, make_order
from tickets.actions import guidance
from tickets.actions.drafts import answer, identify, preview, start_draft
from tickets.actions.inquiries import helped, tell
from tickets.actions.reminders import ask
from tickets.actions.requests import write
from tickets.actor import Actor
from tickets.models import Customer, Inquiry, Store


@pytest.fixture
def asked(mina: Customer) -> dict[str, Inquiry]:
    """Four questions about late parcels: helped, wrote, wants to be reminded, and silence."""
    found = {}
    for number, end in enumerate(("helped", "wrote", "reminder", "silent")):
        order = make_order(mina, f"#60{number}", shipped=timedelta(days=2), delivered=None)
        draft = identify(start_draft(order.store, now=NOON), order, now=NOON)
        draft = answer(draft, request="lost_parcel", now=NOON)
        found[end] = tell(draft, preview(draft, now=NOON), now=NOON)
        if end == "helped":
            helped(draft, now=NOON)
        elif end == "wrote":
            actor = Actor.of_customer(mina)
            write(draft, "Where is it?", customer=mina, actor=actor, now=NOON)
        elif end == "reminder":
            ask(draft, customer=mina, now=NOON)
    return found


def test_of_all_contacts_those_that_ended_without_a_person(
    marek: Client, kpopusa: Store, asked: dict[str, Inquiry]
) -> None:
    for what in ("seen", "seen", "seen", "helped", "wrote"):
        guidance.count(kpopusa, "answer", "gift_card", what, now=NOON)
    page = marek.get("/reports/")
    guided = page.context["guided"]
    # Three of four questions, two of three readers.
    assert (guided.alone, guided.asked, guided.percent) == (5, 7, 71)
    assert "5 of 7 contacts" in page.text
    assert "Pay with a gift card" in page.text


def test_each_number_leads_to_its_own_list(marek: Client, asked: dict[str, Inquiry]) -> None:
    with_person = marek.get("/reports/guidance/?person=with&verdict=wait")
    assert with_person.context["count"] == 1
    assert asked["wrote"].order is not None
    assert asked["wrote"].order.number in with_person.text
    without = marek.get("/reports/guidance/?person=without&request=lost_parcel")
    assert without.context["count"] == 3
    for end in ("it helped", "wants to be reminded", "nothing more was heard"):
        assert end in without.text
    assert marek.get("/reports/guidance/?person=nobody").status_code == 404


def test_who_could_have_sent_it_and_did_not_was_not_helped_by_guidance(
    marek: Client, mina: Customer
) -> None:
    order = make_order(mina, "#610", shipped=None, delivered=None)
    draft = identify(start_draft(order.store, now=NOON), order, now=NOON)
    draft = answer(draft, request="cancel_order", now=NOON)
    tell(draft, preview(draft, now=NOON), now=NOON)

    guided = marek.get("/reports/").context["guided"]
    assert (guided.alone, guided.asked) == (0, 1)
    assert marek.get("/reports/guidance/?person=left&verdict=accepted").context["count"] == 1


def test_a_counter_belongs_to_the_day_on_the_stores_own_clock(
    marek: Client, kpopusa: Store, popmart: Store
) -> None:
    # Eleven in the evening of the last day of February in Las Vegas: March in UTC.
    late = NOON.replace(month=3, day=1, hour=7)
    guidance.count(kpopusa, "answer", "charts", "seen", now=late)
    guidance.count(kpopusa, "article", "kpopusa.poster", "seen", now=late + timedelta(hours=1))
    guidance.count(popmart, "answer", "points", "seen", now=NOON)

    march = marek.get("/reports/answers/?period=custom&from=2026-03-01&to=2026-03-31")
    assert march.context["count"] == 1
    assert "kpopusa.poster" in march.text
    february = marek.get("/reports/answers/?period=custom&from=2026-02-28&to=2026-02-28")
    assert february.context["count"] == 1
    assert "Whether my album counts for the charts" in february.text
    sheet = marek.get(february.context["csv_url"])
    assert "2026-02-28" in b"".join(sheet.streaming_content).decode()  # type: ignore[attr-defined]  # it streams


def test_a_request_that_nobody_answers_in_time_is_a_missed_promise(
    marek: Client, asked: dict[str, Inquiry]
) -> None:
    page = marek.get("/reports/deadlines/?kind=answer_due&kept=ahead")
    assert page.context["count"] == 1
    assert asked["wrote"].__class__.objects.get(ended="wrote").ticket is not None
