"""Two workers at once, a switch at the same moment: real threads, real rows."""

from __future__ import annotations

import uuid
from datetime import timedelta
from functools import partial

import pytest

from tests.automations.house import THEN, has, kinds, let, rule, run
from tests.cast import NOON
from tests.desk.talk import question
from tests.test_races import at_once
from tickets.actions import automation_causes, automation_guard, automations, ticket_marks
from tickets.actor import Actor
from tickets.models import (
    Automation,
    AutomationCause,
    AutomationListens,
    Customer,
    Firing,
    Store,
    User,
)

pytestmark = [pytest.mark.race, pytest.mark.django_db(transaction=True)]


def test_four_workers_at_once_act_once_each_time(
    kpopusa: Store, manager: User, mina: Customer
) -> None:
    let(kpopusa, manager, rule("request_filed", ("note", {"text": "Once."}), has("once")))
    let(kpopusa, manager, rule("tagged", ("note", {"text": "Then."}), tag="once"))
    tickets = [question(mina, f"Number {number}") for number in range(12)]
    results = at_once(*[run] * 4)
    run()
    assert not any(isinstance(result, Exception) for result in results)
    for ticket in tickets:
        assert kinds(ticket).count("automation_noted") == 2
        assert kinds(ticket).count("tagged") == 1
    assert Firing.objects.count() == 24
    assert not AutomationCause.objects.exists()


def test_a_storm_is_counted_over_all_workers(
    kpopusa: Store, manager: User, mina: Customer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(automation_guard, "MOST_AT_ONCE", 5)
    let(kpopusa, manager, rule("request_filed", has("wild")))
    for number in range(24):
        question(mina, f"Number {number}")
    at_once(*[run] * 4)
    assert Firing.objects.filter(outcome="did").count() == 5
    assert not Automation.objects.get().active


def test_after_the_switch_nothing_more_is_done(
    kpopusa: Store, manager: User, mina: Customer
) -> None:
    made = let(kpopusa, manager, rule("request_filed", has("on")))
    for number in range(20):
        question(mina, f"Number {number}")
    counted: list[int] = []

    def off() -> None:
        automations.switch(made, False, actor=Actor.staff(manager), now=THEN)
        counted.append(Firing.objects.count())

    at_once(run, run, off)
    assert Firing.objects.count() == counted[0]
    assert not AutomationListens.objects.exists()


def test_switches_at_once_leave_the_store_listening_to_what_is_on(
    kpopusa: Store, manager: User
) -> None:
    boss = Actor.staff(manager)
    one = let(kpopusa, manager, rule("tagged", has("x"), tag="a"))
    other = let(kpopusa, manager, rule("tagged", has("y"), tag="b"), on=False)
    for turn in range(6):
        now, first = NOON + timedelta(minutes=turn), bool(turn % 2)
        at_once(
            partial(automations.switch, one, first, actor=boss, now=now),
            partial(automations.switch, other, not first, actor=boss, now=now),
        )
        heard = set(AutomationListens.objects.values_list("kind", flat=True))
        assert heard == {"tagged"}


def test_people_workers_and_switches_do_not_stand_in_each_others_way(
    kpopusa: Store, manager: User, agent: User, mina: Customer
) -> None:
    boss, nora = Actor.staff(manager), Actor.staff(agent)
    one = let(kpopusa, manager, rule("tagged", has("two"), ("note", {"text": "Hm."}), tag="one"))
    let(kpopusa, manager, rule("tagged", ("priority", {"priority": 1}), tag="two"))
    tickets = [question(mina, f"Number {number}") for number in range(6)]

    def tag() -> None:
        for ticket in tickets:
            ticket_marks.set_tags(ticket, ["one"], actor=nora, now=NOON)

    def retag() -> None:
        for ticket in reversed(tickets):
            ticket_marks.set_tags(ticket, ["one", "three"], actor=nora, now=NOON)

    def switch() -> None:
        for on in (False, True, False, True):
            automations.switch(one, on, actor=boss, now=NOON)

    at_once(tag, retag, switch, run, run, run)  # a deadlock would be an error here
    run()
    assert not AutomationCause.objects.exists()
    assert not Firing.objects.exclude(outcome="did").exists()


def test_a_cause_is_leased_to_one_worker_alone(
    kpopusa: Store, manager: User, mina: Customer
) -> None:
    let(kpopusa, manager, rule("request_filed", has("x")))
    for number in range(30):
        question(mina, f"Number {number}")
    tokens = [uuid.uuid4() for _ in range(4)]
    taken = at_once(*[partial(automation_causes.take, THEN, token) for token in tokens])
    keys = [row.pk for rows in taken if isinstance(rows, list) for row in rows]
    assert len(keys) == len(set(keys)) == 30
