"""What the pages of the desk show, to whom, and at what cost."""

from __future__ import annotations

from collections.abc import Callable

from django.test import Client

from tests.cast import PASSWORD
from tickets.models import Claim, Pickup, User

As = Callable[[User | None], Client]


def ticket_page(claim: Claim) -> str:
    return f"/desk/tickets/{claim.ticket.reference}/"


def test_the_queue_shows_what_is_ready(nora: Client, ready: Claim) -> None:
    page = nora.get("/desk/?queue=ready").content.decode()
    assert ready.ticket.spoken_reference in page
    assert "김미나" in page
    assert "Aurora – 3rd Mini Album (Ver. Dawn)" in page


def test_the_ticket_page_tells_the_whole_story(nora: Client, ready: Claim) -> None:
    page = nora.get(ticket_page(ready)).content.decode()
    assert "kpopusa.missing-contents" in page
    assert "Approve replacement and mail 김미나" in page
    assert "It was not in the box." in page
    assert "Asked in time" in page
    assert "Tue 10 Mar, 23:59" in page


def test_signing_in_shows_the_queue_and_no_bar_about_it(as_: As, agent: User) -> None:
    page = as_(None).post(
        "/accounts/login/?next=/desk/",
        {"login": agent.email, "password": PASSWORD},
        follow=True,
    )
    assert page.redirect_chain[-1][0] == "/desk/"
    assert page.context["user"] == agent
    assert list(page.context["messages"]) == []
    assert "Successfully signed in" not in page.content.decode()


def test_the_counter_shows_what_waits(nora: Client, pickup: Pickup) -> None:
    assert "#2001" in nora.get("/desk/pickups/").content.decode()
    assert "Jo Doe" in nora.get(f"/desk/pickups/{pickup.pk}/").content.decode()


def test_refunds_say_when_there_are_none(nora: Client) -> None:
    assert "Nothing to pay" in nora.get("/desk/refunds/").content.decode()
