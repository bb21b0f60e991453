"""What stands out, as an agent reads it: where it was seen, and never what may not be seen."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client

from tests.cast import NOON, Story, a_file, add_evidence, make_customer, make_order
from tests.evidence.test_likeness import PRINT, differing, printed, turned
from tickets.models import Claim, Customer, Evidence, Membership, Order, Role, Store, User

CALM = "Nothing stands out"
HERE = {"address1": "12 Desert Inn Rd.", "zip": "89109-1234", "city": "Las Vegas"}


def signals_of(client: Client, claim: Claim) -> str:
    """The words of the card, and where it leads."""
    page = client.get(f"/desk/tickets/{claim.ticket.reference}/").content.decode()
    found = re.search(r'<details class="side-card" id="signals".*?</details>', page, re.DOTALL)
    assert found is not None
    return re.sub(r"\s+", " ", found[0])


def photo_of(customer: Customer, number: str, *, now: Any = NOON, **order: Any) -> Claim:
    story = Story(make_order(customer, number, **order), now)
    return story.file("defect", "photo", opened=True)


def test_where_nothing_stands_out_one_calm_line_says_so(nora: Client, ready: Claim) -> None:
    card = signals_of(nora, ready)
    assert CALM in card
    assert "<li>" not in card


def test_the_same_file_of_another_customer_is_named(
    nora: Client, story: Story, jo: Customer
) -> None:
    mine = story.file("defect", "photo", opened=True)
    theirs = photo_of(jo, "#1043")
    card = signals_of(nora, mine)
    assert "“photo.jpg” is the very same file as in a request of Jo Doe" in card
    assert f'href="/desk/tickets/{theirs.ticket.reference}/"' in card
    sides = f"left={mine.evidence.get().pk}&amp;right={theirs.evidence.get().pk}"
    assert f"/desk/tickets/{mine.ticket.reference}/beside/?{sides}" in card
    # It decides nothing: both stand where their rule has put them.
    states = set(Claim.objects.values_list("state", "verdict"))
    assert states == {(mine.state, mine.verdict)}


def test_a_picture_that_was_saved_anew_is_named(nora: Client, story: Story, jo: Customer) -> None:
    mine = story.file("defect", "photo", opened=True)
    printed(mine.evidence.get(), PRINT)
    near = differing(photo_of(jo, "#1043"), "b")
    printed(near, turned(PRINT, [2, 40]))
    assert "the picture differs in 2 points of 64" in signals_of(nora, mine)


def test_a_claim_of_the_same_person_is_called_theirs(nora: Client, story: Story) -> None:
    mine = story.file("defect", "photo", opened=True)
    photo_of(story.order.customer, "#1043")
    assert "the very same file as in another request of this customer" in signals_of(nora, mine)


def test_a_draft_is_never_named(nora: Client, story: Story, jo: Customer) -> None:
    mine = story.file("defect", "photo", opened=True)
    draft = Story(make_order(jo, "#1043")).draft("defect", opened=True)
    add_evidence(a_file("photo", mark="0"), draft=draft, actor=None, now=NOON)
    assert CALM in signals_of(nora, mine)


@pytest.fixture
def elsewhere(popmart: Store) -> Claim:
    """The same photo at another store."""
    return photo_of(make_customer(popmart, "max@example.com", "Max Moe"), "P-1")


def test_another_stores_twin_is_shown_only_to_who_works_in_both(
    nora: Client, agent: User, story: Story, elsewhere: Claim, popmart: Store
) -> None:
    mine = story.file("defect", "photo", opened=True)
    for claim in (mine, elsewhere):
        printed(claim.evidence.get(), PRINT)
    assert CALM in signals_of(nora, mine)
    Membership.objects.create(user=agent, store=popmart, role=Role.AGENT)
    card = signals_of(nora, mine)
    assert "a request of Max Moe at POP MART" in card
    assert elsewhere.ticket.reference in card


def test_an_erased_twin_is_still_known_by_its_hash(
    nora: Client, story: Story, jo: Customer
) -> None:
    mine = story.file("defect", "photo", opened=True)
    photo_of(jo, "#1043").evidence.update(file="", erased_at=NOON)
    assert "is the very same file" in signals_of(nora, mine)


@pytest.mark.parametrize(
    ("hours", "zone", "told"),
    [(-1, True, True), (1, True, False), (-15, False, True), (-13, False, False)],
)
def test_taken_before_the_parcel_came_only_when_certain(
    nora: Client, ready: Claim, hours: int, zone: bool, told: bool
) -> None:
    came = ready.order.shipments.get().delivered_at
    assert came is not None
    taken = came + timedelta(hours=hours)
    ready.evidence.update(captured_at=taken, captured_zone=zone)
    card = signals_of(nora, ready)
    assert ("was taken on" in card) is told
    assert ("by its own clock" in card) is (told and not zone)
    assert (f"#evidence-{ready.evidence.get().pk}" in card) is told


def test_a_receipt_may_be_older_than_the_parcel(nora: Client, ready: Claim) -> None:
    taken = NOON - timedelta(days=20)
    ready.evidence.update(kind="receipt", captured_at=taken, captured_zone=True)
    assert CALM in signals_of(nora, ready)


def test_claims_of_a_year_are_counted_and_listed(nora: Client, story: Story, jo: Customer) -> None:
    mine = story.file(opened=False)
    customer = story.order.customer
    last = NOON - timedelta(days=300)
    Story(make_order(customer, "#1050", now=last), last).file(opened=False)
    long_ago = NOON - timedelta(days=400)
    Story(make_order(customer, "#1051", now=long_ago), long_ago).file(opened=False)
    Story(make_order(jo, "#1052")).file(opened=False)
    assert "2 claims by this customer within a year, this one among them." in signals_of(nora, mine)
    place = f"/desk/tickets/{mine.ticket.reference}/related/"
    listed = nora.get(place, {"by": "customer"}).content.decode()
    assert listed.count('class="row-ref"') == 2
    assert nora.get(place, {"by": "the moon"}).content.decode().count('class="row-ref"') == 0


def test_claims_on_one_order_are_counted(nora: Client, story: Story) -> None:
    mine = story.file(opened=False)
    story.file("defect", "photo", opened=True)
    card = signals_of(nora, mine)
    assert "2 claims on this order within a year" in card
    assert "by=order" in card


def sent_to(order: Order, **there: str) -> Order:
    order.ship_to = {**HERE, **there}
    order.save(update_fields=["ship_to"])
    return order


@pytest.mark.parametrize(
    ("there", "same"),
    [
        ({}, True),
        ({"address1": "12 desert inn rd", "zip": "89109"}, True),
        ({"address1": "14 Desert Inn Rd."}, False),
        ({"zip": "89110"}, False),
        ({"zip": "", "address1": ""}, False),
    ],
)
def test_another_customer_at_the_same_address_is_counted(
    nora: Client, story: Story, jo: Customer, there: dict[str, str], same: bool
) -> None:
    sent_to(story.order)
    mine = story.file(opened=False)
    Story(sent_to(make_order(jo, "#1043"), **there)).file(opened=False)
    card = signals_of(nora, mine)
    assert ("2 claims from this address within a year" in card) is same
    listed = nora.get(f"/desk/tickets/{mine.ticket.reference}/related/", {"by": "address"})
    assert listed.content.decode().count('class="row-ref"') == (2 if same else 1)


def test_orders_without_an_address_have_none_in_common(
    nora: Client, story: Story, jo: Customer
) -> None:
    mine = story.file(opened=False)
    Story(make_order(jo, "#1043")).file(opened=False)
    assert CALM in signals_of(nora, mine)


def test_what_stands_out_costs_few_queries(
    nora: Client,
    story: Story,
    jo: Customer,
    as_: Callable[[User], Client],
    django_assert_max_num_queries: Callable[[int], Any],
) -> None:
    mine = story.file("defect", "photo", "photo", opened=True)
    for number, evidence in enumerate(mine.evidence.all()):
        printed(evidence, turned(PRINT, [number]))
    for number in range(5):
        printed(differing(photo_of(jo, f"#20{number}"), f"{number + 3}"), PRINT)
    Evidence.objects.filter(claim=mine).update(captured_at=NOON - timedelta(days=9))
    path = f"/desk/tickets/{mine.ticket.reference}/"
    nora.get(path)
    with django_assert_max_num_queries(22):
        page = nora.get(path).content.decode()
    assert page.count("looks like a file in") == 8
