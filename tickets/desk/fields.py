"""The fields of a step's form as HTML, made once for all claims that get the same ones.

An empty form depends on its class, its options and the reader's language, and on nothing else of
the ticket; but Django makes every field anew and every widget from a template of its own, and a
claim offers seven forms. So what was made is kept, with holes for what differs from claim to
claim: its key in names, and the usual amount.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from typing import Any

from django.template.loader import render_to_string
from django.utils.html import escape
from django.utils.safestring import SafeString
from django.utils.translation import get_language

from tickets.desk.forms import Money, StepForm

# Characters that nobody types: they stand for what is filled in.
_AMOUNT, _KEY = "\ue000", "\ue001"
_KEPT = 1000


def fields_of(form: type[StepForm], name: str, options: Any = None) -> SafeString:
    """The fields of an empty form; ``name`` and ``options`` as `StepForm` has them."""
    amount, hollow = _hollowed(options if form.options_show else None)
    made = _made(form, name, hollow, get_language() or "en")
    return SafeString(made.replace(_AMOUNT, escape(amount)))


def keyed_fields_of(form: type[StepForm], name: str, key: int) -> SafeString:
    """The same for a form whose name ends with the key of a row: ``delivery-17``."""
    made = _made(form, f"{name}-{_KEY}", None, get_language() or "en")
    return SafeString(made.replace(_KEY, str(key)))


@lru_cache(maxsize=_KEPT)
def _made(form: type[StepForm], name: str, options: Any, language: str) -> str:
    """``language`` is only a part of the key: the reader's is the one that counts."""
    options = options.thawed if isinstance(options, _Frozen) else options
    return render_to_string("desk/step_fields.html", {"form": form(name=name, options=options)})


class _Frozen:
    """Options that hold mappings, as a key."""

    def __init__(self, options: Any) -> None:
        self.thawed = options
        self._key = _as_key(options)

    def __hash__(self) -> int:
        return hash(self._key)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Frozen) and self._key == other._key


def _as_key(value: Any) -> Any:
    if isinstance(value, Mapping):
        return tuple((key, _as_key(one)) for key, one in value.items())
    if isinstance(value, list | tuple):
        return tuple(_as_key(one) for one in value)
    return value


def _hollowed(options: Any) -> tuple[str, _Frozen]:
    """The usual amount, and the options with a hole in its place."""
    found: list[str] = [""]

    def hollow(value: Any) -> Any:
        if isinstance(value, Money):
            found[0] = str(value.usual)
            return Money(_AMOUNT, value.currency)  # type: ignore[arg-type]  # only ever shown
        if isinstance(value, list | tuple):
            return tuple(hollow(one) for one in value)
        return value

    hollowed = hollow(options)
    return found[0], _Frozen(hollowed)
