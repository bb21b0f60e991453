"""From the text of cells to values; what is wrong is collected, not raised."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable
from datetime import UTC, datetime
from decimal import Decimal, InvalidOperation
from typing import TypeVar

from babel.numbers import list_currencies
from django.utils.translation import gettext as _

from tickets.intake.table import Record

T = TypeVar("T")
CURRENCIES = frozenset(list_currencies())
MAX_MONEY = Decimal(10) ** 10  # numeric(12, 2)
MAX_QUANTITY = 100_000
# 2026-03-01 10:22:33 -0800, and the ISO 8601 that carriers write.
_TIME = re.compile(
    r"(\d{4}-\d\d-\d\d)[ T](\d\d:\d\d(?::\d\d(?:\.\d{1,6})?)?) ?(Z|UTC|[+-]\d\d:?\d\d)", re.ASCII
)
_EMAIL = re.compile(r"[^\s@<>\",;]+@[^\s@<>\",;.]+(\.[^\s@<>\",;.]+)*")


class Cells:
    """Reads a record's cells as values. ``problems`` says what could not be read."""

    def __init__(self, record: Record) -> None:
        self.record = record
        self.problems: list[str] = []

    def text(self, column: str, limit: int, *, required: bool = False) -> str:
        """One line of text, without control characters."""
        value = one_line(self.record[column])
        if required and not value:
            self.problems.append(_("%(column)s is missing") % {"column": column})
        elif len(value) > limit:
            self.problems.append(
                _("%(column)s is longer than %(limit)d characters")
                % {"column": column, "limit": limit}
            )
        return value

    def email(self, column: str) -> str:
        """An address that a mail can go to."""
        value = self.text(column, 254, required=True)
        if value and not _EMAIL.fullmatch(value):
            self._cannot(column, value, _("is no e-mail address"))
        return value

    def currency(self, column: str) -> str:
        """An ISO 4217 code."""
        value = self.text(column, 60, required=True).upper()
        if value and value not in CURRENCIES:
            self._cannot(column, value, _("is no currency"))
        return value

    def money(self, column: str) -> Decimal:
        """An amount of money: not negative, at most two decimals."""
        return self._parsed(column, _money, Decimal(0))

    def quantity(self, column: str) -> int:
        """A whole number above zero."""
        return self._parsed(column, _quantity, 1)

    def time(self, column: str, *, required: bool = False) -> datetime | None:
        """An instant with its offset, in UTC; None when the cell is empty."""
        if not self.record[column] and not required:
            return None
        return self._parsed(column, _time, None)

    def _parsed(self, column: str, parse: Callable[[str], T], otherwise: T) -> T:
        value = self.record[column]
        if not value:
            self.problems.append(_("%(column)s is missing") % {"column": column})
            return otherwise
        try:
            return parse(value)
        except ValueError as error:
            self._cannot(column, value, str(error))
            return otherwise

    def _cannot(self, column: str, value: str, why: str) -> None:
        shown = value if len(value) <= 40 else value[:39] + "…"
        self.problems.append(f"{column} “{one_line(shown)}” {why}")


def one_line(text: str) -> str:
    """The text with single spaces and without control characters."""
    if not text.isprintable():
        text = "".join(" " if unicodedata.category(c) == "Cc" else c for c in text)
    return " ".join(text.split())


def _money(text: str) -> Decimal:
    try:
        amount = Decimal(text) if text.isascii() and "_" not in text else None
    except InvalidOperation:
        amount = None
    if amount is None or not amount.is_finite():
        raise ValueError(_("is no amount"))
    if amount < 0:
        raise ValueError(_("is negative"))
    if amount >= MAX_MONEY:
        raise ValueError(_("is too large"))
    cents = amount.quantize(Decimal("0.01"))
    if cents != amount:
        raise ValueError(_("has more than two decimals"))
    return cents


def _quantity(text: str) -> int:
    if not re.fullmatch(r"-?\d{1,9}(\.0+)?", text, re.ASCII):
        raise ValueError(_("is no whole number"))
    number = int(text.partition(".")[0])
    if number <= 0:
        raise ValueError(_("is not above zero"))
    if number > MAX_QUANTITY:
        raise ValueError(_("is too large"))
    return number


def _time(text: str) -> datetime:
    found = _TIME.fullmatch(text)
    if not found:
        raise ValueError(_("is no time such as 2026-03-01 10:22:33 -0800"))
    day, clock, offset = found.groups()
    offset = "+00:00" if offset in {"Z", "UTC"} else offset
    try:
        moment = datetime.fromisoformat(f"{day}T{clock}{offset}").astimezone(UTC)
    except (ValueError, OverflowError):
        raise ValueError(_("does not exist")) from None
    if not 1990 <= moment.year < 2200:
        raise ValueError(_("is not of our time"))
    return moment
