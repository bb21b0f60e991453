"""Two tickets become one in a browser, at a laptop and on a phone, and two again."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from playwright.sync_api import expect

from tests.cast import NOON
from tests.desk.talk import question
from tests.e2e.axe import findings
from tests.e2e.conftest import Meets
from tests.e2e.people import LAPTOP, PHONE
from tickets.actions import talk
from tickets.actor import Actor
from tickets.models import Customer, Ticket, User

pytestmark = [pytest.mark.e2e, pytest.mark.django_db(transaction=True)]
WIDE = "() => document.documentElement.scrollWidth > innerWidth"


@pytest.mark.parametrize("size", [LAPTOP, PHONE], ids=["laptop", "phone"])
def test_merged_taken_back_and_split(
    meets: Meets, agent: User, mina: Customer, size: dict[str, int]
) -> None:
    first, second = question(mina, "Is Dawn back?"), question(mina, "Did you get it?")
    talk.say(first, "And where is #1234?", kind="customer", actor=Actor.of_customer(mina), now=NOON)
    nora = meets(size, agent, bypass_csp=True, reduced_motion="reduce")
    page, looks = nora.page, os.environ.get("PICTURES", "")
    found: list[str] = []

    def look(name: str) -> None:
        assert not page.evaluate(WIDE), name
        found.extend(findings(page, name))
        if looks:
            target = Path(looks) / f"{name}-{size['width']}.png"
            page.screenshot(path=str(target), full_page=True)

    nora.opens(f"/desk/tickets/{first.reference}/?card=marks")
    page.get_by_role("link", name="Merge with another ticket").click()
    into = page.get_by_role(
        "button", name=f"{first.spoken_reference} into {second.spoken_reference}"
    )
    expect(into).to_be_visible()
    look("choices")
    nora.opens(f"/desk/tickets/{first.reference}/merging/")
    look("merging")
    into.click()
    expect(page.get_by_text("Is Dawn back?")).to_be_visible()
    expect(page.get_by_text("is a part of this conversation")).to_be_visible()
    look("merged")
    page.get_by_role("button", name="Undo").click()
    expect(page.get_by_text("is on its own again.")).to_be_visible()
    assert Ticket.objects.get(pk=first.pk).merged_into is None

    nora.opens(f"/desk/tickets/{first.reference}/")
    page.get_by_role("link", name="Split off").last.click()
    look("split")
    page.get_by_role("button", name="Split off").click()
    expect(page.get_by_text("is a ticket of its own now.")).to_be_visible()
    page.get_by_role("button", name="Undo").click()
    expect(page.locator("#talk").get_by_text("And where is #1234?")).to_be_visible()
    look("whole")
    assert not found, "\n".join(found)
