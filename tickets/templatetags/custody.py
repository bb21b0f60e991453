"""Template words for the chain of custody."""

from __future__ import annotations

from zoneinfo import ZoneInfo

from django import template

from tickets import custody_words
from tickets.models import CustodyEntry, Store

register = template.Library()


@register.filter
def custody_act(entry: CustodyEntry) -> str:
    """What was done."""
    return custody_words.act(entry)


@register.filter
def custody_who(entry: CustodyEntry) -> str:
    """Who did it."""
    return custody_words.who(entry)


@register.filter
def custody_when(entry: CustodyEntry, store: Store) -> str:
    """The instant on the store's clock, to the second: a log is read years later."""
    at = entry.at.astimezone(ZoneInfo(store.time_zone))
    return at.strftime("%Y-%m-%d %H:%M:%S %Z")
