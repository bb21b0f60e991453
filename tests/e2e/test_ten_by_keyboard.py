"""A queue of ten tickets, worked by the keyboard alone: the mouse lies in a drawer."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import timedelta

import pytest
from playwright.sync_api import Page, expect

from tests.cast import NOON
from tests.desk.talk import question
from tests.e2e.house import House
from tests.e2e.people import Person
from tickets.models import Customer, Event, Message, ReplyDraft, Ticket, User

pytestmark = [pytest.mark.e2e, pytest.mark.django_db(transaction=True)]

# Whatever is done by a pointer is a script error in this story, and fails it at its end.
_NO_MOUSE = """
for (const kind of ["pointerdown", "mousedown", "touchstart", "wheel"])
  addEventListener(kind, () => { throw new Error(`somebody used a pointer: ${kind}`); }, true);
"""
_FOCUS = """() => {
    const one = document.activeElement, look = getComputedStyle(one);
    const box = one.getBoundingClientRect();
    return {
        row: one.matches(".row-ref") ? one.innerText.trim().split(/\\s/)[0] : "",
        seen: look.outlineStyle !== "none" && box.top >= 0 && box.bottom <= innerHeight,
    };
}"""


class Keyboard:
    """Nora, who has nothing but keys."""

    def __init__(self, person: Person) -> None:
        self.person, self.page = person, person.page
        self.done: list[str] = []

    def press(self, *keys: str) -> None:
        for key in keys:
            self.page.keyboard.press(key)

    def write(self, text: str) -> None:
        self.page.keyboard.type(text)

    def row(self) -> str:
        """The row that has the focus, which is to be seen."""
        found = self.page.evaluate(_FOCUS)
        assert not found["row"] or found["seen"], found
        return str(found["row"])

    def opens_the_next(self) -> Ticket:
        """Walk down, and at the end of the list up, to a row that is not done yet; open it."""
        key, row = "j", self.row()
        for _step in range(30):
            if row and row not in self.done:
                break
            self.press(key)
            before, row = row, self.row()
            if row == before:
                key = "k"
        else:
            raise AssertionError(f"nothing left after {self.done}")
        self.done.append(row)
        self.press("Enter")
        reference = row.replace("-", "")
        self.page.wait_for_url(f"**/tickets/{reference}/")
        return Ticket.objects.get(reference=reference)

    def goes_back(self) -> None:
        self.press("u")
        self.page.wait_for_url("**/desk/?queue=questions")
        self.page.wait_for_load_state()


@pytest.fixture
def ten(mina: Customer, jo: Customer) -> list[Ticket]:
    """Ten questions, the oldest first."""
    return [
        question(mina if n % 2 else jo, f"Question {n}?", NOON - timedelta(hours=20 - n))
        for n in range(10)
    ]


def test_ten_tickets_and_no_mouse(
    house: House,
    at_desk: Callable[[User], Person],
    agent: User,
    second_agent: User,
    ten: list[Ticket],
) -> None:
    nora = Keyboard(at_desk(agent))
    nora.page.add_init_script(_NO_MOUSE)
    nora.person.opens("/desk/")
    nora.press("g", "q")
    nora.page.wait_for_url("**/desk/?queue=questions")
    deeds = (
        _replies,
        _notes,
        _takes_it,
        _solves,
        _puts_it_off,
        _tags,
        _makes_it_urgent,
        _changes_her_mind,
        _sends_it_after_all,
        _asks_the_palette,
    )
    for deed in deeds:
        ticket = nora.opens_the_next()
        deed(nora, ticket)
        nora.goes_back()
    assert sorted(nora.done) == sorted(ticket.spoken_reference for ticket in ten)
    house.time_passes(seconds=11)
    assert not ReplyDraft.objects.exists()
    assert Message.objects.filter(kind="agent").count() == 2
    # Nobody looked at one ticket and changed another.
    for ticket in ten:
        ticket.refresh_from_db()
    assert sum(ticket.state == "solved" for ticket in ten) == 1
    assert sum(ticket.assignee is not None for ticket in ten) == 1


def _field(page: Page, label: str) -> None:
    expect(page.get_by_label(re.compile(f"^{label}"))).to_be_focused()


def _replies(nora: Keyboard, ticket: Ticket) -> None:
    nora.press("r")
    _field(nora.page, "Message")
    nora.write("Dear customer, in April. Yours, Nora")
    nora.press("Control+Enter")
    nora.person.reads("Sending in")
    assert ReplyDraft.objects.get(ticket=ticket).send_at is not None


def _notes(nora: Keyboard, ticket: Ticket) -> None:
    nora.press("n")
    _field(nora.page, "Message")
    nora.write("Ask the warehouse.")
    nora.press("Control+Enter")
    nora.person.reads("Internal note: only colleagues", "Ask the warehouse.")
    note = Message.objects.get(ticket=ticket, kind="note")
    assert note.body == "Ask the warehouse."


def _takes_it(nora: Keyboard, ticket: Ticket) -> None:
    nora.press("a")
    _field(nora.page, "Assigned to")
    nora.write("Nora")
    nora.press("Control+Enter")
    nora.person.reads("takes care of it.")
    assert Event.objects.filter(ticket=ticket, kind="assigned").exists()


def _solves(nora: Keyboard, ticket: Ticket) -> None:
    nora.press("e")
    nora.person.reads("Solved.")
    ticket.refresh_from_db()
    assert ticket.state == "solved"


def _puts_it_off(nora: Keyboard, ticket: Ticket) -> None:
    nora.press("s")
    _field(nora.page, "Put off")
    nora.write("Until tom")
    nora.press("Control+Enter")
    nora.person.reads("Put off. It comes back by itself")
    ticket.refresh_from_db()
    assert ticket.snoozed_until is not None


def _tags(nora: Keyboard, ticket: Ticket) -> None:
    nora.press("t")
    _field(nora.page, "Tags")
    nora.write("vip, gift")
    nora.press("Enter")
    nora.person.reads("Tags kept.")
    names = {one.tag.key for one in ticket.ticket_tags.select_related("tag")}
    assert names == {"vip", "gift"}


def _makes_it_urgent(nora: Keyboard, ticket: Ticket) -> None:
    nora.press("p")
    _field(nora.page, "Priority")
    nora.press("Home", "Control+Enter")
    nora.person.reads("Priority:")
    ticket.refresh_from_db()
    assert ticket.priority == 0


def _changes_her_mind(nora: Keyboard, ticket: Ticket) -> None:
    nora.press("e")
    nora.person.reads("Solved.")
    nora.press("z")
    nora.person.reads("Undone.")
    ticket.refresh_from_db()
    assert ticket.state == "new"


def _sends_it_after_all(nora: Keyboard, ticket: Ticket) -> None:
    nora.press("r")
    nora.write("Soon.")
    nora.press("Control+Enter")
    nora.person.reads("Sending in")
    nora.press("z")
    nora.person.reads("Taken back: nobody has got it.")
    nora.press("r")
    words = nora.page.get_by_label("Message", exact=True)
    expect(words).to_have_value("Soon.")
    nora.write(" In April.")  # where the words end
    expect(words).to_have_value("Soon. In April.")
    nora.press("Control+Enter")
    nora.person.reads("Sending in")


def _asks_the_palette(nora: Keyboard, ticket: Ticket) -> None:
    nora.press("Control+k")
    expect(nora.page.get_by_role("combobox", name="Find anything")).to_be_focused()
    nora.write("inter")
    nora.press("Enter")
    _field(nora.page, "Message")
    nora.write("Found by its name.")
    nora.press("Control+Enter")
    nora.person.reads("Found by its name.")
    assert Message.objects.filter(ticket=ticket, kind="note").exists()
