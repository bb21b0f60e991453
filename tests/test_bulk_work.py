"""Bulk changes at work: stopped, taken back, killed in the middle, by two workers at once."""

from __future__ import annotations

import threading
import uuid
from collections.abc import Callable, Sequence
from datetime import timedelta
from typing import Any

import pytest
from django.db import IntegrityError, connection, connections, transaction

from tests.cast import NOON
from tests.desk.bulk import counts, questions
from tickets.actions import bulk, bulk_rows, keep_macros, run_bulk, talk, ticket_marks
from tickets.actions.bulk_verbs import (
    Assign,
    Plan,
    Prioritise,
    PutOff,
    Retag,
    Solve,
    plan_of,
)
from tickets.actions.keep_macros import Wanted
from tickets.actions.replies import send_due
from tickets.actor import Actor
from tickets.errors import Conflict, NotAllowed
from tickets.models import (
    BulkJob,
    BulkRow,
    Deadline,
    Event,
    Message,
    ReplyDraft,
    Store,
    Ticket,
    TicketTag,
    User,
)

# What counts events, and what our own targets reckon anew from now on.
ITSELF = (
    "last_seq",
    "updated_at",
    "resolve_left",
    "resolve_due_at",
    "first_due_at",
    "next_due_at",
)
HOUR = timedelta(hours=1)


class Killed(BaseException):
    """The worker is gone, as by SIGKILL: nobody catches this."""


@pytest.fixture
def nora(agent: User) -> Actor:
    return Actor.staff(agent)


@pytest.fixture
def ten(kpopusa: Store) -> list[Ticket]:
    return questions(kpopusa, 10)


@pytest.fixture
def small(monkeypatch: pytest.MonkeyPatch) -> None:
    """Chunks of three tickets."""
    monkeypatch.setattr(run_bulk, "CHUNK", 3)


def start(
    plan: Plan, tickets: Sequence[Ticket], actor: Actor, *, now: Any = NOON, key: Any = None
) -> BulkJob:
    ids = [ticket.pk for ticket in tickets]
    return bulk.start(plan, ids, told="These", actor=actor, now=now, form_key=key or uuid.uuid4())


def rows(tickets: Sequence[Ticket]) -> list[dict[str, Any]]:
    """The tickets as they stand, with their tags and what they wait for, but for their events."""
    found = []
    for values in Ticket.objects.filter(pk__in=[t.pk for t in tickets]).order_by("pk").values():
        tags = TicketTag.objects.filter(ticket=values["id"]).values_list("tag__key", flat=True)
        waits = Deadline.objects.filter(ticket=values["id"], state__in=["pending", "overdue"])
        kept = {name: value for name, value in values.items() if name not in ITSELF}
        found.append({**kept, "tags": sorted(tags), "waits": set(waits.values_list("kind"))})
    return found


def kinds(kind: str) -> int:
    return Event.objects.filter(kind=kind).count()


# --- stopped, killed, resumed ------------------------------------------------------------


def test_stopped_in_the_middle_what_was_done_stays(
    nora: Actor, ten: list[Ticket], small: None
) -> None:
    job = start(Plan((Prioritise(0),)), ten, nora)
    lease = run_bulk.take(NOON)
    assert lease is not None
    assert run_bulk.run(lease, lambda: NOON, lambda: False) == 3  # its time is up after a chunk
    assert counts(job) == ("waiting", 3, 0, 0)
    assert bulk.stop(job, actor=nora, now=NOON)
    assert run_bulk.run_due(NOON) == 0
    assert counts(job) == ("stopped", 3, 0, 0)
    assert not bulk.stop(job, actor=nora, now=NOON)
    assert [row["priority"] for row in rows(ten)] == [0] * 3 + [2] * 7


def test_one_that_is_stopped_under_a_worker_writes_nothing_more(
    nora: Actor, ten: list[Ticket], small: None
) -> None:
    job = start(Plan((Prioritise(0),)), ten, nora)
    lease = run_bulk.take(NOON)
    assert lease is not None
    bulk.stop(job, actor=nora, now=NOON)
    assert run_bulk.run(lease, lambda: NOON) == 0
    assert kinds("priority_set") == 0


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("at", ["first", "middle", "after the deeds"])
def test_killed_at_any_point_nothing_is_done_twice(
    nora: Actor, ten: list[Ticket], small: None, monkeypatch: pytest.MonkeyPatch, at: str
) -> None:
    job = start(Plan((Prioritise(0), Retag(("vip",)))), ten, nora)
    where = {"first": (bulk_rows.Plan, "do"), "middle": (bulk_rows.Plan, "do")}
    owner, name = where.get(at, (run_bulk, "_write"))
    real, calls = getattr(owner, name), []
    dies_at = {"first": 1, "middle": 5, "after the deeds": 3}[at]

    def dying(*args: Any, **named: Any) -> Any:
        calls.append(args)
        if len(calls) == dies_at:
            raise Killed
        return real(*args, **named)

    with monkeypatch.context() as patch:
        patch.setattr(owner, name, dying)
        with pytest.raises(Killed):
            run_bulk.run_due(NOON)
    done = {"first": 0, "middle": 3, "after the deeds": 6}[at]
    assert counts(job) == ("running", done, 0, 0)
    assert kinds("priority_set") == done
    assert run_bulk.run_due(NOON + timedelta(seconds=30)) == 0  # it may still be alive
    assert run_bulk.run_due(NOON + HOUR) == 10 - done
    assert counts(job) == ("done", 10, 0, 0)
    assert (kinds("priority_set"), kinds("tagged")) == (10, 10)


def test_a_worker_that_was_given_up_writes_nothing(
    nora: Actor, ten: list[Ticket], small: None
) -> None:
    job = start(Plan((Prioritise(0),)), ten, nora)
    slow = run_bulk.take(NOON)
    assert slow is not None
    assert run_bulk.run_due(NOON + HOUR) == 10
    assert run_bulk.run(slow, lambda: NOON + HOUR) == 0
    assert counts(job) == ("done", 10, 0, 0)
    assert kinds("priority_set") == 10


def test_a_ticket_on_which_it_breaks_is_left_out(
    nora: Actor, ten: list[Ticket], small: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = Plan.do

    def breaking(self: Plan, turn: Any, around: Any) -> Any:
        if turn.ticket.pk == ten[4].pk:
            raise ZeroDivisionError
        return real(self, turn, around)

    monkeypatch.setattr(Plan, "do", breaking)
    job = start(Plan((Prioritise(0),)), ten, nora)
    run_bulk.run_due(NOON)
    assert counts(job) == ("done", 9, 0, 1)
    failed = BulkRow.objects.get(job=job, state="failed")
    assert failed.ticket == ten[4]
    assert failed.reason.startswith("Something failed on our side.")


@pytest.mark.django_db(transaction=True)
def test_a_ticket_that_kills_every_worker_is_left_out(
    nora: Actor, ten: list[Ticket], small: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = Plan.do

    def deadly(self: Plan, turn: Any, around: Any) -> Any:
        if turn.ticket.pk == ten[4].pk:
            raise Killed
        return real(self, turn, around)

    monkeypatch.setattr(Plan, "do", deadly)
    job = start(Plan((Prioritise(0),)), ten, nora)
    now, deaths = NOON, 0
    while counts(job)[0] != "done":
        now += HOUR
        try:
            run_bulk.run_due(now)
        except Killed:
            deaths += 1
        assert deaths <= 2 * run_bulk.MAX_ATTEMPTS
    assert counts(job) == ("done", 9, 0, 1)


@pytest.mark.django_db(transaction=True)
def test_two_workers_share_the_work_and_do_nothing_twice(
    nora: Actor, kpopusa: Store, small: None
) -> None:
    tickets = questions(kpopusa, 12)
    first = start(Plan((Prioritise(0), Retag(("one",)))), tickets, nora)
    second = start(Plan((Prioritise(1), Retag(("two",)))), list(reversed(tickets)), nora)
    gate, problems = threading.Barrier(4), []

    def worker() -> None:
        try:
            gate.wait(10)
            for _round in range(3):
                run_bulk.run_due(NOON)
        except Exception as error:
            problems.append(error)
        finally:
            connections.close_all()

    threads = [threading.Thread(target=worker) for _n in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert problems == []
    assert counts(first) == ("done", 12, 0, 0)
    assert counts(second) == ("done", 12, 0, 0)
    assert TicketTag.objects.count() == 24
    for ticket in tickets:
        numbers = list(ticket.events.order_by("seq").values_list("seq", flat=True))
        assert numbers == list(range(1, 6))


@pytest.mark.django_db(transaction=True)
def test_the_same_form_from_eight_windows_is_one_change(nora: Actor, ten: list[Ticket]) -> None:
    key, gate, made = uuid.uuid4(), threading.Barrier(8), []

    def window() -> None:
        try:
            gate.wait(10)
            made.append(start(Plan((Prioritise(0),)), ten, nora, key=key).pk)
        finally:
            connections.close_all()

    threads = [threading.Thread(target=window) for _n in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert len(made) == 8
    assert len(set(made)) == 1
    assert (BulkJob.objects.count(), BulkRow.objects.count()) == (1, 10)


# --- taken back --------------------------------------------------------------------------

PLANS: dict[str, Plan] = {
    "assigned": Plan((Assign(None),)),
    "priority": Plan((Prioritise(0),)),
    "tags": Plan((Retag(("vip", "dawn"), ("old",)),)),
    "put off": Plan((PutOff(3),)),
    "solved": Plan((Solve(),)),
    "all": Plan((Assign(None), Prioritise(3), Retag(("vip",), ("old",)), Solve())),
}


@pytest.mark.parametrize("name", PLANS)
def test_taken_back_every_row_is_as_it_was(
    nora: Actor, agent: User, ten: list[Ticket], name: str
) -> None:
    for ticket in ten[:4]:
        talk.assign(ticket, agent, actor=nora, now=NOON)
        ticket_marks.set_tags(ticket, ["old", "kept"], actor=nora, now=NOON)
    before = rows(ten)
    job = start(PLANS[name], ten, nora)
    run_bulk.run_due(NOON)
    assert rows(ten) != before
    events = Event.objects.count()

    made = bulk.undo(job, actor=nora, now=NOON + HOUR)
    assert bulk.undo(job, actor=nora, now=NOON + HOUR) == made
    run_bulk.run_due(NOON + HOUR)
    job.refresh_from_db()
    assert counts(made) == ("done", job.done, 0, 0)
    assert rows(ten) == before
    assert set(job.rows.exclude(state="unchanged").values_list("state", flat=True)) == {"undone"}
    backs = Event.objects.filter(data__has_key="undoes")
    assert Event.objects.count() > events
    assert all(one.data["bulk"] == made.pk for one in backs)


def test_what_was_changed_since_is_left_and_told(
    nora: Actor, second_agent: User, ten: list[Ticket]
) -> None:
    job = start(Plan((Prioritise(0), Retag(("vip",)))), ten, nora)
    run_bulk.run_due(NOON)
    ticket_marks.set_priority(ten[3], 3, actor=Actor.staff(second_agent), now=NOON)
    made = bulk.undo(job, actor=nora, now=NOON)
    run_bulk.run_due(NOON)
    assert counts(made) == ("done", 9, 0, 1)
    failed = made.rows.get(state="failed")
    assert failed.ticket == ten[3]
    assert failed.reason == "It has been changed again since, so it was left as it is."
    assert [row["priority"] for row in rows(ten)] == [2, 2, 2, 3, 2, 2, 2, 2, 2, 2]
    # All of it or nothing: its tag is still there.
    assert list(TicketTag.objects.values_list("ticket_id", flat=True)) == [ten[3].pk]
    assert job.rows.get(ticket=ten[3]).state == "done"


def test_taken_back_while_at_work_it_is_stopped_first(
    nora: Actor, ten: list[Ticket], small: None
) -> None:
    before = rows(ten)
    job = start(Plan((Prioritise(0),)), ten, nora)
    lease = run_bulk.take(NOON)
    assert lease is not None
    run_bulk.run(lease, lambda: NOON, lambda: False)
    made = bulk.undo(job, actor=nora, now=NOON)
    run_bulk.run_due(NOON)
    assert counts(job) == ("stopped", 3, 0, 0)
    assert counts(made) == ("done", 3, 0, 0)
    assert rows(ten) == before


def test_an_undo_that_was_stopped_can_be_gone_on_with(
    nora: Actor, ten: list[Ticket], small: None
) -> None:
    before = rows(ten)
    job = start(Plan((Prioritise(0),)), ten, nora)
    run_bulk.run_due(NOON)
    made = bulk.undo(job, actor=nora, now=NOON)
    lease = run_bulk.take(NOON)
    assert lease is not None
    run_bulk.run(lease, lambda: NOON, lambda: False)
    bulk.stop(made, actor=nora, now=NOON)
    rest = bulk.undo(job, actor=nora, now=NOON)
    run_bulk.run_due(NOON)
    assert (made.rows.count(), rest.rows.count()) == (10, 7)
    assert rows(ten) == before
    with pytest.raises(Conflict):
        bulk.undo(rest, actor=nora, now=NOON)  # what was taken back stays so


def test_replies_are_caught_while_they_are_on_their_way(
    nora: Actor, agent: User, ten: list[Ticket]
) -> None:
    plan = Plan((Retag(("told",)),), says="reply", body="Dear {{ customer_name }}.")
    job = start(plan, ten, nora)
    run_bulk.run_due(NOON)
    ReplyDraft.objects.filter(ticket=ten[0]).update(send_at=NOON)
    send_due(NOON)
    made = bulk.undo(job, actor=nora, now=NOON)
    run_bulk.run_due(NOON)
    assert counts(made) == ("done", 9, 0, 1)
    assert made.rows.get(state="failed").reason == (
        "It has been sent already, and cannot be taken back."
    )
    assert not ReplyDraft.objects.exists()  # nobody is left with nine drafts
    assert list(TicketTag.objects.values_list("ticket_id", flat=True)) == [ten[0].pk]
    assert Message.objects.filter(kind="agent").count() == 1


def test_a_macros_run_is_taken_back_whole(nora: Actor, lead: User, ten: list[Ticket]) -> None:
    wanted = Wanted("Soon", "agent", {"en": "Soon."}, add_tags=["told"], priority=1, assign="me")
    store, lena = ten[0].store, Actor.staff(lead)
    macro = keep_macros.make(store, wanted, shared=True, actor=lena, now=NOON)
    before = rows(ten)
    job = start(Plan(macro=macro.pk, name=macro.name), ten, nora)
    run_bulk.run_due(NOON)
    assert counts(job) == ("done", 10, 0, 0)
    ran = Event.objects.filter(kind="macro_used")
    assert [event.data["bulk"] for event in ran] == [job.pk] * 10
    made = bulk.undo(job, actor=nora, now=NOON + timedelta(minutes=5))
    run_bulk.run_due(NOON + timedelta(minutes=5))
    assert counts(made) == ("done", 10, 0, 0)
    assert rows(ten) == before
    assert not ReplyDraft.objects.exists()
    assert kinds("macro_undone") == 10


def test_what_has_no_way_back_is_not_taken_back(
    nora: Actor, second_agent: User, ten: list[Ticket]
) -> None:
    notes = start(Plan(says="note", body="Asked."), ten, nora)
    run_bulk.run_due(NOON)
    with pytest.raises(Conflict):
        bulk.undo(notes, actor=nora, now=NOON)
    job = start(Plan((Prioritise(0),)), ten, nora)
    with pytest.raises(Conflict):
        bulk.undo(job, actor=nora, now=NOON)  # nothing was done yet; it goes on
    job.refresh_from_db()
    assert job.state == "waiting"
    run_bulk.run_due(NOON)
    with pytest.raises(NotAllowed):
        bulk.undo(job, actor=Actor.staff(second_agent), now=NOON)
    with pytest.raises(NotAllowed):
        bulk.stop(job, actor=Actor.staff(second_agent), now=NOON)
    with pytest.raises(Conflict):
        bulk.undo(job, actor=nora, now=NOON + timedelta(days=31))


# --- the list, the plan, the database ----------------------------------------------------


def test_a_plan_is_kept_and_read_again() -> None:
    for plan in (
        *PLANS.values(),
        Plan((Assign(7, "Nora"), PutOff(1, monday=True)), "reply", "Dear {{ x }}", "solved"),
        Plan(macro=3, name="Soon"),
        Plan(says="note", body="x"),
    ):
        assert plan_of(plan.as_json()) == plan


def test_of_twenty_thousand_and_one_the_last_is_left_out(nora: Actor, ten: list[Ticket]) -> None:
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO tickets_ticket (store_id, reference, customer_id, request, subject, state,"
            " priority, waiting_for, stage, channel, opened_at, updated_at, last_speaker,"
            " link_generation, last_seq, hold_reason)"
            " SELECT store_id, lpad(n::text, 8, '0'), customer_id, request, subject, state,"
            " priority, waiting_for, stage, channel, opened_at, updated_at, last_speaker,"
            " link_generation, last_seq, hold_reason"
            " FROM tickets_ticket, generate_series(1, 19991) n WHERE id = %s",
            [ten[0].pk],
        )
    ids = list(Ticket.objects.order_by("pk").values_list("pk", flat=True))
    assert len(ids) == bulk.MOST + 1
    job = bulk.start(
        Plan((Prioritise(0),)), ids, told="All", actor=nora, now=NOON, form_key=uuid.uuid4()
    )
    assert (job.cut, job.total, job.rows.count()) == (True, 20_000, 20_000)
    assert not job.rows.filter(ticket=ids[-1]).exists()


WRONG: dict[str, dict[str, Any]] = {
    "bulk_verb_known": {"verb": "explode"},
    "bulk_(state_known|ended_at)": {"state": "tired"},
    "bulk_has_rows": {"total": 0},
    "bulk_counts_fit": {"done": 8, "failed": 3},
    "bulk_done_is_complete": {"state": "done", "ended_at": NOON, "done": 9},
    "bulk_ended_at_its_end": {"ended_at": NOON},
    "bulk_runs_under_a_lease": {"state": "running"},
    "bulk_undo_names_what": {"verb": "undo"},
}


@pytest.mark.parametrize("name", WRONG)
def test_the_database_refuses(nora: Actor, ten: list[Ticket], name: str) -> None:
    job = start(Plan((Prioritise(0),)), ten, nora)
    with pytest.raises(IntegrityError, match=name), transaction.atomic():
        BulkJob.objects.filter(pk=job.pk).update(**WRONG[name])


def test_the_database_refuses_wrong_rows(nora: Actor, ten: list[Ticket]) -> None:
    job = start(Plan((Prioritise(0),)), ten, nora)
    found = job.rows.filter(ticket=ten[0])
    for name, wrong in (
        ("bulk_row_says_why", {"state": "failed"}),
        ("bulk_row_says_why", {"reason": "Because"}),
        ("bulk_row_state_known", {"state": "tired"}),
        ("bulk_row_once", {"ticket": ten[1]}),
    ):
        with pytest.raises(IntegrityError, match=name), transaction.atomic():
            found.update(**wrong)
    run_bulk.run_due(NOON)
    bulk.undo(job, actor=nora, now=NOON)
    with pytest.raises(IntegrityError, match="bulk_undone_once"), transaction.atomic():
        BulkJob.objects.create(
            user=job.user,
            verb="undo",
            told="",
            stores=job.stores,
            total=1,
            made_at=NOON,
            undoes=job,
        )


def test_a_chunk_is_a_few_statements_however_many_tickets_it_has(
    nora: Actor, kpopusa: Store, django_assert_max_num_queries: Callable[[int], Any]
) -> None:
    tickets = questions(kpopusa, 60)
    start(Plan((Prioritise(0), Retag(("vip",)))), tickets, nora)
    with django_assert_max_num_queries(45):
        run_bulk.run_due(NOON)


def test_what_runs_long_lets_others_in(nora: Actor, ten: list[Ticket], small: None) -> None:
    long = start(Plan((Prioritise(0),)), ten, nora)
    assert run_bulk.run_due(NOON, slice_seconds=0) == 0
    lease = run_bulk.take(NOON)
    assert lease is not None
    run_bulk.run(lease, lambda: NOON, lambda: False)
    short = start(Plan((Prioritise(1),)), ten[:1], nora)
    lease = run_bulk.take(NOON)  # what was never begun comes first
    assert lease is not None
    assert lease.job_id == short.pk
    run_bulk.run(lease, lambda: NOON)
    assert run_bulk.run_due(NOON) == 7
    assert counts(long) == ("done", 10, 0, 0)


def test_what_came_of_it_is_kept_for_half_a_year(nora: Actor, ten: list[Ticket]) -> None:
    job = start(Plan((Prioritise(0),)), ten, nora)
    run_bulk.run_due(NOON)
    bulk.undo(job, actor=nora, now=NOON + timedelta(days=10))
    run_bulk.run_due(NOON + timedelta(days=10))
    waits = start(Plan((Prioritise(1),)), ten, nora)
    events = Event.objects.count()
    # The change is kept as long as what names it.
    assert bulk.forget(NOON + timedelta(days=189)) == 0
    assert bulk.forget(NOON + timedelta(days=191)) == 2
    assert list(BulkJob.objects.all()) == [waits]
    assert BulkRow.objects.count() == 10
    assert Event.objects.count() == events
