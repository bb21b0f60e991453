"""Finding help by what people type: any case, any accent, parts of words, words that mean the same.

Small on purpose: a store has some dozens of articles, so every one is looked at, in memory.
"""

import math
import re
import unicodedata
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from functools import lru_cache

_WORD = re.compile(r"\w+")
_TITLE, _LABEL, _TEXT = 6.0, 3.0, 1.0
_EXACT, _BEGINS, _INSIDE = 1.0, 0.8, 0.5
_SAME_MEANING = 0.7
_ALIKE = 0.8  # of difflib: one letter wrong in five
_MOST_WORDS = 8  # of what was typed
_MOST_LETTERS = 80
_SHORT = 4  # a Latin word of fewer letters is not looked for inside others
_FAINT = 0.25  # of the best score: what is below leads nowhere
# Words that say nothing about the matter; a question is full of them.
_FILLERS = frozenset(
    "a an and any are be been but by can did do does for from get got has have how i if in is it"
    " its me my of on or our still that the their there this to was we what when where which"
    " why will with would you your".split()
)


@dataclass(frozen=True, slots=True)
class Entry:
    """What can be found: an id, and its texts from the weightiest to the lightest."""

    id: str
    titles: tuple[str, ...]
    labels: tuple[str, ...]
    texts: tuple[str, ...]


@lru_cache(maxsize=4096)
def folded(text: str) -> str:
    """Return a text without case and accents; Hangul stays whole syllables."""
    plain = unicodedata.normalize("NFKD", text.casefold())
    bare = "".join(letter for letter in plain if not unicodedata.combining(letter))
    return unicodedata.normalize("NFC", bare)


def _words(text: str) -> list[str]:
    return _WORD.findall(folded(text))


def _quality(wanted: str, word: str) -> float:
    """Return how well a typed word fits one of a text, from 0 to 1."""
    if word == wanted:
        return _EXACT
    if len(wanted) > 1 and word.startswith(wanted):
        return _BEGINS
    inside = not wanted.isascii() or len(wanted) >= _SHORT
    return _INSIDE if inside and len(wanted) > 1 and wanted in word else 0.0


class Index:
    """The words of every entry, each with the weight of the heaviest place it stands in."""

    def __init__(self, entries: Sequence[Entry], groups: Iterable[str]) -> None:
        """Take the entries, and lines of words that mean the same, apart by commas."""
        self._weights = [dict(_weighed(entry)) for entry in entries]
        self._ids = [entry.id for entry in entries]
        self._vocabulary = sorted({word for weights in self._weights for word in weights})
        self._groups = [
            [tuple(_words(term)) for term in line.split(",") if _words(term)] for line in groups
        ]

    def find(self, typed: str) -> list[str]:
        """Return the ids that fit, the best first; an entry that fits more of it goes before."""
        ranks: dict[int, tuple[int, float]] = {}
        for concept in self._concepts(_words(typed[:_MOST_LETTERS])[:_MOST_WORDS]):
            scores = self._scores(concept)
            reach = sum(1 for score in scores if score)
            for place, score in enumerate(scores):
                if score:
                    many, so_far = ranks.get(place, (0, 0.0))
                    rare = 1 + math.log(len(scores) / reach)
                    ranks[place] = (many + 1, so_far + score * rare)
        if not ranks:
            return []
        best = max(score for _, score in ranks.values())
        most = max(many for many, _ in ranks.values())
        kept = [
            place
            for place, (many, score) in ranks.items()
            if many == most or score >= best / 2
            if score >= best * _FAINT
        ]
        kept.sort(key=lambda place: (-ranks[place][0], -ranks[place][1], place))
        return [self._ids[place] for place in kept]

    def _concepts(self, typed: list[str]) -> Iterator[list[tuple[tuple[str, ...], float]]]:
        """Yield what each part of the typed words may be said as, with how far that is meant."""
        words = [word for word in typed if word not in _FILLERS] or typed
        at = 0
        while at < len(words):
            length, same = self._group_at(words, at)
            own = tuple(words[at : at + length])
            meant = [(own, 1.0), *((term, _SAME_MEANING) for term in same if term != own)]
            if length == 1 and not any(self._scores(meant)):
                close = get_close_matches(own[0], self._vocabulary, 3, _ALIKE)
                meant += [((word,), _SAME_MEANING) for word in close if len(own[0]) >= _SHORT]
                meant += [
                    (term, _SAME_MEANING**2)
                    for word in self._misspelt(own[0])
                    for term in self._group_at([word], 0)[1]
                ]
            yield meant
            at += length

    def _misspelt(self, word: str) -> list[str]:
        """Return words of the groups that a typed one is nearly."""
        known = {term[0] for group in self._groups for term in group if len(term) == 1}
        return get_close_matches(word, known, 1, _ALIKE) if len(word) >= _SHORT else []

    def _group_at(self, words: list[str], at: int) -> tuple[int, list[tuple[str, ...]]]:
        """Return how many words are one term of a group here, and all that mean the same."""
        found: list[tuple[str, ...]] = []
        longest = 1
        for group in self._groups:
            for term in group:
                if tuple(words[at : at + len(term)]) == term and len(term) >= longest:
                    if len(term) > longest:
                        longest, found = len(term), []
                    found += group
        return longest, list(dict.fromkeys(found))

    def _scores(self, concept: Sequence[tuple[tuple[str, ...], float]]) -> list[float]:
        return [
            max(
                (
                    meant * min(self._score(weights, word) for word in term)
                    for term, meant in concept
                ),
                default=0.0,
            )
            for weights in self._weights
        ]

    @staticmethod
    def _score(weights: dict[str, float], wanted: str) -> float:
        return max(
            (weight * _quality(wanted, word) for word, weight in weights.items()), default=0.0
        )


def _weighed(entry: Entry) -> Iterator[tuple[str, float]]:
    """Yield every word with its weight, the heaviest last, so that it stays."""
    for texts, weight in ((entry.texts, _TEXT), (entry.labels, _LABEL), (entry.titles, _TITLE)):
        counts: dict[str, int] = {}
        for text in texts:
            for word in _words(text):
                counts[word] = counts.get(word, 0) + 1
        for word, count in counts.items():
            yield word, weight * (1 + math.log(min(count, 4)) / 3)
