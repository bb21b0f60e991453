"""Beside each other on the desk: the next ticket, who is here, two answers, handing over."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from tests.cast import NOON
from tests.desk.conftest import Clock
from tests.desk.errands import step
from tests.desk.talk import form, keep, later, page, post, question
from tests.desk.test_undo import press
from tickets.actions import merging, talk
from tickets.actions.handover import hand_over as hand_it_over
from tickets.actor import Actor
from tickets.models import (
    Customer,
    Event,
    Membership,
    Mention,
    Message,
    Outbox,
    Presence,
    ReplyDraft,
    Store,
    Ticket,
    User,
)

As = Callable[[User | None], Client]
SECOND = timedelta(seconds=1)


@pytest.fixture
def ticket(mina: Customer) -> Ticket:
    return question(mina)


@pytest.fixture
def omar(as_: As, second_agent: User) -> Client:
    return as_(second_agent)


def take(client: Client, query: str = "") -> Any:
    return client.post(f"/desk/next/{query}", follow=True)


# --- the next ticket ---------------------------------------------------------------------


def test_the_button_gives_the_next_ticket_and_a_way_back(
    nora: Client, agent: User, ticket: Ticket
) -> None:
    assert 'data-key="next"' in nora.get("/desk/").text
    answer = take(nora)
    assert answer.redirect_chain[-1][0] == f"/desk/tickets/{ticket.reference}/"
    assert "This is yours now." in answer.text
    ticket.refresh_from_db()
    assert ticket.assignee == agent
    press(nora, answer)
    ticket.refresh_from_db()
    assert ticket.assignee is None


def test_the_history_says_how_it_came(nora: Client, ticket: Ticket) -> None:
    take(nora)
    assert "taken as the next ticket" in page(nora, ticket)


def test_why_nothing_came_is_told(nora: Client, agent: User, ticket: Ticket, still: Clock) -> None:
    Membership.objects.filter(user=agent).update(skills=["defect"])
    assert "of kinds that are not among your skills" in take(nora).text
    Membership.objects.filter(user=agent).update(skills=[])
    press(nora, take(nora))
    still.at += timedelta(minutes=1)
    assert "given back within the hour" in take(nora).text
    still.at += timedelta(hours=1)
    take(nora)
    still.at += timedelta(minutes=1)
    answer = take(nora)
    assert "Nothing waits for somebody to take it" in answer.text
    assert answer.redirect_chain[-1][0] == "/desk/"


def test_who_only_looks_is_offered_none(as_: As, reader: User, ticket: Ticket) -> None:
    rita = as_(reader)
    assert 'data-key="next"' not in rita.get("/desk/").text
    assert rita.post("/desk/next/").status_code == 403
    ticket.refresh_from_db()
    assert ticket.assignee is None


def test_the_chosen_store_is_kept_to(
    nora: Client, agent: User, ticket: Ticket, popmart: Store
) -> None:
    Membership.objects.create(user=agent, store=popmart, role="agent")
    assert "?store=popmart" in nora.get("/desk/?store=popmart").text
    answer = take(nora, "?store=popmart")
    assert answer.redirect_chain[-1][0] == "/desk/?store=popmart"
    ticket.refresh_from_db()
    assert ticket.assignee is None


def test_skills_are_set_where_people_are(
    as_: As, agent: User, ticket: Ticket, nora: Client, still: Clock
) -> None:
    ada = as_(User.objects.create_superuser("ada@staff.test", "x", name="Ada"))
    address = f"/admin/tickets/user/{agent.pk}/change/"
    mine = Membership.objects.get(user=agent)
    shown = ada.get(address).text
    assert "Defect</option>" in shown
    typed = {
        "email": agent.email,
        "name": agent.name,
        "locale": "en",
        "is_active": "on",
        "memberships-TOTAL_FORMS": "1",
        "memberships-INITIAL_FORMS": "1",
        "memberships-0-id": mine.pk,
        "memberships-0-user": agent.pk,
        "memberships-0-store": mine.store_id,
        "memberships-0-role": "agent",
    }
    bad = ada.post(address, {**typed, "memberships-0-skills": ["no such kind"]})
    assert bad.status_code == 200
    skills = ["defect", "restock"]
    assert ada.post(address, {**typed, "memberships-0-skills": skills}).status_code == 302
    mine.refresh_from_db()
    assert mine.skills == skills
    assert ada.post(address, {**typed, "memberships-0-skills": ["defect"]}).status_code == 302
    assert "not among your skills" in take(nora).text
    assert ada.post(address, typed).status_code == 302
    assert "This is yours now." in take(nora).text


# --- who is here -------------------------------------------------------------------------


def ask(client: Client, ticket: Ticket, **told: Any) -> Any:
    """What the page asks every few seconds."""
    ticket.refresh_from_db()
    return client.post(
        f"/desk/tickets/{ticket.reference}/presence/", {"seen": ticket.last_seq, **told}
    )


def test_each_is_told_of_the_other(nora: Client, omar: Client, ticket: Ticket) -> None:
    assert ask(nora, ticket).text.strip() == ""
    answer = ask(omar, ticket)
    assert "Nora is looking" in answer.text
    assert "Omar" not in answer.text
    assert "Omar is looking" in ask(nora, ticket).text
    # And with the page itself, at its first sight.
    assert "Omar is looking" in page(nora, ticket)


def test_writing_is_told_and_ends(nora: Client, omar: Client, ticket: Ticket, still: Clock) -> None:
    ask(omar, ticket, typing="1")
    first = ask(nora, ticket)
    assert "Omar is writing a reply" in first.text
    still.at += 15 * SECOND
    ask(omar, ticket)
    assert "Omar is writing a reply" in ask(nora, ticket).text
    still.at += 16 * SECOND
    ask(omar, ticket)
    assert "Omar is looking" in ask(nora, ticket).text
    still.at += 41 * SECOND
    assert "Omar" not in ask(nora, ticket).text


def test_the_same_again_is_no_answer(nora: Client, omar: Client, ticket: Ticket) -> None:
    ask(omar, ticket)
    first = ask(nora, ticket)
    known = first["ETag"].strip('"')
    again = ask(nora, ticket, known=known)
    assert (again.status_code, again.content) == (204, b"")
    ask(omar, ticket, gone="1")
    assert not Presence.objects.filter(user__name="Omar").exists()
    now = ask(nora, ticket, known=known)
    assert (now.status_code, now.text.strip()) == (200, "")


def test_what_was_said_meanwhile_is_offered_and_moves_nothing(
    nora: Client, omar: Client, ticket: Ticket, mina: Customer, second_agent: User, agent: User
) -> None:
    ticket.refresh_from_db()
    seen = ticket.last_seq
    talk.assign(ticket, agent, actor=Actor.staff(agent), now=NOON)
    assert ask(nora, ticket, seen=seen).text.strip() == ""  # one's own doing is no news
    talk.assign(ticket, second_agent, actor=Actor.staff(second_agent), now=NOON)
    assert "Omar has changed something here." in ask(nora, ticket, seen=seen).text
    talk.say(ticket, "Hm.", kind="note", actor=Actor.staff(second_agent), now=NOON)
    assert "Omar has left a note." in ask(nora, ticket, seen=seen).text
    talk.say(ticket, "Soon.", kind="agent", actor=Actor.staff(second_agent), now=NOON)
    assert "Omar has answered." in ask(nora, ticket, seen=seen).text
    talk.say(ticket, "Thanks!", kind="customer", actor=Actor.of_customer(mina), now=NOON)
    told = ask(nora, ticket, seen=seen).text
    assert "The customer has written." in told
    assert f'href="/desk/tickets/{ticket.reference}/"' in told
    assert "Thanks!" not in told
    assert ask(nora, ticket).text.strip() == ""  # on a page that was read since
    for odd in ("", "x", "-1", "9" * 30, "²"):
        assert ask(nora, ticket, seen=odd).text.strip() == ""


def test_nobody_learns_of_a_ticket_that_is_not_theirs(
    as_: As, stranger: User, reader: User, omar: Client, ticket: Ticket
) -> None:
    ask(omar, ticket)
    answer = ask(as_(stranger), ticket)
    assert answer.status_code == 404
    assert not Presence.objects.filter(user=stranger).exists()
    # Who may only look is seen looking, and never writing.
    assert "Omar is looking" in ask(as_(reader), ticket, typing="1").text
    assert Presence.objects.get(user=reader).typing_at is None


def test_names_are_text(nora: Client, as_: As, second_agent: User, ticket: Ticket) -> None:
    User.objects.filter(pk=second_agent.pk).update(name="<b>Omar</b> {{ x }}")
    ask(as_(second_agent), ticket)
    told = ask(nora, ticket).text
    assert "&lt;b&gt;Omar&lt;/b&gt; {{ x }} is looking" in told
    assert "<b>" not in told


def test_a_crowd_is_counted(
    nora: Client, as_: As, person: Callable[..., User], kpopusa: Store, ticket: Ticket
) -> None:
    for number in range(8):
        ask(as_(person(f"agent{number}", kpopusa)), ticket)
    told = ask(nora, ticket).text
    assert told.count("is looking") == 5
    assert "and 3 more" in told


def test_asking_is_cheap_and_the_page_asks_nothing_more(
    nora: Client, omar: Client, ticket: Ticket
) -> None:
    ask(omar, ticket)
    known = ask(nora, ticket)["ETag"].strip('"')
    with CaptureQueriesContext(connection) as seen:
        ask(nora, ticket, known=known)
    # One of them is the test's own look at the ticket.
    assert len(seen.captured_queries) <= 8, "\n".join(
        one["sql"][:90] for one in seen.captured_queries
    )
    page(nora, ticket)
    with CaptureQueriesContext(connection) as seen:
        assert "Omar is looking" in page(nora, ticket)
    presence = [one for one in seen.captured_queries if "tickets_presence" in one["sql"]]
    assert len(presence) <= 1


# --- before two answers go out -----------------------------------------------------------


def alone(answer: Any) -> str:
    """Whom the page that came back says that its writer knows of."""
    mark = 'name="alone" value="'
    return answer.text.split(mark)[1].split('"')[0] if mark in answer.text else ""


def test_the_first_press_tells_and_the_second_sends(
    nora: Client, omar: Client, second_agent: User, ticket: Ticket, still: Clock
) -> None:
    keep(omar, ticket, "Dear Mina, it is")
    still.at += 20 * SECOND
    key = str(uuid.uuid4())
    answer = post(nora, ticket, body="It is back on Monday.", form_key=key)
    assert answer.status_code == 409
    assert "Omar is writing a reply here, too" in answer.text
    assert "20 seconds ago" in answer.text
    assert "Dear Mina" not in answer.text
    assert "It is back on Monday." in answer.text  # nothing that was typed is lost
    assert "Somebody was here before you" not in answer.text
    assert key in answer.text
    assert not ReplyDraft.objects.filter(send_at__isnull=False).exists()

    assert alone(answer) == str(second_agent.pk)
    again = post(nora, ticket, body="It is back on Monday.", form_key=key, alone=alone(answer))
    assert again.status_code == 302
    later(still.at)
    said = Message.objects.get(ticket=ticket, kind="agent")
    assert said.body == "It is back on Monday."
    # Omar's words are still his.
    assert ReplyDraft.objects.get(user=second_agent).body == "Dear Mina, it is"


def test_who_stopped_writing_a_minute_ago_stops_nobody(
    nora: Client, omar: Client, ticket: Ticket, still: Clock
) -> None:
    keep(omar, ticket, "Dear Mina")
    still.at += 61 * SECOND
    assert post(nora, ticket).status_code == 302


@pytest.mark.parametrize(("kind", "body"), [("note", "@Nora look"), ("agent", "   ")])
def test_a_note_or_nothing_is_no_second_answer(
    nora: Client, omar: Client, ticket: Ticket, kind: str, body: str
) -> None:
    keep(omar, ticket, body, kind=kind)
    assert post(nora, ticket).status_code == 302


def test_a_note_of_ones_own_waits_for_nobody(nora: Client, omar: Client, ticket: Ticket) -> None:
    keep(omar, ticket, "Dear Mina")
    assert post(nora, ticket, kind="note", body="Omar has it.").status_code == 302
    assert Message.objects.filter(kind="note").count() == 1


def test_a_third_one_who_begins_is_told_as_well(
    nora: Client, omar: Client, as_: As, lead: User, second_agent: User, ticket: Ticket
) -> None:
    keep(omar, ticket, "Dear Mina")
    first = post(nora, ticket)
    keep(as_(lead), ticket, "Hello Mina")
    second = post(nora, ticket, alone=alone(first))
    assert second.status_code == 409
    assert "are writing replies here, too" in second.text
    assert set(alone(second).split(",")) == {str(second_agent.pk), str(lead.pk)}
    assert post(nora, ticket, alone=alone(second)).status_code == 302


@pytest.mark.parametrize("typed", ["x", ",,,", "-1", "9" * 400, "1" * 600, "²", "<b>"])
def test_an_odd_word_in_its_place_is_no_knowledge(
    nora: Client, omar: Client, ticket: Ticket, typed: str
) -> None:
    keep(omar, ticket, "Dear Mina")
    assert post(nora, ticket, alone=typed).status_code in (409, 422)
    assert not ReplyDraft.objects.filter(send_at__isnull=False).exists()


# --- handing over ------------------------------------------------------------------------


def hand_over(client: Client, ticket: Ticket, to: User, note: str, **typed: Any) -> Any:
    answer = step(
        client,
        ticket,
        "assignee",
        assignee=to.pk,
        note=note,
        form_key=typed.pop("form_key", str(uuid.uuid4())),
    )
    return client.get(answer["Location"]) if answer.status_code == 302 else answer


def test_handed_over_with_a_word_in_one_step(
    nora: Client, agent: User, second_agent: User, ticket: Ticket
) -> None:
    talk.assign(ticket, agent, actor=Actor.staff(agent), now=NOON)
    answer = hand_over(nora, ticket, second_agent, "She calls back at 5.")
    ticket.refresh_from_db()
    assert ticket.assignee == second_agent
    note = Message.objects.get(ticket=ticket, kind="note")
    assert (note.body, note.author) == ("She calls back at 5.", agent)
    assert Mention.objects.get(message=note).user == second_agent
    mail = Outbox.objects.get(template="mentioned")
    assert mail.to_user == second_agent
    event = Event.objects.filter(ticket=ticket, kind="assigned").latest("seq")
    assert event.data["handover"] == note.pk
    assert not Outbox.objects.filter(template="message").exists()

    # The way back is of the assignment; the word stays.
    press(nora, answer)
    ticket.refresh_from_db()
    assert ticket.assignee == agent
    assert Message.objects.filter(pk=note.pk).exists()


def test_without_a_word_it_is_an_assignment_as_before(
    nora: Client, second_agent: User, ticket: Ticket
) -> None:
    hand_over(nora, ticket, second_agent, "   ")
    event = Event.objects.get(ticket=ticket, kind="assigned")
    assert "handover" not in event.data
    assert not Message.objects.filter(kind="note").exists()
    assert not Outbox.objects.filter(template="mentioned").exists()


def test_the_form_sent_twice_says_it_once(nora: Client, second_agent: User, ticket: Ticket) -> None:
    key = str(uuid.uuid4())
    for _time in range(2):
        hand_over(nora, ticket, second_agent, "She calls back.", form_key=key)
    assert Message.objects.filter(kind="note").count() == 1
    assert Event.objects.filter(kind="assigned").count() == 1
    assert Outbox.objects.filter(template="mentioned").count() == 1


def test_of_a_merged_ticket_it_goes_where_the_conversation_goes_on(
    agent: User, second_agent: User, ticket: Ticket, mina: Customer
) -> None:
    source = question(mina)
    merging.merge(source, ticket, actor=Actor.staff(agent), now=NOON)
    done = hand_it_over(source, second_agent, "She calls back.", actor=Actor.staff(agent), now=NOON)
    ticket.refresh_from_db()
    assert (ticket.assignee, Message.objects.get(kind="note").ticket) == (second_agent, ticket)
    assert done is not None
    assert done.ticket == ticket
    source.refresh_from_db()
    assert source.assignee is None


def test_to_oneself_or_to_nobody_calls_nobody(
    nora: Client, agent: User, second_agent: User, ticket: Ticket
) -> None:
    hand_over(nora, ticket, agent, "I take it.")
    assert not Mention.objects.exists()
    answer = step(
        nora, ticket, "assignee", assignee="", note="Whoever is free.", form_key=str(uuid.uuid4())
    )
    assert answer.status_code == 302
    ticket.refresh_from_db()
    assert ticket.assignee is None
    assert Message.objects.filter(kind="note").count() == 2
    assert not Mention.objects.exists()


def test_whom_the_word_names_is_called_as_well(
    nora: Client, second_agent: User, lead: User, ticket: Ticket
) -> None:
    hand_over(nora, ticket, second_agent, "As agreed with @Lena.")
    assert set(Mention.objects.values_list("user", flat=True)) == {second_agent.pk, lead.pk}


def test_who_cannot_have_it_gets_no_word_either(
    nora: Client, stranger: User, ticket: Ticket
) -> None:
    answer = hand_over(nora, ticket, stranger, "Please.")
    assert answer.status_code == 422
    assert "Please." in answer.text  # and what was typed is still there
    assert not Message.objects.filter(kind="note").exists()
    assert not Event.objects.filter(kind="assigned").exists()


def test_a_word_that_is_too_long_assigns_nobody(
    nora: Client, second_agent: User, ticket: Ticket
) -> None:
    answer = hand_over(nora, ticket, second_agent, "x" * 30_000)
    assert answer.status_code == 422
    ticket.refresh_from_db()
    assert ticket.assignee is None
    assert form(ticket)["seen"] == ticket.last_seq
