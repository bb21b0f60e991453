"""Who has a ticket open: one row each, true for seconds, and swept away."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.db import connection

from tests.cast import NOON
from tests.desk.talk import question
from tests.test_races import at_once
from tickets.actions import presence
from tickets.actor import Actor
from tickets.errors import NotAllowed
from tickets.models import Customer, Event, Presence, Ticket, User
from tickets.tidying import tidy

pytestmark = pytest.mark.django_db
QUARTER = timedelta(seconds=15)


@pytest.fixture
def ticket(mina: Customer) -> Ticket:
    return question(mina)


def test_looking_again_is_the_same_row(ticket: Ticket, agent: User) -> None:
    nora = Actor.staff(agent)
    presence.look(ticket, actor=nora, now=NOON, typing=True)
    presence.look(ticket, actor=nora, now=NOON + QUARTER)
    row = Presence.objects.get()
    # When they wrote last is kept: they may only have stopped to think.
    assert (row.seen_at, row.typing_at) == (NOON + QUARTER, NOON)
    presence.look(ticket, actor=nora, now=NOON + 2 * QUARTER, typing=True)
    assert Presence.objects.get().typing_at == NOON + 2 * QUARTER
    presence.leave(ticket, actor=nora)
    presence.leave(ticket, actor=nora)
    assert not Presence.objects.exists()


def test_it_is_no_part_of_the_story(ticket: Ticket, agent: User) -> None:
    before = Ticket.objects.values().get(pk=ticket.pk), Event.objects.count()
    presence.look(ticket, actor=Actor.staff(agent), now=NOON, typing=True)
    assert (Ticket.objects.values().get(pk=ticket.pk), Event.objects.count()) == before


def test_who_may_not_see_it_is_not_there(ticket: Ticket, stranger: User, reader: User) -> None:
    for user, typing in ((stranger, False), (reader, True)):
        with pytest.raises(NotAllowed):
            presence.look(ticket, actor=Actor.staff(user), now=NOON, typing=typing)
    assert not Presence.objects.exists()
    presence.look(ticket, actor=Actor.staff(reader), now=NOON)
    assert Presence.objects.get().user == reader


def test_what_is_over_is_swept(ticket: Ticket, agent: User, second_agent: User) -> None:
    presence.look(ticket, actor=Actor.staff(agent), now=NOON - timedelta(hours=2))
    presence.look(ticket, actor=Actor.staff(second_agent), now=NOON)
    tidy(NOON)
    assert Presence.objects.get().user == second_agent


def test_no_disk_waits_for_it() -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT relpersistence FROM pg_class WHERE relname = 'tickets_presence'")
        assert cursor.fetchone() == ("u",)


@pytest.mark.race
@pytest.mark.django_db(transaction=True)
def test_many_windows_at_once_are_one_person(ticket: Ticket, agent: User) -> None:
    nora = Actor.staff(agent)
    results = at_once(
        *[lambda: presence.look(ticket, actor=nora, now=NOON, typing=True)] * 6,
        *[lambda: presence.leave(ticket, actor=nora)] * 2,
    )
    assert results == [None] * 8
    assert Presence.objects.count() <= 1
