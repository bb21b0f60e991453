"""Two managers, two workers, in the same moment: real threads and real transactions."""

from __future__ import annotations

from datetime import date, timedelta

import pytest

from policies.models import PolicyDraft, PolicyTrial, PolicyVersion
from policies.publish import in_force
from policies.simulate import Tally
from tests.cast import NOON, Story
from tests.test_races import at_once
from tickets import trials
from tickets.actions import policies
from tickets.actor import Actor
from tickets.models import Store, User

pytestmark = [pytest.mark.race, pytest.mark.django_db(transaction=True)]
DAY = date(2026, 3, 9)


def begin(store: Store, user: User) -> PolicyDraft:
    version = in_force(store.pk, NOON)
    return policies.start_draft(store, version, actor=Actor.staff(user), now=NOON)


def test_a_draft_published_by_four_clicks_at_once_is_one_version(
    kpopusa: Store, max_: User
) -> None:
    draft, actor = begin(kpopusa, max_), Actor.staff(max_)
    click = lambda: policies.publish_draft(draft, DAY, revision=1, actor=actor, now=NOON)  # noqa: E731  (four of the same)
    results = at_once(*[click] * 4)
    assert len({getattr(result, "pk", result) for result in results}) == 1
    assert PolicyVersion.objects.filter(store=kpopusa).count() == 2


def test_of_two_drafts_published_at_once_the_second_is_told_of_the_first(
    kpopusa: Store, max_: User
) -> None:
    actor = Actor.staff(max_)
    drafts = [begin(kpopusa, max_) for _ in range(2)]
    results = at_once(
        *[
            lambda d=draft, n=n: policies.publish_draft(
                d, DAY + timedelta(days=n), revision=1, actor=actor, now=NOON
            )
            for n, draft in enumerate(drafts)
        ]
    )
    assert sum(isinstance(result, PolicyVersion) for result in results) == 1
    assert sum(isinstance(result, policies.StaleDraft) for result in results) == 1
    assert PolicyVersion.objects.filter(store=kpopusa).count() == 2


def test_workers_that_come_at_once_count_each_request_once(
    kpopusa: Store, max_: User, story: Story, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(trials, "CHUNK", 1)
    story.file("defect", "photo", "photo", opened=True)
    actor = Actor.staff(max_)
    days = {"first": date(2026, 3, 1), "last": date(2026, 3, 31)}
    trial = policies.start_trial(begin(kpopusa, max_), **days, revision=1, actor=actor, now=NOON)
    at_once(*[lambda: trials.run_due(NOON)] * 3)
    trial = PolicyTrial.objects.get(pk=trial.pk)
    assert (trial.state, trial.done) == ("done", 1)
    assert Tally.from_json(trial.summary).seen == 1
