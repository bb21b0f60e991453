"""Proofs that a browser cannot show: an agent is told so, and gets the file all the same."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest
from playwright.sync_api import FilePayload, expect

from tests.cast import Story
from tests.e2e.conftest import Meets
from tests.e2e.house import House
from tests.e2e.people import LAPTOP, Person
from tests.evidence_files import make_photo, make_video
from tickets.models import Claim, Evidence, User

pytestmark = pytest.mark.e2e
FILM = "This browser cannot play this film."
PHOTO = "This browser cannot show this photo."
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


def saves(person: Person, file: File) -> None:
    name, _kind, body = file
    with person.page.expect_download() as saved:
        person.page.get_by_role("link", name=re.compile(rf"^Download\s*: {name}$")).click()
    assert saved.value.suggested_filename == name
    assert saved.value.path().read_bytes() == body


def test_a_film_of_a_phone_that_the_browser_cannot_play(
    house: House, at_desk: Callable[[User], Person], story: Story, agent: User
) -> None:
    claim = story.file("missing_photocard", opened=True)
    nora = at_desk(agent)
    hevc = ("phone.mp4", "video/mp4", make_video(2, codec="libx265"))
    adds(nora, claim, "Unboxing video", hevc)
    nora.reads(FILM)
    expect(nora.page.locator("video")).to_be_hidden()
    expect(nora.page.get_by_role("button", name="One frame back")).to_be_hidden()
    saves(nora, hevc)
    assert Evidence.objects.get().claim == claim


def test_a_photo_of_a_phone_that_the_browser_cannot_show(
    house: House, at_desk: Callable[[User], Person], story: Story, agent: User
) -> None:
    claim = story.file("defect", opened=True)
    nora = at_desk(agent)
    heic = ("phone.heic", "image/heic", make_photo("HEIF"))
    adds(nora, claim, "Photo", ("cover.jpg", "image/jpeg", make_photo()))
    expect(nora.page.get_by_text(PHOTO)).to_be_hidden()
    adds(nora, claim, "Photo", heic)
    told = nora.page.get_by_text(PHOTO)
    expect(told.filter(visible=True)).to_have_count(1)
    expect(nora.page.locator("#evidence img").filter(visible=True)).to_have_count(1)
    saves(nora, heic)


def test_a_film_that_plays_is_shown_without_a_word(
    house: House, at_desk: Callable[[User], Person], story: Story, agent: User, film: File
) -> None:
    claim = story.file("missing_photocard", opened=True)
    nora = at_desk(agent)
    adds(nora, claim, "Unboxing video", film)
    expect(nora.page.locator("video")).to_be_visible()
    nora.page.wait_for_function("() => document.querySelector('video').videoWidth > 0")
    expect(nora.page.get_by_text(FILM)).to_be_hidden()
    saves(nora, film)


def test_without_any_script_the_file_is_there_to_be_saved(
    house: House, meets: Meets, story: Story, agent: User
) -> None:
    claim = story.file("missing_photocard", opened=True)
    nora = meets(LAPTOP, agent, java_script_enabled=False)
    film = ("phone.mp4", "video/mp4", make_video(2, codec="libx265"))
    adds(nora, claim, "Unboxing video", film)
    saves(nora, film)
