"""Legal hold: while a case is held nothing of its evidence is erased, whatever the days say."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.test import Client

from tests.cast import NOON
from tests.desk.errands import step
from tests.evidence.filing import browser_of, filed
from tickets.actions import custody, retention
from tickets.actions.decide_claim import refuse
from tickets.actions.hold import hold, release
from tickets.actor import SYSTEM, Actor
from tickets.deadlines import sweep
from tickets.errors import InvalidInput, NotAllowed
from tickets.models import Claim, CustodyEntry, Deadline, Event, Evidence, Order, User

DAY, WEEK = timedelta(days=1), timedelta(days=7)
RULE = "kpopusa.missing-contents"
pytestmark = pytest.mark.usefixtures("web")


@pytest.fixture
def case(album_order: Order) -> tuple[Claim, Evidence]:
    return filed(album_order)


@pytest.fixture
def ended(case: tuple[Claim, Evidence], lead: User) -> tuple[Claim, Evidence]:
    """The same, refused: its film goes in a year."""
    refuse(case[0], RULE, note="Sealed in the film.", actor=Actor.staff(lead), now=NOON)
    return case


def deadline() -> Deadline:
    return Deadline.objects.get(kind="retention_due", step=retention.ROWS)


def is_erased(film: Evidence) -> bool:
    film.refresh_from_db()
    return film.erased_at is not None


def acts(film: Evidence) -> list[str]:
    entries = list(CustodyEntry.objects.filter(evidence=film))
    assert custody.broken_at(entries) is None
    return [entry.act for entry in entries]


def test_a_hold_stops_the_end_and_a_release_lets_it_come_a_week_later(
    ended: tuple[Claim, Evidence], lead: User
) -> None:
    claim, film = ended
    lena, due = Actor.staff(lead), deadline().due_at
    hold(claim.ticket, "The bank asks", actor=lena, now=due - DAY)

    sweep(due)
    sweep(due + 100 * DAY)
    assert not is_erased(film)
    assert deadline().state == "pending"

    freed = due + 101 * DAY
    release(claim.ticket, "The bank is content", actor=lena, now=freed)
    assert retention.kept_until(claim.ticket) == freed + WEEK
    sweep(freed + WEEK - DAY)
    assert not is_erased(film)
    sweep(freed + WEEK)
    assert is_erased(film)
    assert acts(film) == ["filed", "held", "released", "erased"]


def test_a_release_long_before_its_day_changes_nothing_of_that_day(
    ended: tuple[Claim, Evidence], lead: User
) -> None:
    claim, film = ended
    lena, due = Actor.staff(lead), deadline().due_at
    hold(claim.ticket, "The bank asks", actor=lena, now=NOON)
    release(claim.ticket, "It was another case", actor=lena, now=NOON + DAY)

    assert deadline().wake_at == due
    sweep(due - DAY)
    assert not is_erased(film)
    sweep(due)
    assert is_erased(film)


def test_a_release_by_mistake_can_be_taken_back_within_the_week(
    ended: tuple[Claim, Evidence], lead: User
) -> None:
    claim, film = ended
    lena, late = Actor.staff(lead), deadline().due_at + 30 * DAY
    hold(claim.ticket, "The bank asks", actor=lena, now=NOON)
    sweep(late)
    release(claim.ticket, "The wrong one", actor=lena, now=late)
    hold(claim.ticket, "It was the right one", actor=lena, now=late + DAY)

    sweep(late + 60 * DAY)

    assert not is_erased(film)


def test_held_twice_is_held_once_and_the_first_reason_stands(
    case: tuple[Claim, Evidence], lead: User, manager: User
) -> None:
    claim, film = case
    hold(claim.ticket, "The bank asks", actor=Actor.staff(lead), now=NOON)
    hold(claim.ticket, "So do the police", actor=Actor.staff(manager), now=NOON + DAY)

    claim.ticket.refresh_from_db()
    assert (claim.ticket.held_by, claim.ticket.hold_reason) == (lead, "The bank asks")
    assert Event.objects.filter(kind="evidence_held").count() == 1
    assert acts(film) == ["filed", "held"]

    for _ in range(2):
        release(claim.ticket, "Over", actor=Actor.staff(lead), now=NOON + 2 * DAY)
    claim.ticket.refresh_from_db()
    assert (claim.ticket.held_at, claim.ticket.held_by, claim.ticket.hold_reason) == (
        None,
        None,
        "",
    )
    assert Event.objects.filter(kind="evidence_released").count() == 1
    event = Event.objects.get(kind="evidence_held")
    assert (event.actor_user, event.data) == (lead, {"reason": "The bank asks", "count": 1})


def test_who_may_not_override_may_not_hold_or_release(
    case: tuple[Claim, Evidence], agent: User, lead: User, stranger: User
) -> None:
    ticket = case[0].ticket
    customer = Actor.of_customer(ticket.customer)
    others = [Actor.staff(agent), Actor.staff(stranger), customer, SYSTEM]
    for actor in others:
        with pytest.raises(NotAllowed):
            hold(ticket, "Mine", actor=actor, now=NOON)
    ticket.refresh_from_db()
    assert ticket.held_at is None

    hold(ticket, "The bank asks", actor=Actor.staff(lead), now=NOON)
    for actor in others[:3]:
        with pytest.raises(NotAllowed):
            release(ticket, "Mine", actor=actor, now=NOON)
    ticket.refresh_from_db()
    assert ticket.held_at == NOON


@pytest.mark.parametrize("reason", ["", "  \n", "x" * 501])
def test_a_hold_says_why(case: tuple[Claim, Evidence], lead: User, reason: str) -> None:
    with pytest.raises(InvalidInput):
        hold(case[0].ticket, reason, actor=Actor.staff(lead), now=NOON)
    assert not Event.objects.filter(kind="evidence_held").exists()


@pytest.fixture
def lena(lead: User) -> Client:
    return browser_of(lead)


def page(client: Client, claim: Claim) -> str:
    return client.get(f"/desk/tickets/{claim.ticket.reference}/").content.decode()


def test_the_page_says_until_when_the_files_are_kept(
    case: tuple[Claim, Evidence], lena: Client, lead: User
) -> None:
    claim, _film = case
    assert "kept while the case is open" in page(lena, claim)

    refuse(claim, RULE, note="Sealed in the film.", actor=Actor.staff(lead), now=NOON)

    told = page(lena, claim)
    assert "The files are kept until" in told
    assert "2027-03-06" in told  # the instant; the page says the last minute of 5 March


def test_the_page_shows_a_hold_with_who_when_and_why(
    case: tuple[Claim, Evidence], lena: Client, agent: User
) -> None:
    claim, _film = case
    answer = step(lena, claim.ticket, "hold", reason="<b>The bank</b> asks")
    assert answer.status_code == 302

    told = page(lena, claim)
    for words in ("evidence held", "Held by Lena", "&lt;b&gt;The bank&lt;/b&gt; asks"):
        assert words in told, words
    assert "Release the hold" in told
    assert "Release the hold" not in page(browser_of(agent), claim)

    assert step(lena, claim.ticket, "hold-release", reason="Over").status_code == 302
    told = page(lena, claim)
    assert "Held by" not in told
    assert "Hold the evidence" in told


def test_a_hold_without_a_reason_comes_back_as_typed(
    case: tuple[Claim, Evidence], lena: Client
) -> None:
    answer = step(lena, case[0].ticket, "hold", reason=" ")

    assert answer.status_code == 422
    assert 'id="hold-reason"' in answer.content.decode()
    assert not Event.objects.filter(kind="evidence_held").exists()


def test_an_agent_who_forges_the_form_is_told_no(
    case: tuple[Claim, Evidence], agent: User, stranger: User
) -> None:
    assert step(browser_of(agent), case[0].ticket, "hold", reason="Mine").status_code == 403
    assert step(browser_of(stranger), case[0].ticket, "hold", reason="Mine").status_code == 404
    assert not Event.objects.filter(kind="evidence_held").exists()


def test_a_page_that_is_out_of_date_holds_nothing(
    case: tuple[Claim, Evidence], lena: Client
) -> None:
    assert step(lena, case[0].ticket, "hold", seen=0, reason="The bank").status_code == 409
    assert not Event.objects.filter(kind="evidence_held").exists()
