"""What is found is shown as it was written, marked, and harmless; and never slowly."""

from __future__ import annotations

import time
from html import unescape

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.search import calm
from tests.search.test_wording import LATIN, PARTS, TEXTS
from tickets.search.excerpts import AROUND, Marker
from tickets.wording import asked, fold


def shown(wanted: str, text: str) -> str:
    found = Marker([wanted]).excerpt([("customer", text)])
    return str(found.html) if found else ""


@pytest.mark.parametrize(
    ("wanted", "text", "html"),
    [
        ("photocard", "My PHOTOCARDS, gone", "My <mark>PHOTOCARDS</mark>, gone"),
        ("photocards", "a photocard’s edge", "a <mark>photocard</mark>’s edge"),
        ("miss", "dismiss missing & lost", "dismiss <mark>missing</mark> &amp; lost"),
        ("포토", "앨범에 포토카드가", "앨범에 <mark>포토</mark>카드가"),
        ("토카드", "앨범에 포토카드가", "앨범에 포<mark>토카드</mark>가"),
        ("cafe", "the CAFE\u0301 <b>", "the <mark>CAFE\u0301</mark> &lt;b&gt;"),
        ("ﬁne", "that is fine", "that is <mark>fine</mark>"),
        ("fine", "½ ﬁne ½", "½ <mark>ﬁne</mark> ½"),
        ("ポスター", "ﾎﾟｽﾀｰが", "<mark>ﾎﾟｽﾀｰ</mark>が"),
        ("JYP-1234", "no jyp 1234", "no <mark>jyp 1234</mark>"),
        ("sealed box", "unsealed box, sealed  BOXES", "unsealed box, <mark>sealed  BOXES</mark>"),
        ("3장", "총 3장입니다", "총 <mark>3장</mark>입니다"),
        ("😭😭", "so 😭😭😭", "so <mark>😭😭</mark>😭"),
        ("card", "<script>card</script>", "&lt;script&gt;<mark>card</mark>&lt;/script&gt;"),
        ("absent", "nothing of it", ""),
    ],
)  # fmt: skip
def test_words_are_marked_as_they_were_written(wanted: str, text: str, html: str) -> None:
    assert shown(wanted, text) == html


@calm(max_examples=400)
@given(TEXTS, st.one_of(LATIN, PARTS), TEXTS)
def test_what_is_marked_is_what_was_asked_for(before: str, word: str, after: str) -> None:
    html = shown(word, f"{before} {word} {after}")
    assert "<mark>" in html
    marked = unescape(html.split("<mark>")[1].split("</mark>")[0])
    assert asked(fold(word))[0].text[0] in fold(marked)
    rest = html.replace("<mark>", "").replace("</mark>", "")
    assert "<" not in rest
    assert ">" not in rest


def test_the_place_with_most_of_the_words_is_shown() -> None:
    text = "album " + "x " * 400 + "the album has no photocard " + "y " * 400
    found = Marker(["album", "photocard"]).excerpt([("agent", "an album"), ("note", text)])
    assert found is not None
    assert found.internal
    assert "<mark>album</mark> has no <mark>photocard</mark>" in found.html
    assert len(found.html) < AROUND + 100


@pytest.mark.parametrize(
    ("wanted", "text"),
    [
        ("🎉" * 300, "🎉" * 4000),
        ("🎉" * 299 + "x", "🎉" * 4000),
        ("a " * 150 + "b", "a " * 2000),
        ("a'" * 150, "a'" * 2000),
        ("가" * 300, "가" * 4000),
        ("- . " * 50 + "a.b", "a" + "." * 3999),
    ],
)
def test_no_text_takes_long(wanted: str, text: str) -> None:
    began = time.process_time()
    Marker([wanted]).excerpt([("customer", text)] * 20)
    assert time.process_time() - began < 2
