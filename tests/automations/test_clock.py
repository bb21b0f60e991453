"""Automations that the clock sets off: before a deadline, after days of waiting."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest

from tests.automations.house import URGENT, has, kinds, let, log, rule, run, tags, writes
from tests.cast import NOON, Story
from tests.desk.talk import question
from tickets.actions import automation_clock, automations
from tickets.actions.talk import say
from tickets.actor import Actor
from tickets.models import AutomationCause, Customer, Deadline, Firing, Store, Ticket, User

pytestmark = pytest.mark.django_db
HOUR, DAY = timedelta(hours=1), timedelta(days=1)


def owed(ticket: Ticket, due_at: datetime, cycle: int = 1) -> Deadline:
    return Deadline.objects.create(
        store=ticket.store,
        ticket=ticket,
        kind="answer_due",
        cycle=cycle,
        due_at=due_at,
        wake_at=due_at,
    )


def answer(ticket: Ticket, user: User, now: datetime) -> None:
    say(ticket, "Please tell us more.", kind="agent", actor=Actor.staff(user), now=now)


def test_some_hours_before_a_deadline_it_acts_once(
    kpopusa: Store, manager: User, mina: Customer
) -> None:
    let(kpopusa, manager, rule("before_deadline", URGENT, kind="answer_due", hours=4))
    ticket = question(mina)
    due = owed(ticket, NOON + 10 * HOUR)
    run(NOON + 5 * HOUR)
    assert not Firing.objects.exists()
    for minutes in (0, 1, 2):
        run(NOON + 6 * HOUR + timedelta(minutes=minutes))
    ticket.refresh_from_db()
    assert ticket.priority == 0
    firing = Firing.objects.get()
    assert (firing.deadline, firing.event) == (due, None)
    assert firing.caused_at == NOON + 6 * HOUR
    again = owed(ticket, NOON + 40 * HOUR, cycle=2)
    run(NOON + 37 * HOUR)
    assert Firing.objects.filter(deadline=again).exists()


def test_what_was_settled_in_time_sets_nothing_off(
    kpopusa: Store, manager: User, mina: Customer
) -> None:
    let(kpopusa, manager, rule("before_deadline", URGENT, kind="answer_due", hours=4))
    ticket = question(mina)
    due = owed(ticket, NOON + 5 * HOUR)
    automation_clock.sweep(NOON + 2 * HOUR)
    assert AutomationCause.objects.count() == 1
    Deadline.objects.filter(pk=due.pk).update(state="met", settled_at=NOON + 2 * HOUR)
    run(NOON + 2 * HOUR)
    assert not Firing.objects.exists()


def test_a_claims_own_deadline_is_its_tickets(kpopusa: Store, manager: User, story: Story) -> None:
    let(kpopusa, manager, rule("before_deadline", URGENT, kind="evidence_due", hours=24))
    claim = story.file("missing_photocard", opened=True, video_exists=True)
    due = claim.deadlines.get(kind="evidence_due")
    run(due.due_at - 25 * HOUR)
    assert not Firing.objects.exists()
    run(due.due_at - 23 * HOUR)
    assert Firing.objects.get().ticket == claim.ticket


def test_switched_on_late_it_does_not_act_on_what_was_over_before(
    kpopusa: Store, manager: User, mina: Customer, agent: User
) -> None:
    old, new = question(mina), question(mina)
    answer(old, agent, NOON)
    answer(new, agent, NOON + 3 * DAY)
    wanted = rule("waiting_for_customer", has("asleep"), days=3)
    let(kpopusa, manager, wanted, now=NOON + 5 * DAY)
    run(NOON + 5 * DAY)
    assert not Firing.objects.exists()
    run(NOON + 6 * DAY)
    assert (tags(old), tags(new)) == (set(), {"asleep"})


def test_days_of_waiting_are_counted_from_the_last_word(
    kpopusa: Store, manager: User, mina: Customer, agent: User
) -> None:
    made = let(kpopusa, manager, rule("waiting_for_customer", has("asleep"), days=3))
    ticket = question(mina)
    answer(ticket, agent, NOON)
    say(ticket, "Hm.", kind="note", actor=Actor.staff(agent), now=NOON + 2 * DAY)
    run(NOON + 3 * DAY - HOUR)
    assert not Firing.objects.exists()
    run(NOON + 3 * DAY)
    run(NOON + 4 * DAY)
    assert log(made) == [("did", "")]
    writes(ticket, mina, now=NOON + 5 * DAY)
    run(NOON + 9 * DAY)
    assert len(log(made)) == 1  # it is our turn: nobody waits for the customer
    answer(ticket, agent, NOON + 9 * DAY)
    run(NOON + 12 * DAY)
    assert len(log(made)) == 2


def test_who_writes_between_the_sweep_and_the_deed_is_not_left_asleep(
    kpopusa: Store, manager: User, mina: Customer, agent: User
) -> None:
    let(kpopusa, manager, rule("waiting_for_customer", ("solve", {}), days=3))
    ticket = question(mina)
    answer(ticket, agent, NOON)
    assert automation_clock.sweep(NOON + 3 * DAY) == 1
    writes(ticket, mina, now=NOON + 3 * DAY)
    run(NOON + 3 * DAY)
    ticket.refresh_from_db()
    assert ticket.state == "open"
    assert "ticket_solved" not in kinds(ticket)


def test_what_the_clock_found_is_kept_while_it_could_be_found_again(
    kpopusa: Store, manager: User, mina: Customer, agent: User
) -> None:
    never = ("has_tag", {"tags": ["never"]})
    let(kpopusa, manager, rule("waiting_for_customer", URGENT, ifs=(never,), days=1))
    ticket = question(mina)
    answer(ticket, agent, NOON)
    run(NOON + DAY)
    assert automation_clock.forget(NOON + 9 * DAY) == 0
    assert automation_clock.sweep(NOON + 9 * DAY) == 0
    Ticket.objects.filter(pk=ticket.pk).update(state="closed", waiting_for="")
    assert automation_clock.forget(NOON + 9 * DAY) == 1
    assert not Firing.objects.exists()


def test_a_timed_automation_that_is_off_finds_nothing(
    kpopusa: Store, manager: User, mina: Customer, agent: User
) -> None:
    made = let(kpopusa, manager, rule("waiting_for_customer", URGENT, days=1))
    answer(question(mina), agent, NOON)
    automations.switch(made, False, actor=Actor.staff(manager), now=NOON)
    run(NOON + 3 * DAY)
    assert not AutomationCause.objects.exists()
