"""The counts of the queues: right after everything that can happen, and while it happens."""

from __future__ import annotations

import random
import threading
from collections.abc import Callable, Iterable
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection, connections
from django.test import Client

from tests.cast import NOON, Story, make_customer, make_order
from tests.desk.conftest import Clock
from tests.desk.errands import ask, step
from tests.desk.steps import take
from tickets import tallies
from tickets.deadlines import sweep
from tickets.desk import lists, queue_counts
from tickets.desk.queues import QUEUES, SOON
from tickets.models import (
    Customer,
    Membership,
    Mention,
    QueueTally,
    Store,
    Ticket,
    User,
    Watcher,
)

WAITS = ("customer", "manufacturer", "carrier")
STAGES = {
    "cancellations": "cancellation",
    "ready": "ready",
    "fulfil": "fulfil",
    "parcels": "parcel",
    "questions": "question",
    "evidence": "evidence",
}


def plain(user: User, stores: Iterable[int], still: Clock) -> dict[str, set[int]]:
    """Who stands in which queue, by looking at every ticket alone."""
    found: dict[str, set[int]] = {key: set() for key in QUEUES}
    watched = set(Watcher.objects.filter(user=user).values_list("ticket", flat=True))
    called = set(Mention.objects.filter(user=user).values_list("message__ticket", flat=True))
    for ticket in Ticket.objects.filter(store__in=stores):
        is_open = ticket.state in ("new", "open", "waiting")
        awake = is_open and ticket.snoozed_until is None
        due = ticket.next_due_at
        stands = {
            "mine": awake and ticket.assignee_id == user.pk,
            "unassigned": awake and ticket.assignee_id is None,
            "new": awake and ticket.state == "new",
            "overdue": awake and due is not None and due < still.at,
            "soon": awake and due is not None and still.at <= due < still.at + SOON,
            "watching": awake and ticket.pk in watched,
            "mentions": awake and ticket.pk in called,
            "snoozed": is_open and not awake,
            "open": awake,
            "done": not is_open,
        }
        stands |= {key: awake and ticket.waiting_for == key for key in WAITS}
        stands |= {key: awake and ticket.stage == stage for key, stage in STAGES.items()}
        for key in (key for key, is_there in stands.items() if is_there):
            found[key].add(ticket.pk)
    return found


def listed(key: str, user: User, stores: list[int], still: Clock) -> list[int]:
    """Every page of a queue, one after the other."""
    seen: list[int] = []
    after = "top"
    while after:
        page = lists.page(QUEUES[key].selection(user, stores, still.at), after)
        seen += [line.pk for line in page.tickets]
        after = page.after
    return seen


def agree(user: User, stores: list[int], still: Clock) -> None:
    there = plain(user, stores, still)
    counts = queue_counts.counts(user, stores, still.at)
    assert counts.queues.keys() == QUEUES.keys() - {"done"}
    for key, standing in there.items():
        pages = listed(key, user, stores, still)
        assert len(pages) == len(set(pages)), key
        assert set(pages) == standing, key
        if key != "done":
            assert counts.queues[key] == len(standing), key


@pytest.fixture
def crowd(mina: Customer, jo: Customer) -> list[Ticket]:
    """One of each kind, of two customers."""
    made = []
    for number, customer in enumerate((mina, jo)):
        order = make_order(customer, f"#30{number}", delivered=timedelta(days=1))
        lost = make_order(
            customer,
            f"#31{number}",
            placed=timedelta(days=41),
            shipped=timedelta(days=40),
            delivered=None,
        )
        fresh = make_order(
            customer, f"#32{number}", placed=timedelta(hours=2), shipped=None, delivered=None
        )
        story = Story(order)
        made += [
            story.file("missing_photocard", "unboxing_video", opened=True).ticket,
            Story(make_order(customer, f"#33{number}")).file("defect", opened=True).ticket,
            ask(lost, "lost_parcel", note="Where is it?"),
            ask(fresh, "cancel_order", note="Please cancel."),
        ]
    return made


def acts(nora: Client, agent: User, ticket: Ticket) -> list[Callable[[], Any]]:
    """What people do to a ticket, through the desk; what does not fit is refused, as ever."""
    claim = getattr(ticket, "claim", None)

    def said(kind: str, body: str, **more: Any) -> Any:
        return step(nora, ticket, "messages", kind=kind, body=body, **more)

    found: list[Callable[[], Any]] = [
        lambda: said("agent", "We look into it."),
        lambda: said("note", "Seen."),
        lambda: step(nora, ticket, "assignee", assignee=agent.pk),
        lambda: step(nora, ticket, "assignee", assignee=""),
        lambda: step(nora, ticket, "solution"),
        lambda: step(nora, ticket, "snooze", until="at", at="2026-03-09T10:00"),
        lambda: step(nora, ticket, "snooze", until="tomorrow"),
        lambda: step(nora, ticket, "wake"),
        lambda: step(nora, ticket, "priority", priority=0),
        lambda: step(nora, ticket, "watch", on="1"),
        lambda: step(nora, ticket, "carrier", number="MR-1"),
        lambda: step(nora, ticket, "cancellation"),
        lambda: step(nora, ticket, "refusal", note="It left."),
    ]
    if claim is not None:
        found += [
            lambda: take(nora, claim, "manufacturer"),
            lambda: take(nora, claim, "manufacturer-answer", agreed="no"),
            lambda: take(nora, claim, "decision", decide="approve", outcome="replacement"),
            lambda: take(nora, claim, "decision", decide="refuse", reason="No."),
            lambda: take(nora, claim, "fulfilment"),
            lambda: take(nora, claim, "withdrawal"),
            lambda: take(nora, claim, "reopening", reason="Again"),
        ]
    return found


@pytest.mark.parametrize("seed", range(3))
def test_after_a_random_walk_every_count_and_list_is_what_a_plain_look_finds(
    nora: Client, agent: User, crowd: list[Ticket], still: Clock, seed: int
) -> None:
    chance = random.Random(seed)
    stores = [crowd[0].store_id]
    agree(agent, stores, still)
    for number in range(45):
        ticket = Ticket.objects.get(pk=chance.choice(crowd).pk)
        answer = chance.choice(acts(nora, agent, ticket))()
        assert answer.status_code in (200, 302, 403, 404, 409, 422)
        if number % 9 == 0:
            still.at += timedelta(hours=chance.choice((1, 5, 30)))
            sweep(still.at)
        if number % 7 == 0:
            tallies.fold()
            assert not crowded()
    agree(agent, stores, still)
    assert Ticket.objects.exclude(state="new").exists(), "the walk has moved something"


def crowded() -> bool:
    """Whether two rows stand for one place."""
    places = list(
        QueueTally.objects.values_list(
            "store", "stage", "state", "waiting_for", "assignee", "snoozed"
        )
    )
    return len(places) != len(set(places))


def test_folding_again_writes_nothing(crowd: list[Ticket]) -> None:
    assert tallies.fold() > 0
    before = list(QueueTally.objects.order_by("pk").values_list("pk", "n"))
    assert before
    assert tallies.fold() == 0
    assert list(QueueTally.objects.order_by("pk").values_list("pk", "n")) == before
    assert all(n > 0 for _pk, n in before)


def test_each_store_is_counted_for_those_who_work_in_it(
    nora: Client, agent: User, popmart: Store, crowd: list[Ticket], still: Clock
) -> None:
    other = make_customer(popmart, "other@example.com", "Other")
    Ticket.objects.create(
        store=popmart,
        reference="ELSEWHER",
        customer=other,
        request="restock",
        subject="When?",
        opened_at=NOON,
        updated_at=NOON,
    )
    agree(agent, [crowd[0].store_id], still)
    assert nora.get("/desk/").context["counts"].queues["open"] == len(crowd)
    assert "ELSEWHER" not in nora.get("/desk/?queue=open").text.replace("-", "")
    Membership.objects.create(user=agent, store=popmart, role="agent")
    agree(agent, [crowd[0].store_id, popmart.pk], still)
    counts = nora.get("/desk/").context["counts"]
    assert counts.queues["open"] == len(crowd) + 1
    assert nora.get("/desk/?store=popmart").context["counts"].queues["open"] == 1
    assert "ELSE-WHER" in nora.get("/desk/?queue=open").text


def test_what_is_watched_or_called_to_is_ones_own(
    nora: Client, agent: User, second_agent: User, crowd: list[Ticket]
) -> None:
    Watcher.objects.create(ticket=crowd[0], user=second_agent, since=NOON)
    for _twice in range(2):
        message = crowd[1].messages.create(kind="note", author=agent, body="@omar", at=NOON)
        Mention.objects.create(message=message, user=second_agent)
    mine = nora.get("/desk/?queue=watching")
    assert mine.context["rows"] == nora.get("/desk/?queue=mentions").context["rows"] == []
    assert mine.context["counts"].queues["mentions"] == 0
    omar = Client()
    omar.force_login(second_agent, backend="django.contrib.auth.backends.ModelBackend")
    for queue, ticket in (("watching", crowd[0]), ("mentions", crowd[1])):
        answer = omar.get("/desk/", {"queue": queue})
        assert [row["ticket"].pk for row in answer.context["rows"]] == [ticket.pk]
        assert answer.context["counts"].queues[queue] == 1


def test_many_are_told_as_so_many_and_more(nora: Client, mina: Customer, still: Clock) -> None:
    Ticket.objects.bulk_create(
        Ticket(
            store=mina.store,
            reference=f"{number:08d}",
            customer=mina,
            request="restock",
            subject="When?",
            opened_at=NOON,
            updated_at=NOON,
            next_due_at=NOON - timedelta(hours=1),
        )
        for number in range(1001)
    )
    page = nora.get("/desk/?queue=overdue")
    assert page.context["counts"].queues["overdue"] == queue_counts.MOST
    assert page.context["counts"].queues["open"] == 1001
    assert "999+" in page.text


@pytest.mark.race
@pytest.mark.django_db(transaction=True)
def test_the_sums_are_right_while_tickets_move_and_two_fold(
    mina: Customer, agent: User, still: Clock
) -> None:
    tickets = [
        Ticket.objects.create(
            store=mina.store,
            reference=f"{number:08d}",
            customer=mina,
            request="restock",
            subject="When?",
            opened_at=NOON,
            updated_at=NOON,
        )
        for number in range(6)
    ]
    over, wrong = threading.Event(), []

    def move(which: list[Ticket], seed: int) -> None:
        chance = random.Random(seed)
        for _turn in range(60):
            chosen = chance.choice(which)
            state, waits = chance.choice(
                [("new", ""), ("open", ""), ("waiting", "carrier"), ("waiting", "customer")]
            )
            whose = chance.choice([None, agent.pk])
            Ticket.objects.filter(pk=chosen.pk).update(
                state=state, waiting_for=waits, assignee=whose
            )
        connections.close_all()

    def fold() -> None:
        while not over.is_set():
            tallies.fold()
        connections.close_all()

    def look() -> None:
        while not over.is_set():
            counts = queue_counts.counts(agent, [mina.store_id], still.at)
            if counts.queues["open"] != len(tickets):
                wrong.append(counts.queues["open"])
        connections.close_all()

    folders = [threading.Thread(target=fold) for _two in range(2)]
    others = [threading.Thread(target=look)]
    movers = [threading.Thread(target=move, args=(tickets[n::2], n)) for n in range(2)]
    for thread in (*folders, *others, *movers):
        thread.start()
    for thread in movers:
        thread.join()
    over.set()
    for thread in (*folders, *others):
        thread.join()
    assert wrong == []
    agree(agent, [mina.store_id], still)
    tallies.fold()
    assert not crowded()
    agree(agent, [mina.store_id], still)
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM tickets_queuetally WHERE n = 0")
        assert cursor.fetchone() == (0,)
