"""Two at once on a ticket's clocks: real threads, real transactions, one outcome."""

from __future__ import annotations

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from tests.cast import NOON
from tests.test_races import at_once
from tickets.actions import targets, ticket_marks
from tickets.actions.talk import open_ticket, say
from tickets.actor import Actor
from tickets.deadlines import sweep
from tickets.models import Customer, Deadline, Event, Outbox, Store, Ticket, User

pytestmark = [pytest.mark.race, pytest.mark.django_db(transaction=True)]

LA = ZoneInfo("America/Los_Angeles")
EVENING = datetime(2026, 3, 5, 19, 45, tzinfo=LA)


@pytest.fixture
def asked(kpopusa: Store, mina: Customer) -> Ticket:
    targets.forget()
    return open_ticket(
        kpopusa,
        mina,
        order=None,
        request="other",
        subject="When do you open?",
        body="When do you open on Sundays?",
        actor=Actor.of_customer(mina),
        now=NOON,
    )


def live(ticket: Ticket, kind: str) -> int:
    rows = Deadline.objects.filter(ticket=ticket, kind=kind)
    return rows.filter(state__in=["pending", "overdue"]).count()


def test_a_reply_and_the_customers_words_leave_one_clock(asked: Ticket, agent: User) -> None:
    nora, mina = Actor.staff(agent), Actor.of_customer(asked.customer)
    later = NOON + timedelta(hours=1)
    at_once(
        lambda: say(asked, "Never.", kind="agent", actor=nora, now=later),
        lambda: say(asked, "Hello?", kind="customer", actor=mina, now=later),
        lambda: ticket_marks.set_priority(asked, 1, actor=nora, now=later),
    )
    asked.refresh_from_db()

    assert asked.answered_at == later
    assert live(asked, "first_target") == 0
    running = asked.resolve_due_at is not None
    assert live(asked, "resolve_target") == int(running)
    assert running == (asked.state == "open")
    assert (asked.resolve_left is None) == running
    cycles = Deadline.objects.filter(ticket=asked, kind="resolve_target").order_by("cycle")
    numbers = list(cycles.values_list("cycle", flat=True))
    assert numbers == list(range(1, len(numbers) + 1))


def test_four_sweeps_at_once_tell_of_a_miss_once(asked: Ticket, lead: User) -> None:
    at_once(*[lambda: sweep(EVENING)] * 4)
    asked.refresh_from_db()

    assert Event.objects.filter(kind="target_missed").count() == 1
    assert Outbox.objects.filter(to_user=lead).count() == 1
    assert asked.priority == 1
    assert live(asked, "first_target") == 1


def test_an_answer_in_the_minute_of_the_sweep_is_late_and_settled(
    asked: Ticket, agent: User, lead: User
) -> None:
    nora = Actor.staff(agent)
    at_once(
        lambda: say(asked, "Never.", kind="agent", actor=nora, now=EVENING),
        lambda: sweep(EVENING),
    )
    sweep(EVENING)
    asked.refresh_from_db()

    row = Deadline.objects.get(ticket=asked, kind="first_target")
    assert row.state == "met_late"
    missed = Event.objects.filter(kind="target_missed").count()
    assert missed in (0, 1)  # whoever came first
    assert Outbox.objects.filter(to_user=lead).count() == missed
    assert asked.next_due_at is None
