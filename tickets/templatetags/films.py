"""Template words of customers' files: drawn steps, moments, and advice."""

from __future__ import annotations

from typing import Any

from django import template
from django.utils.translation import gettext as _

from tickets.actions.marks import can_mark
from tickets.file_words import MARK_LABELS, advice_words, clock_words
from tickets.models import Evidence
from tickets.models.evidence import MARKS
from tickets.portal.guide import DrawnStep, drawn

register = template.Library()
register.filter("can_mark", can_mark)
register.filter("clock_words", clock_words)


@register.filter
def drawn_steps(slot: Any) -> list[DrawnStep]:
    """The steps of a kind of evidence, each with its drawings."""
    return drawn(slot.kind, slot.media, slot.steps)


@register.filter
def moments(file: Evidence) -> list[dict[str, str]]:
    """The moments that were marked, in the order of filming: ``label`` and ``at``."""
    return [
        {"label": str(MARK_LABELS[name]), "at": clock_words(file.marks[name])}
        for name in MARKS
        if name in file.marks
    ]


@register.filter
def advice(file: Evidence) -> list[str]:
    """What would make a ready file more useful; nothing for any other."""
    if file.state != "ready":
        return []
    found = []
    for code in file.advice:
        words = advice_words(code)
        if code == "short" and file.seconds is not None:
            words = (
                _("It is %(length)s long.") % {"length": clock_words(file.seconds)} + f" {words}"
            )
        if words:
            found.append(words)
    return found


@register.simple_tag
def advice_text(code: str) -> str:
    """The words for one code of advice."""
    return advice_words(code)
