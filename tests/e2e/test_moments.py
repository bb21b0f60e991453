"""A customer points out the moments of a film, by the player, by its pictures, or by typing."""

from __future__ import annotations

import pytest
from PIL import Image
from playwright.sync_api import expect

from tests.e2e.a_film import has_a_film
from tests.e2e.conftest import Meets
from tests.e2e.house import House
from tests.e2e.people import LAPTOP, PHONE, Person
from tests.e2e.steps import says_it_is_missing
from tests.evidence_files import make_video
from tickets.evidence.inspect import SHORT_UNBOXING
from tickets.models import Claim, Draft, Event, Evidence, Order

pytestmark = pytest.mark.e2e
MINA = "Mina.Kim@example.com"


def comes_to_the_moments(person: Person, house: House, *, plays: bool = True) -> Evidence:
    """As far as the evidence; the film is here already."""
    says_it_is_missing(person, "#1042", MINA)
    film = has_a_film(Draft.objects.get(), house.clock(), plays=plays)
    person.follows("Go on")
    person.reads("unboxing.webm", "It is very dark.", "It is your choice")
    person.follows("Mark the moments")
    return film


def winds_to(person: Person, seconds: float) -> None:
    """Move the player to a second."""
    person.page.locator("video").evaluate("(film, at) => { film.currentTime = at; }", seconds)
    person.page.wait_for_function("() => !document.querySelector('video').seeking")


def test_by_the_player(house: House, meets: Meets, album_order: Order) -> None:
    mina = meets(PHONE, is_mobile=True, has_touch=True)
    film = comes_to_the_moments(mina, house)
    mina.page.wait_for_function("document.querySelector('video').readyState > 0")
    mina.presses("Now: Still sealed")
    winds_to(mina, 3.4)
    mina.presses("Now: Shipping label")
    winds_to(mina, 7.9)
    mina.presses("Now: Opening")
    mina.presses("Take back: Shipping label")
    winds_to(mina, 0)
    mina.presses("0:07 Go there: Opening")
    assert mina.page.locator("video").evaluate("film => film.currentTime") == 7
    expect(mina.page.get_by_text("Your browser cannot play")).to_be_hidden()
    mina.presses("Keep these moments")
    mina.reads("The moments are kept.", "Still sealed", "0:00", "Opening", "0:07")
    film.refresh_from_db()
    assert film.marks == {"sealed": 0, "opening": 7}
    assert not Event.objects.exists()

    mina.follows("Go on")
    mina.presses("Send it")
    mina.reads("We have it.")
    mina.follows("Change the moments")
    winds_to(mina, 15)
    mina.presses("Now: Everything that was inside")
    mina.presses("Keep these moments")
    mina.reads("The moments are kept.", "Everything that was inside")
    film.refresh_from_db()
    assert film.marks == {"sealed": 0, "opening": 7, "contents": 15}
    assert film.claim == Claim.objects.get()
    assert Event.objects.filter(kind="evidence_marked").count() == 1


def test_by_its_pictures_where_the_browser_cannot_play_it(
    house: House, meets: Meets, album_order: Order
) -> None:
    mina = meets(LAPTOP)
    film = comes_to_the_moments(mina, house, plays=False)
    mina.reads("Your browser cannot play this video.")
    expect(mina.page.locator("video")).to_be_hidden()
    mina.types("Shipping label", "0:04")
    mina.presses("0:10")
    mina.presses("Now: Opening")
    mina.presses("Keep these moments")
    mina.reads("The moments are kept.")
    film.refresh_from_db()
    assert film.marks == {"label": 4, "opening": 10}


def test_by_typing_without_any_script(house: House, meets: Meets, album_order: Order) -> None:
    mina = meets(PHONE, java_script_enabled=False)
    film = comes_to_the_moments(mina, house)
    mina.types("Opening", "0:99")
    mina.types("Shipping label", "0:05")
    mina.presses("Keep these moments")
    mina.reads("Please look at this again", "minutes, a colon, seconds")
    mina.types("Opening", "0:09")
    mina.presses("Keep these moments")
    mina.reads("The moments are kept.")
    film.refresh_from_db()
    assert film.marks == {"label": 5, "opening": 9}


def test_a_film_is_looked_at_before_it_is_sent(
    house: House, meets: Meets, album_order: Order
) -> None:
    """Hints of the browser's own: a black film of two seconds, and what is no film for it."""
    mina = meets(PHONE)
    says_it_is_missing(mina, "#1042", MINA)
    mina.follows("Go on")

    def black(_number: int, size: tuple[int, int]) -> Image.Image:
        return Image.new("RGB", size)

    def looks_at(body: bytes, kind: str = "video/webm") -> list[str]:
        found: list[str] = mina.page.evaluate(
            """([body, type]) => window.lookAtFile(
                new File([new Uint8Array(body)], "film", {type}))""",
            [list(body), kind],
        )
        return found

    assert looks_at(make_video(2, kind="webm", picture=black)) == ["short", "black"]
    assert looks_at(make_video(2, kind="webm")) == ["short"]
    assert looks_at(make_video(SHORT_UNBOXING + 2, kind="webm")) == []  # the same as the server's
    assert looks_at(b"no film at all") == []
    assert looks_at(b"a picture", "image/jpeg") == []
