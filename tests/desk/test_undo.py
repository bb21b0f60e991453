"""Undo: what was just done to a ticket, taken back by the bar of the next page."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from datetime import timedelta
from html import unescape
from typing import Any

import pytest
from django.test import Client

from tests.cast import NOON
from tests.desk.conftest import Clock
from tests.desk.errands import step
from tests.desk.talk import question
from tickets.actions import undoing
from tickets.actor import Actor
from tickets.models import Customer, Deadline, Event, Ticket, TicketTag, User

ITSELF = ("last_seq", "updated_at")


@pytest.fixture
def asked(mina: Customer) -> Ticket:
    return question(mina)


def row(ticket: Ticket) -> Mapping[str, Any]:
    """The ticket as it stands, without what counts its events."""
    values = Ticket.objects.filter(pk=ticket.pk).values().get()
    return {name: value for name, value in values.items() if name not in ITSELF}


def bar(page: Any) -> dict[str, str]:
    """What the bar posts, and where."""
    found = re.search(
        r'data-undo>.*?action="([^"]+)">.*?name="numbers" value="([^"]*)"', page.text, re.S
    )
    return {"address": unescape(found[1]), "numbers": found[2]} if found else {}


def press(client: Client, page: Any) -> Any:
    found = bar(page)
    return client.post(found["address"], {"numbers": found["numbers"]}, follow=True)


def go(client: Client, ticket: Ticket, name: str, **typed: Any) -> Any:
    """Take a step and look at the page that follows."""
    return client.get(step(client, ticket, name, **typed)["Location"])


STEPS: dict[str, tuple[str, dict[str, Any]]] = {
    "assigned": ("assignee", {"assignee": "me"}),
    "priority_set": ("priority", {"priority": 0}),
    "tagged": ("tags", {"tags": "vip, gift"}),
    "snoozed": ("snooze", {"until": "tomorrow"}),
    "ticket_solved": ("solution", {}),
}


@pytest.mark.parametrize("kind", STEPS)
def test_a_step_is_taken_back_whole(nora: Client, agent: User, asked: Ticket, kind: str) -> None:
    before = row(asked)
    tags = TicketTag.objects.count()
    name, typed = STEPS[kind]
    typed = {"assignee": agent.pk} if "assignee" in typed else typed
    page = go(nora, asked, name, **typed)
    done = Event.objects.get(ticket=asked, kind=kind)
    assert row(asked) != before or TicketTag.objects.count() != tags

    answer = press(nora, page)
    assert "Undone." in answer.text
    assert {**row(asked), "resolve_left": None, "resolve_due_at": None} == {
        **before,
        "resolve_left": None,
        "resolve_due_at": None,
    }
    assert TicketTag.objects.count() == tags
    back = Event.objects.get(ticket=asked, data__undoes=done.seq)
    assert (back.actor_user, back.seq) == (agent, asked.events.order_by("seq").last().seq)  # type: ignore[union-attr]  # there is one

    # Pressed again, in a window that still shows it: nothing more happens.
    events = Event.objects.count()
    again = press(nora, page)
    assert "It was undone already." in again.text
    assert Event.objects.count() == events


def test_what_was_owed_is_owed_again(nora: Client, mina: Customer, still: Clock) -> None:
    ticket = question(mina)
    due = NOON + timedelta(days=1)
    Deadline.objects.create(
        store=ticket.store, ticket=ticket, kind="answer_due", due_at=due, wake_at=due
    )
    page = go(nora, ticket, "solution")
    assert not Deadline.objects.filter(ticket=ticket, kind="answer_due", state="pending").exists()
    press(nora, page)
    found = Deadline.objects.get(ticket=ticket, kind="answer_due", state="pending")
    assert (found.due_at, found.cycle) == (due, 2)


def test_what_somebody_else_has_changed_since_stays(
    nora: Client,
    asked: Ticket,
    agent: User,
    second_agent: User,
    as_: Callable[[User | None], Client],
) -> None:
    page = go(nora, asked, "assignee", assignee=agent.pk)
    step(as_(second_agent), asked, "assignee", assignee=second_agent.pk)
    answer = press(nora, page)
    assert "changed again since" in answer.text
    asked.refresh_from_db()
    assert asked.assignee == second_agent
    assert not Event.objects.filter(ticket=asked, data__has_key="undoes").exists()


def test_nobody_takes_back_anothers_step(
    nora: Client, asked: Ticket, second_agent: User, as_: Callable[[User | None], Client]
) -> None:
    page = go(nora, asked, "priority", priority=0)
    answer = press(as_(second_agent), page)
    assert "cannot be undone any more" in answer.text
    asked.refresh_from_db()
    assert asked.priority == 0


def test_it_cannot_be_taken_back_for_ever(nora: Client, asked: Ticket, still: Clock) -> None:
    page = go(nora, asked, "priority", priority=0)
    still.at += undoing.WITHIN + timedelta(seconds=1)
    assert "cannot be undone any more" in press(nora, page).text
    asked.refresh_from_db()
    assert asked.priority == 0


def test_a_later_day_goes_back_to_the_earlier_one(nora: Client, asked: Ticket, agent: User) -> None:
    go(nora, asked, "snooze", until="tomorrow")
    asked.refresh_from_db()
    first = asked.snoozed_until
    page = go(nora, asked, "snooze", until="monday")
    press(nora, page)
    asked.refresh_from_db()
    assert asked.snoozed_until == first
    # And brought back by hand, it sleeps again.
    press(nora, go(nora, asked, "wake"))
    asked.refresh_from_db()
    assert asked.snoozed_until == first


@pytest.mark.parametrize("typed", ["", "x", "0", "999999", "1,1,1", "-1", "9" * 40, "²"])
def test_numbers_that_nobody_offered_undo_nothing(nora: Client, asked: Ticket, typed: str) -> None:
    before, events = row(asked), Event.objects.count()
    answer = nora.post(f"/desk/tickets/{asked.reference}/undo/", {"numbers": typed}, follow=True)
    assert answer.status_code == 200
    assert (row(asked), Event.objects.count()) == (before, events)


def test_what_was_said_at_once_has_no_way_back(nora: Client, asked: Ticket, agent: User) -> None:
    undone = Event.objects.create(
        store=asked.store,
        ticket=asked,
        seq=99,
        kind="linked",
        at=NOON,
        data={"other": "x"},
        **Actor.staff(agent).on_event(),
    )
    answer = nora.post(
        f"/desk/tickets/{asked.reference}/undo/", {"numbers": undone.seq}, follow=True
    )
    assert "cannot be undone any more" in answer.text
