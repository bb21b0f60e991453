"""What must hold whatever the facts are."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from policies.calendar import Calendar
from policies.evaluate import decide, explain
from policies.pack import load_builtin_packs
from policies.types import (
    Channel,
    EvidenceKind,
    Facts,
    OrderFacts,
    Request,
    Said,
    ShippingMethod,
    Verdict,
    facts_from_json,
)

PACKS = load_builtin_packs()
ZONES = [ZoneInfo(name) for name in ("America/Los_Angeles", "Asia/Seoul", "America/Havana")]

instants = st.datetimes(
    min_value=datetime(2024, 1, 1), max_value=datetime(2027, 12, 31), timezones=st.just(UTC)
)
maybe = st.none() | instants
flags = st.none() | st.booleans()
orders = st.builds(
    OrderFacts,
    placed_at=maybe,
    paid_at=maybe,
    shipped_at=maybe,
    delivered_at=maybe,
    last_tracking_at=maybe,
    pickup_confirmed_at=maybe,
    collected_at=maybe,
    channel=st.sampled_from(Channel),
    shipping_method=st.none() | st.sampled_from(ShippingMethod),
    country=st.none() | st.sampled_from(["US", "CA", "KR"]),
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
    charged_at=maybe,
    review_posted_at=maybe,
    points_earned_at=maybe,
    ip_address=st.none() | st.just("203.0.113.9"),
    account_email=st.none() | st.just("a@example.com"),
)
kinds = st.lists(st.sampled_from([str(kind) for kind in EvidenceKind]), max_size=6).map(tuple)
requests = st.builds(
    Facts,
    id=st.just("x"),
    store=st.sampled_from(sorted(PACKS)),
    request=st.sampled_from(Request),
    at=instants,
    order=st.none() | orders,
    said=said,
    evidence=kinds,
)
claims = st.sampled_from([Request.MISSING_PHOTOCARD, Request.DEFECT, Request.TRANSIT_DAMAGE])

OPEN = {Verdict.ACCEPTED, Verdict.EVIDENCE_NEEDED, Verdict.DISCRETIONARY}


@given(instants, st.integers(0, 60), st.sampled_from(ZONES))
def test_a_window_has_exactly_its_local_days(start, days, zone):
    calendar = Calendar(zone)

    closes_at = calendar.window_closes(start, days)

    last = (closes_at.astimezone(UTC) - timedelta(microseconds=1)).astimezone(zone).date()
    assert last == start.astimezone(zone).date() + timedelta(days=days)
    assert closes_at.astimezone(zone).date() == last + timedelta(days=1)
    assert closes_at > start


@given(instants, st.integers(1, 40), st.sampled_from(sorted(PACKS)))
def test_business_days_pass_one_by_one(start, days, store):
    calendar = PACKS[store].calendar

    day = calendar.business_days_after(start, days)

    assert calendar.is_business_day(day)
    counted = calendar.local_date(start)
    passed = 0
    while counted < day:
        counted += timedelta(days=1)
        passed += calendar.is_business_day(counted)
    assert passed == days


@settings(max_examples=600, deadline=None)
@given(requests)
def test_every_decision_keeps_the_contract(facts):
    pack = PACKS[facts.store]

    decision = decide(pack, facts)

    assert decision.rule in pack.rules
    assert decision.id == facts.id
    assert (decision.verdict == Verdict.EVIDENCE_NEEDED) == bool(decision.missing)
    assert all(count > 0 for need in decision.missing for count in need.values())
    assert list(decision.outcomes) == sorted(decision.outcomes)
    if decision.verdict not in OPEN or decision.rule == pack.unwritten:
        assert decision.outcomes == ()
    elif decision.verdict == Verdict.ACCEPTED:
        assert decision.outcomes
    if decision.verdict != Verdict.WAIT:
        assert decision.opens_at is None
    elif decision.opens_at is not None:
        assert decision.opens_at > facts.at
    if facts.request not in (*pack.claim_requests, Request.PICKUP):
        assert decision.closes_at is None
    if decision.closes_at is not None:
        known = [facts.order.delivered_at, facts.order.collected_at]
        known += [facts.order.placed_at, facts.order.pickup_confirmed_at]
        assert decision.closes_at > min(moment for moment in known if moment is not None)
        assert decision.closes_at.tzinfo is pack.zone


@settings(max_examples=300, deadline=None)
@given(requests)
def test_every_decision_can_be_said_and_written(facts):
    pack = PACKS[facts.store]
    decision = decide(pack, facts)

    told = explain(pack, facts, decision, zone=ZoneInfo("Europe/Vienna"))

    assert told
    assert not any("{" in sentence or "None" in sentence for sentence in told)
    assert facts_from_json(facts.as_json()) == facts


@settings(max_examples=400, deadline=None)
@given(requests, claims, st.integers(0, 60 * 24 * 60))
def test_a_later_claim_never_fares_better(facts, request, minutes):
    first = Facts(facts.id, facts.store, request, facts.at, facts.order, facts.said, facts.evidence)
    later = Facts(
        facts.id,
        facts.store,
        request,
        facts.at + timedelta(minutes=minutes),
        facts.order,
        facts.said,
        facts.evidence,
    )
    pack = PACKS[facts.store]

    before, after = decide(pack, first), decide(pack, later)

    assert before.closes_at == after.closes_at
    if before.verdict == Verdict.REFUSED:
        assert after.verdict == Verdict.REFUSED
    if after.verdict in OPEN:
        assert after.verdict == before.verdict
        assert after.missing == before.missing


@settings(max_examples=300, deadline=None)
@given(requests, st.sampled_from([str(kind) for kind in EvidenceKind]))
def test_more_evidence_never_harms(facts, kind):
    pack = PACKS[facts.store]
    more = Facts(
        facts.id,
        facts.store,
        facts.request,
        facts.at,
        facts.order,
        facts.said,
        (*facts.evidence, kind),
    )
    rank = {Verdict.ACCEPTED: 0, Verdict.EVIDENCE_NEEDED: 1, Verdict.DISCRETIONARY: 1}

    before, after = decide(pack, facts), decide(pack, more)

    assert rank.get(after.verdict, 2) <= rank.get(before.verdict, 2)


@settings(max_examples=300, deadline=None)
@given(requests, orders, said)
def test_only_the_facts_that_a_request_names_can_change_it(facts, other_order, other_said):
    """What `request_facts` leaves out is asked of nobody, so it must not matter."""
    pack = PACKS[facts.store]
    names = set(pack.request_facts(facts.request))
    order = facts.order or OrderFacts()
    kept = {
        name: getattr(order if name in names else other_order, name)
        for name in OrderFacts.__slots__
    }
    told = {
        name: getattr(facts.said if name in names else other_said, name) for name in Said.__slots__
    }
    changed = Facts(
        facts.id,
        facts.store,
        facts.request,
        facts.at,
        OrderFacts(**kept),
        Said(**told),
        facts.evidence,
    )

    assert decide(pack, changed) == decide(pack, facts)


def test_facts_of_another_store_are_not_decided():
    facts = Facts("x", "kpop2", Request.DEFECT, datetime(2026, 3, 5, tzinfo=UTC))

    with pytest.raises(ValueError, match="kpop2"):
        decide(PACKS["kpopusa"], facts)
