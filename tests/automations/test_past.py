"""A dry run over the past month: what it finds, what bounds it, and that it changes nothing."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.db import InternalError, transaction

from tests.automations.house import URGENT, has, rule, writes
from tests.cast import NOON, Story
from tests.desk.talk import question
from tickets.actions import ticket_marks
from tickets.actions.talk import assign, say
from tickets.actions.undoing import take_back
from tickets.actor import Actor
from tickets.automations import past
from tickets.automations.past import try_on
from tickets.models import Customer, Deadline, Store, Tag, Ticket, User

DAY = timedelta(days=1)


@pytest.fixture
def asked(mina: Customer) -> Ticket:
    return question(mina)


def test_nothing_can_be_written_meanwhile(
    kpopusa: Store, asked: Ticket, monkeypatch: pytest.MonkeyPatch
) -> None:
    def writes_all_the_same(*_anything: Any) -> None:
        Tag.objects.create(store=kpopusa, key="x", name="x")

    monkeypatch.setattr(past, "_tried", writes_all_the_same)
    with pytest.raises(InternalError, match="read-only"), transaction.atomic():
        try_on(rule("solved", URGENT), kpopusa, NOON)
    assert not Tag.objects.exists()
    Tag.objects.create(store=kpopusa, key="y", name="y")  # afterwards all is as before


def test_more_than_it_looks_at_is_said(
    kpopusa: Store, asked: Ticket, mina: Customer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(past, "MOST", 3)
    monkeypatch.setattr(past, "SHOWN", 2)
    for hour in range(1, 6):
        writes(asked, mina, f"Number {hour}", NOON + timedelta(hours=hour))
    tried = try_on(rule("customer_wrote", URGENT), kpopusa, NOON + DAY)
    assert (tried.looked, tried.acted, tried.tickets, tried.whole) == (3, 3, 1, False)
    assert tried.since == NOON + timedelta(hours=3), "the newest count"
    assert [row.at for row in tried.rows] == [NOON + timedelta(hours=n) for n in (5, 4)]


def test_statements_do_not_grow_with_what_happened(
    kpopusa: Store, mina: Customer, django_assert_max_num_queries: Any
) -> None:
    for _ in range(12):
        question(mina)
    ifs = (("words", {"words": ["back"]}), ("has_not_tag", {"tags": ["x"]}))
    with django_assert_max_num_queries(10):
        tried = try_on(rule("request_filed", URGENT, ifs=ifs), kpopusa, NOON + DAY)
    assert tried.acted == 12


def test_what_is_older_than_a_month_or_of_another_store_is_not_looked_at(
    kpopusa: Store, popmart: Store, asked: Ticket
) -> None:
    filed = rule("request_filed", URGENT)
    assert try_on(filed, kpopusa, NOON + 29 * DAY).acted == 1
    assert try_on(filed, kpopusa, NOON + 31 * DAY).acted == 0
    assert try_on(filed, popmart, NOON + DAY).acted == 0


def test_priority_tags_assignee_and_words_are_those_of_then(
    kpopusa: Store, asked: Ticket, mina: Customer, agent: User
) -> None:
    actor, hour = Actor.staff(agent), timedelta(hours=1)
    writes(asked, mina, "It is broken", NOON + hour)
    ticket_marks.set_tags(asked, ["VIP"], actor=actor, now=NOON + 2 * hour)
    assign(asked, agent, actor=actor, now=NOON + 2 * hour)
    ticket_marks.set_priority(asked, 0, actor=actor, now=NOON + 2 * hour)
    writes(asked, mina, "Never mind", NOON + 3 * hour)
    ticket_marks.set_tags(asked, [], actor=actor, now=NOON + 4 * hour)
    assign(asked, None, actor=actor, now=NOON + 4 * hour)
    ticket_marks.set_priority(asked, 3, actor=actor, now=NOON + 4 * hour)

    def when(key: str, value: dict[str, Any]) -> list[int]:
        asks = rule("customer_wrote", URGENT, has("vip"), ifs=((key, value),))
        rows = try_on(asks, kpopusa, NOON + DAY).rows
        return [(row.at - NOON) // hour for row in rows]

    assert when("has_tag", {"tags": ["vip"]}) == [3]
    assert when("has_not_tag", {"tags": ["vip"]}) == [1]
    assert when("assignee", {"assignee": str(agent.pk)}) == [3]
    assert when("assignee", {"assignee": "none"}) == [1]
    assert when("priority_at_least", {"priority": 0}) == [3]
    assert when("words", {"words": ["broken"]}) == [1]
    then = try_on(rule("customer_wrote", URGENT, has("vip")), kpopusa, NOON + DAY).rows
    assert [row.stands for row in then] == [(True, True), (False, False)]


def test_hours_before_a_deadline(story: Story) -> None:
    claim = story.file("missing_photocard", opened=False)
    due = Deadline.objects.get(kind="evidence_due", claim=claim)
    store, before = claim.ticket.store, timedelta(hours=24)
    near = rule("before_deadline", URGENT, kind="evidence_due", hours=24)
    assert try_on(near, store, due.due_at - before - timedelta(minutes=1)).acted == 0
    [row] = try_on(near, store, due.due_at).rows
    assert (row.ticket, row.at) == (claim.ticket, due.due_at - before)
    Deadline.objects.filter(pk=due.pk).update(
        state="met", settled_at=due.due_at - before - timedelta(hours=1)
    )
    assert try_on(near, store, due.due_at).acted == 0, "it was over before it came so near"


def test_days_of_waiting(kpopusa: Store, asked: Ticket, mina: Customer, agent: User) -> None:
    waits = rule("waiting_for_customer", URGENT, days=3)
    assert try_on(waits, kpopusa, NOON + 9 * DAY).acted == 0, "it is our turn"
    say(asked, "Which one?", kind="agent", actor=Actor.staff(agent), now=NOON + DAY)
    assert try_on(waits, kpopusa, NOON + 3 * DAY).acted == 0
    tried = try_on(waits, kpopusa, NOON + 9 * DAY)
    assert [row.at for row in tried.rows] == [NOON + 4 * DAY]
    assert tried.unsure
    writes(asked, mina, "Dawn", NOON + 2 * DAY)
    assert try_on(waits, kpopusa, NOON + 9 * DAY).acted == 0, "the answer came in time"


def test_what_undoes_something_is_no_cause(kpopusa: Store, asked: Ticket, agent: User) -> None:
    actor = Actor.staff(agent)
    done = ticket_marks.set_tags(asked, ["vip"], actor=actor, now=NOON)
    gone = ticket_marks.set_tags(asked, [], actor=actor, now=NOON)
    assert done is not None
    assert gone is not None
    take_back(asked, [gone.seq], actor=actor, now=NOON)
    tagged = rule("tagged", URGENT, tag="vip")
    assert try_on(tagged, kpopusa, NOON + DAY).acted == 1


def test_what_does_not_fit_is_not_read_for_ever(
    kpopusa: Store, asked: Ticket, mina: Customer, agent: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(past, "MOST_READ", 4)
    actor = Actor.staff(agent)
    writes(asked, mina, "The oldest", NOON)
    for hour in range(1, 6):
        say(asked, "Soon.", kind="note", actor=actor, now=NOON + timedelta(hours=hour))
    tried = try_on(rule("customer_wrote", URGENT), kpopusa, NOON + DAY)
    assert (tried.looked, tried.whole) == (0, False)
    assert tried.since == NOON + timedelta(hours=2)
