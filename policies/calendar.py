"""Local days, business days and opening hours of one store. The only place that counts days.

A store's own zone decides what a day is. A window of N days from X closes at local midnight
at the start of `date(X) + N + 1`; daylight-saving changes never make it shorter or longer in
local days. Business days skip Saturdays, Sundays and the store's public holidays.
"""

from calendar import monthrange
from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

import holidays

from policies.openings import Openings, Span

_DAY = timedelta(days=1)
_SATURDAY = 5
_SEARCH_DAYS = 400  # longer than any run of closed days that a shop could mean
_CACHE_LIMIT = 50_000  # dates; a process that sees more starts its cache afresh


@lru_cache(maxsize=1024)
def public_holidays(country: str, subdivision: str | None, year: int) -> frozenset[date]:
    """Return the public holidays of a year, substitute days included.

    A fresh object for each year: the library's own growing one is not safe between threads.
    Raises NotImplementedError for a country or subdivision that the library does not know.
    """
    found = holidays.country_holidays(country, subdiv=subdivision, years=year)
    return frozenset(day for day in found if day.year == year)


class Calendar:
    """How one store counts time. Immutable; its caches are safe to share between threads."""

    def __init__(
        self,
        zone: ZoneInfo,
        country: str | None = None,
        subdivision: str | None = None,
        hours: Mapping[int, Sequence[Span]] | None = None,
        *,
        closed_on_holidays: bool = True,
    ) -> None:
        """Take the zone, the holidays' country, and opening spans by weekday (0 is Monday)."""
        self.zone = zone
        self.country = country
        self.subdivision = subdivision
        self.hours = {day: tuple(spans) for day, spans in (hours or {}).items()}
        self.closed_on_holidays = closed_on_holidays
        self._midnights: dict[date, datetime] = {}
        self._business: dict[tuple[date, int], date] = {}
        self._openings = Openings(zone, self.spans)

    def local_date(self, at: datetime) -> date:
        """Return the store's day that an instant belongs to."""
        return at.astimezone(self.zone).date()

    def midnight(self, day: date) -> datetime:
        """Return the first instant of a local day, also where midnight itself is skipped."""
        found = self._midnights.get(day)
        if found is None:
            if len(self._midnights) > _CACHE_LIMIT:
                self._midnights.clear()
            naive = datetime(day.year, day.month, day.day, tzinfo=self.zone)
            # Through UTC, so that a midnight in a clock change reads as the clock reads.
            found = self._midnights[day] = naive.astimezone(UTC).astimezone(self.zone)
        return found

    def window_closes(self, start: datetime, days: int) -> datetime:
        """Return the instant at which a window of `days` local days from `start` is over."""
        return self.midnight(self.local_date(start) + timedelta(days=days + 1))

    def months_close(self, start: datetime, months: int) -> datetime:
        """Return the instant at which a window of `months` calendar months from `start` is over.

        A day that the last month does not have is its last one: a month from 31 January ends
        with 28 February.
        """
        day = self.local_date(start)
        years, month = divmod(day.month - 1 + months, 12)
        year = day.year + years
        last = monthrange(year, month + 1)[1]
        return self.midnight(date(year, month + 1, min(day.day, last)) + _DAY)

    def days_later(self, at: datetime, days: int) -> datetime:
        """Return local midnight at the start of the day `days` after `at`'s local day."""
        return self.midnight(self.local_date(at) + timedelta(days=days))

    def morning_before(self, closes_at: datetime, days: int, hour: int = 10) -> datetime:
        """Return the local morning on which a window still has `days` days after that day."""
        day = self.local_date(closes_at) - _DAY * (days + 1)
        local = datetime(day.year, day.month, day.day, hour, tzinfo=self.zone)
        return local.astimezone(UTC).astimezone(self.zone)

    def is_business_day(self, day: date) -> bool:
        """Say whether a day is neither at the weekend nor a public holiday."""
        if day.weekday() >= _SATURDAY:
            return False
        if self.country is None:
            return True
        return day not in public_holidays(self.country, self.subdivision, day.year)

    def business_days_after(self, start: datetime | date, days: int) -> date:
        """Return the day on which `days` business days after `start`'s local day are counted."""
        day = self.local_date(start) if isinstance(start, datetime) else start
        found = self._business.get((day, days))
        if found is not None:
            return found
        step, left = day, days
        while left > 0:
            step += _DAY
            if self.is_business_day(step):
                left -= 1
        if len(self._business) > _CACHE_LIMIT:
            self._business.clear()
        self._business[(day, days)] = step
        return step

    def overdue_from(self, start: datetime, days: int) -> datetime:
        """Return local midnight after the last of `days` business days from `start`."""
        return self.midnight(self.business_days_after(start, days) + _DAY)

    def days_left(self, at: datetime, closes_at: datetime) -> int:
        """Return the local days after today that a window still has.

        0 on its last day, negative once it is over.
        """
        return (self.local_date(closes_at) - _DAY - self.local_date(at)).days

    def spans(self, day: date) -> tuple[Span, ...]:
        """Return the opening spans of a local day; empty when closed."""
        if (
            self.closed_on_holidays
            and self.country is not None
            and day in public_holidays(self.country, self.subdivision, day.year)
        ):
            return ()
        return self.hours.get(day.weekday(), ())

    def is_open(self, at: datetime) -> bool:
        """Say whether the store is open at an instant."""
        return self._openings.around(at) is not None

    def closing(self, at: datetime) -> datetime | None:
        """Return when the store closes next; None while it is closed."""
        found = self._openings.around(at)
        return None if found is None else datetime.fromtimestamp(found[1], self.zone)

    def last_closing(self, day: date) -> datetime | None:
        """Return when a local day's opening is over; None where the store stays closed."""
        found = self._openings.of_day(day)
        return datetime.fromtimestamp(found[-1][1], self.zone) if found else None

    def next_opening(self, at: datetime) -> datetime | None:
        """Return the first instant from `at` on at which the store is open; None if never."""
        if self.is_open(at):
            return at
        today = self.local_date(at)
        for ahead in range(-1, _SEARCH_DAYS):
            for start, _ in self._openings.of_day(today + timedelta(days=ahead)):
                if start > at.timestamp():
                    return datetime.fromtimestamp(start, self.zone)
        return None

    def open_seconds(self, start: datetime, end: datetime) -> int:
        """Return the seconds between two instants during which the store was open.

        0 where the end comes first. Whole seconds, counted as they went by: see
        `policies.openings` for what a clock change makes of a span.
        """
        return self._openings.seconds_between(start, end)

    def after_open_seconds(self, start: datetime, seconds: int) -> datetime | None:
        """Return the instant at which the store was open for so many seconds from `start`.

        The first such instant: a day's last second ends at its closing, not at the next opening.
        `start` itself for none; None where the store never opens.
        """
        return self._openings.after(start, seconds)
