"""Several ordered together: each has their own items, asks in their own name, and sees no more."""

from __future__ import annotations

import re

import pytest
from django.db import IntegrityError, transaction
from django.test import Client

from tests.cast import NOON, a_file, add_evidence
from tests.test_races import at_once
from tickets import access
from tickets.actions import shares
from tickets.actions.drafts import answer, identify, start_draft
from tickets.actions.file_claim import file_claim
from tickets.actions.requests import open_request
from tickets.actor import Actor
from tickets.errors import Conflict, InvalidInput, NotAllowed
from tickets.models import (
    Claim,
    Customer,
    Draft,
    Event,
    Order,
    OrderLine,
    OrderShare,
    Outbox,
    Ticket,
    User,
)


@pytest.fixture
def albums(album_order: Order) -> OrderLine:
    """Two albums: one for Mina, who bought them, one for Jo."""
    return album_order.lines.get(quantity=2)


@pytest.fixture
def share(albums: OrderLine, jo: Customer, agent: User) -> OrderShare:
    return shares.give(albums, jo.email, 1, actor=Actor.staff(agent), now=NOON)


def asks(order: Order, email: str, line: OrderLine, quantity: int = 1) -> Draft:
    """Somebody with the order's number and an address asks for a missing photocard."""
    found = access.find_order(order.store, order.number, email, visitor="v", now=NOON)
    assert found is not None
    draft = identify(start_draft(order.store, now=NOON), found, now=NOON)
    item = {"line": line.pk, "quantity": quantity, "component": ""}
    said = {"opened": True, "video_exists": True}
    answers = {"items": [item], "said": said}
    draft = answer(draft, request="missing_photocard", answers=answers, now=NOON)
    add_evidence(a_file(at=NOON), draft=draft, actor=None, now=NOON)
    return Draft.objects.get(pk=draft.pk)


def test_each_asks_for_their_own_of_one_line(
    share: OrderShare, albums: OrderLine, mina: Customer, jo: Customer
) -> None:
    hers = file_claim(
        asks(albums.order, mina.email, albums), actor=Actor.of_customer(mina), now=NOON
    )
    his = file_claim(asks(albums.order, jo.email, albums), actor=Actor.of_customer(jo), now=NOON)

    assert (hers.ticket.customer, his.ticket.customer) == (mina, jo)
    assert (hers.items.get().share, his.items.get().share) == (None, share)
    assert set(Outbox.objects.values_list("to_customer", flat=True)) == {mina.pk, jo.pk}
    with pytest.raises(Conflict):
        file_claim(asks(albums.order, jo.email, albums), actor=Actor.of_customer(jo), now=NOON)
    assert Claim.objects.count() == 2


@pytest.mark.parametrize("who", ["mina", "jo"])
def test_nobody_asks_for_more_than_their_own(
    share: OrderShare, albums: OrderLine, who: str, request: pytest.FixtureRequest
) -> None:
    customer = request.getfixturevalue(who)
    draft = asks(albums.order, customer.email, albums, 2)
    with pytest.raises(InvalidInput) as refused:
        file_claim(draft, actor=Actor.of_customer(customer), now=NOON)
    assert "There is 1 of" in refused.value.message
    assert not Claim.objects.exists()


def test_what_was_not_given_is_not_there(
    share: OrderShare, albums: OrderLine, jo: Customer
) -> None:
    other = albums.order.lines.exclude(pk=albums.pk).get()
    with pytest.raises(InvalidInput):
        file_claim(asks(albums.order, jo.email, other), actor=Actor.of_customer(jo), now=NOON)
    assert not Claim.objects.exists()


def test_neither_files_in_the_others_name(
    share: OrderShare, albums: OrderLine, mina: Customer, jo: Customer
) -> None:
    with pytest.raises(NotAllowed):
        file_claim(asks(albums.order, jo.email, albums), actor=Actor.of_customer(mina), now=NOON)
    assert not Ticket.objects.exists()


@pytest.mark.parametrize("request_type", ["cancel_order", "change_address"])
def test_the_whole_order_is_the_buyers_to_change(
    share: OrderShare, albums: OrderLine, jo: Customer, request_type: str
) -> None:
    found = access.find_order(
        albums.order.store, albums.order.number, jo.email, visitor="v", now=NOON
    )
    assert found is not None
    draft = identify(start_draft(found.store, now=NOON), found, now=NOON)
    draft = answer(draft, request=request_type, answers={}, now=NOON)
    with pytest.raises(InvalidInput, match="Only the person who placed the order"):
        open_request(draft, customer=jo, details={}, actor=Actor.of_customer(jo), now=NOON)
    assert not Ticket.objects.exists()


def test_without_a_share_an_address_finds_nothing(album_order: Order, jo: Customer) -> None:
    found = access.find_order(
        album_order.store, album_order.number, jo.email, visitor="v", now=NOON
    )
    assert found is None


def test_a_link_to_the_parcels_ends_with_the_share(
    share: OrderShare, jo: Customer, agent: User
) -> None:
    from django.http import Http404

    store = share.order.store
    found = access.find_order(store, share.order.number, jo.email, visitor="v", now=NOON)
    token = access.tracking_token(store, order=found)
    again = access.by_tracking_token(store, token)
    assert isinstance(again, Order) and again.claimant == jo

    shares.take_back(share, actor=Actor.staff(agent), now=NOON)
    with pytest.raises(Http404):
        access.by_tracking_token(store, token)


# --- the counter ------------------------------------------------------------------------


def test_no_more_is_given_than_there_is(share: OrderShare, albums: OrderLine, agent: User) -> None:
    nora = Actor.staff(agent)
    with pytest.raises(InvalidInput) as refused:
        shares.give(albums, "third@example.com", 2, actor=nora, now=NOON)
    assert refused.value.field == "quantity"
    shares.give(albums, "third@example.com", 1, actor=nora, now=NOON)
    with pytest.raises(IntegrityError), transaction.atomic():
        OrderShare.objects.update(quantity=2)
    assert sum(OrderShare.objects.values_list("quantity", flat=True)) == 2
    kinds = Event.objects.filter(order=albums.order).values_list("kind", "seq")
    assert list(kinds) == [("share_given", 1), ("share_given", 2)]


@pytest.mark.race
@pytest.mark.django_db(transaction=True)
def test_two_who_give_the_last_one_away(albums: OrderLine, agent: User, second_agent: User) -> None:
    found = at_once(
        *[
            lambda who=who, email=email: shares.give(  # type: ignore[misc]  # bound as it is made
                albums, email, 2, actor=Actor.staff(who), now=NOON
            )
            for who, email in ((agent, "a@example.com"), (second_agent, "b@example.com"))
        ]
    )
    assert sum(isinstance(one, OrderShare) for one in found) == 1
    assert OrderShare.objects.get().quantity == 2


def test_the_buyer_is_given_nothing_and_an_open_request_stays_whole(
    albums: OrderLine, mina: Customer, agent: User
) -> None:
    nora = Actor.staff(agent)
    with pytest.raises(InvalidInput):
        shares.give(albums, mina.email, 1, actor=nora, now=NOON)
    file_claim(asks(albums.order, mina.email, albums, 2), actor=Actor.of_customer(mina), now=NOON)
    with pytest.raises(Conflict):
        shares.give(albums, "jo@example.com", 1, actor=nora, now=NOON)
    assert not OrderShare.objects.exists()


def test_what_somebody_asked_for_is_not_taken_back(
    share: OrderShare, albums: OrderLine, jo: Customer, agent: User
) -> None:
    file_claim(asks(albums.order, jo.email, albums), actor=Actor.of_customer(jo), now=NOON)
    with pytest.raises(Conflict):
        shares.take_back(share, actor=Actor.staff(agent), now=NOON)
    assert OrderShare.objects.exists()


def test_staff_give_and_take_on_a_page_of_the_order(
    client: Client, albums: OrderLine, agent: User, reader: User, stranger: User
) -> None:
    address = f"/desk/orders/{albums.order_id}/shares/"
    typed = {"line": albums.pk, "email": "new@example.com", "name": "Jae", "quantity": 1, "seen": 0}
    client.force_login(agent)
    give = f"{address}new/"
    assert client.post(give, typed).status_code == 302
    page = client.get(address).content.decode()
    assert "Jae" in page and "new@example.com" in page
    refused = client.post(give, typed | {"quantity": 3, "email": "x@example.com"})
    assert refused.status_code == 422 and "x@example.com" in refused.content.decode()

    removal = re.search(rf'action="({address}\d+/removal/)"', page)
    assert removal is not None
    for who, status in ((stranger, 404), (reader, 403)):
        client.force_login(who)
        assert client.post(removal[1], {"seen": 0}).status_code == status
        assert client.post(give, typed | {"email": "y@example.com"}).status_code == status
    assert OrderShare.objects.count() == 1
    client.force_login(agent)
    client.post(removal[1], {"seen": 0})
    assert not OrderShare.objects.exists()


def test_in_the_portal_one_sees_their_own_items_alone(
    client: Client, share: OrderShare, albums: OrderLine, jo: Customer
) -> None:
    store = albums.order.store.slug
    begun = client.post(
        f"/{store}/new/missing_photocard/", {"number": albums.order.number, "email": jo.email}
    )
    page = client.get(begun["Location"], follow=True).content.decode()
    assert albums.title in page
    assert "Official Light Stick" not in page
