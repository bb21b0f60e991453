"""A large film, a small phone, a line that breaks: nothing is lost, and nothing is sent twice."""

from __future__ import annotations

import re
import struct
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Locator, expect

from tests.cast import make_order
from tests.e2e.conftest import Meets
from tests.e2e.house import House
from tests.e2e.people import PHONE, Person
from tests.e2e.steps import says_it_is_missing
from tests.evidence.filing import begun
from tests.evidence.tus_server import Server
from tests.evidence_files import make_video
from tickets.actions.uploads import Place
from tickets.evidence import tus
from tickets.lifecycle import UploadState
from tickets.models import Claim, Customer, Draft, Evidence, Order, Upload

pytestmark = pytest.mark.e2e
MINA = "Mina.Kim@example.com"
MIB = 1024 * 1024
CHOOSE = "Choose or record the video"
SLOW = 6 * MIB  # bytes a second: enough to look on for a moment
Films = Callable[[str, int], Path]


@pytest.fixture(scope="module")
def films(tmp_path_factory: pytest.TempPathFactory) -> Films:
    """``films("a.mp4", 12)``: a real film of so many MiB, most of it a box that players skip."""
    place = tmp_path_factory.mktemp("films")
    core = make_video(2)

    def make(name: str, size: int) -> Path:
        path = place / name
        fill = size * MIB - len(core) - 8
        body = (name.encode() * (fill // len(name.encode()) + 1))[:fill]
        path.write_bytes(core + struct.pack(">I4s", fill + 8, b"free") + body)
        return path

    return make


@pytest.fixture
def taken(monkeypatch: pytest.MonkeyPatch) -> list[tuple[int, int]]:
    """From which byte to which each request was taken, in their order."""
    found: list[tuple[int, int]] = []
    real = tus.take

    def take(turn: Any, *rest: Any) -> int:
        end = real(turn, *rest)
        found.append((turn.offset, end))
        return end

    monkeypatch.setattr(tus, "take", take)
    return found


def is_one_line(taken: list[tuple[int, int]], size: int) -> None:
    """Every byte was taken once: each request begins where the one before it ended."""
    assert taken[0][0] == 0
    assert taken[-1][1] == size
    ends = [end for _start, end in taken]
    assert [start for start, _end in taken[1:]] == ends[:-1]


def comes_to_the_evidence(person: Person) -> None:
    """As far as the page that takes files."""
    says_it_is_missing(person, "#1042", MINA)
    person.follows("Go on")


def row(person: Person, name: str) -> Locator:
    """The row of a file on its way."""
    return person.page.locator(".progress-list > li", has_text=name)


def share(at: Locator) -> float:
    """How far its bar is."""
    return float(at.locator("progress").get_attribute("value") or 0)


def waits_for_share(at: Locator, least: float) -> None:
    """Until the bar is so far."""
    at.page.wait_for_function(
        "([bar, least]) => bar.value >= least",
        arg=[at.locator("progress").element_handle(), least],
    )


def test_two_at_once_the_third_waits_and_one_pauses(
    house: House, phone: Person, album_order: Order, films: Films
) -> None:
    mina = phone
    comes_to_the_evidence(mina)
    mina.has_a_line_of(SLOW)
    paths = [films("first.mp4", 16), films("second.mp4", 14), films("third.mp4", 1)]
    mina.hands_in_from_disk(CHOOSE, *paths)
    first, second, third = (row(mina, path.name) for path in paths)
    expect(third).to_contain_text("Waits for its turn")
    waits_for_share(first, 10)
    waits_for_share(second, 10)
    expect(third).to_contain_text("Waits for its turn")
    expect(first.locator(".state")).to_have_text(re.compile(r"^Being sent: \d+ %$"))
    mina.looks()

    first.get_by_role("button", name="Pause first.mp4").click()
    expect(first).to_contain_text(re.compile(r"Paused at \d+ %\. Nothing is lost\."))
    expect(first.get_by_role("button", name="Go on first.mp4")).to_be_focused()
    expect(third).not_to_contain_text("Waits for its turn")
    mina.reads("0 of 1 here")
    expect(mina.page.locator(".files > li.is-ready")).to_have_count(2)
    paused = Upload.objects.get(state=UploadState.RECEIVING)
    assert 0 < paused.offset < paused.length
    assert Evidence.objects.count() == 2

    mina.has_a_line_of(-1)
    first.get_by_role("button", name="Go on first.mp4").click()
    expect(mina.page.locator(".files > li.is-ready")).to_have_count(3)
    expect(mina.page.locator(".progress-list > li")).to_have_count(0)
    assert sorted(Evidence.objects.values_list("original_name", "state")) == [
        ("first.mp4", "ready"),
        ("second.mp4", "ready"),
        ("third.mp4", "ready"),
    ]


def test_the_line_is_lost_and_comes_back(
    house: House,
    phone: Person,
    album_order: Order,
    films: Films,
    taken: list[tuple[int, int]],
) -> None:
    mina = phone
    comes_to_the_evidence(mina)
    mina.has_a_line_of(SLOW)
    path = films("kitchen.mp4", 20)
    mina.hands_in_from_disk(CHOOSE, path)
    waits_for_share(row(mina, path.name), 10)
    mina.loses_the_line()
    expect(row(mina, path.name)).to_contain_text("The connection is lost. It goes on by itself")

    mina.has_a_line_of(-1)
    mina.reads("1 of 1 here", path.name)
    assert len(taken) >= 2
    is_one_line(taken, path.stat().st_size)
    assert Upload.objects.count() == 1


def test_the_tab_is_closed_and_the_same_file_goes_on(
    house: House,
    phone: Person,
    album_order: Order,
    films: Films,
    taken: list[tuple[int, int]],
) -> None:
    mina = phone
    comes_to_the_evidence(mina)
    address = mina.page.url
    mina.has_a_line_of(SLOW)
    path = films("hallway.mp4", 20)
    mina.hands_in_from_disk(CHOOSE, path)
    waits_for_share(row(mina, path.name), 50)  # a whole part of 8 MiB is there by now
    mina.page.close()

    mina.page = mina.context.new_page()
    mina.opens(address)
    mina.reads("has arrived. Choose the same file again to go on where it stopped.")
    mina.sees("Remove hallway.mp4", "button")
    mina.has_a_line_of(SLOW)
    mina.hands_in_from_disk(CHOOSE, path)
    expect(row(mina, path.name)).to_contain_text(re.compile(r"Goes on at \d\d %"))
    expect(mina.page.locator("[data-arriving]")).to_be_hidden()  # one row, not two
    mina.has_a_line_of(-1)
    mina.reads("1 of 1 here", path.name)

    is_one_line(taken, path.stat().st_size)
    assert len(taken) >= 3
    assert Upload.objects.get().state == UploadState.ARRIVED
    assert Path(Evidence.objects.get().file.path).read_bytes() == path.read_bytes()


def test_another_device_begins_anew_and_the_old_beginning_holds_nothing_up(
    house: House, meets: Meets, album_order: Order, films: Films
) -> None:
    mina = meets(PHONE)
    comes_to_the_evidence(mina)
    address = mina.page.url
    mina.has_a_line_of(SLOW)
    path = films("stairs.mp4", 12)
    mina.hands_in_from_disk(CHOOSE, path)
    waits_for_share(row(mina, path.name), 30)
    mina.page.close()

    laptop = meets(PHONE)
    laptop.opens(address)
    laptop.hands_in_from_disk(CHOOSE, path)
    laptop.reads("1 of 1 here", path.name)
    states = Upload.objects.order_by("pk").values_list("state", flat=True)
    assert list(states) == [UploadState.ENDED, UploadState.ARRIVED]


def test_what_is_on_its_way_can_be_taken_out(
    house: House, phone: Person, album_order: Order, films: Films
) -> None:
    mina = phone
    comes_to_the_evidence(mina)
    mina.has_a_line_of(SLOW)
    path = films("wrong.mp4", 12)
    mina.hands_in_from_disk(CHOOSE, path)
    waits_for_share(row(mina, path.name), 20)
    mina.presses("Remove wrong.mp4")
    expect(row(mina, path.name)).to_have_count(0)
    assert Upload.objects.get().state == UploadState.ENDED
    mina.has_a_line_of(-1)
    mina.page.reload()
    mina.does_not_read("wrong.mp4")
    assert not Evidence.objects.exists()


def test_only_a_file_that_is_here_already_is_said_to_be(
    house: House, phone: Person, album_order: Order, films: Films, tmp_path: Path
) -> None:
    again = tmp_path / "again.mp4"
    again.write_bytes(films("once.mp4", 1).read_bytes())
    house.worker.rests()
    mina = phone
    comes_to_the_evidence(mina)
    mina.hands_in_from_disk(CHOOSE, films("once.mp4", 1), films("other.mp4", 1))
    expect(mina.page.locator(".files > li.is-checking")).to_have_count(2)
    looks = "**/uploads/state/**"
    for _ in range(2):  # the page asks, and nothing has changed
        with mina.page.expect_response(looks):
            pass
    mina.does_not_read("The same file was here already.")
    house.worker.wakes()
    expect(mina.page.locator(".files > li.is-ready")).to_have_count(2)
    mina.does_not_read("The same file was here already.")
    mina.reads("1 of 1 here")  # two films are not "2 of 1"

    mina.hands_in_from_disk(CHOOSE, again)
    mina.reads("again.mp4: The same file was here already. It counts only once.")
    expect(mina.page.locator(".files > li")).to_have_count(2)


def test_going_on_waits_for_what_is_on_its_way(
    house: House, phone: Person, album_order: Order, films: Films
) -> None:
    mina = phone
    comes_to_the_evidence(mina)
    mina.has_a_line_of(SLOW)
    mina.hands_in_from_disk(CHOOSE, films("hurry.mp4", 12))
    waits_for_share(row(mina, "hurry.mp4"), 10)
    mina.page.get_by_role("link", name="Go on, and add it later").click()
    mina.reads("We go on as soon as your files are here.")
    mina.page.wait_for_url("**/review/")
    assert Evidence.objects.get().original_name == "hurry.mp4"


def goes_on_while_it_is_checked(mina: Person, house: House, film: tuple[str, str, bytes]) -> None:
    """As far as the last page, with a film that nobody has looked into yet."""
    house.worker.rests()
    comes_to_the_evidence(mina)
    mina.hands_in(CHOOSE, film)
    mina.reads("We are checking whether it opens…")
    mina.follows("Go on")


def test_sending_waits_until_the_file_is_ready_and_is_then_done_by_itself(
    house: House, phone: Person, album_order: Order, film: tuple[str, str, bytes]
) -> None:
    mina = phone
    goes_on_while_it_is_checked(mina, house, film)
    mina.types("Anything to add?", "Two albums, one card.")
    mina.presses("Send it")
    mina.reads("Not sent yet", "We are still checking whether", "We send it by ourselves")
    expect(mina.page.get_by_label("Anything to add?")).to_have_value("Two albums, one card.")
    assert not Claim.objects.exists()

    house.worker.wakes()
    mina.reads("We have it.", "We have everything.", "Two albums, one card.")
    assert Claim.objects.get().state == "under_review"


def test_what_sends_by_itself_can_be_stopped(
    house: House, phone: Person, album_order: Order, film: tuple[str, str, bytes]
) -> None:
    mina = phone
    goes_on_while_it_is_checked(mina, house, film)
    mina.presses("Send it")
    mina.presses("Do not send by itself")
    mina.reads("We send nothing by ourselves.")
    house.worker.wakes()
    mina.page.wait_for_timeout(3000)
    assert Evidence.objects.get().state == "ready"
    assert not Claim.objects.exists()
    mina.presses("Send it")
    mina.reads("We have it.")


def test_all_of_it_without_scripts(
    house: House, meets: Meets, album_order: Order, film: tuple[str, str, bytes]
) -> None:
    house.worker.rests()
    mina = meets(PHONE, java_script_enabled=False)
    comes_to_the_evidence(mina)
    _has_begun_elsewhere(Draft.objects.get(), house)
    mina.hands_in(CHOOSE, film)
    mina.presses("Send this file")
    mina.reads(
        "“unboxing.webm” has arrived.", "We are checking whether it opens…", "25 % has arrived."
    )
    mina.follows("Go on")
    mina.types("Anything to add?", "Two albums, one card.")
    mina.presses("Send it")
    mina.reads("“elsewhere.mp4” has not arrived completely yet.")
    assert "send it again in a moment" in mina.page.locator(".held noscript").inner_text()
    assert mina.page.get_by_label("Anything to add?").input_value() == "Two albums, one card."
    mina.follows("Look at the files")
    mina.presses("Remove elsewhere.mp4")
    mina.reads("“elsewhere.mp4” is removed.")
    house.worker.wakes()
    mina.reads("1 of 1 here", "Ready")  # the page comes anew by itself
    mina.follows("Go on")
    assert mina.page.get_by_label("Anything to add?").input_value() == "Two albums, one card."
    mina.presses("Send it")
    mina.reads("We have it.", "We have everything.")


def _has_begun_elsewhere(draft: Draft, house: House) -> None:
    begun(Place(draft=draft), name="elsewhere.mp4", length=400, now=house.clock())
    Upload.objects.update(offset=100)


@pytest.fixture
def server(transactional_db: None, tmp_path: Path) -> Iterator[Server]:
    """The product in a process of its own, on this test's rows."""
    made = Server(tmp_path / "media")
    made.start()
    yield made
    made.kill()


def test_the_server_is_killed_in_the_middle_and_started_again(
    server: Server, browser: Browser, mina: Customer, films: Films, tmp_path: Path
) -> None:
    make_order(mina, "#1042", now=datetime.now(UTC))
    context = browser.new_context(base_url=server.url, viewport=PHONE, locale="en-GB")
    person = Person(context)
    comes_to_the_evidence(person)
    person.has_a_line_of(SLOW)
    path = films("power-cut.mp4", 24)
    person.hands_in_from_disk(CHOOSE, path)
    waits_for_share(row(person, path.name), 60)
    server.kill()
    expect(row(person, path.name)).to_contain_text("The connection is lost. It goes on by itself")
    upload = Upload.objects.get()
    assert 8 * MIB <= upload.offset < upload.length  # what was confirmed is still there

    server.start()
    person.has_a_line_of(-1)
    # Whoever was writing is given up after fifteen seconds of silence.
    expect(person.page.locator(".files > li.is-checking")).to_have_count(1, timeout=90_000)
    evidence = Evidence.objects.get()
    assert (evidence.original_name, evidence.size) == (path.name, path.stat().st_size)
    assert Upload.objects.get().pk == upload.pk
    assert (tmp_path / "media" / evidence.file.name).read_bytes() == path.read_bytes()
    context.close()
