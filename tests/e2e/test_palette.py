"""The command palette in a real browser: arrows, Enter, Escape, and what does not fit."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import Locator, expect

from tests.cast import NOON, make_customer
from tests.desk.talk import question
from tests.e2e.conftest import Meets
from tests.e2e.house import House
from tests.e2e.people import LAPTOP, PHONE, Person
from tests.e2e.steps import draft_is_kept
from tickets.models import Customer, Event, Macro, Store, Ticket, User

pytestmark = [pytest.mark.e2e, pytest.mark.django_db(transaction=True)]
EVIL = '"><img src=x onerror=alert(1)>\u202e {{ now }}'


@pytest.fixture
def ticket(mina: Customer) -> Ticket:
    return question(mina)


def asks(person: Person) -> Locator:
    """Press Ctrl-K: a field in which one types."""
    person.page.keyboard.press("Control+k")
    field = person.page.get_by_role("combobox", name="Find anything")
    expect(field).to_be_focused()
    return field


def types(person: Person, text: str) -> None:
    """Type, and wait for what it finds: its last entry names it."""
    person.page.keyboard.type(text)
    expect(person.page.get_by_role("option", name=f"Search for “{text}”")).to_be_visible()


def chosen(person: Person) -> str:
    """The entry that Enter would take, which the field names to who cannot see."""
    field = person.page.get_by_role("combobox", name="Find anything")
    one = person.page.locator("[role=option][aria-selected=true]")
    expect(one).to_have_count(1)
    expect(field).to_have_attribute("aria-activedescendant", one.get_attribute("id") or "-")
    expect(one).to_be_in_viewport(ratio=1)
    return one.inner_text().split("\n")[0]


def looks(person: Person, name: str) -> None:
    """Whoever wants pictures of this story says where to."""
    if out := os.environ.get("PICTURES"):
        for theme in ("light", "dark"):
            person.page.emulate_media(color_scheme=theme)  # type: ignore[arg-type]  # both are themes
            person.page.screenshot(path=Path(out) / f"{name}-{theme}.png")


def test_arrows_choose_and_enter_goes(
    at_desk: Callable[[User], Person], agent: User, ticket: Ticket
) -> None:
    nora = at_desk(agent)
    nora.opens("/desk/")
    nora.page.keyboard.press("j")
    asks(nora)
    first = chosen(nora)
    nora.page.keyboard.press("ArrowUp")  # round the corner, to the last
    last = chosen(nora)
    assert first != last
    nora.page.keyboard.press("ArrowDown")
    assert chosen(nora) == first
    nora.page.keyboard.press("Escape")
    expect(nora.page.get_by_role("dialog")).to_be_hidden()
    focused = nora.page.evaluate("() => document.activeElement.innerText")
    assert ticket.spoken_reference in focused
    # It is empty again, whatever was typed before.
    asks(nora)
    types(nora, "zzzz")
    nora.page.keyboard.press("Control+k")
    expect(nora.page.get_by_role("dialog")).to_be_hidden()
    expect(asks(nora)).to_have_value("")
    types(nora, "snoo")
    assert chosen(nora) == "Snoozed"
    nora.page.keyboard.press("Enter")
    nora.page.wait_for_url("**/desk/?queue=snoozed")


def test_who_types_faster_than_the_answer_gets_what_was_typed(
    at_desk: Callable[[User], Person], agent: User, ticket: Ticket
) -> None:
    nora = at_desk(agent)
    nora.opens("/desk/calls/")
    nora.page.keyboard.press("Control+k")
    # Not a moment's wait: the dialog itself is still on its way.
    nora.page.keyboard.type(ticket.reference.lower())
    nora.page.keyboard.press("Enter")
    nora.page.wait_for_url(f"**/tickets/{ticket.reference}/")
    # Nor for the second time, when it is there.
    asks(nora)
    nora.page.keyboard.type("snooz")
    nora.page.keyboard.press("Enter")
    nora.page.wait_for_url("**/desk/?queue=snoozed")


def test_while_one_writes_it_opens_and_gives_the_words_back(
    at_desk: Callable[[User], Person], agent: User, ticket: Ticket
) -> None:
    nora = at_desk(agent)
    nora.opens(f"/desk/tickets/{ticket.reference}/")
    nora.page.keyboard.press("r")
    nora.page.keyboard.type("Dear Mina, ")
    asks(nora)
    nora.page.keyboard.press("Escape")
    nora.page.keyboard.type("in April.")
    words = nora.page.get_by_label("Message", exact=True)
    expect(words).to_have_value("Dear Mina, in April.")
    # What the page has nothing for is not offered: there is nothing to take back yet.
    asks(nora)
    types(nora, "undo")
    expect(nora.page.get_by_role("dialog").get_by_role("option")).to_have_count(1)
    nora.page.keyboard.press("Escape")
    asks(nora)
    types(nora, "assi")
    assert chosen(nora) == "Assign"
    nora.page.keyboard.press("Enter")
    expect(nora.page.get_by_label("Assigned to")).to_be_focused()
    expect(words).to_have_value("Dear Mina, in April.")
    draft_is_kept(nora, "Dear Mina, in April.")
    assert not Event.objects.filter(ticket=ticket, kind="assigned").exists()


def test_macros_are_a_key_away(
    at_desk: Callable[[User], Person], agent: User, ticket: Ticket
) -> None:
    told = {"made_by": agent, "made_at": NOON, "changed_at": NOON, "priority": 0}
    Macro.objects.create(store=ticket.store, name="Hurry up", key="hurry up", **told)
    nora = at_desk(agent)
    nora.opens(f"/desk/tickets/{ticket.reference}/")
    nora.page.keyboard.press(".")
    expect(nora.page.get_by_role("searchbox", name="Find a macro")).to_be_focused()
    asks(nora)
    types(nora, "hur")
    assert chosen(nora) == "Hurry up"
    nora.page.keyboard.press("Enter")
    nora.page.wait_for_url(f"**/macros/*/?seen={ticket.last_seq}*")
    nora.sees("Hurry up")


@pytest.mark.parametrize("size", [LAPTOP, PHONE], ids=["laptop", "phone"])
def test_a_hostile_name_is_only_a_name(
    meets: Meets, agent: User, kpopusa: Store, size: dict[str, int]
) -> None:
    eve = make_customer(kpopusa, "eve@example.com", EVIL)
    found = question(eve, EVIL)
    nora = meets(size, agent)
    nora.opens(f"/desk/tickets/{found.reference}/")
    asks(nora)
    looks(nora, f"palette-empty-{size['width']}")
    types(nora, "eve@")
    expect(nora.page.get_by_role("option", name="onerror")).to_have_count(2)
    assert nora.page.locator("[role=listbox] img").count() == 0
    nora.looks()
    looks(nora, f"palette-{size['width']}")
    nora.page.keyboard.press("Escape")
    expect(nora.page.get_by_role("dialog")).to_be_hidden()
    nora.page.keyboard.press("?")
    nora.sees("Keys", "dialog")
    nora.looks()
    looks(nora, f"keys-{size['width']}")


def test_without_a_line_it_says_so(
    house: House, at_desk: Callable[[User], Person], agent: User, ticket: Ticket
) -> None:
    nora = at_desk(agent)
    nora.opens("/desk/")
    asks(nora)
    chosen(nora)
    nora.loses_the_line()
    nora.page.keyboard.type("mina")
    nora.reads("No answer. Is there a connection?")
    nora._emulates(offline=False, upload=-1)
    nora.page.keyboard.type(".")
    expect(nora.page.get_by_role("option", name="김미나 Mina.Kim")).to_be_visible()
