"""How a date is said: weekday, date, time, place, and what is left."""

from __future__ import annotations

import math
from datetime import UTC, date, datetime, timedelta
from functools import lru_cache
from typing import Any
from zoneinfo import ZoneInfo

from babel import Locale, UnknownLocaleError
from babel.dates import format_skeleton, get_timezone_location
from django.utils.translation import get_language, ngettext
from django.utils.translation import gettext as _

from policies.models import PolicyVersion
from policies.publish import in_force, pack_of
from tickets.models import Store

# Where a store's clock hangs never changes in its lifetime; asked for on every page.
_places: dict[tuple[int, str, str, str], str] = {}


@lru_cache(maxsize=32)
def locale_name(code: str | None) -> str:
    """Babel's name for a language code; English where Babel does not know it."""
    try:
        return str(Locale.parse((code or "en").replace("-", "_")))
    except (ValueError, UnknownLocaleError):
        return "en"


@lru_cache(maxsize=256)
def _town(zone: str, locale: str) -> str:
    if "/" not in zone:
        return zone
    return str(get_timezone_location(ZoneInfo(zone), locale=locale, return_city=True))


def place_of(store: Store) -> str:
    """The town whose clock counts for this store, as its newest pack says it."""
    language = get_language() or "en"
    key = (store.pk or 0, store.slug, store.time_zone, language)
    if key not in _places:
        try:
            pack = pack_of(in_force(store.pk, datetime.max.replace(tzinfo=UTC)))
        except PolicyVersion.DoesNotExist:
            return _town(store.time_zone, locale_name(language))
        _places[key] = pack.place(language)
    return _places[key]


def say(instant: datetime, zone: str, now: datetime | None, *, day: bool = True) -> str:
    """“Tue 10 Mar, 23:59” in a zone; with the year when it is another one than ``now``'s."""
    local = instant.astimezone(ZoneInfo(zone))
    locale = locale_name(get_language())
    time = f"{local.hour:02}:{local.minute:02}"
    if not day:
        return f"{_weekday(local.date(), locale)} {time}"
    other_year = now is not None and _year(now, zone) != local.year
    return f"{_day(local.date(), locale, other_year)}, {time}"


@lru_cache(maxsize=64)
def _year(now: datetime, zone: str) -> int:
    """A page has one now, and asks dozens of times."""
    return now.astimezone(ZoneInfo(zone)).year


def day(local: date, now: datetime | None = None) -> str:
    """“Tue 10 Mar”, a day on the store's calendar; with the year when it is another one."""
    other_year = now is not None and now.year != local.year
    return _day(local, locale_name(get_language()), other_year)


@lru_cache(maxsize=400)
def _weekday(local: date, locale: str) -> str:
    return str(format_skeleton("E", local, locale=locale))


@lru_cache(maxsize=4000)
def _day(local: date, locale: str, with_year: bool) -> str:
    """A page says dozens of days, mostly the same few; Babel takes its time for each."""
    if locale.startswith("en"):
        month = format_skeleton("MMM", local, locale=locale)
        text = f"{_weekday(local, locale)} {local.day} {month}"
        return f"{text} {local.year}" if with_year else text
    return str(format_skeleton("yMMMEd" if with_year else "MMMEd", local, locale=locale))


def last_minute(instant: datetime, zone: str) -> datetime:
    """A limit at local midnight belongs, for people, to the day that ends there."""
    local = instant.astimezone(ZoneInfo(zone))
    if (local.hour, local.minute, local.second) == (0, 0, 0):
        return instant - timedelta(minutes=1)
    return instant


def remaining(instant: datetime, now: datetime) -> str:
    """“3 days left”, “5 hours left”, “2 days over”: whole units, never more than there is."""
    seconds = (instant - now).total_seconds()
    amount = abs(seconds)
    over = seconds < 0
    if amount >= 86400 * 2:
        n = math.floor(amount / 86400)
        words = (
            ngettext("%d day over", "%d days over", n)
            if over
            else ngettext("%d day left", "%d days left", n)
        )
    elif amount >= 3600:
        n = math.floor(amount / 3600)
        words = (
            ngettext("%d hour over", "%d hours over", n)
            if over
            else ngettext("%d hour left", "%d hours left", n)
        )
    else:
        n = math.floor(amount / 60)
        words = (
            ngettext("%d minute over", "%d minutes over", n)
            if over
            else ngettext("%d minute left", "%d minutes left", n)
        )
    return words % n


def limit(instant: datetime, store: Store, now: datetime | None, reader: str) -> dict[str, Any]:
    """What ``components/due.html`` needs to say a limit."""
    shown = last_minute(instant, store.time_zone)
    here = ""
    if reader and reader != store.time_zone:
        there_local = shown.astimezone(ZoneInfo(store.time_zone))
        here_local = shown.astimezone(ZoneInfo(reader))
        if there_local.utcoffset() != here_local.utcoffset():
            near = abs((here_local.date() - there_local.date()).days) <= 1
            here = say(shown, reader, now, day=not near)
    return {
        "iso": instant.isoformat(),
        "there": say(shown, store.time_zone, now),
        "place": place_of(store),
        "here": here,
        "left": remaining(instant, now) if now else "",
        "past": bool(now and instant <= now),
        "soon": bool(now and instant - now < timedelta(days=2)),
    }


def point(instant: datetime, store: Store, now: datetime | None, reader: str) -> str:
    """A point in time, in the reader's own zone when known, else in the store's, and named."""
    if reader:
        return say(instant, reader, now)
    return _("%(when)s in %(place)s") % {
        "when": say(instant, store.time_zone, now),
        "place": place_of(store),
    }
