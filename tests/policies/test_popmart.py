"""POP MART: every rule, and both sides of every edge."""

from datetime import datetime
from zoneinfo import ZoneInfo

import pytest

from tests.policies.asking import ask, told

LA = ZoneInfo("America/Los_Angeles")
NOW = "2026-08-03T12:00:00-07:00"
ONLINE = {
    "placed_at": "2026-02-20T12:00:00-08:00",
    "delivered_at": "2026-03-01T12:00:00-08:00",
}
IN_STORE = {"placed_at": "2026-02-10T16:00:00-08:00", "channel": "store"}
STORE_TIME = "2026-02-25T21:00:00-08:00"


def popmart(request, at=NOW, evidence=(), order=None, **said):
    return ask("popmart", request, at, evidence, order, **said)


@pytest.mark.parametrize("request_type", ["defect", "missing_photocard"])
@pytest.mark.parametrize("channel", ["online", "pop_now"])
def test_an_online_purchase_has_fifteen_days_from_delivery(request_type, channel):
    order = ONLINE | {"channel": channel}

    in_time = popmart(request_type, "2026-03-16T23:59:59-07:00", ["photo"], order)
    late = popmart(request_type, "2026-03-17T00:00:00-07:00", ["photo"], order)

    assert told(in_time) == ("accepted", "defect")
    assert in_time.outcomes == ("replacement", "return")
    assert told(late) == ("refused", "defect")
    assert in_time.closes_at == late.closes_at == datetime(2026, 3, 17, tzinfo=LA)


@pytest.mark.parametrize(
    ("evidence", "missing"),
    [
        ([], ({"photo": 1}, {"unboxing_video": 1})),
        (["receipt"], ({"photo": 1}, {"unboxing_video": 1})),
        (["photo"], ()),
        (["unboxing_video"], ()),
    ],
)
def test_an_online_defect_takes_a_photo_or_a_video(evidence, missing):
    decision = popmart("defect", "2026-03-05T12:00:00-08:00", evidence, ONLINE)

    assert told(decision) == ("evidence_needed" if missing else "accepted", "defect")
    assert decision.missing == missing


def test_an_online_purchase_without_a_delivery_waits():
    order = {"placed_at": "2026-02-20T12:00:00-08:00"}

    decision = popmart("defect", order=order, receipt=False, remote=True)

    assert told(decision) == ("wait", "defect")
    assert decision.opens_at is None


@pytest.mark.parametrize(
    ("at", "said", "evidence", "expected", "missing"),
    [
        (STORE_TIME, {"receipt": True}, ["receipt"], ("accepted", "defect.in-store"), ()),
        (
            "2026-02-25T23:59:59-08:00",
            {},
            ["receipt"],
            ("accepted", "defect.in-store"),
            (),
        ),
        (
            "2026-02-26T00:00:00-08:00",
            {"receipt": True},
            ["receipt"],
            ("refused", "defect.in-store"),
            (),
        ),
        (
            "2026-02-26T00:00:00-08:00",
            {"receipt": False},
            [],
            ("refused", "defect.in-store"),
            (),
        ),
        (STORE_TIME, {"receipt": False}, [], ("refused", "defect.no-receipt"), ()),
        (STORE_TIME, {"receipt": False}, ["receipt"], ("accepted", "defect.in-store"), ()),
        (
            STORE_TIME,
            {"receipt": True},
            ["photo"],
            ("evidence_needed", "defect.in-store"),
            ({"receipt": 1},),
        ),
        (STORE_TIME, {}, [], ("evidence_needed", "defect.in-store"), ({"receipt": 1},)),
        (
            STORE_TIME,
            {"remote": True},
            [],
            ("evidence_needed", "defect.remote"),
            ({"photo": 3, "defect_photo": 1, "receipt": 1},),
        ),
        (
            STORE_TIME,
            {"remote": True, "receipt": True},
            ["receipt", "photo", "photo", "photo"],
            ("evidence_needed", "defect.remote"),
            ({"defect_photo": 1},),
        ),
        (
            STORE_TIME,
            {"remote": True, "receipt": True},
            ["receipt", "photo", "photo", "photo", "defect_photo"],
            ("accepted", "defect.remote"),
            (),
        ),
        (STORE_TIME, {"remote": True, "receipt": False}, [], ("refused", "defect.no-receipt"), ()),
        (
            STORE_TIME,
            {"remote": False},
            ["receipt"],
            ("accepted", "defect.in-store"),
            (),
        ),
    ],
)
def test_a_store_purchase(at, said, evidence, expected, missing):
    decision = popmart("defect", at, evidence, IN_STORE, **said)

    assert told(decision) == expected
    assert decision.missing == missing
    assert decision.closes_at == datetime(2026, 2, 26, tzinfo=LA)
    promised = () if expected[0] == "refused" else ("replacement", "return")
    assert decision.outcomes == promised


@pytest.mark.parametrize(("remote", "rule"), [(True, "remote"), (None, "in-store")])
def test_a_person_reads_the_day_from_the_receipt_when_it_is_not_known(remote, rule):
    evidence = ["receipt", "photo", "photo", "photo", "defect_photo"]

    decision = popmart("defect", NOW, evidence, {"channel": "store"}, remote=remote)

    assert told(decision) == ("discretionary", f"defect.{rule}")
    assert decision.closes_at is None


def test_damage_in_transit_is_unwritten():
    decision = popmart("transit_damage", "2026-03-05T12:00:00-08:00", ["photo"], ONLINE)

    assert told(decision) == ("discretionary", "unwritten")
    assert decision.closes_at is None


PAID = {"placed_at": "2026-01-02T12:00:00-08:00", "paid_at": "2026-01-02T12:05:00-08:00"}
SHIPPED = PAID | {"shipped_at": "2026-01-04T12:00:00-08:00"}


@pytest.mark.parametrize(
    ("order", "at", "verdict", "outcomes"),
    [
        (None, NOW, "accepted", ("address_change",)),
        ({"placed_at": "2026-01-02T12:00:00-08:00"}, NOW, "accepted", ("address_change",)),
        (PAID, NOW, "refused", ()),
        (PAID, "2026-01-02T12:04:59-08:00", "accepted", ("address_change",)),
        (SHIPPED, "2026-01-03T12:00:00-08:00", "refused", ()),
        (SHIPPED, "2026-01-04T12:00:00-08:00", "elsewhere", ()),
        (
            {"shipped_at": "2026-01-04T12:00:00-08:00"},
            "2026-01-05T12:00:00-08:00",
            "elsewhere",
            (),
        ),
    ],
)
def test_an_address_changes_only_before_payment(order, at, verdict, outcomes):
    decision = popmart("change_address", at, order=order)

    assert told(decision) == (verdict, "change-address")
    assert decision.outcomes == outcomes
    assert decision.closes_at is None


@pytest.mark.parametrize("order", [None, PAID, SHIPPED, {"preorder": True}])
def test_a_person_decides_every_cancellation(order):
    decision = popmart("cancel_order", order=order)

    assert told(decision) == ("discretionary", "cancel")
    assert decision.outcomes == ("cancellation", "refund")


@pytest.mark.parametrize("request_type", ["tracking_stalled", "lost_parcel"])
def test_tracking_is_stalled_after_more_than_five_days(request_type):
    order = {"last_tracking_at": "2026-03-05T22:00:00-08:00"}

    waiting = popmart(request_type, "2026-03-10T23:59:59-07:00", order=order)
    over = popmart(request_type, "2026-03-11T00:00:00-07:00", order=order)

    assert told(waiting) == ("wait", "tracking-stalled")
    assert waiting.opens_at == datetime(2026, 3, 11, tzinfo=LA)
    assert told(over) == ("accepted", "tracking-stalled")
    assert over.outcomes == ("investigation",)


@pytest.mark.parametrize(
    ("order", "verdict"),
    [
        ({"member": True, "currency": "USD", "total": "199.01"}, "accepted"),
        ({"member": True, "currency": "USD", "total": "199.00"}, "refused"),
        ({"member": True, "currency": "USD", "total": "199"}, "refused"),
        ({"member": True, "currency": "CAD", "total": "259.00"}, "refused"),
        ({"member": True, "currency": "CAD", "total": "259.01"}, "accepted"),
        ({"member": True, "country": "CA", "total": "200"}, "refused"),
        ({"member": True, "country": "US", "total": "200"}, "accepted"),
        ({"member": True, "country": "US", "currency": "USD", "total": "200"}, "accepted"),
        ({"member": True, "currency": "USD", "total": "29", "channel": "pop_now"}, "refused"),
        ({"member": True, "currency": "USD", "total": "29.5", "channel": "pop_now"}, "accepted"),
        ({"member": True, "currency": "CAD", "total": "39", "channel": "pop_now"}, "refused"),
        ({"member": True, "currency": "CAD", "total": "39.01", "channel": "pop_now"}, "accepted"),
        ({"member": False, "currency": "USD", "total": "500"}, "refused"),
        ({"member": False}, "refused"),
        ({"currency": "USD", "total": "500"}, "answered"),
        ({"currency": "USD", "total": "5"}, "refused"),
        ({"member": True, "currency": "USD"}, "answered"),
        ({"member": True, "total": "500"}, "answered"),
        ({"member": True}, "answered"),
    ],
)
def test_free_shipping_is_for_members_over_the_amount(order, verdict):
    decision = popmart("free_shipping", order=order)

    assert told(decision) == (verdict, "free-shipping")
    assert decision.outcomes == (("free_shipping",) if verdict == "accepted" else ())


@pytest.mark.parametrize("where", [{"country": "MX"}, {"currency": "EUR"}])
def test_no_amount_is_written_for_another_country_or_currency(where):
    order = {"member": True, "total": "500"} | where

    assert told(popmart("free_shipping", order=order)) == ("discretionary", "unwritten")


@pytest.mark.parametrize(
    "request_type", ["membership", "free_shipping", "points", "points_expired", "review_points"]
)
def test_an_order_from_before_the_membership_has_no_such_promise(request_type):
    said = {"review_posted_at": NOW, "points_earned_at": NOW}
    order = {"member": True, "currency": "USD", "total": "500"}

    before = popmart(request_type, order=order | {"placed_at": "2025-01-05T23:59:59-08:00"}, **said)
    since = popmart(request_type, order=order | {"placed_at": "2025-01-06T00:00:00-08:00"}, **said)

    assert told(before) == ("discretionary", "unwritten")
    assert before.outcomes == ()
    assert since.rule != "popmart.unwritten"


def test_other_rules_are_older_than_the_membership():
    order = {"placed_at": "2024-12-20T12:00:00-08:00", "delivered_at": "2025-01-02T12:00:00-08:00"}

    decision = popmart("defect", "2025-01-05T12:00:00-08:00", ["photo"], order)

    assert told(decision) == ("accepted", "defect")


@pytest.mark.parametrize(
    ("earned", "verdict"),
    [
        (None, "refused"),
        ("2025-08-02T12:00:00-07:00", "refused"),  # 366 days ago
        ("2025-08-03T00:00:00-07:00", "answered"),  # today is day 365
        ("2026-07-01T12:00:00-07:00", "answered"),
    ],
)
def test_expired_points_are_never_restored(earned, verdict):
    decision = popmart("points_expired", points_earned_at=earned)

    assert told(decision) == (verdict, "points.validity")
    assert decision.outcomes == ()
    assert decision.closes_at is None


def test_points_of_a_review_take_seven_and_three_business_days():
    # Monday 22 June; 3 July is a holiday. The tenth business day is Tuesday 7 July.
    posted = "2026-06-22T12:00:00-07:00"

    waiting = popmart("review_points", "2026-07-07T23:59:59-07:00", review_posted_at=posted)
    over = popmart("review_points", "2026-07-08T00:00:00-07:00", review_posted_at=posted)

    assert told(waiting) == ("wait", "review-points")
    assert waiting.opens_at == datetime(2026, 7, 8, tzinfo=LA)
    assert told(over) == ("accepted", "review-points")
    assert over.outcomes == ("points",)


@pytest.mark.parametrize(
    ("said", "verdict", "missing"),
    [
        ({"forfeit_points": True, "active_orders": 0}, "accepted", ()),
        ({"forfeit_points": True}, "accepted", ()),
        ({"forfeit_points": True, "active_orders": 1}, "refused", ()),
        ({"active_orders": 2}, "refused", ()),
        ({"forfeit_points": False}, "evidence_needed", ({"forfeit_points": 1},)),
        ({"active_orders": 0}, "evidence_needed", ({"forfeit_points": 1},)),
    ],
)
def test_deleting_an_account(said, verdict, missing):
    decision = popmart("delete_account", **said)

    assert told(decision) == (verdict, "delete-account")
    assert decision.missing == missing
    assert decision.outcomes == (() if verdict == "refused" else ("deletion",))


@pytest.mark.parametrize(
    ("said", "evidence", "missing"),
    [
        ({}, [], {"screenshot": 1, "ip_address": 1, "account_email": 1}),
        ({"ip_address": "203.0.113.9"}, ["screenshot"], {"account_email": 1}),
        ({"account_email": "a@example.com"}, ["screenshot"], {"ip_address": 1}),
        ({"ip_address": " ", "account_email": "a@example.com"}, ["screenshot"], {"ip_address": 1}),
    ],
)
def test_support_needs_three_things_about_a_page_error(said, evidence, missing):
    decision = popmart("page_error", NOW, evidence, **said)

    assert told(decision) == ("evidence_needed", "page-error")
    assert decision.missing == (missing,)
    assert decision.outcomes == ("staff_check",)


def test_support_looks_at_a_page_error_once_it_has_them():
    decision = popmart(
        "page_error", NOW, ["screenshot"], ip_address="203.0.113.9", account_email="a@example.com"
    )

    assert told(decision) == ("accepted", "page-error")
    assert decision.outcomes == ("staff_check",)


@pytest.mark.parametrize("channel", ["online", "pop_now", "store"])
def test_what_cannot_come_back(channel):
    order = ONLINE | {"channel": channel}

    assert told(popmart("pop_now_return", order=order)) == ("refused", "pop-now.opened")
    assert told(popmart("change_of_mind", order=order)) == ("refused", "change-of-mind")


def test_a_preorder_waits_for_all_of_its_items():
    for request_type in ("preorder", "order_not_shipped"):
        decision = popmart(request_type, order=PAID | {"preorder": True})
        assert told(decision) == ("wait", "preorder")
        assert decision.opens_at is None
