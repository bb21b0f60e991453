"""Many tickets at once, in a browser: ticks by mouse and by key, the bar, the bar's way back."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import expect

from tests.desk.bulk import questions
from tests.e2e.axe import findings
from tests.e2e.house import House
from tests.e2e.people import LAPTOP, PHONE, Person
from tickets.actions import run_bulk
from tickets.models import Store, Ticket, User

pytestmark = [pytest.mark.e2e, pytest.mark.django_db(transaction=True)]


@pytest.fixture
def eight(kpopusa: Store) -> list[Ticket]:
    return questions(kpopusa, 8)


def test_a_stretch_is_ticked_by_keys_and_by_shift_and_changed(
    house: House, at_desk: Callable[[User], Person], agent: User, eight: list[Ticket]
) -> None:
    page = at_desk(agent).page
    page.goto("/desk/?queue=questions")
    boxes, bar = page.locator('input[name="pick"]'), page.locator("[data-bulk-bar]")
    expect(boxes).to_have_count(8)
    expect(bar).to_be_hidden()
    # By the key, the focus stays on the row; the second time it is taken off again.
    for key in ("j", "x", "j", "x", "x"):
        page.keyboard.press(key)
    expect(boxes.nth(0)).to_be_checked()
    expect(boxes.nth(1)).not_to_be_checked()
    expect(page.locator(".row-ref").nth(1)).to_be_focused()
    expect(bar).to_contain_text("1 ticked")
    # A tick does not lead to the ticket; with Shift it takes along what is between.
    boxes.nth(2).click()
    boxes.nth(5).click(modifiers=["Shift"])
    expect(bar).to_contain_text("5 ticked")
    expect(page).to_have_url(re.compile(r"queue=questions$"))
    page.get_by_label("Tick all on this page").click()
    expect(bar).to_contain_text("8 ticked")
    page.get_by_role("button", name="Untick").click()
    expect(bar).to_be_hidden()

    boxes.nth(0).click()
    boxes.nth(1).click()
    page.keyboard.press("b")
    expect(page.locator("h1")).to_have_text("Change 2 tickets")
    page.get_by_label("Priority").select_option("Urgent")
    page.get_by_role("button", name="Show the preview").click()
    expect(page.locator("#preview")).to_contain_text("Priority: Urgent")
    page.get_by_role("button", name="Change 2 tickets").click()
    expect(page.locator("#bulk-now")).to_contain_text("0 of 2")
    run_bulk.run_due(house.clock())
    # The page asks by itself, and says so when it is done.
    expect(page.locator("#bulk-now")).to_contain_text("2 of 2")
    assert Ticket.objects.filter(priority=0).count() == 2
    page.get_by_role("button", name="Take it back").click()
    expect(page.locator("h1")).to_contain_text("Taking back:")
    run_bulk.run_due(house.clock())
    expect(page.locator("#bulk-now")).to_contain_text("2 of 2")
    assert not Ticket.objects.filter(priority=0).exists()


def test_without_a_script_and_with_a_finger(
    house: House, meets: Callable[..., Person], agent: User, eight: list[Ticket]
) -> None:
    page = meets(PHONE, agent, java_script_enabled=False, has_touch=True, is_mobile=True).page
    page.goto("/desk/?queue=questions")
    box = page.locator('input[name="pick"]').first
    around = page.locator(".row-line > label").first.bounding_box()
    assert around is not None
    assert around["width"] >= 24
    assert around["height"] >= 44
    box.check()
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth") is True
    page.get_by_role("button", name="Change what is ticked").click()
    expect(page.locator("h1")).to_have_text("Change 1 ticket")
    page.go_back()
    page.get_by_role("button", name="Change all in this list").click()
    expect(page.locator("h1")).to_have_text("Change 8 tickets")
    page.get_by_label("Mark as solved").check()
    page.get_by_role("button", name="Change 8 tickets").click()
    run_bulk.run_due(house.clock())
    page.get_by_role("link", name="Look again").click()
    expect(page.locator("#bulk-now")).to_contain_text("8 of 8")
    assert Ticket.objects.filter(state="solved").count() == 8


@pytest.mark.parametrize("size", [PHONE, LAPTOP])
def test_axe_has_nothing_against_it(
    house: House, meets: Callable[..., Person], agent: User, eight: list[Ticket], size: Any
) -> None:
    page = meets(size, agent, bypass_csp=True).page
    page.goto("/desk/?queue=questions")
    page.locator('input[name="pick"]').first.check()
    found = findings(page, "ticked")
    page.get_by_role("button", name="Change what is ticked").click()
    page.get_by_label("Priority").select_option("Urgent")
    page.get_by_label("An internal note").check()
    page.get_by_label("Text", exact=False).fill("About {{ order_number }}")
    page.get_by_role("button", name="Show the preview").click()
    expect(page.locator("#preview")).to_be_visible()
    found += findings(page, "form")
    page.get_by_role("button", name="Change 1 ticket").click()
    found += findings(page, "at work")
    run_bulk.run_due(house.clock())
    expect(page.locator("#bulk-now")).to_contain_text("1 not changed")
    found += findings(page, "done")
    page.goto("/desk/bulk/")
    found += findings(page, "list")
    assert found == []
