"""The main job, from the parcel on the kitchen table to the replacement in the post."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import expect

from tests.cast import PASSWORD
from tests.e2e.conftest import Meets
from tests.e2e.house import House
from tests.e2e.people import LAPTOP, Person
from tickets.models import Claim, Event, Order, Store, User

pytestmark = pytest.mark.e2e
MINA = "Mina.Kim@example.com"


def test_a_missing_photocard_from_the_first_tap_to_the_replacement(
    house: House,
    phone: Person,
    meets: Meets,
    album_order: Order,
    popmart: Store,
    agent: User,
    film: tuple[str, str, bytes],
) -> None:
    mina = phone
    _mina_says_what_happened(mina)
    _she_is_told_that_she_is_in_time(mina)
    _she_hands_in_her_film(mina, film)
    reference = _she_sends_it(mina)
    page = _she_comes_back_by_the_link_in_her_mail(mina, house, reference)

    nora = meets(LAPTOP, timezone_id="America/Los_Angeles")
    _nora_signs_in(nora)
    _she_watches_the_film(nora, reference)
    _she_asks_the_manufacturer(nora)

    assert house.time_passes(days=7) == {"manufacturer_update": 1}
    mail = house.newest_mail(MINA, "still under way")
    assert "1 week has passed." in mail.text
    mina.opens(page)
    mina.reads("The manufacturer has been asked.", "We told you how far it is.")

    _the_manufacturer_agrees(nora)
    _the_replacement_is_sent(nora)
    house.time_passes(seconds=11)  # until then it can be taken back
    mina.opens(house.link_in(house.newest_mail(MINA, "on its way")))
    mina.reads("It is done.", "Tracking number: 9400100000000000000044")
    assert mina.page.url == page

    claim = Claim.objects.get()
    assert (claim.state, claim.outcome) == ("fulfilled", "replacement")
    assert house.mails_to(MINA) == [
        f"Your claim {reference}: we have it",
        f"Your claim {reference}: we have asked the manufacturer",
        f"Your claim {reference}: still under way",
        f"Your claim {reference}: approved",
        f"Your claim {reference}: your replacement is on its way",
    ]
    house.time_passes(days=30)  # nothing of it comes back
    assert len(house.mails_to(MINA)) == 5
    kinds = list(Event.objects.order_by("seq").values_list("kind", flat=True))
    assert "deadline_missed" not in kinds
    assert kinds.count("claim_filed") == kinds.count("claim_fulfilled") == 1


def _mina_says_what_happened(mina: Person) -> None:
    mina.opens("/")
    mina.follows("KPOP USA")
    mina.follows("Something is missing")
    mina.types("Order number", "1042")
    mina.types("E-mail address", MINA.lower())
    mina.presses("Go on")
    mina.sees("Which items is it about?")
    mina.ticks("Aurora – 3rd Mini Album (Ver. Dawn)")
    mina.types("What is missing?", "하늘의 포토카드")
    mina.presses("Go on")
    mina.sees("Have you opened any of the items?")
    mina.presses("Yes")
    mina.sees("Did you film the opening?")
    mina.presses("Yes")


def _she_is_told_that_she_is_in_time(mina: Person) -> None:
    mina.reads(
        "You are in time",
        "Tue 10 Mar, 23:59 in Las Vegas",
        "that is Wed 15:59 for you (5 days)",
        "Still missing: 1 unboxing video.",
        "The manufacturer is asked",
    )
    mina.does_not_read("kpopusa.missing-contents")
    mina.follows("Go on")


def _she_hands_in_her_film(mina: Person, film: tuple[str, str, bytes]) -> None:
    mina.reads("Film the box from all sides while it is still sealed.", "0 of 1 here")
    states = mina.page.evaluate_handle(
        """() => {
            const seen = [];
            new MutationObserver(() => {
                for (const row of document.querySelectorAll(".progress-list .state")) {
                    if (row.textContent && seen.at(-1) !== row.textContent) {
                        seen.push(row.textContent);
                    }
                }
            }).observe(document.querySelector("[data-live]"), {
                subtree: true, childList: true, characterData: true,
            });
            return seen;
        }"""
    )
    mina.hands_in("Choose or record the video", film)
    mina.reads("1 of 1 here", film[0])
    told = states.json_value()
    assert told[-1] == "It has arrived. We are checking whether it opens…"
    mina.reads("Ready")
    mina.looks()
    mina.follows("Go on")


def _she_sends_it(mina: Person) -> str:
    mina.sees("Look at it once more")
    mina.reads("#1042", "하늘의 포토카드", "unboxing.webm", "You are in time")
    mina.types("Anything to add?", "둘 다 열었는데 카드가 하나뿐이었어요.")
    mina.presses("Send it")
    mina.reads("We have it.", f"We mailed you a link to this page, to {MINA}.")
    heading = mina.page.get_by_role("heading", level=1).inner_text().strip()
    assert re.fullmatch(r"[0-9A-Z]{4}[- ][0-9A-Z]{4}", heading), heading
    mina.reads("We have everything. A person looks at it now.")
    return heading


def _she_comes_back_by_the_link_in_her_mail(mina: Person, house: House, reference: str) -> str:
    house.post_goes()
    assert house.mails_to(MINA) == [f"Your claim {reference}: we have it"]
    link = house.link_in(house.newest_mail(MINA, "we have it"))
    mina.context.clear_cookies()
    mina.opens(link)
    mina.reads(reference, "둘 다 열었는데 카드가 하나뿐이었어요.", "unboxing.webm")
    assert mina.page.url == link
    return link


def _nora_signs_in(nora: Person) -> None:
    nora.opens("/desk/")
    assert "/accounts/login/" in nora.page.url
    nora.types("Email", "nora@staff.test")
    nora.types("Password", PASSWORD)
    nora.presses("Sign in")
    nora.sees("All open")


def _she_watches_the_film(nora: Person, reference: str) -> None:
    nora.follows("Ready to decide")
    nora.follows(reference)
    nora.reads(
        "김미나", "하늘의 포토카드", "kpopusa.missing-contents", "Tue 10 Mar, 23:59 in Las Vegas"
    )
    film = nora.page.locator("video")
    expect(film).to_be_visible()
    length = film.evaluate(
        """film => new Promise((done, lost) => {
            film.onerror = () => lost(new Error(film.error.message));
            if (film.readyState >= 2) done(film.duration);
            film.onloadeddata = () => done(film.duration);
            film.preload = "auto";
        })"""
    )
    assert 5.5 < length < 6.5
    at = film.evaluate(
        """film => new Promise(done => {
            film.onseeked = () => done([film.currentTime, film.readyState]);
            film.currentTime = 4;
        })"""
    )
    assert at[0] == pytest.approx(4, abs=0.05)
    assert at[1] >= 2, "there is a picture at the place it was moved to"
    parts = [each for each in nora.answers if each.headers.get("content-type") == "video/webm"]
    assert {each.status for each in parts} == {206}
    nora.page.get_by_role("button", name="One frame on").click()
    assert film.evaluate("film => film.currentTime") == pytest.approx(4 + 1 / 30, abs=0.05)


def _she_asks_the_manufacturer(nora: Person) -> None:
    nora.unfolds("Ask the manufacturer")
    nora.presses("Send to the manufacturer and mail")
    nora.reads("With the manufacturer", "is kept informed every week.")


def _the_manufacturer_agrees(nora: Person) -> None:
    nora.page.reload()
    nora.unfolds("Record the manufacturer's answer")
    nora.ticks("agreed: approve")
    nora.presses("Record the answer and mail")
    nora.reads("Approved")


def _the_replacement_is_sent(nora: Person) -> None:
    nora.unfolds("Send the replacement")
    nora.types("Tracking number", "9400100000000000000044")
    nora.presses("Mark as sent and mail")
    nora.reads("There is nothing to decide here now.")
    nora.follows("Done")
    nora.reads("김미나")
