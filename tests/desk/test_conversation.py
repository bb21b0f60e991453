"""What was said on a ticket: by whom, by which way, and thousands of messages of it."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from tests.cast import NOON
from tests.desk.talk import form, later, page, post, question
from tickets.actions.talk import say
from tickets.actor import Actor
from tickets.models import (
    Claim,
    Customer,
    Event,
    Membership,
    Mention,
    Message,
    Outbox,
    ReplyDraft,
    Role,
    Ticket,
    User,
    Watcher,
)


@pytest.fixture
def ticket(mina: Customer) -> Ticket:
    return question(mina)


def grown(ticket: Ticket, number: int) -> Ticket:
    """A conversation that went on for long."""
    start = ticket.last_seq
    said = Message.objects.bulk_create(
        Message(
            ticket=ticket,
            kind="customer",
            body=f"word {n:05}",
            channel="page",
            at=NOON + timedelta(seconds=n),
        )
        for n in range(number)
    )
    Event.objects.bulk_create(
        Event(
            store=ticket.store,
            ticket=ticket,
            seq=start + n + 1,
            kind="message_added",
            at=message.at,
            actor_kind="customer",
            actor_customer=ticket.customer,
            data={"message": message.pk, "message_kind": "customer"},
        )
        for n, message in enumerate(said)
    )
    ticket.last_seq = start + number
    ticket.save()
    return ticket


def words(html: str) -> list[str]:
    return re.findall(r"word \d{5}", html)


def older_link(html: str) -> str:
    found = re.search(r'href="(/desk/tickets/[^"]+/older/\?before=[^"]+)"', html)
    return found[1] if found else ""


def test_ten_thousand_messages_are_read_a_hundred_at_a_time(nora: Client, ticket: Ticket) -> None:
    grown(ticket, 10_000)
    html = page(nora, ticket)
    shown = words(html)
    assert shown == [f"word {n:05}" for n in range(9_900, 10_000)]
    pages = 1
    while link := older_link(html):
        html = nora.get(link, headers={"hx-request": "true"}).text
        shown = words(html) + shown
        pages += 1
        if pages == 4:
            break
    assert shown == [f"word {n:05}" for n in range(9_600, 10_000)], "none twice, none left out"
    # Without a script the same link is a page of its own.
    whole = nora.get(link)
    assert whole.status_code == 200
    assert "To the newest" in whole.text
    assert len(words(whole.text)) == 100


def test_the_first_thing_said_is_on_the_last_page(nora: Client, ticket: Ticket) -> None:
    grown(ticket, 250)
    html, found = page(nora, ticket), []
    while link := older_link(html):
        html = nora.get(link).text
        found += words(html)
    assert "When is it back?" in html
    assert "Message received" in html
    assert len(found) == 150 + 1 - 1


def test_a_long_conversation_costs_no_more_queries_than_a_short_one(
    nora: Client, mina: Customer
) -> None:
    short, long = question(mina), grown(question(mina), 1_000)
    counts = []
    for one in (short, long):
        page(nora, one)
        with CaptureQueriesContext(
            connection,
        ) as asked:
            page(nora, one)
        counts.append(len(asked))
    assert counts[0] == counts[1]
    assert counts[0] <= 12
    with CaptureQueriesContext(connection) as first:
        html = nora.get(older_link(page(nora, long))).text
    assert older_link(html)
    assert len(first) <= 12 + counts[1]


@pytest.mark.parametrize(
    "typed",
    ["", "x", "1-2", "1-2-3-4", "-1-2-3", "9" * 30 + "-1-1", "1-99999999999999999-1", "²-1-1"],
)
def test_an_address_of_an_older_page_that_is_none_is_not_found(
    nora: Client, ticket: Ticket, typed: str
) -> None:
    path = f"/desk/tickets/{ticket.reference}/older/"
    assert nora.get(path, {"before": typed}).status_code == 404


def test_older_pages_are_for_those_who_may_see_the_ticket(
    as_: Any, stranger: User, ticket: Ticket
) -> None:
    grown(ticket, 120)
    path = f"/desk/tickets/{ticket.reference}/older/?before=200-1800000000000000-999999"
    assert as_(stranger).get(path).status_code == 404
    assert as_(None).get(path).status_code == 302


def test_who_spoke_by_which_way_and_when_is_told(nora: Client, agent: User, ticket: Ticket) -> None:
    mina, staff = Actor.of_customer(ticket.customer), Actor.staff(agent)
    say(ticket, "By mail.", kind="customer", actor=mina, now=NOON, channel="mail")
    say(ticket, "She called.", kind="note", actor=staff, now=NOON, channel="phone")
    say(ticket, "On the page.", kind="customer", actor=mina, now=NOON, channel="page")
    post(nora, ticket, body="Ours.")
    later()
    html = page(nora, ticket)
    assert "by telephone" in html
    assert html.count("by mail ·") == 2  # hers, and our answer
    assert "on the page of the request" in html
    assert "Internal note: only colleagues" in html
    assert "12:00" in html, "noon in Las Vegas"


# --- a reply and where the ticket stands after it -----------------------------------------------


@pytest.mark.parametrize(
    ("then", "state", "waits"),
    [
        ("", "waiting", "customer"),
        ("open", "open", ""),
        ("waiting", "waiting", "customer"),
        ("solved", "solved", ""),
    ],
)
def test_a_reply_says_where_the_ticket_stands(
    nora: Client, ticket: Ticket, then: str, state: str, waits: str
) -> None:
    assert post(nora, ticket, then_state=then).status_code == 302
    ticket.refresh_from_db()
    assert ticket.state == "new", "nothing has happened yet"
    assert later() == 1
    ticket.refresh_from_db()
    assert (ticket.state, ticket.waiting_for) == (state, waits)
    solved = Event.objects.filter(ticket=ticket, kind="ticket_solved").count()
    assert solved == (then == "solved")


def test_a_reply_cannot_solve_an_open_claim(nora: Client, ready: Claim) -> None:
    answer = post(nora, ready.ticket, body="It is done.", then_state="solved")
    assert answer.status_code == 409
    assert "Decide it first" in answer.text
    assert "It is done." in answer.text
    later()
    assert not Message.objects.exists()


def test_a_closed_conversation_is_not_answered(nora: Client, ticket: Ticket) -> None:
    Ticket.objects.filter(pk=ticket.pk).update(state="closed")
    answer = post(nora, ticket, body="Late words.")
    assert answer.status_code == 409
    assert "Late words." in answer.text
    assert post(nora, ticket, "note", "A note is fine.").status_code == 302
    later()
    assert list(Message.objects.filter(ticket=ticket).values_list("kind", flat=True)) == [
        "customer",
        "note",
    ]


# --- colleagues called by name -------------------------------------------------------------------


def test_a_colleague_called_by_name_watches_and_is_mailed_without_the_words(
    nora: Client, ticket: Ticket, agent: User, second_agent: User
) -> None:
    answer = post(nora, ticket, "note", "@Omar, is this true? She sounds odd.")
    assert answer.status_code == 302
    note = Message.objects.get(kind="note")
    assert Mention.objects.get().user == second_agent
    assert Watcher.objects.get(ticket=ticket).user == second_agent
    event = Event.objects.get(kind="message_added")
    assert event.data["mentions"] == [second_agent.pk]
    assert event.data["message"] == note.pk
    row = Outbox.objects.get(template="mentioned")
    assert (row.to_user, row.to_customer) == (second_agent, None)
    assert "Noted. Omar is told." in page(nora, ticket)


def test_calling_oneself_mails_nobody(nora: Client, ticket: Ticket) -> None:
    post(nora, ticket, "note", "@nora remember this")
    assert Mention.objects.count() == 1
    assert not Outbox.objects.filter(template="mentioned").exists()


def test_a_reply_to_a_customer_calls_nobody(
    nora: Client, ticket: Ticket, second_agent: User
) -> None:
    post(nora, ticket, "agent", "Write to @Omar, please.")
    later()
    assert not Mention.objects.exists()


def test_who_may_not_see_the_ticket_cannot_be_called(
    nora: Client, ticket: Ticket, stranger: User
) -> None:
    answer = post(nora, ticket, "note", "@Stan what do you think?")
    assert answer.status_code == 422
    assert "@Stan cannot see this ticket" in answer.text
    assert "@Stan what do you think?" in answer.text
    assert not Message.objects.filter(kind="note").exists()
    assert not Watcher.objects.exists()


def test_who_was_just_deactivated_cannot_be_called(
    nora: Client, ticket: Ticket, second_agent: User
) -> None:
    second_agent.is_active = False
    second_agent.save()
    answer = post(nora, ticket, "note", "@Omar look")
    assert answer.status_code == 422
    assert "cannot see this ticket" in answer.text
    assert not Outbox.objects.filter(template="mentioned").exists()


def test_a_word_that_calls_nobody_is_a_word_and_is_told(nora: Client, ticket: Ticket) -> None:
    answer = post(nora, ticket, "note", "She wrote to @popmart and to mina@example.com.")
    assert answer.status_code == 302
    html = page(nora, ticket)
    assert "Nobody who sees this ticket is called @popmart" in html
    assert "@example.com" not in html.split("talk-bubble is-note")[0]


def test_suggestions_are_colleagues_of_this_store(
    nora: Client, ticket: Ticket, second_agent: User, stranger: User, person: Any, as_: Any
) -> None:
    Membership.objects.create(user=person("mina kim"), store=ticket.store, role=Role.READ_ONLY)
    path = f"/desk/tickets/{ticket.reference}/colleagues/"
    assert nora.get(path, {"q": "om"}).json() == {"names": ["Omar"]}
    assert nora.get(path, {"q": "ki"}).json() == {"names": ["Mina Kim"]}
    assert nora.get(path, {"q": "sta"}).json() == {"names": []}
    assert {"Mina Kim", "Omar"} <= {*nora.get(path, {"q": ""}).json()["names"]}, "a bare @"
    assert nora.get(path, {"q": "%"}).json() == {"names": []}
    assert as_(stranger).get(path, {"q": "om"}).status_code == 404


# --- what people type ----------------------------------------------------------------------------


def test_five_megabytes_are_refused_in_words_and_kept(nora: Client, ticket: Ticket) -> None:
    paste = "포토카드 " * (5 * 1024 * 1024 // len("포토카드 ".encode()))
    assert len(paste.encode()) > 5_000_000
    answer = post(nora, ticket, "agent", paste)
    assert answer.status_code == 422
    assert "longer than 20000 characters" in answer.text
    assert paste[:1000] in answer.text
    assert answer.text.count("포토카드") >= len(paste) // 5
    assert not Message.objects.filter(kind="agent").exists()
    assert len(ReplyDraft.objects.get().body) == len(paste)


EVIL = "<script>alert(1)</script>"


def test_script_in_every_field_is_shown_as_text(nora: Client, agent: User, ticket: Ticket) -> None:
    ticket.customer.name = EVIL
    ticket.customer.save()
    agent.name = EVIL
    agent.save()
    post(nora, ticket, "note", EVIL)
    post(nora, ticket, "agent", EVIL)
    for html in (
        page(nora, ticket),
        nora.get("/desk/drafts/").text,
        post(nora, ticket, EVIL, EVIL, then_state=EVIL, touched=EVIL, pending=EVIL).text,
    ):
        assert "<script>alert" not in html
    later()
    assert "<script>alert" not in page(nora, ticket)
    assert "&lt;script&gt;alert" in page(nora, ticket)


def test_a_name_of_three_hundred_emoji_and_of_nothing_can_be_answered(
    nora: Client, ticket: Ticket
) -> None:
    ticket.customer.name = "🫠" * 200  # as long as the column; 300 were cut when they came in
    ticket.customer.save()
    assert post(nora, ticket, body="🫠" * 300).status_code == 302
    assert later() == 1
    assert "🫠" * 300 in page(nora, ticket)


@pytest.mark.parametrize(
    "typed",
    [
        {"kind": "customer"},
        {"kind": "system"},
        {"then_state": "closed"},
        {"form_key": "none"},
        {"seen": "-1"},
        {"body": "\x00"},
    ],
)
def test_a_form_that_no_page_made_says_nothing(
    nora: Client, ticket: Ticket, typed: dict[str, str]
) -> None:
    answer = nora.post(f"/desk/tickets/{ticket.reference}/messages/", {**form(ticket), **typed})
    assert answer.status_code == 422
    later()
    assert Message.objects.count() == 1
