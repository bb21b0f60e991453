"""Whatever is typed is taken apart into something, and never fails."""

from __future__ import annotations

from datetime import date

from hypothesis import given
from hypothesis import strategies as st

from tests.search import calm
from tickets.search.days import day_of
from tickets.search.query import MOST_PARTS, NAMES, Part, parse

PIECES = st.sampled_from(
    [
        "-",
        '"',
        ":",
        "from:",
        "state:",
        "OR",
        "|",
        "a",
        "포토",
        "before:",
        "foo:",
        "http://x",
        " ",
        "“",
    ]
)


@calm(max_examples=500)
@given(st.one_of(st.text(max_size=500), st.lists(PIECES, max_size=60).map("".join)))
def test_anything_can_be_typed(typed: str) -> None:
    query = parse(typed)
    assert len(query.parts) <= MOST_PARTS
    for part in query.parts:
        assert part.value.strip() == part.value != ""
        assert part.name in NAMES | {""}


def test_a_query_is_read_as_it_is_meant() -> None:
    query = parse('photocard "sealed box" -signed from:"Mina Kim" -state:done a OR b')
    assert query.parts == (
        Part("photocard"),
        Part("sealed box", whole=True),
        Part("signed", no=True),
        Part("Mina Kim", "from", whole=True),
        Part("done", "state", no=True),
        Part("a"),
        Part("b", either=True),
    )
    assert not query.plain
    assert parse('"photo card" 포토').plain


def test_quotes_and_colons_of_other_keyboards_do() -> None:
    assert parse("from：mina “sealed box”").parts == (
        Part("mina", "from"),
        Part("sealed box", whole=True),
    )


def test_unknown_names_are_told_and_looked_for_as_text() -> None:
    query = parse("colour:red http://x.test/a 12:30 colour:blue")
    assert query.unknown == ("colour",)
    assert [part.value for part in query.parts] == [
        "colour red", "http://x.test/a", "12:30", "colour blue",
    ]  # fmt: skip


def test_a_quote_left_open_ends_at_the_end() -> None:
    assert parse('say "sealed box').parts[-1] == Part("sealed box", whole=True)


def test_a_long_query_is_cut_and_told() -> None:
    query = parse("word " * 60)
    assert query.cut
    assert len(query.parts) == MOST_PARTS


TODAY = date(2026, 3, 5)


def test_days_are_read_as_people_write_them() -> None:
    wanted = {
        "2026-03-05": date(2026, 3, 5),
        "2026/3/5": date(2026, 3, 5),
        "2026.3.5.": date(2026, 3, 5),
        "2026-02": date(2026, 2, 1),
        "2025": date(2025, 1, 1),
        "today": TODAY,
        "Yesterday": date(2026, 3, 4),
        "7d": date(2026, 2, 26),
        "2w": date(2026, 2, 19),
    }
    assert {typed: day_of(typed, TODAY) for typed in wanted} == wanted


@calm(max_examples=300)
@given(st.text(max_size=12) | st.from_regex(r"\A\d{1,5}[-/.]\d{1,3}([-/.]\d{1,3})?\Z"))
def test_what_is_no_day_is_none(typed: str) -> None:
    found = day_of(typed, TODAY)
    assert found is None or 1990 <= found.year < 2200
