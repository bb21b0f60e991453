"""How long a store was open: nights, holidays and clock changes, against a plain count."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from functools import cache
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from policies.calendar import Calendar
from policies.openings import MIDNIGHT, Openings, Span
from policies.pack import load_builtin_packs

LA = ZoneInfo("America/Los_Angeles")
MINUTE = timedelta(minutes=1)


@dataclass(frozen=True)
class Stretch:
    """A store, some minutes of its life, and the day of a clock change near them."""

    calendar: Calendar
    around: str
    start: datetime
    minutes: int

    @property
    def end(self) -> datetime:
        return self.start + MINUTE * self.minutes


# A zone, and weeks around days on which its clock did something.
CHANGES = {
    "America/Los_Angeles": ["2026-03-08", "2026-11-01", "2026-06-10"],
    "Asia/Seoul": ["2026-03-08", "1987-05-10", "1988-10-09"],
    "America/New_York": ["2026-03-08", "2026-11-01"],
    "Australia/Lord_Howe": ["2026-04-05", "2026-10-04"],  # by half an hour
    "Pacific/Apia": ["2011-12-30", "2012-04-01"],  # no 30 December 2011
    "America/Sao_Paulo": ["2018-11-04", "2018-02-18"],  # at midnight
    "America/Havana": ["2026-03-08", "2026-11-01"],  # at midnight, and back to it
    "America/St_Johns": ["2009-03-08", "2009-11-01"],  # at a minute past midnight
    "Pacific/Kwajalein": ["1993-08-21"],  # another skipped day
    "Africa/Casablanca": ["2026-02-15", "2026-03-22"],
}


def at(text: str) -> datetime:
    return datetime.fromisoformat(text)


def every_day(*spans: Span) -> dict[int, list[Span]]:
    return {day: list(spans) for day in range(7)}


# --- the plain count ------------------------------------------------------------------


@cache
def clock_of(zone: str, around: str) -> tuple[datetime, list[datetime], list[datetime]]:
    """From when on, and for every minute: the furthest that the clock on the wall has shown by
    then, and the least that it will still show. Twelve days, the change in the middle."""
    start = at(f"{around}T00:00:00+00:00") - timedelta(days=6)
    minutes = 12 * 24 * 60
    shown = [
        (start + MINUTE * n).astimezone(ZoneInfo(zone)).replace(tzinfo=None) for n in range(minutes)
    ]
    furthest, least = list(shown), list(shown)
    for n in range(1, minutes):
        furthest[n] = max(furthest[n - 1], shown[n])
    for n in reversed(range(minutes - 1)):
        least[n] = min(least[n + 1], shown[n])
    return start, furthest, least


def open_minutes(stretch: Stretch) -> Iterator[bool]:
    """Minute by minute: the clock has reached an opening, and is or will be short of its close."""
    begins, furthest, least = clock_of(stretch.calendar.zone.key, stretch.around)
    skip = (stretch.start - begins) // MINUTE
    for n in range(skip, skip + stretch.minutes):
        day = least[n].date()
        is_open = False
        while day <= furthest[n].date():
            for opens, closes in stretch.calendar.spans(day):
                until = day + timedelta(days=1) if closes == MIDNIGHT else day
                if (
                    datetime.combine(day, opens) <= furthest[n]
                    and datetime.combine(until, closes) > least[n]
                ):
                    is_open = True
            day += timedelta(days=1)
        yield is_open


# --- what weeks, spans and stretches there can be ----------------------------------------

minutes_of_day = st.integers(0, 24 * 60 - 1)


@st.composite
def days(draw: st.DrawFn) -> list[Span]:
    marks = draw(st.lists(minutes_of_day, max_size=6, unique=True).map(sorted))
    if len(marks) % 2 == 1:
        marks.append(24 * 60)
    clocks = [MIDNIGHT if m == 24 * 60 else time(m // 60, m % 60) for m in marks]
    return list(zip(clocks[::2], clocks[1::2], strict=True))


WHOLE: list[Span] = [(MIDNIGHT, MIDNIGHT)]
NIGHT: list[Span] = [(MIDNIGHT, time(2, 30)), (time(22), MIDNIGHT)]
weeks = st.dictionaries(st.integers(0, 6), days() | st.just(WHOLE) | st.just(NIGHT), max_size=7)
places = st.sampled_from([(zone, day) for zone, found in CHANGES.items() for day in found])


@st.composite
def stretches(draw: st.DrawFn) -> Stretch:
    zone, day = draw(places)
    country = draw(st.sampled_from([None, None, "US", "KR", "BR"]))
    calendar = Calendar(ZoneInfo(zone), country, None, draw(weeks))
    start = at(f"{day}T00:00:00+00:00") - timedelta(days=2)
    start += MINUTE * draw(st.integers(0, 3 * 24 * 60))
    return Stretch(calendar, day, start, draw(st.integers(0, 2 * 24 * 60)))


# --- properties ----------------------------------------------------------------------------


@settings(max_examples=120, deadline=None)
@given(stretches())
def test_the_time_open_is_what_a_count_of_minutes_finds(stretch):
    counted = sum(open_minutes(stretch)) * 60

    assert stretch.calendar.open_seconds(stretch.start, stretch.end) == counted


@settings(max_examples=120, deadline=None)
@given(stretches(), st.integers(1, 24 * 60))
def test_the_end_of_a_time_is_where_a_count_of_minutes_comes_to_it(stretch, wanted):
    ends = [n + 1 for n, is_open in enumerate(open_minutes(stretch)) if is_open]

    found = stretch.calendar.after_open_seconds(stretch.start, wanted * 60)

    if wanted <= len(ends):
        assert found is not None
        assert found.astimezone(UTC) == stretch.start + MINUTE * ends[wanted - 1]
    else:
        assert found is None or found > stretch.end


@settings(max_examples=60, deadline=None)
@given(stretches())
def test_open_at_an_instant_is_what_the_count_says(stretch):
    counted = list(open_minutes(stretch))

    for n in range(0, stretch.minutes, 7):
        assert stretch.calendar.is_open(stretch.start + MINUTE * n) is counted[n]


whiles = st.timedeltas(timedelta(0), timedelta(days=900))


@settings(max_examples=100, deadline=None)
@given(stretches(), whiles, st.integers(1, 40_000_000))
def test_there_and_back(stretch, later, seconds):
    start = stretch.start + later

    end = stretch.calendar.after_open_seconds(start, seconds)

    if end is None:
        ever = start + timedelta(days=365 * 59)
        assert stretch.calendar.open_seconds(start, ever) < seconds
        return
    assert stretch.calendar.open_seconds(start, end) == seconds
    before = end.astimezone(UTC) - timedelta(microseconds=1)
    assert stretch.calendar.open_seconds(start, before) == seconds - 1


@settings(max_examples=100, deadline=None)
@given(stretches(), whiles, whiles)
def test_two_parts_are_the_whole(stretch, one, two):
    calendar = stretch.calendar
    middle = stretch.start + timedelta(seconds=int(one.total_seconds()))
    end = middle + timedelta(seconds=int(two.total_seconds()))

    parts = calendar.open_seconds(stretch.start, middle) + calendar.open_seconds(middle, end)

    assert calendar.open_seconds(stretch.start, end) == parts
    assert calendar.open_seconds(end, stretch.start) == 0


# --- by hand -------------------------------------------------------------------------------


def test_an_opening_over_the_lost_hour_is_an_hour_shorter():
    night = Calendar(LA, hours=every_day((time(1, 30), time(3, 30))))

    spring = night.open_seconds(at("2026-03-08T00:00:00-08:00"), at("2026-03-09T00:00:00-07:00"))
    autumn = night.open_seconds(at("2026-11-01T00:00:00-07:00"), at("2026-11-02T00:00:00-08:00"))
    usual = night.open_seconds(at("2026-06-01T00:00:00-07:00"), at("2026-06-02T00:00:00-07:00"))

    assert (spring / 3600, usual / 3600, autumn / 3600) == (1, 2, 3)


def test_an_opening_in_the_lost_hour_does_not_take_place():
    lost = Calendar(LA, hours={6: [(time(2, 10), time(2, 50))]})
    day = at("2026-03-08T00:00:00-08:00")

    assert lost.open_seconds(day, day + timedelta(days=1)) == 0
    assert lost.next_opening(day).isoformat() == "2026-03-15T02:10:00-07:00"
    assert lost.after_open_seconds(day, 1).isoformat() == "2026-03-15T02:10:01-07:00"


def test_a_store_that_opens_in_the_lost_hour_opens_at_the_jump():
    early = Calendar(LA, hours={6: [(time(2, 30), time(4))]})

    opening = early.next_opening(at("2026-03-08T00:00:00-08:00"))

    assert opening.isoformat() == "2026-03-08T03:00:00-07:00"


def test_a_store_stays_open_while_the_clock_shows_an_hour_again():
    night = Calendar(LA, hours=every_day((time(1, 30), time(3, 30))))

    assert night.is_open(at("2026-11-01T01:10:00-08:00"))  # the second 01:10
    assert not night.is_open(at("2026-11-01T01:10:00-07:00"))
    assert night.closing(at("2026-11-01T01:40:00-07:00")).isoformat() == "2026-11-01T03:30:00-08:00"
    assert night.closing(at("2026-11-01T04:00:00-08:00")) is None


def test_a_day_that_does_not_exist_has_no_hours():
    apia = Calendar(ZoneInfo("Pacific/Apia"), hours=every_day((time(9), time(17))))

    seconds = apia.open_seconds(at("2011-12-29T00:00:00-10:00"), at("2012-01-01T00:00:00+14:00"))

    assert seconds == 2 * 8 * 3600  # the 29th and the 31st


def test_a_night_over_midnight_is_one_stretch():
    hours = {4: [(time(20), MIDNIGHT)], 5: [(MIDNIGHT, time(2))]}
    night = Calendar(LA, hours=hours)

    begun = at("2026-06-05T23:00:00-07:00")

    assert night.after_open_seconds(begun, 3 * 3600).isoformat() == "2026-06-06T02:00:00-07:00"
    assert night.after_open_seconds(begun, 3600).isoformat() == "2026-06-06T00:00:00-07:00"


def test_holidays_are_closed_unless_the_store_says_otherwise():
    hours = every_day((time(9), time(17)))
    start, end = at("2026-11-26T00:00:00-08:00"), at("2026-11-27T00:00:00-08:00")

    assert Calendar(LA, "US", None, hours).open_seconds(start, end) == 0
    opened = Calendar(LA, "US", None, hours, closed_on_holidays=False)
    assert opened.open_seconds(start, end) == 8 * 3600


def test_the_last_second_of_a_day_ends_with_its_closing():
    seoul = load_builtin_packs()["kpop2"].calendar  # 10:00 to 18:00, Monday to Friday

    friday = at("2026-05-22T17:00:00+09:00")

    assert seoul.after_open_seconds(friday, 3600).isoformat() == "2026-05-22T18:00:00+09:00"
    # Over the weekend, and Buddha's Birthday moved to the Monday.
    assert seoul.after_open_seconds(friday, 3601).isoformat() == "2026-05-26T10:00:01+09:00"


def test_no_time_at_all_is_now():
    seoul = load_builtin_packs()["kpop2"].calendar
    sunday = at("2026-05-24T12:00:00+09:00")

    assert seoul.after_open_seconds(sunday, 0) == sunday


def test_a_store_that_never_opens_has_no_opening_time():
    closed = Calendar(LA)
    start = at("2026-03-05T08:00:00-08:00")

    assert closed.after_open_seconds(start, 1) is None
    assert closed.open_seconds(start, start + timedelta(days=4000)) == 0
    assert closed.next_opening(start) is None
    assert closed.closing(start) is None


def test_more_than_a_lifetime_is_never():
    mondays = Calendar(LA, hours={0: [(time(9), time(10))]})
    start = at("2026-03-05T08:00:00-08:00")

    assert mondays.after_open_seconds(start, 2**31 * 60) is None


@pytest.mark.parametrize("store", ["kpopusa", "kpop2", "popmart"])
def test_ten_years_are_the_sum_of_their_days(store):
    calendar = load_builtin_packs()[store].calendar
    start, end = date(2020, 1, 1), date(2030, 1, 1)

    whole = calendar.open_seconds(calendar.midnight(start), calendar.midnight(end))

    one_by_one = sum(
        (datetime.combine(start, closes, UTC) - datetime.combine(start, opens, UTC)).seconds
        for n in range((end - start).days)
        for opens, closes in calendar.spans(start + timedelta(days=n))
    )
    assert whole == one_by_one  # none of the three is open while the clocks change


def test_however_many_days_are_asked_for_few_are_kept():
    store = load_builtin_packs()["kpopusa"].calendar
    openings = Openings(store.zone, store.spans)
    days = [date(2020, 1, 1) + timedelta(days=n) for n in range(3000)]
    asked = [openings.of_day(day) for day in days]
    assert len(openings._days) < 1000
    assert [Openings(store.zone, store.spans).of_day(day) for day in days] == asked
