"""Whose number it is, whether it is well typed, and where its carrier's page is."""

from __future__ import annotations

from urllib.parse import urlsplit

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from policies.carriers import Recognised, clean, recognise
from policies.pack import Pack, load_builtin_packs
from policies.postal import UPU_PAGE

# Numbers that the carriers themselves, and those who test against them, have published.
PUBLISHED = [
    ("USPS", "9400 1112 0108 0805 4830 16"),
    ("USPS", "9361 2898 7870 0317 6337 95"),
    ("USPS", "9505 5110 6960 5048 6006 24"),
    ("USPS", "420 22153 9101026837331000039521"),
    ("USPS", "4201002334249200190132607600833457"),
    ("USPS", "92748931507708513018050063"),
    ("USPS", "7112 3456 7891 2345 6787"),
    ("UPS", "1Z5R89390357567127"),
    ("UPS", "1Z879E930346834440"),
    ("UPS", "1Z999AA10123456784"),
    ("FedEx", "9865 7878 8855"),
    ("FedEx", "4771 7908 1230"),
    ("FedEx", "5682 8361 0012 734"),
    ("FedEx", "9611020987654312345672"),
    ("FedEx", "1001921334250001000300779017972697"),
    ("FedEx", "61299998820821171811"),
    ("DHL", "33 1881 0025"),
    ("DHL", "73891051146"),
    ("USPS", "RB 123 456 785 US"),
    ("Royal Mail", "RB123456785GB"),
    ("Korea Post", "EE123456785KR"),
    ("Japan Post", "EE 123 456 785 JP"),
    ("Postal service (Cape Verde)", "RB123456785CV"),
]


@pytest.fixture
def popmart() -> Pack:
    return load_builtin_packs()["popmart"]


def told(typed: str, pack: Pack | None = None, carrier: str = "") -> Recognised:
    found = recognise(typed, pack, carrier)
    assert found is not None
    return found


@pytest.mark.parametrize(("carrier", "number"), PUBLISHED)
def test_published_numbers_are_known_and_fit(carrier: str, number: str) -> None:
    found = told(number)
    assert (found.carrier, found.valid) == (carrier, True)
    assert not found.mistyped


@pytest.mark.parametrize(("carrier", "number"), PUBLISHED)
def test_with_the_check_digit_wrong_no_carrier_takes_them(carrier: str, number: str) -> None:
    bare = clean(number)
    at = -3 if bare[-1].isalpha() else -1
    wrong = str((int(bare[at]) + 1) % 10)
    changed = bare[:at] + wrong + (bare[at + 1 :] if at != -1 else "")
    found = recognise(changed)
    assert found is None or found.valid is not True


@pytest.mark.parametrize(
    ("typed", "carrier"),
    [
        ("9400111201080805483017", "USPS"),
        ("1Z5R89390357567128", "UPS"),
        ("9611020987654312345673", "FedEx"),
        ("RB123456786GB", "Royal Mail"),
        ("420221539101026837331000039522", "USPS"),
    ],
)
def test_a_wrong_digit_is_certain_where_only_they_have_such_numbers(
    typed: str, carrier: str
) -> None:
    found = told(typed)
    assert (found.carrier, found.valid, found.mistyped) == (carrier, False, True)


@pytest.mark.parametrize("typed", ["986578788856", "3318810026", "568283610012735"])
def test_a_plain_run_of_digits_is_only_a_guess(typed: str) -> None:
    found = told(typed)
    assert found.valid is False
    assert not found.mistyped  # another carrier of the world may well have such a number


def test_who_is_named_beside_the_number_decides() -> None:
    assert told("986578788856", carrier="fedex").mistyped
    assert recognise("986578788855", carrier="CJ Logistics") is None
    assert told("9400111", carrier="USPS").valid is None
    assert told("1Z5R89390357567127", carrier="Whoever").carrier == "UPS"


@pytest.mark.parametrize(
    "typed",
    [
        "1z5r89390357567127",
        " 1Z 5R8 939 03 5756 7127 ",
        "1Z-5R8939-03-5756712-7",
        "1Z 5R8939 – 0357567127",
        "１Ｚ5R89390357567127",
    ],
)
def test_spaces_dashes_and_small_letters_are_no_mistakes(typed: str) -> None:
    found = told(typed)
    assert (found.number, found.valid) == ("1Z5R89390357567127", True)


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("1Z5R8939O357567127", "1Z5R89390357567127"),
        ("IZ5R89390357567127", "1Z5R89390357567127"),
        ("94OO1112O1O8O8O5483O16", "9400111201080805483016"),
        ("94001112010808O5483016", "9400111201080805483016"),
        ("RB1234S6785GB", "RB123456785GB"),
        ("RBI23456785GB", "RB123456785GB"),
    ],
)
def test_letters_that_look_like_digits_are_pointed_out(typed: str, meant: str) -> None:
    found = told(typed)
    assert found.mistyped
    assert found.suggestion == meant


@pytest.mark.parametrize(
    ("typed", "length"),
    [("1Z5R8939035756712", 18), ("940011120108080548301", 22), ("94001112010808054830166", 22)],
)
def test_a_character_too_few_or_too_many_is_told(typed: str, length: int) -> None:
    found = told(typed)
    assert found.mistyped
    assert found.length == length


@pytest.mark.parametrize("typed", ["", "  ", "hello", "12345", "RB123456785XX", "ß" * 12, "-" * 50])
def test_what_tells_nothing_is_nothing(typed: str) -> None:
    assert recognise(typed) is None


# The store's own ------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("number", "carrier"),
    [
        ("YT2412345678901234", "YunExpress"),
        ("4PX3000123456789", "4PX"),
        ("SF1234567890123", "SF Express"),
        ("1Z5R89390357567127", "UPS"),
        ("420221539101026837331000039521", "USPS"),
        ("DHL1234567890", "DHL"),
        ("GFUS01011884214464", "GOFO Express"),
        ("UUS1234567890", "UniUni"),
        ("CNUSUP000012345", "Cainiao"),
        ("SPXLAX1234567", "SpeedX"),
    ],
)
def test_the_store_s_prefixes(popmart: Pack, number: str, carrier: str) -> None:
    found = told(number, popmart)
    assert found.carrier == carrier
    assert found.valid is not False


def test_the_store_s_prefix_wins_over_the_posts_of_the_world(popmart: Pack) -> None:
    assert told("UU123456785US").carrier == "USPS"
    found = told("UU123456785US", popmart)
    assert (found.carrier, found.valid) == ("UniUni", None)


def test_the_store_s_ups_is_held_to_its_check_digit(popmart: Pack) -> None:
    assert told("1Z5R89390357567127", popmart).valid is True
    assert told("1Z5R89390357567128", popmart).mistyped
    assert told("42090210", popmart).valid is None  # begins like it: that is all the store says


def test_the_phone_is_the_store_s(popmart: Pack) -> None:
    assert told("420221539101026837331000039521", popmart).phone == "+1-800-275-8777"
    assert told("9400111201080805483016", popmart).phone == "+1-800-275-8777"
    assert told("9400111201080805483016").phone is None


# Pages ----------------------------------------------------------------------------------------


def test_the_page_is_opened_for_the_number() -> None:
    assert told("9400111201080805483016").page == (
        "https://tools.usps.com/go/TrackConfirmAction?tLabels=9400111201080805483016"
    )
    assert told("1Z5R89390357567127").page == (
        "https://www.ups.com/track?tracknum=1Z5R89390357567127"
    )
    assert told("RB123456785NO").page == UPU_PAGE


def test_the_page_of_a_store_s_carrier_stands_in_its_pack(popmart: Pack) -> None:
    assert told("YT2412345678901234", popmart).page == "https://yunexpress.cn"


# For every text -------------------------------------------------------------------------------

ALPHABET = st.sampled_from("0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcz -–.１²ß\u200d\u0000")
TYPED = st.one_of(st.text(max_size=300), st.text(ALPHABET, max_size=45))


@given(TYPED, st.one_of(st.just(""), st.sampled_from(["USPS", "DHL", "X"]), st.text(max_size=20)))
def test_nothing_that_anybody_types_raises(typed: str, carrier: str) -> None:
    for pack in (None, load_builtin_packs()["popmart"]):
        found = recognise(typed, pack, carrier)
        if found is not None:
            page = urlsplit(found.page)
            assert page.scheme == "https" and page.hostname
            assert page.geturl().isascii() and " " not in found.page
            assert found.number == clean(typed)


# Multipliers 3 and 1: a single wrong digit is always seen. (UPS doubles without adding up the
# digits, S10 folds two remainders into one, and DHL's remainder by 7 cannot tell 1 from 8:
# there one wrong digit in some is not.) Which number it is stands in the first digits.
GUARANTEED = ["9400111201080805483016", "9361289878700317633795", "420221539101026837331000039521"]


@given(st.sampled_from(GUARANTEED), st.data())
def test_one_wrong_digit_is_never_taken_for_right(number: str, data: st.DataObject) -> None:
    start = 10 if number.startswith("420") else 2
    at = data.draw(st.integers(start, len(number) - 1))
    digit = data.draw(st.sampled_from("0123456789"))
    assume(digit != number[at])
    found = told(number[:at] + digit + number[at + 1 :])
    assert (found.carrier, found.valid) == ("USPS", False)


@given(st.text("0123456789", min_size=8, max_size=8), st.sampled_from("0123456789"))
def test_every_international_number_has_one_check_digit(serial: str, digit: str) -> None:
    fits = [d for d in "0123456789" if told(f"RB{serial}{d}KR").valid]
    assert len(fits) == 1
    assert told(f"RB{serial}{digit}KR").valid is (digit == fits[0])
