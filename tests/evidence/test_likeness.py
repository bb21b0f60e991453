"""What looks alike is found: every print within reach, and no file that is somebody else's."""

from __future__ import annotations

import random
from datetime import timedelta

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.cast import NOON, Story, a_file, add_evidence, make_order
from tickets.actor import SYSTEM, Actor
from tickets.evidence import likeness
from tickets.models import Claim, Customer, Draft, Evidence, FilePrint, User

PRINTS = st.integers(0, 2**64 - 1)
PRINT = 0x9E3779B97F4A7C15
# As many examples as ever; how fast they are thought up says how busy the machine is.
at_any_pace = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])


def turned(bits: int, places: list[int]) -> int:
    for place in places:
        bits ^= 1 << place
    return bits


def printed(evidence: Evidence, *prints: int) -> None:
    FilePrint.objects.bulk_create(
        FilePrint(
            evidence=evidence,
            at=float(number),
            bits=likeness.signed(bits),
            bands=likeness.bands_of(bits),
        )
        for number, bits in enumerate(prints)
    )


def the_file(claim: Claim) -> Evidence:
    return claim.evidence.get()


def prints_of(evidence: Evidence) -> dict[int, list[int]]:
    rows = FilePrint.objects.filter(evidence=evidence).order_by("at")
    return {evidence.pk: list(rows.values_list("bits", flat=True))}


def found_by(user: User, evidence: Evidence) -> list[likeness.Alike]:
    return likeness.alike([evidence], Actor.staff(user), prints=prints_of(evidence))


@at_any_pace
@given(PRINTS, st.lists(st.integers(0, 63), unique=True, max_size=likeness.REACH))
def test_no_print_within_reach_escapes_the_probes(bits: int, places: list[int]) -> None:
    other = turned(bits, places)
    assert likeness.hamming(bits, other) == len(places)
    assert set(likeness.probes_of(bits)) & set(likeness.bands_of(other))


@at_any_pace
@given(PRINTS)
def test_a_print_is_the_same_signed_or_not(bits: int) -> None:
    kept = likeness.signed(bits)
    assert -(2**63) <= kept < 2**63
    assert likeness.hamming(bits, kept) == 0
    assert likeness.bands_of(kept) == likeness.bands_of(bits)
    assert likeness.probes_of(kept) == likeness.probes_of(bits)
    assert [band >> 16 for band in likeness.bands_of(bits)] == [0, 1, 2, 3]


@at_any_pace
@given(PRINTS)
def test_a_look_costs_no_more_than_sixty_eight_values(bits: int) -> None:
    assert len(set(likeness.probes_of(bits))) == 4 * 17


def second_claim(customer: Customer, number: str, *kinds: str, **said: bool) -> Claim:
    order = make_order(customer, number)
    return Story(order, NOON + timedelta(minutes=5)).file("defect", *kinds, **said)


def test_the_same_photo_of_another_customer_is_found(
    story: Story, jo: Customer, agent: User
) -> None:
    mine = story.file("defect", "photo", opened=True)
    theirs = second_claim(jo, "#1043", "photo", opened=True)
    (pair,) = found_by(agent, the_file(mine))
    assert pair.same
    assert pair.other == the_file(theirs)
    assert pair.other.claim is not None
    assert pair.other.claim.ticket.customer == jo


def differing(claim: Claim, mark: str) -> Evidence:
    """The one file of a claim, with bytes of its own."""
    evidence = the_file(claim)
    Evidence.objects.filter(pk=evidence.pk).update(sha256=mark * 64)
    return the_file(claim)


def test_a_nearly_identical_photo_is_found_and_a_different_one_is_not(
    story: Story, jo: Customer, agent: User
) -> None:
    mine = the_file(story.file("defect", "photo", opened=True))
    printed(mine, PRINT)
    near = differing(second_claim(jo, "#1043", "photo", opened=True), "b")
    printed(near, turned(PRINT, [0, 1, 17, 33, 50, 63]))
    far = differing(second_claim(jo, "#1044", "photo", opened=True), "c")
    printed(far, turned(PRINT, [0, 1, 17, 18, 33, 50, 63]))
    (pair,) = found_by(agent, mine)
    assert (pair.other, pair.same, pair.distance) == (near, False, 6)


def test_a_black_picture_looks_like_no_other(story: Story, jo: Customer, agent: User) -> None:
    mine = the_file(story.file("defect", "photo", opened=True))
    printed(mine, 0b11)
    printed(differing(second_claim(jo, "#1043", "photo", opened=True), "b"), 0b11)
    assert found_by(agent, mine) == []


FRAMES = [random.Random(number).getrandbits(64) for number in range(12)]


def film(story: Story, mark: str, *prints: int) -> Evidence:
    claim = story.file("missing_photocard", "unboxing_video", opened=True)
    evidence = differing(claim, mark)
    printed(evidence, *prints)
    return evidence


def test_a_film_is_found_by_a_third_of_its_frames(story: Story, jo: Customer, agent: User) -> None:
    mine = film(story, "b", *FRAMES)
    other = [turned(bits, [3, 20, 41]) for bits in FRAMES[:4]]
    strange = [random.Random(number).getrandbits(64) for number in range(100, 108)]
    again = film(Story(make_order(jo, "#1043")), "c", *other, *strange)
    film(Story(make_order(jo, "#1044")), "d", *other[:3], *strange, PRINT)
    (pair,) = found_by(agent, mine)
    assert pair.other == again
    assert (pair.distance, pair.frames, pair.of) == (3, 4, 12)


def test_one_frame_that_looks_like_many_is_one_frame() -> None:
    assert likeness.compare_films([PRINT] * 6, [PRINT, *FRAMES[:5]]) is None
    assert likeness.compare_films(FRAMES, FRAMES[2:5]) == (0, 3, 3)
    assert likeness.compare_films([], FRAMES) is None


def test_a_photo_is_not_a_frame_of_a_film(story: Story, jo: Customer, agent: User) -> None:
    mine = the_file(story.file("defect", "photo", opened=True))
    printed(mine, PRINT)
    film(Story(make_order(jo, "#1043")), "c", PRINT, *FRAMES)
    assert found_by(agent, mine) == []


def test_another_files_of_the_same_request_are_no_signal(story: Story, agent: User) -> None:
    claim = story.file("defect", "photo", "photo", opened=True)
    first, second = claim.evidence.all()
    printed(first, PRINT)
    printed(second, PRINT)
    assert found_by(agent, first) == []


def test_drafts_and_other_stores_are_never_named(
    story: Story, jo: Customer, agent: User, stranger: User
) -> None:
    mine = the_file(story.file("defect", "photo", opened=True))
    printed(mine, PRINT)
    draft: Draft = Story(make_order(jo, "#1043")).draft("defect", opened=True)
    kept = add_evidence(a_file("photo", mark="0"), draft=draft, actor=None, now=NOON)
    assert kept is not None
    printed(kept, PRINT)
    assert found_by(agent, mine) == []
    assert likeness.alike([mine], SYSTEM, prints=prints_of(mine)) == []
    theirs = the_file(second_claim(jo, "#1044", "photo", opened=True))
    printed(theirs, PRINT)
    assert [pair.other for pair in found_by(agent, mine)] == [theirs]
    assert found_by(stranger, mine) == []
