"""Two tickets that become one conversation, and two again: exactly as they were."""

from __future__ import annotations

import random
import uuid
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.db import IntegrityError, connection, transaction
from django.db.models import Sum

from tests.cast import NOON, Story, a_file, add_evidence, make_order
from tests.desk.errands import ask, on_its_way
from tests.desk.talk import question
from tests.test_races import at_once
from tickets import access
from tickets.actions import merging, parting, replies, retention, talk, ticket_marks
from tickets.actions.add_evidence import Arrival, take_in
from tickets.actions.carrier import ask_carrier
from tickets.actions.hold import hold
from tickets.actions.reply_drafts import Typed, keep
from tickets.actions.requests import OTHER, write_about
from tickets.actor import Actor
from tickets.deadlines import sweep
from tickets.errors import ActionError, Conflict, NotAllowed
from tickets.models import (
    Customer,
    Deadline,
    Event,
    Evidence,
    Merge,
    Message,
    Outbox,
    QueueTally,
    ReplyDraft,
    Store,
    Ticket,
    TicketLink,
    TicketTag,
    User,
    Watcher,
)
from tickets.models.ticket import AWAKE

MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)
TABLES = (Ticket, Deadline, TicketTag, Watcher, Message, Evidence, ReplyDraft, TicketLink, Outbox)
ITSELF = ("last_seq", "updated_at")


@pytest.fixture
def nora(agent: User) -> Actor:
    return Actor.staff(agent)


@pytest.fixture
def first(mina: Customer) -> Ticket:
    return question(mina, "Is Dawn back?")


def written(customer: Customer, body: str, now: datetime) -> Ticket:
    """A question of a customer on the store's page: an answer to it is owed."""
    key = uuid.uuid4()
    return write_about(
        customer.store, OTHER, body, customer=customer, order=None, form_key=key, now=now
    )


@pytest.fixture
def second(mina: Customer) -> Ticket:
    return written(mina, "Did you get my question?", NOON + HOUR)


def rows() -> dict[str, list[dict[str, Any]]]:
    """Every row that a merge could touch, as it stands."""
    return {
        model.__name__: [
            {name: value for name, value in row.items() if name not in ITSELF}
            for row in model.objects.order_by("pk").values()
        ]
        for model in TABLES
    }


def tallies() -> dict[tuple[Any, ...], int]:
    """The counts of the queues, place by place."""
    found = QueueTally.objects.order_by().values_list(
        "store", "stage", "state", "waiting_for", "assignee", "snoozed"
    )
    return {tuple(place): n for *place, n in found.annotate(sum=Sum("n")) if n}


def say(ticket: Ticket, kind: str, actor: Actor, now: datetime, body: str = "Words") -> Message:
    return talk.say(ticket, body, kind=kind, actor=actor, now=now, form_key=uuid.uuid4())


def fresh(ticket: Ticket) -> Ticket:
    return Ticket.objects.get(pk=ticket.pk)


# --- what it does ------------------------------------------------------------------------


def test_the_one_is_closed_and_out_of_every_queue_and_the_other_has_what_it_had(
    first: Ticket, second: Ticket, nora: Actor, second_agent: User
) -> None:
    ticket_marks.set_tags(second, ["vip"], actor=nora, now=NOON)
    ticket_marks.set_priority(second, 0, actor=nora, now=NOON)
    ticket_marks.watch(second, second_agent, True, actor=nora, now=NOON)
    say(first, "agent", nora, NOON + MINUTE)
    assert fresh(first).state == "waiting"

    merging.merge(second, first, actor=nora, now=NOON + HOUR + MINUTE)
    source, target = fresh(second), fresh(first)
    assert (source.state, source.merged_into, source.next_due_at) == ("closed", target, None)
    assert not Ticket.objects.filter(AWAKE, pk=source.pk).exists()
    live = Deadline.objects.filter(ticket=source, state__in=["pending", "overdue"])
    assert not live.exists()
    assert not Deadline.objects.filter(ticket=source, state__in=["met", "met_late"]).exists()
    assert (target.state, target.priority, target.last_speaker) == ("open", 0, "customer")
    assert list(target.ticket_tags.values_list("tag__key", flat=True)) == ["vip"]
    assert list(target.watchers.values_list("user", flat=True)) == [second_agent.pk]
    owed = Deadline.objects.get(ticket=target, kind="answer_due", state="pending")
    was = Deadline.objects.get(ticket=source, kind="answer_due")
    assert (owed.due_at, was.state) == (was.due_at, "cancelled")
    for ticket, other, way in ((source, target, "into"), (target, source, "in")):
        event = Event.objects.get(ticket=ticket, kind="merged")
        assert event.data == {"other": other.reference, "way": way}
    assert not Outbox.objects.filter(event__kind="merged").exists()
    assert Message.objects.get(ticket=source).body == "Did you get my question?"


def test_done_twice_it_is_done_once(first: Ticket, second: Ticket, nora: Actor) -> None:
    one = merging.merge(second, first, actor=nora, now=NOON)
    assert merging.merge(second, first, actor=nora, now=NOON) == one
    assert Merge.objects.count() == 1
    assert Event.objects.filter(kind="merged").count() == 2
    assert parting.take_apart(second, actor=nora, now=NOON) == one
    assert parting.take_apart(second, actor=nora, now=NOON) is None
    assert Event.objects.filter(kind="unmerged").count() == 2


def test_what_is_said_on_either_arrives_at_the_one_that_goes_on(
    first: Ticket, second: Ticket, nora: Actor, mina: Customer
) -> None:
    merging.merge(second, first, actor=nora, now=NOON)
    stale = second  # as a page that was opened before knows it
    assert say(stale, "customer", Actor.of_customer(mina), NOON).ticket == first
    assert say(stale, "note", nora, NOON).ticket == first
    assert say(stale, "agent", nora, NOON).ticket == first
    assert Message.objects.filter(ticket=second).count() == 1
    assert fresh(second).state == "closed"
    assert not Ticket.objects.exclude(pk__in=[first.pk, second.pk]).exists()


def test_a_reply_on_its_way_when_they_are_merged_arrives_with_its_file(
    first: Ticket, second: Ticket, nora: Actor, agent: User
) -> None:
    sent = replies.send(
        second, Typed("agent", "Soon.", seen=1), actor=nora, now=NOON, form_key=uuid.uuid4()
    )
    paper = Evidence.objects.create(
        ticket=second,
        reply=sent,
        kind="attachment",
        file="evidence/label.pdf",
        original_name="label.pdf",
        size=8,
        sha256="ab" * 32,
        content_type="application/pdf",
        state="ready",
        began_at=NOON,
        completed_at=NOON,
        checked_at=NOON,
        uploaded_by=agent,
    )
    merging.merge(second, first, actor=nora, now=NOON + MINUTE / 60)
    assert replies.send_due(NOON + MINUTE) == 1
    message = Message.objects.get(kind="agent")
    paper.refresh_from_db()
    assert (message.ticket, paper.ticket, paper.message) == (first, first, message)
    assert not ReplyDraft.objects.exists()
    mail = Outbox.objects.get(template="message")
    assert mail.event.ticket == first


def test_a_draft_in_hand_comes_along_when_it_is_touched(
    first: Ticket, second: Ticket, nora: Actor
) -> None:
    kept = keep(second, Typed("agent", "I begin"), actor=nora, now=NOON).draft
    assert kept is not None
    merging.merge(second, first, actor=nora, now=NOON)
    assert ReplyDraft.objects.get().ticket == second  # nothing is moved that could not come back
    keep(fresh(second), Typed("agent", "I go on"), actor=nora, now=NOON)
    draft = ReplyDraft.objects.get()
    assert (draft.pk, draft.ticket, draft.body) == (kept.pk, first, "I go on")


def test_a_reply_from_a_page_that_is_older_than_the_merge_is_held_back_once(
    first: Ticket, second: Ticket, nora: Actor
) -> None:
    typed = Typed("agent", "Soon.", seen=second.last_seq)
    merging.merge(second, first, actor=nora, now=NOON)
    with pytest.raises(Conflict, match="Something happened"):
        replies.send(second, typed, actor=nora, now=NOON, form_key=uuid.uuid4())
    typed = Typed("agent", "Soon.", seen=fresh(second).last_seq)
    draft = replies.send(second, typed, actor=nora, now=NOON, form_key=uuid.uuid4())
    assert isinstance(draft, ReplyDraft)
    assert draft.ticket == first


def test_two_do_not_answer_at_once_by_different_references(
    first: Ticket, second: Ticket, nora: Actor, second_agent: User
) -> None:
    omar = Actor.staff(second_agent)
    replies.send(second, Typed("agent", "A", seen=1), actor=omar, now=NOON, form_key=uuid.uuid4())
    merging.merge(second, first, actor=nora, now=NOON)
    seen = fresh(first).last_seq
    with pytest.raises(Conflict, match="is sending a reply"):
        replies.send(
            first, Typed("agent", "B", seen=seen), actor=nora, now=NOON, form_key=uuid.uuid4()
        )


def test_what_was_merged_before_goes_along_and_comes_back(
    first: Ticket, second: Ticket, nora: Actor, mina: Customer
) -> None:
    third = question(mina, "Hello?", NOON)
    merging.merge(second, first, actor=nora, now=NOON)
    before = rows()
    merging.merge(first, third, actor=nora, now=NOON)
    assert {fresh(first).merged_into, fresh(second).merged_into} == {third}
    assert say(second, "customer", Actor.of_customer(mina), NOON).ticket == third
    with pytest.raises(Conflict, match="merged further"):
        parting.take_apart(second, actor=nora, now=NOON)
    parting.take_apart(first, actor=nora, now=NOON)
    after = rows()
    assert [row["merged_into_id"] for row in after["Ticket"]] == [None, first.pk, None]
    assert [row for row in after["Ticket"] if row["id"] in (first.pk, second.pk)] == [
        row for row in before["Ticket"] if row["id"] in (first.pk, second.pk)
    ]


# --- what may not be ---------------------------------------------------------------------


def test_only_tickets_of_one_customer_in_one_store(
    first: Ticket, jo: Customer, popmart: Store, nora: Actor, stranger: User
) -> None:
    other = question(jo)
    before = rows()
    for source, target in ((first, other), (other, first)):
        with pytest.raises(Conflict, match="same customer"):
            merging.merge(source, target, actor=nora, now=NOON)
    with pytest.raises(Conflict, match="itself"):
        merging.merge(first, first, actor=nora, now=NOON)
    with pytest.raises(NotAllowed):
        merging.merge(first, other, actor=Actor.staff(stranger), now=NOON)
    assert rows() == before
    assert not Event.objects.filter(kind="merged").exists()


def test_an_open_claim_is_the_one_that_goes_on(story: Story, mina: Customer, nora: Actor) -> None:
    claim = story.file("missing_photocard", opened=False)
    asked = question(mina)
    with pytest.raises(Conflict, match=f"Merge {asked.spoken_reference} into it instead"):
        merging.merge(claim.ticket, asked, actor=nora, now=NOON)
    merging.merge(asked, claim.ticket, actor=nora, now=NOON)
    assert fresh(asked).merged_into == claim.ticket
    assert fresh(claim.ticket).state != "closed"


def test_neither_what_is_closed_nor_what_is_part_of_another_takes_one_in(
    first: Ticket, second: Ticket, nora: Actor, mina: Customer
) -> None:
    third = question(mina)
    merging.merge(second, first, actor=nora, now=NOON)
    with pytest.raises(Conflict, match="choose that one"):
        merging.merge(third, second, actor=nora, now=NOON)
    with pytest.raises(Conflict, match="part of another ticket already"):
        merging.merge(second, third, actor=nora, now=NOON)
    with pytest.raises(Conflict, match="part of another ticket itself"):
        merging.merge(first, second, actor=nora, now=NOON)
    Ticket.objects.filter(pk=third.pk).update(state="closed")
    with pytest.raises(Conflict, match="is closed"):
        merging.merge(first, third, actor=nora, now=NOON)


def test_an_inquiry_that_is_under_way_stays_where_it_was_asked(mina: Customer, nora: Actor) -> None:
    order = make_order(mina, "#7001", placed=timedelta(days=41), delivered=None)
    on_its_way(order, shipped=timedelta(days=40), scanned=timedelta(days=30))
    lost = ask(order, "lost_parcel")
    ask_carrier(lost, actor=nora, now=NOON)
    with pytest.raises(Conflict, match="still under way"):
        merging.merge(lost, question(mina), actor=nora, now=NOON)


def test_a_merged_ticket_has_no_turns_of_its_own(
    first: Ticket, second: Ticket, nora: Actor
) -> None:
    merging.merge(second, first, actor=nora, now=NOON)
    with pytest.raises(Conflict, match="Take it apart first"):
        talk.set_solved(second, actor=nora, now=NOON)
    ticket_marks.set_tags(second, ["old"], actor=nora, now=NOON)  # marks are no turn
    parting.take_apart(second, actor=nora, now=NOON)
    assert fresh(second).state == "new"
    assert fresh(second).ticket_tags.count() == 1


@pytest.mark.parametrize(
    "wrong",
    [
        {"merged_into": "itself", "state": "closed"},
        {"merged_into": "other", "state": "open"},
    ],
)
def test_the_database_refuses_what_cannot_be(
    first: Ticket, second: Ticket, wrong: dict[str, str]
) -> None:
    into = {"itself": first, "other": second}[wrong["merged_into"]]
    with pytest.raises(IntegrityError), transaction.atomic():
        Ticket.objects.filter(pk=first.pk).update(merged_into=into, state=wrong["state"])


def test_the_database_refuses_a_chain(first: Ticket, second: Ticket, mina: Customer) -> None:
    third = question(mina)
    with pytest.raises(IntegrityError, match="merged_into_a_root"), transaction.atomic():
        Ticket.objects.filter(pk=first.pk).update(merged_into=second, state="closed")
        Ticket.objects.filter(pk=second.pk).update(merged_into=third, state="closed")
        connection.check_constraints()


# --- files and how long they are kept -----------------------------------------------------


def _screenshot(ticket: Ticket, mina: Customer, mark: str = "a") -> Evidence:
    file = add_evidence(
        a_file("photo", NOON, mark), ticket=ticket, actor=Actor.of_customer(mina), now=NOON
    )
    assert file is not None
    return file


def test_files_of_a_merged_ticket_are_kept_as_long_as_the_conversation_goes_on(
    first: Ticket, second: Ticket, nora: Actor, mina: Customer
) -> None:
    file = _screenshot(second, mina)
    talk.set_solved(second, actor=nora, now=NOON)
    due = Deadline.objects.get(ticket=second, kind="retention_due")
    merging.merge(second, first, actor=nora, now=NOON)
    due.refresh_from_db()
    assert due.state == "cancelled"
    sweep(NOON + 800 * DAY)
    file.refresh_from_db()
    assert file.erased_at is None

    talk.set_solved(first, actor=nora, now=NOON + 801 * DAY)
    assert Deadline.objects.filter(ticket=first, kind="retention_due", state="pending").exists()
    sweep(NOON + 1700 * DAY)
    file.refresh_from_db()
    assert file.erased_at is not None


def test_what_is_merged_into_a_solved_ticket_is_erased_with_it(
    first: Ticket, second: Ticket, nora: Actor, mina: Customer
) -> None:
    _screenshot(second, mina)
    for ticket in (first, second):
        talk.set_solved(ticket, actor=nora, now=NOON)
    merging.merge(second, first, actor=nora, now=NOON)
    assert fresh(first).state == "solved"
    assert retention.kept_until(first) is not None


def test_a_hold_on_either_keeps_the_files_of_both(
    first: Ticket, second: Ticket, nora: Actor, mina: Customer, lead: User
) -> None:
    file = _screenshot(second, mina)
    hold(second, "A dispute", actor=Actor.staff(lead), now=NOON)
    merging.merge(second, first, actor=nora, now=NOON)
    talk.set_solved(first, actor=nora, now=NOON)
    sweep(NOON + 1700 * DAY)
    file.refresh_from_db()
    assert file.erased_at is None


def test_a_file_that_is_still_being_checked_brings_the_turn(
    first: Ticket, second: Ticket, nora: Actor, mina: Customer
) -> None:
    for ticket in (first, second):
        say(ticket, "agent", nora, NOON)
    arrival = Arrival("photo", "evidence/shot.jpg", "shot.jpg", 8, NOON, NOON)
    take_in(arrival, ticket=second, actor=Actor.of_customer(mina), now=NOON)
    assert (fresh(first).state, fresh(second).state) == ("waiting", "waiting")
    merging.merge(second, first, actor=nora, now=NOON)
    assert fresh(first).state == "open"


def test_a_file_that_is_handed_in_by_the_old_link_counts_where_the_claim_is(
    story: Story, mina: Customer, nora: Actor
) -> None:
    claim = story.file("missing_photocard", opened=False)
    asked = question(mina)
    merging.merge(asked, claim.ticket, actor=nora, now=NOON)
    film = add_evidence(
        a_file("unboxing_video", NOON), ticket=asked, actor=Actor.of_customer(mina), now=NOON
    )
    assert film is not None
    claim.refresh_from_db()
    assert (film.claim, film.ticket) == (claim, None)
    assert claim.state == "under_review"


# --- back, exactly -----------------------------------------------------------------------

ACTS: Mapping[str, Callable[[Ticket, random.Random, datetime, Any], object]] = {
    "customer": lambda t, _r, at, p: say(t, "customer", p["mina"], at),
    "agent": lambda t, _r, at, p: say(t, "agent", p["nora"], at),
    "note": lambda t, _r, at, p: say(t, "note", p["nora"], at),
    "snooze": lambda t, r, at, p: ticket_marks.snooze(
        t, at + r.randint(1, 9) * DAY, actor=p["nora"], now=at
    ),
    "tags": lambda t, r, at, p: ticket_marks.set_tags(
        t, r.sample(["vip", "gift", "late", "press"], r.randint(0, 3)), actor=p["nora"], now=at
    ),
    "priority": lambda t, r, at, p: ticket_marks.set_priority(
        t, r.randint(0, 3), actor=p["nora"], now=at
    ),
    "watch": lambda t, r, at, p: ticket_marks.watch(
        t, r.choice([p["nora"].user, p["omar"].user]), r.random() < 0.8, actor=p["nora"], now=at
    ),
    "assign": lambda t, r, at, p: talk.assign(
        t, r.choice([p["nora"].user, p["omar"].user, None]), actor=p["nora"], now=at
    ),
    "solve": lambda t, _r, at, p: talk.set_solved(t, actor=p["nora"], now=at),
    "draft": lambda t, _r, at, p: keep(t, Typed("agent", "Hm"), actor=p["omar"], now=at),
    "file": lambda t, r, at, p: add_evidence(
        a_file("photo", at, str(r.random())), ticket=t, actor=p["mina"], now=at
    ),
    "wait": lambda _t, _r, at, _p: sweep(at),
}


def play(tickets: list[Ticket], chance: random.Random, cast: Mapping[str, Actor]) -> datetime:
    """Some weeks of work on these tickets; returns when it ends."""
    at = NOON + 2 * HOUR
    for _step in range(chance.randint(4, 14)):
        at += timedelta(minutes=chance.choice([1, 7, 90, 700, 4000]))
        try:
            with transaction.atomic():
                ACTS[chance.choice(list(ACTS))](chance.choice(tickets), chance, at, cast)
        except ActionError:
            continue  # it could not be done then
    return at + MINUTE


@pytest.mark.parametrize("seed", range(24))
def test_merged_and_taken_apart_every_row_is_as_it_was(
    seed: int, story: Story, mina: Customer, nora: Actor, second_agent: User
) -> None:
    chance = random.Random(seed)
    tickets = [written(mina, f"Question {n}", NOON + n * HOUR) for n in range(3)]
    if seed % 3 == 0:
        tickets[0] = story.file("missing_photocard", opened=False).ticket
    people = {"nora": nora, "omar": Actor.staff(second_agent), "mina": Actor.of_customer(mina)}
    at = play(tickets, chance, people)
    target, *sources = tickets
    before, places = [rows()], [tallies()]
    for source in sources:
        merging.merge(source, target, actor=nora, now=at)
        assert rows()["Message"] == before[0]["Message"]
        before.append(rows())
        places.append(tallies())
        at += MINUTE
    for source, was, counted in zip(
        reversed(sources), reversed(before[:-1]), reversed(places[:-1]), strict=True
    ):
        at += timedelta(hours=chance.choice([0, 0, 1, 30]))
        parting.take_apart(source, actor=nora, now=at)
        assert rows() == was
        assert tallies() == counted
    assert not Merge.objects.filter(undone_at=None).exists()


@pytest.mark.parametrize("seed", range(100, 112))
def test_taken_apart_in_any_order_every_row_is_as_it_was(
    seed: int, mina: Customer, nora: Actor, second_agent: User
) -> None:
    chance = random.Random(seed)
    tickets = [written(mina, f"Question {n}", NOON + n * HOUR) for n in range(4)]
    people = {"nora": nora, "omar": Actor.staff(second_agent), "mina": Actor.of_customer(mina)}
    at = play(tickets, chance, people)
    target, *sources = tickets
    before, places = rows(), tallies()
    for source in sources:
        merging.merge(source, target, actor=nora, now=at)
    chance.shuffle(sources)
    for source in sources:
        parting.take_apart(source, actor=nora, now=at + MINUTE)
    assert rows() == before
    assert tallies() == places


def test_what_somebody_has_changed_since_stays(
    first: Ticket, second: Ticket, nora: Actor, mina: Customer
) -> None:
    ticket_marks.set_priority(second, 1, actor=nora, now=NOON)
    ticket_marks.set_tags(second, ["vip"], actor=nora, now=NOON)
    say(first, "agent", nora, NOON)
    merging.merge(second, first, actor=nora, now=NOON)
    assert fresh(first).state == "open"
    ticket_marks.set_priority(first, 0, actor=nora, now=NOON)
    said = say(second, "customer", Actor.of_customer(mina), NOON)
    parting.take_apart(second, actor=nora, now=NOON)
    target = fresh(first)
    assert (target.priority, target.state) == (0, "open")  # the customer has spoken there since
    assert said.ticket == first
    assert not target.ticket_tags.exists()
    source = fresh(second)
    assert (source.state, source.priority, source.merged_into) == ("new", 1, None)
    assert Deadline.objects.filter(ticket=source, kind="answer_due", state="pending").count() == 1


# --- at the same moment -------------------------------------------------------------------


@pytest.mark.race
@pytest.mark.django_db(transaction=True)
def test_two_merges_the_other_way_round_at_once_are_one(mina: Customer, nora: Actor) -> None:
    for _round in range(6):
        one, other = question(mina), question(mina)
        results = at_once(
            lambda one=one, other=other: merging.merge(one, other, actor=nora, now=NOON),
            lambda one=one, other=other: merging.merge(other, one, actor=nora, now=NOON),
        )
        done = [result for result in results if isinstance(result, Merge)]
        assert len(done) == 1, results
        assert sum(isinstance(result, Conflict) for result in results) == 1
        pair = Ticket.objects.filter(pk__in=[one.pk, other.pk])
        assert pair.filter(merged_into=None).count() == 1


@pytest.mark.race
@pytest.mark.django_db(transaction=True)
def test_nothing_that_is_said_while_they_are_merged_is_lost(
    mina: Customer, nora: Actor, second_agent: User
) -> None:
    omar, hers = Actor.staff(second_agent), Actor.of_customer(mina)
    for _round in range(6):
        one, other = question(mina), question(mina)
        results = at_once(
            lambda one=one, other=other: merging.merge(one, other, actor=nora, now=NOON),
            lambda one=one: say(one, "customer", hers, NOON),
            lambda one=one: say(one, "note", omar, NOON),
            lambda other=other: say(other, "customer", hers, NOON),
        )
        assert not [result for result in results if isinstance(result, Exception)], results
        assert Message.objects.filter(ticket__in=[one, other]).count() == 5
        row = fresh(one)
        assert (row.state, row.merged_into_id) == ("closed", other.pk)
        assert fresh(other).state in ("new", "open")


@pytest.mark.race
@pytest.mark.django_db(transaction=True)
def test_merging_apart_and_saying_at_once_never_stands_still(mina: Customer, nora: Actor) -> None:
    tickets = [question(mina) for _n in range(3)]
    hers = Actor.of_customer(mina)

    def turn(seed: int) -> Callable[[], object]:
        def work() -> object:
            chance = random.Random(seed)
            for _step in range(8):
                one, other = chance.sample(tickets, 2)
                try:
                    if chance.random() < 0.4:
                        merging.merge(one, other, actor=nora, now=NOON)
                    elif chance.random() < 0.5:
                        parting.take_apart(one, actor=nora, now=NOON)
                    else:
                        say(one, "customer", hers, NOON)
                except ActionError:
                    continue
            return None

        return work

    results = at_once(*[turn(seed) for seed in range(4)])
    assert not [result for result in results if isinstance(result, Exception)], results
    for row in Ticket.objects.exclude(merged_into=None).select_related("merged_into"):
        assert row.merged_into is not None
        assert row.merged_into.merged_into_id is None
    live = Merge.objects.filter(undone_at=None)
    assert live.count() == Ticket.objects.exclude(merged_into=None).count()


def test_the_link_of_each_still_opens(first: Ticket, second: Ticket, nora: Actor) -> None:
    link = access.link_for(second)
    merging.merge(second, first, actor=nora, now=NOON)
    assert access.link_for(fresh(second)) == link
