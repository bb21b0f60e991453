"""Merging, taking apart and splitting by the pages of the desk, and what the customer sees."""

from __future__ import annotations

import re
import uuid
from typing import Any

import pytest
from django.test import Client

from tests.cast import NOON
from tests.desk.talk import form, later, post, question
from tests.desk.test_ticket_queries import MOST, queries
from tests.desk.test_undo import press
from tickets import access
from tickets.actions import merging, talk
from tickets.actor import Actor
from tickets.models import (
    CustodyEntry,
    Customer,
    Deadline,
    Event,
    Evidence,
    Merge,
    Message,
    Outbox,
    Split,
    StaleDoc,
    Ticket,
    TicketLink,
    User,
)


@pytest.fixture
def first(mina: Customer) -> Ticket:
    return question(mina, "Is Dawn back?")


@pytest.fixture
def second(mina: Customer) -> Ticket:
    return question(mina, "Did you get my question?")


def at(ticket: Ticket, rest: str = "") -> str:
    return f"/desk/tickets/{ticket.reference}/{rest}"


def fresh(ticket: Ticket) -> Ticket:
    return Ticket.objects.get(pk=ticket.pk)


def merge(client: Client, ticket: Ticket, other: Ticket, way: str = "into") -> Any:
    typed = {"other": other.spoken_reference, "way": way, "seen": ticket.last_seq}
    return client.post(at(ticket, "merge/"), typed, follow=True)


def talked(html: str) -> list[str]:
    return re.findall(r'<div class="talk-text">(.*?)</div>', html, re.S)


def test_the_customers_other_conversations_are_offered(
    nora: Client, first: Ticket, second: Ticket, jo: Customer
) -> None:
    stranger = question(jo, "Something")
    page = nora.get(at(first, "merging/")).text
    assert f"{first.spoken_reference} into {second.spoken_reference}" in page
    assert f"{second.spoken_reference} into {first.spoken_reference}" in page
    assert stranger.spoken_reference not in page
    piece = nora.get(at(first, "merging/"), headers={"hx-request": "true"}).text
    assert second.spoken_reference in piece
    assert "<html" not in piece
    assert "Merge with another ticket" in nora.get(at(first) + "?card=marks").text


@pytest.mark.parametrize("way", ["into", "in"])
def test_merged_and_taken_back_by_the_bar(
    nora: Client, first: Ticket, second: Ticket, way: str
) -> None:
    source, target = (first, second) if way == "into" else (second, first)
    page = merge(nora, first, second, way)
    assert page.redirect_chain[-1][0] == at(target)
    assert talked(page.text) == ["Is Dawn back?", "Did you get my question?"]
    assert page.text.count(f"{source.spoken_reference}</span>") >= 1  # where it was said
    assert f"{source.spoken_reference} is a part of {target.spoken_reference} now" in page.text
    assert fresh(source).merged_into == target

    answer = press(nora, page)
    assert f"{source.spoken_reference} is on its own again." in answer.text
    assert fresh(source).merged_into is None
    left = "Did you get my question?" if target == second else "Is Dawn back?"
    assert talked(nora.get(at(target)).text) == [left]
    assert "It was undone already." in press(nora, page).text


def test_the_page_of_what_was_merged_leads_on_and_takes_apart(
    nora: Client, first: Ticket, second: Ticket
) -> None:
    merge(nora, first, second)
    page = nora.get(at(first)).text
    assert "Merged into" in page
    assert f'href="{at(second)}"' in page
    assert "data-compose" not in page
    assert talked(page) == ["Is Dawn back?"]
    answer = nora.post(at(first, "merge/undo/"), follow=True)
    assert "is on its own again" in answer.text
    assert "Merged into" not in answer.text
    assert "data-compose" in answer.text


def test_what_cannot_be_merged_is_told_in_words_and_nothing_is_lost(
    nora: Client, first: Ticket, jo: Customer
) -> None:
    other = question(jo)
    answer = merge(nora, first, other)
    assert answer.status_code == 409
    assert "Only tickets of the same customer become one. Link the two instead." in answer.text
    assert other.spoken_reference in answer.text
    answer = nora.post(at(first, "merge/"), {"other": "nonsense", "way": "into", "seen": 1})
    assert answer.status_code == 422
    assert "No ticket of yours has this reference." in answer.text
    assert not Merge.objects.exists()


def test_a_ticket_of_a_store_that_is_not_mine_is_none(
    nora: Client, first: Ticket, popmart: Any
) -> None:
    foreign = question(
        Customer.objects.create(store=popmart, email="a@b.test", email_key="a@b.test", name="A")
    )
    answer = merge(nora, first, foreign)
    assert answer.status_code == 422
    assert "No ticket of yours has this reference." in answer.text


def test_an_answer_written_on_the_one_that_goes_on_is_one_answer(
    nora: Client, first: Ticket, second: Ticket
) -> None:
    merge(nora, first, second)
    post(nora, fresh(second), body="Both are back.")
    assert later() == 1
    message = Message.objects.get(kind="agent")
    assert message.ticket == second
    assert Outbox.objects.filter(template="message").count() == 1


def test_a_reply_typed_on_the_page_of_the_merged_one_arrives(
    nora: Client, first: Ticket, second: Ticket
) -> None:
    typed = form(first, body="Soon back.")
    merge(nora, first, second)
    answer = nora.post(at(first, "messages/"), typed)
    assert answer.status_code == 409  # the page was older than the merge
    assert "Soon back." in answer.text
    answer = nora.post(at(first, "messages/"), {**typed, "seen": fresh(first).last_seq})
    assert answer.status_code == 302
    assert at(second) in answer["Location"]
    later()
    assert Message.objects.get(kind="agent").ticket == second


def test_long_conversations_are_laid_into_one_another_page_by_page(
    nora: Client, first: Ticket, second: Ticket, agent: User, mina: Customer
) -> None:
    for number in range(75):
        for ticket in (first, second):
            talk.assign(ticket, agent if number % 2 else None, actor=Actor.staff(agent), now=NOON)
            talk.say(
                ticket,
                f"{ticket.pk}/{number}",
                kind="customer",
                actor=Actor.of_customer(mina),
                now=NOON.replace(minute=number % 60, hour=20 + number // 60),
            )
    merging.merge(first, second, actor=Actor.staff(agent), now=NOON.replace(hour=22))
    html = nora.get(at(second)).text
    found = [html]
    while link := re.search(r'href="([^"]+/older/\?before=[^"]+)"', html):
        html = nora.get(link[1]).text
        found.append(html)
    words = [text for html in reversed(found) for text in talked(html)]
    numbers = [int(text.split("/")[1]) for text in words if "/" in text]
    assert numbers == sorted(numbers)
    assert len(words) == len(set(words)) == 2 * 75 + 2
    events = sum(html.count('class="talk-event"') for html in found)
    told = Event.objects.filter(ticket__in=[first, second]).exclude(kind="message_added")
    assert events == told.exclude(ticket=first, kind="merged").count()


def test_the_page_asks_no_more_of_the_database(nora: Client, first: Ticket, second: Ticket) -> None:
    alone = len(queries(nora, second))
    merge(nora, first, second)
    together = queries(nora, second)
    assert len(together) == alone <= MOST


# --- the customer -------------------------------------------------------------------------


def test_the_customer_has_one_page_by_either_link(
    client: Client, nora: Client, first: Ticket, second: Ticket
) -> None:
    old, link = access.link_for(first), access.link_for(second)
    merge(nora, first, second)
    post(nora, fresh(second), kind="note", body="A secret between us")
    assert client.get(old)["Location"] == link
    page = client.get(old, follow=True).text
    assert "Is Dawn back?" in page
    assert "Did you get my question?" in page
    assert "A secret between us" not in page
    for word in ("erge", first.spoken_reference):
        assert word not in re.sub(r"<script.*?</script>", "", page, flags=re.S)
    wrong = old.rsplit("/", 2)[0] + "/AAAAAAAAAAAAAAAAAAAAAAAA/"
    assert client.get(wrong).status_code == 404


def test_what_the_customer_writes_by_the_old_link_arrives(
    client: Client, nora: Client, first: Ticket, second: Ticket
) -> None:
    link = access.link_for(first)
    merge(nora, first, second)
    typed = {"body": "And now?", "form_key": str(uuid.uuid4())}
    answer = client.post(link + "say/", typed)
    assert answer["Location"] == access.link_for(second) + "#conversation"
    page = client.get(answer["Location"]).text
    assert "Your message is with us." in page
    assert "And now?" in page
    assert Message.objects.get(body="And now?").ticket == second
    assert Ticket.objects.count() == 2


# --- split --------------------------------------------------------------------------------


@pytest.fixture
def also(first: Ticket, mina: Customer) -> Message:
    """Something else, said in the same conversation, with a file."""
    message = talk.say(
        first, "By the way:\nwhere is #1234?", kind="customer",
        actor=Actor.of_customer(mina), now=NOON,
    )  # fmt: skip
    Evidence.objects.create(
        ticket=first,
        message=message,
        kind="attachment",
        file="evidence/label.pdf",
        original_name="label.pdf",
        size=8,
        began_at=NOON,
        completed_at=NOON,
    )
    return message


def test_a_message_becomes_a_ticket_of_its_own(
    nora: Client, first: Ticket, also: Message, agent: User
) -> None:
    StaleDoc.objects.all().delete()
    page = nora.get(at(first)).text
    assert f'href="{at(first, f"splitting/{also.pk}/")}"' in page
    assert "where is #1234?" in nora.get(at(first, f"splitting/{also.pk}/")).text

    answer = nora.post(at(first, f"split/{also.pk}/"), follow=True)
    new = Split.objects.get().target
    assert answer.redirect_chain[-1][0] == at(new)
    also.refresh_from_db()
    assert (also.ticket, also.at, also.body) == (new, NOON, "By the way:\nwhere is #1234?")
    file = Evidence.objects.get()
    assert (file.ticket, file.message) == (new, also)
    assert CustodyEntry.objects.filter(evidence=file).last().data["moved"] == {  # type: ignore[union-attr]  # it is there
        "from": first.reference,
        "to": new.reference,
    }
    assert (new.customer, new.order, new.request) == (first.customer, first.order, "other")
    assert (new.subject, new.state) == ("By the way:", "new")
    assert Deadline.objects.filter(ticket=new, kind="answer_due", state="pending").exists()
    assert TicketLink.objects.get().kind == "related"
    assert list(
        Event.objects.filter(ticket=first, kind="split_off").values_list("data__other")
    ) == [(new.reference,)]
    assert set(StaleDoc.objects.values_list("ticket", flat=True)) >= {first.pk, new.pk}
    assert talked(nora.get(at(first)).text) == ["Is Dawn back?"]
    assert not Outbox.objects.filter(event__ticket=new).exists()


def test_sent_twice_it_is_one_ticket(nora: Client, first: Ticket, also: Message) -> None:
    one = nora.post(at(first, f"split/{also.pk}/"))
    assert nora.post(at(first, f"split/{also.pk}/"))["Location"] == one["Location"]
    assert Split.objects.count() == 1
    assert Ticket.objects.count() == 2


def test_undone_the_message_is_back_and_the_new_one_a_part_of_the_old(
    nora: Client, client: Client, first: Ticket, also: Message, mina: Customer
) -> None:
    page = nora.post(at(first, f"split/{also.pk}/"), follow=True)
    new = Split.objects.get().target
    link = access.link_for(new)
    assert new.spoken_reference in client.get(access.link_for(first)).text
    talk.say(new, "Hello?", kind="customer", actor=Actor.of_customer(mina), now=NOON)

    answer = press(nora, page)
    assert answer.redirect_chain[-1][0] == at(first)
    also.refresh_from_db()
    assert also.ticket == first
    assert Evidence.objects.get().ticket == first
    assert fresh(new).merged_into == first
    assert not TicketLink.objects.exists()
    assert [text.replace("<br>", " ") for text in talked(answer.text)] == [
        "Is Dawn back?",
        "By the way: where is #1234?",
        "Hello?",
    ]
    assert client.get(link)["Location"] == access.link_for(first)
    assert "It was undone already." in press(nora, page).text
    assert "nothing is left" in nora.post(at(new, "merge/undo/"), follow=True).text


@pytest.mark.parametrize("which", ["agent", "only"])
def test_what_cannot_be_split_off_is_told(
    nora: Client, first: Ticket, also: Message, agent: User, which: str
) -> None:
    if which == "agent":
        said = talk.say(first, "Soon.", kind="agent", actor=Actor.staff(agent), now=NOON)
        words = "Only what the customer has said"
    else:
        said, words = also, "It is all that the customer has said here."
        Message.objects.filter(ticket=first).exclude(pk=also.pk).delete()
    answer = nora.post(at(first, f"split/{said.pk}/"))
    assert answer.status_code == 409
    assert words in answer.text
    assert not Split.objects.exists()


def test_a_message_of_another_ticket_is_not_found(
    nora: Client, first: Ticket, second: Ticket, also: Message
) -> None:
    assert nora.get(at(second, f"splitting/{also.pk}/")).status_code == 404
    assert nora.post(at(second, f"split/{also.pk}/")).status_code == 404
    assert not Split.objects.exists()
