"""Automations at work: what sets them off, what they do, and what they leave alone."""

from __future__ import annotations

from datetime import timedelta

import pytest

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
from tests.cast import NOON, Story, make_order
from tests.desk.talk import question
from tickets.actions import automations, merging, ticket_marks, undoing
from tickets.actions.automation_guard import STAMP
from tickets.actor import Actor
from tickets.models import Automation, AutomationCause, Customer, Firing, Store, User

pytestmark = pytest.mark.django_db


def test_a_request_that_comes_in_is_made_urgent_once(
    story: Story, kpopusa: Store, manager: User
) -> None:
    made = let(kpopusa, manager, rule("request_filed", URGENT, has("claim")))
    ticket = story.file("missing_photocard", opened=True).ticket
    assert ticket.priority == 2  # nothing happens while the customer waits for their page
    assert run() == 1
    assert run() == 0
    ticket.refresh_from_db()
    assert (ticket.priority, tags(ticket)) == (0, {"claim"})
    assert kinds(ticket) == ["claim_filed", "priority_set", "tagged", "automation_ran"]
    firing = Firing.objects.get()
    assert (firing.automation, firing.outcome, firing.ticket) == (made, "did", ticket)
    assert [one["events"] for one in firing.did] == [[2], [3]]
    for event in ticket.events.filter(seq__gt=1):
        assert event.actor_kind == "system"
        assert event.data[STAMP] == {"id": made.pk, "version": 1, "depth": 1}
    assert not AutomationCause.objects.exists()


def test_conditions_are_asked_of_the_ticket_as_it_stands(
    kpopusa: Store, manager: User, mina: Customer
) -> None:
    costs = ("order_total_at_least", {"amount": "200.00", "currency": "USD"})
    kind = ("product_kind", {"kinds": ["lightstick", "album"]})
    let(kpopusa, manager, rule("request_filed", URGENT, ifs=(costs, kind)))
    cheap = Story(make_order(mina, "#1")).file("missing_photocard", opened=True).ticket
    lines = (("ALB-X", "Box set", 1, "250.00"),)
    dear = Story(make_order(mina, "#2", lines=lines)).file("missing_photocard", opened=True).ticket
    run()
    cheap.refresh_from_db()
    dear.refresh_from_db()
    assert (cheap.priority, dear.priority) == (2, 0)
    assert Firing.objects.get().ticket == dear


def test_the_second_rule_sees_what_the_first_has_done(
    kpopusa: Store, manager: User, mina: Customer
) -> None:
    let(kpopusa, manager, rule("request_filed", has("vip")), name="First")
    let(
        kpopusa,
        manager,
        rule("request_filed", URGENT, ifs=(("has_tag", {"tags": ["VIP"]}),)),
        name="Second",
    )
    ticket = question(mina)
    run()
    ticket.refresh_from_db()
    assert ticket.priority == 0
    assert [one.automation.name for one in Firing.objects.order_by("pk")] == ["First", "Second"]


def test_words_are_found_in_korean_as_a_search_finds_them(
    kpopusa: Store, manager: User, mina: Customer
) -> None:
    let(kpopusa, manager, rule("customer_wrote", URGENT, ifs=(("words", {"words": ["환불"]}),)))
    ticket = question(mina)
    writes(ticket, mina, "포토카드를 기다립니다")
    run()
    ticket.refresh_from_db()
    assert ticket.priority == 2
    writes(ticket, mina, "환불을 부탁드립니다")
    run()
    ticket.refresh_from_db()
    assert ticket.priority == 0


def test_what_nobody_listens_to_makes_no_cause(
    kpopusa: Store, manager: User, mina: Customer, agent: User
) -> None:
    made = let(kpopusa, manager, rule("tagged", URGENT, tag="vip"))
    ticket = question(mina)
    assert not AutomationCause.objects.exists()
    ticket_marks.set_tags(ticket, ["vip"], actor=Actor.staff(agent), now=NOON)
    assert waiting_causes() == 1
    automations.switch(made, False, actor=Actor.staff(manager), now=NOON)
    ticket_marks.set_tags(ticket, [], actor=Actor.staff(agent), now=NOON)
    ticket_marks.set_tags(ticket, ["vip"], actor=Actor.staff(agent), now=NOON)
    assert waiting_causes() == 0


def test_switched_off_is_off_at_once_also_for_what_has_happened(
    kpopusa: Store, manager: User, mina: Customer
) -> None:
    made = let(kpopusa, manager, rule("request_filed", URGENT))
    ticket = question(mina)
    automations.switch(made, False, actor=Actor.staff(manager), now=NOON)
    run()
    ticket.refresh_from_db()
    assert ticket.priority == 2
    assert not Firing.objects.exists()
    assert not AutomationCause.objects.exists()


def test_switched_on_it_does_not_look_back(kpopusa: Store, manager: User, mina: Customer) -> None:
    let(kpopusa, manager, rule("request_filed", has("old")))
    late = let(kpopusa, manager, rule("request_filed", URGENT), on=False)
    ticket = question(mina)
    automations.switch(late, True, actor=Actor.staff(manager), now=NOON + timedelta(seconds=5))
    run()
    ticket.refresh_from_db()
    assert (ticket.priority, tags(ticket)) == (2, {"old"})


def test_what_is_taken_back_sets_nothing_off(
    kpopusa: Store, manager: User, mina: Customer, agent: User
) -> None:
    made = let(kpopusa, manager, rule("tagged", URGENT, tag="vip"))
    ticket = question(mina)
    nora = Actor.staff(agent)
    ticket_marks.set_tags(ticket, ["vip"], actor=nora, now=NOON)
    run()
    off = ticket_marks.set_tags(ticket, [], actor=nora, now=THEN)
    assert off is not None
    ticket_marks.set_priority(ticket, 2, actor=nora, now=THEN)
    undoing.take_back(ticket, [off.seq], actor=nora, now=THEN)
    assert tags(ticket) == {"vip"}
    assert waiting_causes() <= 1  # taking the tag off was an event of its kind, too
    run()
    ticket.refresh_from_db()
    assert ticket.priority == 2
    assert log(made) == [("did", "")]


def test_an_automation_that_has_nothing_to_change_leaves_no_line_on_the_ticket(
    kpopusa: Store, manager: User, mina: Customer
) -> None:
    let(kpopusa, manager, rule("request_filed", ("priority", {"priority": 2})))
    ticket = question(mina)
    run()
    assert kinds(ticket) == ["ticket_opened"]
    assert log() == [("did", "")]
    assert Automation.objects.get().active


def test_what_is_said_on_a_merged_ticket_is_done_where_the_conversation_goes_on(
    kpopusa: Store, manager: User, mina: Customer, agent: User
) -> None:
    let(kpopusa, manager, rule("customer_wrote", URGENT, ifs=(("words", {"words": ["again"]}),)))
    target, source = question(mina), question(mina, "The same, sorry")
    merging.merge(source, target, actor=Actor.staff(agent), now=NOON)
    source.refresh_from_db()
    writes(source, mina, "Me again")
    run()
    target.refresh_from_db()
    source.refresh_from_db()
    assert (target.priority, source.priority) == (0, 2)
    assert Firing.objects.get().ticket == target


def test_what_happened_before_a_merge_is_done_at_the_root_as_well(
    kpopusa: Store, manager: User, mina: Customer, agent: User
) -> None:
    let(kpopusa, manager, rule("request_filed", has("seen")))
    target, source = question(mina), question(mina, "The same, sorry")
    merging.merge(source, target, actor=Actor.staff(agent), now=NOON)
    run()
    assert (tags(target), tags(source)) == ({"seen"}, set())
    assert Firing.objects.filter(ticket=target, outcome="did").count() == 2


def test_off_is_off_for_ten_thousand_that_wait_in_one_statement(
    kpopusa: Store, manager: User, mina: Customer
) -> None:
    made = let(kpopusa, manager, rule("request_filed", has("x")))
    other = let(kpopusa, manager, rule("customer_wrote", has("y")))
    for number in range(5):
        question(mina, f"Number {number}")
    ticket = question(mina)
    writes(ticket, mina)
    automations.switch(made, False, actor=Actor.staff(manager), now=NOON)
    assert waiting_causes() == 1
    run()
    assert [one.automation for one in Firing.objects.all()] == [other]
