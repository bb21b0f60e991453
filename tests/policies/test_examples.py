"""The worked examples, and every request type at every store."""

import json
from pathlib import Path

import pytest

from policies.evaluate import decide, explain
from policies.pack import load_builtin_packs
from policies.types import Request, Verdict, facts_from_json, parse_facts
from tests.policies.asking import ask

EXAMPLES = [
    json.loads(line)
    for line in (Path(__file__).parent / "examples.jsonl").read_text("utf-8").splitlines()
]
STORES = ("kpopusa", "kpop2", "popmart")
NOW = "2026-08-03T12:00:00-07:00"

# What a bare question, without an order or anything said, comes to. All the rest is unwritten.
BARE = {
    "kpopusa": {
        "missing_photocard": ("wait", "contact-window"),
        "defect": ("wait", "contact-window"),
        "transit_damage": ("wait", "contact-window"),
        "lost_parcel": ("wait", "lost-parcel"),
        "tracking_stalled": ("wait", "lost-parcel"),
        "poster_missing": ("wait", "poster"),
        "shipping_time": ("answered", "shipping-estimate"),
        "cancel_order": ("accepted", "cancel"),
        "change_address": ("accepted", "change-address"),
        "change_of_mind": ("refused", "change-of-mind"),
        "pickup": ("wait", "pickup.prepare"),
        "preorder": ("answered", "preorder"),
        "preorder_benefits": ("answered", "preorder.benefits"),
        "pending_charge": ("wait", "pending-charge"),
        "gift_card": ("elsewhere", "gift-card"),
        "restock": ("answered", "restock"),
        "charts": ("answered", "charts"),
        "membership": ("answered", "membership"),
    },
    "kpop2": {
        "lost_parcel": ("wait", "lost-parcel"),
        "tracking_stalled": ("wait", "lost-parcel"),
        "order_not_shipped": ("wait", "processing"),
        "shipping_time": ("answered", "shipping-estimate"),
        "preorder": ("wait", "processing.preorder"),
        "customs": ("elsewhere", "customs"),
        "carrier_contact": ("answered", "tracking"),
    },
    "popmart": {
        "missing_photocard": ("wait", "defect"),
        "defect": ("wait", "defect"),
        "lost_parcel": ("wait", "tracking-stalled"),
        "tracking_stalled": ("wait", "tracking-stalled"),
        "shipping_time": ("answered", "track"),
        "cancel_order": ("discretionary", "cancel"),
        "change_address": ("accepted", "change-address"),
        "change_of_mind": ("refused", "change-of-mind"),
        "preorder": ("wait", "preorder"),
        "restock": ("answered", "restock"),
        "membership": ("answered", "membership"),
        "free_shipping": ("answered", "free-shipping"),
        "points": ("answered", "points"),
        "points_expired": ("refused", "points.validity"),
        "review_points": ("wait", "review-points"),
        "delete_account": ("evidence_needed", "delete-account"),
        "account_details": ("answered", "account-details"),
        "pop_now_return": ("refused", "pop-now.opened"),
        "blind_box": ("answered", "blind-box"),
        "authenticity": ("answered", "authenticity"),
        "payment_methods": ("answered", "payment-methods"),
        "carrier_contact": ("answered", "carrier-contact"),
        "page_error": ("evidence_needed", "page-error"),
    },
}


@pytest.mark.parametrize("example", EXAMPLES, ids=lambda example: example["facts"]["id"])
def test_a_worked_example_comes_out_as_written(example):
    facts = parse_facts(example["facts"])

    decision = decide(load_builtin_packs()[facts.store], facts)

    assert decision.as_json() == example["decision"]
    assert facts_from_json(facts.as_json()) == facts


@pytest.mark.parametrize("store", STORES)
@pytest.mark.parametrize("request_type", list(Request))
def test_a_bare_question_is_settled_by_the_rule_that_speaks_of_it(store, request_type):
    decision = ask(store, request_type, NOW)

    verdict, rule = BARE[store].get(request_type, ("discretionary", "unwritten"))
    assert (decision.verdict, decision.rule) == (verdict, f"{store}.{rule}")
    assert decision.closes_at is None
    assert decision.opens_at is None


@pytest.mark.parametrize("request_type", list(Request))
def test_a_distributor_handles_everything_that_it_sold(request_type):
    order = {
        "channel": "distributor",
        "placed_at": "2024-03-01T12:00:00-08:00",
        "delivered_at": "2024-03-05T12:00:00-08:00",
    }

    decision = ask("popmart", request_type, NOW, order=order)

    assert (decision.verdict, decision.rule) == ("elsewhere", "popmart.distributor")
    assert decision.closes_at is None
    assert decision.outcomes == ()


@pytest.mark.parametrize("store", STORES)
@pytest.mark.parametrize("request_type", list(Request))
def test_every_answer_is_a_sentence_without_an_id_or_a_placeholder(store, request_type):
    pack = load_builtin_packs()[store]
    facts = parse_facts({"id": "x", "store": store, "request": request_type, "at": NOW})

    told = explain(pack, facts, decide(pack, facts))

    assert told
    for sentence in told:
        assert "{" not in sentence
        assert "None" not in sentence
        assert not any(rule in sentence for rule in pack.rules)


def test_every_verdict_can_come_out():
    met = {verdict for table in BARE.values() for verdict, _ in table.values()}
    assert met | {"discretionary"} == set(Verdict)
