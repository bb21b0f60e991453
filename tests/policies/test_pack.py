"""Packs: what is read from them, and how a broken one is refused."""

from datetime import datetime, timedelta
from pathlib import Path

import pytest

from policies.evaluate import decide, explain
from policies.pack import PackError, load_builtin_packs, load_pack
from policies.types import parse_facts

HERE = Path(__file__).parent
INVALID = sorted((HERE / "invalid").glob("*.yaml"))
SMALL = (HERE / "small.yaml").read_text("utf-8")
PACKS = load_builtin_packs()


def refused(text: str) -> PackError:
    with pytest.raises(PackError) as caught:
        load_pack(text, "draft.yaml")
    return caught.value


@pytest.mark.parametrize("path", INVALID, ids=lambda path: path.stem)
def test_a_broken_pack_is_refused_with_every_mistake_at_its_line(path):
    """The file's first lines say what must be found: line, path and message, and no more."""
    text = path.read_text("utf-8")
    expected = [
        tuple(part.strip() for part in line[1:].split("|"))
        for line in text.splitlines()
        if line.startswith("#")
    ]

    error = refused(text)

    assert [(str(m.line), m.path, m.message) for m in error.mistakes] == expected
    assert all(str(error).count(mistake.message) for mistake in error.mistakes)


def test_there_are_broken_packs_to_refuse():
    assert len(INVALID) > 30


def test_a_mistake_names_file_line_path_and_rule():
    error = refused(SMALL.replace("need: [{photo: photos}]", "need: [{photo: pictures}]"))

    (mistake,) = error.mistakes
    assert mistake.rule == "corner.defect"
    assert str(error) == (
        f"draft.yaml:{mistake.line}: requests.defect.checks.1.need.0.photo (rule corner.defect):"
        " the rule corner.defect has no figure 'pictures'"
    )
    assert (
        "pictures"
        in SMALL.replace("photo: photos", "photo: pictures").splitlines()[mistake.line - 1]
    )


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "is not a mapping"),
        ("- a\n- b\n", "is not a mapping"),
        ("a: &x [*x]\n", "contains itself"),
        ("a: &a [1, 1, 1, 1, 1, 1, 1, 1, 1]\nb: &b [" + "*a, " * 99 + "]\nc: &c [" + "*b, " * 99
         + "]\nd: [" + "*c, " * 99 + "]\n", "unfolds to far too much"),
        ("a: !!python/object/apply:os.system [ls]\n", "is not a known key"),
        ("x: " + "y" * 3_000_000, "far too long"),
        ("a: b\x00", "no YAML"),
    ],
)  # fmt: skip
def test_a_hostile_text_is_refused_like_any_other(text, message):
    assert message in str(refused(text))


def test_a_new_store_needs_no_python():
    pack = load_pack(SMALL, "small.yaml")
    data = {
        "id": "1",
        "store": "corner",
        "request": "missing_photocard",
        "at": "2026-05-15T12:00:00+02:00",
        "order": {"placed_at": "2026-05-01T12:00:00Z", "delivered_at": "2026-05-06T12:00:00Z"},
        "evidence": ["photo"],
    }
    facts = parse_facts(data)

    decision = decide(pack, facts)

    assert decision.rule == "corner.defect"
    assert decision.closes_at.isoformat() == "2026-05-21T00:00:00+02:00"
    assert explain(pack, facts, decision, locale="nb") == ["I tide."]
    assert explain(pack, facts, decision)[1] == "Until Wed 20 May, 23:59 in Oslo."


def test_a_rule_does_not_exist_for_an_order_from_before_it():
    pack = load_pack(SMALL, "small.yaml")
    order = {"placed_at": "2025-12-31T22:59:59Z", "delivered_at": "2026-05-06T12:00:00Z"}
    data = {"id": "1", "store": "corner", "request": "defect", "at": "2026-05-15T12:00:00Z"}

    before = decide(pack, parse_facts(data | {"order": order}))
    since = decide(
        pack, parse_facts(data | {"order": order | {"placed_at": "2025-12-31T23:00:00Z"}})
    )

    assert (before.rule, before.closes_at) == ("corner.unwritten", None)
    assert since.rule == "corner.defect"


def test_norway_is_a_country_and_noon_a_time():
    pack = load_pack(SMALL.replace('to: "12:00"', "to: 12:00"), "small.yaml")

    assert pack.document.store.holidays.country == "NO"
    assert pack.document.store.opening_hours["monday"][0].end.hour == 12


def test_a_night_ends_at_midnight_and_goes_on_there():
    night = '{monday: [{from: "20:00", to: "00:00"}], tuesday: [{from: "00:00", to: "02:00"}]}'
    hours = '{monday: [{from: "09:00", to: "12:00"}, {from: "13:00", to: "17:00"}]}'
    calendar = load_pack(SMALL.replace(hours, night), "small.yaml").calendar
    monday = datetime(2026, 6, 8, 20, tzinfo=calendar.zone)

    assert calendar.open_seconds(monday, monday + timedelta(days=1)) == 6 * 3600
    assert calendar.last_closing(monday.date()) == monday + timedelta(hours=4)
    overlapping = hours.replace('to: "12:00"', 'to: "00:00"')
    with pytest.raises(PackError, match="the spans overlap"):
        load_pack(SMALL.replace(hours, overlapping), "small.yaml")


def test_what_the_desk_needs_of_kpopusa():
    pack = PACKS["kpopusa"]

    assert pack.claim_requests == ("missing_photocard", "defect", "transit_damage")
    assert pack.manufacturer.rule == "kpopusa.missing-contents.duration"
    assert (pack.manufacturer.weeks_due, pack.manufacturer.update_weeks) == (4, (1, 2, 3))
    assert pack.defect_process.rule == "kpopusa.defect.process"
    assert (pack.defect_process.days, pack.defect_process.warn_days_before) == (30, 5)
    assert (pack.pickup.rule, pack.pickup.prepare_rule) == (
        "kpopusa.pickup.reserve",
        "kpopusa.pickup.prepare",
    )
    assert (pack.pickup.reserve_days, pack.pickup.reminder_days) == (20, (7, 3, 1))
    assert pack.pickup.prepare_days == 3
    assert (pack.refund.rule, pack.refund_days) == ("kpopusa.cancel.refund", 7)
    assert (pack.evidence_days, pack.evidence_reminder_days) == (7, (3, 1))
    assert pack.upload_grace_hours == 2
    outcomes = ("approved", "refused", "expired", "withdrawn", "other")
    assert [pack.keep_days(outcome) for outcome in outcomes] == [180, 365, 180, 180, 180]
    assert [(item.kind, item.open) for item in pack.channels] == [("phone", True), ("email", True)]
    assert pack.rule("kpopusa.defect").house == ("photos", "videos")


def test_a_pack_that_does_not_say_how_long_it_keeps_files_keeps_them_half_a_year() -> None:
    small = load_pack((HERE / "small.yaml").read_text(encoding="utf-8"), "small.yaml")
    assert {small.keep_days(outcome) for outcome in ("approved", "refused", "other")} == {180}


@pytest.mark.parametrize(
    ("rule", "manufacturer", "returns", "paid_by", "inspection"),
    [
        ("kpopusa.missing-contents", True, False, None, False),
        ("kpopusa.missing-contents.no-evidence", True, False, None, False),
        ("kpopusa.defect", True, True, "customer", True),
        ("kpopusa.transit-damage", False, False, None, False),
        ("kpopusa.unwritten", False, False, None, False),
        ("popmart.defect.remote", False, True, "customer", False),
        ("kpop2.unwritten", False, False, None, False),
    ],
)
def test_what_follows_an_approval(rule, manufacturer, returns, paid_by, inspection):
    process = PACKS[rule.partition(".")[0]].process(rule)

    assert process.manufacturer is manufacturer
    assert process.customer_returns is returns
    assert process.return_shipping_paid_by == paid_by
    assert process.inspection is inspection


@pytest.mark.parametrize("store", ["kpop2", "popmart"])
def test_a_store_without_such_terms_has_none(store):
    pack = PACKS[store]

    assert pack.manufacturer is None
    assert pack.defect_process is None
    assert pack.pickup is None
    assert pack.refund_days is None
    assert pack.claim_requests


@pytest.mark.parametrize("store", sorted(PACKS))
def test_every_kind_of_evidence_has_a_limit_a_name_and_three_steps(store):
    for kind, info in PACKS[store].evidence_kinds.items():
        video = kind == "unboxing_video"
        assert info.media == ("video" if video else "photo")
        assert info.max_bytes == (2 * 1024**3 if video else 25 * 1024**2)
        assert info.label()
        assert len(info.steps()) == 3


def test_a_request_names_the_facts_that_can_change_it():
    kpopusa, popmart = PACKS["kpopusa"], PACKS["popmart"]

    assert set(kpopusa.request_facts("transit_damage")) >= {"opened", "package_damaged"}
    assert "video_exists" not in kpopusa.request_facts("transit_damage")
    assert set(kpopusa.request_facts("missing_photocard")) >= {"opened", "video_exists"}
    assert kpopusa.request_facts("charts") == ()
    assert popmart.request_facts("charts") == ("channel",)
    assert "placed_at" in popmart.request_facts("points")
    for pack in PACKS.values():
        for request in pack.claim_requests:
            asked = [name for name in pack.request_facts(request) if pack.question(name)]
            assert len(asked) <= 3


@pytest.mark.parametrize(
    ("number", "carrier"),
    [
        ("YT2412345678901234", "YunExpress"),
        ("4PX3001234567890CN", "4PX"),
        ("SF1234567890", "SF Express"),
        ("1Z 999 AA1 01 2345 6784", "UPS"),
        ("420900019400111899223100000000", "USPS"),
        ("420A", None),
        ("dhl123", "DHL"),
        ("GF123", "GOFO Express"),
        ("UUS123", "UniUni"),
        ("CNUSUP123", "Cainiao"),
        ("SPXLAX123", "SpeedX"),
        ("9400111899223100000000", None),
        ("", None),
    ],
)
def test_a_carrier_is_recognised_by_how_the_number_begins(number, carrier):
    found = PACKS["popmart"].carrier_of(number)

    assert (found and found.name) == carrier


def test_labels_are_in_the_customers_words():
    assert PACKS["kpopusa"].label("defect") == "An item is defective"
    assert PACKS["kpopusa"].label("defect", "ko-KR")
    with pytest.raises(ValueError, match="nonsense"):
        PACKS["kpopusa"].label("nonsense")


def test_no_rule_is_lost_renamed_or_added_unseen():
    """Decisions cite these ids for years; one that is used is never used for anything else."""
    known = (HERE / "rules.txt").read_text("utf-8").split()

    assert sorted(known) == sorted(rule for pack in PACKS.values() for rule in pack.rules)
