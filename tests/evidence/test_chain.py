"""The chain of custody under many hands: no gap, no two entries of one number, no false alarm."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.test import Client

from tests.cast import NOON
from tests.evidence.filing import browser_of, filed
from tests.test_races import at_once
from tickets.actions import custody
from tickets.actor import SYSTEM, Actor
from tickets.models import CustodyEntry, Evidence, Order, User

SECOND = timedelta(seconds=1)


@pytest.fixture
def film(web: Client, album_order: Order) -> Evidence:
    return filed(album_order)[1]


def chain(film: Evidence) -> list[CustodyEntry]:
    """As it comes back from the database, which is what everybody looks at."""
    return list(CustodyEntry.objects.filter(evidence=film).order_by("seq"))


@pytest.mark.parametrize(
    "address",
    ["::102:304", "2001:DB8::A", "::ffff:0:102:304", "64:ff9b::c000:221", "1::2:0:0:3", "::1"],
)
def test_an_address_of_any_kind_is_no_false_alarm(film: Evidence, address: str) -> None:
    custody.add(film, "viewed", actor=SYSTEM, now=NOON, address=address, what="original")

    assert custody.broken_at(chain(film)) is None


def test_numbers_and_words_come_back_as_they_were_sealed(film: Evidence) -> None:
    said = {"marks": {"sealed": 0.1 + 0.2, "label": 3.0, "opening": 1e-7, "contents": 0.0}}
    deep = {"list": [1, 2.5, None, True, {"한글": "“é” \\ \n 🎬"}], "size": 2**53 + 1}

    custody.add(film, "marked", actor=SYSTEM, now=NOON, **said, **deep)

    assert custody.broken_at(chain(film)) is None


def test_a_clock_that_goes_back_breaks_nothing_and_hides_no_view(
    film: Evidence, agent: User
) -> None:
    staff = Actor.staff(agent)
    for now in (NOON + SECOND, NOON - 60 * SECOND, NOON + 2 * SECOND):
        custody.viewed(film, what="original", actor=staff, now=now, address=None)

    found = chain(film)
    assert [entry.seq for entry in found] == list(range(1, len(found) + 1))
    assert custody.broken_at(found) is None
    assert sum(entry.act == "viewed" for entry in found) == 2


@pytest.mark.race
@pytest.mark.django_db(transaction=True)
def test_twenty_at_once_leave_one_chain_without_a_gap(film: Evidence, agent: User) -> None:
    staff = Actor.staff(agent)

    def one(number: int) -> None:
        what = ("original", "sheet")[number % 2]
        address = f"192.0.2.{number % 10}"
        custody.viewed(film, what=what, actor=staff, now=NOON, address=address)
        custody.add(film, "held", actor=SYSTEM, now=NOON, reason=str(number))

    at_once(*[lambda n=n: one(n) for n in range(20)])

    found = chain(film)
    assert [entry.seq for entry in found] == list(range(1, len(found) + 1))
    assert custody.broken_at(found) is None
    views = [(entry.address, entry.data["what"]) for entry in found if entry.act == "viewed"]
    assert len(views) == len(set(views))
    assert sum(entry.act == "held" for entry in found) == 20


@pytest.mark.race
@pytest.mark.django_db(transaction=True)
def test_a_film_asked_for_in_many_pieces_at_once_is_one_view(film: Evidence, agent: User) -> None:
    browser = browser_of(agent)
    address = browser.get(f"/uploads/{film.pk}/")["Location"]
    cookies = browser.cookies

    def piece(number: int) -> int:
        client = Client()
        client.cookies = cookies
        answer = client.get(address, headers={"Range": f"bytes={number * 10}-{number * 10 + 9}"})
        assert b"".join(answer.streaming_content)  # type: ignore[attr-defined]  # it is streamed
        return answer.status_code

    assert at_once(*[lambda n=n: piece(n) for n in range(12)]) == [206] * 12
    assert sum(entry.act == "viewed" for entry in chain(film)) == 1
    assert custody.broken_at(chain(film)) is None
