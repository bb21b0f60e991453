"""One value of a text is changed; every other letter stays. Two texts become one."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from policies.editing import EditError, edit
from policies.merge import merge
from policies.pack import PACKS
from policies.reading import Source

TEXTS = {path.stem: path.read_text("utf-8") for path in sorted(PACKS.glob("*.yaml"))}
PLACES = [
    (slug, ("rules", rule, "figures", name))
    for slug, text in TEXTS.items()
    for rule, data in Source(text, slug).data["rules"].items()
    for name, value in (data.get("figures") or {}).items()
    if isinstance(value, int)
]


def lines_apart(before: str, after: str) -> list[tuple[str, str]]:
    pairs = zip(before.split("\n"), after.split("\n"), strict=True)
    return [(old, new) for old, new in pairs if old != new]


@settings(max_examples=12, deadline=None)
@given(st.sampled_from(PLACES), st.integers(100, 999))
def test_a_figure_changes_one_line(place: tuple[str, tuple[str, ...]], value: int) -> None:
    slug, path = place
    ((old, new),) = lines_apart(TEXTS[slug], edit(TEXTS[slug], {path: value}))
    assert str(value) in new
    assert str(value) not in old


def test_what_already_is_so_changes_nothing() -> None:
    text = TEXTS["kpopusa"]
    assert edit(text, {("rules", "kpopusa.contact-window", "figures", "days"): 7}) is text


TEXT = """\
# A comment.
all: &all {a: 1, b: [1, 2]}  # beside it
same: *all
list:
  - name: first  # one
    on: false
  - name: second
folded: >-
  a long
  text
last: 1
"""


@pytest.mark.parametrize(
    ("path", "value", "line"),
    [
        (("all", "c"), "new", "all: &all {a: 1, b: [1, 2], c: new}  # beside it"),
        (("list", 0, "on"), True, "    on: true"),
        (("list", 1, "on"), True, "    on: true"),
        (("last",), [1, 2], "last: [1, 2]"),
        (("last",), 'a "word": #', 'last: "a \\"word\\": #"'),
        (("last",), "true", 'last: "true"'),
        (("last",), date(2026, 5, 1), "last: 2026-05-01"),
        (("last",), None, "last: null"),
        (("same",), {"a": 2}, "same: {a: 2}"),
        (("folded",), "short", "folded: short"),
        (("fresh",), {"en": "Ja, 네"}, 'fresh: {en: "Ja, 네"}'),
    ],
)
def test_values_of_every_kind_find_their_place(path: Any, value: Any, line: str) -> None:
    if path == ("all", "c"):  # others repeat it: then it is said to be changed in the text
        with pytest.raises(EditError):
            edit(TEXT, {path: value})
        return
    made = edit(TEXT, {path: value})
    assert line in made.split("\n")
    assert "# A comment." in made
    assert "# beside it" in made
    assert "# one" in made


def test_what_repeats_a_value_keeps_what_it_said() -> None:
    made = edit(TEXT, {("all",): {"a": 5}})
    assert Source(made, "t").data["all"] == {"a": 5}
    assert Source(made, "t").data["same"] == {"a": 1, "b": [1, 2]}


@pytest.mark.parametrize("path", [("nowhere", "x"), ("list", 7, "on"), ("last", "x", "y")])
def test_a_place_that_there_is_not_is_refused(path: Any) -> None:
    with pytest.raises(EditError):
        edit(TEXT, {path: 1})


def test_changes_of_two_sides_come_together() -> None:
    base = "".join(f"line {n}\n" for n in range(9))
    mine = base.replace("line 2", "mine 2").replace("line 8\n", "")
    theirs = base.replace("line 5", "theirs 5") + "more\n"
    found = merge(base, mine, base.replace("line 5", "theirs 5"))
    assert found.text == mine.replace("line 5", "theirs 5")
    assert found.clashes == ()
    assert merge(base, base, theirs).text == theirs
    assert merge(base, mine, base).text == mine


def test_where_both_changed_the_same_mine_stays_and_both_are_named() -> None:
    found = merge("a\nb\nc\n", "a\nmine\nc\n", "a\ntheirs\nc\n")
    assert found.text == "a\nmine\nc\n"
    ((line, mine, theirs),) = [(c.line, c.mine, c.theirs) for c in found.clashes]
    assert (line, mine, theirs) == (2, "mine\n", "theirs\n")


LINES = st.lists(st.sampled_from("abcd"), max_size=8)


@given(LINES, LINES)
def test_merging_with_what_nobody_changed_is_no_change(base: list[str], mine: list[str]) -> None:
    old, new = ("".join(f"{line}\n" for line in lines) for lines in (base, mine))
    assert merge(old, new, old).text == new
    assert merge(old, old, new).text == new
    assert merge(old, new, new).text == new
