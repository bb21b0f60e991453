"""A customer at the web: reads pages, follows redirects, and fills in forms."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import datetime
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from supportdesk import clock
from tests.cast import NOON
from tests.checks import check_files
from tickets.models import Draft, Order


class Clock:
    """The time that every face reads; a story moves it."""

    def __init__(self) -> None:
        self.now = NOON

    def __call__(self) -> datetime:
        return self.now


@pytest.fixture
def at_noon(monkeypatch: pytest.MonkeyPatch) -> Iterator[Clock]:
    """The clock stands at noon in Las Vegas until the story moves it."""
    hands = Clock()
    monkeypatch.setattr(clock, "now", hands)
    yield hands


@pytest.fixture
def web(client: Client, at_noon: Clock, settings: Any, tmp_path: Any) -> Client:
    """A browser that keeps cookies; what it uploads lies in this test's own directory."""
    settings.STORAGES = {
        **settings.STORAGES,
        "default": {
            "BACKEND": "django.core.files.storage.FileSystemStorage",
            "OPTIONS": {"location": str(tmp_path / "media"), "base_url": None},
        },
    }
    return client


class Customer:
    """What a person does, page by page."""

    def __init__(self, web: Client, order: Order) -> None:
        self.web = web
        self.order = order
        self.base = ""

    def begin(self, request: str, *, number: str = "", email: str = "", **extra: str) -> Any:
        response = self.web.post(
            f"/{self.order.store.slug}/new/{request}/",
            {
                "number": number or self.order.number,
                "email": email or self.order.customer.email,
                "time_zone": "Europe/Vienna",
                **extra,
            },
        )
        if response.status_code == 302:
            self.base = response["Location"]
        return response

    @property
    def draft(self) -> Draft:
        return Draft.objects.get(key=self.base.split("/")[3])

    def get(self, step: str = "", follow: bool = False) -> Any:
        return self.web.get(f"{self.base}{step}", follow=follow)

    def post(self, step: str, data: dict[str, Any] | None = None) -> Any:
        return self.web.post(f"{self.base}{step}", data or {})

    def tick(self, component: str = "photocard of Haneul", quantity: int = 1) -> Any:
        line = self.order.lines.all()[0]
        return self.post(
            "items/",
            {
                f"line_{line.pk}": "on",
                f"quantity_{line.pk}": quantity,
                f"component_{line.pk}": component,
            },
        )

    def say(self, fact: str, value: str) -> Any:
        return self.post(f"question/{fact}/", {"value": value})

    def upload(
        self,
        kind: str,
        content: bytes,
        name: str = "file.bin",
        *,
        checked: bool = True,
        **headers: str,
    ) -> Any:
        """Send a file by the plain form; the worker looks into it at once, unless it rests."""
        response = self.web.post(
            f"/uploads/?draft={self.draft.key}&kind={kind}",
            {"file": SimpleUploadedFile(name, content)},
            headers=headers,
        )
        if checked:
            check_files(clock.now())
        return response


@pytest.fixture
def customer(web: Client, album_order: Order) -> Customer:
    """Mina, with order #1042."""
    return Customer(web, album_order)


@pytest.fixture
def visiting(web: Client) -> Callable[[Order], Customer]:
    """Somebody else, with another order."""
    return lambda order: Customer(web, order)
