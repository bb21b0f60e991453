"""What the help centre shows: opening hours by the day, carriers, and for whom a rule holds."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import lru_cache

from babel.dates import format_date, format_skeleton
from django.http import HttpRequest
from django.utils.translation import gettext as _

from policies.articles import Article, library, search
from policies.carriers import known_name, page_of
from policies.pack import Pack
from policies.publish import beginnings, in_force, pack_of
from policies.schema import Carrier
from tickets.models import Store
from tickets.portal.tiles import OTHER
from tickets.templatetags.dates import locale_name

# Carriers that bring parcels everywhere, with a tracking page of their own.
_EVERYWHERE = ("USPS", "UPS", "FedEx", "DHL")
_MACHINE = re.compile(r"bot|crawl|spider|slurp|preview|monitor", re.IGNORECASE)
_DAYS_SHOWN = 7
_VERSIONS_COMPARED = 5  # back and forth: older ones are nobody's concern
_HITS = 8


def found(pack: Pack, words: str, locale: str) -> tuple[Article, ...]:
    """The articles that fit what somebody typed, the best first."""
    return search(pack, words, locale)[:_HITS]


@lru_cache(maxsize=512)
def labels(pack: Pack, article: Article, locale: str) -> tuple[tuple[str, str], ...]:
    """The guided forms that an article leads to: request types and their words."""
    return tuple((name, pack.label(name, locale)) for name in article.requests)


def write_request(article: Article) -> str:
    """Where “write to us” leads: the article's own form if it decides, else a plain question.

    A form that only answers would tell the reader the same once more.
    """
    return article.requests[0] if article.enforced and article.requests else OTHER


# --- opening hours --------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Day:
    """One of the coming days: its spans as instants on the store's clock; closed without."""

    name: str
    spans: tuple[tuple[datetime, datetime], ...]
    today: bool
    holiday: bool


def week(pack: Pack, now: datetime, locale: str) -> list[Day]:
    """The next seven days, today first, with the hours that really hold: holidays are closed."""
    calendar = pack.calendar
    today = calendar.local_date(now)
    days = []
    for ahead in range(_DAYS_SHOWN):
        day = today + timedelta(days=ahead)
        spans = tuple(
            (
                datetime.combine(day, start, tzinfo=pack.zone),
                datetime.combine(day, end, tzinfo=pack.zone),
            )
            for start, end in calendar.spans(day)
        )
        usual = bool(calendar.hours.get(day.weekday()))
        days.append(Day(_day_name(day, locale), spans, ahead == 0, usual and not spans))
    return days


@lru_cache(maxsize=512)
def _day_name(day: date, locale: str) -> str:
    name = locale_name(locale)
    if name.startswith("en"):
        return str(format_date(day, "EEE d MMM", locale=name))
    return str(format_skeleton("MMMEd", day, locale=name))


# --- carriers -------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class CarrierCard:
    """A carrier: how its numbers begin (where the store says so), its page, its phone."""

    name: str
    page: str
    prefix: str = ""
    phone: str = ""


@lru_cache(maxsize=64)
def carriers(pack: Pack) -> tuple[tuple[CarrierCard, ...], tuple[CarrierCard, ...]]:
    """The carriers that the store names, and those of everywhere that it does not."""
    own = tuple(_card(item) for item in pack.carriers)
    named = {known_name(card.name) for card in own}
    others = (CarrierCard(name, _bare(page_of(name, ""))) for name in _EVERYWHERE)
    return own, tuple(card for card in others if card.name not in named)


def _card(item: Carrier) -> CarrierCard:
    page = page_of("", "", item.site)
    return CarrierCard(item.name, page, item.prefix, item.phone or "")


def _bare(page: str) -> str:
    """The page without a number to look for."""
    return page.partition("?")[0]


# --- for whom it holds ----------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Validity:
    """Since when an article holds as it stands, and what was or will be said otherwise.

    `since` and `until` are dates in words, empty where there is no such change. `before` and
    `after` are the article of then; None where there is no such rule.
    """

    since: str = ""
    before: Article | None = None
    until: str = ""
    after: Article | None = None


def versions(store: Store, now: datetime) -> tuple[object, int]:
    """What `validity` depends on beside the pack: the store's versions, and how many began."""
    starts = beginnings(store.pk)
    return starts, sum(1 for start, _pk in starts if start <= now)


def validity(store: Store, pack: Pack, article: Article, now: datetime, locale: str) -> Validity:
    """Compare what the versions before and after the one in force tell about this rule."""
    starts = [start for start, _pk in beginnings(store.pk)]
    begun = [start for start in starts if start <= now]
    coming = [start for start in starts if start > now]
    since, before = "", None
    for start, earlier in _back(store, begun):
        other = library(earlier, locale).by_rule.get(article.rule)
        if not _same(article, other):
            since, before = _date(start, pack, locale), other
            break
    if not since and article.starts_on is not None:
        since = str(format_date(article.starts_on, "long", locale=locale_name(locale)))
    for start in coming[:_VERSIONS_COMPARED]:
        other = library(pack_of(in_force(store.pk, start)), locale).by_rule.get(article.rule)
        if not _same(article, other):
            return Validity(since, before, _date(start, pack, locale), other)
    return Validity(since, before)


def _back(store: Store, begun: list[datetime]) -> Iterator[tuple[datetime, Pack]]:
    """Each version's start with the pack of the version before it, the newest first."""
    for place in range(len(begun) - 1, max(0, len(begun) - 1 - _VERSIONS_COMPARED), -1):
        yield begun[place], pack_of(in_force(store.pk, begun[place - 1]))


def _same(one: Article, other: Article | None) -> bool:
    return other is not None and (one.title, one.text) == (other.title, other.text)


def _date(at: datetime, pack: Pack, locale: str) -> str:
    """The store's day; with the time where a version began in the middle of one."""
    local = at.astimezone(pack.zone)
    day = str(format_date(local.date(), "long", locale=locale_name(locale)))
    return day if (local.hour, local.minute) == (0, 0) else f"{day}, {local:%H:%M}"


# --- counting -------------------------------------------------------------------------


def is_read(request: HttpRequest) -> bool:
    """Whether a person most likely sees this page: no prefetch, no machine, no mere look."""
    purpose = request.headers.get("Sec-Purpose", "") or request.headers.get("Purpose", "")
    agent = request.headers.get("User-Agent", "")
    return request.method == "GET" and "prefetch" not in purpose and not _MACHINE.search(agent)


def from_elsewhere(request: HttpRequest) -> bool:
    """Whether another site's page sent this form; browsers say so, and cannot be made to lie."""
    return request.headers.get("Sec-Fetch-Site", "same-origin") not in ("same-origin", "none")


def nothing_found(words: str) -> str:
    """What is said when no article fits."""
    return _("We found no article on “%(words)s”. There may be no rule about it.") % {
        "words": words
    }
