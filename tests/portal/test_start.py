"""Choosing the store, saying what happened, and saying which order."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest
from django.test import Client

from tests.portal.conftest import Clock, Customer
from tickets.models import Draft, Message, Order, Outbox, Pickup, Store, Ticket
from tickets.portal.theme import _parse, contrast
from tickets.portal.tiles import TILES


def test_one_store_is_no_choice(web: Client, kpopusa: Store) -> None:
    assert web.get("/").headers["Location"] == "/kpopusa/"


def test_of_several_the_customer_chooses(web: Client, kpopusa: Store, popmart: Store) -> None:
    page = web.get("/").text
    assert "/kpopusa/" in page
    assert "/popmart/" in page


def test_a_closed_store_is_not_there(web: Client, kpopusa: Store) -> None:
    Store.objects.update(is_open=False)
    assert web.get("/kpopusa/").status_code == 404


def test_eight_tiles_the_hours_and_the_ways_to_reach_us(web: Client, kpopusa: Store) -> None:
    page = web.get("/kpopusa/").text  # noon on a Thursday: the door has just opened

    assert page.count('class="tile"') == len(TILES) == 8
    assert "Open now" in page
    assert "until 19:30" in page
    assert "+1-702-476-1990" in page


def test_out_of_hours_the_next_opening_is_told(web: Client, kpopusa: Store, at_noon: Clock) -> None:
    at_noon.now += timedelta(days=2, hours=9)  # Saturday, nine in the evening
    assert "opens Monday 12:00" in web.get("/kpopusa/").text


@pytest.mark.parametrize("request_type", [r for tile in TILES.values() for r in tile.requests])
def test_every_tile_leads_to_a_page_that_says_something(
    request_type: str, customer: Customer
) -> None:
    page = customer.web.get(f"/kpopusa/new/{request_type}/")
    assert page.status_code == 200
    customer.begin(request_type)
    # Whatever the rules say, the customer arrives somewhere, and a person can be reached.
    response = customer.get(follow=True)
    assert response.status_code == 200
    assert "<h1" in response.text


def test_a_search_finds_the_request_by_its_words(web: Client, kpopusa: Store) -> None:
    page = web.get("/kpopusa/?q=tracking").text
    assert "The tracking has stopped" in page
    assert "Nothing here is called" in web.get("/kpopusa/?q=zebra").text


def test_unknown_order_and_wrong_address_get_one_and_the_same_answer(customer: Customer) -> None:
    unknown = customer.begin("defect", number="#9999")
    wrong = customer.begin("defect", email="someone@else.example")

    said = "We found no order with this number and this e-mail address together."
    assert unknown.status_code == wrong.status_code == 422
    assert said in unknown.text
    assert said in wrong.text
    assert not Draft.objects.exists()


def test_the_typed_text_stays_after_a_mistake(customer: Customer) -> None:
    assert 'value="#9999"' in customer.begin("defect", number="#9999").text


def test_an_order_of_another_store_is_not_found(
    web: Client, album_order: Order, popmart: Store
) -> None:
    response = web.post(
        "/popmart/new/defect/", {"number": "#1042", "email": "mina.kim@example.com"}
    )
    assert response.status_code == 422


def test_the_address_matters_not_its_case_nor_the_hash(customer: Customer) -> None:
    assert (
        customer.begin("defect", number=" 1042 ", email="MINA.KIM@example.com").status_code == 302
    )


def test_too_many_tries_are_told_plainly(customer: Customer) -> None:
    for _ in range(10):
        assert customer.begin("defect", email="guess@example.com").status_code == 422
    response = customer.begin("defect")  # right at last, but too late

    assert response.status_code == 429
    assert "Too many tries" in response.text
    assert int(response.headers["Retry-After"]) > 0
    assert not Draft.objects.exists()


def test_a_draft_opens_only_by_its_key_and_in_its_own_store(
    customer: Customer, popmart: Store
) -> None:
    customer.begin("defect")
    assert customer.web.get("/kpopusa/claim/guessed-key/items/").status_code == 404
    elsewhere = customer.base.replace("/kpopusa/", "/popmart/")
    assert customer.web.get(f"{elsewhere}items/").status_code == 404


def test_an_answer_that_needs_no_order_is_given_at_once(web: Client, kpopusa: Store) -> None:
    page = web.get("/kpopusa/new/change_of_mind/").text
    assert "for personal reasons" in page
    assert "kpopusa.change-of-mind" not in page


def test_a_pickup_is_answered_for_the_order(
    visiting: Callable[[Order], Customer], pickup: Pickup
) -> None:
    someone = visiting(pickup.order)
    someone.begin("pickup")
    response = someone.get(follow=True)
    assert response.status_code == 200
    assert 'class="verdict-card' in response.text
    assert not Ticket.objects.exists()


def test_a_question_reaches_a_person_and_sent_twice_is_one(customer: Customer) -> None:
    customer.begin("other")
    assert "Send to a person" in customer.get("answer/").text
    first = customer.post("write/", {"body": "Do you buy back albums?"})
    second = customer.post("write/", {"body": "Do you buy back albums?"})

    ticket = Ticket.objects.get()
    assert (ticket.request, ticket.state) == ("other", "new")
    assert Message.objects.get().body == "Do you buy back albums?"
    assert Outbox.objects.get().template == "ticket_opened"
    page = first.headers["Location"].split("?")[0]
    assert second.headers["Location"].startswith(page)
    assert "Do you buy back albums?" in customer.web.get(page).text


def test_an_empty_question_is_not_sent(customer: Customer) -> None:
    customer.begin("other")
    assert customer.post("write/", {"body": "  "}).status_code == 422
    assert not Ticket.objects.exists()


def test_a_forged_form_is_refused(album_order: Order, at_noon: Clock) -> None:
    strict = Client(enforce_csrf_checks=True)
    response = strict.post(
        "/kpopusa/new/defect/", {"number": "#1042", "email": "mina.kim@example.com"}
    )
    assert response.status_code == 403
    assert "Please send it again" in response.text
    assert not Draft.objects.exists()


def test_pages_carry_no_style_and_no_script_of_their_own(customer: Customer) -> None:
    customer.begin("missing_photocard")
    for page in ("/", "/kpopusa/", "/kpopusa/new/defect/", f"{customer.base}items/"):
        response = customer.web.get(page, follow=True)
        policy = response.headers["Content-Security-Policy"]
        assert "unsafe" not in policy
        assert " style=" not in response.text
        assert "<style" not in response.text
        assert "<script>" not in response.text
        assert "onclick" not in response.text


@pytest.mark.parametrize("accent", ["#ffff00", "#000000", "#ffffff", "#c2255c", "#206bc4"])
def test_every_accent_can_be_read_on_light_and_on_dark(
    web: Client, kpopusa: Store, accent: str
) -> None:
    Store.objects.update(accent=accent)
    text = web.get("/stores/kpopusa/theme.css").text
    found = dict(part.split(":") for part in text.split("{")[2].rstrip("}\n").split(";"))
    assert contrast(_parse(found["--accent"]), (1, 1, 1)) >= 4.5
    assert contrast(_parse(found["--accent-dark"]), (0.15, 0.15, 0.15)) >= 4.5
    assert contrast(_parse(found["--accent"]), _parse(found["--accent-ink"])) >= 4.5
    assert contrast(_parse(found["--accent-dark"]), _parse(found["--accent-dark-ink"])) >= 4.5
