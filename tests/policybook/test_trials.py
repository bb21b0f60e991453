"""Trying a draft: past requests again, both sides by the same facts, nothing lost, none twice."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.test import Client

from policies.models import PolicyDraft, PolicyTrial, PolicyTrialCase, PolicyVersion
from policies.publish import in_force
from policies.simulate import Tally
from tests.cast import NOON, Story, make_customer, make_order
from tickets import past, trials
from tickets.actions import policies
from tickets.actor import Actor
from tickets.models import Claim, Event, Inquiry, Store, User


@pytest.fixture
def requests_(kpopusa: Store) -> list[Claim]:
    """Six past requests: two of each kind, with and without what they need."""
    made = []
    for number, (kind, files) in enumerate(
        [
            ("defect", ("photo", "photo")),
            ("defect", ("photo",)),
            ("missing_photocard", ("unboxing_video",)),
            ("missing_photocard", ()),
            ("transit_damage", ("photo", "photo")),
            ("defect", ("unboxing_video",)),
        ]
    ):
        customer = make_customer(kpopusa, f"p{number}@example.com", "P")
        order = make_order(customer, f"P{number}", placed=timedelta(days=9))
        made.append(Story(order).file(kind, *files, opened=kind != "transit_damage"))
    return made


@pytest.fixture
def draft(kpopusa: Store, max_: User) -> PolicyDraft:
    """Three photos of a defect instead of two."""
    actor = Actor.staff(max_)
    version = PolicyVersion.objects.get(store=kpopusa)
    made = policies.start_draft(kpopusa, version, title="Three", actor=actor, now=NOON)
    block = "kpopusa.defect:\n    kinds: [E]\n    page: returns\n"
    assert block in made.source
    head, _, tail = made.source.partition(block)
    text = head + block + tail.replace("photos: 2", "photos: 3", 1)
    return policies.save_draft(made, text, revision=1, actor=actor, now=NOON)


def ask(draft: PolicyDraft, user: User, **dates: date) -> PolicyTrial:
    days = {"first": date(2026, 2, 1), "last": date(2026, 3, 31), **dates}
    return policies.start_trial(
        draft, **days, revision=draft.revision, actor=Actor.staff(user), now=NOON
    )


def finish(trial: PolicyTrial) -> Tally:
    trials.run_due(NOON)
    trial.refresh_from_db()
    assert trial.state == "done", trial.problem
    return Tally.from_json(trial.summary)


def test_it_says_how_many_which_and_why(
    requests_: list[Claim], draft: PolicyDraft, max_: User, window: Client
) -> None:
    trial = ask(draft, max_)
    tally = finish(trial)
    assert (tally.seen, tally.another_verdict) == (6, 1)
    assert tally.matrix["accepted>evidence_needed"] == 1
    assert tally.matrix["accepted>accepted"] == 3
    assert tally.other_details == 1  # one photo was missing; now two are
    (case,) = PolicyTrialCase.objects.filter(trial=trial)
    assert case.event.claim_id == requests_[0].pk
    assert (case.before_verdict, case.after_verdict) == ("accepted", "evidence_needed")
    page = window.get(f"/policies/kpopusa/trials/{trial.pk}/").content.decode()
    assert "1 of 6 requests would have got another verdict" in page
    spoken = requests_[0].ticket.spoken_reference
    assert spoken in page
    assert "How it is estimated" in page
    one = window.get(f"/policies/kpopusa/trials/{trial.pk}/cases/{case.pk}/").content.decode()
    for words in ("Photos needed: 2 photos → 3 photos", spoken, "A photo", "kpopusa.defect"):
        assert words in one, words
    assert "Standard" not in one.partition("Why")[2].partition("The facts")[0]


def test_refunds_are_estimated_either_way_by_the_claimed_items(
    requests_: list[Claim], draft: PolicyDraft, max_: User
) -> None:
    price = {line.price for claim in requests_ for line in claim.order.lines.all()}
    assert len(price) >= 1
    tally = finish(ask(draft, max_))
    value = {
        claim.pk: sum(
            (item.line.price * item.quantity for item in claim.items.select_related("line")),
            Decimal(0),
        )
        for claim in requests_
    }
    # Accepted with a refund among the outcomes: both complete defects and the transit damage.
    before = value[requests_[0].pk] + value[requests_[4].pk] + value[requests_[5].pk]
    money = tally.money["USD"]
    assert (money.before, money.count_before) == (before, 3)
    assert (money.after, money.count_after) == (before - value[requests_[0].pk], 2)


def test_trying_publishes_nothing_and_decides_nothing(
    requests_: list[Claim], draft: PolicyDraft, max_: User, kpopusa: Store
) -> None:
    before = (Event.objects.count(), PolicyVersion.objects.count(), in_force(kpopusa.pk, NOON).pk)
    states = list(Claim.objects.values_list("state", "verdict", "rule", "policy_version"))
    finish(ask(draft, max_))
    assert before == (
        Event.objects.count(),
        PolicyVersion.objects.count(),
        in_force(kpopusa.pk, NOON).pk,
    )
    assert states == list(Claim.objects.values_list("state", "verdict", "rule", "policy_version"))


def test_only_the_days_that_were_chosen_count(
    requests_: list[Claim], draft: PolicyDraft, max_: User
) -> None:
    day = timedelta(days=1)
    for claim, back in zip(requests_, (0, 1, 2, 3, 4, 5), strict=True):
        Claim.objects.filter(pk=claim.pk).update(filed_at=NOON - back * day)
    tally = finish(ask(draft, max_, first=date(2026, 3, 2), last=date(2026, 3, 4)))
    assert tally.seen == 3


def test_another_stores_requests_are_not_touched(
    requests_: list[Claim], draft: PolicyDraft, max_: User, popmart: Store
) -> None:
    order = make_order(make_customer(popmart, "ada@example.com", "Ada"), "#9001")
    Story(order).file("defect", "unboxing_video")
    assert finish(ask(draft, max_)).seen == len(requests_)


def test_guided_questions_are_tried_as_well(
    requests_: list[Claim], draft: PolicyDraft, max_: User, kpopusa: Store, window: Client
) -> None:
    version = in_force(kpopusa.pk, NOON)
    event = Event.objects.filter(kind="evidence_added", claim=requests_[0]).last()
    event = event or Event.objects.get(kind="claim_filed", claim=requests_[0])
    for ended in ("", "filed"):
        Inquiry.objects.create(
            store=kpopusa,
            request="defect",
            at=NOON,
            facts=event.data["facts"],
            verdict="accepted",
            rule="kpopusa.defect",
            policy_version=version,
            ended=ended,
            ended_at=NOON if ended else None,
        )
    trial = ask(draft, max_)
    tally = finish(trial)
    # What was filed in the end is counted as the claim it became.
    assert (tally.seen, tally.another_verdict) == (len(requests_) + 1, 2)
    case = PolicyTrialCase.objects.get(trial=trial, inquiry__isnull=False)
    page = window.get(f"/policies/kpopusa/trials/{trial.pk}/cases/{case.pk}/")
    assert page.status_code == 200
    # No order is known: it may end in a refund, of an amount that nobody knows.
    assert tally.without_amount == 1


class Died(BaseException):
    """A worker that is killed: no handler of ours sees it coming."""


@pytest.mark.parametrize("moment", ["before the commit", "after the commit"])
@pytest.mark.parametrize("chunk", [1, 2, 3])
def test_a_worker_that_dies_loses_nothing_and_nothing_counts_twice(
    requests_: list[Claim],
    draft: PolicyDraft,
    max_: User,
    monkeypatch: pytest.MonkeyPatch,
    moment: str,
    chunk: int,
) -> None:
    monkeypatch.setattr(trials, "CHUNK", 1)
    trial = ask(draft, max_)
    real, calls = trials.commit, 0

    def commit(*given: Any) -> bool:
        nonlocal calls
        calls += 1
        if calls == chunk and moment == "before the commit":
            raise Died
        done = real(*given)
        if calls == chunk:
            raise Died
        return done

    monkeypatch.setattr(trials, "commit", commit)
    with pytest.raises(Died):
        trials.run_due(NOON)
    monkeypatch.setattr(trials, "commit", real)
    trial.refresh_from_db()
    assert trial.state == "running"
    assert trial.done == (chunk if moment == "after the commit" else chunk - 1)
    # While the dead worker's lease runs nobody else touches it.
    assert trials.take(NOON) is None
    trials.run_due(NOON + trials.LEASE * 2)
    trial.refresh_from_db()
    assert trial.state == "done"
    tally = Tally.from_json(trial.summary)
    assert (tally.seen, tally.another_verdict, trial.done) == (6, 1, 6)
    assert trial.cases.count() == 1


def test_a_worker_that_was_given_up_and_comes_back_writes_nothing(
    requests_: list[Claim], draft: PolicyDraft, max_: User
) -> None:
    trial = ask(draft, max_)
    slow = trials.take(NOON)
    assert slow is not None
    later = NOON + trials.LEASE * 2
    assert trials.take(later) is not None
    tally, place = Tally(seen=99), past.Position("claims", NOON.isoformat(), 1)
    assert not trials.commit(slow, tally, place, [], later)
    trial.refresh_from_db()
    assert (trial.done, trial.summary) == (0, {})


def test_a_task_whose_time_is_up_lets_the_next_go_on(
    requests_: list[Claim], draft: PolicyDraft, max_: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(trials, "CHUNK", 4)
    trial = ask(draft, max_)
    lease = trials.take(NOON)
    assert lease is not None
    assert trials.run(lease, lambda: NOON, lambda: False) == 1
    trial.refresh_from_db()
    assert (trial.state, trial.done) == ("queued", 4)
    assert finish(trial).seen == 6


def test_it_can_be_stopped_and_is_not_gone_on_with(
    requests_: list[Claim],
    draft: PolicyDraft,
    max_: User,
    window: Client,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(trials, "CHUNK", 2)
    trial = ask(draft, max_)
    address = f"/policies/kpopusa/trials/{trial.pk}/"
    real = trials.commit

    def commit(*given: Any) -> bool:
        done = real(*given)
        window.post(f"{address}cancellation/")
        return done

    monkeypatch.setattr(trials, "commit", commit)
    trials.run_due(NOON)
    trial.refresh_from_db()
    assert (trial.state, trial.done) == ("cancelled", 2)
    assert trials.run_due(NOON + timedelta(hours=1)) == 0
    page = window.get(address).content.decode()
    assert "Stopped after 2 of 6 requests." in page


def test_what_fails_is_told_and_what_kills_every_worker_is_given_up(
    requests_: list[Claim], draft: PolicyDraft, max_: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    trial = ask(draft, max_)
    PolicyTrial.objects.filter(pk=trial.pk).update(source="no: pack")
    trials.run_due(NOON)
    trial.refresh_from_db()
    assert trial.state == "failed"
    assert trial.problem.startswith("PackError")
    other = ask(draft, max_, first=date(2026, 1, 1))

    def die(*given: Any) -> Any:
        raise Died

    monkeypatch.setattr(past, "chunk", die)
    at: datetime = NOON
    for _ in range(trials.MAX_ATTEMPTS):
        with pytest.raises(Died):
            trials.run_due(at)
        at += trials.LEASE * 2
    assert trials.run_due(at) == 0
    other.refresh_from_db()
    assert other.state == "failed"


def test_asked_twice_it_runs_once(requests_: list[Claim], draft: PolicyDraft, max_: User) -> None:
    assert ask(draft, max_) == ask(draft, max_)
    assert PolicyTrial.objects.count() == 1


def test_only_so_many_rows_are_kept_and_the_count_stays_exact(
    requests_: list[Claim],
    draft: PolicyDraft,
    max_: User,
    window: Client,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(trials, "MAX_CASES", 0)
    trial = ask(draft, max_)
    tally = finish(trial)
    assert (tally.another_verdict, tally.stored, trial.cases.count()) == (1, 0, 0)
    page = window.get(f"/policies/kpopusa/trials/{trial.pk}/").content.decode()
    assert "The first 0 of 1 are listed" in page


def test_a_page_without_script_asks_again_and_one_with_it_only_for_the_bar(
    requests_: list[Claim], draft: PolicyDraft, max_: User, window: Client
) -> None:
    trial = ask(draft, max_)
    address = f"/policies/kpopusa/trials/{trial.pk}/"
    page = window.get(address).content.decode()
    assert '<noscript><meta http-equiv="refresh"' in page
    assert "<progress" in page
    bar = window.get(f"{address}progress/")
    assert "HX-Refresh" not in bar
    finish(trial)
    assert window.get(f"{address}progress/")["HX-Refresh"] == "true"
    assert "<progress" not in window.get(address).content.decode()


def test_days_without_requests_say_so(
    kpopusa: Store, draft: PolicyDraft, max_: User, window: Client
) -> None:
    trial = ask(draft, max_)
    finish(trial)
    page = window.get(f"/policies/kpopusa/trials/{trial.pk}/").content.decode()
    assert "No requests on these days" in page


def test_facts_of_a_form_nobody_reads_any_more_are_counted_apart(
    requests_: list[Claim], draft: PolicyDraft, max_: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    real: Callable[..., list[past.PastRow]] = past.chunk

    def chunk(*given: Any) -> list[past.PastRow]:
        rows = real(*given)
        for row in rows[:1]:
            object.__setattr__(row, "facts", {"id": "x", "request": "gone"})
        return rows

    monkeypatch.setattr(past, "chunk", chunk)
    tally = finish(ask(draft, max_))
    assert (tally.seen, tally.unreadable, tally.another_verdict) == (6, 1, 0)
