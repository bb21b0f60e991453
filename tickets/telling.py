"""A decision that an event keeps, told again: in the reader's language, and years later."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date, datetime, timedelta, tzinfo

from policies.evaluate import decide, explain
from policies.pack import Pack
from policies.parse import facts_from_json
from policies.publish import pack_of
from policies.wording import clock, joined
from tickets.models import Event


def sentences_of(event: Event, locale: str, zone: tzinfo | None = None) -> list[str]:
    """What the rules said when ``event`` happened; ``[]`` when it decided nothing.

    The pack version and the facts on the event are the ones that were decided on, so the same
    sentences come out in any language. What was told in English then is the fallback for facts
    that a later format no longer reads. What happened to a claim is told as of a request that
    has been sent: the evidence's deadline counts then, and the window's end no longer does.
    """
    facts, version = event.data.get("facts"), event.policy_version
    told = [str(sentence) for sentence in event.data.get("decision", {}).get("explain", [])]
    if facts is None or version is None:
        return told
    try:
        asked = facts_from_json(facts)
    except ValueError:
        return told
    pack = pack_of(version)
    filed = event.claim_id is not None
    return explain(pack, asked, decide(pack, asked), locale=locale, zone=zone, filed=filed)


def wanted_in_words(pack: Pack, ways: Iterable[Mapping[str, int]], locale: str) -> str:
    """``1 unboxing video, or 2 photos``: alternatives of what is still needed, in words."""
    told = [
        joined([_needed(pack, kind, count, locale) for kind, count in way.items()], locale)
        for way in ways
    ]
    if len(told) < 2:
        return "".join(told)
    first = joined(told[:-1], locale, "or")
    return pack.phrase("alternatives.or", locale, first=first, last=told[-1])


def _needed(pack: Pack, kind: str, count: int, locale: str) -> str:
    return pack.phrase(f"missing.{kind}", locale, count=count)


def last_minute(closes_at: datetime, pack: Pack) -> datetime:
    """The last minute of a window that closes at the store's midnight: people read 23:59 right."""
    here = closes_at.astimezone(pack.zone)
    return closes_at - timedelta(minutes=1) if (here.hour, here.minute) == (0, 0) else closes_at


def day_in_words(pack: Pack, day: date, now: datetime, locale: str) -> str:
    """``Tue 10 Mar``: a day of the store's calendar; with the year where it is not ``now``'s."""
    same_year = day.year == now.astimezone(pack.zone).year
    name = "pattern.day" if same_year else "pattern.day_with_year"
    pattern = pack.phrases(name, locale)[0][0]
    return clock(pack.calendar.midnight(day), pack.zone, pattern, locale)


def instant_in_words(
    pack: Pack, at: datetime, now: datetime, locale: str, zone: tzinfo | None = None
) -> str:
    """``Tue 10 Mar, 23:59 in Las Vegas, that is Wed 08:59 for you``.

    The second half only where the reader's clock (``zone``) shows another time; the year only
    where it is not ``now``'s.
    """

    def pattern(name: str) -> str:
        return pack.phrases(f"pattern.{name}", locale)[0][0]

    here = at.astimezone(pack.zone)
    same_year = here.year == now.astimezone(pack.zone).year
    day = clock(at, pack.zone, pattern("day" if same_year else "day_with_year"), locale)
    time = clock(at, pack.zone, pattern("time"), locale)
    told = pack.phrase("when.in_place", locale, day=day, time=time, place=pack.place(locale))
    if zone is None or at.astimezone(zone).utcoffset() == here.utcoffset():
        return told
    weekday = clock(at, zone, pattern("weekday"), locale)
    theirs = clock(at, zone, pattern("time"), locale)
    return pack.phrase("when.for_you", locale, when=told, weekday=weekday, time=theirs)
