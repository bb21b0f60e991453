"""The packs of drafts, read once while a page and the next are looked at."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from policies.compare import Change, compare
from policies.compared import Group, grouped
from policies.pack import Pack
from policies.publish import load_whole
from policies.reading import Mistake, PackError


@dataclass(frozen=True, slots=True)
class Reading:
    """A text as a pack, or every mistake in it."""

    pack: Pack | None
    mistakes: tuple[Mistake, ...]


@lru_cache(maxsize=12)
def read(source: str) -> Reading:
    """Read a text; of the same text the answer is kept."""
    try:
        return Reading(load_whole(source, "draft"), ())
    except PackError as error:
        return Reading(None, error.mistakes)


@lru_cache(maxsize=12)
def _changes(before: str, after: str) -> tuple[Change, ...]:
    old, new = read(before).pack, read(after).pack
    return compare(old, new) if old is not None and new is not None else ()


def changes(before: str, after: str, locale: str) -> tuple[Group, ...] | None:
    """What changes from one text to another, told; ``None`` when one of them is no pack."""
    old, new = read(before).pack, read(after).pack
    if old is None or new is None:
        return None
    return grouped(_changes(before, after), old, new, locale)


def deciding(groups: tuple[Group, ...]) -> dict[str, Any]:
    """The groups in two: those that change a decision, and the rest."""
    return {
        "deciding": [group for group in groups if group.decides],
        "telling": [group for group in groups if not group.decides],
    }
