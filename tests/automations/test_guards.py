"""Automations that would run wild: loops, storms, and broken ones."""

from __future__ import annotations

from datetime import timedelta
from itertools import pairwise
from typing import Any

import pytest
from django.core import mail

from tests.automations.house import (
    THEN,
    URGENT,
    has,
    kinds,
    let,
    log,
    rule,
    run,
    tags,
    waiting_causes,
    writes,
)
from tests.cast import NOON
from tests.desk.talk import question
from tickets.actions import automation_guard, automations, run_automations, ticket_marks
from tickets.actions.automation_guard import MOST_DEPTH, MOST_PER_TICKET, STAMP
from tickets.actor import Actor
from tickets.automations import alarms
from tickets.errors import InvalidInput
from tickets.models import (
    AutomationAlarm,
    AutomationCause,
    Customer,
    Event,
    Firing,
    Store,
    Ticket,
    User,
)

pytestmark = pytest.mark.django_db


def chain(store: Store, who: User, *names: str) -> None:
    """Each tag brings the next."""
    for one, other in pairwise(names):
        let(store, who, rule("tagged", has(other), tag=one), name=f"{one} → {other}")


def test_a_chain_of_automations_ends_at_its_third_link(
    kpopusa: Store, manager: User, agent: User, mina: Customer
) -> None:
    chain(kpopusa, manager, "a", "b", "c", "d", "e", "f")
    ticket = question(mina)
    ticket_marks.set_tags(ticket, ["a"], actor=Actor.staff(agent), now=NOON)
    run()
    assert tags(ticket) == {"a", "b", "c", "d"}
    depths = [
        event.data[STAMP]["depth"] for event in ticket.events.filter(kind="tagged", seq__gt=2)
    ]
    assert depths == list(range(1, MOST_DEPTH + 1))
    assert [outcome for outcome, _why in log()] == ["did"] * 3 + ["stopped"]
    assert "3 times" in log()[-1][1]
    assert waiting_causes() == 0


def test_two_that_undo_each_other_do_not_go_on_for_ever(
    kpopusa: Store, manager: User, agent: User, mina: Customer
) -> None:
    take = ("remove_tags", {"tags": ["ping"]})
    let(kpopusa, manager, rule("tagged", has("pong"), take, tag="ping"), name="Ping")
    back = ("remove_tags", {"tags": ["pong"]})
    let(kpopusa, manager, rule("tagged", has("ping"), back, tag="pong"), name="Pong")
    ticket = question(mina)
    ticket_marks.set_tags(ticket, ["ping"], actor=Actor.staff(agent), now=NOON)
    run()
    run()
    assert [outcome for outcome, _why in log()].count("did") == MOST_DEPTH
    assert waiting_causes() == 0


def test_one_automation_acts_three_times_an_hour_on_one_ticket(
    kpopusa: Store, manager: User, mina: Customer, jo: Customer
) -> None:
    made = let(kpopusa, manager, rule("customer_wrote", ("note", {"text": "They wrote."})))
    ticket, other = question(mina), question(jo)
    for minute in range(MOST_PER_TICKET + 2):
        writes(ticket, mina, now=NOON + timedelta(minutes=minute))
        run(NOON + timedelta(minutes=minute))
    assert kinds(ticket).count("automation_noted") == MOST_PER_TICKET
    outcomes = [outcome for outcome, _why in log(made)]
    assert outcomes == ["did"] * MOST_PER_TICKET + ["stopped"] * 2
    writes(other, jo, now=NOON + timedelta(minutes=6))
    run(NOON + timedelta(minutes=6))
    assert kinds(other).count("automation_noted") == 1
    later = NOON + timedelta(hours=1, minutes=10)
    writes(ticket, mina, now=later)
    run(later)
    assert kinds(ticket).count("automation_noted") == MOST_PER_TICKET + 1
    made.refresh_from_db()
    assert made.active


def test_a_storm_switches_its_automation_off_and_says_so(
    kpopusa: Store,
    manager: User,
    lead: User,
    agent: User,
    mina: Customer,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(automation_guard, "MOST_AT_ONCE", 5)
    wild = let(kpopusa, manager, rule("request_filed", has("wild")), name="Wild\n<b>one</b>")
    calm = let(kpopusa, manager, rule("request_filed", URGENT), name="Calm")
    automations.switch(calm, False, actor=Actor.staff(manager), now=NOON)
    tickets = [question(mina, f"Number {number}") for number in range(8)]
    run()
    assert [tags(ticket) for ticket in tickets] == [{"wild"}] * 5 + [set()] * 3
    wild.refresh_from_db()
    assert (wild.active, wild.stopped_at) == (False, THEN)
    assert "5 times within a minute" in wild.stopped_why
    assert [outcome for outcome, _why in log(wild)] == ["did"] * 5 + ["stopped"]
    assert waiting_causes() == 0

    mail.outbox.clear()
    assert alarms.send_due(THEN) == 1
    assert alarms.send_due(THEN) == 0
    assert set(mail.outbox[0].to) == {kpopusa.alert_to, manager.email, lead.email}
    assert "\n" not in mail.outbox[0].subject
    assert "Wild" in mail.outbox[0].subject

    question(mina, "Once more")
    assert waiting_causes() == 0  # nobody listens any more
    again = automations.switch(wild, True, actor=Actor.staff(manager), now=THEN)
    assert (again.stopped_at, again.stopped_why) == (None, "")


def test_after_a_night_without_a_worker_nothing_is_a_storm(
    kpopusa: Store, manager: User, mina: Customer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(automation_guard, "MOST_AT_ONCE", 3)
    made = let(kpopusa, manager, rule("request_filed", has("late")))
    for minute in range(8):
        question(mina, f"Number {minute}", now=NOON + timedelta(minutes=minute))
    run(NOON + timedelta(hours=9))
    made.refresh_from_db()
    assert made.active
    assert Firing.objects.filter(outcome="did").count() == 8


def test_a_deed_that_cannot_be_done_leaves_nothing_half_done(
    kpopusa: Store, manager: User, agent: User, mina: Customer
) -> None:
    give = ("assign", {"user": str(agent.pk)})
    broken = let(kpopusa, manager, rule("request_filed", URGENT, has("half"), give), name="Broken")
    whole = let(kpopusa, manager, rule("request_filed", has("whole")), name="Whole")
    agent.memberships.all().delete()
    ticket = question(mina)
    run()
    ticket.refresh_from_db()
    assert (ticket.priority, ticket.assignee, tags(ticket)) == (2, None, {"whole"})
    assert log(broken) == [("failed", "This person does not work in this store.")]
    assert log(whole) == [("did", "")]
    assert "priority_set" not in kinds(ticket)


def test_one_that_breaks_in_the_middle_does_not_hold_up_the_others(
    kpopusa: Store, manager: User, mina: Customer, monkeypatch: pytest.MonkeyPatch
) -> None:
    let(kpopusa, manager, rule("request_filed", URGENT), name="First")
    let(kpopusa, manager, rule("request_filed", has("second")), name="Second")
    real = run_automations.do

    def breaks(turn: Any, version: Any, steps: Any, depth: int) -> Any:
        done = real(turn, version, steps, depth)
        if version.name == "First":
            raise RuntimeError("a mistake of ours")
        return done

    monkeypatch.setattr(run_automations, "do", breaks)
    ticket = question(mina)
    run()
    ticket.refresh_from_db()
    assert (ticket.priority, tags(ticket)) == (2, {"second"})
    assert [outcome for outcome, _why in log()] == ["failed", "did"]


def test_a_worker_that_dies_between_cause_and_firing_costs_nothing(
    kpopusa: Store, manager: User, mina: Customer, monkeypatch: pytest.MonkeyPatch
) -> None:
    let(kpopusa, manager, rule("request_filed", has("first")), name="First")
    let(kpopusa, manager, rule("request_filed", ("note", {"text": "Look."})), name="Second")
    ticket = question(mina)
    real = run_automations.do

    class Killed(BaseException):
        pass

    def dies(turn: Any, version: Any, steps: Any, depth: int) -> Any:
        if version.name == "Second":
            raise Killed
        return real(turn, version, steps, depth)

    monkeypatch.setattr(run_automations, "do", dies)
    with pytest.raises(Killed):
        run()
    monkeypatch.undo()
    assert tags(ticket) == {"first"}
    assert run() == 0  # its lease has not run out
    assert run(THEN + timedelta(minutes=3)) == 1
    assert kinds(ticket) == [
        "ticket_opened",
        "tagged",
        "automation_ran",
        "automation_noted",
        "automation_ran",
    ]
    assert Firing.objects.count() == 2
    assert not AutomationCause.objects.exists()


def test_a_cause_that_kills_its_worker_every_time_ends_in_the_log(
    kpopusa: Store, manager: User, mina: Customer
) -> None:
    made = let(kpopusa, manager, rule("request_filed", URGENT))
    ticket = question(mina)
    AutomationCause.objects.update(attempts=run_automations.MOST_ATTEMPTS)
    run()
    ticket.refresh_from_db()
    assert ticket.priority == 2
    assert [outcome for outcome, _why in log(made)] == ["failed"]


def test_nothing_is_ever_fired_twice_by_the_database_itself(
    kpopusa: Store, manager: User, mina: Customer
) -> None:
    let(kpopusa, manager, rule("request_filed", ("note", {"text": "Once."})))
    ticket = question(mina)
    event = Event.objects.get(ticket=ticket)
    run()
    AutomationCause.objects.create(store=kpopusa, event=event, at=NOON, wake_at=NOON)
    run()
    assert kinds(ticket).count("automation_noted") == 1


def test_an_automation_that_names_somebody_gone_is_not_switched_on(
    kpopusa: Store, manager: User, agent: User, mina: Customer
) -> None:
    give = ("assign", {"user": str(agent.pk)})
    made = let(kpopusa, manager, rule("request_filed", give), on=False)
    agent.memberships.all().delete()
    with pytest.raises(InvalidInput):
        automations.switch(made, True, actor=Actor.staff(manager), now=NOON)
    assert not Ticket.objects.exists()
    assert not AutomationAlarm.objects.exists()
