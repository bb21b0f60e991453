"""What nobody needs goes; what somebody sent stays."""

import threading
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta

import pytest
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.db import connections

from supportdesk import clock
from tests.cast import NOON, Story, a_file, add_evidence
from tickets import jobs, tidying
from tickets.actions import pickups
from tickets.actions.add_evidence import take_in
from tickets.actions.check_evidence import Refusal, settle
from tickets.actions.file_claim import file_claim
from tickets.actions.hold import hold
from tickets.actor import SYSTEM, Actor
from tickets.models import Draft, Evidence, Outbox, Pickup, RateBucket, User

pytestmark = pytest.mark.django_db(transaction=True)

LATER = NOON + tidying.DRAFT_LIVES + timedelta(seconds=1)


def with_file(draft):
    name = default_storage.save("evidence/left.bin", ContentFile(b"film"))
    received = a_file()
    object.__setattr__(received.arrival, "stored_name", name)
    add_evidence(received, draft=draft, actor=None, now=NOON)
    return name


def test_an_abandoned_draft_goes_with_its_file(story: Story):
    name = with_file(story.draft(opened=True))
    assert tidying.tidy(LATER - timedelta(seconds=2)) == 0
    assert default_storage.exists(name)
    assert tidying.tidy(LATER) >= 1
    assert not Draft.objects.exists()
    assert not Evidence.objects.exists()
    assert not default_storage.exists(name)


def test_what_was_sent_stays_with_its_evidence(story: Story):
    claim = story.file("missing_photocard", "unboxing_video", opened=True)
    tidying.tidy(LATER)
    assert Draft.objects.filter(claim=claim).exists()
    assert Evidence.objects.get().claim == claim


def test_old_counters_go_and_fresh_ones_stay():
    for age in (timedelta(days=3), timedelta(hours=1)):
        RateBucket.objects.create(key=str(age), starts_at=NOON - age, count=1)
    assert tidying.tidy(NOON) == 1
    assert RateBucket.objects.count() == 1


@pytest.mark.race
def test_two_tidiers_at_once_share_the_work(story: Story):
    for _ in range(20):
        story.draft(opened=True)
    start = threading.Barrier(2)

    def work():
        start.wait()
        try:
            return tidying.tidy(LATER)
        finally:
            connections.close_all()

    with ThreadPoolExecutor(2) as pool:
        gone = [future.result() for future in [pool.submit(work) for _ in range(2)]]
    assert sum(gone) == 20
    assert not Draft.objects.exists()


def test_the_jobs_read_the_clock_once_and_do_their_work_twice_harmlessly(
    pickup: Pickup, monkeypatch, settings
):
    settings.EMAIL_BACKEND = "tickets.effects.kept.KeepBackend"
    pickups.confirm(pickup, actor=SYSTEM, now=NOON)
    read = []

    def now():
        read.append(1)
        return NOON + timedelta(days=14)

    monkeypatch.setattr(clock, "now", now)
    assert jobs.sweep_deadlines() == 1  # the first reminder
    assert jobs.sweep_deadlines() == 0
    assert len(read) == 2
    assert jobs.drain_outbox() == 2
    assert jobs.drain_outbox() == 0
    assert set(Outbox.objects.values_list("state", flat=True)) == {"done"}
    assert jobs.tidy() == 0


def left_out(story: Story) -> tuple[Draft, str]:
    """Sent with a good film; a bad one that was tried before stays behind."""
    draft = story.draft(opened=True)
    name = default_storage.save("evidence/broken.bin", ContentFile(b"no film"))
    bad = replace(a_file(mark="b").arrival, stored_name=name)
    refused = take_in(bad, draft=draft, actor=None, now=NOON)
    settle(refused.pk, Refusal("infected", sha256="b" * 64, infected=True), now=NOON)
    add_evidence(a_file(), draft=draft, actor=None, now=NOON)
    draft.refresh_from_db()
    file_claim(draft, actor=Actor.of_customer(story.order.customer), now=NOON)
    return draft, name


def test_a_file_that_would_not_do_goes_after_its_draft_was_sent(story: Story):
    draft, name = left_out(story)
    assert draft.evidence.filter(claim=None).exists()

    assert tidying.tidy(LATER) == 1

    assert not default_storage.exists(name)
    assert Evidence.objects.get().claim.draft == draft
    assert tidying.tidy(LATER) == 0


def test_a_held_case_keeps_even_what_would_not_do(story: Story, lead: User):
    draft, name = left_out(story)
    hold(draft.claim.ticket, "A lawyer writes.", actor=Actor.staff(lead), now=NOON)

    tidying.tidy(LATER)

    assert default_storage.exists(name)
    assert Evidence.objects.count() == 2
