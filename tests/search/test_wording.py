"""Words as a search compares them: any text finds its own words, and every part of CJK."""

from __future__ import annotations

import re
import unicodedata

from hypothesis import given
from hypothesis import strategies as st

from tests.search import calm
from tickets.search.vector import Words
from tickets.wording import asked, fold, lexemes, stem

HANGUL = st.characters(min_codepoint=0xAC00, max_codepoint=0xD7A3)
KANA = st.characters(min_codepoint=0x3041, max_codepoint=0x3096)
HAN = st.characters(min_codepoint=0x4E00, max_codepoint=0x9FFF)
THAI = st.characters(min_codepoint=0x0E01, max_codepoint=0x0E2E)
LATIN = st.text("abcdefghijklmnopqrstuvwxyzáçéñöüßøæ0123456789", min_size=1, max_size=12)
PARTS = st.text(st.one_of(HANGUL, KANA, HAN, THAI), min_size=1, max_size=12)
TEXTS = st.one_of(
    st.text(max_size=200),
    st.lists(st.one_of(LATIN, PARTS, st.text(max_size=5)), max_size=12).map(" ".join),
)


def places(text: str) -> dict[str, set[int]]:
    found: dict[str, set[int]] = {}
    for term, place in lexemes(fold(text)):
        found.setdefault(term, set()).add(place)
    return found


def stands_in(typed: str, text: str) -> bool:
    """What PostgreSQL asks: every lexeme of the phrase, each as far from the first as typed."""
    wanted, there = asked(fold(typed)), places(text)
    first = wanted[0]
    return any(
        all(start + w.place - first.place in there.get(w.text, ()) for w in wanted)
        for start in there.get(first.text, ())
    )


@calm(max_examples=400)
@given(TEXTS)
def test_folding_twice_is_folding_once(text: str) -> None:
    assert fold(fold(text)) == fold(text)


@calm(max_examples=400)
@given(TEXTS)
def test_any_text_is_found_by_itself(text: str) -> None:
    assert not asked(fold(text)) or stands_in(text, text)


@calm(max_examples=400)
@given(TEXTS, TEXTS, TEXTS)
def test_a_text_is_found_among_others(before: str, text: str, after: str) -> None:
    assert not asked(fold(text)) or stands_in(text, f"{before} {text} {after}")


@calm(max_examples=400)
@given(PARTS, st.data())
def test_every_part_of_a_run_is_found(run: str, data: st.DataObject) -> None:
    start = data.draw(st.integers(0, len(run) - 1))
    end = data.draw(st.integers(start + 1, len(run)))
    assert stands_in(run[start:end], f"twice{run} 12{run}!")


@calm(max_examples=200)
@given(LATIN)
def test_case_and_accents_do_not_matter(word: str) -> None:
    decomposed = unicodedata.normalize("NFD", word)
    for typed in (word.upper(), decomposed, re.sub("[\u0300-\u036f]", "", decomposed)):
        assert stands_in(typed, f"a {word} b"), typed


@calm(max_examples=400)
@given(TEXTS)
def test_no_text_makes_a_mark(text: str) -> None:
    assert not [term for term, _place in lexemes(fold(text)) if term.startswith("@")]


@calm(max_examples=400)
@given(TEXTS)
def test_no_lexeme_is_empty_long_or_holds_a_sign(text: str) -> None:
    for term, place in lexemes(fold(text)):
        assert 0 < len(term) <= 64
        assert place > 0
        assert not re.search(r"[\x00-\x2f\x3a-\x40\s]", term), term


def test_english_endings_go_and_others_stay() -> None:
    assert stem("photocards") == stem("photocard") == "photocard"
    assert stem("missing") == stem("missed") == "miss"
    assert stem("포카") == "포카"
    assert stem("cafés") == "cafés"


def test_names_of_the_house_are_cut_as_people_read_them() -> None:
    def cut(text: str) -> list[str]:
        return [term for term, _place in lexemes(fold(text))]

    assert cut("TWICE트와이스") == ["twice", "트", "트와", "와", "와이", "이", "이스", "스"]
    assert cut("(G)I-DLE 3장") == ["g", "i", "dle", "3", "장"]
    assert cut("Mina's, don’t") == ["mina", "dont"]
    assert cut("👍🏽 ❤️") == ["👍", "❤"]
    assert cut("Ｆｕｌｌ　ｗｉｄｔｈ ﾎﾟｽﾀｰ")[:2] == ["full", "width"]


def test_phrases_do_not_reach_from_one_text_into_the_next() -> None:
    words = Words()
    words.add("one two")
    words.add("three")
    assert words.literal() == "'one':1 'two':2 'three':4"


def test_a_long_text_keeps_its_words_and_says_that_it_is_long() -> None:
    words = Words()
    words.add("again " * 20_000 + "zq9")
    assert "'zq9'" in words.literal()
    assert words.literal().endswith("'@long'")
