"""A file that comes to a conversation which was thought to be over is seen by somebody."""

from __future__ import annotations

from datetime import timedelta

import pytest

from tests.cast import NOON, a_file, add_evidence
from tests.evidence.filing import question_of
from tickets.actions.add_evidence import take_in
from tickets.actions.check_evidence import settle
from tickets.actions.talk import say, set_solved
from tickets.actions.uploads import Place
from tickets.actor import Actor
from tickets.deadlines import sweep
from tickets.evidence import arrivals
from tickets.models import Customer, Deadline, Event, Ticket, User

DAY = timedelta(days=1)


@pytest.fixture
def question(mina: Customer) -> Ticket:
    """A question of Mina's, which is no claim."""
    return question_of(mina)


def retention() -> list[str]:
    rows = Deadline.objects.filter(kind="retention_due").order_by("pk")
    return [row.state for row in rows]


def test_a_customers_file_opens_it_again_and_is_kept(
    question: Ticket, mina: Customer, agent: User
) -> None:
    customer, staff = Actor.of_customer(mina), Actor.staff(agent)
    add_evidence(a_file("screenshot"), ticket=question, actor=customer, now=NOON)
    set_solved(question, actor=staff, now=NOON)
    eve = Deadline.objects.get(kind="retention_due").due_at - timedelta(hours=1)

    late = add_evidence(a_file("screenshot", eve, "b"), ticket=question, actor=customer, now=eve)
    sweep(eve + DAY)

    question.refresh_from_db()
    assert (question.state, question.last_speaker) == ("open", "customer")
    assert retention() == ["cancelled"]
    assert late is not None
    late.refresh_from_db()
    assert late.erased_at is None


def test_a_file_of_our_own_is_no_answer_of_the_customers(question: Ticket, agent: User) -> None:
    staff = Actor.staff(agent)
    say(question, "Which page?", kind="agent", actor=staff, now=NOON, form_key=None)

    add_evidence(a_file("screenshot"), ticket=question, actor=staff, now=NOON)

    question.refresh_from_db()
    assert (question.state, question.waiting_for) == ("waiting", "customer")
    assert question.last_speaker == "agent"
    assert Event.objects.filter(kind="file_ready").count() == 1


def test_a_file_that_went_before_it_was_looked_into_keeps_no_page_asking(
    question: Ticket, mina: Customer, agent: User
) -> None:
    film = take_in(
        a_file("screenshot").arrival, ticket=question, actor=Actor.of_customer(mina), now=NOON
    )
    set_solved(question, actor=Actor.staff(agent), now=NOON)
    due = Deadline.objects.get(kind="retention_due").due_at
    sweep(due)

    settle(film.pk, a_file().findings, now=due)  # a worker that was very late

    film.refresh_from_db()
    question.refresh_from_db()
    assert (film.state, film.erased_at) == ("received", due)
    assert question.state == "solved"
    assert not arrivals.moves(arrivals.look(Place(ticket=question), due))
