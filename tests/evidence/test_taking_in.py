"""A file that arrives counts when it was looked into; what waits for it does not end meanwhile."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from tests.cast import NOON, AFile, Story, a_file, add_evidence
from tests.evidence.filing import begun
from tickets.actions import custody
from tickets.actions.add_evidence import take_in
from tickets.actions.check_evidence import Refusal, settle
from tickets.actions.drafts import preview
from tickets.actions.file_claim import file_claim
from tickets.actions.uploads import Place
from tickets.actor import Actor
from tickets.deadlines import sweep
from tickets.errors import CannotFile, Conflict, NotAllowed
from tickets.models import (
    Claim,
    CustodyEntry,
    Deadline,
    Draft,
    Event,
    Evidence,
    FileJob,
    Outbox,
    Upload,
)

MINUTE, HOUR = timedelta(minutes=1), timedelta(hours=1)


def kinds() -> list[str]:
    return list(Event.objects.order_by("seq").values_list("kind", flat=True))


def customer_of(claim: Claim) -> Actor:
    return Actor.of_customer(claim.ticket.customer)


def sent_at(file: AFile, began: datetime, completed: datetime | None = None) -> AFile:
    return replace(
        file, arrival=replace(file.arrival, began_at=began, completed_at=completed or began)
    )


@pytest.fixture
def waiting(story: Story) -> Claim:
    """Filed without its video, which is due within a week."""
    return story.file("missing_photocard", opened=True)


def test_a_received_file_counts_for_nothing_yet(waiting: Claim) -> None:
    evidence = take_in(a_file().arrival, claim=waiting, actor=customer_of(waiting), now=NOON)

    waiting.refresh_from_db()
    assert (evidence.state, evidence.sha256) == ("received", "")
    assert (waiting.state, waiting.missing) == ("awaiting_evidence", [{"unboxing_video": 1}])
    assert FileJob.objects.get().evidence == evidence
    assert kinds() == ["claim_filed", "file_received"]
    assert CustodyEntry.objects.get().act == "arrived"


def test_a_file_that_cannot_be_used_is_told_and_changes_nothing_else(waiting: Claim) -> None:
    evidence = take_in(a_file().arrival, claim=waiting, actor=customer_of(waiting), now=NOON)

    for _ in range(2):  # a job that is run twice
        settle(evidence.pk, Refusal("cut_short", sha256="b" * 64), now=NOON)

    waiting.refresh_from_db()
    evidence.refresh_from_db()
    assert (evidence.state, evidence.problem) == ("unreadable", "cut_short")
    assert waiting.state == "awaiting_evidence"
    assert kinds() == ["claim_filed", "file_received", "file_refused"]
    assert Outbox.objects.filter(template="file_refused").count() == 1
    assert [entry.act for entry in CustodyEntry.objects.all()] == ["arrived", "checked"]


def test_nothing_ends_over_our_own_delay(waiting: Claim) -> None:
    due = Deadline.objects.get(kind="evidence_due")
    film = sent_at(a_file(), due.due_at - MINUTE, due.due_at + HOUR)
    evidence = take_in(film.arrival, claim=waiting, actor=customer_of(waiting), now=due.due_at)
    late = due.wake_at + timedelta(days=3)  # the scanner was away over the weekend

    sweep(late)

    waiting.refresh_from_db()
    due.refresh_from_db()
    assert (waiting.state, due.state) == ("awaiting_evidence", "pending")
    assert due.wake_at > late
    assert "claim_expired" not in kinds()

    settle(evidence.pk, film.findings, now=late)
    waiting.refresh_from_db()
    assert (waiting.state, waiting.missing) == ("under_review", [])


def test_a_file_that_began_too_late_saves_nothing(waiting: Claim) -> None:
    due = Deadline.objects.get(kind="evidence_due")
    film = sent_at(a_file(), due.due_at, due.due_at + MINUTE)
    late = take_in(film.arrival, claim=waiting, actor=customer_of(waiting), now=due.due_at)

    sweep(due.wake_at)

    waiting.refresh_from_db()
    assert (waiting.state, late.in_time) == ("expired", False)


@pytest.mark.parametrize(("after", "in_time"), [(2 * HOUR, True), (2 * HOUR + MINUTE, False)])
def test_two_hours_are_enough_and_no_more(waiting: Claim, after: timedelta, in_time: bool) -> None:
    due = Deadline.objects.get(kind="evidence_due").due_at
    film = sent_at(a_file(), due - MINUTE, due + after)

    evidence = take_in(film.arrival, claim=waiting, actor=customer_of(waiting), now=due)

    assert evidence.in_time is in_time


# --- before it is sent ------------------------------------------------------------


def send(draft: Draft, now: datetime) -> Claim:
    draft = Draft.objects.get(pk=draft.pk)
    assert draft.order is not None
    return file_claim(draft, actor=Actor.of_customer(draft.order.customer), now=now)


def test_a_request_waits_for_a_file_on_its_way(story: Story) -> None:
    draft = story.draft(opened=True)
    begun(Place(draft=draft))

    with pytest.raises(Conflict) as held:
        send(draft, NOON)

    assert held.value.field == "files"
    assert "unboxing.mp4" in held.value.message
    assert not Claim.objects.exists()


def test_a_request_waits_for_the_check_and_then_goes(story: Story) -> None:
    draft = story.draft(opened=True)
    film = a_file()
    evidence = take_in(film.arrival, draft=draft, actor=None, now=NOON)
    with pytest.raises(Conflict):
        send(draft, NOON + MINUTE)

    settle(evidence.pk, film.findings, now=NOON + MINUTE)

    assert send(draft, NOON + MINUTE).state == "under_review"
    assert CustodyEntry.objects.get().act == "filed"


def test_a_check_that_takes_too_long_holds_nobody_up(story: Story) -> None:
    draft = story.draft(opened=True)
    film = a_file()
    evidence = take_in(film.arrival, draft=draft, actor=None, now=NOON)

    claim = send(draft, NOON + 3 * MINUTE)

    assert claim.state == "awaiting_evidence"
    settle(evidence.pk, film.findings, now=NOON + HOUR)
    claim.refresh_from_db()
    assert (claim.state, claim.missing) == ("under_review", [])
    assert custody.broken_at(list(evidence.custody.all())) is None


def test_the_same_file_again_goes_from_a_draft(story: Story) -> None:
    draft = story.draft(opened=True)
    add_evidence(a_file(), draft=draft, actor=None, now=NOON)

    again = take_in(a_file().arrival, draft=draft, actor=None, now=NOON)
    done = settle(again.pk, a_file().findings, now=NOON)

    assert done is not None and done.state == "repeated"
    assert done.discard == [a_file().arrival.stored_name]
    assert Evidence.objects.count() == 1


# --- minutes before the window closes -----------------------------------------------


@pytest.fixture
def closes_at(story: Story) -> datetime:
    found = preview(story.draft(opened=True), now=NOON).decision.closes_at
    assert found is not None
    return found


def test_an_upload_that_began_in_time_keeps_the_window_open(
    story: Story, closes_at: datetime
) -> None:
    draft = story.draft(opened=True)
    film = sent_at(a_file(), closes_at - MINUTE, closes_at + HOUR)
    add_evidence(film, draft=draft, actor=None, now=closes_at + HOUR)

    claim = send(draft, closes_at + HOUR + MINUTE)

    assert (claim.state, claim.verdict) == ("under_review", "accepted")
    assert claim.filed_at == closes_at - MINUTE
    assert claim.ticket.opened_at == closes_at + HOUR + MINUTE


def test_while_it_is_on_its_way_the_page_does_not_say_too_late(
    story: Story, closes_at: datetime
) -> None:
    draft = story.draft(opened=True)
    begun(Place(draft=draft), now=closes_at - MINUTE)

    assert preview(draft, now=closes_at + HOUR).decision.verdict == "evidence_needed"
    assert preview(draft, now=closes_at + 3 * HOUR).decision.verdict == "refused"


@pytest.mark.parametrize(
    ("began", "completed", "sent"),
    [
        (0 * MINUTE, HOUR, HOUR),  # begun as it closed
        (-MINUTE, 2 * HOUR + MINUTE, 2 * HOUR + 2 * MINUTE),  # took too long
        (-MINUTE, HOUR, 2 * HOUR + MINUTE),  # complete, and then left lying
    ],
)
def test_otherwise_too_late_is_too_late(
    story: Story, closes_at: datetime, began: timedelta, completed: timedelta, sent: timedelta
) -> None:
    draft = story.draft(opened=True)
    film = sent_at(a_file(), closes_at + began, closes_at + completed)
    add_evidence(film, draft=draft, actor=None, now=closes_at + completed)

    with pytest.raises(CannotFile):
        send(draft, closes_at + sent)
    assert not Claim.objects.exists()


# --- an upload is let in by the same rule as everything else ---------------------------


@pytest.mark.parametrize("who", ["reader", "stranger"])
def test_who_may_not_work_here_begins_no_upload(
    waiting: Claim, who: str, request: pytest.FixtureRequest
) -> None:
    with pytest.raises(NotAllowed):
        begun(Place(claim=waiting), actor=Actor.staff(request.getfixturevalue(who)))
    assert not Upload.objects.exists()
