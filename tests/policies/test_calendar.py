"""Local days, business days and opening hours."""

from datetime import UTC, date, datetime, time
from zoneinfo import ZoneInfo

import pytest

from policies.calendar import Calendar, public_holidays
from policies.pack import load_builtin_packs

LA = ZoneInfo("America/Los_Angeles")
NOON_TO_SEVEN = {day: [(time(12), time(19, 30))] for day in range(6)}


@pytest.fixture
def vegas():
    return Calendar(LA, "US", None, NOON_TO_SEVEN)


def at(text: str) -> datetime:
    return datetime.fromisoformat(text)


@pytest.mark.parametrize(
    ("start", "closes"),
    [
        ("2026-03-03T18:00:00-08:00", "2026-03-11T00:00:00-07:00"),
        ("2026-03-03T00:00:00-08:00", "2026-03-11T00:00:00-07:00"),
        ("2026-03-03T23:59:59-08:00", "2026-03-11T00:00:00-07:00"),
        ("2026-10-28T10:00:00-07:00", "2026-11-05T00:00:00-08:00"),
        # The instant decides, not the day that its offset shows.
        ("2026-06-02T06:30:00+00:00", "2026-06-09T00:00:00-07:00"),
        ("2026-12-28T10:00:00-08:00", "2027-01-05T00:00:00-08:00"),
    ],
)
def test_a_window_ends_at_midnight_after_its_last_local_day(vegas, start, closes):
    assert vegas.window_closes(at(start), 7).isoformat() == closes


def test_a_midnight_that_the_clock_skips_is_the_first_instant_of_the_day():
    havana = Calendar(ZoneInfo("America/Havana"))

    # On 8 March 2026 the clock goes from 23:59:59 to 01:00.
    midnight = havana.midnight(date(2026, 3, 8))

    assert midnight.astimezone(UTC) == at("2026-03-08T05:00:00+00:00")
    assert midnight.isoformat() == "2026-03-08T01:00:00-04:00"


def test_a_midnight_that_comes_twice_is_the_first_of_the_two():
    havana = Calendar(ZoneInfo("America/Havana"))

    assert havana.midnight(date(2026, 11, 1)).isoformat() == "2026-11-01T00:00:00-04:00"


@pytest.mark.parametrize(
    ("start", "days", "expected"),
    [
        (date(2026, 5, 18), 3, date(2026, 5, 21)),
        (date(2026, 5, 22), 1, date(2026, 5, 26)),  # over the weekend and Memorial Day
        (date(2026, 5, 23), 1, date(2026, 5, 26)),  # from a Saturday
        (date(2026, 7, 2), 5, date(2026, 7, 10)),  # the 3rd stands in for the 4th
        (date(2021, 12, 30), 1, date(2022, 1, 3)),  # New Year's Day observed in the old year
        (date(2026, 5, 18), 0, date(2026, 5, 18)),
    ],
)
def test_business_days_skip_weekends_and_public_holidays(vegas, start, days, expected):
    assert vegas.business_days_after(start, days) == expected


def test_business_days_count_from_the_local_day(vegas):
    # Already Tuesday in London, still Monday in Las Vegas.
    assert vegas.business_days_after(at("2026-05-19T05:00:00+00:00"), 1) == date(2026, 5, 19)


def test_an_estimate_is_overdue_from_midnight_after_its_last_day(vegas):
    overdue = vegas.overdue_from(at("2026-05-18T10:00:00-07:00"), 3)

    assert overdue.isoformat() == "2026-05-22T00:00:00-07:00"


def test_the_holidays_are_those_of_the_store():
    assert date(2026, 5, 5) in public_holidays("KR", None, 2026)
    assert date(2026, 5, 5) not in public_holidays("US", None, 2026)
    assert date(2026, 11, 26) in public_holidays("US", None, 2026)


@pytest.mark.parametrize(
    ("moment", "is_open"),
    [
        ("2026-03-05T11:59:59-08:00", False),
        ("2026-03-05T12:00:00-08:00", True),
        ("2026-03-05T19:29:59-08:00", True),
        ("2026-03-05T19:30:00-08:00", False),
        ("2026-03-08T13:00:00-07:00", False),  # Sunday
        ("2026-11-26T13:00:00-08:00", False),  # Thanksgiving
        ("2026-03-05T20:30:00+00:00", True),
    ],
)
def test_opening_hours_are_on_the_stores_clock(vegas, moment, is_open):
    assert vegas.is_open(at(moment)) is is_open


@pytest.mark.parametrize(
    ("moment", "opening"),
    [
        ("2026-03-05T08:00:00-08:00", "2026-03-05T12:00:00-08:00"),
        ("2026-03-05T13:00:00-08:00", "2026-03-05T13:00:00-08:00"),
        ("2026-03-07T20:00:00-08:00", "2026-03-09T12:00:00-07:00"),  # over the clock change
        ("2026-11-25T20:00:00-08:00", "2026-11-27T12:00:00-08:00"),  # over Thanksgiving
    ],
)
def test_the_next_opening(vegas, moment, opening):
    assert vegas.next_opening(at(moment)).isoformat() == opening


def test_a_store_without_hours_never_opens():
    assert Calendar(LA).next_opening(at("2026-03-05T08:00:00-08:00")) is None


@pytest.mark.parametrize(
    ("moment", "days"),
    [
        ("2026-03-05T12:00:00-08:00", 5),
        ("2026-03-10T00:00:00-07:00", 0),
        ("2026-03-10T23:59:59-07:00", 0),
        ("2026-03-11T00:00:00-07:00", -1),
    ],
)
def test_the_days_that_are_left(vegas, moment, days):
    closes_at = at("2026-03-11T00:00:00-07:00")

    assert vegas.days_left(at(moment), closes_at) == days


def test_each_store_has_its_own_hours():
    packs = load_builtin_packs()
    monday_18 = "2026-03-02T18:00:00"

    assert packs["kpopusa"].calendar.is_open(at(f"{monday_18}-08:00"))
    assert not packs["popmart"].calendar.is_open(at(f"{monday_18}-08:00"))
    assert not packs["kpop2"].calendar.is_open(at(f"{monday_18}+09:00"))
