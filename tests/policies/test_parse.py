"""Facts from outside: strict, and every mistake says what and where."""

from datetime import datetime
from decimal import Decimal

import pytest

from policies.types import Channel, FactsError, facts_from_json, parse_facts

GOOD = {"id": "a", "store": "kpopusa", "request": "defect", "at": "2026-03-05T12:00:00-08:00"}


def test_everything_that_can_be_known_is_read_and_written_back():
    dates = (
        "placed_at",
        "paid_at",
        "shipped_at",
        "delivered_at",
        "last_tracking_at",
        "pickup_confirmed_at",
        "collected_at",
    )
    order = dict.fromkeys(dates, "2026-03-05T12:00:00-08:00") | {
        "channel": "pop_now",
        "shipping_method": "express",
        "country": "CA",
        "currency": "CAD",
        "total": "259.50",
        "member": True,
        "preorder": False,
        "in_stock": True,
    }
    said = {
        "opened": True,
        "package_damaged": False,
        "video_exists": True,
        "receipt": True,
        "remote": False,
        "forfeit_points": True,
        "active_orders": 0,
        "charged_at": "2026-03-05T12:00:00+00:00",
        "review_posted_at": "2026-03-05T12:00:00+09:00",
        "points_earned_at": "2026-03-05T12:00:00-08:00",
        "ip_address": "203.0.113.9",
        "account_email": "민아@example.com",
    }
    data = GOOD | {"order": order, "said": said, "evidence": ["photo", "photo", "receipt"]}

    facts = parse_facts(data)

    assert facts.order.total == Decimal("259.50")
    assert facts.order.channel is Channel.POP_NOW
    assert facts.as_json() == data
    assert facts_from_json(facts.as_json()) == facts


def test_what_is_not_known_is_left_out():
    facts = parse_facts(GOOD | {"order": None, "said": {"opened": None}, "evidence": None})

    assert facts.order is None
    assert facts.said.opened is None
    assert facts == parse_facts(GOOD)


@pytest.mark.parametrize("text", ["2026-03-05T12:00:00Z", "2026-03-05T12:00:00.5+05:30"])
def test_every_offset_of_iso_8601_will_do(text):
    assert parse_facts(GOOD | {"at": text}).at == datetime.fromisoformat(text)


@pytest.mark.parametrize(
    ("change", "path", "says"),
    [
        ({"id": None}, "id", "is missing"),
        ({"id": 5}, "id", "must be a string, not a number"),
        ({"store": ["kpopusa"]}, "store", "must be a string, not a list"),
        ({"request": "refund_me"}, "request", "'refund_me' is not a known request type"),
        ({"reqest": "defect"}, "reqest", "is not a known key"),
        ({"at": "2026-03-05T12:00:00"}, "at", "has no offset"),
        ({"at": "2026-03-05"}, "at", "is not an ISO 8601 date and time"),
        ({"at": "yesterday"}, "at", "is not an ISO 8601 date and time"),
        ({"at": "2026-02-30T12:00:00Z"}, "at", "is not an ISO 8601 date and time"),
        ({"at": 1772740800}, "at", "must be a string, not a number"),
        ({"at": "9999-12-31T23:00:00Z"}, "at", "lies outside the years"),
        ({"at": "0001-01-01T00:00:00+14:00"}, "at", "lies outside the years"),
        ({"order": []}, "order", "must be an object, not a list"),
        ({"order": {"deliverd_at": None}}, "order.deliverd_at", "is not a known key"),
        ({"order": {"placed_at": "2026-03-05T12:00:00"}}, "order.placed_at", "has no offset"),
        ({"order": {"channel": "shop"}}, "order.channel", "is not one of online, store"),
        ({"order": {"shipping_method": "drone"}}, "order.shipping_method", "is not one of"),
        ({"order": {"country": "usa"}}, "order.country", "is not a country code"),
        ({"order": {"currency": "$"}}, "order.currency", "is not a currency code"),
        ({"order": {"total": 199.0}}, "order.total", "must be a string, not a number"),
        ({"order": {"total": "1e3"}}, "order.total", "is not an amount"),
        ({"order": {"total": "-5"}}, "order.total", "is not an amount"),
        ({"order": {"total": "NaN"}}, "order.total", "is not an amount"),
        ({"order": {"member": "yes"}}, "order.member", "must be true or false, not a string"),
        ({"order": {"member": 1}}, "order.member", "must be true or false, not a number"),
        ({"said": {"opend": True}}, "said.opend", "is not a known key"),
        ({"said": {"active_orders": True}}, "said.active_orders", "must be a whole number"),
        ({"said": {"active_orders": 1.0}}, "said.active_orders", "must be a whole number"),
        ({"said": {"active_orders": -1}}, "said.active_orders", "must not be negative"),
        ({"said": {"ip_address": 5}}, "said.ip_address", "must be a string"),
        ({"evidence": "photo"}, "evidence", "must be a list, not a string"),
        ({"evidence": ["photo", "selfie"]}, "evidence[1]", "'selfie' is not one of"),
        ({"evidence": [["photo"]]}, "evidence[0]", "is not one of"),
    ],
)
def test_a_mistake_says_what_and_where(change, path, says):
    with pytest.raises(FactsError) as caught:
        parse_facts(GOOD | change)

    assert caught.value.path == path
    assert says in str(caught.value)
    assert str(caught.value).startswith(path)


@pytest.mark.parametrize("data", [[], "x", None, 5, True])
def test_facts_are_an_object(data):
    with pytest.raises(FactsError, match="must be an object"):
        parse_facts(data)
