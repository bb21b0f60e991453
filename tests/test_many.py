"""Many tickets in one turn: the very rows that one turn each would have written."""

from __future__ import annotations

import random
from collections.abc import Callable, Mapping
from contextlib import suppress
from datetime import datetime, timedelta
from functools import partial
from typing import Any

import pytest
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext

from tests.cast import NOON, Story, make_order
from tests.test_merging import play, tallies, written
from tickets.actions import deeds, many, merging, snoozing
from tickets.actions.base import Turn, ticket_turn
from tickets.actor import Actor
from tickets.errors import ActionError, Conflict
from tickets.models import (
    Claim,
    Customer,
    Deadline,
    Event,
    Outbox,
    StaleDoc,
    Ticket,
    TicketTag,
    User,
)

HOUR, DAY = timedelta(hours=1), timedelta(days=1)
Deed = Callable[[Turn], object]
# Rows that a turn writes, without what two writings of the same thing cannot share.
TABLES: Mapping[Any, tuple[str, ...]] = {
    Ticket: (),
    Claim: (),
    Deadline: ("id",),
    Event: ("id",),
    Outbox: ("id", "event_id"),
}


@pytest.fixture
def nora(agent: User) -> Actor:
    return Actor.staff(agent)


def rows() -> dict[str, Any]:
    """All that a turn writes, as it stands, in an order of its own."""
    found: dict[str, Any] = {
        model.__name__: sorted(
            (
                {name: value for name, value in row.items() if name not in without}
                for row in model.objects.values()
            ),
            key=str,
        )
        for model, without in TABLES.items()
    }
    found["tags"] = sorted(TicketTag.objects.values_list("ticket_id", "tag__key", "tag__name"))
    found["to be read anew"] = set(StaleDoc.objects.values_list("ticket_id", flat=True))
    found["tallies"] = tallies()
    return found


class _TakenBackError(Exception):
    pass


def _one_by_one(jobs: Mapping[int, list[Deed]], actor: Actor, now: datetime) -> dict[int, str]:
    why = {}
    for pk, wanted in jobs.items():
        try:
            with ticket_turn(pk, "work", actor=actor, now=now) as turn:
                for deed in wanted:
                    deed(turn)
        except ActionError as error:
            why[pk] = error.message
    return why


def _together(jobs: Mapping[int, list[Deed]], actor: Actor, now: datetime) -> dict[int, str]:
    why = {}
    with many.turns(list(jobs), "work", actor=actor, now=now) as batch:
        for pk, turn in list(batch.turns.items()):
            try:
                for deed in jobs[pk]:
                    deed(turn)
            except ActionError as error:
                batch.drop(pk)
                why[pk] = error.message
    return why | batch.refused


def _written(
    way: Callable[..., dict[int, str]], *given: Any
) -> tuple[dict[str, Any], dict[int, str]]:
    """What a way of doing it writes; it is taken back afterwards."""
    found: list[Any] = []
    try:
        with transaction.atomic():
            why = way(*given)
            found.extend([rows(), why])
            raise _TakenBackError
    except _TakenBackError:
        return found[0], found[1]


def _wanted(chance: random.Random, users: list[User], now: datetime) -> list[Deed]:
    """One to three deeds, each of those that a bulk change can be made of."""
    tags = ["vip", "gift", "late", "Press", "hello world"]
    choices: list[Deed] = [
        partial(deeds.assign, user=chance.choice([*users, None])),
        partial(deeds.prioritise, priority=chance.randint(0, 3)),
        partial(deeds.retag, add=chance.sample(tags, 2), remove=chance.sample(tags, 1)),
        partial(deeds.retag, remove=chance.sample(tags, 1)),
        partial(deeds.put_off, until=now + chance.randint(1, 30) * DAY),
        partial(snoozing.wake, by="hand"),
        deeds.solve,
    ]
    return chance.sample(choices, chance.randint(1, 3))


@pytest.mark.parametrize("seed", range(16))
def test_done_to_many_at_once_or_one_by_one_the_rows_are_the_same(
    seed: int, story: Story, mina: Customer, jo: Customer, nora: Actor, second_agent: User
) -> None:
    chance = random.Random(seed)
    tickets = [written(mina, f"Question {n}", NOON + n * HOUR) for n in range(5)]
    tickets += [written(jo, f"Question of another {n}", NOON + n * HOUR) for n in range(2)]
    tickets.append(story.file("missing_photocard", opened=False).ticket)
    tickets.append(Story(make_order(mina, "K-2002")).file("defect", "photo", opened=True).ticket)
    people = {"nora": nora, "omar": Actor.staff(second_agent), "mina": Actor.of_customer(mina)}
    at = play(tickets, chance, people)
    if seed % 4 == 0:
        with suppress(ActionError):  # it may be solved by then
            merging.merge(tickets[1], tickets[0], actor=nora, now=at)
    assert nora.user is not None
    users = [nora.user, second_agent]
    jobs = {one.pk: _wanted(chance, users, at) for one in tickets}

    alone, why_alone = _written(_one_by_one, jobs, nora, at)
    together, why_together = _written(_together, jobs, nora, at)
    assert why_together == why_alone
    for name, found in alone.items():
        assert together[name] == found, name


def test_what_may_not_be_changed_is_refused_and_the_rest_is_done(
    mina: Customer, popmart: Any, nora: Actor
) -> None:
    mine = written(mina, "Mine", NOON)
    theirs = Customer.objects.create(store=popmart, email="far@example.com", name="Far")
    foreign = written(theirs, "Theirs", NOON)
    before = Ticket.objects.values().get(pk=foreign.pk)
    with many.turns([mine.pk, foreign.pk, 10**9], "work", actor=nora, now=NOON) as batch:
        assert list(batch.turns) == [mine.pk]
        assert set(batch.refused) == {foreign.pk, 10**9}
        deeds.prioritise(batch.turns[mine.pk], 0)
    assert Ticket.objects.get(pk=mine.pk).priority == 0
    assert Ticket.objects.values().get(pk=foreign.pk) == before


def test_what_was_dropped_half_way_leaves_no_row(mina: Customer, nora: Actor) -> None:
    one, two = written(mina, "One", NOON), written(mina, "Two", NOON)
    before = Ticket.objects.values().get(pk=one.pk)
    with many.turns([one.pk, two.pk], "work", actor=nora, now=NOON) as batch:
        for pk, turn in list(batch.turns.items()):
            deeds.prioritise(turn, 0)
            deeds.retag(turn, add=["vip"])
            if pk == one.pk:
                batch.drop(pk)
    assert Ticket.objects.values().get(pk=one.pk) == before
    assert not Event.objects.filter(ticket=one, kind__in=["priority_set", "tagged"]).exists()
    assert not TicketTag.objects.filter(ticket=one).exists()
    assert Event.objects.filter(ticket=two, kind__in=["priority_set", "tagged"]).count() == 2


def test_what_breaks_at_the_end_leaves_no_row_of_any(mina: Customer, nora: Actor) -> None:
    one, two = written(mina, "One", NOON), written(mina, "Two", NOON)
    before = rows()
    with pytest.raises(Conflict), many.turns([one.pk, two.pk], "work", actor=nora, now=NOON) as b:
        deeds.prioritise(b.turns[one.pk], 0)
        raise Conflict("The worker was told to stop.")
    assert rows() == before


def test_ten_times_as_many_take_no_more_questions(mina: Customer, nora: Actor) -> None:
    tickets = [written(mina, f"Question {n}", NOON) for n in range(33)]
    assert nora.user is not None

    def asked(some: list[Ticket]) -> int:
        with (
            CaptureQueriesContext(connection) as seen,
            many.turns([one.pk for one in some], "work", actor=nora, now=NOON + HOUR) as batch,
        ):
            for turn in batch.turns.values():
                deeds.assign(turn, nora.user)
                deeds.retag(turn, add=["vip"])
                deeds.prioritise(turn, 1)
                deeds.put_off(turn, NOON + DAY)
        return len(seen)

    asked(tickets[:1])  # the store's rules are read
    assert asked(tickets[3:33]) <= asked(tickets[1:4]) + 1
