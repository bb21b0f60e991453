"""Macros in a real browser: found by the keyboard, put into the text, run, and taken back."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import expect

from tests.desk.talk import question
from tests.e2e.house import House
from tests.e2e.people import LAPTOP, PHONE, Person
from tests.test_macros import deeds, keep, tags
from tickets.models import Customer, Macro, Message, ReplyDraft, Store, Ticket, User

pytestmark = [pytest.mark.e2e, pytest.mark.django_db(transaction=True)]
TEXTS = {
    "en": "Dear {{ first_name }},\n\nit is on its way. You can look here:\n{{ status_link }}\n\n"
    "{{ agent_name }}, {{ store_name }}",
    "ko": "{{ customer_name }} 님, 안녕하세요.\n\n곧 보내 드리겠습니다.",
}


@pytest.fixture
def ticket(mina: Customer) -> Ticket:
    return question(mina)


@pytest.fixture
def shelf(kpopusa: Store, lead: User) -> list[Macro]:
    return [
        keep(kpopusa, lead, "On its way", texts=TEXTS, **deeds(then_state="waiting")),
        keep(kpopusa, lead, "Ask for the order", texts={"en": "Is it {{ order_number }}?"}),
        keep(kpopusa, lead, "Solved", kind="", texts={}, then_state="solved", add_tags=["done"]),
    ]


def looks(person: Person, name: str) -> None:
    """Whoever wants pictures of this story says where to."""
    if out := os.environ.get("PICTURES"):
        for theme in ("light", "dark"):
            person.page.emulate_media(color_scheme=theme)  # type: ignore[arg-type]  # one of both
            for size in (LAPTOP, PHONE):
                person.page.set_viewport_size(size)  # type: ignore[arg-type]  # a dict of it
                shot = Path(out) / f"{name}-{theme}-{size['width']}.png"
                person.page.screenshot(path=shot, full_page=True)
        person.page.set_viewport_size(LAPTOP)  # type: ignore[arg-type]  # a dict of it


def fits(person: Person) -> None:
    """Nothing is wider than a narrow telephone."""
    person.page.set_viewport_size(PHONE)  # type: ignore[arg-type]  # a dict of it
    wide = "document.documentElement.scrollWidth - document.documentElement.clientWidth"
    assert person.page.evaluate(wide) <= 0
    person.page.set_viewport_size(LAPTOP)  # type: ignore[arg-type]  # a dict of it


def test_an_agent_runs_one_without_the_mouse(
    house: House,
    at_desk: Callable[[User], Person],
    agent: User,
    ticket: Ticket,
    shelf: list[Macro],
) -> None:
    nora = at_desk(agent)
    page: Any = nora.page
    nora.opens(f"/desk/tickets/{ticket.reference}/")
    page.locator(".compose-macros > summary").focus()
    page.keyboard.press("Enter")
    expect(page.locator("#macro-q")).to_be_focused()
    looks(nora, "beside")
    fits(nora)
    page.locator("#macro-q").focus()
    page.keyboard.type("way")
    expect(page.locator("#macro-found .macro-list a")).to_have_count(1)
    page.keyboard.press("Enter")
    expect(page.locator("[data-macro-preview]")).to_be_focused()
    nora.reads("Put off until", "Run and send")
    looks(nora, "preview")
    fits(nora)

    # Only the words, to go on from.
    page.get_by_role("button", name="Use the text only").press("Enter")
    words = page.get_by_label("Message", exact=True)
    expect(words).to_be_focused()
    assert words.input_value().startswith("Dear 김미나,\n\nit is on its way.")
    expect(page.locator("#message-then_state")).to_have_value("waiting")
    words.fill("")

    # And all of it at once.
    page.locator(".compose-macros > summary").focus()
    page.keyboard.press("Enter")
    page.get_by_role("button", name="Run and send").press("Enter")
    nora.reads("Done: On its way", "Sending in")
    looks(nora, "done")
    ticket.refresh_from_db()
    assert (ticket.assignee, tags(ticket)) == (agent, ["gift", "vip buyer"])
    page.locator("[data-undo] button").press("Enter")
    nora.reads("Undone.")
    ticket.refresh_from_db()
    assert (ticket.assignee, ticket.snoozed_until, tags(ticket)) == (None, None, [])
    house.time_passes(seconds=11)
    assert not Message.objects.filter(kind="agent").exists()
    assert "on its way" in ReplyDraft.objects.get().body


def test_a_lead_writes_one_and_sees_it_filled(
    at_desk: Callable[[User], Person], lead: User, ticket: Ticket, shelf: list[Macro]
) -> None:
    lena = at_desk(lead)
    page: Any = lena.page
    lena.opens("/desk/macros/")
    looks(lena, "list")
    fits(lena)
    page.get_by_role("link", name="New macro").click()
    page.get_by_label("Name", exact=True).fill("Thanks")
    text = page.locator("#macro-text_en")
    text.fill("Thank you, ")
    page.get_by_text("Placeholders", exact=True).click()
    page.get_by_role("button", name="{{ first_name }}").click()
    expect(text).to_have_value("Thank you, {{ first_name }}")
    expect(page.locator("#macro-samples")).to_contain_text("Thank you, 김미나")
    text.press_sequentially(" {{ order_nummer }}")
    expect(page.locator("#macro-samples")).to_contain_text("Do you mean “{{ order_number }}”?")
    looks(lena, "form")
    fits(lena)
    page.get_by_role("button", name="Make the macro").click()
    lena.reads("Please look at this again")
    looks(lena, "refused")
    text.fill("Thank you, {{ first_name }}")
    page.get_by_role("button", name="Make the macro").click()
    lena.reads("Made: Thanks")
    assert Macro.objects.get(name="Thanks").owner is None
