"""Words as a search compares them: without case, accents and endings; CJK by its parts.

Pure: texts in, lexemes out. What is typed into the search goes the same way as what is searched,
so that both are cut alike, whatever the cut is.

- Words of letters and digits are folded; English ones (``a`` to ``z`` alone) lose their endings
  by the Snowball stemmer, so that *photocards* finds *photocard*.
- Chinese, Japanese and Korean (and the scripts of South-East Asia) are written without spaces,
  or with endings that grow onto the word: each run becomes all its pairs of characters and all
  its single ones. 포토카드 is found by 포토, 카드, 토카 and 드, 포토카드를 by 포토카드.
- An emoji is a word.

A lexeme holds letters, digits or an emoji, never a sign of ASCII: what begins with ``@`` can
only be one that `tickets.search.docs` made.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from functools import lru_cache
from typing import NamedTuple

import snowballstemmer

LONGEST = 64  # letters of one word; what is longer is cut, in the text as in the search

# Scripts written without spaces between words: Thai to Myanmar, Khmer; Hangul (whole and in
# letters), Kana, Bopomofo, Han with its signs 々 and 〇 and its planes beyond the first.
_PARTS = (
    "\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff"
    "\u1100-\u11ff\ua960-\ua97f\uac00-\ud7ff"
    "\u3005\u3007\u3041-\u309f\u30a1-\u30fa\u30fc-\u30ff\u3105-\u312f\u31a0-\u31bf\u31f0-\u31ff"
    "\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U0001b000-\U0001b16f\U00020000-\U0003ffff"
)
_EMOJI = (
    "\u2190-\u21ff\u231a-\u23ff\u25a0-\u27bf\u2934\u2935\u2b00-\u2bff"
    "\U0001f000-\U0001f3fa\U0001f400-\U0001faff"
)
# The short forms of English: 's goes, the others stay on their word (dont, weve).
_TOKEN = re.compile(
    f"(?P<parts>[{_PARTS}]+)"
    f"|(?P<word>[^\\W_{_PARTS}]+(?:['’](?:t|re|ll|ve|d|m)\\b)?)(?:['’]s\\b)?"
    f"|(?P<emoji>[{_EMOJI}])"
)
# Accents, the points of Hebrew and Arabic, joiners and variation selectors; and what a database
# cannot keep.
_MARKS = re.compile(
    "[\x00\u00ad\u0300-\u036f\u0591-\u05bd\u05bf\u064b-\u065f\u0670"
    "\u200b-\u200f\u2060\ufe00-\ufe0f\U000e0100-\U000e01ef\ud800-\udfff]"
)
_ENGLISH = re.compile("[a-z]{3,}")
_stemmer = snowballstemmer.stemmer("english")


# One letter or digit of a word that is not written in parts.
LETTER = f"[^\\W_{_PARTS}]"


class Token(NamedTuple):
    """One run of a folded text: ``parts`` (CJK), a ``word`` or an ``emoji``, and where it is."""

    kind: str
    text: str
    start: int
    end: int


class Lexeme(NamedTuple):
    """One lexeme of a folded text, and its place among the others, from 1."""

    text: str
    place: int


def fold(text: str) -> str:
    """A text without case, accents, widths and what cannot be seen; syllables stay whole."""
    if text.isascii():
        return text.replace("\x00", "").lower()
    plain = unicodedata.normalize("NFKD", unicodedata.normalize("NFKD", text).casefold())
    return unicodedata.normalize("NFC", _MARKS.sub("", plain))


@lru_cache(maxsize=1 << 16)
def stem(word: str) -> str:
    """A folded word without its English ending; other words stay as they are."""
    return str(_stemmer.stemWord(word)) if _ENGLISH.fullmatch(word) else word


def bare_word(found: str) -> str:
    """A word of a folded text as a lexeme."""
    bare = found if found.isalnum() else found.replace("'", "").replace("’", "")
    return stem(bare[:LONGEST])


def tokens(folded: str, start: int = 0) -> Iterator[Token]:
    """The runs of a text that `fold` has made, in order, from a place on."""
    for found in _TOKEN.finditer(folded, start):
        kind = found.lastgroup or ""
        begin, end = found.span(kind)
        yield Token(kind, folded[begin:end], begin, end)


def lexemes(folded: str) -> Iterator[Lexeme]:
    """Every lexeme of a text that `fold` has made, in order; single characters with their pair.

    A word counts one place, a run of CJK one for each of its characters.
    """
    place = 0
    for kind, text, start, end in tokens(folded):
        if kind == "parts":
            for at in range(end - start):
                place += 1
                yield Lexeme(text[at], place)
                if at + 1 < end - start:
                    yield Lexeme(text[at : at + 2], place)
        else:
            place += 1
            yield Lexeme(bare_word(text) if kind == "word" else text, place)


def asked(folded: str) -> list[Lexeme]:
    """The fewest lexemes that stand for a typed text: of a run of CJK, pairs side by side.

    Their places say how far apart they stand: 포토카드 is 포토 and, two places on, 카드.
    """
    wanted: list[Lexeme] = []
    place = 1
    for kind, text, start, end in tokens(folded):
        if kind != "parts":
            wanted.append(Lexeme(bare_word(text) if kind == "word" else text, place))
            place += 1
            continue
        long = end - start
        if long == 1:
            wanted.append(Lexeme(text, place))
        wanted += [Lexeme(text[at : at + 2], place + at) for at in range(0, long - 1, 2)]
        if long % 2 and long > 1:
            wanted.append(Lexeme(text[-2:], place + long - 2))
        place += long
    return wanted
