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
from itertools import islice, pairwise, takewhile, zip_longest

from django.db import connection
from django.utils.html import escape
from django.utils.safestring import SafeString, mark_safe

from tickets.wording import LETTER, Token, asked, bare_word, fold, tokens

BEFORE, AROUND = 45, 220  # letters shown before the first match, and in all
MOST_MESSAGES, MOST_LETTERS = 20, 4000  # of one ticket, the newest; of one message
# Of a term that is looked at, and of the places where one may begin in one text.
MOST_TOKENS, MOST_PLACES = 24, 50
# A letter and what belongs to it: accents, the voice marks of Kana, vowels and ends of Hangul.
_CLUSTER = re.compile("(?s).[\u0300-\u036f\u3099\u309a\uff9e\uff9f\u1160-\u11ff\ufe00-\ufe0f]*")

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
    """One word or phrase: a pattern that finds where it may begin, and the tokens it must be.

    The pattern is of the first token alone. A pattern of a whole phrase, with all that may stand
    between its words, takes a text of many signs and goes through it again and again.
    """

    def __init__(self, folded: str) -> None:
        self._tokens = [(t.kind, _key(t)) for t in islice(tokens(folded), MOST_TOKENS)]
        first = next(tokens(folded))
        self._begins = first.kind == "word"
        self._pattern = re.compile(self._beginning(first))

    def _beginning(self, token: Token) -> str:
        if token.kind != "word":
            return re.escape(token.text)
        stemmed = bare_word(token.text)
        alike = takewhile(lambda pair: pair[0] == pair[1], zip(token.text, stemmed, strict=False))
        return re.escape("".join(letter for letter, _same in alike))

    def spans(self, folded: str) -> Iterable[tuple[int, int]]:
        """Where the term stands, none over another."""
        done = 0
        for found in islice(self._pattern.finditer(folded), MOST_PLACES):
            start = found.start()
            if start < done or (self._begins and start and _letter(folded[start - 1])):
                continue
            done = self._end(folded, start) or done
            if done > start:
                yield start, done

    def _end(self, folded: str, start: int) -> int:
        """Where the term ends that begins here; 0 where it is another."""
        end, last = 0, len(self._tokens) - 1
        there = islice(tokens(folded, start), last + 1)
        for number, (token, (kind, key)) in enumerate(zip_longest(there, self._tokens)):
            if token is None or token.kind != kind:
                return 0
            if kind == "parts" and number == last:
                if not token.text.startswith(key):
                    return 0
                end = token.start + len(key)
            elif _key(token) != key:
                return 0
            else:
                end = token.end
        return end


def _key(token: Token) -> str:
    return bare_word(token.text) if token.kind == "word" else token.text


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
