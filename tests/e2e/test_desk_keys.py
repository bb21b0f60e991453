"""An agent's day without a mouse: from the queue to a ticket, its answer, and back."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from tests.desk.talk import question
from tests.e2e.house import House
from tests.e2e.people import Person
from tickets.models import Customer, ReplyDraft, Ticket, User

pytestmark = [pytest.mark.e2e, pytest.mark.django_db(transaction=True)]
_HERE = """() => {
    const one = document.activeElement;
    // A hidden field shows its focus on the label that stands for it.
    const seen = one.type === "radio" ? one.nextElementSibling : one;
    const look = getComputedStyle(seen), box = seen.getBoundingClientRect();
    return {
        name: (one.getAttribute("aria-label") || one.innerText || one.name || one.id).trim(),
        ring: look.outlineStyle !== "none" && parseFloat(look.outlineWidth) >= 2,
        there: box.width > 0 && box.bottom > 0 && box.top < innerHeight,
    };
}"""


@pytest.fixture
def ticket(mina: Customer) -> Ticket:
    return question(mina)


def tabs_to(page: Page, name: str, *, most: int = 80) -> None:
    """Press Tab until something of this name has the focus, which is seen at every step."""
    for _step in range(most):
        page.keyboard.press("Tab")
        here = page.evaluate(_HERE)
        assert here["ring"] and here["there"], here
        if here["name"].startswith(name):
            return
    raise AssertionError(f"no way to {name} by the Tab key")


def test_from_the_queue_to_an_answer_and_back(
    house: House, at_desk: Callable[[User], Person], agent: User, ticket: Ticket
) -> None:
    nora = at_desk(agent)
    page = nora.page
    nora.opens("/desk/?queue=questions")
    tabs_to(page, "Skip to the content", most=1)
    page.keyboard.press("Enter")
    tabs_to(page, ticket.spoken_reference, most=10)
    page.keyboard.press("Enter")
    expect(page.get_by_label("Message", exact=True)).to_be_visible()
    tabs_to(page, "kind")
    tabs_to(page, "body", most=1)
    page.keyboard.type("Dear Mina, in April.")
    tabs_to(page, "Send", most=5)
    page.keyboard.press("Enter")
    nora.reads("Sending in")
    tabs_to(page, "Undo", most=1)
    assert ReplyDraft.objects.get().send_at is not None
    page.keyboard.press("Enter")
    nora.reads("Taken back: nobody has got it.")
    expect(page.get_by_role("link", name="Queues")).to_have_attribute(
        "href", f"{house.url}/desk/?queue=questions"
    )


def test_the_keys_j_and_k_walk_the_list(
    house: House, at_desk: Callable[[User], Person], agent: User, ticket: Ticket
) -> None:
    nora = at_desk(agent)
    nora.opens("/desk/")
    nora.page.keyboard.press("j")
    assert nora.page.evaluate(_HERE)["name"].startswith(ticket.spoken_reference)
    nora.page.keyboard.press("/")
    nora.page.keyboard.type("mina")
    nora.page.keyboard.press("Enter")
    nora.reads("Search: mina")
