"""The same pages for stores with other rules."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest

from tests.cast import make_customer, make_order
from tests.portal.conftest import Customer
from tickets.models import Claim, Order, Store, Ticket
from tickets.portal.tiles import TILES

Visiting = Callable[[Order], Customer]


@pytest.fixture
def abroad(visiting: Visiting, kpop2: Store) -> Customer:
    """Somebody who ordered at KPOP2 in Seoul."""
    return visiting(make_order(make_customer(kpop2, "lea@example.com", "Léa"), "K-77"))


@pytest.fixture
def collector(visiting: Visiting, popmart: Store) -> Customer:
    """Somebody who bought a figure online at POP MART."""
    buyer = make_customer(popmart, "sam@example.com", "Sam")
    return visiting(make_order(buyer, "PM500", lines=(("BB-1", "Labubu", 1, "20.00"),)))


@pytest.mark.parametrize("request_type", [r for tile in TILES.values() for r in tile.requests])
@pytest.mark.parametrize("who", ["abroad", "collector"])
def test_every_request_ends_on_a_page_in_every_store(
    who: str, request_type: str, request: pytest.FixtureRequest
) -> None:
    someone: Customer = request.getfixturevalue(who)
    someone.begin(request_type)
    response = someone.get(follow=True)
    assert response.status_code == 200
    assert "<h1" in response.text


def test_where_nothing_is_written_a_person_decides_and_can_be_reached(abroad: Customer) -> None:
    abroad.begin("defect")
    abroad.tick("the light stick")
    response = abroad.get("answer/", follow=True)
    assert "A person decides this" in response.text

    if "write/" in response.text:
        abroad.post("write/", {"body": "It does not light up."})
    else:
        abroad.post("review/", {"note": "It does not light up."})
    assert Ticket.objects.get().store == abroad.order.store


def test_bought_in_a_store_the_receipt_is_asked_for(visiting: Visiting, popmart: Store) -> None:
    buyer = make_customer(popmart, "kim@example.com", "Kim")
    order = make_order(buyer, "S-1", channel="store", shipped=None, placed=timedelta(days=3))
    someone = visiting(order)
    someone.begin("defect")
    someone.tick("")
    assert "/question/" in someone.get().headers["Location"]

    someone.say("receipt", "no")
    answer = someone.get("answer/", follow=True).text
    assert "receipt" in answer
    assert "outside the store" in answer
    someone.post("review/")
    assert not Claim.objects.exists()


def test_a_date_is_asked_as_a_day_and_typed_again_after_a_mistake(
    visiting: Visiting, album_order: Order
) -> None:
    someone = visiting(album_order)
    someone.begin("pending_charge")
    assert someone.get().headers["Location"].endswith("/question/charged_at/")
    assert 'type="date"' in someone.get("question/charged_at/").text

    assert someone.say("charged_at", "soon").status_code == 422
    assert someone.say("charged_at", "2026-03-04").headers["Location"].endswith("/answer/")
    assert "still normal" in someone.get("answer/").text
    # Vienna's noon: the day that the customer meant.
    assert someone.draft.answers["said"]["charged_at"] == "2026-03-04T11:00:00+00:00"
    assert 'value="2026-03-04"' in someone.get("question/charged_at/").text


def test_a_made_up_question_leads_back_to_the_way(customer: Customer) -> None:
    customer.begin("missing_photocard")
    assert customer.get("question/password/").status_code == 302
    assert customer.say("password", "yes").status_code == 302
    assert customer.draft.answers.get("said", {}) == {}
