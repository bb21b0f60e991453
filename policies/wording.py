"""Sentences with placeholders: figures, dates, amounts, in a locale. No grammar in code.

`{days}` is a figure of the sentence's own rule, `{rule.id/days}` another rule's, and
`{days|day|days}` the number with its noun, one form for each plural category of the locale.
"""

import re
from collections.abc import Callable, Iterable
from datetime import UTC, datetime, tzinfo
from decimal import Decimal
from functools import lru_cache
from typing import Literal

from babel import Locale, UnknownLocaleError
from babel.dates import format_datetime
from babel.lists import format_list
from babel.numbers import format_currency, format_decimal

_PLACEHOLDER = re.compile(r"\{([^{}]*)\}")
_NAME = re.compile(r"[a-z][a-z0-9_.-]*(/[a-z][a-z0-9_]*)?")
_QUOTED = re.compile(r"'[^']*'")
# Letters of CLDR patterns: https://unicode.org/reports/tr35/tr35-dates.html
_DAY_FIELDS = frozenset("GyYuQqMLwWdDFEec")
_TIME_FIELDS = frozenset("abBhHkKm")
_CATEGORIES = ("zero", "one", "two", "few", "many", "other")

Values = Callable[[str], object]


class Template:
    """One parsed sentence. `names` are the placeholders in it."""

    __slots__ = ("names", "parts")

    def __init__(self, text: str) -> None:
        """Parse a sentence; raises ValueError for a placeholder that is none."""
        self.parts: list[tuple[str, str, tuple[str, ...]]] = []
        end = 0
        for found in _PLACEHOLDER.finditer(text):
            name, *forms = found.group(1).split("|")
            if not _NAME.fullmatch(name):
                raise ValueError(f"{found.group(0)} is not a placeholder")
            self.parts.append((text[end : found.start()], name, tuple(forms)))
            end = found.end()
        tail = text[end:]
        if "{" in tail or "}" in tail:
            raise ValueError("a brace is left open")
        self.parts.append((tail, "", ()))
        self.names = tuple(name for _, name, _ in self.parts if name)

    def render(self, values: Values, locale: str) -> str | None:
        """Return the sentence, or None when a value it needs is not known."""
        made = []
        for text, name, forms in self.parts:
            made.append(text)
            if not name:
                continue
            value = values(name)
            if value is None:
                return None
            if isinstance(value, str):
                made.append(value)
            else:
                made.append(counted(value, forms, locale) if forms else number(value, locale))
        return "".join(made)


@lru_cache(maxsize=4096)
def template(text: str) -> Template:
    """Return a sentence parsed, once."""
    return Template(text)


@lru_cache(maxsize=64)
def babel_locale(locale: str) -> Locale:
    """Return Babel's locale, falling back to its language, then to English."""
    for tag in (locale, locale.split("-")[0]):
        try:
            return Locale.parse(tag, sep="-")
        except (UnknownLocaleError, ValueError):
            continue
    return Locale("en")


@lru_cache(maxsize=8192)
def number(value: object, locale: str) -> str:
    """Return a figure as text; several are listed, text is left as it is."""
    if isinstance(value, tuple):
        return joined([number(item, locale) for item in value], locale)
    if isinstance(value, int | Decimal):
        return format_decimal(value, locale=babel_locale(locale))
    return str(value)


@lru_cache(maxsize=8192)
def counted(value: object, forms: tuple[str, ...], locale: str) -> str:
    """Return a number with the form of its noun that the locale's plural rules ask for."""
    if not isinstance(value, int | Decimal):
        return f"{number(value, locale)} {forms[-1]}"
    found = babel_locale(locale)
    order = [tag for tag in _CATEGORIES if tag in found.plural_form.tags or tag == "other"]
    place = min(order.index(found.plural_form(value)), len(forms) - 1)
    return f"{number(value, locale)} {forms[place]}"


def joined(items: Iterable[str], locale: str, style: Literal["standard", "or"] = "standard") -> str:
    """Return a list in words; `style` is `standard` (and) or `or`."""
    found = list(items)
    return format_list(found, style=style, locale=babel_locale(locale)) if found else ""


@lru_cache(maxsize=8192)
def money(amount: Decimal, currency: str, locale: str) -> str:
    """Return an amount with its currency."""
    return format_currency(amount, currency, locale=babel_locale(locale))


def clock(moment: datetime, zone: tzinfo, pattern: str, locale: str) -> str:
    """Return an instant in a zone by a CLDR pattern, in the words of a locale."""
    here = moment.astimezone(zone)
    fields = _fields(pattern)
    # A day is said the same at whatever hour, and a time on whatever day: few different ones.
    if fields <= _DAY_FIELDS:
        return _clock(datetime(here.year, here.month, here.day, tzinfo=UTC), pattern, locale)
    if fields <= _TIME_FIELDS:
        return _clock(datetime(2000, 1, 1, here.hour, here.minute, tzinfo=UTC), pattern, locale)
    return format_datetime(here, pattern, locale=babel_locale(locale))


@lru_cache(maxsize=16384)
def _clock(moment: datetime, pattern: str, locale: str) -> str:
    return format_datetime(moment, pattern, locale=babel_locale(locale))


@lru_cache(maxsize=256)
def _fields(pattern: str) -> frozenset[str]:
    """Return the letters of a CLDR pattern that stand for something."""
    return frozenset(re.findall("[A-Za-z]", _QUOTED.sub("", pattern)))
