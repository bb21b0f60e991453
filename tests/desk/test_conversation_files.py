"""Files that go with what is said: checked before they go, never evidence, and never a note's."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.core.files.storage import default_storage
from django.test import Client

from tests.cast import NOON, Story
from tests.desk.talk import (
    PDF,
    TEN,
    a_paper,
    found_good,
    found_harmful,
    later,
    look_into_files,
    page,
    post,
    question,
)
from tests.evidence.filing import body
from tests.evidence_files import make_photo
from tickets import access
from tickets.actor import Actor
from tickets.errors import InvalidInput
from tickets.evidence import links
from tickets.facts import facts_of_claim
from tickets.models import (
    Claim,
    CustodyEntry,
    Customer,
    Event,
    Evidence,
    Message,
    Outbox,
    ReplyDraft,
    Ticket,
    User,
)
from tickets.tidying import tidy


@pytest.fixture(autouse=True)
def own_storage(settings: Any, tmp_path: Any) -> None:
    """What is attached lies in this test's own directory."""
    settings.STORAGES = {
        **settings.STORAGES,
        "default": {
            "BACKEND": "django.core.files.storage.FileSystemStorage",
            "OPTIONS": {"location": str(tmp_path / "media"), "base_url": None},
        },
    }


@pytest.fixture
def ticket(mina: Customer) -> Ticket:
    return question(mina)


def upload(client: Client, ticket: Ticket, *files: Any) -> Any:
    """As the script does, when a file is chosen."""
    return client.post(
        f"/uploads/?ticket={ticket.reference}&kind=attachment",
        {"file": list(files)},
        headers={"accept": "application/json"},
    )


def status_page(ticket: Ticket) -> Any:
    ticket.refresh_from_db()
    return Client().get(access.link_for(ticket))


def test_a_paper_goes_with_a_reply_and_is_only_saved(nora: Client, ticket: Ticket) -> None:
    assert upload(nora, ticket, a_paper()).status_code == 201
    file = Evidence.objects.get()
    assert (file.kind, file.state) == ("attachment", "received")
    assert (file.claim, file.message) == (None, None)
    assert file.reply == ReplyDraft.objects.get()
    assert "being checked" in page(nora, ticket)
    look_into_files()
    file.refresh_from_db()
    assert (file.state, file.content_type, file.width) == ("ready", "application/pdf", None)
    assert not Event.objects.exclude(kind="ticket_opened").exists(), "no page is out of date"
    assert post(nora, ticket, body="The label is attached.").status_code == 302
    assert later() == 1
    file.refresh_from_db()
    message = Message.objects.get(kind="agent")
    assert (file.message, file.reply) == (message, None)
    assert Event.objects.get(kind="message_added").data["files"] == [file.pk]
    assert list(CustodyEntry.objects.values_list("act", flat=True)) == ["filed"]
    shown = page(nora, ticket)
    assert "label.pdf" in shown
    assert 'id="evidence"' not in shown, "it is no evidence, and has no card"
    answer = status_page(ticket)
    assert "label.pdf" in answer.text
    link = access.link_for(ticket).split("/")
    got = Client().get(f"/uploads/t/{link[-3]}/{link[-2]}/{file.pk}/", follow=True)
    assert got.status_code == 200
    assert got["Content-Disposition"].startswith("attachment")
    assert got["Content-Type"] == "application/octet-stream"
    assert body(got) == PDF


@pytest.mark.parametrize(
    ("name", "content", "content_type"),
    [
        ("note.txt", "포토카드\nÜber".encode(), "text/plain"),
        ("old.txt", "\ufeffword".encode("utf-16"), "text/plain"),
        ("free.txt", b"The free words of a text", "text/plain"),
        ("page.html", b"<script>alert(1)</script>", "text/plain"),
        ("table.csv", b"a;b\r\n1;2\r\n", "text/plain"),
        ("paper.docx", b"PK\x03\x04\x14\x00....[Content_Types].xml....", "officedocument"),
        ("card.jpg", make_photo(), "image/jpeg"),
    ],
)
def test_what_people_send_each_other_is_taken(
    nora: Client, ticket: Ticket, name: str, content: bytes, content_type: str
) -> None:
    upload(nora, ticket, a_paper(name, content))
    look_into_files()
    file = Evidence.objects.get()
    assert file.state == "ready", file.problem
    assert content_type in file.content_type
    actor = Actor.staff(file.uploaded_by)  # type: ignore[arg-type]  # Nora
    got = nora.get(links.link(file, "original", actor=actor, now=NOON))
    inline = got["Content-Disposition"].startswith("inline")
    assert inline == (name == "card.jpg")
    assert got["X-Content-Type-Options"] == "nosniff"


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("label.pdf", b"MZ\x90\x00\x03\x00\x00\x00\x04\x00\x00\x00"),
        ("tool", b"\x7fELF\x02\x01\x01\x00\x00\x00"),
        ("all.zip", b"PK\x03\x04\x14\x00\x00\x00\x00\x00evil.exe\x00\x00"),
    ],
)
def test_what_nobody_can_read_is_refused_and_holds_the_reply(
    nora: Client, ticket: Ticket, name: str, content: bytes
) -> None:
    upload(nora, ticket, a_paper(name, content))
    look_into_files()
    assert Evidence.objects.get().problem == "not_sendable"
    answer = post(nora, ticket, body="See this.")
    assert answer.status_code == 422
    assert "cannot be sent. Please remove it" in answer.text
    assert "See this.</textarea>" in answer.text
    assert later() == 0
    assert not Message.objects.filter(kind="agent").exists()


def test_a_harmful_file_is_not_sent_even_when_it_is_found_in_the_last_second(
    nora: Client, ticket: Ticket
) -> None:
    upload(nora, ticket, a_paper())
    assert post(nora, ticket, body="See this.").status_code == 302
    found_harmful(Evidence.objects.get())
    assert later() == 0
    draft = ReplyDraft.objects.get()
    assert draft.send_at is None
    assert "virus scanner" in draft.last_error
    assert not Message.objects.filter(kind="agent").exists()
    assert not Outbox.objects.filter(template="message").exists()
    assert draft.attachments.count() == 1
    assert "This was not sent" in page(nora, ticket)


def test_a_reply_waits_for_the_check_of_its_file(nora: Client, ticket: Ticket) -> None:
    upload(nora, ticket, a_paper())
    post(nora, ticket)
    assert later() == 0
    assert later(by=TEN + timedelta(seconds=5)) == 0
    found_good(Evidence.objects.get())
    assert later(by=TEN + timedelta(seconds=10)) == 1
    assert Message.objects.get(kind="agent").attachments.count() == 1


def test_a_check_that_never_ends_gives_the_reply_back(nora: Client, ticket: Ticket) -> None:
    upload(nora, ticket, a_paper())
    post(nora, ticket)
    assert later(by=timedelta(minutes=3)) == 0
    assert "still being checked" in ReplyDraft.objects.get().last_error


def test_a_file_whose_bytes_are_still_coming_holds_the_reply(nora: Client, ticket: Ticket) -> None:
    begun = nora.post(
        f"/uploads/tus/?ticket={ticket.reference}&kind=attachment",
        b"",
        content_type="application/offset+octet-stream",
        headers={
            "tus-resumable": "1.0.0",
            "upload-length": "1000",
            "upload-metadata": "filename bGFiZWwucGRm",
        },
    )
    assert begun.status_code == 201, begun.text
    answer = post(nora, ticket)
    assert answer.status_code == 422
    assert "“label.pdf” has not arrived completely yet" in answer.text


def test_without_a_script_file_and_words_come_in_one_form(nora: Client, ticket: Ticket) -> None:
    assert post(nora, ticket, attachments=[a_paper(), a_paper("two.pdf")]).status_code == 302
    look_into_files()
    assert later() == 1
    names = Evidence.objects.order_by("pk").values_list("original_name", flat=True)
    assert list(names) == ["label.pdf", "two.pdf"]
    assert Message.objects.get(kind="agent").attachments.count() == 2


def test_a_refused_form_loses_neither_words_nor_files(nora: Client, ticket: Ticket) -> None:
    answer = post(nora, ticket, body=" ", attachments=[a_paper()])
    assert answer.status_code == 422
    assert Evidence.objects.get().reply is not None
    assert "label.pdf" in answer.text
    many = post(nora, ticket, body="Eleven", attachments=[a_paper(f"{n}.pdf") for n in range(11)])
    assert many.status_code == 422
    assert "At most 10 files" in many.text
    assert "Eleven</textarea>" in many.text
    assert Evidence.objects.count() == 1
    assert len(default_storage.listdir("evidence/2026/03")[1]) == 1


def test_one_too_large_is_told_by_its_name(
    nora: Client, ticket: Ticket, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tickets.evidence.attaching.MAX_BYTES", 100)
    answer = post(nora, ticket, body="Big.", attachments=[a_paper("big.pdf", PDF * 10)])
    assert answer.status_code == 422
    assert "“big.pdf” is too large" in answer.text
    assert "Big.</textarea>" in answer.text
    assert not Evidence.objects.exists()


def test_a_file_is_taken_out_again_and_leaves_nothing(nora: Client, ticket: Ticket) -> None:
    upload(nora, ticket, a_paper())
    file = Evidence.objects.get()
    name = str(file.file.name)
    assert default_storage.exists(name)
    path = f"/desk/tickets/{ticket.reference}/draft/files/{file.pk}/removal/"
    for _twice in range(2):
        assert nora.post(path).status_code == 302
    assert not Evidence.objects.exists()
    assert not default_storage.exists(name)


def test_nobody_takes_out_or_opens_what_another_is_about_to_send(
    nora: Client, as_: Callable[[User], Client], second_agent: User, ticket: Ticket
) -> None:
    upload(nora, ticket, a_paper())
    file = Evidence.objects.get()
    omar = as_(second_agent)
    omar.post(f"/desk/tickets/{ticket.reference}/draft/files/{file.pk}/removal/")
    assert Evidence.objects.exists()
    assert omar.get(f"/uploads/{file.pk}/").status_code == 404
    assert nora.get(f"/uploads/{file.pk}/").status_code == 302
    assert not CustodyEntry.objects.exists(), "nothing was filed yet"


def test_what_was_sent_is_not_taken_out(nora: Client, ticket: Ticket) -> None:
    post(nora, ticket, attachments=[a_paper()])
    look_into_files()
    later()
    file = Evidence.objects.get()
    nora.post(f"/desk/tickets/{ticket.reference}/draft/files/{file.pk}/removal/")
    assert Evidence.objects.filter(pk=file.pk, message__isnull=False).exists()


def test_taken_back_the_files_are_in_the_composer_again(nora: Client, ticket: Ticket) -> None:
    post(nora, ticket, attachments=[a_paper()])
    draft = ReplyDraft.objects.get()
    nora.post(f"/desk/tickets/{ticket.reference}/pending/{draft.pk}/undo/")
    piece = nora.get(f"/desk/tickets/{ticket.reference}/draft/files/")
    assert "label.pdf" in piece.text
    assert piece["X-Look-Again"] == "1"


def test_files_that_nobody_sends_go_with_their_draft(nora: Client, ticket: Ticket) -> None:
    upload(nora, ticket, a_paper())
    ReplyDraft.objects.all().delete()
    tidy(NOON + timedelta(hours=1))
    assert Evidence.objects.count() == 1
    tidy(NOON + timedelta(days=2))
    assert not Evidence.objects.exists()


# --- an internal note ---------------------------------------------------------------------------


def test_what_is_attached_to_a_note_never_reaches_the_customer(
    nora: Client, agent: User, second_agent: User, as_: Callable[[User], Client], ticket: Ticket
) -> None:
    post(nora, ticket, "note", "Look at this.", attachments=[a_paper("inside.pdf")])
    look_into_files()
    assert later() == 1
    file = Evidence.objects.get()
    assert file.message is not None and file.message.kind == "note"
    answer = status_page(ticket)
    assert "inside.pdf" not in answer.text
    assert "Look at this." not in answer.text
    link = access.link_for(ticket).split("/")
    theirs = f"/uploads/t/{link[-3]}/{link[-2]}/{file.pk}/"
    assert Client().get(theirs).status_code == 404
    forged = links.link(file, "original", actor=Actor.of_customer(ticket.customer), now=NOON)
    assert Client().get(forged).status_code == 404
    state = Client().get(f"/uploads/state/?ticket={link[-3]}&token={link[-2]}")
    assert "inside.pdf" not in state.text
    assert not access.evidence_for(Actor.of_customer(ticket.customer)).exists()
    assert not Outbox.objects.exclude(template="ticket_opened").exists()
    # Colleagues open it.
    assert as_(second_agent).get(f"/uploads/{file.pk}/").status_code == 302
    assert "inside.pdf" in page(as_(second_agent), ticket)


# --- no evidence -----------------------------------------------------------------------------


def test_a_file_attached_proves_nothing(nora: Client, story: Story) -> None:
    claim = story.file("missing_photocard", opened=True)
    before = facts_of_claim(claim)
    film = a_paper("unboxing.jpg", make_photo())
    post(nora, claim.ticket, attachments=[film])
    look_into_files()
    later()
    claim.refresh_from_db()
    assert Evidence.objects.get().state == "ready"
    assert facts_of_claim(claim).evidence == before.evidence == ()
    assert claim.state == "awaiting_evidence"
    html = page(nora, claim.ticket)
    assert "Nothing has been handed in yet." in html
    assert not Event.objects.filter(kind__in=["file_ready", "evidence_added"]).exists()
    assert "unboxing.jpg" not in nora.get(f"/desk/claims/{claim.ticket.reference}/custody/").text


def test_a_claim_that_is_over_can_still_be_written_about_with_files(
    nora: Client, ready: Claim
) -> None:
    Claim.objects.filter(pk=ready.pk).update(state="withdrawn")
    assert upload(nora, ready.ticket, a_paper()).status_code == 201


def test_no_other_file_becomes_an_attachment(nora: Client, ready: Claim, agent: User) -> None:
    proof = ready.evidence.get()
    from tickets.actions.talk import say

    with pytest.raises((InvalidInput, ValueError)):
        say(
            ready.ticket,
            "Here.",
            kind="agent",
            actor=Actor.staff(agent),
            now=NOON,
            attachments=[proof],
        )
    proof.refresh_from_db()
    assert proof.message is None
    assert not Message.objects.exists()


def test_who_may_only_look_attaches_nothing(
    as_: Callable[[User], Client], reader: User, stranger: User, ticket: Ticket
) -> None:
    assert upload(as_(reader), ticket, a_paper()).status_code == 403
    assert upload(as_(stranger), ticket, a_paper()).status_code == 404
    link = access.link_for(ticket).split("/")
    by_link = Client().post(
        f"/uploads/?ticket={link[-3]}&token={link[-2]}&kind=attachment",
        {"file": [a_paper()]},
        headers={"accept": "application/json"},
    )
    assert by_link.status_code == 422
    assert not Evidence.objects.exists()
