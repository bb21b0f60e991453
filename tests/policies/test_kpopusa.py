"""KPOP USA: every rule, and both sides of every edge."""

from datetime import datetime
from zoneinfo import ZoneInfo

import pytest

from tests.policies.asking import ask, told

LA = ZoneInfo("America/Los_Angeles")
DELIVERED = {
    "placed_at": "2026-02-24T12:00:00-08:00",
    "shipped_at": "2026-02-25T12:00:00-08:00",
    "delivered_at": "2026-03-03T18:00:00-08:00",
}
IN_TIME = "2026-03-05T12:00:00-08:00"
LAST_SECOND = "2026-03-10T23:59:59-07:00"
OVER = "2026-03-11T00:00:00-07:00"
CLOSES = datetime(2026, 3, 11, tzinfo=LA)
CLAIMS = ("missing_photocard", "defect", "transit_damage")


def claim(request, at=IN_TIME, evidence=(), order=DELIVERED, **said):
    return ask("kpopusa", request, at, evidence, order, **said)


@pytest.mark.parametrize("request_type", CLAIMS)
def test_the_window_is_open_to_the_last_second_of_the_seventh_day(request_type):
    evidence = ["photo", "photo", "unboxing_video"]
    said = {"opened": False, "package_damaged": True}

    in_time = claim(request_type, LAST_SECOND, evidence, **said)
    late = claim(request_type, OVER, evidence, **said)

    assert in_time.verdict == "accepted"
    assert told(late) == ("refused", "contact-window")
    # The week the clocks change is no shorter: its end is on summer time.
    assert in_time.closes_at == late.closes_at == CLOSES
    assert late.closes_at.isoformat() == "2026-03-11T00:00:00-07:00"
    assert late.outcomes == ()
    assert late.missing == ()


@pytest.mark.parametrize("request_type", CLAIMS)
@pytest.mark.parametrize("order", [None, {}, {"placed_at": "2026-02-24T12:00:00-08:00"}])
def test_a_parcel_without_a_delivery_date_waits(request_type, order):
    decision = claim(request_type, order=order, opened=True, package_damaged=False)

    assert told(decision) == ("wait", "contact-window")
    assert decision.opens_at is None
    assert decision.closes_at is None


def test_autumn_gives_the_window_no_extra_hour():
    order = {"delivered_at": "2026-10-28T10:00:00-07:00"}

    decision = claim("defect", "2026-11-04T23:59:59-08:00", order=order)

    assert decision.closes_at.isoformat() == "2026-11-05T00:00:00-08:00"
    assert decision.verdict == "evidence_needed"


def test_a_pickup_is_delivered_at_the_counter():
    order = {"shipping_method": "pickup", "collected_at": "2026-03-03T18:00:00-08:00"}

    assert claim("defect", LAST_SECOND, ["photo", "photo"], order).verdict == "accepted"
    assert told(claim("defect", OVER, ["photo", "photo"], order)) == ("refused", "contact-window")


def test_nothing_is_written_about_a_purchase_in_the_store():
    order = {"channel": "store", "placed_at": "2026-03-01T12:00:00-08:00"}

    assert told(claim("defect", order=order)) == ("discretionary", "unwritten")


@pytest.mark.parametrize(
    ("said", "evidence", "expected", "missing"),
    [
        ({"opened": True}, ["unboxing_video"], ("accepted", "missing-contents"), ()),
        (
            {"opened": True, "video_exists": False},
            ["unboxing_video"],
            ("accepted", "missing-contents"),
            (),
        ),
        (
            {"opened": True, "video_exists": False},
            ["photo"],
            ("discretionary", "missing-contents.no-evidence"),
            (),
        ),
        (
            {"opened": False, "video_exists": False},
            [],
            ("evidence_needed", "missing-contents"),
            ({"unboxing_video": 1},),
        ),
        (
            {"video_exists": False},
            [],
            ("evidence_needed", "missing-contents"),
            ({"unboxing_video": 1},),
        ),
        (
            {"opened": True, "video_exists": True},
            [],
            ("evidence_needed", "missing-contents"),
            ({"unboxing_video": 1},),
        ),
        (
            {"opened": True},
            ["photo"] * 5,
            ("evidence_needed", "missing-contents"),
            ({"unboxing_video": 1},),
        ),
        ({}, [], ("evidence_needed", "missing-contents"), ({"unboxing_video": 1},)),
    ],
)
def test_missing_contents(said, evidence, expected, missing):
    decision = claim("missing_photocard", evidence=evidence, **said)

    assert told(decision) == expected
    assert decision.missing == missing
    assert decision.outcomes == ("replacement",)
    assert decision.closes_at == CLOSES


@pytest.mark.parametrize(
    ("evidence", "missing"),
    [
        ([], ({"photo": 2}, {"unboxing_video": 1})),
        (["photo"], ({"photo": 1}, {"unboxing_video": 1})),
        (["photo", "receipt"], ({"photo": 1}, {"unboxing_video": 1})),
        (["photo", "photo"], ()),
        (["photo"] * 3, ()),
        (["unboxing_video"], ()),
    ],
)
def test_a_defect_takes_two_photos_or_a_video(evidence, missing):
    decision = claim("defect", evidence=evidence, opened=True)

    assert told(decision) == ("evidence_needed" if missing else "accepted", "defect")
    assert decision.missing == missing
    assert decision.outcomes == ("refund", "replacement")


@pytest.mark.parametrize(
    ("said", "evidence", "expected", "missing"),
    [
        ({"opened": False, "package_damaged": True}, 2, ("accepted", "transit-damage"), ()),
        (
            {"opened": False, "package_damaged": True},
            1,
            ("evidence_needed", "transit-damage"),
            ({"photo": 1},),
        ),
        (
            {"opened": True, "package_damaged": True},
            2,
            ("refused", "transit-damage.sealed"),
            (),
        ),
        ({"opened": True}, 0, ("refused", "transit-damage.sealed"), ()),
        ({"opened": False, "package_damaged": False}, 2, ("refused", "transit-damage"), ()),
        ({"package_damaged": False}, 0, ("refused", "transit-damage"), ()),
        ({}, 0, ("evidence_needed", "transit-damage"), ({"photo": 2},)),
    ],
)
def test_damage_in_transit(said, evidence, expected, missing):
    decision = claim("transit_damage", evidence=["photo"] * evidence, **said)

    assert told(decision) == expected
    assert decision.missing == missing
    assert decision.outcomes == (() if expected[0] == "refused" else ("refund", "replacement"))
    assert decision.closes_at == CLOSES


def test_the_window_comes_before_the_condition_of_the_goods():
    late = claim("transit_damage", OVER, ["photo", "photo"], opened=True)

    assert told(late) == ("refused", "contact-window")


def test_the_video_does_not_replace_the_photos_of_a_damaged_package():
    decision = claim("transit_damage", evidence=["unboxing_video"], package_damaged=True)

    assert decision.missing == ({"photo": 2},)


@pytest.mark.parametrize("request_type", ["cancel_order", "change_address"])
def test_an_order_can_be_changed_until_it_is_shipped(request_type):
    order = {"placed_at": "2026-02-24T12:00:00-08:00", "shipped_at": "2026-02-25T12:00:00-08:00"}

    before = ask("kpopusa", request_type, "2026-02-25T11:59:59-08:00", order=order)
    then = ask("kpopusa", request_type, "2026-02-25T12:00:00-08:00", order=order)

    assert before.verdict == "accepted"
    assert then.verdict == "refused"
    assert before.rule == then.rule
    assert then.outcomes == ()
    assert then.closes_at is None


def test_a_delivered_order_has_left_even_when_nobody_noted_the_shipping():
    order = {"delivered_at": "2026-02-25T12:00:00-08:00"}

    assert ask("kpopusa", "cancel_order", IN_TIME, order=order).verdict == "refused"


def test_a_preorder_is_never_cancelled_but_its_address_may_change():
    order = {"placed_at": "2026-02-24T12:00:00-08:00", "preorder": True}

    assert told(ask("kpopusa", "cancel_order", IN_TIME, order=order)) == ("refused", "cancel")
    changed = ask("kpopusa", "change_address", IN_TIME, order=order)
    assert changed.outcomes == ("address_change",)


@pytest.mark.parametrize("order", [None, DELIVERED])
def test_personal_reasons_are_refused_whatever_the_order(order):
    decision = ask("kpopusa", "change_of_mind", IN_TIME, order=order)

    assert told(decision) == ("refused", "change-of-mind")
    assert decision.closes_at is None


def test_a_pending_charge_clears_in_five_business_days_over_a_holiday():
    # 3 July stands in for the 4th, a Saturday.
    charged = "2026-07-02T12:00:00-07:00"

    waiting = ask("kpopusa", "pending_charge", "2026-07-10T23:59:59-07:00", charged_at=charged)
    over = ask("kpopusa", "pending_charge", "2026-07-11T00:00:00-07:00", charged_at=charged)

    assert told(waiting) == ("wait", "pending-charge")
    assert waiting.opens_at == datetime(2026, 7, 11, tzinfo=LA)
    assert told(over) == ("elsewhere", "pending-charge")
    assert over.opens_at is None


PICKUP = {"placed_at": "2026-05-04T12:00:00-07:00", "shipping_method": "pickup"}
CONFIRMED = PICKUP | {"pickup_confirmed_at": "2026-05-06T15:00:00-07:00"}


@pytest.mark.parametrize(
    ("at", "order", "expected", "closes", "opens"),
    [
        ("2026-05-05T12:00:00-07:00", PICKUP, ("wait", "pickup.prepare"), None, 8),
        ("2026-05-07T23:59:59-07:00", PICKUP, ("wait", "pickup.prepare"), None, 8),
        ("2026-05-08T00:00:00-07:00", PICKUP, ("discretionary", "unwritten"), None, None),
        ("2026-05-06T15:00:00-07:00", CONFIRMED, ("answered", "pickup.reserve"), 27, None),
        ("2026-05-26T23:59:59-07:00", CONFIRMED, ("answered", "pickup.reserve"), 27, None),
        ("2026-05-27T00:00:00-07:00", CONFIRMED, ("refused", "pickup.reserve"), 27, None),
        (
            "2026-06-27T00:00:00-07:00",
            CONFIRMED | {"collected_at": "2026-05-20T15:00:00-07:00"},
            ("answered", "pickup.reserve"),
            27,
            None,
        ),
        (
            "2026-05-05T12:00:00-07:00",
            PICKUP | {"shipping_method": "standard"},
            ("discretionary", "unwritten"),
            None,
            None,
        ),
    ],
)
def test_pickup(at, order, expected, closes, opens):
    decision = ask("kpopusa", "pickup", at, order=order)

    assert told(decision) == expected
    assert decision.closes_at == (closes and datetime(2026, 5, closes, tzinfo=LA))
    assert decision.opens_at == (opens and datetime(2026, 5, opens, tzinfo=LA))
    assert decision.outcomes == ()


def test_a_poster_may_take_two_weeks_over_the_clock_change():
    order = {"shipped_at": "2026-03-01T10:00:00-08:00"}

    waiting = ask("kpopusa", "poster_missing", "2026-03-15T23:59:59-07:00", order=order)
    over = ask("kpopusa", "poster_missing", "2026-03-16T00:00:00-07:00", order=order)

    assert told(waiting) == ("wait", "poster")
    assert waiting.opens_at == datetime(2026, 3, 16, tzinfo=LA)
    assert told(over) == ("accepted", "poster")
    assert over.outcomes == ("investigation",)


@pytest.mark.parametrize("request_type", ["lost_parcel", "tracking_stalled"])
@pytest.mark.parametrize(
    ("method", "day"),
    [
        # Shipped on Monday 18 May; the 25th is Memorial Day.
        ("priority", datetime(2026, 6, 5, tzinfo=LA)),
        ("standard", datetime(2026, 6, 12, tzinfo=LA)),
        (None, datetime(2026, 6, 12, tzinfo=LA)),
    ],
)
def test_an_inquiry_opens_fourteen_days_after_the_estimate(request_type, method, day):
    order = {"shipped_at": "2026-05-18T10:00:00-07:00", "shipping_method": method}

    early = ask("kpopusa", request_type, "2026-06-04T23:59:59-07:00", order=order)
    then = ask("kpopusa", request_type, day.isoformat(), order=order)

    assert told(early) == ("wait", "lost-parcel")
    assert early.opens_at == day
    assert told(then) == ("accepted", "lost-parcel")
    assert then.outcomes == ("investigation",)


@pytest.mark.parametrize("method", ["express", "pickup"])
def test_a_way_of_shipping_without_an_estimate_is_unwritten(method):
    order = {"shipped_at": "2026-05-18T10:00:00-07:00", "shipping_method": method}

    decision = ask("kpopusa", "lost_parcel", IN_TIME, order=order)

    assert told(decision) == ("discretionary", "unwritten")


def test_an_unshipped_preorder_is_told_how_preorders_go():
    order = {"placed_at": "2026-02-24T12:00:00-08:00", "preorder": True}

    assert told(ask("kpopusa", "order_not_shipped", IN_TIME, order=order)) == (
        "answered",
        "preorder",
    )
