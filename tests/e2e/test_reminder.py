"""A parcel that is not late yet: wait, be reminded, come back by the mail, and send."""

from __future__ import annotations

from datetime import timedelta

import pytest

from tests.cast import make_order
from tests.e2e.house import House
from tests.e2e.people import Person
from tests.e2e.steps import says_which_order
from tickets.models import Customer, Inquiry, Ticket

pytestmark = pytest.mark.e2e


def test_remind_me_then_really_does(house: House, phone: Person, mina: Customer) -> None:
    make_order(mina, "#1055", shipped=timedelta(days=5), delivered=None)
    phone.opens("/kpopusa/")
    phone.follows("It has not arrived")
    phone.follows("My parcel has not arrived")
    phone.types("Order number", "1055")
    phone.types("E-mail address", "mina.kim@example.com")
    phone.presses("Go on")
    phone.reads("This is still normal", "Shall we remind you?")
    phone.presses("Remind me then")
    phone.reads("We remind you", "10:00", "The mail brings you back here")

    assert house.time_passes(days=20).get("wait_over", 0) == 0
    assert house.time_passes(days=10)["wait_over"] == 1

    mail = house.newest_mail("Mina.Kim@example.com", "You asked us to remind you: order #1055")
    phone.opens(house.link_in(mail))
    phone.reads("Yes, we can act on this")
    phone.presses("Send this request")
    ticket = Ticket.objects.get()
    phone.reads("We have it.", ticket.spoken_reference, "A person answers you")
    assert ticket.request == "lost_parcel"
    assert list(Inquiry.objects.order_by("pk").values_list("ended", flat=True)) == [
        "reminder",
        "filed",
    ]


def test_a_cancellation_on_the_phone_is_told_to_phone_and_comes_first(
    house: House, phone: Person, mina: Customer
) -> None:
    make_order(mina, "#1060", placed=timedelta(hours=3), shipped=None)
    phone.opens("/kpopusa/about/change/")
    phone.follows("Cancel my order")
    phone.reads("This is urgent: please phone us now")
    phone.types("Order number", "1060")
    phone.types("E-mail address", "mina.kim@example.com")
    phone.presses("Go on")
    phone.reads("Your order has not been shipped yet", "+1-702-476-1990")
    phone.presses("Send this request")
    phone.reads("We have it.", "This is urgent: please phone us now")
    assert Ticket.objects.get().priority == 0
    house.post_goes()
    assert any("we have it" in subject for subject in house.mails_to("Mina.Kim@example.com"))


def test_without_a_number_a_person_can_still_be_written_to(
    house: House, phone: Person, mina: Customer
) -> None:
    says_which_order(phone, "Something is missing", "#9999", "nobody@example.com")
    phone.reads("We found no order with this number")
    phone.presses("I do not have an order number")
    phone.reads("What our rules say in general")
    phone.types("Your message", "The lyric card was not in it.")
    phone.types("E-mail address", "mina.kim@example.com")
    phone.presses("Send to a person")
    phone.reads("We have it.", "We mailed you a link")
    phone.does_not_read(Ticket.objects.get().spoken_reference)
    house.post_goes()
    mail = house.newest_mail("Mina.Kim@example.com", "we have it")
    phone.opens(house.link_in(mail))
    phone.reads("The lyric card was not in it.")
