"""Pages rendered once for everybody: each visitor still has their own token, and no other's."""

from __future__ import annotations

import re

from django.test import Client

from tests.portal.conftest import Clock
from tickets.models import Draft, Order
from tickets.portal import shared

ADDRESS = "/kpopusa/new/missing_photocard/"


def token_in(page: str) -> str:
    found = set(re.findall(r'name="csrfmiddlewaretoken" value="([^"]+)"', page))
    assert len(found) == 1, found
    return found.pop()


def test_a_form_that_was_rendered_for_another_carries_my_own_token(
    album_order: Order, at_noon: Clock
) -> None:
    one, other = Client(enforce_csrf_checks=True), Client(enforce_csrf_checks=True)
    theirs = token_in(one.get(ADDRESS).text)
    page = other.get(ADDRESS)
    mine = token_in(page.text)
    assert mine != theirs
    assert shared._TOKEN not in page.text
    assert page.cookies["csrftoken"].value != one.cookies["csrftoken"].value
    assert page["Cache-Control"] == "private, no-cache"
    assert "Cookie" in page["Vary"]
    assert "ETag" not in page

    typed = {"number": "#1042", "email": "mina.kim@example.com"}
    foreign = {**typed, "csrfmiddlewaretoken": shared._TOKEN}
    assert other.post(ADDRESS, foreign).status_code == 403
    assert not Draft.objects.exists()
    assert other.post(ADDRESS, {**typed, "csrfmiddlewaretoken": mine}).status_code == 302
    assert Draft.objects.count() == 1


def test_what_somebody_typed_is_never_kept_for_another(album_order: Order, at_noon: Clock) -> None:
    someone = Client()
    wrong = someone.post(ADDRESS, {"number": "#9999", "email": "secret@example.com"})
    assert wrong.status_code == 422
    assert "secret@example.com" in wrong.text
    for web in (someone, Client()):
        page = web.get(ADDRESS).text
        assert "secret@example.com" not in page
        assert "#9999" not in page
