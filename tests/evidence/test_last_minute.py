"""Minutes before and after a deadline: what began in time ends nothing, and buys nothing else."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from tests.cast import NOON, AFile, Story, a_file, add_evidence
from tests.evidence.filing import begun
from tickets.actions.add_evidence import take_in
from tickets.actions.check_evidence import settle
from tickets.actions.drafts import preview
from tickets.actions.file_claim import file_claim
from tickets.actions.uploads import Place, advance, arrive, take_turn
from tickets.actor import Actor
from tickets.deadlines import sweep
from tickets.errors import CannotFile
from tickets.models import Claim, Deadline, Draft, Evidence, Upload

SECOND, MINUTE = timedelta(seconds=1), timedelta(minutes=1)
HOUR, DAY = timedelta(hours=1), timedelta(days=1)


def customer_of(claim: Claim) -> Actor:
    return Actor.of_customer(claim.ticket.customer)


def sent_at(file: AFile, began: datetime, completed: datetime | None = None) -> AFile:
    return replace(
        file, arrival=replace(file.arrival, began_at=began, completed_at=completed or began)
    )


def an_upload(place: Place, began: datetime, last_byte: datetime | None) -> Upload:
    """The customer's film of 1000 bytes on its way; whole here where its last byte has come."""
    actor = customer_of(place.claim) if place.claim is not None else None
    upload = begun(place, actor=actor, now=began)
    if last_byte is not None:
        turn = take_turn(upload, 0, now=last_byte)
        assert advance(turn, 1000, {}, now=last_byte, done=True)
    return Upload.objects.get(pk=upload.pk)


@pytest.fixture
def waiting(story: Story) -> Claim:
    """Filed without its video, which is due within a week."""
    return story.file("missing_photocard", opened=True)


@pytest.fixture
def due(waiting: Claim) -> Deadline:
    return Deadline.objects.get(kind="evidence_due")


# --- a claim that waits for its film -----------------------------------------------------


def test_a_film_whose_last_byte_came_in_time_counts_when_its_server_died_then(
    waiting: Claim, due: Deadline
) -> None:
    upload = an_upload(Place(claim=waiting), due.due_at - MINUTE, due.wake_at - SECOND)

    sweep(due.wake_at)

    waiting.refresh_from_db()
    assert waiting.state == "awaiting_evidence"
    later = due.wake_at + 5 * MINUTE
    film = arrive(upload, actor=customer_of(waiting), now=later)  # as the sweep of uploads does
    assert film.in_time
    settle(film.pk, a_file().findings, now=later)
    waiting.refresh_from_db()
    assert (waiting.state, waiting.missing) == ("under_review", [])


@pytest.mark.parametrize(
    ("began", "last_byte"),
    [
        (-MINUTE, None),  # not whole when the two hours are over
        (-MINUTE, 2 * HOUR + SECOND),  # whole a moment later
        (timedelta(0), HOUR),  # begun as the time was over
    ],
)
def test_no_other_upload_holds_the_end_up(
    waiting: Claim, due: Deadline, began: timedelta, last_byte: timedelta | None
) -> None:
    at = None if last_byte is None else due.due_at + last_byte
    an_upload(Place(claim=waiting), due.due_at + began, at)

    sweep(due.wake_at + MINUTE)

    waiting.refresh_from_db()
    assert waiting.state == "expired"


def test_a_file_that_came_too_late_does_not_stand_in_the_way_of_the_same_in_time(
    waiting: Claim, due: Deadline
) -> None:
    mina = customer_of(waiting)
    late = sent_at(a_file(), due.due_at + MINUTE)
    add_evidence(late, claim=waiting, actor=mina, now=due.due_at + MINUTE)
    film = sent_at(a_file(), due.due_at - MINUTE, due.due_at + HOUR)  # the phone's first try

    evidence = take_in(film.arrival, claim=waiting, actor=mina, now=due.due_at + HOUR)
    settle(evidence.pk, film.findings, now=due.due_at + HOUR)

    evidence.refresh_from_db()
    waiting.refresh_from_db()
    assert (evidence.state, evidence.in_time) == ("ready", True)
    assert waiting.state == "under_review"


def test_the_same_file_late_again_is_only_a_repetition(waiting: Claim, due: Deadline) -> None:
    mina = customer_of(waiting)
    late = sent_at(a_file(), due.due_at + MINUTE)
    for _ in range(2):
        add_evidence(late, claim=waiting, actor=mina, now=due.due_at + MINUTE)

    assert list(Evidence.objects.values_list("state", flat=True)) == ["ready", "repeated"]


# --- a draft whose window closes ---------------------------------------------------------


@pytest.fixture
def closes_at(story: Story) -> datetime:
    found = preview(story.draft(opened=True), now=NOON).decision.closes_at
    assert found is not None
    return found


def send(draft: Draft, now: datetime) -> Claim:
    draft = Draft.objects.get(pk=draft.pk)
    assert draft.order is not None
    return file_claim(draft, actor=Actor.of_customer(draft.order.customer), now=now)


def test_a_film_that_lay_here_for_days_buys_no_hour(story: Story, closes_at: datetime) -> None:
    draft = story.draft(opened=True)
    began = closes_at - 2 * DAY
    add_evidence(sent_at(a_file(), began), draft=draft, actor=None, now=began)

    with pytest.raises(CannotFile):
        send(draft, closes_at + MINUTE)


def test_an_upload_kept_alive_for_days_dates_the_request_back_by_hours_only(
    story: Story, closes_at: datetime
) -> None:
    draft = story.draft(opened=True)
    film = sent_at(a_file(), closes_at - 2 * DAY, closes_at + HOUR)
    add_evidence(film, draft=draft, actor=None, now=closes_at + HOUR)

    claim = send(draft, closes_at + HOUR + MINUTE)

    assert closes_at - 2 * HOUR <= claim.filed_at < closes_at


def test_the_latest_of_several_says_when_it_was_asked(story: Story, closes_at: datetime) -> None:
    draft = story.draft(opened=True)
    for minutes, mark in ((50, "a"), (10, "b")):
        began = closes_at - minutes * MINUTE
        add_evidence(sent_at(a_file(mark=mark), began), draft=draft, actor=None, now=began)

    assert send(draft, closes_at + 5 * MINUTE).filed_at == closes_at - 10 * MINUTE
