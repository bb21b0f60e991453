"""A manager changes a rule: draft, compare, try, publish; axe-core finds nothing on the way."""

from __future__ import annotations

import os
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from policies.models import PolicyAlarm, PolicyTrial
from policies.publish import in_force
from supportdesk import clock
from tests.cast import NOON, Story, make_customer, make_order
from tests.e2e.axe import findings
from tests.e2e.conftest import Meets
from tests.e2e.house import House
from tests.e2e.people import LAPTOP, TABLET, Person
from tickets import trials
from tickets.models import Role, Store, User

pytestmark = pytest.mark.e2e
# Pictures of every step, for whoever wants to look it over: PICTURES=/some/where pytest …
PICTURES = os.environ.get("PICTURES", "")


@pytest.fixture
def max_(person: Callable[..., User], kpopusa: Store) -> User:
    """Max, the manager of KPOP USA."""
    return person("max", kpopusa, Role.MANAGER)


@pytest.fixture
def past(kpopusa: Store) -> None:
    """A few requests of the last days."""
    for number, files in enumerate((("photo", "photo"), ("photo",), ("unboxing_video",))):
        customer = make_customer(kpopusa, f"p{number}@example.com", "P")
        order = make_order(customer, f"P{number}", placed=timedelta(days=9))
        Story(order, NOON).file("defect", *files, opened=True)


def a_file(text: str) -> tuple[str, str, bytes]:
    """The rules as somebody saved them at home."""
    return "rules.yaml", "application/yaml", text.encode()


class Examined:
    """A person whose every page is looked at by axe, and pictured where asked for."""

    def __init__(self, person: Person, size: str) -> None:
        self.person, self.size = person, size
        self.found: list[str] = []

    def look(self, name: str) -> None:
        self.person.looks()
        self.found += findings(self.person.page, name)
        if PICTURES:
            for theme in ("light", "dark"):
                self.person.page.emulate_media(color_scheme=theme)  # type: ignore[arg-type]  # both are themes
                path = Path(PICTURES) / f"policies-{name}-{self.size}-{theme}.png"
                self.person.page.screenshot(path=path, full_page=True)


@pytest.mark.parametrize(("size", "name"), [(LAPTOP, "1440"), (TABLET, "820")])
def test_a_manager_tries_a_change_before_it_is_published(
    house: House, meets: Meets, past: None, max_: User, kpopusa: Store, size: Any, name: str
) -> None:
    wishes = {"bypass_csp": True, "reduced_motion": "reduce"}
    max_here = meets(size, max_, timezone_id="America/Los_Angeles", **wishes)
    axe = Examined(max_here, name)
    max_here.opens("/policies/")
    axe.look("store")
    max_here.types("Name of the draft", "Three photos")
    max_here.presses("New draft after version 1")
    max_here.reads("Nothing is different.")
    axe.look("draft-empty")
    max_here.follows("Change figures")
    axe.look("figures")
    defect = max_here.page.get_by_role("group", name="Defect kpopusa.defect").first
    defect.get_by_label("Photos needed").fill("3")
    max_here.presses("Save the draft")
    max_here.reads("Saved. Nothing is published yet.", "Photos needed: 2 photos → 3 photos")
    axe.look("draft")
    max_here.follows("Edit the text")
    text = max_here.page.get_by_label("The rules as text").input_value()
    broken = text.replace("page: pickup", "page: nowhere", 1)
    max_here.hands_in("Take the text from a file", a_file(broken))
    max_here.presses("Save the draft")
    max_here.reads("1 mistake", "there is no page 'nowhere'")
    axe.look("text-broken")
    max_here.hands_in("Take the text from a file", a_file(text))
    max_here.presses("Save the draft")
    max_here.presses("Try it on these days")
    max_here.reads("Waiting to start")
    axe.look("trial-waiting")
    trials.run_due(clock.now())
    max_here.reads("1 of 3 requests would have got another verdict")  # the bar noticed by itself
    axe.look("trial")
    assert PolicyTrial.objects.get().state == "done"
    max_here.page.locator("section[aria-labelledby=cases] a").last.click()
    max_here.reads("As it was: version 1", "With the draft", "Photos needed: 2 photos → 3 photos")
    axe.look("case")
    max_here.follows("The trial")
    max_here.follows("Three photos")
    max_here.presses("Publish")
    max_here.reads("Version 2 is published.", "In force.", "kpopusa.contact-window")
    axe.look("version")
    max_here.follows("What it changed")
    max_here.reads("From version 1 to version 2")
    axe.look("changes")
    version = in_force(kpopusa.pk, clock.now())
    PolicyAlarm.objects.create(
        version=version,
        mistakes=[{"text": "version 2:14: store.slug: is missing"}],
        found_at=NOON,
        wake_at=NOON,
    )
    for address in ("/desk/", "/policies/kpopusa/", "/reports/"):
        max_here.opens(address)
        axe.look("alarm" + address.replace("/", "-").rstrip("-"))
    assert not axe.found, "\n".join(axe.found)
