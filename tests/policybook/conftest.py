"""Rules that break, drafts and trials, on a clock that stands where the stories are told."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import datetime
from typing import Any

import pytest
from django.db import connection
from django.test import Client

from policies import publish
from policies.models import PolicyVersion
from supportdesk import clock
from tests.cast import NOON
from tickets.models import Role, Store, User


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
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]


@pytest.fixture(autouse=True)
def a_fresh_process() -> Iterator[None]:
    """No pack is remembered from another story."""
    forget()
    yield
    forget()


def forget() -> None:
    """What a new process would know: nothing."""
    for kept in (publish._starts, publish._versions, publish._packs, publish._broken):
        kept.clear()


def break_by_hand(version: PolicyVersion, source: str = "format: 1\nstore: {}\n") -> None:
    """Somebody goes around the trigger in SQL; then every process starts anew."""
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        cursor.execute("ALTER TABLE policies_policyversion DISABLE TRIGGER USER")
        cursor.execute(
            "UPDATE policies_policyversion SET source = %s WHERE id = %s", [source, version.pk]
        )
        cursor.execute("ALTER TABLE policies_policyversion ENABLE TRIGGER USER")
        cursor.execute("SET CONSTRAINTS ALL DEFERRED")
    forget()


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
def max_(person: Callable[..., User], kpopusa: Store) -> User:
    """Max, the manager of KPOP USA."""
    return person("max", kpopusa, Role.MANAGER)


@pytest.fixture
def window(as_: Callable[[User | None], Client], max_: User) -> Client:
    """Max's browser."""
    return as_(max_)
