"""Many tickets at once: what is chosen, what is done to each, and what cannot be."""

from __future__ import annotations

import re
import uuid
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from tests.cast import NOON, make_customer
from tests.desk.bulk import begin, changed, counts, form_key, newest, questions, ticked, work
from tests.desk.errands import step
from tests.desk.talk import later, question
from tests.desk.test_undo import press
from tickets.actions import bulk, keep_macros, merging, talk
from tickets.actions.bulk_verbs import Plan, Prioritise
from tickets.actions.keep_macros import Wanted
from tickets.actor import Actor
from tickets.errors import InvalidInput
from tickets.models import (
    BulkJob,
    BulkRow,
    Claim,
    Customer,
    Event,
    Membership,
    Message,
    Outbox,
    ReplyDraft,
    Store,
    Ticket,
    TicketTag,
    User,
)
from tickets.search import docs

As = Callable[[User | None], Client]
AFTER = timedelta(seconds=20)  # nobody can take it back any more


@pytest.fixture
def five(kpopusa: Store) -> list[Ticket]:
    return questions(kpopusa, 5)


def again(tickets: list[Ticket]) -> list[Ticket]:
    for ticket in tickets:
        ticket.refresh_from_db()
    return tickets


def reasons(job: BulkJob) -> dict[int, str]:
    return dict(BulkRow.objects.filter(job=job).values_list("ticket_id", "reason"))


# --- from the list to the change ---------------------------------------------------------


def test_ticked_rows_are_changed_and_the_others_are_not(
    nora: Client, agent: User, five: list[Ticket]
) -> None:
    page = nora.get("/desk/?queue=questions")
    picks = re.findall(r'name="pick" value="(\d+)" aria-label="Tick (\S+)"', page.text)
    assert {(int(pk), said) for pk, said in picks} == {(t.pk, t.spoken_reference) for t in five}
    form = nora.get(f"/desk/bulk/new/?queue=questions&{ticked(five[:3])}")
    assert "Change 3 tickets" in form.text
    assert "3 ticked tickets" in form.text

    job = changed(nora, ticked(five[:3]), assign="me", priority=0, add_tags="vip, Dawn  version")
    assert counts(job) == ("done", 3, 0, 0)
    again(five)
    assert [(t.assignee, t.priority) for t in five] == [(agent, 0)] * 3 + [(None, 2)] * 2
    tags = TicketTag.objects.values_list("ticket_id", "tag__name")
    assert sorted(tags) == sorted((t.pk, n) for t in five[:3] for n in ("vip", "Dawn version"))
    for ticket in five[:3]:
        done = list(ticket.events.order_by("seq").values_list("kind", flat=True))
        assert done == ["ticket_opened", "assigned", "priority_set", "tagged"]
        marked = ticket.events.exclude(kind="ticket_opened")
        assert all(one.data["bulk"] == job.pk and one.actor_user == agent for one in marked)
    assert five[4].events.count() == 1


def test_the_history_says_that_it_was_one_of_several(
    nora: Client, as_: As, second_agent: User, five: list[Ticket]
) -> None:
    changed(nora, ticked(five[:2]), priority=0)
    words, whole = "together with other tickets", f'<a href="/desk/bulk/{newest().pk}/">'
    page = nora.get(f"/desk/tickets/{five[0].reference}/").text
    assert page.count(words) == page.count(whole) == 2  # in the conversation, and in all of it
    for_omar = as_(second_agent).get(f"/desk/tickets/{five[0].reference}/").text
    assert for_omar.count(words) == 2
    assert "/desk/bulk/" + str(newest().pk) not in for_omar  # it is not his to see
    assert words not in nora.get(f"/desk/tickets/{five[4].reference}/").text


def test_nothing_happens_before_the_worker_comes(nora: Client, five: list[Ticket]) -> None:
    answer = begin(nora, ticked(five), priority=0)
    assert "5 tickets are being changed." in answer.text
    assert "0 of 5" in answer.text
    assert {t.priority for t in again(five)} == {2}
    assert work() == 5
    assert {t.priority for t in again(five)} == {0}
    assert "5 of 5" in nora.get(f"/desk/bulk/{newest().pk}/").text


def test_pressed_twice_is_one_change(nora: Client, five: list[Ticket]) -> None:
    page = nora.get(f"/desk/bulk/new/?{ticked(five)}")
    sent = {"form_key": form_key(page), "priority": 0}
    there = [nora.post(f"/desk/bulk/start/?{ticked(five)}", sent)["Location"] for _n in range(2)]
    assert there[0] == there[1]
    assert BulkJob.objects.count() == 1
    work()
    assert Event.objects.filter(kind="priority_set").count() == 5


def test_all_that_a_queue_holds_is_written_down_when_it_begins(
    nora: Client, kpopusa: Store, five: list[Ticket]
) -> None:
    step(nora, five[0], "solution")
    begin(nora, "all=1&queue=questions", priority=1)
    late = questions(kpopusa, 1, "late")[0]
    work()
    assert newest().told == "Questions"
    assert [t.priority for t in again(five)] == [2, 1, 1, 1, 1]
    late.refresh_from_db()
    assert late.priority == 2


def test_all_of_a_list_that_is_narrowed_down(nora: Client, five: list[Ticket]) -> None:
    changed(nora, ticked(five[:2]), add_tags="vip")
    job = changed(nora, "all=1&tag=vip", priority=0)
    assert counts(job) == ("done", 2, 0, 0)
    nora.post("/desk/views/", {"name": "Important ones", "tag": "vip"})
    view = nora.get("/desk/").context["counts"].views[0].pk
    hidden = dict(
        re.findall(
            r'type="hidden" name="(tag|view)" value="([^"]*)"',
            nora.get(f"/desk/views/{view}/").text.split("data-bulk>")[1],
        )
    )
    assert hidden == {"view": str(view), "tag": "vip"}
    job = changed(nora, f"all=1&view={view}&tag=vip", priority=1)
    assert (counts(job), job.told) == (("done", 2, 0, 0), "Important ones")
    # What no index knows is looked for in stretches.
    assert counts(changed(nora, "all=1&type=restock", priority=3)) == ("done", 5, 0, 0)
    assert "No ticket is ticked" in nora.get("/desk/bulk/new/?all=1&tag=nowhere").text


def test_all_that_a_search_finds(nora: Client, kpopusa: Store, five: list[Ticket]) -> None:
    for n, ticket in enumerate(five):
        if n % 2:
            talk.say(
                ticket,
                "The zebra came broken.",
                kind="customer",
                now=NOON,
                actor=Actor.of_customer(ticket.customer),
            )
    docs.index_due()
    page = nora.get("/desk/search/?q=zebra")
    assert 'name="q" value="zebra"' in page.text.split("data-bulk>")[1]
    job = changed(nora, "all=1&q=zebra", add_tags="animals")
    assert (counts(job), job.told) == (("done", 2, 0, 0), "Search: zebra")


def test_at_most_twenty_thousand_and_it_says_so(
    nora: Client, five: list[Ticket], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tickets.actions.bulk.MOST", 4)
    monkeypatch.setattr("tickets.desk.bulk_choice.MOST", 4)
    page = nora.get("/desk/bulk/new/?all=1&queue=questions")
    assert "There are more than 4: the first 4 of the list are changed" in page.text
    job = changed(nora, "all=1&queue=questions", priority=0)
    assert counts(job) == ("done", 4, 0, 0)
    assert job.cut
    assert "the first 4 tickets were chosen" in nora.get(f"/desk/bulk/{job.pk}/").text


def test_somebody_elses_tickets_are_not_among_them(
    nora: Client, five: list[Ticket], popmart: Store
) -> None:
    theirs = question(make_customer(popmart, "p@example.com", "P"))
    job = changed(nora, ticked([five[0], theirs]), priority=0)
    assert list(job.rows.values_list("ticket_id", flat=True)) == [five[0].pk]
    assert "No ticket is ticked" in nora.get(f"/desk/bulk/new/?{ticked([theirs])}").text


@pytest.mark.parametrize(
    ("typed", "problem"),
    [
        ({}, "Choose what is to be changed."),
        ({"snooze": "tomorrow", "solve": "on"}, "What is solved is not put off."),
        ({"snooze": "days"}, "For how many days?"),
        ({"add_tags": "vip", "remove_tags": "VIP"}, "cannot be put on and taken off at once"),
        ({"add_tags": "x" * 41}, "at most 40 characters"),
        ({"says": "reply", "body": " "}, "Please write something."),
        ({"says": "reply", "body": "{{ first_nam }}"}, "Do you mean “{{ first_name }}”?"),
        ({"body": "Hello"}, "Say whether this is a reply or a note."),
        ({"priority": "7"}, "Select a valid choice"),
        ({"assign": "person-999999"}, "Select a valid choice"),
        ({"macro": "999999"}, "Select a valid choice"),
    ],
)
def test_what_can_be_done_nowhere_is_not_begun(
    nora: Client, five: list[Ticket], typed: dict[str, Any], problem: str
) -> None:
    page = nora.get(f"/desk/bulk/new/?{ticked(five)}")
    for way in ("start", "new"):
        sent = {"form_key": form_key(page), **typed}
        answer = nora.post(f"/desk/bulk/{way}/?{ticked(five)}", sent)
        assert answer.status_code == 422
        assert problem in answer.text.replace("&#x27;", "'")
    assert not BulkJob.objects.exists()


def test_the_preview_says_what_and_changes_nothing(nora: Client, five: list[Ticket]) -> None:
    page = nora.get(f"/desk/bulk/new/?{ticked(five)}")
    sent = {
        "form_key": form_key(page),
        "assign": "me",
        "snooze": "monday",
        "says": "reply",
        "body": "Dear {{ customer_name }}, about {{ order_number }}.",
    }
    answer = nora.post(f"/desk/bulk/new/?{ticked(five)}", sent)
    assert answer.status_code == 200
    for words in (
        "This happens to each of 5 tickets",
        "Assigned to Nora",
        "Put off until Monday",
        "Customer 0",
        "Missing on this ticket: The order number",
    ):
        assert words in answer.text
    assert form_key(answer) == sent["form_key"]
    assert not BulkJob.objects.exists()


def test_the_bar_takes_it_back(nora: Client, five: list[Ticket]) -> None:
    answer = begin(nora, ticked(five), priority=0)
    first = newest()
    work()
    back = press(nora, answer)
    assert "It is being taken back." in back.text
    assert f'href="/desk/bulk/{first.pk}/"' in back.text
    work()
    assert {ticket.priority for ticket in again(five)} == {2}
    assert counts(newest()) == ("done", 5, 0, 0)
    assert "Take it back" not in nora.get(f"/desk/bulk/{first.pk}/").text
    # Pressed again, in a window that still shows it: the same page, and nothing more.
    assert press(nora, answer).redirect_chain[-1][0] == f"/desk/bulk/{newest().pk}/"
    assert (BulkJob.objects.count(), work()) == (2, 0)


def test_ticks_cost_a_list_no_query(
    nora: Client, as_: As, reader: User, five: list[Ticket]
) -> None:
    asked = []
    for client in (nora, as_(reader)):
        client.get("/desk/?queue=questions")
        with CaptureQueriesContext(connection) as queries:
            client.get("/desk/?queue=questions")
        asked.append(len(queries))
    assert asked[0] == asked[1]


def test_who_only_looks_has_nothing_to_tick(as_: As, reader: User, five: list[Ticket]) -> None:
    page = as_(reader).get("/desk/?queue=questions").text
    assert five[0].spoken_reference in page
    assert "pick" not in page.split('id="middle"')[1]


# --- what cannot be done -----------------------------------------------------------------


def test_one_that_cannot_be_changed_says_why_and_holds_nobody_up(
    nora: Client, agent: User, five: list[Ticket], waiting: Claim, mina: Customer
) -> None:
    source, target = question(mina), question(mina)
    merging.merge(source, target, actor=Actor.staff(agent), now=NOON)
    step(nora, five[0], "solution")
    chosen = [*five, waiting.ticket, source]
    answer = begin(nora, ticked(chosen), solve="on")
    job = newest()
    talk.say(
        five[1],
        "One more thing!",
        kind="customer",
        now=NOON,
        actor=Actor.of_customer(five[1].customer),
    )
    work()
    assert counts(job) == ("done", 3, 1, 3)
    why = reasons(job)
    assert why[waiting.ticket.pk] == "The claim on this ticket is still open. Decide it first."
    assert why[source.pk] == "It was merged into another ticket: change that one."
    assert why[five[1].pk] == "The customer has written since you chose it: read that first."
    page = nora.get(answer.redirect_chain[-1][0]).text
    for ticket in (waiting.ticket, source, five[1]):
        assert f'href="/desk/tickets/{ticket.reference}/"' in page
        assert why[ticket.pk] in page
    assert [t.state for t in again(five)] == ["solved", "open"] + ["solved"] * 3


def test_rights_are_asked_again_when_it_is_done(
    nora: Client, agent: User, five: list[Ticket]
) -> None:
    begin(nora, ticked(five), priority=0)
    Membership.objects.filter(user=agent).update(role="read_only")
    work()
    assert counts(newest()) == ("done", 0, 0, 5)
    assert set(reasons(newest()).values()) == {"Your role does not allow this."}
    assert {t.priority for t in again(five)} == {2}


def test_a_person_of_another_store_is_given_nothing(
    nora: Client, as_: As, agent: User, five: list[Ticket], popmart: Store, person: Any
) -> None:
    Membership.objects.create(user=agent, store=popmart, role="agent")
    pia = person("pia", popmart)
    theirs = question(make_customer(popmart, "p@example.com", "P"))
    job = changed(nora, ticked([five[0], theirs]), assign=f"person-{pia.pk}", priority=0)
    assert counts(job) == ("done", 1, 0, 1)
    assert reasons(job)[five[0].pk] == "This person does not work in this store."
    five[0].refresh_from_db()
    assert (five[0].assignee, five[0].priority) == (None, 2)  # all of it, or nothing
    theirs.refresh_from_db()
    assert (theirs.assignee, theirs.priority) == (pia, 0)


def test_names_of_tags_are_shown_as_they_are(nora: Client, five: list[Ticket]) -> None:
    evil = '<script>alert("1")</script>'
    job = changed(nora, ticked(five[:1]), add_tags=f"{evil},' OR 1=1 --,{{{{ closes_at }}}}")
    assert counts(job) == ("done", 1, 0, 0)
    for page in (f"/desk/bulk/{job.pk}/", "/desk/bulk/"):
        text = nora.get(page).text
        assert evil not in text
        assert "&lt;script&gt;alert(&quot;1&quot;)&lt;/script&gt;" in text


# --- something said ----------------------------------------------------------------------


def test_a_reply_is_filled_for_each_and_leaves_as_every_reply(
    nora: Client, agent: User, five: list[Ticket]
) -> None:
    ReplyDraft.objects.create(ticket=five[0], user=agent, body="In hand", touched_at=NOON)
    job = changed(
        nora,
        ticked(five[:3]),
        says="reply",
        body="Dear {{ customer_name }}, soon.",
        add_tags="told",
        solve="on",
    )
    assert counts(job) == ("done", 3, 0, 0)
    assert not Message.objects.filter(kind="agent").exists()  # it can still be taken back
    assert later(by=AFTER) == 3
    said = Message.objects.filter(kind="agent").order_by("ticket_id")
    assert [one.body for one in said] == [f"Dear Customer {n}, soon." for n in range(3)]
    assert Outbox.objects.filter(template="message").count() == 3
    assert [t.state for t in again(five[:3])] == ["solved"] * 3
    assert ReplyDraft.objects.get().body == "In hand"


def test_a_value_that_is_missing_stops_that_ticket_alone(
    nora: Client, five: list[Ticket], waiting: Claim, lead: User
) -> None:
    wanted = Wanted("Order", "agent", {"en": "Your order {{ order_number }}"}, add_tags=["told"])
    macro = keep_macros.make(five[0].store, wanted, shared=True, actor=Actor.staff(lead), now=NOON)
    chosen = ticked([*five, waiting.ticket])
    job = changed(nora, chosen, macro=macro.pk)
    assert counts(job) == ("done", 1, 0, 5)
    assert set(reasons(job).values()) - {""} == {
        "Missing on this ticket: The order number. Use the text and say it in your own words."
    }
    assert TicketTag.objects.filter(tag__key="told").count() == 1
    assert Event.objects.filter(kind="macro_used").count() == 1
    assert later(by=AFTER) == 1
    assert Message.objects.get(kind="agent").body == "Your order #1042"


def test_a_note_is_for_colleagues(nora: Client, five: list[Ticket]) -> None:
    job = changed(nora, ticked(five), says="note", body="Asked the supplier.", priority=1)
    assert counts(job) == ("done", 5, 0, 0)
    assert Message.objects.filter(kind="note", body="Asked the supplier.").count() == 5
    assert not Outbox.objects.filter(template="message").exists()
    assert {t.priority for t in again(five)} == {1}


def test_who_is_answering_is_not_talked_over(
    nora: Client, second_agent: User, five: list[Ticket]
) -> None:
    ReplyDraft.objects.create(ticket=five[0], user=second_agent, body="Soo", touched_at=NOON)
    job = changed(nora, ticked(five[:2]), says="reply", body="Soon.")
    assert counts(job) == ("done", 1, 0, 1)
    assert reasons(job)[five[0].pk] == "Somebody else is writing a reply here."


# --- whose it is -------------------------------------------------------------------------


def test_a_change_is_its_makers_and_their_leads(
    nora: Client,
    as_: As,
    agent: User,
    second_agent: User,
    lead: User,
    stranger: User,
    five: list[Ticket],
) -> None:
    begin(nora, ticked(five), priority=0)
    place = f"/desk/bulk/{newest().pk}/"
    for other in (second_agent, stranger):
        client = as_(other)
        assert client.get(place).status_code == 404
        assert client.get(f"{place}?piece=1").status_code == 404
        assert client.post(f"{place}stop/").status_code == 404
        assert client.post(f"{place}undo/").status_code == 404
        assert "5 ticked tickets" not in client.get("/desk/bulk/").text
    lena = as_(lead)
    assert lena.get(place).status_code == 200
    assert "5 ticked tickets" in lena.get("/desk/bulk/").text
    lena.post(f"{place}undo/")
    assert BulkJob.objects.count() == 1  # what somebody did is theirs to take back
    assert "Stopped." in lena.post(f"{place}stop/", follow=True).text
    assert counts(newest()) == ("stopped", 0, 0, 0)
    # A job that holds tickets of a store that is not hers is not hers to see.
    BulkJob.objects.update(stores=[five[0].store_id, stranger.memberships.get().store_id])
    assert lena.get(place).status_code == 404


def test_the_form_of_one_is_no_job_of_another(
    nora: Client, as_: As, second_agent: User, five: list[Ticket]
) -> None:
    begin(nora, ticked(five), priority=0)
    sent = {"form_key": str(newest().form_key), "priority": 1}
    answer = as_(second_agent).post(f"/desk/bulk/start/?{ticked(five)}", sent)
    assert answer.status_code == 409
    assert BulkJob.objects.count() == 1


# --- how far it is -----------------------------------------------------------------------


def test_the_page_tells_how_far_it_is_and_ends_asking(nora: Client, five: list[Ticket]) -> None:
    answer = begin(nora, ticked(five), priority=0)
    place = answer.redirect_chain[-1][0]
    assert "every 2s" in answer.text
    piece = nora.get(f"{place}?piece=1")
    assert "HX-Refresh" not in piece.headers
    work()
    piece = nora.get(f"{place}?piece=1")
    assert piece.headers["HX-Refresh"] == "true"
    assert "every 2s" not in piece.text
    assert '<progress class="bulk-progress" id="bulk-bar" max="5" value="5">' in piece.text


def test_what_came_of_it_is_read_in_pages(
    nora: Client, kpopusa: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tickets.desk.bulk.ROWS", 4)
    tickets = questions(kpopusa, 10)
    job = changed(nora, ticked(tickets), priority=2)  # it is so already
    assert counts(job) == ("done", 0, 10, 0)
    assert "Nothing has gone wrong." in nora.get(f"/desk/bulk/{job.pk}/?show=failed").text
    seen: list[str] = []
    way = f"/desk/bulk/{job.pk}/"  # where nothing has gone wrong, all of them
    while way:
        text = nora.get(way).text
        seen += re.findall(r'<li class="is-unchanged"><a href="/desk/tickets/(\w+)/"', text)
        found = re.search(r'rel="next" href="([^"]+)"', text)
        way = f"/desk/bulk/{job.pk}/{found[1]}".replace("&amp;", "&") if found else ""
    assert seen == [ticket.reference for ticket in tickets]


@pytest.mark.parametrize("typed", ["x", "-1", "9" * 30, "²", ""])
def test_pages_that_nobody_offered_begin_at_the_top(
    nora: Client, five: list[Ticket], typed: str
) -> None:
    job = changed(nora, ticked(five), priority=0)
    assert nora.get(f"/desk/bulk/{job.pk}/?show=all&after={typed}").status_code == 200
    assert nora.get(f"/desk/bulk/?below={typed}").status_code == 200
    assert "No ticket is ticked" in nora.get(f"/desk/bulk/new/?pick={typed}").text


def test_actions_refuse_what_no_form_sends(agent: User, five: list[Ticket]) -> None:
    with pytest.raises(InvalidInput):
        bulk.start(
            Plan((Prioritise(9),)),
            [five[0].pk],
            told="",
            actor=Actor.staff(agent),
            now=NOON,
            form_key=uuid.uuid4(),
        )
