"""A manager's way from a published version to the next: change, compare, publish."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from policies.models import PolicyDraft, PolicyVersion
from policies.publish import in_force, load_whole, pack_of
from tests.cast import NOON
from tests.policybook.conftest import Clock
from tickets.models import Role, Store, User

WINDOW = "rules/kpopusa.contact-window/figures/days"


def published(store: Store) -> PolicyVersion:
    return PolicyVersion.objects.get(store=store, number=1)


@pytest.fixture
def draft(window: Client, kpopusa: Store) -> PolicyDraft:
    """Begun by Max, after version 1."""
    answer = window.post("/policies/kpopusa/drafts/", {"base": 1, "title": "Ten days"})
    found = PolicyDraft.objects.get(store=kpopusa)
    assert answer["Location"] == f"/policies/kpopusa/drafts/{found.pk}/"
    return found


def typed_in(window: Client, address: str) -> dict[str, Any]:
    """What a browser would send of the form of figures without anybody touching it."""
    page = window.get(address).content.decode()
    values: dict[str, Any] = {}
    for tag in re.findall(r"<input[^>]*>", page):
        found = dict(re.findall(r'([\w-]+)="([^"]*)"', tag))
        name = found.get("name", "")
        if not name or name == "csrfmiddlewaretoken":
            continue
        if found.get("type") == "checkbox" and " checked" not in tag:
            continue
        value = "on" if found.get("type") == "checkbox" else found.get("value", "")
        values[name] = value.replace("&quot;", '"').replace("&#x27;", "'").replace("&amp;", "&")
    return values


def figures(draft: PolicyDraft) -> str:
    return f"/policies/kpopusa/drafts/{draft.pk}/figures/"


def text(draft: PolicyDraft) -> str:
    return f"/policies/kpopusa/drafts/{draft.pk}/text/"


def change(window: Client, draft: PolicyDraft, **changed: str) -> Any:
    """Change figures in the form; ``**{WINDOW: "10"}``."""
    typed = typed_in(window, figures(draft))
    return window.post(figures(draft), {**typed, **changed})


def publish(window: Client, draft: PolicyDraft, day: str, **more: Any) -> Any:
    draft.refresh_from_db()
    typed = {"revision": draft.revision, "day": day, **more}
    address = f"/policies/kpopusa/drafts/{draft.pk}/publication/"
    return window.post(address, {f"publication-{name}": value for name, value in typed.items()})


def test_a_draft_says_what_its_version_says_and_changes_nothing(
    window: Client, draft: PolicyDraft, kpopusa: Store
) -> None:
    page = window.get(f"/policies/kpopusa/drafts/{draft.pk}/").content.decode()
    assert "Nothing is different." in page
    assert draft.source == published(kpopusa).source
    assert PolicyVersion.objects.filter(store=kpopusa).count() == 1


def test_a_form_that_nobody_touched_changes_no_letter(window: Client, draft: PolicyDraft) -> None:
    before = draft.source
    assert change(window, draft).status_code == 302
    draft.refresh_from_db()
    assert (draft.source, draft.revision) == (before, 1)


def test_a_figure_is_changed_and_comments_and_layout_stay(
    window: Client, draft: PolicyDraft
) -> None:
    before = draft.source
    answer = change(window, draft, **{WINDOW: "10"})
    assert answer.status_code == 302
    draft.refresh_from_db()
    assert draft.source == before.replace("figures: {days: 7}", "figures: {days: 10}", 1)
    page = window.get(answer["Location"]).content.decode()
    assert "Time: 7 days → 10 days" in page
    assert "Changes a decision" in page


def test_hours_dates_channels_and_floors_have_fields_too(
    window: Client, draft: PolicyDraft
) -> None:
    typed = typed_in(window, figures(draft))
    typed |= {
        "store/opening_hours/sunday": "13:00–17:00",
        "rules/kpopusa.poster/starts_on": "2026-05-01",
        "store/channels/1/notice/en": 'E-mail is suspended: please "phone".',
        "rules/kpopusa.pickup.reserve/figures/reminder_days": "5, 1",
        "floors/0/on": "on",
        "house/evidence_days": "9",
        "house/keep_refused_days": "400",
    }
    del typed["store/channels/1/open"]
    assert window.post(figures(draft), typed).status_code == 302
    page = window.get(f"/policies/kpopusa/drafts/{draft.pk}/").content.decode()
    for words in (
        "Opening hours on Sunday: closed → 13:00–17:00",
        "In force for orders placed from: always → May 1, 2026",
        "Switched off: e-mail",
        "Reminders, days before the end: 7, 3, and 1 → 5 and 1",
        "This right by country is switched on.",
        "Time to add what is missing: 7 days → 9 days",
        "Files of a refused claim are kept after its end: 365 days → 400 days",
    ):
        assert words in page, words
    draft.refresh_from_db()
    assert "# The fastest first." in draft.source


def test_a_notice_is_taken_away_in_one_language_or_in_all(
    window: Client, draft: PolicyDraft
) -> None:
    notice = "store/channels/1/notice/"

    def told() -> Any:
        draft.refresh_from_db()
        pack = load_whole(draft.source, "draft")  # and it is a whole pack each time
        found = pack.document.store.channels[1].notice
        return found and dict(found)

    assert set(told() or ()) == {"en", "ko"}
    change(window, draft, **{f"{notice}ko": ""})
    assert told() == {"en": "E-mail takes longer than the phone."}
    change(window, draft, **{f"{notice}en": ""})
    assert told() is None
    change(window, draft, **{f"{notice}en": "Please phone.", f"{notice}ko": "전화해 주세요."})
    assert told() == {"en": "Please phone.", "ko": "전화해 주세요."}
    change(window, draft, **{f"{notice}en": "", f"{notice}ko": ""})
    assert told() is None


def test_hours_that_cannot_be_read_are_told_beside_their_field(
    window: Client, draft: PolicyDraft
) -> None:
    answer = change(window, draft, **{"store/opening_hours/sunday": "all day"})
    assert answer.status_code == 422
    page = answer.content.decode()
    assert "Write hours like 12:00–19:30" in page
    assert 'value="all day"' in page
    draft.refresh_from_db()
    assert draft.revision == 1


def test_a_broken_text_is_kept_and_every_mistake_is_told(
    window: Client, draft: PolicyDraft
) -> None:
    broken = draft.source.replace("figures: {days: 7}", "figures: {days: many}", 1)
    broken = broken.replace("page: pickup", "page: nowhere", 1)
    answer = window.post(text(draft), {"revision": 1, "title": "Broken", "source": broken})
    assert answer.status_code == 302
    draft.refresh_from_db()
    assert (draft.source, draft.title) == (broken, "Broken")
    page = window.get(text(draft)).content.decode()
    line = next(n for n, row in enumerate(broken.split("\n"), 1) if "{days: many}" in row)
    assert f'<td class="n">{line}</td>' in page
    assert "rules.kpopusa.contact-window.figures.days" in page
    # What is broken can be neither tried nor published.
    answer = publish(window, draft, "2026-03-05")
    assert answer.status_code == 422
    assert "still has mistakes" in answer.content.decode()
    trial = {"trial-revision": 2, "trial-first": "2026-01-01", "trial-last": "2026-02-01"}
    answer = window.post(f"/policies/kpopusa/drafts/{draft.pk}/trials/", trial)
    assert answer.status_code == 422
    assert PolicyVersion.objects.count() == 1


@pytest.mark.parametrize("source", ["", "{" * 500, "a: b: c", "- 1", "rules: 7", "\ufeff"])
def test_whatever_is_typed_is_kept_and_no_page_falls_over(
    window: Client, draft: PolicyDraft, source: str
) -> None:
    typed = {"revision": 1, "title": "Odd", "source": source}
    assert window.post(text(draft), typed).status_code == 302
    for address in (text(draft), figures(draft), f"/policies/kpopusa/drafts/{draft.pk}/"):
        assert window.get(address).status_code == 200, address


def test_a_file_takes_the_place_of_the_text(window: Client, draft: PolicyDraft) -> None:
    new = draft.source.replace("figures: {days: 7}", "figures: {days: 12}", 1)
    upload = SimpleUploadedFile("rules.yaml", new.encode())
    window.post(text(draft), {"revision": 1, "title": "F", "source": "x", "upload": upload})
    draft.refresh_from_db()
    assert draft.source == new
    picture = SimpleUploadedFile("rules.yaml", b"\xff\xd8\xff\xe0")
    typed = {"revision": 2, "title": "F", "source": "kept: yes", "upload": picture}
    answer = window.post(text(draft), typed)
    assert answer.status_code == 422
    assert "This file is no text in UTF-8." in answer.content.decode()
    assert "kept: yes" in answer.content.decode()


def test_a_version_and_a_draft_can_be_taken_home(
    window: Client, draft: PolicyDraft, kpopusa: Store
) -> None:
    answer = window.get("/policies/kpopusa/versions/1/file/")
    assert answer.content.decode() == published(kpopusa).source
    assert 'filename="kpopusa-1.yaml"' in answer["Content-Disposition"]
    answer = window.get(f"/policies/kpopusa/drafts/{draft.pk}/file/")
    assert answer.content.decode() == draft.source


def test_the_second_of_two_managers_is_told_and_keeps_the_text(
    window: Client,
    draft: PolicyDraft,
    as_: Callable[[User], Client],
    person: Callable[..., User],
    kpopusa: Store,
) -> None:
    mia = as_(person("mia", kpopusa, Role.MANAGER))
    mias = draft.source + "# Mia's\n"
    mia.post(text(draft), {"revision": 1, "title": "Ten days", "source": mias})
    mine = draft.source + "# Max's\n"
    answer = window.post(text(draft), {"revision": 1, "title": "Ten days", "source": mine})
    assert answer.status_code == 409
    page = answer.content.decode()
    assert "Mia saved this draft since you opened it." in page
    assert "# Max&#x27;s" in page
    draft.refresh_from_db()
    assert draft.source == mias
    # Max looked at it and goes on: the button of that page carries the newer revision.
    assert 'name="revision" value="2"' in page
    window.post(text(draft), {"revision": 2, "title": "Ten days", "source": mine})
    draft.refresh_from_db()
    assert draft.source == mine


def test_two_managers_change_two_figures_and_both_stand(
    window: Client,
    draft: PolicyDraft,
    as_: Callable[[User], Client],
    person: Callable[..., User],
    kpopusa: Store,
) -> None:
    mia = as_(person("mia", kpopusa, Role.MANAGER))
    typed = typed_in(window, figures(draft))
    change(mia, draft, **{"house/evidence_days": "9"})
    answer = window.post(figures(draft), {**typed, WINDOW: "10"})
    assert answer.status_code == 409
    page = answer.content.decode()
    assert 'value="10"' in page
    answer = window.post(figures(draft), {**typed, WINDOW: "10", "revision": "2"})
    assert answer.status_code == 302
    draft.refresh_from_db()
    assert "figures: {days: 10}" in draft.source
    assert "evidence_days: 9" in draft.source


def test_published_today_it_applies_to_orders_from_now_on(
    window: Client, draft: PolicyDraft, kpopusa: Store, max_: User
) -> None:
    change(window, draft, **{WINDOW: "10"})
    answer = publish(window, draft, "2026-03-05")
    assert answer["Location"] == "/policies/kpopusa/versions/2/"
    version = PolicyVersion.objects.get(store=kpopusa, number=2)
    assert (version.starts_at, version.published_at) == (NOON, NOON)
    assert version.published_by == max_
    days = [
        pack_of(in_force(kpopusa.pk, at)).rule("kpopusa.contact-window").figures["days"]
        for at in (NOON - timedelta(seconds=1), NOON)
    ]
    assert days == [7, 10]
    draft.refresh_from_db()
    assert (draft.state, draft.published) == ("published", version)


def test_a_double_click_publishes_once(window: Client, draft: PolicyDraft, kpopusa: Store) -> None:
    change(window, draft, **{WINDOW: "10"})
    first, again = (publish(window, draft, "2026-03-05") for _ in range(2))
    assert first["Location"] == again["Location"]
    assert PolicyVersion.objects.filter(store=kpopusa).count() == 2


def test_a_later_day_begins_at_the_stores_midnight_and_is_shown_as_scheduled(
    window: Client, draft: PolicyDraft, kpopusa: Store
) -> None:
    publish(window, draft, "2026-03-08")  # the clocks change that day
    version = PolicyVersion.objects.get(store=kpopusa, number=2)
    assert version.starts_at == datetime(2026, 3, 8, 8, 0, tzinfo=UTC)
    page = window.get("/policies/kpopusa/").content.decode()
    assert "scheduled" in page
    assert "Sun 8 Mar, 00:00" in page


def test_rules_do_not_begin_in_the_past_nor_twice_at_once(
    window: Client, draft: PolicyDraft, kpopusa: Store
) -> None:
    answer = publish(window, draft, "2026-03-04")
    assert answer.status_code == 422
    assert "This day is over." in answer.content.decode()
    publish(window, draft, "2026-03-20")
    window.post("/policies/kpopusa/drafts/", {"base": 2})
    other = PolicyDraft.objects.get(state="open")
    answer = publish(window, other, "2026-03-20")
    assert "Version 2 starts at that time already." in answer.content.decode()
    assert PolicyVersion.objects.filter(store=kpopusa).count() == 2


@pytest.mark.parametrize("day", ["9999-12-31", "0001-01-01"])
def test_days_beyond_the_calendar_are_told_beside_their_field(
    window: Client, draft: PolicyDraft, kpopusa: Store, day: str
) -> None:
    assert publish(window, draft, day).status_code == 422
    typed = {"trial-first": day, "trial-last": day, "trial-revision": draft.revision}
    answer = window.post(f"/policies/kpopusa/drafts/{draft.pk}/trials/", typed)
    assert answer.status_code == 422
    assert "this value is" in answer.content.decode()
    assert PolicyVersion.objects.filter(store=kpopusa).count() == 1
    assert not draft.trials.exists()


def test_a_draft_after_an_older_version_shows_what_came_between(
    window: Client, draft: PolicyDraft, kpopusa: Store, still: Clock
) -> None:
    window.post("/policies/kpopusa/drafts/", {"base": 1, "title": "Posters"})
    posters = PolicyDraft.objects.get(title="Posters")
    change(window, posters, **{"rules/kpopusa.poster/figures/days": "21"})
    assert publish(window, posters, "2026-03-05").status_code == 302
    still.at += timedelta(minutes=5)
    change(window, draft, **{WINDOW: "10"})
    page = window.get(f"/policies/kpopusa/drafts/{draft.pk}/").content.decode()
    assert "Version 2 was published since this draft was begun" in page
    assert "Time: 14 days → 21 days" in page
    answer = publish(window, draft, "2026-03-05")
    assert answer.status_code == 422
    assert PolicyVersion.objects.filter(store=kpopusa).count() == 2
    # Either bring them in…
    draft.refresh_from_db()
    window.post(f"/policies/kpopusa/drafts/{draft.pk}/rebase/", {"revision": draft.revision})
    draft.refresh_from_db()
    assert draft.based_on.number == 2
    assert publish(window, draft, "2026-03-05").status_code == 302
    rules = pack_of(PolicyVersion.objects.get(store=kpopusa, number=3)).rules
    assert rules["kpopusa.poster"].figures["days"] == 21
    assert rules["kpopusa.contact-window"].figures["days"] == 10


def test_or_goes_on_without_it_when_that_is_meant(
    window: Client, draft: PolicyDraft, kpopusa: Store, still: Clock
) -> None:
    window.post("/policies/kpopusa/drafts/", {"base": 1, "title": "Posters"})
    posters = PolicyDraft.objects.get(title="Posters")
    change(window, posters, **{"rules/kpopusa.poster/figures/days": "21"})
    publish(window, posters, "2026-03-05")
    still.at += timedelta(minutes=5)
    assert publish(window, draft, "2026-03-05", deliberate="on").status_code == 302
    rules = pack_of(PolicyVersion.objects.get(store=kpopusa, number=3)).rules
    assert rules["kpopusa.poster"].figures["days"] == 14


def test_where_both_changed_the_same_the_drafts_text_stays_and_both_are_shown(
    window: Client, draft: PolicyDraft
) -> None:
    window.post("/policies/kpopusa/drafts/", {"base": 1, "title": "Nine"})
    nine = PolicyDraft.objects.get(title="Nine")
    change(window, nine, **{WINDOW: "9"})
    publish(window, nine, "2026-03-05")
    change(window, draft, **{WINDOW: "10"})
    draft.refresh_from_db()
    answer = window.post(
        f"/policies/kpopusa/drafts/{draft.pk}/rebase/", {"revision": draft.revision}
    )
    page = answer.content.decode()
    assert "1 place was changed by both" in page
    assert "figures: {days: 9}" in page
    draft.refresh_from_db()
    assert "figures: {days: 10}" in draft.source


def test_a_draft_that_is_put_away_can_be_neither_saved_nor_published(
    window: Client, draft: PolicyDraft
) -> None:
    window.post(f"/policies/kpopusa/drafts/{draft.pk}/drop/")
    answer = publish(window, draft, "2026-03-05")
    assert answer.status_code == 422
    draft.refresh_from_db()
    typed = {"revision": draft.revision, "title": "x", "source": "y"}
    assert window.post(text(draft), typed).status_code == 409
    assert "Ten days" not in window.get("/policies/kpopusa/").content.decode()


def test_a_draft_of_another_store_is_not_published_here(
    window: Client, draft: PolicyDraft, popmart: Store
) -> None:
    other = published(popmart).source
    window.post(text(draft), {"revision": 1, "title": "Other", "source": other})
    answer = publish(window, draft, "2026-03-05")
    assert answer.status_code == 422
    assert "popmart" in answer.content.decode()


def test_staff_read_the_rules_with_their_ids_and_figures(
    as_: Callable[[User], Client], agent: User
) -> None:
    page = as_(agent).get("/policies/kpopusa/versions/1/").content.decode()
    assert "kpopusa.contact-window" in page
    assert "7 days" in page
    assert "(house)" in page
    assert "New draft" not in page
