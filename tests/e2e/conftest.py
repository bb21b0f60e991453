"""The real product on a real port, a real PostgreSQL and a real browser; only time is ours."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, expect
from pytest_django.live_server_helper import LiveServer

from supportdesk import clock
from tests.e2e.house import House
from tests.e2e.people import LAPTOP, PHONE, TABLET, Person, sign_in_quietly
from tests.evidence_files import make_video
from tickets.models import User

Meets = Callable[..., Person]
expect.set_options(timeout=15_000)  # a small machine, and a film to look into


@pytest.fixture
def house(
    live_server: LiveServer, settings: Any, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> Iterator[House]:
    """The desk, open at noon in Las Vegas. Its uploads lie in this test's own directory."""
    built = House(live_server.url)
    monkeypatch.setattr(clock, "now", built.clock)
    settings.BASE_URL = live_server.url
    settings.EMAIL_BACKEND = "tickets.effects.kept.KeepBackend"
    settings.STORAGES = {
        **settings.STORAGES,
        "default": {
            "BACKEND": "django.core.files.storage.FileSystemStorage",
            "OPTIONS": {"location": str(tmp_path / "media"), "base_url": None},
        },
    }
    yield built
    built.worker.goes_home()
    _last_answer_is_given()


def _last_answer_is_given() -> None:
    """A page asks on by itself until it is shut; only then may the tables be emptied.

    Every connection of a browser is a thread of the server, which ends with it.
    """
    for thread in threading.enumerate():
        if "process_request_thread" in thread.name:
            thread.join(timeout=15)
            assert not thread.is_alive(), "a question of the last story is still being answered"


@pytest.fixture
def meets(house: House, browser: Browser) -> Iterator[Meets]:
    """Make people: ``meets(PHONE, timezone_id="Asia/Seoul")``.

    At the end of the story nobody may have had a script error, a refusal of the
    Content-Security-Policy, or a broken answer behind their back.
    """
    people: list[Person] = []

    def meet(size: Any, user: User | None = None, **wishes: Any) -> Person:
        wishes = {"locale": "en-GB", "timezone_id": "Europe/Vienna", **wishes}
        context = browser.new_context(base_url=house.url, viewport=size, **wishes)
        if user is not None:
            sign_in_quietly(context, user, house.url)
        people.append(Person(context))
        return people[-1]

    yield meet
    problems = [problem for person in people for problem in person.problems]
    for person in people:
        person.context.close()
    assert not problems, problems


@pytest.fixture
def phone(meets: Meets) -> Person:
    """A customer in Seoul with a small phone."""
    return meets(PHONE, timezone_id="Asia/Seoul", is_mobile=True, has_touch=True)


@pytest.fixture
def at_desk(meets: Meets) -> Callable[[User], Person]:
    """A signed-in member of staff at a laptop."""
    return lambda user: meets(LAPTOP, user, timezone_id="America/Los_Angeles")


@pytest.fixture
def at_counter(meets: Meets) -> Callable[[User], Person]:
    """A signed-in member of staff with the tablet of the counter."""
    return lambda user: meets(TABLET, user, timezone_id="America/Los_Angeles")


@pytest.fixture(scope="session")
def film() -> tuple[str, str, bytes]:
    """A real film of a few seconds, in a format that every Chromium plays."""
    return "unboxing.webm", "video/webm", make_video(6, size=(320, 240), kind="webm")
