"""Template words of the desk: short instants, and words for what staff see."""

from __future__ import annotations

import html
from datetime import UTC, date, datetime
from typing import Any

from django import template
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import pgettext

from tickets import labels as common
from tickets.desk import labels, left
from tickets.models import Store
from tickets.templatetags import dates

register = template.Library()

_WORDS = {
    "request": labels.REQUESTS,
    "evidence": labels.EVIDENCE,
    "deadline": labels.DEADLINES,
    "deadline_state": labels.DEADLINE_STATES,
    "claim_state": common.CLAIM_STATES,
    "ticket_state": common.TICKET_STATES,
    "pickup_state": common.PICKUP_STATES,
    "outcome": common.OUTCOMES,
}


@register.filter
def word(value: str, kind: str) -> str:
    """The word for a stored value: ``claim.state|word:"claim_state"``."""
    return str(_WORDS[kind].get(str(value), value))


@register.simple_tag(takes_context=True)
def left_zone(context: template.Context) -> SafeString:
    """The queues with their counts, as every page of the desk shows them on the left."""
    return left.zone(context)


@register.simple_tag(takes_context=True)
def when(context: template.Context, at: datetime | None, store: Store) -> SafeString | str:
    """An instant in short: the person's own zone where they set one, else the store's.

    The place is named once, in the address line of the page, and in the title here.
    """
    if at is None:
        return "—"
    zone = context.get("reader_zone") or store.time_zone
    said = dates.say(at, zone, context.get("now"))
    # By hand: it stands on a page dozens of times.
    return SafeString(
        f'<time datetime="{at.isoformat()}" title="{html.escape(zone)}">{html.escape(said)}</time>'
    )


@register.simple_tag(takes_context=True)
def last_minute(context: template.Context, at: datetime, store: Store) -> SafeString:
    """The end of a window, as people say it: its last minute, on the store's clock."""
    shown = dates.last_minute(at, store.time_zone)
    said = dates.say(shown, store.time_zone, context.get("now"))
    place = _("in %(place)s") % {"place": dates.place_of(store)}
    return SafeString(
        f'<time datetime="{at.isoformat()}">{html.escape(said)}</time> {html.escape(place)}'
    )


@register.simple_tag(takes_context=True)
def clock_of(context: template.Context, store: Store) -> str:
    """Whose clock the page's times are on: the person's own, else the store's town."""
    place = context.get("reader_zone") or dates.place_of(store)
    return _("times in %(place)s") % {"place": place}


def short(at: datetime, now: datetime) -> str:
    """What is left, as short as it can be said: ``3 d``, ``5 h``, ``2 d over``."""
    seconds = (at - now).total_seconds()
    amount = abs(seconds)
    if amount >= 172800:
        text = pgettext("days", "%d d") % (amount // 86400)
    elif amount >= 3600:
        text = pgettext("hours", "%d h") % (amount // 3600)
    else:
        text = pgettext("minutes", "%d min") % (amount // 60)
    return _("%(time)s over") % {"time": text} if seconds < 0 else text


@register.simple_tag(takes_context=True)
def countdown(context: template.Context, at: datetime | None) -> SafeString | str:
    """What is left, as short as it can be said: ``3 d``, ``5 h``, ``2 d over``."""
    now = context.get("now")
    if at is None or now is None:
        return ""
    return format_html(
        '<time datetime="{}" title="{}">{}</time>',
        at.isoformat(),
        dates.remaining(at, now),
        short(at, now),
    )


@register.filter
def filesize(size: int) -> str:
    """Bytes as people say them."""
    value = float(size)
    for unit in ("B", "kB", "MB"):
        if value < 1000:
            return f"{value:.0f} {unit}" if unit != "MB" else f"{value:.1f} {unit}"
        value /= 1000
    return f"{value:.1f} GB"


@register.filter
def clock_length(seconds: float | None) -> str:
    """A film's length: ``1:05``."""
    if not seconds:
        return ""
    return f"{int(seconds) // 60}:{int(seconds) % 60:02d}"


@register.filter
def get(mapping: Any, key: str) -> Any:
    """One entry of a mapping by a key that a variable holds."""
    return mapping.get(key) if hasattr(mapping, "get") else ""


@register.filter
def day_and_year(day: date | None) -> str:
    """“Fri 4 Dec 2026”, in the reader's own order; nothing for no day."""
    return "" if day is None else dates.day(day, datetime(day.year - 1, 1, 1, tzinfo=UTC))
