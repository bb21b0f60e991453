"""A large film, a small phone, a line that breaks: nothing is lost, and nothing is sent twice."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

from tests.e2e.house import House
from tests.e2e.people import Person
from tests.e2e.steps import says_it_is_missing
from tickets.models import Evidence, Order

pytestmark = pytest.mark.e2e
MINA = "Mina.Kim@example.com"
File = tuple[str, str, bytes]


def comes_to_the_evidence(person: Person) -> None:
    """As far as the page that takes files."""
    says_it_is_missing(person, "#1042", MINA)
    person.follows("Go on")


def test_a_film_arrives_is_checked_and_is_ready(
    house: House, phone: Person, album_order: Order, film: File
) -> None:
    mina = phone
    comes_to_the_evidence(mina)
    mina.hands_in("Choose or record the video", film)
    mina.reads("1 of 1 here", film[0])
    expect(mina.page.locator(".progress-list > li")).to_have_count(0)
    assert Evidence.objects.get().state == "ready"
