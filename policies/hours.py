"""When a store is open, in one line for people: "Mon–Sat 12:00–19:30"."""

from __future__ import annotations

from babel import Locale
from babel.dates import get_day_names

from policies.pack import Pack

_DAYS = range(7)  # Monday first


def opening_hours(pack: Pack, locale: str) -> str:
    """The weekly hours on the store's clock, neighbouring days with equal hours together.

    Empty when the pack names none; closed days are left out.
    """
    names = get_day_names("abbreviated", locale=Locale.parse(locale, sep="-"))
    told: list[str] = []
    first = 0
    for day in _DAYS:
        spans = pack.calendar.hours.get(day, ())
        if day + 1 in _DAYS and pack.calendar.hours.get(day + 1, ()) == spans:
            continue
        if spans:
            days = names[first] if first == day else f"{names[first]}–{names[day]}"
            clock = ", ".join(f"{start:%H:%M}–{end:%H:%M}" for start, end in spans)
            told.append(f"{days} {clock}")
        first = day + 1
    return ", ".join(told)
