"""What customers do alike in many stories."""

from __future__ import annotations

from tests.e2e.people import Person
from tickets.models import ReplyDraft

ALBUM = "Aurora – 3rd Mini Album (Ver. Dawn)"


def says_which_order(person: Person, tile: str, number: str, email: str) -> None:
    """Choose the tile, then name the order."""
    person.opens("/kpopusa/")
    person.follows(tile)
    person.types("Order number", number)
    person.types("E-mail address", email)
    person.presses("Go on")


def says_it_is_missing(
    person: Person, number: str, email: str, *, opened: bool = False, filmed: bool | None = None
) -> None:
    """A photocard of the album of that order is missing."""
    says_which_order(person, "Something is missing", number, email)
    person.ticks(ALBUM)
    person.types("What is missing?", "photocard of Haneul")
    person.presses("Go on")
    person.presses("Yes" if opened else "No")
    if filmed is not None:
        person.presses("Yes" if filmed else "No")


def draft_is_kept(person: Person, body: str, kind: str = "agent") -> None:
    """Wait until the server has what was typed: a story that ends before would race with it."""
    for _tenth in range(150):
        if ReplyDraft.objects.filter(body=body, kind=kind).exists():
            return
        person.page.wait_for_timeout(100)
    raise AssertionError(f"no draft of “{body}” was kept")
