"""Somebody reads before asking: hours on their own clock, an article, and a person in the end."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

from tests.e2e.conftest import Meets
from tests.e2e.house import House
from tests.e2e.people import PHONE, Person
from tickets.models import GuidanceCount, Store

pytestmark = pytest.mark.e2e


def test_a_reader_in_seoul_finds_the_article_and_writes_in_the_end(
    house: House, kpopusa: Store, phone: Person
) -> None:
    phone.opens("/kpopusa/help/")
    phone.reads("Open now until 19:30 (Las Vegas) That is Fri 12:30 for you.")
    table = phone.page.get_by_role("table")
    expect(table.get_by_role("columnheader", name="Your time")).to_be_visible()
    # On that Sunday the clocks go forward in Las Vegas, not in Seoul.
    expect(table.get_by_role("row", name="Fri 6 Mar")).to_contain_text("Sat 05:00–12:30")
    expect(table.get_by_role("row", name="Mon 9 Mar")).to_contain_text("Tue 04:00–11:30")

    phone.page.get_by_role("searchbox").fill("unboxing")
    phone.page.keyboard.press("Enter")
    phone.follows("My photocard is missing")
    phone.reads("1 to 4 weeks")
    phone.presses("This did not help")
    phone.reads("Which order is it about?")
    assert phone.page.url.endswith("/kpopusa/new/missing_photocard/")
    row = GuidanceCount.objects.get(key="kpopusa.missing-contents")
    assert (row.seen, row.helped, row.wrote) == (1, 0, 1)


def test_on_the_store_s_own_clock_nothing_is_said_twice(
    house: House, kpopusa: Store, meets: Meets
) -> None:
    at_home = meets(PHONE, timezone_id="America/Los_Angeles")
    at_home.opens("/kpopusa/help/")
    expect(at_home.page.get_by_text("for you.")).to_be_hidden()
    expect(at_home.page.get_by_role("columnheader", name="Your time")).to_be_hidden()


def test_without_scripts_everything_is_there_on_the_store_s_clock(
    house: House, kpopusa: Store, meets: Meets
) -> None:
    plain = meets(PHONE, java_script_enabled=False)
    plain.opens("/kpopusa/help/")
    plain.reads("Time in Las Vegas")
    plain.reads("12:00–19:30")
    plain.follows("Until when can I report a problem?")
    plain.presses("Yes")
    plain.reads("Thank you, that is good to know.")
    assert GuidanceCount.objects.get().helped == 1
