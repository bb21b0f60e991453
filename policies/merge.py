"""Three texts into one: what was changed here and what was changed there, line by line."""

from dataclasses import dataclass
from difflib import SequenceMatcher

__all__ = ["Clash", "Merged", "merge"]


@dataclass(frozen=True, slots=True)
class Clash:
    """A place that both sides changed. `line` counts from 1, in the merged text."""

    line: int
    mine: str
    theirs: str


@dataclass(frozen=True, slots=True)
class Merged:
    """The merged text; where both sides changed the same lines it says what mine says."""

    text: str
    clashes: tuple[Clash, ...]


def merge(base: str, mine: str, theirs: str) -> Merged:
    """Bring what `theirs` changed since `base` into `mine`; nothing of mine is lost."""
    lines = [text.splitlines(keepends=True) for text in (base, mine, theirs)]
    merged: list[str] = []
    clashes: list[Clash] = []
    for old, here, there in _regions(*lines):
        if here in (old, there):
            merged += there
        elif there == old:
            merged += here
        else:
            clashes.append(Clash(len(merged) + 1, "".join(here), "".join(there)))
            merged += here
    return Merged("".join(merged), tuple(clashes))


def _regions(
    base: list[str], mine: list[str], theirs: list[str]
) -> list[tuple[list[str], list[str], list[str]]]:
    """Cut the three into matching pieces: unchanged by both, or changed by one or both."""
    here, there = _matches(base, mine), _matches(base, theirs)
    found: list[tuple[list[str], list[str], list[str]]] = []
    at = (0, 0, 0)
    for line in range(len(base) + 1):
        last = line == len(base)
        if not last and (line not in here or line not in there):
            continue
        end = (line, len(mine) if last else here[line], len(theirs) if last else there[line])
        if end != at:
            found.append((base[at[0] : end[0]], mine[at[1] : end[1]], theirs[at[2] : end[2]]))
        if not last:
            same = [base[line]]
            found.append((same, same, same))
            at = (line + 1, end[1] + 1, end[2] + 1)
    return found


def _matches(base: list[str], other: list[str]) -> dict[int, int]:
    """Return which line of the base stands where in the other."""
    blocks = SequenceMatcher(None, base, other, autojunk=False).get_matching_blocks()
    return {block.a + offset: block.b + offset for block in blocks for offset in range(block.size)}
