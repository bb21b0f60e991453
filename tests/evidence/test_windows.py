"""The minutes around the end of a window, in every store's own rules."""

from __future__ import annotations

import itertools
from datetime import datetime, timedelta

import pytest
from django.utils.timezone import is_aware

from tests.cast import NOON, Story, a_file, add_evidence, make_customer, make_order
from tests.evidence.test_last_minute import sent_at
from tickets.actions.drafts import Preview, preview
from tickets.models import Draft, Store

MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)
SAID = ({"opened": True}, {"opened": False, "unused": True}, {})


def with_windows(store: Store) -> list[tuple[Draft, datetime]]:
    """A draft of each request whose window is open at noon and closes later."""
    story = Story(make_order(make_customer(store, "ko@example.com", "Ko"), "#77"))
    found = []
    requests = preview(story.draft("missing_photocard"), now=NOON).pack.claim_requests
    for request, said in itertools.product(sorted(requests), SAID):
        draft = story.draft(request, **said)
        now = preview(draft, now=NOON).decision
        if now.closes_at is None or now.closes_at <= NOON or now.verdict == "refused":
            continue
        if preview(draft, now=now.closes_at).decision.verdict == "refused":
            found.append((draft, now.closes_at))
    return found


def at(draft: Draft, now: datetime) -> Preview:
    return preview(Draft.objects.get(pk=draft.pk), now=now)


@pytest.mark.parametrize("slug", ["kpopusa", "kpop2", "popmart"])
def test_an_upload_over_the_end_keeps_the_window_and_opens_no_other(
    slug: str, kpopusa: Store, kpop2: Store, popmart: Store
) -> None:
    store = {"kpopusa": kpopusa, "kpop2": kpop2, "popmart": popmart}[slug]
    drafts = with_windows(store)
    assert drafts or slug == "kpop2"  # there none of these is refused for its day
    for draft, closes_at in drafts:
        just_before = at(draft, closes_at - MINUTE).decision
        film = sent_at(a_file(), closes_at - 2 * DAY, closes_at + HOUR)
        add_evidence(film, draft=draft, actor=None, now=closes_at + HOUR)

        told = at(draft, closes_at + HOUR + MINUTE)

        assert is_aware(told.facts.at)
        assert closes_at - 2 * HOUR <= told.facts.at < closes_at, draft.request
        assert told.decision.verdict != "refused", draft.request
        assert told.decision.closes_at == just_before.closes_at, draft.request
        assert at(draft, closes_at + 2 * HOUR + MINUTE).decision.verdict == "refused"
