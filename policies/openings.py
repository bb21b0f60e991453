"""When a store was open, in seconds that really went by: across clock changes, nights, holidays.

A span opens when the store's clock first reaches its beginning on that day, and closes when the
clock last reaches its end. So 01:30 to 03:30 is an hour shorter on the night on which the clock
jumps from two to three, and an hour longer on the night on which it runs from one to two twice.
A time that the clock skips is the instant of the jump, and a day that a zone leaves out (Apia had
no 30 December 2011) has no hours.

Days that were asked for are kept, and sums of whole days by year, so that months cost what hours
cost and the same Monday is reckoned once.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime, time, timedelta
from itertools import accumulate
from zoneinfo import ZoneInfo

Span = tuple[time, time]
# Seconds since 1970 from, inclusive, to, exclusive.
Opening = tuple[int, int]

MIDNIGHT = time(0)  # as the end of a span: the end of its day
_DAY = timedelta(days=1)
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICRO = timedelta(microseconds=1)
_SECOND = 1_000_000  # in microseconds, in which instants are reckoned
_SEARCH_YEARS = 60  # longer than anybody could mean to wait
_KEPT_DAYS = 800  # a year around today, and what people look up


class Openings:
    """The opening hours of one store as instants. Its caches are safe to share by threads."""

    def __init__(self, zone: ZoneInfo, spans: Callable[[date], tuple[Span, ...]]) -> None:
        """Take the zone, and who tells a local day's spans, in order and not overlapping."""
        self.zone = zone
        self.spans = spans
        self._sums: dict[int, list[int]] = {}
        self._days: dict[date, tuple[Opening, ...]] = {}

    def of_day(self, day: date) -> tuple[Opening, ...]:
        """Return when the store opens and closes on a local day.

        Where a clock that is set back shows yesterday again, what both days call open counts
        for the first.
        """
        found = self._days.get(day)
        if found is None:
            if len(self._days) >= _KEPT_DAYS:
                self._days.clear()
            found = self._days[day] = self._of_day(day)
        return found

    def _of_day(self, day: date) -> tuple[Opening, ...]:
        found = self._raw(day)
        if not found:
            return ()
        before = self._raw(day - _DAY)
        return tuple(_apart(found, before[-1][1] if before else found[0][0]))

    def around(self, at: datetime) -> Opening | None:
        """Return the opening that an instant falls into; None while the store is closed."""
        second = _micros(at) // _SECOND
        today = at.astimezone(self.zone).date()
        for day in (today - _DAY, today, today + _DAY):
            for start, end in self.of_day(day):
                if start <= second < end:
                    return start, end
        return None

    def seconds_between(self, start: datetime, end: datetime) -> int:
        """Return the whole seconds between two instants during which the store was open.

        0 where the end comes first.
        """
        since, until = _micros(start), _micros(end)
        if since >= until:
            return 0
        # A day's hours reach into its neighbours' where the clock is set back over midnight.
        first = start.astimezone(self.zone).date() - _DAY
        last = end.astimezone(self.zone).date() + _DAY
        edges = {first, first + _DAY, last - _DAY, last}
        # Days that lie wholly between, where there are any.
        whole = self._between(first + 2 * _DAY, last - _DAY) * _SECOND if len(edges) == 4 else 0
        for day in edges:
            for opens, closes in self.of_day(day):
                inside = min(closes * _SECOND, until) - max(opens * _SECOND, since)
                whole += max(0, inside)
        return whole // _SECOND

    def after(self, start: datetime, seconds: int) -> datetime | None:
        """Return the instant, on the store's clock, at which it was open for so long from `start`.

        `start` itself for no time at all. None where the store never opens, or not as long
        within a lifetime.
        """
        if seconds <= 0:
            return start.astimezone(self.zone)
        since, left = _micros(start), seconds * _SECOND
        today = start.astimezone(self.zone).date()
        day = today - _DAY
        while day <= today + _DAY:  # what is left of the days at hand
            for opens, closes in self.of_day(day):
                begins = max(opens * _SECOND, since)
                lasts = closes * _SECOND - begins
                if 0 < lasts < left:
                    left -= lasts
                elif lasts >= left:
                    return self._at(begins + left)
            day += _DAY
        return self._from_day(day, left)

    def _from_day(self, day: date, left: int) -> datetime | None:
        """Go on with a day that lies ahead: years and days by their sums, then its openings."""
        wanted = -(-left // _SECOND)  # the day on which the last begun second is over
        for year in range(day.year, day.year + _SEARCH_YEARS):
            sums = self._year(year)
            skip = (day - date(year, 1, 1)).days if year == day.year else 0
            open_here = sums[-1] - sums[skip]
            if open_here < wanted:
                left -= open_here * _SECOND
                wanted -= open_here
                continue
            place = bisect_left(sums, sums[skip] + wanted)
            left -= (sums[place - 1] - sums[skip]) * _SECOND
            for opens, closes in self.of_day(date(year, 1, 1) + _DAY * (place - 1)):
                if (closes - opens) * _SECOND >= left:
                    return self._at(opens * _SECOND + left)
                left -= (closes - opens) * _SECOND
        return None

    def _between(self, first: date, end: date) -> int:
        """Return the open seconds of whole days, from the first to before the end."""
        total = 0
        for year in range(first.year, end.year + 1):
            sums = self._year(year)
            begin = (first - date(year, 1, 1)).days if year == first.year else 0
            stop = (end - date(year, 1, 1)).days if year == end.year else len(sums) - 1
            total += sums[stop] - sums[begin]
        return total

    def _year(self, year: int) -> list[int]:
        """Return the open seconds of a year's days before each, and at the end of all."""
        sums = self._sums.get(year)
        if sums is None:
            new_year, next_year = date(year, 1, 1), date(year + 1, 1, 1)
            days = (new_year + _DAY * n for n in range((next_year - new_year).days))
            opened = (sum(end - start for start, end in self._of_day(day)) for day in days)
            sums = self._sums[year] = list(accumulate(opened, initial=0))
        return sums

    def _raw(self, day: date) -> tuple[Opening, ...]:
        found = []
        for start, end in self.spans(day):
            until = day + _DAY if end == MIDNIGHT else day
            opening = (self._first(day, start), self._last(until, end))
            if opening[0] < opening[1]:
                found.append(opening)
        return tuple(found)

    def _first(self, day: date, clock: time) -> int:
        """Return when the clock first reaches a time: at the jump, where it skips it."""
        early, late = self._both(day, clock)
        return early if early <= late else self._jump(late, early)

    def _last(self, day: date, clock: time) -> int:
        """Return when the clock last reaches a time: at the jump, where it skips it."""
        early, late = self._both(day, clock)
        return late if early <= late else self._jump(late, early)

    def _both(self, day: date, clock: time) -> tuple[int, int]:
        local = datetime.combine(day, clock, tzinfo=self.zone)
        early = int(local.replace(fold=0).timestamp())
        if local.utcoffset() == local.replace(fold=1).utcoffset():
            return early, early
        return early, int(local.replace(fold=1).timestamp())

    def _jump(self, before: int, after: int) -> int:
        """Return the first second with the new offset, between two instants around a change."""
        old = self._offset(before)
        while after - before > 1:
            middle = (before + after) // 2
            if self._offset(middle) == old:
                before = middle
            else:
                after = middle
        return after

    def _offset(self, second: int) -> timedelta | None:
        return (_EPOCH + timedelta(seconds=second)).astimezone(self.zone).utcoffset()

    def _at(self, micros: int) -> datetime:
        return (_EPOCH + micros * _MICRO).astimezone(self.zone)


def _apart(openings: tuple[Opening, ...], taken: int) -> Iterator[Opening]:
    """Cut from each opening what an earlier one has already."""
    for start, end in openings:
        if end > max(start, taken):
            yield max(start, taken), end
        taken = max(taken, end)


def _micros(at: datetime) -> int:
    return (at - _EPOCH) // _MICRO
