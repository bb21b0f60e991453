"""Pages for when something is wrong: plain, in our look, and without the database."""

from __future__ import annotations

from typing import Any

import pytest
from django.db import OperationalError
from django.template.loader import render_to_string
from django.test import Client

from supportdesk import trim_css
from tickets.models import Store, User


@pytest.mark.parametrize("code", ["400", "403", "403_csrf", "404", "429", "500", "503"])
def test_each_renders_with_nothing_at_hand(code: str) -> None:
    page = render_to_string(f"{code}.html")  # no request, no user, no database allowed here
    assert "<h1>" in page
    assert "app.css" in page


def test_an_unknown_address_gets_our_page(client: Client, kpopusa: Store, settings: Any) -> None:
    settings.DEBUG = False
    response = client.get("/no-such-store/")
    assert response.status_code == 404
    assert "We cannot find this page" in response.text


@pytest.mark.parametrize("path", ["/no-such-store/", "/desk/no/such/page/", "/t/22222222/x/"])
def test_the_demo_shows_the_same_pages(
    client: Client, kpopusa: Store, settings: Any, path: str
) -> None:
    settings.DEBUG = settings.DEMO = True
    response = client.get(path)
    assert response.status_code == 404
    assert "We cannot find this page" in response.text
    assert "URLconf" not in response.text


@pytest.mark.parametrize("path", ["/kpopusa/claim/%00/", "/desk/?q=%00", "/t/%00/%00/"])
def test_an_address_that_no_text_can_hold_is_told_as_such(
    client: Client, kpopusa: Store, agent: User, path: str
) -> None:
    client.force_login(agent, backend="django.contrib.auth.backends.ModelBackend")
    response = client.get(path)
    assert response.status_code == 400
    assert "We could not read this" in response.text


def test_a_database_lost_before_the_view_is_told_too(
    client: Client, db: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    def gone(*args: Any, **kwargs: Any) -> None:
        raise OperationalError("the server closed the connection")

    monkeypatch.setattr("django.contrib.auth.middleware.get_user", gone)
    response = client.get("/")
    assert response.status_code == 503


def test_while_the_database_is_away_the_page_says_so(
    client: Client, db: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    def gone(*args: Any, **kwargs: Any) -> None:
        raise OperationalError("the server closed the connection")

    monkeypatch.setattr("tickets.portal.views.start.store_or_404", gone)
    response = client.get("/kpopusa/")
    assert response.status_code == 503
    assert response.headers["Retry-After"]
    assert "Nothing you have sent is lost." in response.text


def test_the_customers_stylesheet_is_trimmed_from_what_stands_there_now() -> None:
    # Or a class used today would have no rule: `python -m supportdesk.trim_css` makes it again.
    assert trim_css.TARGET.read_text(encoding="utf-8") == trim_css.made()
