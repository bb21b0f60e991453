"""Automations in a real browser: written with and without a script, tried, switched, examined."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from playwright.sync_api import expect

from tests.automations.house import URGENT, has, let, rule, run, writes
from tests.cast import NOON
from tests.desk.talk import question
from tests.e2e.axe import findings
from tests.e2e.people import LAPTOP, Person
from tests.e2e.test_macros import fits, looks
from tickets.actions import automations
from tickets.actor import Actor
from tickets.models import Automation, Customer, Store, Ticket, User

pytestmark = [pytest.mark.e2e, pytest.mark.django_db(transaction=True)]
Meets = Callable[..., Person]


@pytest.fixture
def ticket(mina: Customer) -> Ticket:
    return question(mina)


def test_a_manager_writes_one_with_the_keyboard(
    at_desk: Callable[[User], Person], manager: User, kpopusa: Store, ticket: Ticket
) -> None:
    maya = at_desk(manager)
    page: Any = maya.page
    maya.opens("/desk/automations/")
    page.get_by_role("link", name="New automation").press("Enter")
    page.get_by_label("Name", exact=True).fill("Questions")
    when = page.locator("#auto-when")
    when.focus()
    when.select_option("tagged")
    tag = page.get_by_label("Tag", exact=True)
    expect(tag).to_be_visible()  # by itself: no button was pressed
    expect(when).to_be_focused()
    when.select_option("request_filed")
    expect(tag).to_have_count(0)
    page.locator("#auto-if-new").select_option("request_type")
    page.get_by_role("button", name="Add the condition").press("Enter")
    page.get_by_label("Restock", exact=True).check()
    page.locator("#auto-then-new").select_option("priority")
    page.get_by_role("button", name="Add the action").press("Enter")
    page.locator("#auto-then-0-priority").select_option("1")
    page.get_by_role("button", name="Try it on the past").press("Enter")
    maya.reads("It would have acted 1 time", ticket.spoken_reference)
    maya.reads("When a request comes in, if it is about “Restock”: set its priority to “High”.")
    fits(maya)
    looks(maya, "automation-tried")
    # Enter in a field keeps it, and takes nothing away.
    page.get_by_label("Name", exact=True).press("Enter")
    maya.reads("Made, and still off: Questions")
    page.get_by_role("button", name="Switch on").press("Enter")
    maya.reads("On: Questions")
    page.locator("[data-undo] button").press("Enter")
    maya.reads("Off: Questions")
    ticket.refresh_from_db()
    assert ticket.priority == 2
    assert not Automation.objects.get().active


def test_without_a_script_it_is_the_same(
    meets: Meets, manager: User, kpopusa: Store, ticket: Ticket
) -> None:
    maya = meets(LAPTOP, manager, java_script_enabled=False)
    page: Any = maya.page
    maya.opens(f"/desk/stores/{kpopusa.pk}/automations/form/")
    page.get_by_label("Name", exact=True).fill("Vips")
    page.locator("#auto-when").select_option("tagged")
    page.get_by_role("button", name="Show what belongs to it").click()
    page.get_by_label("Tag", exact=True).fill("vip")
    page.locator("#auto-then-new").select_option("solve")
    page.get_by_role("button", name="Add the action").click()
    page.locator("#auto-then-new").select_option("put_off")
    page.get_by_role("button", name="Add the action").click()
    page.get_by_role("button", name=re.compile("^Take away.*Put it off$")).click()
    page.get_by_role("button", name="Make the automation").click()
    maya.reads("When the tag “vip” is put on: solve it.")


def test_its_pages_fit_and_axe_finds_nothing(
    meets: Meets, manager: User, kpopusa: Store, ticket: Ticket, mina: Customer
) -> None:
    made = let(kpopusa, manager, rule("customer_wrote", URGENT, has("again")), name="Again")
    stopped = let(kpopusa, manager, rule("solved", has("done")), name="Stopped" * 11)
    writes(ticket, mina)
    run()
    automations.stop(stopped, "It acted 300 times within a minute.", now=NOON)
    gone = let(kpopusa, manager, rule("refused", has("x" * 40)), name="Gone", on=False)
    automations.retire(gone, actor=Actor.staff(manager), now=NOON + timedelta(seconds=1))
    maya = meets(LAPTOP, manager, bypass_csp=True)
    one = f"/desk/automations/{made.pk}/"
    for name, address in {
        "list": "/desk/automations/",
        "one": one,
        "past": f"{one}past/",
        "versions": f"{one}versions/",
        "log": "/desk/automations/log/",
        "new": f"/desk/stores/{kpopusa.pk}/automations/form/",
    }.items():
        maya.opens(address)
        fits(maya)
        looks(maya, f"automation-{name}")
        assert findings(maya.page, name) == []
    maya.page.get_by_role("button", name="Make the automation").click()
    maya.reads("Please look at this again")
    fits(maya)
    looks(maya, "automation-refused")
    assert findings(maya.page, "refused") == []
