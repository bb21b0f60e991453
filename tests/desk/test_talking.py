"""Replies go out, notes stay in, and everybody knows who takes care."""

from __future__ import annotations

import uuid
from datetime import timedelta

from django.test import Client

from tests.cast import NOON, Story
from tests.desk.steps import kinds, mails
from tickets.actions.replies import send_due
from tickets.actions.talk import open_ticket
from tickets.actions.talk import say as talk_say
from tickets.actor import Actor
from tickets.models import Claim, Customer, Message, Outbox, Ticket, User


def say(client: Client, ticket: Ticket, kind: str, body: str, key: str = "") -> int:
    """Write on a ticket, and let the time to take it back go by."""
    ticket.refresh_from_db()
    answer = client.post(
        f"/desk/tickets/{ticket.reference}/messages/",
        {"seen": ticket.last_seq, "kind": kind, "body": body, "form_key": key or str(uuid.uuid4())},
    )
    send_due(NOON + timedelta(seconds=10))
    return answer.status_code


def test_a_reply_is_mailed(nora: Client, ready: Claim) -> None:
    assert say(nora, ready.ticket, "agent", "Thank you, we are looking at it.") == 302
    assert mails(ready) == ["claim_filed", "message"]
    page = nora.get(f"/desk/tickets/{ready.ticket.reference}/").content.decode()
    assert "Thank you, we are looking at it." in page


def test_a_note_is_never_mailed(nora: Client, ready: Claim) -> None:
    assert say(nora, ready.ticket, "note", "She sounds honest.") == 302
    assert Message.objects.get().kind == "note"
    assert mails(ready) == ["claim_filed"]
    page = nora.get(f"/desk/tickets/{ready.ticket.reference}/").content.decode()
    assert "She sounds honest." in page
    assert "Internal note" in page


def test_the_same_form_twice_is_one_message(nora: Client, ready: Claim) -> None:
    key = str(uuid.uuid4())
    say(nora, ready.ticket, "agent", "Once.", key)
    say(nora, ready.ticket, "agent", "Once.", key)
    assert Message.objects.count() == 1
    assert kinds(ready) == ["claim_filed", "message_added"]


def test_an_empty_message_is_not_sent(nora: Client, ready: Claim) -> None:
    assert say(nora, ready.ticket, "agent", "   ") == 422
    assert not Message.objects.exists()


def test_a_customers_words_cannot_be_put_into_their_mouth(nora: Client, ready: Claim) -> None:
    assert say(nora, ready.ticket, "customer", "I take it all back.") == 422
    assert not Message.objects.exists()


def test_what_is_written_is_shown_as_text(nora: Client, ready: Claim) -> None:
    say(nora, ready.ticket, "note", "<script>alert(1)</script>")
    page = nora.get(f"/desk/tickets/{ready.ticket.reference}/").content.decode()
    assert "<script>alert" not in page
    assert "&lt;script&gt;alert" in page


def test_a_ticket_is_given_to_somebody_and_back(
    nora: Client, ready: Claim, second_agent: User, stranger: User
) -> None:
    path = f"/desk/tickets/{ready.ticket.reference}/assignee/"
    seen = ready.ticket.last_seq
    assert nora.post(path, {"seen": seen, "assignee": second_agent.pk}).status_code == 302
    ready.ticket.refresh_from_db()
    assert ready.ticket.assignee == second_agent
    # A stranger to the store is not among those who can be chosen.
    assert nora.post(path, {"seen": seen, "assignee": stranger.pk}).status_code == 422
    assert nora.post(path, {"seen": seen, "assignee": ""}).status_code == 302
    ready.ticket.refresh_from_db()
    assert ready.ticket.assignee is None
    assert kinds(ready) == ["claim_filed", "assigned", "assigned"]
    assert mails(ready) == ["claim_filed"]


def test_a_question_is_answered_and_solved(nora: Client, mina: Customer) -> None:
    ticket = open_ticket(
        mina.store,
        mina,
        order=None,
        request="restock",
        subject="When is it back?",
        body="The Dawn version?",
        actor=Actor.of_customer(mina),
        now=NOON,
    )
    assert "When is it back?" in nora.get("/desk/?queue=questions").content.decode()
    assert say(nora, ticket, "agent", "In April.") == 302
    ticket.refresh_from_db()
    path = f"/desk/tickets/{ticket.reference}/solution/"
    assert nora.post(path, {"seen": ticket.last_seq}).status_code == 302
    ticket.refresh_from_db()
    assert ticket.state == "solved"
    assert Outbox.objects.filter(event__ticket=ticket).count() == 2


def test_what_fits_no_tile_is_a_question(nora: Client, mina: Customer) -> None:
    ticket = open_ticket(
        mina.store,
        mina,
        order=None,
        request="other",
        subject="Albums",
        body="Do you buy them back?",
        actor=Actor.of_customer(mina),
        now=NOON,
    )
    assert '<span class="row-kind">Question</span>' in nora.get("/desk/").content.decode()
    page = nora.get(f"/desk/tickets/{ticket.reference}/").content.decode()
    assert "<h1>Question: Albums</h1>" in page


def test_a_ticket_with_an_open_claim_is_not_solved_by_hand(nora: Client, ready: Claim) -> None:
    answer = nora.post(
        f"/desk/tickets/{ready.ticket.reference}/solution/", {"seen": ready.ticket.last_seq}
    )
    assert answer.status_code == 409
    ready.ticket.refresh_from_db()
    assert ready.ticket.state == "new"


def test_who_writes_instead_of_sending_is_answered_and_waits_again(
    nora: Client, story: Story
) -> None:
    claim = story.file("missing_photocard", opened=True)
    mina = Actor.of_customer(claim.ticket.customer)
    talk_say(claim.ticket, "Which video do you mean?", kind="customer", actor=mina, now=NOON)
    assert "Answer" in nora.get("/desk/?queue=evidence").text

    say(nora, claim.ticket, "agent", "The one of the unboxing.")
    claim.ticket.refresh_from_db()
    assert (claim.ticket.state, claim.ticket.waiting_for) == ("waiting", "customer")
    assert "Customer sends evidence" in nora.get("/desk/?queue=evidence").text
