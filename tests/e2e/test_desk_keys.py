"""An agent's day without a mouse: from the queue to a ticket, its answer, and back."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from tests.desk.talk import question
from tests.e2e.axe import findings
from tests.e2e.conftest import Meets
from tests.e2e.house import House
from tests.e2e.people import LAPTOP, PHONE, Person, sign_in_quietly
from tests.e2e.steps import draft_is_kept
from tickets.models import Customer, ReplyDraft, Ticket, TicketTag, User

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


FOCUSED = "() => document.activeElement.innerText?.trim() ?? ''"


def here(person: Person) -> str:
    """What has the focus, by its first word; it is to be seen, with a ring around it."""
    seen = person.page.evaluate(_HERE)
    assert seen["ring"] and seen["there"], seen
    return str(seen["name"].split()[0])


def keys(person: Person, *pressed: str) -> None:
    """Press keys, one after the other."""
    for key in pressed:
        person.page.keyboard.press(key)


@pytest.fixture
def three(mina: Customer, jo: Customer) -> list[str]:
    """Three questions, as a list shows them."""
    return [question(one).spoken_reference for one in (mina, jo, mina)]


def test_back_in_the_list_one_stands_where_one_was(
    at_desk: Callable[[User], Person], agent: User, three: list[str]
) -> None:
    nora = at_desk(agent)
    nora.opens("/desk/?queue=questions")
    keys(nora, "j", "j")
    assert here(nora) == three[1]
    keys(nora, "o")
    nora.page.wait_for_url("**/tickets/**")
    keys(nora, "u")
    nora.page.wait_for_url("**/desk/?queue=questions")
    assert here(nora) == three[1]
    # What is done is gone from there: its place is the next one's.
    keys(nora, "Enter")
    nora.page.wait_for_url("**/tickets/**")
    keys(nora, "e")
    nora.reads("Solved.")
    keys(nora, "u")
    nora.page.wait_for_url("**/desk/?queue=questions")
    assert here(nora) == three[2]
    keys(nora, "k", "k", "k")
    assert here(nora) == three[0]
    # Whoever comes another way begins at the top of the page.
    nora.opens("/desk/?queue=questions")
    assert nora.page.evaluate("() => document.activeElement === document.body")


def test_keys_lead_to_the_queues(
    at_desk: Callable[[User], Person], agent: User, ticket: Ticket
) -> None:
    nora = at_desk(agent)
    nora.opens("/desk/")
    for letter, queue in (("m", "mine"), ("u", "unassigned"), ("s", "snoozed"), ("i", "open")):
        keys(nora, "g", letter)
        nora.page.wait_for_url(f"**/desk/?queue={queue}")
        nora.page.wait_for_load_state()
    # A first key that nothing follows is forgotten, and so is one that means nothing.
    keys(nora, "g", "y", "j")
    assert here(nora) == ticket.spoken_reference


def test_on_a_ticket_each_key_goes_where_it_says(
    at_desk: Callable[[User], Person], agent: User, ticket: Ticket
) -> None:
    nora = at_desk(agent)
    page = nora.page
    nora.opens(f"/desk/tickets/{ticket.reference}/")
    keys(nora, "r")
    expect(page.get_by_label("Message", exact=True)).to_be_focused()
    expect(page.get_by_role("radio", name="Reply")).to_be_checked()
    page.keyboard.type("neat jokes")  # letters, while one writes
    expect(page.get_by_label("Message", exact=True)).to_have_value("neat jokes")
    keys(nora, "Escape", "n")
    expect(page.get_by_role("radio", name="Internal note")).to_be_checked()
    expect(page.get_by_label("Message", exact=True)).to_have_value("neat jokes")
    keys(nora, "Escape", "a")
    expect(page.get_by_label("Assigned to")).to_be_focused()
    keys(nora, "Escape", "/")
    expect(page.get_by_role("searchbox")).to_be_focused()
    keys(nora, "Escape", "t")
    expect(page.get_by_label("Tags")).to_be_focused()
    keys(nora, "Escape", "s")
    expect(page.get_by_label("Put off")).to_be_focused()
    keys(nora, "Escape", "p")
    expect(page.get_by_label("Priority")).to_be_focused()
    keys(nora, "Escape", "k")
    assert "When is it back?" in page.evaluate(FOCUSED)
    draft_is_kept(nora, "neat jokes", "note")
    ticket.refresh_from_db()
    assert (ticket.state, ticket.assignee, TicketTag.objects.count()) == ("new", None, 0)


def test_a_step_is_sent_and_taken_back_by_keys(
    at_desk: Callable[[User], Person], agent: User, ticket: Ticket
) -> None:
    nora = at_desk(agent)
    nora.opens(f"/desk/tickets/{ticket.reference}/")
    keys(nora, "a")
    nora.page.keyboard.type("Nora")
    keys(nora, "Control+Enter")
    nora.reads("takes care of it.")
    ticket.refresh_from_db()
    assert ticket.assignee == agent
    keys(nora, "z")
    nora.reads("Undone.")
    ticket.refresh_from_db()
    assert ticket.assignee is None


def test_the_next_ticket_is_one_key_away(
    at_desk: Callable[[User], Person], agent: User, ticket: Ticket
) -> None:
    nora = at_desk(agent)
    nora.opens("/desk/")
    keys(nora, "l")
    nora.page.wait_for_url(f"**/tickets/{ticket.reference}/**")
    ticket.refresh_from_db()
    assert ticket.assignee == agent
    keys(nora, "z")
    nora.reads("Undone.")
    ticket.refresh_from_db()
    assert ticket.assignee is None


@pytest.mark.parametrize(
    "typed",
    [
        {"key": "ㅓ", "code": "KeyJ"},  # a Korean keyboard
        {"key": "Process", "code": "KeyJ", "isComposing": True},  # a syllable on its way
        {"key": "о", "code": "KeyJ"},  # a Russian one
        {"key": "j", "code": "KeyC"},  # Dvorak: what it writes counts
        {"key": "J", "code": "KeyJ"},  # Caps Lock
    ],
)
def test_a_key_is_the_same_on_every_keyboard(
    at_desk: Callable[[User], Person], agent: User, ticket: Ticket, typed: dict[str, object]
) -> None:
    nora = at_desk(agent)
    nora.opens("/desk/")
    press = "typed => document.body.dispatchEvent(new KeyboardEvent('keydown', {...typed, bubbles: true}))"  # noqa: E501  (a line of script)
    for held in ("ctrlKey", "altKey", "metaKey", "shiftKey"):
        nora.page.evaluate(press, {**typed, held: True})
        assert nora.page.evaluate("() => document.activeElement === document.body"), held
    nora.page.evaluate(press, typed)
    assert here(nora) == ticket.spoken_reference


def test_the_help_shows_the_keys_and_switches_them_off(
    house: House, at_desk: Callable[[User], Person], agent: User, lead: User, ticket: Ticket
) -> None:
    nora = at_desk(agent)
    nora.opens("/desk/")
    keys(nora, "j", "?")
    dialog = nora.sees("Keys", "dialog")
    expect(dialog.get_by_role("button", name="Close")).to_be_focused()
    expect(dialog).to_contain_text("Mark as solved")
    keys(nora, "j", "e", "Escape")
    expect(dialog).to_be_hidden()
    assert here(nora) == ticket.spoken_reference
    keys(nora, "?")
    dialog.get_by_role("switch", name="Single keys").focus()
    keys(nora, "Space", "Escape", "k", "/", "?", "g", "m")
    assert here(nora) == ticket.spoken_reference
    nora.opens("/desk/")
    keys(nora, "j", "?")
    assert nora.page.evaluate("() => document.activeElement === document.body")
    # What is held with Ctrl still works, and leads back to the switch.
    keys(nora, "Control+k")
    nora.sees("Find anything", "combobox")
    nora.page.keyboard.type("keys")
    keys(nora, "Enter")
    nora.sees("Keys", "dialog")
    expect(nora.page.get_by_role("switch", name="Single keys")).not_to_be_checked()
    # It was hers alone: whoever sits down at the same browser has the keys.
    sign_in_quietly(nora.context, lead, house.url)
    nora.opens("/desk/")
    keys(nora, "j")
    assert here(nora) == ticket.spoken_reference


@pytest.mark.parametrize("size", [LAPTOP, PHONE])
def test_the_dialogs_are_open_to_everybody(
    meets: Meets, agent: User, ticket: Ticket, size: dict[str, int]
) -> None:
    nora = meets(size, agent, bypass_csp=True, reduced_motion="reduce")
    nora.opens(f"/desk/tickets/{ticket.reference}/")
    keys(nora, "?")
    nora.sees("Keys", "dialog")
    nora.looks()
    found = findings(nora.page, "keys")
    keys(nora, "Escape", "Control+k")
    nora.sees("Reply", "option")
    nora.looks()
    found += findings(nora.page, "palette")
    nora.page.keyboard.type("zzzz")
    expect(nora.page.get_by_role("option", name="Search for")).to_be_visible()
    found += findings(nora.page, "palette, nothing")
    for address in ("/desk/keys/", "/desk/palette/", "/desk/palette/?q=mi"):
        nora.opens(address)
        found += findings(nora.page, address)
    assert not found, "\n".join(found)
