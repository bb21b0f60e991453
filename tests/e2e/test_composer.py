"""Writing on a ticket in a real browser: kept while typed, called by name, attached, taken back."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import expect

from tests.desk.talk import question
from tests.e2e.house import House
from tests.e2e.people import Person
from tickets.models import Customer, Evidence, Message, ReplyDraft, Ticket, User

pytestmark = [pytest.mark.e2e, pytest.mark.django_db(transaction=True)]
PAPER = ("label.pdf", "application/pdf", b"%PDF-1.7\n%%EOF\n")


@pytest.fixture
def ticket(mina: Customer) -> Ticket:
    return question(mina)


def looks(person: Person, name: str) -> None:
    """Whoever wants pictures of this story says where to."""
    if out := os.environ.get("PICTURES"):
        person.page.screenshot(path=Path(out) / f"{name}.png", full_page=True)


def test_a_note_and_a_reply_as_an_agent_writes_them(
    house: House,
    at_desk: Callable[[User], Person],
    agent: User,
    second_agent: User,
    ticket: Ticket,
) -> None:
    nora = at_desk(agent)
    nora.opens(f"/desk/tickets/{ticket.reference}/")
    words = nora.page.get_by_label("Message", exact=True)
    _she_calls_omar_in_a_note(nora, ticket)
    _what_she_types_is_kept(nora, agent, at_desk, ticket)
    _a_paper_is_attached_and_checked(nora)
    _she_sends_it_and_takes_it_back(nora)
    expect(words).to_have_value("Dear Mina,\n\nin April.")
    nora.presses("Send")
    nora.reads("Undo")
    house.time_passes(seconds=11)
    nora.page.reload()
    nora.reads("Dear Mina,", "label.pdf", "by mail")
    nora.does_not_read("Undo")
    assert Message.objects.get(kind="agent").attachments.count() == 1
    assert not ReplyDraft.objects.exists()
    looks(nora, "sent")


def _she_calls_omar_in_a_note(nora: Person, ticket: Ticket) -> None:
    nora.page.get_by_text("Internal note", exact=True).click()
    words = nora.page.get_by_label("Message", exact=True)
    words.press_sequentially("Look, @om")
    expect(nora.page.get_by_role("listbox").get_by_role("option", name="Omar")).to_be_visible()
    looks(nora, "names")
    words.press("Enter")
    expect(words).to_have_value("Look, @Omar ")
    nora.presses("Keep the note")
    nora.reads("Omar is told.", "Internal note: only colleagues")


def _what_she_types_is_kept(
    nora: Person, agent: User, at_desk: Callable[[User], Person], ticket: Ticket
) -> None:
    words = nora.page.get_by_label("Message", exact=True)
    words.fill("Dear Mina,\n\nin April.")
    nora.reads("Draft kept")
    elsewhere = at_desk(agent)
    elsewhere.opens(f"/desk/tickets/{ticket.reference}/")
    expect(elsewhere.page.get_by_label("Message", exact=True)).to_have_value(
        "Dear Mina,\n\nin April."
    )


def _a_paper_is_attached_and_checked(nora: Person) -> None:
    nora.hands_in("Attach files", PAPER)
    expect(nora.page.get_by_role("button", name="Remove label.pdf")).to_be_visible()
    expect(nora.page.get_by_text("being checked…")).to_have_count(0)
    assert Evidence.objects.get().state == "ready"
    looks(nora, "composer")


def _she_sends_it_and_takes_it_back(nora: Person) -> None:
    nora.presses("Send")
    nora.reads("Sending in")
    looks(nora, "pending")
    nora.presses("Undo")
    nora.reads("Taken back: nobody has got it.", "label.pdf")


def test_two_windows_of_one_person_tell_each_other(
    at_desk: Callable[[User], Person], agent: User, ticket: Ticket
) -> None:
    first, second = at_desk(agent), at_desk(agent)
    for window in (first, second):
        window.opens(f"/desk/tickets/{ticket.reference}/")
    first.page.get_by_label("Message", exact=True).fill("From the first.")
    first.reads("Draft kept")
    second.page.get_by_label("Message", exact=True).fill("From the second.")
    second.reads("In another window you had written something else", "From the first.")


def test_without_the_line_nothing_that_is_typed_is_lost(
    at_desk: Callable[[User], Person], agent: User, ticket: Ticket
) -> None:
    nora = at_desk(agent)
    nora.opens(f"/desk/tickets/{ticket.reference}/")
    nora.loses_the_line()
    nora.page.get_by_label("Message", exact=True).fill("In a tunnel.")
    nora.reads("Not kept: no connection.")
    nora.page.context.set_offline(False)
    nora._emulates(offline=False, upload=-1)
    expect(nora.page.get_by_text("Draft kept")).to_be_visible()
    assert ReplyDraft.objects.get().body == "In a tunnel."
