"""The next ticket: the most pressing one, to one person alone, and never what is another's."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta

import pytest
from django.db import connection

from tests.cast import NOON, make_customer
from tests.desk.talk import question
from tests.test_races import at_once
from tickets.actions import claim_next, merging, talk, ticket_marks, undoing
from tickets.actions.claim_next import Given, Nothing, take
from tickets.actor import Actor
from tickets.errors import NotAllowed
from tickets.models import Customer, Event, Membership, Role, Store, Ticket, User

pytestmark = pytest.mark.django_db
LATER = timedelta(minutes=1)


def asked(customer: Customer, at: datetime = NOON, **columns: object) -> Ticket:
    """A question that nobody has; ``columns`` are set as the actions would have left them."""
    ticket = question(customer, now=at)
    if columns:
        Ticket.objects.filter(pk=ticket.pk).update(**columns)
        ticket.refresh_from_db()
    return ticket


def next_of(user: User, *stores: Store, now: datetime = NOON) -> Ticket | Nothing:
    given = take(user, stores or Store.objects.all(), now=now)
    return given.ticket if isinstance(given, Given) else given


def test_the_most_pressing_comes_first(agent: User, mina: Customer) -> None:
    plain, soon, urgent = asked(mina), asked(mina), asked(mina, priority=0, next_due_at=None)
    Ticket.objects.filter(pk=plain.pk).update(next_due_at=NOON + timedelta(hours=9))
    Ticket.objects.filter(pk=soon.pk).update(next_due_at=NOON + timedelta(hours=2))
    order = [next_of(agent, now=NOON + n * LATER) for n in range(4)]
    assert order == [urgent, soon, plain, Nothing.EMPTY]
    assert set(Ticket.objects.values_list("assignee", flat=True)) == {agent.pk}
    event = Event.objects.get(ticket=urgent, kind="assigned")
    assert event.data == {
        "assignee": agent.pk,
        "name": "Nora",
        "before": None,
        "how": "next",
    }
    assert event.actor_user == agent


@pytest.mark.parametrize(
    "columns",
    [
        {"state": "waiting", "waiting_for": "customer"},
        {"snoozed_until": NOON + timedelta(days=1)},
        {"state": "solved"},
        {"state": "closed"},
    ],
)
def test_what_is_not_ours_to_do_is_given_to_nobody(
    agent: User, mina: Customer, columns: dict[str, object]
) -> None:
    ticket = asked(mina, **columns)
    assert next_of(agent) is Nothing.EMPTY
    ticket.refresh_from_db()
    assert ticket.assignee is None


def test_what_somebody_has_is_left_to_them(agent: User, second_agent: User, mina: Customer) -> None:
    theirs = asked(mina, assignee=second_agent)
    assert next_of(agent) is Nothing.EMPTY
    theirs.refresh_from_db()
    assert theirs.assignee == second_agent


def test_only_from_stores_in_which_one_works(
    agent: User, reader: User, stranger: User, mina: Customer, popmart: Store, kpopusa: Store
) -> None:
    there = asked(make_customer(popmart, "ann@example.com", "Ann"), priority=0)
    here = asked(mina)
    assert next_of(agent) == here
    assert next_of(agent, now=NOON + LATER) is Nothing.EMPTY
    for user, stores in ((reader, [kpopusa]), (agent, [popmart])):
        with pytest.raises(NotAllowed):
            take(user, stores, now=NOON)
    stranger.is_active = False
    with pytest.raises(NotAllowed):
        take(stranger, [popmart], now=NOON)
    there.refresh_from_db()
    assert there.assignee is None


def test_a_superuser_works_everywhere(
    person: Callable[..., User], mina: Customer, popmart: Store
) -> None:
    root = person("root", is_superuser=True)
    there = asked(make_customer(popmart, "ann@example.com", "Ann"))
    here = asked(mina)
    assert {next_of(root), next_of(root, now=NOON + LATER)} == {here, there}


def skilled(user: User, *skills: str, store: Store | None = None) -> None:
    rows = Membership.objects.filter(user=user)
    (rows.filter(store=store) if store else rows).update(skills=list(skills))


def test_skills_choose_and_are_told(agent: User, second_agent: User, mina: Customer) -> None:
    restock = asked(mina, priority=0)
    defect = asked(mina, request="defect")
    skilled(agent, "defect", "transit_damage")
    assert next_of(agent) == defect
    assert next_of(agent, now=NOON + LATER) is Nothing.SKILLS
    assert next_of(second_agent) == restock


def test_skills_are_of_one_store(
    agent: User, mina: Customer, popmart: Store, kpopusa: Store
) -> None:
    Membership.objects.create(user=agent, store=popmart, role=Role.AGENT)
    skilled(agent, "defect", store=kpopusa)
    asked(mina)
    there = asked(make_customer(popmart, "ann@example.com", "Ann"))
    assert next_of(agent) == there
    assert next_of(agent, now=NOON + LATER) is Nothing.SKILLS


def test_equal_ones_come_from_the_store_that_waited_longest(
    agent: User, mina: Customer, popmart: Store
) -> None:
    Membership.objects.create(user=agent, store=popmart, role=Role.AGENT)
    ann = make_customer(popmart, "ann@example.com", "Ann")
    due = NOON + timedelta(hours=3)
    first = [asked(mina), asked(mina)]
    second = [asked(ann), asked(ann)]
    Ticket.objects.update(next_due_at=due, priority=2)
    order = [next_of(agent, now=NOON + n * LATER) for n in range(4)]
    assert order == [first[0], second[0], first[1], second[1]]


def test_what_was_given_back_comes_to_others(
    agent: User, second_agent: User, mina: Customer
) -> None:
    ticket = asked(mina)
    given = take(agent, [mina.store], now=NOON)
    assert isinstance(given, Given)
    undoing.take_back(ticket, [given.event.seq], actor=Actor.staff(agent), now=NOON)
    assert next_of(agent, now=NOON + LATER) is Nothing.GIVEN_BACK
    other = asked(mina, at=NOON + LATER, priority=3)
    assert next_of(agent, now=NOON + LATER) == other
    assert next_of(second_agent, now=NOON + LATER) == ticket
    # And after an hour it may come again.
    talk.assign(ticket, None, actor=Actor.staff(second_agent), now=NOON + 2 * LATER)
    assert next_of(agent, now=NOON + timedelta(minutes=59)) is Nothing.GIVEN_BACK
    assert next_of(agent, now=NOON + timedelta(minutes=61)) == ticket


def test_pressed_twice_at_once_is_one_ticket(agent: User, mina: Customer) -> None:
    first, second = asked(mina, priority=0), asked(mina)
    assert next_of(agent) == first
    again = take(agent, [mina.store], now=NOON + timedelta(seconds=1))
    assert isinstance(again, Given)
    assert (again.ticket, again.again) == (first, True)
    assert Event.objects.filter(kind="assigned").count() == 1
    assert next_of(agent, now=NOON + timedelta(seconds=3)) == second


def test_a_merged_one_is_given_as_the_one_it_went_into(agent: User, mina: Customer) -> None:
    target, source = asked(mina), asked(mina)
    merging.merge(source, target, actor=Actor.staff(agent), now=NOON)
    assert next_of(agent) == target
    assert next_of(agent, now=NOON + LATER) is Nothing.EMPTY
    source.refresh_from_db()
    assert source.assignee is None


def test_what_sleeps_is_given_when_it_wakes(agent: User, mina: Customer) -> None:
    ticket = asked(mina)
    ticket_marks.snooze(ticket, NOON + timedelta(hours=1), actor=Actor.staff(agent), now=NOON)
    assert next_of(agent) is Nothing.EMPTY
    talk.say(ticket, "Hello?", kind="customer", actor=Actor.of_customer(mina), now=NOON + LATER)
    assert next_of(agent, now=NOON + LATER) == ticket


def test_the_index_of_unassigned_tickets_is_read_in_its_order(agent: User, mina: Customer) -> None:
    """However many there are, a few of each store are looked at, and nothing is sorted twice."""
    ticket = question(mina)
    rows = [
        Ticket(
            store=mina.store,
            reference=f"{number:08d}",
            customer=mina,
            request="restock",
            subject="When?",
            opened_at=NOON,
            updated_at=NOON,
            assignee=agent if number % 3 else None,
            state="waiting" if number % 5 == 0 else "open",
            waiting_for="customer" if number % 5 == 0 else "",
        )
        for number in range(4000)
    ]
    Ticket.objects.bulk_create(rows)
    told = {"me": agent.pk, "stores": [mina.store.pk], "rested": NOON}
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE tickets_ticket")
        cursor.execute(f"EXPLAIN {claim_next._FIRST}", told)
        plan = "\n".join(line for (line,) in cursor.fetchall())
    assert "ticket_unassigned" in plan, plan
    assert "Seq Scan on tickets_ticket" not in plan, plan
    assert next_of(agent) == ticket


# --- at once -----------------------------------------------------------------------------


@pytest.fixture
def eight(person: Callable[..., User], kpopusa: Store) -> list[User]:
    return [person(f"agent{n}", kpopusa) for n in range(8)]


@pytest.mark.race
@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("there", [1, 3, 8, 20])
def test_eight_at_once_get_each_ticket_once(eight: list[User], mina: Customer, there: int) -> None:
    tickets = [asked(mina) for _n in range(there)]
    results = at_once(*[lambda user=user: take(user, [mina.store], now=NOON) for user in eight])
    given = [one for one in results if isinstance(one, Given)]
    assert len(given) == min(8, there)
    assert len({one.ticket.pk for one in given}) == len(given)
    # The most pressing ones went, whoever got which; the others are told that nothing is left.
    first = {ticket.pk for ticket in tickets[:8]}
    assert {one.ticket.pk for one in given} == first
    assert results.count(Nothing.EMPTY) == 8 - len(given)
    assert Event.objects.filter(kind="assigned").count() == len(given)
    rows = Ticket.objects.filter(assignee__isnull=False).values_list("pk", "assignee")
    assert dict(rows) == {one.ticket.pk: one.event.data["assignee"] for one in given}


@pytest.mark.race
@pytest.mark.django_db(transaction=True)
def test_of_two_stores_and_skills_at_once(
    person: Callable[..., User], mina: Customer, popmart: Store
) -> None:
    ann = make_customer(popmart, "ann@example.com", "Ann")
    here, there = mina.store, popmart
    both = [person(f"both{n}", here) for n in range(3)]
    for user in both:
        Membership.objects.create(user=user, store=there, role=Role.AGENT)
    one = [person(f"one{n}", there) for n in range(3)]
    picky = [person(f"picky{n}", here) for n in range(2)]
    skilled(picky[0], "defect")
    skilled(picky[1], "defect")
    for n in range(4):
        asked(mina, request="defect" if n == 3 else "restock")
        asked(ann)
    users = [*both, *one, *picky]
    stores = [here, there]
    results = at_once(*[lambda user=user: take(user, stores, now=NOON) for user in users])
    given = [found for found in results if isinstance(found, Given)]
    assert len({found.ticket.pk for found in given}) == len(given)
    for user, found in zip(users, results, strict=True):
        if isinstance(found, Given):
            assert found.ticket.assignee == user
            assert Membership.objects.filter(user=user, store=found.ticket.store_id).exists()
            if user in picky:
                assert found.ticket.request == "defect"
    assert all(isinstance(found, Given) for found in results[:6])


@pytest.mark.race
@pytest.mark.django_db(transaction=True)
def test_one_finger_eight_times_at_once_is_one_ticket(agent: User, mina: Customer) -> None:
    for _n in range(8):
        asked(mina)
    results = at_once(*[lambda: take(agent, [mina.store], now=NOON)] * 8)
    assert len({one.ticket.pk for one in results if isinstance(one, Given)}) == 1
    assert Ticket.objects.filter(assignee=agent).count() == 1


@pytest.mark.race
@pytest.mark.django_db(transaction=True)
def test_taken_by_hand_at_the_same_moment_is_taken_once(eight: list[User], mina: Customer) -> None:
    tickets = [asked(mina) for _n in range(4)]
    by_hand, by_next = eight[:4], eight[4:]
    at_once(
        *[
            lambda pair=pair: talk.assign(pair[0], pair[1], actor=Actor.staff(pair[1]), now=NOON)
            for pair in zip(tickets, by_hand, strict=True)
        ],
        *[lambda user=user: take(user, [mina.store], now=NOON) for user in by_next],
    )
    given = Event.objects.filter(kind="assigned", data__how=claim_next.HOW)
    # Nobody was given what somebody had at that moment.
    assert all(event.data["before"] is None for event in given)
    assert not Ticket.objects.filter(assignee=None).exists()
