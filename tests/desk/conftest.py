"""The desk as a signed-in person sees it, on a clock that stands where the stories are told."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any

import pytest
from django.test import Client

from supportdesk import clock
from tests.cast import NOON, Story
from tickets.models import Claim, User


class Clock:
    """The one clock of the house, held still; a story moves it on."""

    def __init__(self) -> None:
        self.at = NOON

    def now(self) -> datetime:
        return self.at


@pytest.fixture(autouse=True)
def still(monkeypatch: pytest.MonkeyPatch) -> Clock:
    held = Clock()
    monkeypatch.setattr(clock, "now", held.now)
    return held


@pytest.fixture(autouse=True)
def quick_passwords(settings: Any) -> None:
    """Nobody guesses passwords in these stories: a slow hash would only make them slow."""
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]


@pytest.fixture
def as_(db: None) -> Callable[[User | None], Client]:
    """A browser in which this person is signed in (nobody for ``None``)."""

    def sign_in(user: User | None) -> Client:
        client = Client()
        if user is not None:
            client.force_login(user, backend="django.contrib.auth.backends.ModelBackend")
        return client

    return sign_in


@pytest.fixture
def nora(as_: Callable[[User | None], Client], agent: User) -> Client:
    """Nora's browser."""
    return as_(agent)


@pytest.fixture
def ready(story: Story) -> Claim:
    """A missing photocard with its video: ready to decide."""
    return story.file("missing_photocard", "unboxing_video", opened=True)


@pytest.fixture
def waiting(story: Story) -> Claim:
    """A missing photocard without its video."""
    return story.file("missing_photocard", opened=False)


@pytest.fixture
def defect(story: Story) -> Claim:
    """A defect with two photos."""
    return story.file("defect", "photo", "photo", opened=True)
