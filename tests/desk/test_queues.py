"""The queues: who stands where, in which order, and what a search finds."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import timedelta
from html import unescape
from typing import Any

import pytest
from django.test import Client

from tests.cast import NOON, Story, make_order
from tests.desk.conftest import Clock
from tests.desk.steps import take
from tickets.desk import lists, queues
from tickets.models import Claim, Customer, Membership, Pickup, Store, Ticket, User


def references(response: Any) -> list[str]:
    return [row["ticket"].reference for row in response.context["rows"]]


def many(customer: Customer, count: int, *, with_video: bool = False) -> list[Claim]:
    found = []
    for number in range(count):
        order = make_order(customer, f"#5{number:03d}", delivered=timedelta(days=number % 6))
        story = Story(order, NOON - timedelta(minutes=number))
        evidence = ("unboxing_video",) if with_video else ()
        found.append(story.file("missing_photocard", *evidence, opened=with_video))
    return found


@pytest.mark.parametrize(
    ("queue", "here"),
    [("open", True), ("new", True), ("ready", True), ("evidence", False), ("done", False)],
)
def test_a_claim_stands_where_its_state_says(
    nora: Client, ready: Claim, queue: str, here: bool
) -> None:
    found = references(nora.get("/desk/", {"queue": queue}))
    assert (ready.ticket.reference in found) is here


def test_the_counts_are_those_of_the_lists(nora: Client, mina: Customer, still: Clock) -> None:
    many(mina, 5)
    still.at += timedelta(days=30)
    counts = nora.get("/desk/").context["counts"]
    for key, count in counts.queues.items():
        assert len(references(nora.get("/desk/", {"queue": key}))) == count, key
    assert counts.queues["overdue"] == counts.queues["evidence"] == 5


def test_a_claim_moves_through_the_queues(nora: Client, ready: Claim) -> None:
    take(nora, ready, "manufacturer")
    assert references(nora.get("/desk/?queue=manufacturer")) == [ready.ticket.reference]
    take(nora, ready, "manufacturer-answer", agreed="yes", outcome="replacement")
    assert references(nora.get("/desk/?queue=fulfil")) == [ready.ticket.reference]
    take(nora, ready, "fulfilment")
    assert references(nora.get("/desk/?queue=done")) == [ready.ticket.reference]
    assert references(nora.get("/desk/?queue=open")) == []


def test_what_is_our_turn_stands_before_what_waits(
    nora: Client, story: Story, ready: Claim, jo: Customer
) -> None:
    # Of these only the one that waits for the customer has a date to be kept.
    waiting = Story(make_order(jo, "#3001")).file("missing_photocard", opened=False)
    asked = Story(make_order(jo, "#3002")).file("missing_photocard", "unboxing_video", opened=True)
    take(nora, ready, "manufacturer")
    order = [claim.ticket.reference for claim in (asked, waiting, ready)]
    waiting.ticket.refresh_from_db()
    ready.ticket.refresh_from_db()
    assert (waiting.ticket.state, ready.ticket.state) == ("waiting", "waiting")
    assert waiting.ticket.next_due_at < ready.ticket.next_due_at
    assert asked.ticket.next_due_at is None
    assert references(nora.get("/desk/?queue=open")) == order


@pytest.fixture
def every_kind(mina: Customer) -> list[Ticket]:
    """Each state an open ticket has, with each kind of due date, twice, in no order."""
    dues = (None, NOON - timedelta(days=1), NOON, NOON + timedelta(microseconds=1))
    mixed = [(state, due) for due in dues for state in ("waiting", "new", "open")] * 2
    return Ticket.objects.bulk_create(
        Ticket(
            store=mina.store,
            reference=f"{number:08d}",
            customer=mina,
            request="restock",
            subject="When?",
            state=state,
            waiting_for="customer" if state == "waiting" else "",
            opened_at=NOON,
            updated_at=NOON,
            next_due_at=due,
        )
        for number, (state, due) in enumerate(mixed)
    )


def in_order(tickets: list[Ticket]) -> list[int]:
    never = NOON + timedelta(days=9999)
    ordered = sorted(tickets, key=lambda t: (t.state == "waiting", t.next_due_at or never, t.pk))
    return [ticket.pk for ticket in ordered]


def walk(queue: queues.Queue, user: User, stores: list[int]) -> list[int]:
    """Every page of a queue, one after the other."""
    seen: list[int] = []
    after = "start"
    while after:
        page = lists.page(queue.selection(user, stores, NOON), after)
        assert len(page.tickets) == lists.PAGE or not page.after
        seen += [ticket.pk for ticket in page.tickets]
        after = page.after
    return seen


def test_pages_of_every_size_miss_nobody_and_repeat_nobody(
    every_kind: list[Ticket], agent: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    # A page of each size ends once behind every row, so every place in the order is a cursor.
    for size in range(1, len(every_kind) + 2):
        monkeypatch.setattr(lists, "PAGE", size)
        seen = walk(queues.QUEUES["open"], agent, [every_kind[0].store_id])
        assert seen == in_order(every_kind), f"pages of {size}"


def test_the_pages_of_the_desk_follow_each_other(
    nora: Client, every_kind: list[Ticket], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(lists, "PAGE", 7)
    seen: list[int] = []
    address = "/desk/?queue=open"
    while address:
        response = nora.get(address)
        seen += [row["ticket"].pk for row in response.context["rows"]]
        link = re.search(r'rel="next" href="([^"]+)"', response.content.decode())
        address = f"/desk/{unescape(link[1])}" if link else ""
    assert seen == in_order(every_kind)


@pytest.mark.parametrize(
    "after",
    [
        "x",
        "~",
        "~~",
        "-~1",
        "ours~-~x",
        "ours~2026~1",
        "theirs~2026-01-01~1",
        "9" * 40,
        "ours~-~" + "9" * 40,
        "mine~-~1",
    ],
)
def test_a_broken_place_in_the_list_starts_from_the_top(
    nora: Client, ready: Claim, after: str
) -> None:
    for queue in ("open", "done"):
        assert nora.get("/desk/", {"queue": queue, "after": after}).status_code == 200


def test_a_page_costs_few_queries_however_many_rows(
    nora: Client, mina: Customer, django_assert_max_num_queries: Callable[[int], Any]
) -> None:
    many(mina, 12)
    with django_assert_max_num_queries(8):
        nora.get("/desk/")


def test_the_ticket_page_costs_few_queries(
    nora: Client, defect: Claim, django_assert_max_num_queries: Callable[[int], Any]
) -> None:
    take(nora, defect, "manufacturer")
    path = f"/desk/tickets/{defect.ticket.reference}/"
    nora.get(path)
    # Two of them sign the person in; two look for what stands out.
    with django_assert_max_num_queries(19):
        nora.get(path)


def test_the_search_finds_by_all_that_people_say(nora: Client, ready: Claim) -> None:
    reference = ready.ticket.reference
    for typed in (reference, ready.ticket.spoken_reference, reference.lower()):
        answer = nora.get("/desk/", {"q": typed})
        assert answer.status_code == 302
        assert answer["Location"] == f"/desk/tickets/{reference}/"
    for typed in ("#1042", "1042", "mina.kim@EXAMPLE.com", "mina.k", "김미"):
        assert references(nora.get("/desk/", {"q": typed})) == [reference], typed


def test_a_misheard_reference_is_told(nora: Client, ready: Claim) -> None:
    right = ready.ticket.reference
    wrong = ("3" if right[0] == "2" else "2") + right[1:]
    page = nora.get("/desk/", {"q": wrong}).content.decode()
    assert "its check character does not fit" in page


def test_a_character_that_no_reference_has_is_told(nora: Client) -> None:
    assert (
        "its check character does not fit"
        in nora.get("/desk/", {"q": "7km4-0x9d"}).content.decode()
    )


def test_a_search_that_finds_nothing_says_what_can_be_searched(nora: Client) -> None:
    page = nora.get("/desk/", {"q": "<b>nobody</b>"}).content.decode()
    assert "Nothing found" in page
    assert "<b>nobody" not in page


def test_the_search_leads_to_a_pickup(nora: Client, pickup: Pickup) -> None:
    page = nora.get("/desk/", {"q": "#2001"}).content.decode()
    assert f"/desk/pickups/{pickup.pk}/" in page


def test_an_agent_of_two_stores_can_look_at_one(
    nora: Client, agent: User, popmart: Store, ready: Claim
) -> None:
    assert "All stores" not in nora.get("/desk/").content.decode()
    Membership.objects.create(user=agent, store=popmart, role="agent")
    assert references(nora.get("/desk/")) == [ready.ticket.reference]
    response = nora.get("/desk/?store=popmart")
    assert references(response) == []
    assert response.context["counts"].queues["open"] == 0
    assert references(nora.get("/desk/?store=kpopusa")) == [ready.ticket.reference]


@pytest.mark.parametrize("queue", ["open", "new", "ready", "evidence", "manufacturer", "fulfil"])
def test_an_empty_queue_says_what_will_be_there(nora: Client, queue: str) -> None:
    response = nora.get("/desk/", {"queue": queue})
    assert str(response.context["queue"].empty) in response.content.decode()
