"""The shelf: what is not collected goes back by itself, but only where the warning arrived."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest

from tests.cast import make_customer, make_order
from tests.e2e.house import House
from tests.e2e.people import Person
from tickets.actions import pickups
from tickets.actor import Actor
from tickets.models import Event, Pickup, Refund, Store, User

pytestmark = pytest.mark.e2e
JO = "jo@example.com"


@pytest.fixture
def unreachable(kpopusa: Store) -> Pickup:
    """#2002: its customer's address refuses every mail."""
    gus = make_customer(kpopusa, "gus@bounce.test", "Gus Away")
    gus.phone = "+1 702 555 0147"
    gus.save(update_fields=["phone"])
    order = make_order(
        gus, "#2002", shipped=None, shipping_method="pickup", placed=timedelta(days=1)
    )
    return Pickup.objects.create(store=kpopusa, order=order)


def test_a_pickup_expires_by_itself_and_one_that_could_not_be_warned_does_not(
    house: House,
    at_counter: Callable[[User], Person],
    agent: User,
    pickup: Pickup,
    unreachable: Pickup,
) -> None:
    nora = at_counter(agent)
    for number, name in (("#2001", "Jo Doe"), ("#2002", "Gus Away")):
        nora.opens("/desk/pickups/")
        nora.follows(number)
        nora.presses(f"On the shelf: mail {name}")
        nora.reads("Confirmed. The customer gets a mail, and the reservation has begun.")
        nora.reads("Wed 25 Mar, 23:59 in Las Vegas", "20 days left")

    assert house.time_passes(days=19)["pickup_reminder"] == 6
    nora.opens("/desk/pickups/")
    nora.reads("#2001", "#2002")
    nora.does_not_read("needs a person")

    assert house.time_passes(days=2)["pickup_expiry"] == 2

    assert house.mails_to(JO) == [
        "Your order #2001 is ready to be picked up",
        *["Your order #2001 is waiting for you"] * 3,
        "Your order #2001: cancelled and refunded",
    ]
    assert "$98.80" in house.newest_mail(JO, "refunded").text
    nora.opens("/desk/refunds/")
    nora.reads("#2001", "Jo Doe", "$98.80")
    nora.does_not_read("#2002")
    nora.opens("/desk/pickups/")
    nora.does_not_read("#2001")
    nora.reads("#2002", "needs a person", "1 needs a person")
    nora.follows("#2002")
    nora.reads("The last reminder could not be delivered, so nothing was cancelled.")
    nora.sees("+1 702 555 0147", role="link")

    assert Refund.objects.get().pickup == pickup
    pickup.refresh_from_db()
    unreachable.refresh_from_db()
    assert (pickup.state, unreachable.state) == ("expired", "reserved")
    assert pickup.order.__class__.objects.get(number="#2001").cancelled_at is not None
    assert pickup.order.__class__.objects.get(number="#2002").cancelled_at is None
    assert not Event.objects.filter(pickup=unreachable, kind="pickup_expired").exists()

    _a_person_takes_care(nora)
    unreachable.refresh_from_db()
    assert not unreachable.needs_person
    assert unreachable.reserved_until is not None
    assert unreachable.reserved_until > house.clock() + timedelta(days=5)


def _a_person_takes_care(nora: Person) -> None:
    nora.types("More days", "7")
    nora.types("Reason", "Reached on the phone: comes on Saturday.")
    nora.presses("Keep it longer and mail Gus Away")
    nora.reads("Kept longer.")
    nora.does_not_read("The last reminder could not be delivered")


def test_handed_over_with_nothing_but_the_keyboard(
    house: House, at_counter: Callable[[User], Person], agent: User, pickup: Pickup
) -> None:
    pickups.confirm(pickup, actor=Actor.staff(agent), now=house.clock())
    nora = at_counter(agent)
    nora.opens("/desk/pickups/")
    keys = nora.page.keyboard

    keys.type("2001")  # the field waits for the scanner: nothing has to be clicked first
    keys.press("Enter")
    nora.sees("Jo Doe")
    _tab_to(nora, "I have seen the e-mail receipt")
    keys.press("Space")
    _tab_to(nora, "I have seen an identification")
    keys.press("Space")
    _tab_to(nora, "Hand over to Jo Doe")
    keys.press("Enter")
    nora.reads("Handed over.", "Collected")

    pickup.refresh_from_db()
    assert (pickup.state, pickup.handed_over_by) == ("collected", agent)
    house.time_passes(days=25)
    pickup.refresh_from_db()
    assert pickup.state == "collected"
    assert not Refund.objects.exists()


def _tab_to(person: Person, words: str) -> None:
    """Press Tab until the focus is on what says so; and it must be seen that it is there."""
    for _ in range(40):
        person.page.keyboard.press("Tab")
        name, ring = person.page.evaluate(
            """() => {
                const here = document.activeElement;
                const style = getComputedStyle(here);
                const name = (here.labels?.[0] ?? here).innerText || here.ariaLabel || "";
                const ring = style.outlineStyle !== "none" && parseFloat(style.outlineWidth) > 0;
                return [name, ring || style.boxShadow !== "none"];
            }"""
        )
        assert ring, f"the focus on “{name}” cannot be seen"
        if name.strip().startswith(words):
            return
    raise AssertionError(f"Tab never came to “{words}”")
