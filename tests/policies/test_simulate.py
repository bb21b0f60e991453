"""A draft against past requests: pure, by the same facts, in constant memory."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from policies.compare import compare
from policies.pack import PACKS, Pack, load_builtin_packs, load_pack
from policies.simulate import Past, Replayed, Tally, reasons_for, replay

NOW = datetime(2026, 3, 5, 20, tzinfo=UTC)
PACK = load_builtin_packs()["kpopusa"]
SOURCE = (PACKS / "kpopusa.yaml").read_text("utf-8")
TEN = load_pack(SOURCE.replace("figures: {days: 7}", "figures: {days: 10}", 1), "ten")


def past(days: int, *, files: int = 2, amount: str | None = "30.00", key: int = 1) -> Past:
    """A defect, told some days after delivery."""
    delivered = NOW - timedelta(days=days)
    facts: dict[str, Any] = {
        "id": f"claim-{key}",
        "store": "kpopusa",
        "request": "defect",
        "at": NOW.isoformat(),
        "order": {"placed_at": delivered.isoformat(), "delivered_at": delivered.isoformat()},
        "evidence": ["photo"] * files,
    }
    money = None if amount is None else Decimal(amount)
    return Past(key, facts, PACK, money, "USD" if amount else "")


def tally_of(*requests: Past, draft: Pack = TEN) -> Tally:
    tally = Tally()
    for found in replay(requests, draft):
        tally.add(found)
    return tally


def test_a_window_that_grows_turns_refusals_around_and_costs_refunds() -> None:
    tally = tally_of(past(3), past(9), past(9, files=1), past(12))
    assert tally.matrix == {
        "accepted>accepted": 1,
        "refused>accepted": 1,
        "refused>evidence_needed": 1,
        "refused>refused": 1,
    }
    assert tally.another_verdict == 2
    assert tally.other_details == 2  # the same verdict, until another day
    money = tally.money["USD"]
    assert (money.before, money.after) == (Decimal(30), Decimal(60))
    assert (money.count_before, money.count_after) == (1, 2)
    assert tally.rules == {
        "kpopusa.contact-window>kpopusa.defect": 2,
    }


def test_the_same_pack_changes_nothing() -> None:
    tally = tally_of(past(3), past(9), past(12), draft=PACK)
    assert (tally.another_verdict, tally.other_outcomes, tally.other_details) == (0, 0, 0)
    assert tally.money["USD"].before == tally.money["USD"].after


def test_a_refund_that_is_taken_away_is_told_though_the_verdict_stays() -> None:
    text = SOURCE.replace("outcomes: [replacement, refund]", "outcomes: [replacement]", 1)
    tally = tally_of(past(3), draft=load_pack(text, "no refund"))
    assert (tally.another_verdict, tally.other_outcomes) == (0, 1)
    assert (tally.money["USD"].before, tally.money["USD"].after) == (Decimal(30), Decimal(0))


def test_a_request_without_an_amount_is_counted_and_not_guessed() -> None:
    tally = tally_of(past(3, amount=None))
    assert tally.without_amount == 1
    assert tally.money == {}


@pytest.mark.parametrize("facts", [{}, {"id": 1}, {"id": "x", "store": "popmart"}])
def test_facts_that_cannot_be_read_hold_nothing_up(facts: dict[str, Any]) -> None:
    good = past(3)
    strange = replace(good, facts={**(good.facts if "store" in facts else {}), **facts})
    tally = tally_of(strange, good)
    assert (tally.seen, tally.unreadable) == (2, 1)
    assert sum(tally.matrix.values()) == 1


def test_it_takes_one_request_at_a_time() -> None:
    taken = 0

    def stream() -> Iterator[Past]:
        nonlocal taken
        while True:
            taken += 1
            yield past(3)

    found = replay(stream(), TEN)
    for count in (1, 2, 3):
        assert isinstance(next(found), Replayed)
        assert taken == count


def test_why_names_the_figure_that_changed_and_nothing_else() -> None:
    text = SOURCE.replace("figures: {days: 7}", "figures: {days: 10}", 1)
    text = text.replace("figures: {days: 14}", "figures: {days: 21}", 1)  # posters
    draft = load_pack(text, "draft")
    (found,) = replay([past(9)], draft)
    assert found.before is not None
    assert found.after is not None
    changes = compare(PACK, draft)
    assert len(changes) == 2
    (why,) = reasons_for(changes, "defect", found.before, found.after, (PACK, draft))
    assert (why.subject, why.name, why.before, why.after) == (
        "kpopusa.contact-window",
        "days",
        7,
        10,
    )


@given(st.lists(st.tuples(st.integers(0, 14), st.integers(0, 3)), max_size=12), st.integers(0, 12))
def test_sums_are_the_same_wherever_a_worker_stopped(
    requests: list[tuple[int, int]], cut: int
) -> None:
    asked = [past(days, files=files, key=n) for n, (days, files) in enumerate(requests)]
    whole = tally_of(*asked)
    first = tally_of(*asked[:cut])
    # What the row keeps between two chunks is JSON.
    rest = Tally.from_json(json.loads(json.dumps(first.as_json())))
    for found in replay(asked[cut:], TEN):
        rest.add(found)
    assert rest.as_json() == whole.as_json()
    assert whole.seen == len(asked) == sum(whole.matrix.values())
