"""Rights by country: where the law is better for the customer than the rule, it wins."""

from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from policies.calendar import Calendar
from policies.evaluate import decide, explain
from policies.pack import Pack, load_builtin_packs, load_pack
from policies.types import Decision, Facts, facts_from_json, parse_facts
from tests.policies.switching import source_with_floors, with_floors

OFF = load_builtin_packs()
ON = {store: with_floors(store) for store in OFF}
KOREA = "kpopusa.floor.kr-not-as-agreed"
DELIVERED = "2026-01-10T20:00:00Z"  # a Saturday noon in Las Vegas


def asked(
    request: str = "defect",
    at: str = "2026-01-30T20:00:00Z",
    *evidence: str,
    store: str = "kpopusa",
    country: str | None = "KR",
    delivered: str | None = DELIVERED,
    **said: Any,
) -> Facts:
    order = {"placed_at": "2026-01-02T20:00:00Z", "delivered_at": delivered, "country": country}
    return parse_facts(
        {
            "id": "t",
            "store": store,
            "request": request,
            "at": at,
            "order": order,
            "said": said,
            "evidence": list(evidence),
        }
    )


def both(facts: Facts) -> tuple[Decision, Decision]:
    """Return the decision by the rule alone, and the one with the law."""
    return decide(OFF[facts.store], facts), decide(ON[facts.store], facts)


def local(pack: Pack, moment: datetime | None) -> str:
    assert moment is not None
    return moment.astimezone(pack.zone).strftime("%Y-%m-%d %H:%M")


# The window ------------------------------------------------------------------------------


def test_the_law_of_korea_gives_three_months_where_the_store_gives_seven_days():
    rule, law = both(asked("defect", "2026-01-30T20:00:00Z", "photo", "photo"))

    assert (rule.verdict, rule.rule, rule.floor) == ("refused", "kpopusa.contact-window", "")
    assert (law.verdict, law.rule, law.floor) == ("accepted", "kpopusa.defect", KOREA)
    assert law.outcomes == ("refund", "replacement")
    assert local(ON["kpopusa"], rule.closes_at) == "2026-01-18 00:00"
    assert local(ON["kpopusa"], law.closes_at) == "2026-04-11 00:00"


@pytest.mark.parametrize(
    ("at", "verdict"),
    [("2026-04-11T06:59:59Z", "accepted"), ("2026-04-11T07:00:00Z", "refused")],
)
def test_it_closes_at_the_stores_midnight_summer_time_or_not(at: str, verdict: str):
    _rule, law = both(asked("defect", at, "photo", "photo"))

    assert law.verdict == verdict
    assert law.closes_at == datetime(2026, 4, 11, 7, tzinfo=UTC)


def test_both_windows_over_it_is_refused_by_the_rule_and_both_are_told():
    facts = asked("defect", "2026-06-01T20:00:00Z", "photo", "photo")
    _rule, law = both(facts)

    assert (law.verdict, law.rule, law.floor) == ("refused", "kpopusa.contact-window", KOREA)
    told = " ".join(explain(ON["kpopusa"], facts, law))
    assert "the last moment was Sat 17 Jan, 23:59 in Las Vegas" in told
    assert "By that law: Fri 10 Apr, 23:59 in Las Vegas" in told


def test_who_has_discovered_it_has_thirty_days_from_then_and_no_more_than_three_months():
    early = asked("defect", "2026-01-30T20:00:00Z", discovered_at="2026-01-12T20:00:00Z")
    late = asked("defect", "2026-01-30T20:00:00Z", discovered_at="2026-03-30T20:00:00Z")

    assert local(ON["kpopusa"], both(early)[1].closes_at) == "2026-02-12 00:00"
    assert local(ON["kpopusa"], both(late)[1].closes_at) == "2026-04-11 00:00"


def test_nobody_discovers_anything_before_it_is_there():
    _rule, law = both(asked("defect", discovered_at="2025-12-01T20:00:00Z"))

    assert local(ON["kpopusa"], law.closes_at) == "2026-02-10 00:00"


def test_a_discovery_never_makes_it_shorter_than_the_stores_own_window():
    text = source_with_floors("popmart").replace("discovered_days: 30", "discovered_days: 3")
    facts = asked(
        "defect", "2026-01-24T20:00:00Z", "photo", store="popmart", discovered_at=DELIVERED
    )

    law = decide(load_pack(text, "short.yaml"), facts)

    assert law == decide(OFF["popmart"], facts)
    assert local(OFF["popmart"], law.closes_at) == "2026-01-26 00:00"


@pytest.mark.parametrize(
    ("start", "months", "last_day"),
    [
        ("2026-01-31T20:00:00Z", 1, "2026-02-28"),
        ("2024-01-31T20:00:00Z", 1, "2024-02-29"),
        ("2026-11-30T20:00:00Z", 3, "2027-02-28"),
        ("2026-12-15T20:00:00Z", 12, "2027-12-15"),
        ("2026-12-15T20:00:00Z", 1, "2027-01-15"),
    ],
)
def test_a_month_is_a_calendar_month(start: str, months: int, last_day: str):
    calendar = Calendar(ZoneInfo("America/Los_Angeles"))

    closes_at = calendar.months_close(datetime.fromisoformat(start), months)

    assert calendar.days_left(closes_at, closes_at) == -1
    assert closes_at.hour == closes_at.minute == 0
    assert local_day_before(closes_at) == last_day


def local_day_before(closes_at: datetime) -> str:
    return str(closes_at.date().fromordinal(closes_at.date().toordinal() - 1))


# The evidence -----------------------------------------------------------------------------


def test_without_the_video_a_person_decides_and_what_would_help_is_told():
    facts = asked("missing_photocard", "2026-01-12T20:00:00Z", opened=True, video_exists=True)
    rule, law = both(facts)

    assert (rule.verdict, rule.missing) == ("evidence_needed", ({"unboxing_video": 1},))
    assert (law.verdict, law.rule, law.floor) == (
        "discretionary",
        "kpopusa.missing-contents",
        KOREA,
    )
    assert law.missing == rule.missing
    assert law.outcomes == ("replacement",)


def test_a_refusal_by_the_condition_of_the_goods_is_left_to_a_person():
    facts = asked("transit_damage", "2026-01-12T20:00:00Z", "photo", "photo", opened=True)
    rule, law = both(facts)

    assert (rule.verdict, rule.rule) == ("refused", "kpopusa.transit-damage.sealed")
    assert (law.verdict, law.rule) == ("discretionary", "kpopusa.transit-damage.sealed")
    assert law.missing == ()


@pytest.mark.parametrize(
    "facts",
    [
        asked("change_of_mind"),  # personal reasons
        asked("cancel_order"),  # of which the floor does not speak
        asked("defect", country="US"),
        asked("defect", country=None),
        asked("defect", delivered=None),  # nothing to claim yet
        asked("defect", store="kpop2"),  # nothing is written, so nothing can be better
    ],
)
def test_elsewhere_the_rule_stands_alone(facts: Facts):
    rule, law = both(facts)

    assert law == rule
    assert law.floor == ""
    assert "floor" not in law.as_json()


def test_who_handles_it_is_not_touched():
    data = asked("defect", store="popmart").as_json()
    data["order"]["channel"] = "distributor"
    rule, law = both(facts_from_json(data))

    assert law == rule
    assert law.verdict == "elsewhere"


def test_a_receipt_that_is_missing_is_no_reason_to_refuse_in_korea():
    data = asked("defect", "2026-01-12T20:00:00Z", store="popmart", receipt=False).as_json()
    data["order"]["channel"] = "store"
    rule, law = both(facts_from_json(data))

    assert (rule.verdict, rule.rule) == ("refused", "popmart.defect.no-receipt")
    assert (law.verdict, law.rule) == ("discretionary", "popmart.defect.no-receipt")


# What is told -----------------------------------------------------------------------------


def test_the_answer_cites_both_and_says_that_it_is_no_legal_advice():
    facts = asked("missing_photocard", opened=True)
    pack = ON["kpopusa"]
    law = decide(pack, facts)

    told = explain(pack, facts, law)

    assert law.as_json(told)["floor"] == KOREA
    assert any("we still need a video of the unboxing" in sentence for sentence in told)
    assert any("missing evidence alone may not be the reason" in sentence for sentence in told)
    assert any("Our own window: Sat 17 Jan, 23:59" in sentence for sentence in told)
    assert told[-1].endswith("It is not legal advice.")
    korean = explain(pack, facts, law, locale="ko")
    assert len(korean) == len(told)
    assert korean[-1].endswith("법률 자문이 아닙니다.")


def test_once_filed_nobody_is_told_until_when_it_can_be_sent():
    facts = asked("missing_photocard", opened=True)
    pack = ON["kpopusa"]

    told = explain(pack, facts, decide(pack, facts), filed=True)

    assert not any("Our own window" in sentence for sentence in told)
    assert any("at least 3 months" in sentence for sentence in told)


@pytest.mark.parametrize("store", sorted(OFF))
def test_every_store_has_korea_as_an_example_that_is_off(store: str):
    (floor,) = OFF[store].floors.values()

    assert floor.id == f"{store}.floor.kr-not-as-agreed"
    assert not floor.on
    assert (floor.figures["months"], floor.figures["discovered_days"]) == (3, 30)
    for locale, words in {"en": "not legal advice", "ko": "법률 자문이 아닙니다"}.items():
        assert words in floor.source(locale)
        assert words in floor.advice(locale)
        assert "{" not in floor.sentence(locale)
    assert "3 months" in floor.sentence()
    assert OFF[store].floor_for("defect", "KR") is None
    assert ON[store].floor_for("defect", "KR") is not None
    assert ON[store].floor_for("defect", "US") is None
    assert ON[store].floor_for("charts", "KR") is None


# What is asked ----------------------------------------------------------------------------


def test_only_a_floor_that_is_on_makes_a_form_look_at_country_and_discovery():
    for request in ("missing_photocard", "defect", "transit_damage"):
        assert not {"country", "discovered_at"} & set(OFF["kpopusa"].request_facts(request))
        assert {"country", "discovered_at"} <= set(ON["kpopusa"].request_facts(request))
    assert "discovered_at" not in ON["kpopusa"].request_facts("cancel_order")
    assert "discovered_at" not in ON["kpop2"].request_facts("defect")  # no window to be longer
    assert ON["kpopusa"].question("discovered_at")
    assert ON["kpopusa"].question("discovered_at", "ko")


def test_the_discovery_is_read_as_strictly_as_every_date():
    with pytest.raises(ValueError, match=r"said\.discovered_at"):
        asked(discovered_at="2026-01-12")
    facts = asked(discovered_at="2026-01-12T20:00:00Z")
    assert facts_from_json(facts.as_json()) == facts
