"""What is refused, said plainly; what is done twice, done once."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from playwright.sync_api import expect

from tests.cast import Story
from tests.e2e.house import House
from tests.e2e.people import Person
from tests.e2e.steps import ALBUM, says_it_is_missing, says_which_order
from tickets.models import Claim, Draft, Event, Order, Ticket, User

pytestmark = pytest.mark.e2e
MINA = "Mina.Kim@example.com"


def test_too_late_is_told_with_the_date_and_cannot_be_sent(
    house: House, phone: Person, late_order: Order
) -> None:
    says_which_order(phone, "Something is missing", "#1001", MINA)
    phone.ticks(ALBUM)
    phone.presses("Go on")

    phone.reads(
        "within 7 days of delivery, and that time is over",
        "delivered on Tue 24 Feb",
        "the last moment was Tue 3 Mar, 23:59 in Las Vegas",
    )
    phone.does_not_read("kpopusa.contact-window")
    answer = phone.page.url
    assert not phone.page.locator("a[href*='/review/'], a[href*='/evidence/']").count()
    phone.opens(answer.replace("/answer/", "/review/"))
    assert phone.page.url == answer
    assert not Ticket.objects.exists()


def test_an_unknown_order_and_a_wrong_address_get_the_same_answer(
    house: House, phone: Person, album_order: Order
) -> None:
    told = []
    for number, email in (("#9999", MINA), ("#1042", "somebody@example.com")):
        says_which_order(phone, "Something is missing", number, email)
        summary = phone.page.get_by_role("alert")
        expect(summary).to_be_visible()
        told.append(phone.page.locator("main").inner_text())
        expect(phone.page.get_by_label("Order number")).to_have_value(number)
        expect(phone.page.get_by_label("E-mail address")).to_have_value(email)
    assert told[0] == told[1]
    assert "We found no order with this number and this e-mail address together." in told[0]
    assert not Draft.objects.exists()


def test_a_double_click_is_one_claim(house: House, phone: Person, album_order: Order) -> None:
    says_it_is_missing(phone, "#1042", MINA)
    phone.follows("Go on")
    phone.follows("Go on, and add it later")
    phone.page.get_by_role("button", name="Send it").dblclick()
    phone.reads("We have it.")
    house.post_goes()

    assert Claim.objects.count() == 1
    assert Event.objects.filter(kind="claim_filed").count() == 1
    assert len(house.mails_to(MINA)) == 1


def test_the_second_of_two_agents_sees_what_happened(
    house: House,
    at_desk: Callable[[User], Person],
    story: Story,
    agent: User,
    second_agent: User,
) -> None:
    claim = story.file("missing_photocard", opened=True, video_exists=False)
    nora, omar = at_desk(agent), at_desk(second_agent)
    for person in (nora, omar):
        person.opens(f"/desk/tickets/{claim.ticket.reference}/")
    omar.unfolds("Refuse")
    omar.page.get_by_label("Rule", exact=True).select_option("kpopusa.missing-contents.no-evidence")
    omar.page.locator("#refuse-note").fill("The box was open for a month.")

    nora.unfolds("Ask the manufacturer")
    nora.presses("Send to the manufacturer and mail")
    nora.reads("With the manufacturer.")
    omar.presses("Refuse and tell")

    omar.sees("Somebody was here before you")
    omar.reads("Nothing of yours was done.", "Nora")
    expect(omar.page.locator("#refuse-note")).to_have_value("The box was open for a month.")
    claim.refresh_from_db()
    assert claim.state == "with_manufacturer"
    assert not Event.objects.filter(kind="claim_refused").exists()
    house.post_goes()
    assert not [each for each in house.mails_to(MINA) if "refuse" in each.lower()]
