"""A customer answers on their page: with files, after it was solved, after its end."""

from __future__ import annotations

import uuid
from datetime import timedelta
from typing import Any

import pytest
from django.core.files.storage import default_storage
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from tests.cast import NOON
from tests.desk.talk import PDF, look_into_files, question
from tickets import access
from tickets.actions.talk import say, set_solved
from tickets.actor import Actor
from tickets.models import (
    Customer,
    Deadline,
    Event,
    Evidence,
    Message,
    Outbox,
    Ticket,
    TicketLink,
    User,
)


@pytest.fixture
def ticket(mina: Customer) -> Ticket:
    return question(mina)


def a_paper(name: str = "invoice.pdf", content: bytes = PDF) -> SimpleUploadedFile:
    return SimpleUploadedFile(name, content, "text/html")


def answer(web: Client, ticket: Ticket, body: str = "Here it is.", **typed: Any) -> Any:
    ticket.refresh_from_db()
    path = f"{access.link_for(ticket)}say/"
    return web.post(path, {"body": body, "form_key": str(uuid.uuid4()), **typed})


def test_an_answer_comes_with_its_files(web: Client, ticket: Ticket, agent: User) -> None:
    assert (
        answer(web, ticket, attachments=[a_paper(), a_paper("two.txt", b"word")]).status_code == 302
    )
    message = Message.objects.get(body="Here it is.")
    assert (message.kind, message.channel) == ("customer", "page")
    files = list(message.attachments.order_by("pk"))
    assert [file.original_name for file in files] == ["invoice.pdf", "two.txt"]
    assert {file.kind for file in files} == {"attachment"}
    html = web.get(access.link_for(ticket)).text
    assert "invoice.pdf" in html
    assert "being checked" in html
    look_into_files()
    html = web.get(access.link_for(ticket)).text
    assert "being checked" not in html
    assert (
        'id="h-evidence"' not in html
        or "invoice.pdf" not in html.split('id="h-evidence"')[1].split("</section>")[0]
    )
    assert Event.objects.get(kind="message_added").data["files"] == [file.pk for file in files]
    assert not Event.objects.filter(kind="file_ready").exists()
    other = question(ticket.customer)
    link = access.link_for(other).split("/")
    assert web.get(f"/uploads/t/{link[-3]}/{link[-2]}/{files[0].pk}/").status_code == 404


def test_a_harmful_file_is_told_and_the_words_stand(web: Client, ticket: Ticket) -> None:
    answer(web, ticket, attachments=[a_paper("tool.exe", b"MZ\x90\x00\x03\x00\x00\x00")])
    look_into_files()
    html = web.get(access.link_for(ticket)).text
    assert "Files of this kind cannot be sent" in html
    assert "Here it is." in html
    assert Outbox.objects.filter(template="file_refused").count() == 1


def test_the_same_form_twice_keeps_one_message_and_no_spare_file(
    web: Client, ticket: Ticket
) -> None:
    key = str(uuid.uuid4())
    for _twice in range(2):
        answer(web, ticket, form_key=key, attachments=[a_paper()])
    assert Message.objects.filter(body="Here it is.").count() == 1
    assert Evidence.objects.count() == 1
    assert len(default_storage.listdir("evidence/2026/03")[1]) == 1


@pytest.mark.parametrize(
    ("body", "files", "told"),
    [
        (" ", 1, "This field is required"),
        ("Eleven.", 11, "At most 10 files"),
    ],
)
def test_what_is_refused_keeps_the_words_and_no_file(
    web: Client, ticket: Ticket, body: str, files: int, told: str
) -> None:
    answered = answer(web, ticket, body, attachments=[a_paper(f"{n}.pdf") for n in range(files)])
    assert answered.status_code == 422
    assert told in answered.text
    assert body.strip() in answered.text
    assert not Evidence.objects.exists()
    assert not Message.objects.exclude(body="When is it back?").exists()


def test_five_megabytes_are_answered_in_words(web: Client, ticket: Ticket) -> None:
    answered = answer(web, ticket, "카드 " * 750_000)
    assert answered.status_code == 422
    assert "20000" in answered.text or "20,000" in answered.text
    assert "카드 카드" in answered.text


def test_a_solved_one_opens_again(web: Client, ticket: Ticket, agent: User) -> None:
    set_solved(ticket, actor=Actor.staff(agent), now=NOON)
    answer(web, ticket, "But it is not.", attachments=[a_paper()])
    ticket.refresh_from_db()
    assert (ticket.state, ticket.last_speaker) == ("open", "customer")


def test_a_closed_one_stays_closed_and_a_linked_one_begins(
    web: Client, ticket: Ticket, agent: User
) -> None:
    Ticket.objects.filter(pk=ticket.pk).update(state="closed", assignee=agent)
    page = web.get(access.link_for(ticket)).text
    assert "What you write here opens a new one" in page
    key = str(uuid.uuid4())
    first = answer(web, ticket, "It broke again.", form_key=key, attachments=[a_paper()])
    again = answer(web, ticket, "It broke again.", form_key=key, attachments=[a_paper()])
    assert first.status_code == again.status_code == 302
    new = Ticket.objects.exclude(pk=ticket.pk).get()
    assert first.url == again.url == access.link_for(new) + "#conversation"
    ticket.refresh_from_db()
    assert ticket.state == "closed"
    assert (new.state, new.customer, new.assignee) == ("new", ticket.customer, agent)
    assert new.subject == ticket.subject
    link = TicketLink.objects.get()
    assert (link.ticket, link.other, link.kind) == (new, ticket, "follow_up")
    assert Evidence.objects.get().message == new.messages.get()
    assert Evidence.objects.get().ticket == new
    assert Deadline.objects.filter(ticket=new, kind="answer_due").exists()
    assert Outbox.objects.filter(template="ticket_opened", event__ticket=new).count() == 1
    assert list(ticket.events.order_by("seq").values_list("kind", flat=True))[-1] == "linked"
    assert "linked" in new.events.values_list("kind", flat=True)
    assert "It broke again." in web.get(first.url).text


def test_a_closed_one_whose_agent_has_left_begins_with_nobody(
    web: Client, ticket: Ticket, agent: User
) -> None:
    User.objects.filter(pk=agent.pk).update(is_active=False)
    Ticket.objects.filter(pk=ticket.pk).update(state="closed", assignee=agent)
    answer(web, ticket, "It broke again.")
    assert Ticket.objects.exclude(pk=ticket.pk).get().assignee is None


def test_a_long_conversation_is_read_page_by_page(web: Client, ticket: Ticket) -> None:
    Message.objects.bulk_create(
        Message(
            ticket=ticket, kind="customer", body=f"word {n:03}", at=NOON + timedelta(seconds=n + 1)
        )
        for n in range(150)
    )
    html = web.get(access.link_for(ticket)).text
    assert "word 149" in html and "word 050" in html and "word 049" not in html
    older = html.split('href="?before=')[1].split("#")[0]
    html = web.get(f"{access.link_for(ticket)}?before={older}").text
    assert "word 049" in html and "word 050" not in html
    assert "When is it back?" in html
    assert web.get(f"{access.link_for(ticket)}?before=x-y").status_code == 200


def test_a_note_and_its_words_are_nowhere_on_the_page(
    web: Client, ticket: Ticket, agent: User
) -> None:
    say(ticket, "She sounds odd.", kind="note", actor=Actor.staff(agent), now=NOON)
    assert "She sounds odd." not in web.get(access.link_for(ticket)).text
