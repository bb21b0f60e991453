"""Files are kept so many days after a case has ended, by how it ended; then they are gone."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from django.core.files.storage import default_storage
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from policies.pack import load_builtin_packs
from tests.cast import NOON, Story, a_file
from tests.evidence.filing import browser_of, copy_of, filed, picture, put, question_of
from tests.portal.conftest import Customer as Portal
from tickets.access import link_for
from tickets.actions import custody, retention
from tickets.actions.add_evidence import take_in
from tickets.actions.decide_claim import approve, refuse, reopen, withdraw
from tickets.actions.fulfil_claim import fulfil
from tickets.actions.hold import hold, release
from tickets.actions.talk import say, set_solved
from tickets.actor import Actor
from tickets.deadlines import sweep
from tickets.evidence import erase
from tickets.models import (
    Claim,
    CustodyEntry,
    Customer,
    Deadline,
    Event,
    Evidence,
    EvidenceCopy,
    FileJob,
    FilePrint,
    Order,
    Ticket,
    User,
)
from tickets.templatetags.kept import kept_files

DAY, MINUTE = timedelta(days=1), timedelta(minutes=1)
VEGAS = ZoneInfo("America/Los_Angeles")
RULE = "kpopusa.missing-contents"
pytestmark = pytest.mark.usefixtures("web")  # files lie in the test's own directory


@pytest.fixture
def case(album_order: Order) -> tuple[Claim, Evidence]:
    """A claim with its film, a contact sheet and a print."""
    claim, film = filed(album_order)
    copy_of(film, "sheet", picture(), "image/jpeg")
    FilePrint.objects.create(evidence=film, at=0, bits=7, bands=[7, 65536, 131072, 196608])
    return claim, film


def row() -> Deadline:
    return Deadline.objects.get(kind="retention_due", step=retention.ROWS, state="pending")


def stored() -> list[str]:
    """Everything that lies in the storage."""
    return [
        f"{folder}/{name}"
        for folder in ("evidence", "copies")
        for name in (default_storage.listdir(folder)[1] if default_storage.exists(folder) else [])
    ]


def refused(claim: Claim, agent: User, now: datetime = NOON) -> Claim:
    return refuse(claim, RULE, note="Sealed in the film.", actor=Actor.staff(agent), now=now)


def due_on(deadline: Deadline) -> date:
    """The last local day of keeping, on the clock of Las Vegas."""
    return (deadline.due_at - MINUTE).astimezone(VEGAS).date()


def test_a_refused_case_is_kept_for_a_year(case: tuple[Claim, Evidence], agent: User) -> None:
    assert not Deadline.objects.filter(kind="retention_due").exists()

    refused(case[0], agent)

    assert row().ticket == case[0].ticket
    assert due_on(row()) == date(2026, 3, 5) + 365 * DAY
    case[0].ticket.refresh_from_db()
    assert case[0].ticket.next_due_at is None  # nobody has to do anything by then


def approved(claim: Claim, agent: User) -> None:
    actor = Actor.staff(agent)
    approve(claim, "replacement", actor=actor, now=NOON)
    assert not Deadline.objects.filter(kind="retention_due").exists()
    fulfil(claim, tracking="", actor=actor, now=NOON)


def taken_back(claim: Claim, agent: User) -> None:
    withdraw(claim, actor=Actor.of_customer(claim.ticket.customer), now=NOON)


@pytest.mark.parametrize("end", [approved, taken_back])
def test_other_ends_are_kept_for_half_a_year(
    case: tuple[Claim, Evidence], agent: User, end: Callable[[Claim, User], None]
) -> None:
    end(case[0], agent)

    assert due_on(row()) == date(2026, 3, 5) + 180 * DAY


def test_a_case_that_ends_by_the_clock_is_kept_too(story: Story) -> None:
    claim = story.file("missing_photocard", opened=True)
    take_in(
        a_file("photo").arrival,
        claim=claim,
        actor=Actor.of_customer(claim.ticket.customer),
        now=NOON,
    )
    Evidence.objects.update(state="unreadable", problem="not_photo")
    due = Deadline.objects.get(kind="evidence_due")

    sweep(due.wake_at)

    claim.refresh_from_db()
    assert claim.state == "expired"
    assert row().due_at > due.wake_at + 179 * DAY


def test_a_case_without_files_has_nothing_to_keep(story: Story, agent: User) -> None:
    claim = story.file("missing_photocard", opened=True)

    refused(claim, agent)

    assert not Deadline.objects.filter(kind="retention_due").exists()


def test_a_case_that_is_reopened_keeps_its_files_until_it_ends_again(
    case: tuple[Claim, Evidence], lead: User
) -> None:
    claim, film = case
    refused(claim, lead)
    later = NOON + 100 * DAY

    reopen(claim, "The customer sent the receipt.", actor=Actor.staff(lead), now=later)

    assert Deadline.objects.get(kind="retention_due").state == "cancelled"
    sweep(NOON + 400 * DAY)
    film.refresh_from_db()
    assert film.erased_at is None

    refused(claim, lead, later)
    assert (row().cycle, due_on(row())) == (2, later.date() + 365 * DAY)


def test_after_its_days_the_rows_stay_and_the_files_are_gone(
    case: tuple[Claim, Evidence], agent: User
) -> None:
    claim, film = case
    refused(claim, agent)
    due, digest = row().due_at, film.sha256
    assert len(stored()) == 2

    sweep(due - MINUTE)
    film.refresh_from_db()
    assert film.erased_at is None and len(stored()) == 2

    sweep(due)
    erase.run_due(due)

    film.refresh_from_db()
    assert (film.file.name, film.erased_at, film.sha256, film.state) == ("", due, digest, "ready")
    assert stored() == []
    assert not EvidenceCopy.objects.exists() and not FilePrint.objects.exists()
    assert not FileJob.objects.exists()
    event = Event.objects.get(kind="evidence_erased")
    assert (event.actor_kind, event.data["count"], event.data["bytes"]) == ("system", 1, film.size)
    assert event.data["files"] == [{"evidence": film.pk, "sha256": digest, "size": film.size}]
    log = list(CustodyEntry.objects.filter(evidence=film))
    assert log[-1].act == "erased" and custody.broken_at(log) is None
    sweep(due + DAY)  # once is enough
    assert Event.objects.filter(kind="evidence_erased").count() == 1


def test_the_reports_count_as_before(
    case: tuple[Claim, Evidence], manager: User, web: Client
) -> None:
    refused(case[0], manager)
    web.force_login(manager, backend="django.contrib.auth.backends.ModelBackend")
    due = row().due_at
    months = ["/reports/", f"/reports/?from={due.date()}&to={due.date()}"]

    def tables() -> list[str]:
        pages = [web.get(month).content.decode() for month in months]
        return [re.sub(r'name="csrfmiddlewaretoken" value="\w+"', "", page) for page in pages]

    before = tables()
    sweep(due)
    erase.run_due(due)

    assert tables() == before


def test_a_worker_that_dies_in_the_middle_leaves_nothing_behind(
    case: tuple[Claim, Evidence], agent: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    refused(case[0], agent)
    due = row().due_at
    sweep(due)
    deletes: list[str] = []
    real = default_storage.delete

    def dies(name: str) -> None:
        deletes.append(name)
        if len(deletes) == 2:
            raise KeyboardInterrupt  # the process is gone: nobody puts anything right
        real(name)

    with monkeypatch.context() as patch:
        patch.setattr(default_storage, "delete", dies)
        with pytest.raises(KeyboardInterrupt):
            erase.run_due(due)
    assert len(stored()) == 1

    assert erase.run_due(due + MINUTE) == 0  # the lease of the dead runs
    assert len(stored()) == 1
    years_later = due + 1000 * DAY  # far outside the months in which orphans are looked for
    assert erase.run_due(years_later) == 1

    assert stored() == []
    assert not Deadline.objects.filter(kind="retention_due", state="pending").exists()


def test_a_storage_that_is_away_is_tried_again_and_again(
    case: tuple[Claim, Evidence], agent: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    refused(case[0], agent)
    now = row().due_at
    sweep(now)

    def away(name: str) -> None:
        raise OSError("the bucket does not answer")

    with monkeypatch.context() as patch:
        patch.setattr(default_storage, "delete", away)
        for _ in range(3):
            assert erase.run_due(now) == 0
            waiting = Deadline.objects.get(kind="retention_due", step=retention.FILES)
            assert waiting.state == "pending" and waiting.wake_at > now
            assert "does not answer" in waiting.last_error
            now = waiting.wake_at
    assert len(stored()) == 2

    erase.run_due(now)
    assert stored() == []


def test_a_copy_that_was_being_made_meanwhile_goes_too(
    case: tuple[Claim, Evidence], agent: User
) -> None:
    _claim, film = case
    refused(case[0], agent)
    due = row().due_at
    sweep(due)
    erase.run_due(due)
    copy_of(film, "preview", b"made too late", "video/mp4")
    assert len(stored()) == 1

    assert erase.run_due(due + 2 * erase.SECOND_LOOK) == 1

    assert stored() == [] and not EvidenceCopy.objects.exists()


@pytest.fixture
def question(mina: Customer) -> Ticket:
    """A question of Mina's, which is no claim."""
    return question_of(mina)


def test_a_request_that_is_no_claim_keeps_its_files_after_it_was_solved(
    question: Ticket, mina: Customer, agent: User
) -> None:
    customer, staff = Actor.of_customer(mina), Actor.staff(agent)
    take_in(a_file("screenshot").arrival, ticket=question, actor=customer, now=NOON)
    set_solved(question, actor=staff, now=NOON)
    assert due_on(row()) == date(2026, 3, 5) + 180 * DAY

    say(question, "It is back.", kind="customer", actor=customer, now=NOON + DAY, form_key=None)

    assert not Deadline.objects.filter(kind="retention_due", state="pending").exists()


def test_a_file_that_comes_after_the_end_is_erased_too(
    question: Ticket, mina: Customer, agent: User
) -> None:
    set_solved(question, actor=Actor.staff(agent), now=NOON)
    assert not Deadline.objects.filter(kind="retention_due").exists()

    customer, later = Actor.of_customer(mina), NOON + 30 * DAY
    take_in(a_file("screenshot", later).arrival, ticket=question, actor=customer, now=later)

    assert due_on(row()) == later.date() + 180 * DAY
    take_in(a_file("screenshot", later, "b").arrival, ticket=question, actor=customer, now=later)
    assert Deadline.objects.filter(kind="retention_due").count() == 1  # it goes with the first


def test_what_was_erased_may_be_handed_in_again(case: tuple[Claim, Evidence], lead: User) -> None:
    claim, film = case
    refused(claim, lead)
    due = row().due_at
    sweep(due)
    reopen(claim, "The bank asks again.", actor=Actor.staff(lead), now=due + DAY)

    again = put(claim=claim, now=due + DAY)

    assert again.sha256 == film.sha256
    assert again.state == "ready"


def test_an_erased_file_is_no_reason_to_refuse_one_more(
    case: tuple[Claim, Evidence], lead: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    claim, _film = case
    refused(claim, lead)
    due = row().due_at
    sweep(due)
    reopen(claim, "The bank asks again.", actor=Actor.staff(lead), now=due)
    monkeypatch.setattr("tickets.actions.add_evidence.MAX_FILES", 1)

    assert put(claim=claim, content=picture(), now=due).pk


def test_an_action_that_ends_nothing_asks_nothing_more(question: Ticket, agent: User) -> None:
    with CaptureQueriesContext(connection) as seen:
        say(question, "We look.", kind="note", actor=Actor.staff(agent), now=NOON, form_key=None)

    assert not [query for query in seen if "retention_due" in query["sql"]]
    assert not [query for query in seen if "tickets_evidence" in query["sql"]]


def test_the_sign_says_until_when(case: tuple[Claim, Evidence], agent: User) -> None:
    assert retention.kept_until(case[0].ticket) is None
    refused(case[0], agent)
    assert retention.kept_until(case[0].ticket) == row().due_at


def test_customers_are_told_for_how_long_before_they_send(customer: Portal) -> None:
    customer.begin("missing_photocard")
    customer.tick()
    customer.say("opened", "no")

    told = customer.get("evidence/").text

    assert "We keep your files for 180 to 365 days after your request has ended" in told
    assert "Then we delete them" in told


def test_what_is_no_claim_has_one_number(customer: Portal) -> None:
    pack = load_builtin_packs()["kpopusa"]

    assert kept_files(pack, "missing_photocard") == {"least": 180, "most": 365}
    assert kept_files(pack, "page_error") == {"least": 180, "most": 180}


def test_the_pages_of_a_case_show_that_its_files_are_gone(
    case: tuple[Claim, Evidence], lead: User, web: Client
) -> None:
    claim, film = case
    hold(claim.ticket, "The bank asks", actor=Actor.staff(lead), now=NOON)
    release(claim.ticket, "It is content", actor=Actor.staff(lead), now=NOON)
    refused(claim, lead)
    due = row().due_at
    sweep(due)
    erase.run_due(due)

    status = web.get(link_for(claim.ticket))

    assert status.status_code == 200
    told = status.content.decode()
    assert "The bank" not in told and "held" not in told.lower()
    lena = browser_of(lead)
    page = lena.get(f"/desk/tickets/{claim.ticket.reference}/")
    assert page.status_code == 200
    assert "Evidence erased after its retention" in page.content.decode()
    assert lena.get(f"/uploads/{film.pk}/", follow=True).status_code in (404, 410)
