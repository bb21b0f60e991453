"""What the customers' pages show, read and put into shape. Nothing here changes a row."""

from __future__ import annotations

from datetime import datetime
from functools import lru_cache
from typing import Any

from babel.dates import format_datetime
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from policies.article_search import Entry, Index
from policies.carriers import recognise
from policies.pack import Pack
from policies.phrases import locales
from policies.types import Decision, OrderFacts
from tickets.actions.guided import Guide
from tickets.facts import own_lines
from tickets.models import ClaimItem, Draft, OrderLine
from tickets.models.claim import FILED_VERDICTS
from tickets.models.ticket import URGENT
from tickets.portal.tiles import OTHER, TILES
from tickets.templatetags.dates import locale_name

_HITS = 8
# Requests that the carrier's own page may answer.
_ON_THE_WAY = frozenset(
    {
        "lost_parcel",
        "tracking_stalled",
        "poster_missing",
        "shipping_time",
        "carrier_contact",
        "customs",
        "change_address",
    }
)


# --- the store ----------------------------------------------------------------------


def hours(pack: Pack, now: datetime) -> dict[str, Any]:
    """Whether the store is open now, until when, and otherwise from when."""
    calendar = pack.calendar
    local = now.astimezone(pack.zone)
    at = calendar.closing(now)
    if at is not None:
        return {"open": True, "until": f"{at:%H:%M}", "at": at}
    opening = calendar.next_opening(now)
    if opening is None:
        return {"open": False, "next": ""}
    day = opening.astimezone(pack.zone)
    words = {0: _("today"), 1: _("tomorrow")}
    ahead = (day.date() - local.date()).days
    name = words.get(ahead) or format_datetime(day, "EEEE", locale=locale_name(pack_locale()))
    return {"open": False, "next": f"{name} {day:%H:%M}", "at": day}


def pack_locale() -> str:
    """The language of the page."""
    return get_language() or "en"


def channels(pack: Pack, locale: str) -> list[dict[str, Any]]:
    """The ways to reach the store, the fastest first; one that is closed only says so."""
    return [
        {
            "kind": channel.kind,
            "value": channel.value,
            "href": ("tel:" if channel.kind == "phone" else "mailto:") + channel.value,
            "open": channel.open,
            "notice": channel.notice(locale),
        }
        for channel in pack.channels
    ]


def search(pack: Pack, words: str, locale: str) -> list[tuple[str, str]]:
    """Request types by what people type, in any of our languages; the best first."""
    return [(name, pack.label(name, locale)) for name in _index(pack).find(words)[:_HITS]]


@lru_cache(maxsize=64)
def _index(pack: Pack) -> Index:
    tongues = sorted(locales())
    entries = [
        Entry(
            request,
            tuple(pack.label(request, tongue) for tongue in tongues),
            tuple(
                text for tongue in tongues for text in pack.phrases(f"find.{request}", tongue)[0]
            ),
            (),
        )
        for tile in TILES.values()
        for request in tile.requests
        if request != OTHER
    ]
    groups = [line for tongue in tongues for line in pack.phrases("help.words", tongue)[0]]
    fillers = [line for tongue in tongues for line in pack.phrases("help.fillers", tongue)[0]]
    return Index(entries, groups, fillers)


def looks_at_orders(guide: Guide) -> bool:
    """Whether knowing the order could say more, although the answer does not need it."""
    if guide.facts.request == "preorder":  # whose dates follow its release
        return True
    facts = guide.pack.request_facts(guide.facts.request)
    return not set(OrderFacts.__dataclass_fields__).isdisjoint(facts)


def parcels(draft: Draft, pack: Pack) -> list[dict[str, Any]]:
    """The order's parcels whose carrier can be named, where the request is about the way."""
    if draft.order is None or draft.request not in _ON_THE_WAY:
        return []
    found = []
    rows = list(draft.order.shipments.all())
    # A poster travels apart, where it has a parcel of its own.
    asked = "poster" if draft.request == "poster_missing" else "parcel"
    rows = [row for row in rows if row.kind == asked] or rows
    for row in rows[:3]:
        known = recognise(row.tracking_number, pack, row.carrier)
        if known is not None:
            found.append(
                {
                    "number": row.tracking_number,
                    "recognised": known,
                    "delivered_at": row.delivered_at,
                }
            )
    return found


def at_hand(pack: Pack, request: str, now: datetime, locale: str) -> dict[str, Any]:
    """How to reach the store, and whether one should do so this minute."""
    phone = next((c.value for c in pack.channels if c.kind == "phone" and c.open), "")
    urgent = request != OTHER and pack.priority(request) == URGENT
    return {
        "channels": channels(pack, locale),
        "hours": hours(pack, now),
        "phone_now": phone if urgent else "",
    }


def not_matching() -> str:
    """The one answer to an unknown number and to a wrong address."""
    return _(
        "We found no order with this number and this e-mail address together. "
        "Look into the confirmation mail: both stand in it."
    )


# --- the draft ----------------------------------------------------------------------


def lines(draft: Draft) -> list[OrderLine]:
    """The asker's lines of the order as cards; a gift card is nothing to claim about."""
    assert draft.order is not None
    return own_lines(draft, draft.order.lines.exclude(product__kind="gift_card"))


def taken_lines(draft: Draft) -> list[int]:
    """Lines that have an open claim of this type already."""
    rows = ClaimItem.objects.filter(
        line__order=draft.order, claim_type=draft.request, claim_open=True
    )
    mine = (
        rows.filter(share__customer=draft.claimant) if draft.claimant else rows.filter(share=None)
    )
    return list(mine.values_list("line_id", flat=True))


def chosen_items(draft: Draft) -> list[dict[str, Any]]:
    """The ticked items with their lines."""
    by_pk = {line.pk: line for line in lines(draft)}
    return [
        {**item, "line": by_pk[item["line"]]}
        for item in draft.answers.get("items", [])
        if item.get("line") in by_pk
    ]


def answers(guide: Guide, locale: str) -> list[dict[str, Any]]:
    """Every question that was asked, with its answer in words."""
    found = []
    for fact in guide.asks:
        value = getattr(guide.facts.said, fact)
        if isinstance(value, bool):
            value = _("Yes") if value else _("No")
        question = guide.pack.question(fact, locale)
        found.append({"fact": fact, "question": question, "value": value})
    return found


def can_file(decision: Decision) -> bool:
    """Whether this can become a claim."""
    return decision.verdict in FILED_VERDICTS


def what_happens(guide: Guide, *, claim: bool) -> list[dict[str, str]]:
    """What comes next, in a few words each, with the pack's own figures."""
    if not claim or not can_file(guide.decision):
        return []
    pack, process = guide.pack, guide.pack.process(guide.decision.rule)
    found = []
    if guide.decision.verdict == "discretionary" and guide.decision.missing:
        found.append(_step("camera", _("You may add what would help"), _("now or later")))
    elif guide.decision.missing:
        days = _("within %(n)d days of sending") % {"n": pack.evidence_days}
        found.append(_step("camera", _("You add what is missing"), days))
    found.append(_step("user-check", _("A person looks at it"), _("you hear by mail")))
    if process.manufacturer:
        weeks = pack.manufacturer.weeks_due if pack.manufacturer else None
        duration = _("up to %(n)d weeks") % {"n": weeks} if weeks and not process.inspection else ""
        found.append(_step("building-factory-2", _("The manufacturer is asked"), duration))
    if process.customer_returns:
        paid = {"customer": _("at your cost"), "store": _("at our cost")}
        cost = paid.get(process.return_shipping_paid_by or "", "")
        found.append(_step("truck-return", _("You send the items back"), cost))
    if process.inspection:
        limit = pack.defect_process
        days = _("about %(n)d days from receipt") % {"n": limit.days} if limit else ""
        found.append(_step("zoom-in", _("We inspect them"), days))
    ends = [pack.phrase(f"outcome.{name}", pack_locale()) for name in guide.decision.outcomes]
    if ends:
        either = _(" or ").join(ends)
        found.append(_step("circle-check", either[:1].upper() + either[1:], ""))
    return found


def _step(icon: str, text: str, when: str) -> dict[str, str]:
    return {"icon": icon, "text": text, "when": when}
