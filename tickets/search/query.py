"""What is typed into the search, taken apart: words, "phrases", -not, OR, and name:value.

Made by hand: the parsers that are to be had are for whole languages of queries (brackets,
ranges, wildcards), refuse what does not fit them, and none leaves an unknown ``word:`` to be
looked for as it stands. Here everything that can be typed means something.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

LONGEST = 400  # characters that are looked at
MOST_PARTS = 24

NAMES = frozenset({"from", "type", "state", "tag", "assignee", "store", "before", "after", "has"})
# Quotes and colons as other keyboards write them.
_PLAIN = str.maketrans({**dict.fromkeys("“”„‟«»＂「」", '"'), "：": ":", "\x00": " "})
_PART = re.compile(
    r"(?P<no>-(?=[^\s-]))?(?:(?P<name>[A-Za-z_]+):(?!//)(?=[^\s:]))?"
    r'(?:"(?P<quoted>[^"]*)"?|(?P<bare>[^\s"]+))'
)


@dataclass(frozen=True, slots=True)
class Part:
    """One part: text to be found, or the ``value`` of an operator ``name``; ``no`` excludes it.

    ``either`` joins it to the part before by OR; ``whole`` is one that stood in quotes.
    """

    value: str
    name: str = ""
    no: bool = False
    either: bool = False
    whole: bool = False


@dataclass(frozen=True, slots=True)
class Query:
    """The parts of a query, the names that are none of ours, and whether it was cut short."""

    parts: tuple[Part, ...] = ()
    unknown: tuple[str, ...] = ()
    cut: bool = False

    @property
    def plain(self) -> bool:
        """Whether it is nothing but text: then it may be a number or an address, too."""
        return all(not part.name and not part.no and not part.either for part in self.parts)


def parse(typed: str) -> Query:
    """Take apart what was typed. Never fails: a quote left open ends at the end."""
    unknown: list[str] = []
    parts: list[Part] = []
    text = typed.translate(_PLAIN)
    for part in _parts(text[:LONGEST], unknown):
        if len(parts) == MOST_PARTS:
            return Query(tuple(parts), tuple(unknown), cut=True)
        parts.append(part)
    return Query(tuple(parts), tuple(unknown), cut=len(text) > LONGEST)


def _parts(text: str, unknown: list[str]) -> Iterator[Part]:
    either = False
    for number, found in enumerate(_PART.finditer(text)):
        name = (found["name"] or "").lower()
        bare, quoted = found["bare"], found["quoted"]
        if bare in ("OR", "|") and not name and not found["no"] and number:
            either = True
            continue
        value = (quoted if quoted is not None else bare).strip()
        if name and name not in NAMES:
            if name not in unknown:
                unknown.append(name)
            value, name = f"{name} {value}".strip(), ""
        if value:
            yield Part(value, name, bool(found["no"]), either, quoted is not None)
        either = False
