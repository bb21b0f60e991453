"""References: short, readable, unguessable, and a slip is noticed."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from tickets.references import ALPHABET, clean_reference, new_reference, spoken


def test_what_people_say_is_understood() -> None:
    reference = new_reference()
    said = spoken(reference).lower().replace("-", " - ")
    assert clean_reference(said) == reference


@given(st.integers(0, 7), st.sampled_from(ALPHABET))
def test_one_wrong_character_is_always_noticed(place: int, other: str) -> None:
    reference = new_reference()
    wrong = reference[:place] + other + reference[place + 1 :]
    assert (clean_reference(wrong) == wrong) == (wrong == reference)


@given(st.text(max_size=40))
def test_anything_typed_is_a_reference_or_nothing(typed: str) -> None:
    found = clean_reference(typed)
    assert found is None or (len(found) == 8 and set(found) <= set(ALPHABET))


def test_two_references_have_nothing_to_do_with_each_other() -> None:
    many = {new_reference() for _ in range(2000)}
    assert len(many) == 2000
