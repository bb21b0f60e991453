"""Template words that every face shares: icons, verdicts, dates, money, references, fields."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from functools import lru_cache
from typing import Any

from babel.numbers import format_currency
from django import forms, template
from django.contrib.messages.storage.base import Message
from django.forms import BoundField
from django.templatetags.static import static
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _

from tickets.models import Store
from tickets.references import spoken as spoken_form
from tickets.templatetags import dates

register = template.Library()

VERDICT_ICONS = {
    "accepted": "check",
    "evidence_needed": "camera",
    "discretionary": "user",
    "refused": "minus",
    "wait": "clock",
    "elsewhere": "external-link",
    "answered": "message-circle",
}
VERDICT_LABELS = {
    "accepted": _("Accepted"),
    "evidence_needed": _("Evidence needed"),
    "discretionary": _("A person decides"),
    "refused": _("Refused"),
    "wait": _("Still normal"),
    "elsewhere": _("Handled elsewhere"),
    "answered": _("Answered"),
}
VERDICT_TITLES = {
    "accepted": _("Yes, we can act on this"),
    "evidence_needed": _("Something is still missing"),
    "discretionary": _("A person decides this"),
    "refused": _("This is outside the store's rule"),
    "wait": _("This is still normal"),
    "elsewhere": _("Somebody else handles this"),
    "answered": _("Here is the answer"),
}
NOTICE_ICONS = {"success": "check", "warning": "alert-triangle", "error": "alert-triangle"}


@register.simple_tag
def icon(name: str, label: str = "") -> SafeString:
    """One symbol of the sprite; decoration unless ``label`` gives it a meaning of its own."""
    return _drawn(name, str(label))


@lru_cache(maxsize=1000)
def _drawn(name: str, label: str) -> SafeString:
    address = f"{static('vendor/icons.svg')}#{name}"
    if label:
        return format_html(
            '<svg class="icon" role="img" aria-label="{}"><use href="{}"></use></svg>',
            label,
            address,
        )
    return format_html('<svg class="icon" aria-hidden="true"><use href="{}"></use></svg>', address)


@register.filter
def verdict_icon(verdict: str) -> str:
    """The name of a verdict's symbol."""
    return VERDICT_ICONS.get(str(verdict), "question-mark")


@register.filter
def verdict_title(verdict: str) -> str:
    """What a verdict says to a customer, as a heading over the rule's own sentences."""
    return str(VERDICT_TITLES.get(str(verdict), ""))


@register.filter
def notice_icon(level: str) -> str:
    """The symbol of a message's level."""
    return NOTICE_ICONS.get(level, "info-circle")


@register.filter
def way_back(message: Message) -> list[str]:
    """Where a message's undo is posted and what it names; empty where there is none."""
    mark, *way = (message.extra_tags or "").split(" ")
    return way if mark == "undo" and len(way) == 2 else []


@register.inclusion_tag("components/verdict.html")
def verdict(value: str) -> dict[str, Any]:
    """A small badge: colour, symbol and word."""
    value = str(value)
    return {
        "verdict": value,
        "symbol": verdict_icon(value),
        "label": VERDICT_LABELS.get(value, value),
    }


@register.inclusion_tag("components/due.html", takes_context=True)
def due(context: template.Context, instant: datetime, store: Store) -> dict[str, Any]:
    """A limit: weekday, date, time and place, the same for the reader, and what is left.

    A limit at local midnight is said as the last minute of the day before. ``now`` and
    ``reader_zone`` (a zone's name, optional) come from the page's context.
    """
    return dates.limit(instant, store, context.get("now"), context.get("reader_zone") or "")


@register.simple_tag(takes_context=True)
def moment(context: template.Context, instant: datetime | None, store: Store) -> SafeString | str:
    """A point in time in the reader's zone where it is known, in the store's otherwise."""
    if instant is None:
        return "—"
    text = dates.point(instant, store, context.get("now"), context.get("reader_zone") or "")
    return format_html('<time datetime="{}">{}</time>', instant.isoformat(), text)


@register.simple_tag(takes_context=True)
def left(context: template.Context, instant: datetime | None) -> str:
    """What is left until then: “3 days left”, “2 hours over”."""
    now = context.get("now")
    return dates.remaining(instant, now) if instant and now else ""


@register.simple_tag
def place(store: Store) -> str:
    """The town whose clock counts for a store."""
    return dates.place_of(store)


KIND_ICONS = {
    "album": "disc",
    "lightstick": "sparkles",
    "poster": "photo",
    "blind_box": "box",
    "gift_card": "gift",
}


@register.filter
def kind_icon(kind: str) -> str:
    """The symbol of a product's kind, where there is no picture of it."""
    return KIND_ICONS.get(kind, "shopping-bag")


@register.filter
def money(amount: Decimal | None, currency: str) -> str:
    """An amount with its currency, as the reader's language writes it."""
    if amount is None:
        return "—"
    return _amount(amount, currency, dates.locale_name(get_language()))


@lru_cache(maxsize=4000)
def _amount(amount: Decimal, currency: str, locale: str) -> str:
    """Prices come again and again; Babel takes its time for each."""
    return str(format_currency(amount, currency, locale=locale))


@register.filter
def spoken(reference: str) -> str:
    """A reference as people read it out: ``7KM4-QX9D``."""
    return spoken_form(reference)


_CLASSES: list[tuple[tuple[type[forms.Widget], ...], str]] = [
    ((forms.CheckboxInput, forms.RadioSelect, forms.CheckboxSelectMultiple), "form-check-input"),
    ((forms.Select,), "form-select"),
]


@register.inclusion_tag("components/field.html")
def field(bound: BoundField, autocomplete: str = "") -> dict[str, Any]:
    """A form field: label above, hint below, error beside it, all tied together for readers."""
    widget = bound.field.widget
    group = isinstance(widget, (forms.RadioSelect, forms.CheckboxSelectMultiple))
    css = next((css for kinds, css in _CLASSES if isinstance(widget, kinds)), "form-control")
    described = " ".join(
        f"{bound.auto_id}_{part}"
        for part, there in (("hint", bound.help_text), ("problem", bound.errors))
        if there
    )
    attrs: dict[str, Any] = {"class": css}
    if described:
        attrs["aria-describedby"] = described
    if autocomplete:
        attrs["autocomplete"] = autocomplete
    if group:
        widget.attrs.update(attrs)
    return {
        "field": bound,
        "widget": "" if group else bound.as_widget(attrs=attrs),
        "is_check": isinstance(widget, forms.CheckboxInput),
        "is_group": group,
        "described": described,
    }


@register.inclusion_tag("components/error_summary.html")
def error_summary(form: forms.BaseForm) -> dict[str, Any]:
    """Everything that was wrong, on top of the form, each a link to its field."""
    return {"form": form}
