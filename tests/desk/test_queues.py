"""The queues: who stands where, in which order, and what a search finds."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from datetime import timedelta
from html import unescape
from typing import Any

import pytest
from django.db import connection
from django.test import Client

from tests.cast import NOON, Story, make_order
from tests.desk.conftest import Clock
from tests.desk.steps import take
from tickets.desk import lists, queues
from tickets.models import (
    Claim,
    Customer,
    Membership,
    Mention,
    Message,
    Store,
    Ticket,
    User,
    Watcher,
)


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


def test_a_row_leads_to_the_ticket_and_its_name_to_the_customer(
    nora: Client, ready: Claim, mina: Customer
) -> None:
    row = nora.get("/desk/").text.split('class="row-line')[1].split("</li>")[0]
    assert f'href="/desk/tickets/{ready.ticket.reference}/"' in row
    assert f'<a href="/desk/customers/{mina.pk}/">{mina}</a>' in row
    assert nora.get(f"/desk/customers/{mina.pk}/").status_code == 200


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
    Ticket.objects.filter(pk=asked.ticket.pk).update(next_due_at=None)
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


def plan_of(sql: str, told: dict[str, Any]) -> list[dict[str, Any]]:
    """The nodes of a plan, each with those below it under ``Plans``."""
    with connection.cursor() as cursor:
        # Else the planner goes by the numbers and the bloat that the last test's rows have left.
        cursor.execute("REINDEX TABLE tickets_ticket")
        cursor.execute("ANALYZE tickets_ticket")
        cursor.execute("SET LOCAL enable_seqscan = off")
        cursor.execute("SET LOCAL enable_bitmapscan = off")
        cursor.execute("SET LOCAL enable_sort = off")  # of two dozen rows it would cost nothing
        cursor.execute("SET LOCAL enable_hashjoin = off")
        cursor.execute("SET LOCAL enable_mergejoin = off")
        cursor.execute(f"EXPLAIN (FORMAT JSON) {sql}", told)
        plan = cursor.fetchone()[0][0]["Plan"]

    def below(node: dict[str, Any]) -> Iterator[dict[str, Any]]:
        yield node
        for one in node.get("Plans", []):
            yield from below(one)

    return list(below(plan))


def unlimited(node: dict[str, Any]) -> list[str]:
    """What a node reads without a limit between: tables and indexes."""
    if node["Node Type"] == "Limit":
        return []
    found = [node.get("Index Name") or node["Relation Name"]] if "Relation Name" in node else []
    return found + [name for one in node.get("Plans", []) for name in unlimited(one)]


DEEP = {
    "queue": (False, 2, NOON, 5),
    "queue, undated": (True, 2, None, 5),
    "rank": (2, NOON, 5),
    "rank, undated": (2, None, 5),
    "two": (NOON, 5),
    "one": (10**12,),
}


@pytest.fixture
def marked(every_kind: list[Ticket], agent: User, second_agent: User) -> None:
    """Watched and called to: Nora a few times, Omar everywhere."""
    Watcher.objects.bulk_create(
        Watcher(ticket=ticket, user=user, since=NOON)
        for number, ticket in enumerate(every_kind)
        for user in (second_agent, *([agent] if number % 8 == 0 else []))
    )
    notes = Message.objects.bulk_create(
        Message(ticket=ticket, kind="note", author=agent, body="@omar", at=NOON)
        for ticket in every_kind * 20
    )
    Mention.objects.bulk_create(
        Mention(message=note, user=user)
        for number, note in enumerate(notes)
        for user in (second_agent, *([agent] if number % 50 == 0 else []))
    )
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE tickets_mention, tickets_watcher, tickets_message")


@pytest.mark.usefixtures("marked")
@pytest.mark.parametrize("several", [False, True], ids=["one store", "two stores"])
@pytest.mark.parametrize("key", queues.QUEUES)
def test_a_page_is_read_from_its_index_without_sorting_everything(
    every_kind: list[Ticket], agent: User, popmart: Store, key: str, several: bool
) -> None:
    """First and deep: its own index, in its order, and a limit before anything is sorted."""
    queue = queues.QUEUES[key]
    stores = [every_kind[0].store_id, *([popmart.pk] if several else [])]
    selection = queue.selection(agent, stores, NOON)
    width = len(selection.order.keys)
    deep = [place for place in DEEP.values() if len(place) == width]
    for place in (None, *deep):
        nodes = plan_of(*lists.statement(selection, place))
        indexes = {node["Index Name"] for node in nodes if "Index Name" in node}
        assert queue.index in indexes, place
        for node in nodes:
            if "Sort" in node["Node Type"]:
                assert not unlimited(node), (place, node)
            if node.get("Index Name") == queue.index and place is not None:
                # What comes before the place is not read and thrown away.
                assert not any(
                    word in node.get("Filter", "") for word in ("ROW(", "priority", "id <")
                ), node


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
    for queue in queues.QUEUES:
        assert nora.get("/desk/", {"queue": queue, "after": after}).status_code == 200


def test_a_page_costs_few_queries_however_many_rows(
    nora: Client, mina: Customer, django_assert_max_num_queries: Callable[[int], Any]
) -> None:
    many(mina, 12)
    nora.get("/desk/")  # what is planned once for a connection is planned here
    for queue in queues.QUEUES:
        nora.get("/desk/", {"queue": queue})
        with django_assert_max_num_queries(7):
            assert nora.get("/desk/", {"queue": queue}).status_code == 200
    for address in ("/desk/?queue=mine&panel=1", "/desk/?type=defect&tag=&product=aurora"):
        with django_assert_max_num_queries(12):
            assert nora.get(address).status_code == 200


def test_a_search_that_was_kept_as_a_bookmark_leads_to_the_search(nora: Client) -> None:
    answer = nora.get("/desk/", {"q": "#1042"})
    assert answer.status_code == 302
    assert answer["Location"] == "/desk/search/?q=%231042"


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


@pytest.mark.parametrize("queue", queues.QUEUES)
def test_an_empty_queue_says_what_will_be_there(nora: Client, queue: str) -> None:
    response = nora.get("/desk/", {"queue": queue})
    assert str(response.context["queue"].empty) in unescape(response.content.decode())
