"""The words of one ticket as PostgreSQL keeps them: a tsvector, written here and nowhere else.

Beside what people wrote it holds *marks*: lexemes that begin with ``@``, which no text can make
(see `tickets.wording`). They say whose the ticket is, what it is about, and in which blocks of
ticket numbers it stands. By the blocks a search reads the newest tickets first, and stops when
it has a page, however many there are.
"""

from __future__ import annotations

from collections.abc import Iterable

from tickets.wording import fold, lexemes

# A ticket's number without its last bits: blocks of 256, 4,096 and 65,536 tickets.
BLOCKS = (("@x", 8), ("@y", 12), ("@z", 16))
LONG = "@long"
# What a tsvector can hold: https://www.postgresql.org/docs/current/textsearch-limitations.html
_LAST_PLACE = 16_383
_MOST_PLACES = 255


def block_marks(ticket_id: int) -> list[str]:
    """The blocks in which a ticket stands, from the smallest."""
    return [f"{letter}{ticket_id >> bits}" for letter, bits in BLOCKS]


class Words:
    """Gathers texts and marks; `literal` is what PostgreSQL reads as a tsvector."""

    def __init__(self) -> None:
        self._places: dict[str, list[int]] = {}
        self._at = 0
        self._long = False

    def add(self, text: str) -> None:
        """The words of a text. No phrase reaches from one text into the next."""
        before, place = self._at, 0
        for term, place in lexemes(fold(text)):
            known = self._places.setdefault(term, [])
            if before + place > _LAST_PLACE or len(known) >= _MOST_PLACES:
                self._long = True
            else:
                known.append(before + place)
        self._at = before + place + 1

    def mark(self, marks: Iterable[str]) -> None:
        """Marks, which stand at no place."""
        for mark in marks:
            self._places.setdefault(mark, [])

    def mark_words(self, prefix: str, text: str) -> None:
        """A mark of each word of a text: ``@f`` and *mina*."""
        self.mark(prefix + found.text for found in lexemes(fold(text)))

    def literal(self) -> str:
        """The tsvector. Of a long ticket some words have lost a place: it is marked as long."""
        if self._long:
            self.mark([LONG])
        return " ".join(
            f"{quoted(term)}:{','.join(map(str, places))}" if places else quoted(term)
            for term, places in self._places.items()
        )


def quoted(lexeme: str) -> str:
    """A lexeme as a tsvector and a tsquery are written."""
    return "'" + lexeme.replace("\\", "\\\\").replace("'", "''") + "'"
