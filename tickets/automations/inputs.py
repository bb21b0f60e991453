"""What can be filled in for a trigger, a condition or an action, and what of it is right.

One small table of inputs serves the page that asks, the check of what was typed, and the check of
what is stored. A value is a dictionary with one entry for each input, ready for JSON.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal, InvalidOperation
from functools import cached_property
from typing import Any

from babel.numbers import list_currencies
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import pgettext

from tickets.errors import InvalidInput
from tickets.models import Macro, Order, Store, User
from tickets.permissions import roles_with

Value = dict[str, Any]
Choices = Sequence[tuple[str, str]]
ONE, MANY, NUMBER, MONEY, CURRENCY, TEXT, TERMS = (
    "one",
    "many",
    "number",
    "money",
    "currency",
    "text",
    "terms",
)
_MOST_MONEY = Decimal("9999999999")


class Known:
    """What a store has that can be named: its people and macros, each looked up once."""

    def __init__(self, store: Store) -> None:
        self.store = store
        self._names: dict[tuple[str, int], str] = {}

    @cached_property
    def people(self) -> Choices:
        """Who can be given a ticket: ``(key, name)``."""
        found = User.objects.filter(
            is_active=True,
            memberships__store=self.store,
            memberships__role__in=roles_with("work"),
        )
        rows = list(found.order_by("name", "email"))
        self._names |= {("person", one.pk): one.get_full_name() for one in rows}
        return [(str(one.pk), one.get_full_name()) for one in rows]

    @cached_property
    def replies(self) -> Choices:
        """The store's macros that say something to the customer: ``(key, name)``."""
        rows = Macro.objects.filter(store=self.store, owner=None, kind="agent", retired_at=None)
        found = list(rows.order_by("position", "key", "pk").values_list("pk", "name"))
        self._names |= {("macro", pk): name for pk, name in found}
        return [(str(pk), name) for pk, name in found]

    @cached_property
    def currency(self) -> str:
        """The money of the newest order, to begin with; empty without one."""
        newest = Order.objects.filter(store=self.store).order_by("-pk")
        return newest.values_list("currency", flat=True).first() or ""

    def person(self, pk: int) -> str:
        """The name of one; also of somebody who has left."""
        if ("person", pk) not in self._names:
            found = User.objects.filter(pk=pk).first()
            self._names["person", pk] = found.get_full_name() if found else _("somebody gone")
        return self._names["person", pk]

    def macro(self, pk: int) -> str:
        """The name of one; also of one that is laid aside."""
        if ("macro", pk) not in self._names:
            name = Macro.objects.filter(pk=pk, store=self.store).values_list("name", flat=True)
            self._names["macro", pk] = name.first() or _("a macro that is gone")
        return self._names["macro", pk]


About = Store | Known


def known_of(about: About) -> Known:
    """The store's names; handed in where several are said, so that each is read once."""
    return about if isinstance(about, Known) else Known(about)


@dataclass(frozen=True, slots=True)
class Input:
    """One thing to fill in. ``kind`` is one of the words above; ``choices`` are asked of a store.

    ``number`` says that a choice is stored as one; ``least`` and ``most`` bound a number, ``most``
    the characters of a text or the words of a list of words.
    """

    name: str
    label: Promise
    kind: str
    choices: Callable[[Known], Choices] | None = None
    number: bool = False
    least: int = 0
    most: int = 0
    hint: Promise | str = ""
    longest: int = field(default=80)


def clean_inputs(inputs: Sequence[Input], raw: object, about: About) -> Value:
    """What was typed, or stored, as a value; what it does not ask for is left out.

    Raises:
        InvalidInput: something is missing or cannot be; ``field`` names the input.
    """
    given = raw if isinstance(raw, Mapping) else {}
    known = known_of(about)
    return {one.name: _CLEANERS[one.kind](one, given.get(one.name), known) for one in inputs}


def _missing(one: Input) -> InvalidInput:
    return InvalidInput(_("Fill this in."), one.name)


def _one(one: Input, typed: Any, known: Known) -> str | int:
    assert one.choices is not None
    text = "" if typed is None or isinstance(typed, bool | list | dict) else str(typed)
    if not text:
        raise _missing(one)
    if text not in {key for key, _label in one.choices(known)}:
        raise InvalidInput(_("Choose one of the list."), one.name)
    return int(text) if one.number else text


def _many(one: Input, typed: Any, known: Known) -> list[str]:
    assert one.choices is not None
    asked = [str(each) for each in typed] if isinstance(typed, list | tuple) else []
    if not asked:
        raise _missing(one)
    there = [key for key, _label in one.choices(known)]
    if set(asked) - set(there):
        raise InvalidInput(_("Choose some of the list."), one.name)
    return [key for key in there if key in asked]


def _number(one: Input, typed: Any, known: Known) -> int:
    text = "" if typed is None or isinstance(typed, bool) else str(typed).strip()
    if not text:
        raise _missing(one)
    whole = text.isascii() and text.isdigit() and len(text) < 7
    if not whole or not one.least <= int(text) <= one.most:
        told = _("A whole number from %(least)d to %(most)d, please.")
        raise InvalidInput(told % {"least": one.least, "most": one.most}, one.name)
    return int(text)


def _money(one: Input, typed: Any, known: Known) -> str:
    text = str(typed or "").strip()
    if not text:
        raise _missing(one)
    try:
        amount = Decimal(text) if text.isascii() else Decimal("NaN")
    except InvalidOperation:
        amount = Decimal("NaN")
    if not amount.is_finite() or not 0 < amount <= _MOST_MONEY or amount != round(amount, 2):
        told = _("An amount like 200 or 199.90, please.")
        raise InvalidInput(told, one.name)
    return f"{amount:.2f}"


def _currency(one: Input, typed: Any, known: Known) -> str:
    text = str(typed or "").strip().upper()
    if not text:
        raise _missing(one)
    if text not in list_currencies():
        raise InvalidInput(_("A currency has three letters, like USD or KRW."), one.name)
    return text


def _text(one: Input, typed: Any, known: Known) -> str:
    text = typed.replace("\x00", "").replace("\r\n", "\n").strip() if isinstance(typed, str) else ""
    if not text:
        raise _missing(one)
    if len(text) > one.most:
        raise InvalidInput(_("At most %(n)d characters, please.") % {"n": one.most}, one.name)
    return text


def _terms(one: Input, typed: Any, known: Known) -> list[str]:
    """Words with commas between them, or a list; each once, as it was typed first."""
    parts = typed.split(",") if isinstance(typed, str) else typed
    if not isinstance(parts, list | tuple) or not all(isinstance(each, str) for each in parts):
        raise _missing(one)
    wanted: dict[str, str] = {}
    for each in parts:
        plain = " ".join(each.replace("\x00", "").split())
        if plain:
            wanted.setdefault(plain.casefold(), plain)
    if not wanted:
        raise _missing(one)
    if len(wanted) > one.most:
        raise InvalidInput(_("At most %(n)d of them, please.") % {"n": one.most}, one.name)
    if any(len(each) > one.longest for pair in wanted.items() for each in pair):
        told = _("Each has at most %(n)d characters.")
        raise InvalidInput(told % {"n": one.longest}, one.name)
    return list(wanted.values())


_CLEANERS: Mapping[str, Callable[[Input, Any, Known], Any]] = {
    ONE: _one,
    MANY: _many,
    NUMBER: _number,
    MONEY: _money,
    CURRENCY: _currency,
    TEXT: _text,
    TERMS: _terms,
}


def or_list(parts: Sequence[str]) -> str:
    """Names of which one is enough: ``a``, ``a or b``, ``a, b or c``."""
    return _joined(parts, pgettext("names", "%(first)s or %(last)s"))


def and_list(parts: Sequence[str]) -> str:
    """Names: ``a``, ``a and b``, ``a, b and c``."""
    return _joined(parts, pgettext("names", "%(first)s and %(last)s"))


def and_if(parts: Sequence[str]) -> str:
    """Conditions, each a clause: ``it is urgent and nobody takes care of it``."""
    return _joined(parts, pgettext("conditions", "%(first)s and %(last)s"))


def and_then(parts: Sequence[str]) -> str:
    """Actions, each an order: ``solve it and mail the leads``."""
    return _joined(parts, pgettext("actions", "%(first)s and %(last)s"))


def _joined(parts: Sequence[str], end: str) -> str:
    if len(parts) < 2:
        return "".join(parts)
    comma = _(", ")
    return end % {"first": comma.join(parts[:-1]), "last": parts[-1]}


def quoted(text: str) -> str:
    """A name in a sentence."""
    return _("“%(name)s”") % {"name": text}
