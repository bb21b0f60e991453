"""The queues: who stands where, in which order, and what a search finds."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client

from tests.cast import NOON, Story, make_order
from tests.desk.conftest import Clock
from tests.desk.steps import take
from tickets.desk import queues
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


def test_the_pages_of_a_list_miss_nobody_and_repeat_nobody(
    nora: Client, mina: Customer, monkeypatch: pytest.MonkeyPatch
) -> None:
    many(mina, 20)
    tickets = list(Ticket.objects.order_by("pk"))
    # Some are due at the very same instant, some never: the order must still be one.
    for number, ticket in enumerate(tickets):
        ticket.next_due_at = None if number % 3 == 0 else NOON + timedelta(days=number % 2)
        ticket.save()
    seen: list[str] = []
    after = ""
    pages = 0
    monkeypatch.setattr(queues, "PAGE", 7)
    while pages == 0 or after:
        response = nora.get("/desk/", {"queue": "open", "after": after})
        seen += references(response)
        pages += 1
        after = response.context["page"].after
    assert pages == 3
    assert sorted(seen) == sorted(ticket.reference for ticket in tickets)
    dues = [Ticket.objects.get(reference=reference).next_due_at for reference in seen]
    assert [due is None for due in dues] == sorted(due is None for due in dues)


@pytest.mark.parametrize(
    "after", ["x", "~", "-~x", "2026~1", "2026-01-01~1", "9" * 40, "-~" + "9" * 40]
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
    # Two of them sign the person in.
    with django_assert_max_num_queries(13):
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
