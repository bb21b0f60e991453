"""Automations as people keep them: made, changed, switched, put in order, taken back."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.db import IntegrityError, connection, transaction

from tests.automations.house import THEN, URGENT, has, kinds, let, log, rule, run, tags
from tests.cast import NOON
from tests.desk.talk import question
from tickets.actions import automation_undo, automations, ticket_marks
from tickets.actor import SYSTEM, Actor
from tickets.errors import Conflict, InvalidInput, NotAllowed
from tickets.models import (
    Automation,
    AutomationCause,
    AutomationListens,
    AutomationVersion,
    Customer,
    Event,
    Firing,
    Role,
    Store,
    User,
)

pytestmark = pytest.mark.django_db
LATER = NOON + timedelta(hours=2)


def refused(act: Callable[[], object]) -> None:
    with pytest.raises((NotAllowed, InvalidInput)):
        act()


def test_only_who_may_publish_a_stores_rules_keeps_its_automations(
    kpopusa: Store, manager: User, agent: User, lead: User, reader: User, person: Any
) -> None:
    made = let(kpopusa, manager, rule("request_filed", URGENT))
    assert made.current is not None
    other = person("pia", kpopusa, Role.MANAGER, is_active=False)
    elsewhere = person("zoe")
    wanted = rule("request_filed", has("mine"))
    for who in (agent, lead, reader, other, elsewhere):
        actor = Actor.staff(who)
        refused(lambda a=actor: automations.make(kpopusa, "No", wanted, actor=a, now=NOON))
        refused(lambda a=actor: automations.change(made, "No", wanted, seen=1, actor=a, now=NOON))
        refused(lambda a=actor: automations.switch(made, False, actor=a, now=NOON))
        refused(lambda a=actor: automations.retire(made, actor=a, now=NOON))
        refused(lambda a=actor: automations.bring_back(made, actor=a))
        refused(lambda a=actor: automations.reorder(kpopusa, [made.pk], actor=a))
        refused(lambda a=actor: automations.use_again(made.current, seen=1, actor=a, now=NOON))
    refused(lambda: automations.make(kpopusa, "No", wanted, actor=SYSTEM, now=NOON))
    made.refresh_from_db()
    assert (made.name, made.active, Automation.objects.count()) == ("Rule", True, 1)
    assert AutomationVersion.objects.count() == 1


def test_every_change_is_a_version_and_an_old_one_can_be_used_again(
    kpopusa: Store, manager: User, mina: Customer
) -> None:
    boss = Actor.staff(manager)
    made = let(kpopusa, manager, rule("request_filed", has("one")), name="First name")
    automations.change(
        made, "Second name", rule("request_filed", has("two")), seen=1, actor=boss, now=NOON
    )
    with pytest.raises(Conflict):
        automations.change(made, "Late", rule("solved", URGENT), seen=1, actor=boss, now=NOON)
    ticket = question(mina)
    run()
    assert tags(ticket) == {"two"}
    first = AutomationVersion.objects.get(number=1)
    assert (first.name, first.actions[0]["value"]) == ("First name", {"tags": ["one"]})
    again = automations.use_again(first, seen=2, actor=boss, now=LATER)
    assert again.current is not None
    assert (again.current.number, again.name) == (3, "First name")
    assert Firing.objects.get().version.number == 2  # what acted then says so for ever
    same = automations.use_again(first, seen=3, actor=boss, now=LATER)
    assert same.current is not None
    assert same.current.number == 3


def test_a_change_does_not_look_back_to_what_came_before_it(
    kpopusa: Store, manager: User, mina: Customer
) -> None:
    made = let(kpopusa, manager, rule("request_filed", has("one")))
    ticket = question(mina)
    automations.change(
        made,
        "Rule",
        rule("request_filed", has("two")),
        seen=1,
        actor=Actor.staff(manager),
        now=NOON + timedelta(seconds=30),
    )
    run()
    assert tags(ticket) == set()
    assert not Firing.objects.exists()


@pytest.mark.parametrize("statement", ["UPDATE {} SET number = 7", "DELETE FROM {}"])
def test_the_database_keeps_every_version_as_it_was(
    kpopusa: Store, manager: User, statement: str
) -> None:
    let(kpopusa, manager, rule("request_filed", URGENT))
    with pytest.raises(IntegrityError), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(statement.format("tickets_automationversion"))
    assert AutomationVersion.objects.get().number == 1


def test_what_an_automation_says_is_looked_at_when_it_is_kept(
    kpopusa: Store, manager: User
) -> None:
    boss = Actor.staff(manager)
    for wanted in (
        rule("whenever", URGENT),
        rule("request_filed"),
        rule("request_filed", ("explode", {})),
        rule("request_filed", ("priority", {"priority": 9})),
        rule("request_filed", URGENT, ifs=(("full_moon", {}),)),
        rule("before_deadline", URGENT, kind="answer_due", hours=-1),
    ):
        with pytest.raises(InvalidInput):
            automations.make(kpopusa, "Rule", wanted, actor=boss, now=NOON)
    for name in ("", " \n ", "x" * 81):
        with pytest.raises(InvalidInput):
            automations.make(kpopusa, name, rule("request_filed", URGENT), actor=boss, now=NOON)
    assert not Automation.objects.exists()


def test_a_store_listens_to_what_its_active_automations_want_and_no_more(
    kpopusa: Store, popmart: Store, manager: User
) -> None:
    boss = Actor.staff(manager)

    def heard() -> set[str]:
        return set(AutomationListens.objects.values_list("kind", flat=True))

    tagged = let(kpopusa, manager, rule("tagged", URGENT, tag="a"))
    wrote = let(kpopusa, manager, rule("customer_wrote", URGENT))
    assert heard() == {"tagged", "message_added", "call_logged"}
    let(kpopusa, manager, rule("before_deadline", URGENT, kind="answer_due", hours=2))
    assert heard() == {"tagged", "message_added", "call_logged"}
    automations.change(tagged, "Rule", rule("solved", URGENT), seen=1, actor=boss, now=NOON)
    assert "tagged" not in heard()
    assert "ticket_solved" in heard()
    automations.retire(tagged, actor=boss, now=NOON)
    assert heard() == {"message_added", "call_logged"}
    automations.switch(wrote, False, actor=boss, now=NOON)
    assert heard() == set()


def test_what_is_laid_aside_can_be_brought_back_and_stays_off(
    kpopusa: Store, manager: User
) -> None:
    boss = Actor.staff(manager)
    made = let(kpopusa, manager, rule("request_filed", URGENT))
    automations.retire(made, actor=boss, now=NOON)
    with pytest.raises(Conflict):
        automations.switch(made, True, actor=boss, now=NOON)
    assert not automations.in_use(kpopusa.pk).exists()
    automations.bring_back(made, actor=boss)
    made.refresh_from_db()
    assert (made.active, made.retired_at) == (False, None)


def test_they_act_in_the_order_in_which_they_stand(
    kpopusa: Store, manager: User, mina: Customer
) -> None:
    low = let(kpopusa, manager, rule("request_filed", ("priority", {"priority": 3})), name="Low")
    high = let(kpopusa, manager, rule("request_filed", URGENT), name="High")
    automations.reorder(kpopusa, [high.pk, 99, low.pk], actor=Actor.staff(manager))
    ticket = question(mina)
    run()
    ticket.refresh_from_db()
    assert ticket.priority == 3


def test_a_lead_takes_back_what_an_automation_has_done(
    kpopusa: Store, manager: User, lead: User, agent: User, mina: Customer
) -> None:
    give = ("assign", {"user": str(agent.pk)})
    noted = ("note", {"text": "So it is."})
    let(kpopusa, manager, rule("request_filed", URGENT, has("auto"), give, noted))
    let(kpopusa, manager, rule("assigned", has("given")))
    ticket = question(mina)
    run(NOON)
    firing = Firing.objects.get(automation__name="Rule", version__when="request_filed")
    refused(lambda: automation_undo.undo(firing, actor=Actor.staff(agent), now=LATER))
    left = automation_undo.undo(firing, actor=Actor.staff(lead), now=LATER)
    assert left == ["automation_noted"]
    ticket.refresh_from_db()
    assert (ticket.priority, ticket.assignee) == (2, None)
    assert tags(ticket) == {"given"}
    before = kinds(ticket)
    assert automation_undo.undo(firing, actor=Actor.staff(lead), now=LATER) == []
    assert kinds(ticket) == before
    firing.refresh_from_db()
    assert (firing.undone_by, firing.undone_at) == (lead, LATER)
    assert not AutomationCause.objects.exists()  # what is undone sets nothing off
    run(LATER)
    assert len(log()) == 2


def test_what_somebody_has_changed_since_is_not_taken_back(
    kpopusa: Store, manager: User, lead: User, agent: User, mina: Customer
) -> None:
    let(kpopusa, manager, rule("request_filed", URGENT))
    ticket = question(mina)
    run()
    ticket_marks.set_priority(ticket, 1, actor=Actor.staff(agent), now=THEN)
    with pytest.raises(Conflict):
        automation_undo.undo(Firing.objects.get(), actor=Actor.staff(lead), now=LATER)
    ticket.refresh_from_db()
    assert ticket.priority == 1
    assert Event.objects.filter(data__has_key="undoes").count() == 0
