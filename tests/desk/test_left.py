"""Who has left: signed out everywhere, given nothing any more, and what was theirs stands out."""

from __future__ import annotations

import uuid
from collections.abc import Callable

import pytest
from django.test import Client

from tests.desk.errands import step
from tickets.models import Claim, Event, Membership, Mention, Role, User


@pytest.fixture
def omars(nora: Client, ready: Claim, second_agent: User) -> Claim:
    """A claim that Omar took care of, until he left."""
    assert step(nora, ready.ticket, "assignee", assignee=second_agent.pk).status_code == 302
    User.objects.filter(pk=second_agent.pk).update(is_active=False)
    return ready


def test_the_next_request_finds_nobody_signed_in(
    as_: Callable[[User], Client], second_agent: User, ready: Claim
) -> None:
    here, at_home = as_(second_agent), as_(second_agent)
    path = f"/desk/tickets/{ready.ticket.reference}/"
    assert here.get(path).status_code == 200
    User.objects.filter(pk=second_agent.pk).update(is_active=False)

    for browser in (here, at_home):
        for page in (path, "/desk/", "/reports/", "/policies/", "/admin/"):
            assert browser.get(page).status_code == 302, page
        said = browser.post(path + "messages/", {"kind": "note", "body": "Bye", "seen": 1})
        assert said["Location"].startswith("/accounts/login/")
    assert not ready.ticket.messages.filter(body="Bye").exists()


def test_nor_do_they_come_back(client: Client, second_agent: User) -> None:
    from tests.cast import PASSWORD

    User.objects.filter(pk=second_agent.pk).update(is_active=False)
    client.post("/accounts/login/", {"login": second_agent.email, "password": PASSWORD})
    assert "_auth_user_id" not in client.session


def test_nothing_is_given_to_them(nora: Client, ready: Claim, second_agent: User) -> None:
    User.objects.filter(pk=second_agent.pk).update(is_active=False)

    answer = step(nora, ready.ticket, "assignee", assignee=second_agent.pk)

    assert answer.status_code == 422
    ready.ticket.refresh_from_db()
    assert ready.ticket.assignee is None
    assert not Event.objects.filter(kind="assigned").exists()


def test_nor_to_who_may_only_look_since(nora: Client, ready: Claim, second_agent: User) -> None:
    Membership.objects.filter(user=second_agent).update(role=Role.READ_ONLY)

    assert step(nora, ready.ticket, "assignee", assignee=second_agent.pk).status_code == 422
    assert not Event.objects.filter(kind="assigned").exists()


def test_no_note_calls_them(nora: Client, ready: Claim, second_agent: User) -> None:
    User.objects.filter(pk=second_agent.pk).update(is_active=False)

    step(nora, ready.ticket, "messages", kind="note", body="@Omar, look.", form_key=uuid.uuid4())

    assert not Mention.objects.exists()


def test_their_tickets_say_so_and_are_offered_to_somebody_else(
    nora: Client, agent: User, omars: Claim
) -> None:
    path = f"/desk/tickets/{omars.ticket.reference}/"
    assert "Omar has left. Who takes it over?" in nora.get(path).content.decode()
    listed = nora.get("/desk/?q=all").content.decode() + nora.get("/desk/").content.decode()
    assert "has left" in listed or omars.ticket.reference not in listed

    assert step(nora, omars.ticket, "assignee", assignee=agent.pk).status_code == 302
    assert "has left" not in nora.get(path).content.decode()
    omars.ticket.refresh_from_db()
    assert omars.ticket.assignee == agent


def test_the_left_zone_is_kept_for_nobody_elses_eyes(
    nora: Client, as_: Callable[[User], Client], second_agent: User, ready: Claim
) -> None:
    """What was made for the same counts is shown again; another language or list is another."""
    before = nora.get("/desk/").text
    step(nora, ready.ticket, "assignee", assignee=second_agent.pk)
    assert nora.get("/desk/").text != before
    nora.post("/desk/views/", {"name": "Only Nora's", "state": "new"})
    assert "Only Nora" in nora.get("/desk/drafts/").text
    omar = as_(second_agent)
    assert "Only Nora" not in omar.get("/desk/drafts/").text
    korean = omar.get("/desk/drafts/", headers={"accept-language": "ko"}).text
    assert (
        korean.split('class="desk-queues"')[1]
        != omar.get("/desk/drafts/").text.split('class="desk-queues"')[1]
    )
