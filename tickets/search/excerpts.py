"""The place where a ticket says what was looked for, with the words marked.

The messages of one page's tickets are read in one statement, a bounded piece of each. Where the
words stand is found in the folded text, by the same rules by which they were indexed; what is
shown is the text as it was written, escaped letter for letter.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import pairwise, takewhile

from django.db import connection
from django.utils.html import escape
from django.utils.safestring import SafeString, mark_safe

from tickets.wording import LETTER, asked, bare_word, fold, tokens

BEFORE, AROUND = 60, 220  # letters shown before the first match, and in all
MOST_MESSAGES, MOST_LETTERS = 50, 4000  # of one ticket, the newest; of one message
_BETWEEN = r"[\W_]{0,12}"
# A letter and what belongs to it: accents, the voice marks of Kana, vowels and ends of Hangul.
_CLUSTER = re.compile("(?s).[\u0300-\u036f\u3099\u309a\u1160-\u11ff\ufe00-\ufe0f]*")

_TEXTS = """
    SELECT t.id, m.kind, m.body FROM unnest(%s::bigint[]) AS t (id) CROSS JOIN LATERAL (
        (SELECT kind, left(body, %s) AS body FROM tickets_message
         WHERE ticket_id = t.id ORDER BY at DESC, id DESC LIMIT %s)
        UNION ALL
        (SELECT 'customer', left(data->>'note', %s) FROM tickets_event
         WHERE ticket_id = t.id AND kind IN ('claim_filed', 'ticket_opened')
         AND data->>'note' IS NOT NULL)
    ) m
"""


@dataclass(frozen=True, slots=True)
class Excerpt:
    """A piece of a text, marked, and the ``kind`` of message it is from."""

    html: SafeString
    kind: str

    @property
    def internal(self) -> bool:
        """Whether it is from a note that no customer reads."""
        return self.kind == "note"


class Marker:
    """Finds the words of a query in texts as they were written."""

    def __init__(self, wanted: Iterable[str]) -> None:
        """Take what was typed: words and phrases."""
        self._terms = [_Term(text) for text in dict.fromkeys(map(fold, wanted)) if asked(text)]

    def __bool__(self) -> bool:
        return bool(self._terms)

    def spans(self, folded: str) -> list[tuple[int, int, int]]:
        """Start, end and number of the term, of each place where one stands, in order."""
        found = [
            (start, end, number)
            for number, term in enumerate(self._terms)
            for start, end in term.spans(folded)
        ]
        return sorted(found)

    def excerpt(self, texts: Iterable[tuple[str, str]]) -> Excerpt | None:
        """The piece with most of the terms out of (kind, text); None where none has any."""
        best: tuple[int, str, str, str, list[tuple[int, int, int]]] | None = None
        for kind, text in texts:
            folded = fold(text)
            spans = self.spans(folded)
            terms = len({number for _start, _end, number in spans})
            if terms > (best[0] if best else 0):
                best = (terms, kind, text, folded, spans)
                if terms == len(self._terms):
                    break
        if best is None:
            return None
        _terms, kind, text, folded, spans = best
        return Excerpt(_shown(text, folded, spans), kind)


class _Term:
    """One word or phrase: a pattern that finds what may be it, and what it must be."""

    def __init__(self, folded: str) -> None:
        self._lexemes = [lexeme.text for lexeme in asked(folded)]
        pieces = []
        self._sure = True
        for token in tokens(folded):
            if token.kind == "word":
                pieces.append(self._word(token.text))
            else:
                pieces.append(re.escape(token.text))
        # Begins with its letters as they are, which is what `re` looks for fast: whether a word
        # begins there is asked of the few places it finds.
        self._pattern = re.compile(_BETWEEN.join(pieces))
        self._begins = next(tokens(folded)).kind == "word"

    def _word(self, text: str) -> str:
        stemmed = bare_word(text)
        if not (text.isascii() and text.isalpha()):
            return f"{re.escape(stemmed)}(?!{LETTER})"
        # Any ending: whether it is the same word is asked of its stem.
        self._sure = False
        alike = takewhile(lambda pair: pair[0] == pair[1], zip(text, stemmed, strict=False))
        return "".join(letter for letter, _same in alike) + "[a-z'’]*"

    def spans(self, folded: str) -> Iterable[tuple[int, int]]:
        for found in self._pattern.finditer(folded):
            start = found.start()
            if self._begins and start and _letter(folded[start - 1]):
                continue
            if self._sure or self._same(found[0]):
                yield found.span()

    def _same(self, text: str) -> bool:
        if len(self._lexemes) == 1:
            return bare_word(text.removesuffix("'s").removesuffix("’s")) == self._lexemes[0]
        return [lexeme.text for lexeme in asked(text)] == self._lexemes


_letter = re.compile(LETTER).match


def of_tickets(tickets: Sequence[int], wanted: Iterable[str]) -> dict[int, Excerpt]:
    """The excerpt of each of these tickets that has one. Whose they are was asked before."""
    marker = Marker(wanted)
    if not marker or not tickets:
        return {}
    texts: dict[int, list[tuple[str, str]]] = {}
    with connection.cursor() as cursor:
        cursor.execute(_TEXTS, [list(tickets), MOST_LETTERS, MOST_MESSAGES, MOST_LETTERS])
        for ticket, kind, body in cursor.fetchall():
            texts.setdefault(ticket, []).append((kind, body))
    found = {ticket: marker.excerpt(said) for ticket, said in texts.items()}
    return {ticket: excerpt for ticket, excerpt in found.items() if excerpt is not None}


# -- what is shown -------------------------------------------------------------------


def _shown(text: str, folded: str, spans: Sequence[tuple[int, int, int]]) -> SafeString:
    first = _best(spans)
    # No window begins or ends inside what is marked.
    low = max(first - BEFORE, 0)
    high = max(low + AROUND, next(end for start, end, _n in spans if start == first))
    low = next((at + 1 for at in range(low, first) if folded[at].isspace()), low) if low else 0
    merged: list[list[int]] = []
    for start, end, _number in spans:
        if start < low or start >= high:
            continue
        if merged and start <= merged[-1][1]:
            merged[-1][1] = max(merged[-1][1], end)
        else:
            merged.append([start, end])
        high = max(high, merged[-1][1])
    edges = [low, *(edge for pair in merged for edge in pair), high]
    return _html(text, _in_original(text, folded, edges), high < len(folded))


def _best(spans: Sequence[tuple[int, int, int]]) -> int:
    """The start from which the most different terms stand within one window."""
    room = AROUND - BEFORE

    def terms(start: int) -> int:
        return len({number for at, _end, number in spans if start <= at < start + room})

    starts = [start for start, _end, _number in spans[:50]]
    return max(starts, key=lambda start: (terms(start), -start))


def _html(text: str, edges: Sequence[int], more: bool) -> SafeString:
    pieces = ["… " if edges[0] else ""]
    for number, (start, end) in enumerate(pairwise(edges)):
        piece = escape(" ".join(text[start:end].split("\n")))
        pieces.append(f"<mark>{piece}</mark>" if number % 2 else piece)
    pieces.append(" …" if more else "")
    return mark_safe("".join(pieces))


def _in_original(text: str, folded: str, edges: Sequence[int]) -> list[int]:
    """Places of the folded text in the text as it was written; ``edges`` go up."""
    lowered = text.lower()
    if len(lowered) == len(text) and lowered == folded:
        return list(edges)
    found: list[int] = []
    at = 0  # in the folded text
    for cluster in _CLUSTER.finditer(text):
        while len(found) < len(edges) and edges[len(found)] <= at:
            found.append(cluster.start())
        if len(found) == len(edges):
            return found
        at += len(_folded(cluster[0]))
    return found + [len(text)] * (len(edges) - len(found))


@lru_cache(maxsize=8192)
def _folded(cluster: str) -> str:
    return fold(cluster)
