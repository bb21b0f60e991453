"""Files are looked into by jobs: under a lease, stage after stage, whatever happens to a worker."""

from __future__ import annotations

import pytest
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage

from tests.cast import NOON, Story
from tests.evidence_files import make_video
from tickets.actions.add_evidence import Arrival, take_in
from tickets.actions.drafts import identify, start_draft
from tickets.evidence import work
from tickets.models import Draft, Evidence, FileJob


def arrive(draft: Draft, content: bytes, kind: str = "unboxing_video") -> Evidence:
    stored = default_storage.save("evidence/2026/03/file", ContentFile(content))
    arrival = Arrival(kind, stored, "mine", len(content), NOON, NOON)
    return take_in(arrival, draft=draft, actor=None, now=NOON)


@pytest.fixture
def draft(story: Story) -> Draft:
    return identify(start_draft(story.order.store, now=NOON), story.order, now=NOON)


def test_a_video_becomes_ready_and_waits_for_its_preview(draft: Draft) -> None:
    evidence = arrive(draft, make_video())
    assert work.run_due(NOON) == 3
    evidence.refresh_from_db()
    assert (evidence.state, evidence.seconds, evidence.advice[0]) == ("ready", 2.0, "short")
    assert len(evidence.sha256) == 64
    job = FileJob.objects.get()
    assert (job.stage, job.lease, job.attempts) == ("preview", None, 0)
