"""Finding help by what people type: any case, any accent, parts of words, words that mean the same.

Small on purpose: a store has some dozens of articles, so every one is looked at, in memory.
"""

import math
import re
import unicodedata
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
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
_FAINT, _HALF = 0.25, 0.5  # of the best score: what is below leads nowhere
_OFTEN = 4  # a word that stands more often weighs no more

Term = tuple[str, ...]


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

    def __init__(
        self, entries: Sequence[Entry], groups: Iterable[str], fillers: Iterable[str] = ()
    ) -> None:
        """Take the entries, lines of words that mean the same (by commas), and empty words."""
        self._ids = [entry.id for entry in entries]
        self._places: dict[str, list[tuple[int, float]]] = {}
        for place, entry in enumerate(entries):
            for word, weight in dict(_weighed(entry)).items():
                self._places.setdefault(word, []).append((place, weight))
        self._groups: dict[Term, list[Term]] = {}
        for line in groups:
            terms = [tuple(_words(term)) for term in line.split(",") if _words(term)]
            for term in terms:
                self._groups.setdefault(term, []).extend(terms)
        self._longest = max((len(term) for term in self._groups), default=1)
        self._fillers = {word for line in fillers for word in _words(line)}
        # Of the words of the groups only: what else is typed has no end.
        self._known = {word: self._scores(word) for term in self._groups for word in term}

    def find(self, typed: str) -> list[str]:
        """Return the ids that fit, the best first; an entry that fits more of it goes before."""
        ranks: dict[int, tuple[int, float]] = {}
        for concept in self._concepts(_words(typed[:_MOST_LETTERS])[:_MOST_WORDS]):
            scores = self._concept_scores(concept)
            for place, score in scores.items():
                many, so_far = ranks.get(place, (0, 0.0))
                rare = 1 + math.log(len(self._ids) / len(scores))
                ranks[place] = (many + 1, so_far + score * rare)
        if not ranks:
            return []
        best = max(score for _, score in ranks.values())
        most = max(many for many, _ in ranks.values())
        kept = [
            place
            for place, (many, score) in ranks.items()
            if score >= best * (_FAINT if many == most else _HALF)
        ]
        kept.sort(key=lambda place: (-ranks[place][0], -ranks[place][1], place))
        return [self._ids[place] for place in kept]

    def _concepts(self, typed: list[str]) -> Iterator[dict[Term, float]]:
        """Yield what each part of the typed words may be said as, with how far that is meant."""
        empty = self._fillers if set(typed) - self._fillers else set()
        at = 0
        while at < len(typed):
            own = self._term_at(typed, at)
            at += len(own)
            if len(own) == 1 and own[0] in empty:
                continue
            meant = dict.fromkeys(self._groups.get(own, ()), _SAME_MEANING) | {own: 1.0}
            if len(own) == 1 and not self._concept_scores(meant):
                meant |= self._nearly(own[0])
            yield meant

    def _term_at(self, words: list[str], at: int) -> Term:
        """Return the longest term of a group that stands here, or the one word."""
        for length in range(self._longest, 1, -1):
            if tuple(words[at : at + length]) in self._groups:
                return tuple(words[at : at + length])
        return (words[at],)

    def _nearly(self, word: str) -> dict[Term, float]:
        """Return what a mistyped word may have been: words of the texts and of the groups."""
        if len(word) < _SHORT:
            return {}
        close = get_close_matches(word, [*self._places, *self._known], 2, _ALIKE)
        found: dict[Term, float] = {(other,): _SAME_MEANING for other in close}
        for other in close:
            for term in self._groups.get((other,), ()):
                found.setdefault(term, _SAME_MEANING**2)
        return found

    def _concept_scores(self, concept: Mapping[Term, float]) -> dict[int, float]:
        """Return how well each place fits any of the terms; a term fits by all of its words."""
        found: dict[int, float] = {}
        for term, meant in concept.items():
            by_word = [
                self._known[word] if word in self._known else self._scores(word) for word in term
            ]
            for place in set(by_word[0]).intersection(*by_word[1:]):
                score = meant * min(scores[place] for scores in by_word)
                found[place] = max(found.get(place, 0.0), score)
        return found

    def _scores(self, wanted: str) -> dict[int, float]:
        found: dict[int, float] = {}
        for word, places in self._places.items():
            quality = _quality(wanted, word)
            if quality:
                for place, weight in places:
                    found[place] = max(found.get(place, 0.0), weight * quality)
        return found


def _weighed(entry: Entry) -> Iterator[tuple[str, float]]:
    """Yield every word with its weight, the heaviest last, so that it stays."""
    for texts, weight in ((entry.texts, _TEXT), (entry.labels, _LABEL), (entry.titles, _TITLE)):
        counts = Counter(word for text in texts for word in _words(text))
        for word, count in counts.items():
            yield word, weight * (1 + math.log(min(count, _OFTEN)) / 3)
