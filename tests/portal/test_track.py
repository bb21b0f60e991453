"""Track my order: by order number and e-mail address, or by a tracking number alone."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta
from typing import Any

import pytest
from django.core import signing
from django.test import Client

from tests.cast import NOON, make_customer, make_order, usps_number
from tests.portal.conftest import Clock
from tickets.access import link_for
from tickets.actions.drafts import answer, identify, start_draft
from tickets.actions.talk import open_ticket
from tickets.actor import Actor
from tickets.models import (
    Customer,
    Draft,
    Event,
    Order,
    Pickup,
    Product,
    Shipment,
    Store,
    Ticket,
    TrackingEvent,
)

POSTER = ("POS-AURORA", "Aurora – Poster", 1, "6.00")
ALBUM = ("ALB-AURORA", "Aurora – 3rd Mini Album (Ver. Dawn)", 1, "24.90")
Look = Callable[..., Any]


@pytest.fixture
def on_its_way(mina: Customer) -> Order:
    """#1043: sent two days ago, seen yesterday in Denver."""
    order = make_order(mina, "#1043", shipped=timedelta(days=2), delivered=None)
    parcel = order.shipments.get()
    for days, text, place in ((2, "Accepted", "Las Vegas"), (1, "In transit", "Denver")):
        happens(parcel, days, text, place)
    return order


def happens(parcel: Shipment, days: float, text: str, place: str = "") -> None:
    at = NOON - timedelta(days=days)
    TrackingEvent.objects.create(shipment=parcel, at=at, text=text, place=place)
    parcel.last_tracking_at = max(parcel.last_tracking_at or at, at)
    parcel.save()


@pytest.fixture
def look(web: Client) -> Look:
    """Type an order number and its address; arrive at the page of its parcels."""

    def at(order: Order, *, email: str = "", follow: bool = True) -> Any:
        typed = {"number": order.number, "email": email or order.customer.email}
        return web.post(f"/{order.store.slug}/track/", typed, follow=follow)

    return at


@pytest.fixture
def look_up(web: Client) -> Look:
    """Type a tracking number."""

    def at(number: str, store: str = "kpopusa", *, follow: bool = True) -> Any:
        return web.post(f"/{store}/track/", {"tracking": number}, follow=follow)

    return at


def address(response: Any) -> str:
    return str(response.redirect_chain[-1][0])


# By order number and address ---------------------------------------------------------------


def test_the_newest_event_stands_first_with_the_estimate_and_when_it_is_late(
    look: Look, on_its_way: Order
) -> None:
    page = look(on_its_way).text

    assert page.index("In transit, Denver") < page.index("Accepted, Las Vegas")
    # Sent on Tuesday 3 March: three to seven business days; late 14 days after the seventh.
    assert "Fri 6 Mar to Thu 12 Mar" in page
    assert "Counts as late from" in page
    assert "Fri 27 Mar, 00:00 in Las Vegas" in page
    assert "On its way" in page


def test_the_carrier_is_named_and_its_page_opened_for_the_number(
    look: Look, on_its_way: Order
) -> None:
    page = look(on_its_way).text
    number = on_its_way.shipments.get().tracking_number
    assert f'href="https://tools.usps.com/go/TrackConfirmAction?tLabels={number}"' in page
    assert 'target="_blank" rel="noopener noreferrer"' in page


def test_no_address_stands_in_the_page_s_own_and_a_refresh_repeats_nothing(
    look: Look, web: Client, on_its_way: Order
) -> None:
    response = look(on_its_way)
    where = address(response)

    assert [status for _url, status in response.redirect_chain] == [302]
    assert "mina" not in where.lower() and "1043" not in where and "%40" not in where
    assert response.headers["Cache-Control"] == "no-store"
    assert response.headers["X-Robots-Tag"] == "noindex"
    assert web.get(where).status_code == 200
    assert not Draft.objects.exists() and not Event.objects.exists()


def test_when_it_is_late_one_press_asks_for_it_without_typing_again(
    look: Look, web: Client, on_its_way: Order, at_noon: Clock
) -> None:
    at_noon.now = NOON + timedelta(days=22)
    response = look(on_its_way)
    assert "Late since" in response.text and "Fri 27 Mar" in response.text

    went = web.post(f"{address(response).split('?')[0]}ask/", {"request": "lost_parcel"})

    draft = Draft.objects.get()
    assert (draft.order, draft.request) == (on_its_way, "lost_parcel")
    assert went.headers["Location"] == f"/kpopusa/claim/{draft.key}/"
    page = web.get(went.headers["Location"], follow=True)
    assert page.status_code == 200 and "verdict-card v-accepted" in page.text
    assert not Ticket.objects.exists()


def test_the_page_and_the_guided_form_name_one_day(
    look: Look, web: Client, on_its_way: Order
) -> None:
    response = look(on_its_way)
    went = web.post(f"{address(response).split('?')[0]}ask/", {"request": "lost_parcel"})
    assert "27 Mar" in web.get(went.headers["Location"], follow=True).text


@pytest.mark.parametrize("wanted", ["missing_photocard", "delete_account", "nonsense", ""])
def test_nothing_else_is_asked_from_here(
    look: Look, web: Client, on_its_way: Order, wanted: str
) -> None:
    where = address(look(on_its_way)).split("?")[0]
    assert web.post(f"{where}ask/", {"request": wanted}).status_code == 404
    assert not Draft.objects.exists()


def test_unknown_order_and_wrong_address_get_one_answer_and_what_was_typed_stays(
    look: Look, web: Client, on_its_way: Order
) -> None:
    wrong = look(on_its_way, email="someone@else.example")
    unknown = web.post("/kpopusa/track/", {"number": "#9", "email": "mina.kim@example.com"})
    said = "We found no order with this number and this e-mail address together."
    assert wrong.status_code == unknown.status_code == 422
    assert said in wrong.text and said in unknown.text
    assert 'value="someone@else.example"' in wrong.text
    assert 'id="error-summary"' in wrong.text


def test_an_order_of_another_store_is_not_found(
    web: Client, on_its_way: Order, popmart: Store
) -> None:
    typed = {"number": "#1043", "email": on_its_way.customer.email}
    assert web.post("/popmart/track/", typed).status_code == 422


def test_too_many_tries_are_told_plainly(look: Look, on_its_way: Order) -> None:
    for _ in range(10):
        look(on_its_way, email="guess@example.com")
    assert look(on_its_way).status_code == 429


def test_an_address_that_was_made_up_or_is_another_store_s_is_not_there(
    look: Look, web: Client, on_its_way: Order, popmart: Store
) -> None:
    where = address(look(on_its_way))
    assert web.get(where.replace("/kpopusa/", "/popmart/")).status_code == 404
    assert web.get("/kpopusa/track/made-up/").status_code == 404
    assert web.get(where[:-3] + "xy/").status_code == 404


def test_after_two_hours_it_is_asked_again(
    look: Look, web: Client, on_its_way: Order, monkeypatch: pytest.MonkeyPatch
) -> None:
    where = address(look(on_its_way)).split("?")[0]
    real = signing.time.time()
    monkeypatch.setattr(signing.time, "time", lambda: real + 2 * 3600 + 5)
    closed = web.get(where)
    assert closed.status_code == 410
    assert "closed after two hours" in closed.text
    assert "In transit" not in closed.text
    again = web.post(f"{where}ask/", {"request": "lost_parcel"})
    assert again.headers["Location"] == "/kpopusa/track/"
    assert not Draft.objects.exists()


# Every kind of order -----------------------------------------------------------------------


def test_an_order_that_was_not_sent_says_so(look: Look, mina: Customer) -> None:
    order = make_order(mina, "#5", shipped=None, placed=timedelta(hours=3))
    page = look(order).text
    assert "Not sent yet" in page
    assert 'value="order_not_shipped"' in page


def test_an_order_that_is_slow_to_be_sent_tells_the_store_s_rule(look: Look, kpop2: Store) -> None:
    emma = make_customer(kpop2, "emma@example.com", "Emma")
    order = make_order(emma, "#6", shipped=None, placed=timedelta(hours=3))
    assert "1–3 business days" in look(order).text


def test_a_preorder_is_told_as_one(look: Look, mina: Customer) -> None:
    order = make_order(mina, "#5", shipped=None, preorder=True)
    page = look(order).text
    assert "A pre-order: not sent yet" in page
    assert 'value="preorder"' in page


def test_a_preorder_is_tracked_by_its_release(look: Look, mina: Customer) -> None:
    order = make_order(mina, "#5", shipped=None, preorder=True)
    Product.objects.update(release_on=date(2026, 3, 20))
    page = look(order).text
    assert "released on <strong>Fri 20 Mar</strong>" in page
    assert "leave us by <strong>Thu 26 Mar</strong>" in page


def test_a_cancelled_order_has_nothing_on_its_way(look: Look, mina: Customer) -> None:
    order = make_order(mina, "#5", shipped=None, cancelled_at=NOON - timedelta(days=1))
    page = look(order).text
    assert "This order was cancelled" in page
    assert "/ask/" not in page


@pytest.mark.parametrize(
    ("state", "said"),
    [
        ("preparing", "It is being prepared"),
        ("cancelled", "The pickup of this order was cancelled"),
    ],
)
def test_a_pickup_order_has_no_parcel(look: Look, pickup: Pickup, state: str, said: str) -> None:
    Pickup.objects.update(state=state)
    page = look(pickup.order).text
    assert said in page
    assert 'value="pickup"' in page
    assert "Counts as late" not in page


def test_a_pickup_of_old_was_fetched(look: Look, mina: Customer) -> None:
    order = make_order(
        mina, "#5", shipped=None, shipping_method="pickup", fulfillment_status="fulfilled"
    )
    assert "You have picked this order up" in look(order).text


def test_a_request_about_a_parcel_leads_to_its_tracking(
    web: Client, mina: Customer, on_its_way: Order
) -> None:
    ticket = open_ticket(
        mina.store,
        mina,
        order=on_its_way,
        request="lost_parcel",
        subject="Where?",
        body="Where is it?",
        actor=Actor.of_customer(mina),
        now=NOON,
    )
    status = link_for(ticket)
    assert f'href="{status}track/"' in web.get(status).text
    assert "In transit, Denver" in web.get(f"{status}track/", follow=True).text
    assert web.get(f"{status[:-4]}abc/track/").status_code == 404


def test_a_store_purchase_was_taken_along(look: Look, mina: Customer) -> None:
    order = make_order(mina, "#5", shipped=None, channel="store")
    assert "no parcel belongs to this order" in look(order).text


def test_what_was_delivered_has_no_late_day(look: Look, album_order: Order) -> None:
    page = look(album_order).text
    assert "Everything has been delivered" in page
    assert "Counts as late" not in page and "Late since" not in page
    assert "Expected" not in page


def test_several_parcels_and_posters_are_told_apart(look: Look, mina: Customer) -> None:
    order = make_order(
        mina, "#5", lines=(ALBUM, POSTER), shipped=timedelta(days=16), delivered=timedelta(days=9)
    )
    sent = NOON - timedelta(days=16)
    number = usps_number(77)
    Shipment.objects.create(order=order, tracking_number=number, carrier="USPS", shipped_at=sent)
    Shipment.objects.create(order=order, kind="poster", shipped_at=sent)

    response = look(order)
    page = response.text

    assert "Parcel 1: Delivered" in page and "Parcel 2: On its way" in page
    assert "Poster: Late" in page  # two weeks after it was sent
    assert "Your parcels" in page
    assert 'value="poster_missing"' in page and 'value="lost_parcel"' in page


def test_asking_for_a_poster_speaks_of_the_poster(look: Look, web: Client, mina: Customer) -> None:
    order = make_order(
        mina, "#5", lines=(ALBUM, POSTER), shipped=timedelta(days=16), delivered=timedelta(days=9)
    )
    Shipment.objects.create(order=order, kind="poster", shipped_at=NOON - timedelta(days=16))
    where = address(look(order)).split("?")[0]
    web.post(f"{where}ask/", {"request": "poster_missing"})
    items = Draft.objects.get().answers["items"]
    assert [item["line"] for item in items] == [order.lines.get(product__kind="poster").pk]


def test_a_stalled_parcel_of_the_figures_store(look: Look, popmart: Store) -> None:
    ken = make_customer(popmart, "ken@example.com", "Ken")
    order = make_order(ken, "#5", shipped=timedelta(days=9), delivered=None)
    happens(order.shipments.get(), 3, "Arrived at the sorting centre")
    page = look(order).text
    # Seen on Monday 2 March: more than five days without a word is from Sunday 8 March on.
    assert "Counts as late from" in page and "Sun 8 Mar, 00:00" in page
    assert "Expected" not in page  # no estimate is published there
    assert "+1-800-275-8777" in page


def test_a_number_that_cannot_be_is_pointed_out(look: Look, on_its_way: Order) -> None:
    on_its_way.shipments.update(tracking_number="9400111201080805483017")
    assert "This USPS number has a digit wrong" in look(on_its_way).text


# By a tracking number alone ----------------------------------------------------------------


def test_a_number_shows_what_its_carrier_shows_and_no_more(
    look_up: Look, on_its_way: Order
) -> None:
    number = on_its_way.shipments.get().tracking_number
    spaced = " ".join(number[at : at + 4] for at in range(0, len(number), 4)).lower()
    page = look_up(spaced).text

    assert "In transit, Denver" in page and "USPS" in page
    for secret in ("김미나", "Mina", "example.com", "1043", "Aurora", "/ask/", "Expected"):
        assert secret not in page


def test_nobody_s_number_and_another_store_s_get_one_answer(
    look_up: Look, on_its_way: Order, popmart: Store
) -> None:
    theirs = on_its_way.shipments.get().tracking_number
    nobodys = usps_number(123456)
    pages = [look_up(number, "popmart").text.replace(number, "N") for number in (theirs, nobodys)]
    body = [page[page.index("<main") : page.index("</main>")] for page in pages]
    assert body[0] == body[1]
    assert "We know no parcel by this number" in body[0]
    assert "https://tools.usps.com/go/TrackConfirmAction?tLabels=N" in body[0]
    assert "Denver" not in body[0]


def test_a_mistyped_number_is_told_at_once(look_up: Look, kpopusa: Store) -> None:
    told = look_up("9400 1112 0108 0805 4830 17")
    assert told.status_code == 422
    assert "This USPS number has a digit wrong: please compare it with the mail." in told.text
    assert 'value="9400 1112 0108 0805 4830 17"' in told.text

    meant = look_up("1Z5R8939O357567127")
    assert "Is it 1Z5R89390357567127?" in meant.text


def test_the_store_s_own_prefix_wins(look_up: Look, popmart: Store) -> None:
    assert "It looks like a number of UniUni." in look_up("UU123456786US", "popmart").text


@pytest.mark.parametrize("typed", ["", "   ", "abc", "é" * 20, "#" * 30, "9" * 100])
def test_what_is_no_number_is_told(look_up: Look, kpopusa: Store, typed: str) -> None:
    assert look_up(typed).status_code == 422


def test_a_number_cannot_start_a_request(look_up: Look, web: Client, on_its_way: Order) -> None:
    where = address(look_up(on_its_way.shipments.get().tracking_number)).split("?")[0]
    assert web.post(f"{where}ask/", {"request": "lost_parcel"}).status_code == 404
    assert not Draft.objects.exists()


def test_numbers_cannot_be_tried_without_end(look_up: Look, kpopusa: Store) -> None:
    answers = [look_up(usps_number(n), follow=False).status_code for n in range(21)]
    assert answers == [302] * 20 + [429]


# The ways here -----------------------------------------------------------------------------


def test_the_store_s_page_and_the_tile_lead_here(web: Client, kpopusa: Store) -> None:
    for page in ("/kpopusa/", "/kpopusa/about/not-arrived/"):
        assert 'href="/kpopusa/track/"' in web.get(page).text
    form = web.get("/kpopusa/track/")
    assert form.status_code == 200
    assert form.headers["X-Robots-Tag"] == "noindex"


def test_a_closed_store_tracks_nothing(web: Client, kpopusa: Store) -> None:
    Store.objects.update(is_open=False)
    assert web.get("/kpopusa/track/").status_code == 404


def test_an_answer_leads_to_the_parcel_that_was_asked_about(web: Client, mina: Customer) -> None:
    order = make_order(mina, "#1044", shipped=timedelta(days=2), delivered=None)
    parcel = order.shipments.get()
    parcel.carrier, parcel.tracking_number = "USPS", usps_number(1)
    parcel.save()
    sent = {"order": order, "carrier": "USPS", "shipped_at": NOON - timedelta(days=2)}
    Shipment.objects.create(**sent, kind="poster", tracking_number=usps_number(2))
    for request, own, other in (("poster_missing", 2, 1), ("lost_parcel", 1, 2)):
        draft = answer(
            identify(start_draft(order.store, now=NOON), order, now=NOON),
            request=request,
            answers={},
            now=NOON,
        )
        page = web.get(f"/kpopusa/claim/{draft.key}/answer/").text
        assert usps_number(own) in page
        assert usps_number(other) not in page
