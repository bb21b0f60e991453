"""An agent before the evidence: it plays, it is jumped through; where it cannot, that is said."""

from __future__ import annotations

import re
import time
from collections.abc import Callable

import pytest
from playwright.sync_api import FilePayload, expect

from tests.cast import Story, make_order
from tests.e2e.axe import findings
from tests.e2e.conftest import Meets
from tests.e2e.house import House
from tests.e2e.people import LAPTOP, TABLET, Person
from tests.evidence_files import make_photo, make_video, scene
from tickets.evidence.work import ALL, run_due
from tickets.models import Claim, Customer, Evidence, FileJob, User

pytestmark = pytest.mark.e2e
FILM = "This browser cannot play this video."
BEING_MADE = "A copy that every browser shows is being made."
File = tuple[str, str, bytes]


def adds(person: Person, claim: Claim, label: str, file: File) -> None:
    """Add a file by the form in the evidence card, for a customer who sent it elsewhere."""
    name, kind, body = file
    person.opens(f"/desk/tickets/{claim.ticket.reference}/")
    person.unfolds("Add a file for the customer")
    card = person.page.locator("#evidence")
    given = FilePayload(name=name, mimeType=kind, buffer=body)
    card.locator("input[type=file]").and_(card.get_by_label(label, exact=True)).set_input_files(
        given
    )
    card.get_by_role("button", name=re.compile(rf"^Add\s*: {label}$")).click()
    person.reads(name)
    person.looks()


def is_checked(person: Person) -> None:
    """The worker of the house has looked into every file; only previews are still to be made."""
    _until(lambda: not FileJob.objects.exclude(stage__in=("preview", "done")).exists())
    person.page.reload()
    person.looks()


def is_copied(house: House, person: Person) -> None:
    """The slow worker has made its copies, too."""

    def made() -> bool:
        run_due(house.clock(), stages=ALL)
        return not FileJob.objects.exclude(stage="done").exists()

    _until(made)
    person.page.reload()
    person.looks()


def _until(there: Callable[[], bool]) -> None:
    end = time.monotonic() + 60
    while not there():
        assert time.monotonic() < end
        time.sleep(0.2)


def saves(person: Person, file: File) -> None:
    name, _kind, body = file
    with person.page.expect_download() as saved:
        person.page.get_by_role("link", name=re.compile(rf"^Download\s*: {name}$")).click()
    assert saved.value.suggested_filename == name
    assert saved.value.path().read_bytes() == body


def test_a_film_of_a_phone_plays_once_its_copy_is_made(
    house: House, at_desk: Callable[[User], Person], story: Story, agent: User
) -> None:
    claim = story.file("missing_photocard", opened=True)
    nora = at_desk(agent)
    hevc = ("phone.mp4", "video/mp4", make_video(2, codec="libx265", picture=scene(3)))
    adds(nora, claim, "Unboxing video", hevc)
    is_checked(nora)
    nora.reads(BEING_MADE)
    expect(nora.page.locator("video")).to_be_hidden()
    expect(nora.page.get_by_role("button", name="One frame back")).to_be_hidden()
    # Its frames are pictures, and can be looked at all the same.
    expect(nora.page.locator("[data-sheet] a").first).to_be_visible()
    is_copied(house, nora)
    nora.page.wait_for_function("() => document.querySelector('video').videoWidth > 0")
    expect(nora.page.get_by_text(BEING_MADE)).to_be_hidden()
    expect(nora.page.get_by_text(FILM)).to_be_hidden()
    # What is saved is what was sent.
    saves(nora, hevc)
    assert Evidence.objects.get().claim == claim


def test_a_photo_of_a_phone_is_shown_once_its_copy_is_made(
    house: House, at_desk: Callable[[User], Person], story: Story, agent: User
) -> None:
    claim = story.file("defect", opened=True)
    nora = at_desk(agent)
    heic = ("phone.heic", "image/heic", make_photo("HEIF"))
    adds(nora, claim, "Photo", ("cover.jpg", "image/jpeg", make_photo()))
    adds(nora, claim, "Photo", heic)
    is_checked(nora)
    expect(nora.page.get_by_text(BEING_MADE).filter(visible=True)).to_have_count(1)
    expect(nora.page.locator("#evidence img").filter(visible=True)).to_have_count(1)
    is_copied(house, nora)
    expect(nora.page.locator("#evidence img").filter(visible=True)).to_have_count(2)
    expect(nora.page.get_by_text(BEING_MADE)).to_be_hidden()
    saves(nora, heic)


def test_a_film_that_plays_is_shown_without_a_word(
    house: House, at_desk: Callable[[User], Person], story: Story, agent: User, film: File
) -> None:
    claim = story.file("missing_photocard", opened=True)
    nora = at_desk(agent)
    adds(nora, claim, "Unboxing video", film)
    is_checked(nora)
    expect(nora.page.locator("video")).to_be_visible()
    nora.page.wait_for_function("() => document.querySelector('video').videoWidth > 0")
    expect(nora.page.get_by_text(FILM)).to_be_hidden()
    saves(nora, film)


def test_without_any_script_the_frames_are_links_and_the_file_can_be_saved(
    house: House, meets: Meets, story: Story, agent: User
) -> None:
    claim = story.file("missing_photocard", opened=True)
    nora = meets(LAPTOP, agent, java_script_enabled=False)
    film = ("phone.mp4", "video/mp4", make_video(2, picture=scene(3)))
    adds(nora, claim, "Unboxing video", film)
    is_copied(house, nora)
    frames = nora.page.locator("[data-sheet] a")
    assert frames.count() > 1
    assert re.search(r"-preview[^#]*#t=[\d.]+$", frames.nth(1).get_attribute("href") or "")
    saves(nora, film)


def at(person: Person, number: int = 0) -> float:
    """Where a film of the page stands, once it has come there."""
    film = person.page.locator("video").nth(number)
    film.evaluate(
        "film => film.seeking && new Promise(done => film.addEventListener('seeked', done))"
    )
    return float(film.evaluate("film => film.currentTime"))


def test_the_agent_jumps_by_frames_and_by_the_customers_marks(
    house: House, at_desk: Callable[[User], Person], story: Story, agent: User
) -> None:
    claim = story.file("missing_photocard", opened=True)
    nora = at_desk(agent)
    film = make_video(8, size=(320, 240), kind="webm", picture=scene(5))
    adds(nora, claim, "Unboxing video", ("unboxing.webm", "video/webm", film))
    Evidence.objects.update(marks={"sealed": 0.5, "opening": 4.2})
    is_copied(house, nora)
    Evidence.objects.update(marks={"sealed": 0.5, "opening": 4.2})
    nora.page.reload()
    page = nora.page
    page.wait_for_function("() => document.querySelector('video').readyState > 0")

    page.get_by_role("link", name=re.compile("^Opening")).click()
    assert at(nora) == pytest.approx(4.2, abs=0.05)
    frames = page.locator("[data-sheet] a")
    second = float(frames.nth(1).get_attribute("data-jump") or "")
    frames.nth(1).click()
    assert at(nora) == pytest.approx(second, abs=0.05)
    expect(frames.nth(1)).to_have_attribute("aria-current", "true")

    # By the keyboard alone: the sheet is one stop, its arrows walk, Enter jumps.
    page.keyboard.press("ArrowRight")
    expect(frames.nth(2)).to_be_focused()
    page.keyboard.press("Enter")
    third = float(frames.nth(2).get_attribute("data-jump") or "")
    assert at(nora) == pytest.approx(third, abs=0.05)
    page.locator("video").focus()
    page.keyboard.press("ArrowRight")
    assert at(nora) == pytest.approx(third + 1 / 30, abs=0.02)
    page.keyboard.press("Shift+ArrowLeft")
    assert at(nora) == pytest.approx(max(0, third + 1 / 30 - 10 / 30), abs=0.02)
    page.get_by_label("Speed").select_option("4")
    assert page.locator("video").evaluate("film => film.playbackRate") == 4


def test_two_films_run_side_by_side(
    house: House, meets: Meets, story: Story, jo: Customer, agent: User
) -> None:
    mine = story.file("missing_photocard", opened=True)
    theirs = Story(make_order(jo, "#1043")).file("missing_photocard", opened=True)
    nora = meets(LAPTOP, agent, bypass_csp=True, reduced_motion="reduce")
    film = make_video(6, size=(320, 240), kind="webm", picture=scene(5))
    small = make_video(
        6,
        size=(160, 120),
        kind="webm",
        picture=lambda number, size: scene(5)(number, (320, 240)).resize(size),
    )
    adds(nora, theirs, "Unboxing video", ("cut.webm", "video/webm", small))
    adds(nora, mine, "Unboxing video", ("unboxing.webm", "video/webm", film))
    is_copied(house, nora)
    # The same scene, coded anew and smaller: the card says so, and leads there.
    nora.reads("“unboxing.webm” looks like a file in a request of Jo Doe")
    assert not findings(nora.page, "the ticket")
    nora.follows("Side by side")
    nora.reads("cut.webm", "Jo Doe")
    assert not findings(nora.page, "side by side")
    page = nora.page
    page.wait_for_function(
        "() => [...document.querySelectorAll('video')].every(film => film.readyState > 1)"
    )
    nora.ticks("Play both together")
    frames = page.locator("section").first.locator("[data-sheet] a")
    frames.nth(2).click()
    there = float(frames.nth(2).get_attribute("data-jump") or "")
    page.wait_for_function(
        "at => Math.abs(document.querySelectorAll('video')[1].currentTime - at) < 0.1", arg=there
    )
    page.locator("video").first.evaluate("film => film.play()")
    page.wait_for_function("() => !document.querySelectorAll('video')[1].paused")
    page.locator("video").first.evaluate("film => film.pause()")
    page.wait_for_function("() => document.querySelectorAll('video')[1].paused")
    assert at(nora) == pytest.approx(at(nora, 1), abs=0.1)


def test_the_evidence_fits_a_tablet(house: House, meets: Meets, story: Story, agent: User) -> None:
    claim = story.file("missing_photocard", opened=True)
    nora = meets(TABLET, agent, has_touch=True, bypass_csp=True, reduced_motion="reduce")
    film = make_video(8, size=(320, 240), kind="webm", picture=scene(5))
    adds(nora, claim, "Unboxing video", ("unboxing.webm", "video/webm", film))
    is_copied(house, nora)
    assert not findings(nora.page, "a tablet")
