"""Template words for the chain of custody."""

from __future__ import annotations

from django import template

from tickets import custody_words
from tickets.models import CustodyEntry

register = template.Library()


@register.filter
def custody_act(entry: CustodyEntry) -> str:
    """What was done."""
    return custody_words.act(entry)


@register.filter
def custody_who(entry: CustodyEntry) -> str:
    """Who did it."""
    return custody_words.who(entry)
