"""What must hold whatever the facts are."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo, available_timezones

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from policies.calendar import Calendar
from policies.evaluate import decide, explain
from policies.floors import RANK
from policies.pack import Pack, load_builtin_packs
from policies.types import (
    Channel,
    Decision,
    EvidenceKind,
    Facts,
    OrderFacts,
    Request,
    Said,
    ShippingMethod,
    Verdict,
    facts_from_json,
)
from tests.policies.switching import with_floors

PACKS = load_builtin_packs()
LAWS = {store: with_floors(store) for store in PACKS}
BOTH = {"rules": PACKS, "laws": LAWS}
AREAS = ("Africa", "America", "Asia", "Atlantic", "Australia", "Europe", "Pacific")
ZONES = sorted(name for name in available_timezones() if name.split("/")[0] in AREAS)
HAVANA = "America/Havana"  # its clocks change at midnight itself
LORD_HOWE = "Australia/Lord_Howe"  # by half an hour

zones = st.sampled_from(["America/Los_Angeles", "Asia/Seoul", HAVANA, LORD_HOWE]) | st.sampled_from(
    ZONES
)
instants = st.datetimes(
    min_value=datetime(2024, 1, 1), max_value=datetime(2027, 12, 31), timezones=st.just(UTC)
)
flags = st.none() | st.booleans()
ORDER_DATES = tuple(name for name in OrderFacts.__slots__ if name.endswith("_at"))
SAID_DATES = tuple(name for name in Said.__slots__ if name.endswith("_at"))
# Minutes from the request: mostly the last days and months, where every window and wait ends.
near = st.none() | st.integers(-20 * 1440, 1440) | st.integers(-150 * 1440, 40 * 1440)
order_dates = st.none() | st.tuples(*(near for _ in ORDER_DATES))
said_dates = st.tuples(*(near for _ in SAID_DATES))
orders = st.builds(
    OrderFacts,
    channel=st.sampled_from(Channel),
    shipping_method=st.none() | st.sampled_from(ShippingMethod),
    country=st.sampled_from(["KR", "KR", "US", "CA", None]),
    currency=st.none() | st.sampled_from(["USD", "CAD"]),
    total=st.none() | st.decimals(0, 500, places=2),
    member=flags,
    preorder=flags,
    in_stock=flags,
)
said = st.builds(
    Said,
    opened=flags,
    package_damaged=flags,
    video_exists=flags,
    receipt=flags,
    remote=flags,
    forfeit_points=flags,
    active_orders=st.none() | st.integers(0, 3),
    ip_address=st.none() | st.just("203.0.113.9"),
    account_email=st.none() | st.just("a@example.com"),
)
kinds = st.lists(st.sampled_from([str(kind) for kind in EvidenceKind]), max_size=6).map(tuple)
claims = st.sampled_from([Request.MISSING_PHOTOCARD, Request.DEFECT, Request.TRANSIT_DAMAGE])


def dated(at: datetime, names: tuple[str, ...], minutes: tuple[int | None, ...]) -> dict[str, Any]:
    """Return the dates by name, so many minutes from the request."""
    return {
        name: at + timedelta(minutes=away)
        for name, away in zip(names, minutes, strict=True)
        if away is not None
    }


def made(
    store: str,
    request: Request,
    at: datetime,
    order: OrderFacts,
    ordered: tuple[int | None, ...] | None,
    declared: Said,
    told: tuple[int | None, ...],
    evidence: tuple[str, ...],
) -> Facts:
    """Return facts whose dates lie around the request; without any order's there is none."""
    return Facts(
        "x",
        store,
        request,
        at,
        None if ordered is None else replace(order, **dated(at, ORDER_DATES, ordered)),
        replace(declared, **dated(at, SAID_DATES, told)),
        evidence,
    )


def asking(request: st.SearchStrategy[Request]) -> st.SearchStrategy[Facts]:
    """Return facts of these types of request."""
    stores = st.sampled_from(sorted(PACKS))
    return st.builds(made, stores, request, instants, orders, order_dates, said, said_dates, kinds)


def in_korea(facts: Facts) -> Facts:
    """Return a request about an order that has reached Korea."""
    order = facts.order or OrderFacts()
    delivered_at = order.delivered_at or facts.at - timedelta(days=20)
    return replace(facts, order=replace(order, country="KR", delivered_at=delivered_at))


anything = asking(st.sampled_from(Request))
claimed = asking(claims)
whose = st.sampled_from(sorted(BOTH))

OPEN = {Verdict.ACCEPTED, Verdict.EVIDENCE_NEEDED, Verdict.DISCRETIONARY}


# Time ------------------------------------------------------------------------------------


@given(instants, st.integers(0, 60), zones)
def test_a_window_has_exactly_its_local_days(start: datetime, days: int, name: str) -> None:
    calendar = Calendar(ZoneInfo(name))

    closes_at = calendar.window_closes(start, days)

    _closes_after(calendar, closes_at, calendar.local_date(start) + timedelta(days=days))
    assert closes_at > start
    assert calendar.days_left(start, closes_at) == days


def _closes_after(calendar: Calendar, closes_at: datetime, last: Any) -> None:
    """The last instant is of the last day, and the next one of the day after."""
    before = closes_at.astimezone(UTC) - timedelta(microseconds=1)
    assert calendar.local_date(before) == last
    assert calendar.local_date(closes_at) == last + timedelta(days=1)


@given(instants, st.integers(0, 60), st.integers(0, 60 * 1440), zones)
def test_no_change_of_the_clocks_makes_a_window_shorter(
    start: datetime, days: int, minutes: int, name: str
) -> None:
    """Who is delivered to later has no less time, and a day more is never less than none."""
    calendar = Calendar(ZoneInfo(name))
    closes_at = calendar.window_closes(start, days)

    assert calendar.window_closes(start + timedelta(minutes=minutes), days) >= closes_at
    assert calendar.window_closes(start, days + 1) > closes_at
    # The day of the start is on top: even with an hour lost, the full days are there.
    assert closes_at - start > timedelta(days=days) - timedelta(hours=2)


@given(instants, st.integers(1, 24), zones)
def test_a_window_of_months_has_exactly_its_calendar_months(
    start: datetime, months: int, name: str
) -> None:
    calendar = Calendar(ZoneInfo(name))
    first = calendar.local_date(start)

    closes_at = calendar.months_close(start, months)

    last = calendar.local_date(closes_at) - timedelta(days=1)
    _closes_after(calendar, closes_at, last)
    assert (last.year * 12 + last.month) - (first.year * 12 + first.month) == months
    shortened = (last + timedelta(days=1)).day == 1  # a month without such a day
    assert last.day == first.day or (shortened and last.day < first.day)
    assert calendar.months_close(start, months + 1) > closes_at


@given(instants, st.integers(1, 40), st.sampled_from(sorted(PACKS)))
def test_business_days_pass_one_by_one(start: datetime, days: int, store: str) -> None:
    calendar = PACKS[store].calendar

    day = calendar.business_days_after(start, days)

    assert calendar.is_business_day(day)
    counted = calendar.local_date(start)
    passed = 0
    while counted < day:
        counted += timedelta(days=1)
        passed += calendar.is_business_day(counted)
    assert passed == days


# Decisions -------------------------------------------------------------------------------


@settings(max_examples=200, deadline=None)
@given(anything, whose)
def test_every_decision_keeps_the_contract(facts: Facts, by: str) -> None:
    pack = BOTH[by][facts.store]

    decision = decide(pack, facts)

    assert decision.rule in pack.rules
    assert decision.id == facts.id
    assert all(count > 0 for need in decision.missing for count in need.values())
    assert list(decision.outcomes) == sorted(decision.outcomes)
    if not decision.floor:
        assert (decision.verdict == Verdict.EVIDENCE_NEEDED) == bool(decision.missing)
    elif decision.missing:  # the law lets it go on without, and it would still help
        assert decision.verdict == Verdict.DISCRETIONARY
    if decision.verdict not in OPEN or decision.rule == pack.unwritten:
        assert decision.outcomes == ()
    elif decision.verdict == Verdict.ACCEPTED:
        assert decision.outcomes
    _dates_fit(pack, facts, decision)


def _dates_fit(pack: Pack, facts: Facts, decision: Decision) -> None:
    if decision.verdict != Verdict.WAIT:
        assert decision.opens_at is None
    elif decision.opens_at is not None:
        assert decision.opens_at > facts.at
    if facts.request not in (*pack.claim_requests, Request.PICKUP):
        assert decision.closes_at is None
    if decision.closes_at is None:
        return
    assert decision.closes_at.tzinfo is pack.zone
    assert facts.order is not None
    order = facts.order
    if facts.request is Request.PICKUP:
        begun = order.pickup_confirmed_at
    elif facts.store == "popmart" and order.channel is Channel.STORE:
        begun = order.placed_at  # bought and received at once
    else:
        begun = order.delivered_at or order.collected_at
    assert begun is not None
    assert decision.closes_at > begun


@settings(max_examples=80, deadline=None)
@given(anything, whose, st.sampled_from(["en", "ko"]))
def test_every_decision_can_be_said_and_written(facts: Facts, by: str, locale: str) -> None:
    pack = BOTH[by][facts.store]
    decision = decide(pack, facts)

    told = explain(pack, facts, decision, locale=locale, zone=ZoneInfo("Europe/Vienna"))

    assert told
    assert not any("{" in sentence or "None" in sentence for sentence in told)
    assert (told[-1] == pack.phrase("floor.advice", locale)) == bool(decision.floor)
    assert facts_from_json(facts.as_json()) == facts


@settings(max_examples=150, deadline=None)
@given(claimed, st.integers(0, 130 * 1440), whose)
def test_a_later_claim_never_fares_better(facts: Facts, minutes: int, by: str) -> None:
    pack = BOTH[by][facts.store]

    before = decide(pack, facts)
    after = decide(pack, replace(facts, at=facts.at + timedelta(minutes=minutes)))

    assert before.closes_at == after.closes_at
    assert RANK[after.verdict] >= RANK[before.verdict]
    if after.verdict in OPEN:
        assert (after.verdict, after.missing) == (before.verdict, before.missing)


@settings(max_examples=80, deadline=None)
@given(anything, st.sampled_from([str(kind) for kind in EvidenceKind]), whose)
def test_more_evidence_never_harms(facts: Facts, kind: str, by: str) -> None:
    pack = BOTH[by][facts.store]

    before = decide(pack, facts)
    after = decide(pack, replace(facts, evidence=(*facts.evidence, kind)))

    assert RANK[after.verdict] <= RANK[before.verdict]


@settings(max_examples=150, deadline=None)
@given(anything, whose)
def test_who_waits_until_then_waits_no_longer(facts: Facts, by: str) -> None:
    pack = BOTH[by][facts.store]
    decision = decide(pack, facts)
    if decision.opens_at is None:
        return

    assert decision.verdict is Verdict.WAIT
    assert decision.opens_at > facts.at
    assert decide(pack, replace(facts, at=decision.opens_at)).verdict is not Verdict.WAIT
    just_before = replace(facts, at=decision.opens_at - timedelta(microseconds=1))
    assert decide(pack, just_before).verdict is not Verdict.ACCEPTED


@settings(max_examples=200, deadline=None)
@given(claimed.map(in_korea) | anything)
def test_no_law_makes_an_answer_worse(facts: Facts) -> None:
    rule, law = decide(PACKS[facts.store], facts), decide(LAWS[facts.store], facts)

    assert RANK[law.verdict] <= RANK[rule.verdict]
    assert set(rule.outcomes) <= set(law.outcomes)
    if rule.closes_at is not None:
        assert law.closes_at is not None
        assert law.closes_at >= rule.closes_at
    if law.floor:
        assert law != rule
        assert facts.order is not None
        assert facts.order.country == "KR"
        assert LAWS[facts.store].floors[law.floor].on
    else:
        assert law == rule


@settings(max_examples=80, deadline=None)
@given(anything, anything, whose)
def test_only_the_facts_that_a_request_names_can_change_it(
    facts: Facts, other: Facts, by: str
) -> None:
    """What `request_facts` leaves out is asked of nobody, so it must not matter."""
    pack = BOTH[by][facts.store]
    names = set(pack.request_facts(facts.request))
    order, others = facts.order or OrderFacts(), other.order or OrderFacts()
    kept = {
        name: getattr(order if name in names else others, name) for name in OrderFacts.__slots__
    }
    told = {
        name: getattr(facts.said if name in names else other.said, name) for name in Said.__slots__
    }
    changed = replace(facts, order=OrderFacts(**kept), said=Said(**told))

    assert decide(pack, changed) == decide(pack, facts)


def test_facts_of_another_store_are_not_decided() -> None:
    facts = Facts("x", "kpop2", Request.DEFECT, datetime(2026, 3, 5, tzinfo=UTC))

    with pytest.raises(ValueError, match="kpop2"):
        decide(PACKS["kpopusa"], facts)
