"""Sentences prepared for one pack and locale: what needs no facts is filled in beforehand.

A store tells the same few hundred sentences over and over; only their dates, amounts and
counts are new. So each is taken apart once, and an answer joins its pieces.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Generic, TypeVar

from policies.wording import Template, Values, counted, number

T = TypeVar("T")
Maker = Callable[[T], object]
Memory = dict[object, object]

# More answers than a store has ways to put them; a process that meets more starts afresh.
_LIMIT = 20_000


class Prepared(Generic[T]):
    """One sentence. `names` are all its placeholders; `text` is it all, where it needs no facts."""

    __slots__ = ("locale", "names", "parts", "text")

    def __init__(
        self, names: Iterable[str], parts: list[str | tuple[Maker[T], tuple[str, ...]]], locale: str
    ) -> None:
        self.names = frozenset(names)
        self.parts = tuple(parts)
        self.locale = locale
        fixed = [part for part in parts if isinstance(part, str)]
        self.text = "".join(fixed) if len(fixed) == len(parts) else None

    def told(self, teller: T) -> str | None:
        """Return the sentence, or None when a value it needs is not known."""
        if self.text is not None:
            return self.text
        pieces = []
        for part in self.parts:
            if isinstance(part, str):
                pieces.append(part)
                continue
            make, forms = part
            value = make(teller)
            if value is None:
                return None
            pieces.append(value if isinstance(value, str) else _figure(value, forms, self.locale))
        return "".join(pieces)


@dataclass(frozen=True, slots=True)
class Plan(Generic[T]):
    """What is told for one reason: whose it is, the locale that was found, its sentences."""

    owner: str
    locale: str
    sentences: tuple[Prepared[T], ...]
    fixed: tuple[str, ...] | None  # all of it, where nothing in it needs facts


def prepare(
    parsed: Template, fixed: Values, makers: Mapping[str, Maker[T]], locale: str
) -> Prepared[T] | None:
    """Fill in all that has no maker; None for a sentence that can never be told."""
    parts: list[str | tuple[Maker[T], tuple[str, ...]]] = [""]

    def add(text: str) -> None:
        last = parts[-1]
        if isinstance(last, str):
            parts[-1] = last + text
        else:
            parts.append(text)

    for text, name, forms in parsed.parts:
        add(text)
        if not name:
            continue
        make = makers.get(name)
        if make is not None:
            parts.append((make, forms))
            continue
        value = fixed(name)
        if value is None:
            return None
        add(value if isinstance(value, str) else _figure(value, forms, locale))
    return Prepared(parsed.names, parts, locale)


def remembered(memory: Memory, key: object, make: Callable[[], str]) -> str:
    """Return what is remembered under a key, made once."""
    found = memory.get(key)
    if not isinstance(found, str):
        if len(memory) > _LIMIT:
            memory.clear()
        found = memory[key] = make()
    return found


def _figure(value: object, forms: tuple[str, ...], locale: str) -> str:
    return counted(value, forms, locale) if forms else number(value, locale)
