"""Two agents on one ticket in two browsers: each knows of the other before both answer."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import expect

from tests.desk.talk import question
from tests.e2e.conftest import Meets
from tests.e2e.house import House
from tests.e2e.people import PHONE, Person
from tickets.models import Customer, Message, Presence, ReplyDraft, Role, Ticket, User

pytestmark = [pytest.mark.e2e, pytest.mark.django_db(transaction=True)]
A_QUESTION_LATER = 20_000  # ms: the page asks every fifteen seconds


@pytest.fixture
def ticket(mina: Customer) -> Ticket:
    return question(mina)


def looks(person: Person, name: str) -> None:
    """Whoever wants pictures of this story says where to."""
    if out := os.environ.get("PICTURES"):
        size = person.page.viewport_size
        person.page.screenshot(path=Path(out) / f"{name}.png")
        person.page.set_viewport_size(PHONE)
        person.looks()
        person.page.screenshot(path=Path(out) / f"{name}-phone.png")
        person.page.set_viewport_size(size)  # type: ignore[arg-type]  # it has one


def test_two_who_are_about_to_answer(
    house: House,
    at_desk: Callable[[User], Person],
    agent: User,
    second_agent: User,
    ticket: Ticket,
) -> None:
    address = f"/desk/tickets/{ticket.reference}/"
    omar, nora = at_desk(second_agent), at_desk(agent)
    omar.opens(address)
    expect(omar.page.get_by_role("status").first).to_be_attached()
    nora.opens(address)
    who = nora.page.locator("[data-presence]")
    expect(who).to_have_text("Omar is looking")
    looks(nora, "looking")

    omar.page.get_by_label("Message", exact=True).press_sequentially("Dear Mina, ", delay=20)
    expect(who).to_have_text("Omar is writing a reply", timeout=A_QUESTION_LATER)
    omar.reads("Draft kept")
    looks(nora, "writing")

    nora.page.get_by_label("Message", exact=True).fill("It is back on Monday.")
    nora.presses("Send")
    nora.reads("Omar is writing a reply here, too", "press Send once more")
    expect(nora.page.get_by_label("Message", exact=True)).to_have_value("It is back on Monday.")
    looks(nora, "warned")
    assert not ReplyDraft.objects.filter(send_at__isnull=False).exists()
    nora.presses("Send")
    nora.reads("Undo")
    house.time_passes(seconds=11)
    assert Message.objects.get(kind="agent").body == "It is back on Monday."
    # Omar is told, and what he has begun stays under his hands.
    told = omar.page.locator("[data-presence]")
    expect(told).to_contain_text("Nora has answered.", timeout=A_QUESTION_LATER)
    expect(omar.page.get_by_label("Message", exact=True)).to_have_value("Dear Mina, ")

    omar.opens("/desk/")
    nora.page.reload()
    expect(who).to_be_empty()
    assert not Presence.objects.filter(user=second_agent).exists()


def test_the_top_line_fits_on_a_phone_with_all_that_a_manager_has(
    meets: Meets, person: Callable[..., User], ticket: Ticket
) -> None:
    marek = meets(PHONE, person("marek", ticket.store, Role.ADMIN, is_staff=True))
    marek.opens("/desk/")
    marek.opens(f"/desk/tickets/{ticket.reference}/")
    if out := os.environ.get("PICTURES"):
        marek.page.screenshot(path=Path(out) / "manager-phone.png")


def test_the_next_one_is_taken_and_handed_over(
    house: House,
    at_desk: Callable[[User], Person],
    agent: User,
    second_agent: User,
    ticket: Ticket,
) -> None:
    nora = at_desk(agent)
    nora.opens("/desk/")
    looks(nora, "queue")
    nora.presses("Next ticket")
    nora.reads("This is yours now.", ticket.spoken_reference)
    looks(nora, "taken")
    nora.page.get_by_label("Assigned to").select_option("Omar")
    nora.unfolds("With a note")
    nora.types("Note for whoever gets it", "She calls back at five.")
    looks(nora, "handing-over")
    nora.presses("Assign")
    nora.reads("Omar takes care of it.", "She calls back at five.", "Internal note")
    looks(nora, "handed-over")
    nora.presses("Undo")
    nora.reads("Undone.", "She calls back at five.")
    ticket.refresh_from_db()
    assert ticket.assignee == agent
    house.time_passes(seconds=5)  # within two seconds it would be the same press once more
    nora.presses("Next ticket")
    nora.reads("Nothing waits for somebody to take it")
    looks(nora, "nothing")
