"""A customer in Korea, where the law is better than the store's rule."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

from tests.portal.conftest import Customer
from tests.promises import promised
from tests.rights import korean_order
from tickets.models import Claim
from tickets.models import Customer as Person


def test_without_a_video_it_can_be_sent_and_a_person_decides(
    visiting: Callable[..., Customer], mina: Person
) -> None:
    customer = visiting(korean_order(mina))
    customer.begin("missing_photocard")
    customer.tick()
    customer.say("opened", "yes")
    customer.say("video_exists", "yes")

    answer = customer.get("answer/").text
    assert "missing evidence alone may not be the reason to refuse" in answer
    assert "It is not legal advice." in answer
    assert "You may add what would help" in answer
    assert "within 7 days of sending" not in answer
    assert "add it later" in customer.get("evidence/").text
    done = customer.post("review/", {"note": ""})

    claim = Claim.objects.get()
    assert (claim.state, claim.verdict) == ("under_review", "discretionary")
    assert not promised().exists()
    status = customer.web.get(done.headers["Location"]).text
    assert "A person looks at it now. What is missing would still help." in status
    assert "Film the box" in status  # it can still be added
    assert "It is not legal advice." in status


def test_the_discovery_is_asked_only_where_it_can_matter(
    visiting: Callable[..., Customer], mina: Person
) -> None:
    days = timedelta(days=50)
    customer = visiting(korean_order(mina, delivered=days, shipped=days, placed=days))
    customer.begin("defect")
    customer.tick()

    assert customer.get().headers["Location"].endswith("/question/discovered_at/")
    assert (
        "On which day did you discover the problem?" in customer.get("question/discovered_at/").text
    )
    customer.say("discovered_at", "2026-01-20")
    assert "outside the store" in customer.get("answer/").text
    customer.say("discovered_at", "2026-03-01")
    assert "send your request as it is" in customer.get("answer/").text
    customer.post("review/", {"note": ""})

    claim = Claim.objects.get()
    assert claim.said["discovered_at"].startswith("2026-03-01T")


def test_in_another_country_nobody_is_asked(
    visiting: Callable[..., Customer], mina: Person
) -> None:
    days = timedelta(days=50)
    order = korean_order(mina, country="US", delivered=days, shipped=days, placed=days)
    customer = visiting(order)
    customer.begin("defect")
    customer.tick()

    assert "discovered_at" not in customer.get().headers["Location"]
    assert "that time is over" in customer.get("answer/").text
