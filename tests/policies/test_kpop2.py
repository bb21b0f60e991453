"""KPOP2: every rule, and both sides of every edge."""

from datetime import datetime
from zoneinfo import ZoneInfo

import pytest

from tests.policies.asking import ask, told

SEOUL = ZoneInfo("Asia/Seoul")
NOW = "2026-04-25T12:00:00+09:00"
DELIVERED = {
    "placed_at": "2026-04-06T12:00:00+09:00",
    "shipped_at": "2026-04-08T12:00:00+09:00",
    "delivered_at": "2026-04-20T12:00:00+09:00",
}


@pytest.mark.parametrize(
    "request_type",
    [
        "missing_photocard",
        "defect",
        "transit_damage",
        "cancel_order",
        "change_address",
        "change_of_mind",
        "pickup",
        "poster_missing",
    ],
)
def test_most_things_are_unwritten_and_promise_nothing(request_type):
    decision = ask("kpop2", request_type, NOW, ["unboxing_video"], DELIVERED, opened=True)

    assert told(decision) == ("discretionary", "unwritten")
    assert decision.closes_at is None
    assert decision.outcomes == ()


@pytest.mark.parametrize("in_stock", [None, True, False])
def test_an_order_is_checked_once_the_third_business_day_is_over(in_stock):
    # Monday; the third business day after it is Thursday.
    order = {"placed_at": "2026-04-06T12:00:00+09:00", "in_stock": in_stock}

    waiting = ask("kpop2", "order_not_shipped", "2026-04-09T23:59:59+09:00", order=order)
    over = ask("kpop2", "order_not_shipped", "2026-04-09T15:00:00+00:00", order=order)

    assert told(waiting) == ("wait", "processing")
    assert waiting.opens_at == datetime(2026, 4, 10, tzinfo=SEOUL)
    assert told(over) == ("accepted", "processing")
    assert over.outcomes == ("staff_check",)


def test_a_holiday_of_the_store_is_no_business_day():
    # Monday 4 May; Tuesday is Children's Day.
    order = {"placed_at": "2026-05-04T12:00:00+09:00"}

    decision = ask("kpop2", "order_not_shipped", "2026-05-05T12:00:00+09:00", order=order)

    assert decision.opens_at == datetime(2026, 5, 9, tzinfo=SEOUL)


def test_the_day_of_the_order_is_seouls_not_the_customers():
    # Sunday evening in New York is Monday in Seoul.
    order = {"placed_at": "2026-04-05T20:00:00-04:00"}

    decision = ask("kpop2", "order_not_shipped", "2026-04-06T12:00:00+09:00", order=order)

    assert decision.opens_at == datetime(2026, 4, 10, tzinfo=SEOUL)


def test_a_preorder_follows_its_own_date():
    order = {"placed_at": "2026-04-06T12:00:00+09:00", "preorder": True}

    for request_type in ("order_not_shipped", "preorder"):
        decision = ask("kpop2", request_type, NOW, order=order)
        assert told(decision) == ("wait", "processing.preorder")
        assert decision.opens_at is None


def test_an_order_on_its_way_is_told_how_to_track_it():
    assert told(ask("kpop2", "order_not_shipped", NOW, order=DELIVERED)) == (
        "answered",
        "tracking",
    )


@pytest.mark.parametrize("request_type", ["lost_parcel", "tracking_stalled"])
@pytest.mark.parametrize(
    ("method", "opens"),
    [
        # Shipped on Monday 6 July; Constitution Day, the 17th, is decided by the calendar.
        ("express", datetime(2026, 7, 14, tzinfo=SEOUL)),
    ],
)
def test_a_parcel_is_looked_for_once_its_estimate_is_over(request_type, method, opens):
    order = {"shipped_at": "2026-07-06T12:00:00+09:00", "shipping_method": method}

    waiting = ask("kpop2", request_type, "2026-07-13T23:59:59+09:00", order=order)
    over = ask("kpop2", request_type, opens.isoformat(), order=order)

    assert told(waiting) == ("wait", "lost-parcel")
    assert waiting.opens_at == opens
    assert told(over) == ("accepted", "lost-parcel")
    assert over.outcomes == ("investigation",)
    assert over.closes_at is None


@pytest.mark.parametrize("method", [None, "standard"])
def test_the_slower_estimate_holds_when_the_way_is_not_known(method):
    # Wednesday 8 April; fourteen business days later is the 28th.
    order = {"shipped_at": "2026-04-08T12:00:00+09:00", "shipping_method": method}

    decision = ask("kpop2", "lost_parcel", NOW, order=order)

    assert decision.opens_at == datetime(2026, 4, 29, tzinfo=SEOUL)


def test_priority_is_not_a_way_that_this_store_ships():
    order = {"shipped_at": "2026-04-08T12:00:00+09:00", "shipping_method": "priority"}

    assert told(ask("kpop2", "lost_parcel", NOW, order=order)) == ("discretionary", "unwritten")


def test_customs_ask_for_their_fees_themselves():
    decision = ask("kpop2", "customs", NOW, order=DELIVERED)

    assert told(decision) == ("elsewhere", "customs")
    assert decision.outcomes == ()
