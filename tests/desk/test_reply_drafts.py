"""What somebody writes is never lost, and can be taken back for ten seconds."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client

from tests.cast import NOON, PASSWORD
from tests.desk.conftest import Clock
from tests.desk.steps import take
from tests.desk.talk import TEN, form, keep, later, page, post, question
from tickets.actions import replies
from tickets.actions.talk import say
from tickets.actor import Actor
from tickets.models import (
    Claim,
    Customer,
    Event,
    Membership,
    Message,
    Outbox,
    ReplyDraft,
    Store,
    Ticket,
    User,
)

SECOND = timedelta(seconds=1)


@pytest.fixture
def ticket(mina: Customer) -> Ticket:
    return question(mina)


def test_what_is_typed_is_kept_and_found_on_another_device(
    nora: Client, as_: Callable[[User], Client], agent: User, ticket: Ticket
) -> None:
    answer = keep(nora, ticket, "Dear Mina,\r\n\r\nwe", kind="note", then_state="open")
    assert answer.json() == {"touched": NOON.isoformat(), "overwritten": ""}
    elsewhere = page(as_(agent), ticket)
    assert "Dear Mina,\n\nwe</textarea>" in elsewhere
    assert 'value="note" class="form-check-input" id="message-kind_1"' in elsewhere
    assert "draft-mark" in elsewhere
    assert Event.objects.filter(ticket=ticket).count() == 1, "nothing has happened to the ticket"
    ticket.refresh_from_db()
    assert ticket.updated_at == NOON


def test_a_draft_is_its_writer_s_own(
    nora: Client, as_: Callable[[User], Client], second_agent: User, ticket: Ticket
) -> None:
    keep(nora, ticket, "She sounds odd, I think.")
    omar = as_(second_agent)
    assert "She sounds odd" not in page(omar, ticket)
    assert "She sounds odd" not in omar.get("/desk/drafts/").text
    assert "She sounds odd" in nora.get("/desk/drafts/").text


def test_who_has_begun_to_write_sees_it_on_the_queues(
    nora: Client,
    as_: Callable[[User], Client],
    agent: User,
    second_agent: User,
    ticket: Ticket,
    ready: Claim,
    popmart: Store,
) -> None:
    assert 'href="/desk/drafts/"' not in nora.get("/desk/").text
    keep(nora, ticket, "Dear Mina,")
    html = nora.get("/desk/").text
    mine = html.split(f'href="/desk/tickets/{ticket.reference}/"')[1].split("</li>")[0]
    other = html.split(f'href="/desk/tickets/{ready.ticket.reference}/"')[1].split("</li>")[0]
    assert "row-draft" in mine
    assert "row-draft" not in other
    assert 'href="/desk/drafts/"' in html
    theirs = as_(second_agent).get("/desk/").text
    assert "row-draft" not in theirs
    assert 'href="/desk/drafts/"' not in theirs
    Membership.objects.filter(user=agent, store=ticket.store).update(store=popmart)
    gone = as_(agent).get("/desk/")
    assert gone.context["counts"].drafts == frozenset(), "not of a store that they have left"


def test_what_is_on_its_way_is_no_draft(nora: Client, ticket: Ticket) -> None:
    assert post(nora, ticket).status_code == 302
    assert nora.get("/desk/").context["counts"].drafts == frozenset()


def test_sending_leads_to_what_can_be_taken_back(nora: Client, ticket: Ticket) -> None:
    """However long the conversation is."""
    answer = post(nora, ticket)
    place = answer.url.removeprefix(f"/desk/tickets/{ticket.reference}/#")
    assert place == f"pending-{ReplyDraft.objects.get().pk}"
    assert f'id="{place}"' in nora.get(answer.url).text


def test_without_a_script_a_button_keeps_it(nora: Client, ticket: Ticket) -> None:
    answer = keep(nora, ticket, "By hand.", script=False)
    assert (answer.status_code, answer.url) == (302, f"/desk/tickets/{ticket.reference}/#message")
    assert "By hand.</textarea>" in page(nora, ticket)


def test_an_empty_composer_leaves_no_draft(nora: Client, ticket: Ticket) -> None:
    keep(nora, ticket, "One")
    touched = ReplyDraft.objects.get().touched_at.isoformat()
    assert keep(nora, ticket, "  ", touched=touched).json()["touched"] == ""
    assert not ReplyDraft.objects.exists()


def test_the_second_window_is_told_what_the_first_had_kept(
    nora: Client, ticket: Ticket, still: Clock
) -> None:
    first = keep(nora, ticket, "From the first window.").json()
    still.at += SECOND
    second = keep(nora, ticket, "From the second window.").json()
    assert second["overwritten"] == "From the first window."
    still.at += SECOND
    # The first goes on from where it knows the draft to be, and is told in its turn.
    back = keep(nora, ticket, "From the first, more.", touched=first["touched"]).json()
    assert back["overwritten"] == "From the second window."
    again = keep(nora, ticket, "From the first, most.", touched=back["touched"]).json()
    assert again["overwritten"] == ""
    assert ReplyDraft.objects.get().body == "From the first, most."
    told = keep(nora, ticket, "By hand.", script=False)
    assert told.status_code == 200
    assert "From the first, most.</pre>" in told.text


def test_a_draft_outlives_whatever_happens_to_the_ticket(
    nora: Client, as_: Callable[[User], Client], second_agent: User, ready: Claim
) -> None:
    keep(nora, ready.ticket, "Half a sentence")
    take(as_(second_agent), ready, "manufacturer")
    say(ready.ticket, "A note.", kind="note", actor=Actor.staff(second_agent), now=NOON)
    assert "Half a sentence</textarea>" in page(nora, ready.ticket)


@pytest.mark.parametrize(("seen", "status"), [(0, 409), ("", 422)])
def test_a_refused_reply_is_a_draft_afterwards(
    nora: Client, as_: Callable[[User], Client], agent: User, ticket: Ticket, seen: Any, status: int
) -> None:
    answer = post(nora, ticket, body="Not lost.", seen=seen, then_state="solved")
    assert answer.status_code == status
    assert "Not lost.</textarea>" in answer.text
    draft = ReplyDraft.objects.get()
    assert (draft.body, draft.then_state, draft.send_at) == ("Not lost.", "solved", None)
    assert "Not lost.</textarea>" in page(as_(agent), ticket)


def test_a_session_that_has_ended_loses_no_words(agent: User, ticket: Ticket) -> None:
    browser = Client()
    answer = browser.post(
        f"/desk/tickets/{ticket.reference}/messages/", form(ticket, "note", "Written for long.")
    )
    assert answer.status_code == 302
    assert answer.url == f"/accounts/login/?next=/desk/tickets/{ticket.reference}/"
    assert not Message.objects.filter(kind="note").exists()
    back = browser.post(answer.url, {"login": agent.email, "password": PASSWORD})
    assert back.status_code == 302
    html = page(browser, ticket)
    assert "Written for long.</textarea>" in html
    assert ReplyDraft.objects.get().kind == "note"
    assert "You were signed out" in html
    assert page(browser, ticket).count("Written for long.") == 1


def test_who_may_only_look_gets_no_words_of_another(
    as_: Callable[[User], Client], reader: User, ticket: Ticket
) -> None:
    browser = Client()
    browser.post(f"/desk/tickets/{ticket.reference}/messages/", form(ticket, body="Mine."))
    browser.force_login(reader, backend="django.contrib.auth.backends.ModelBackend")
    assert "Mine." not in page(browser, ticket)
    assert not ReplyDraft.objects.exists()
    assert keep(as_(reader), ticket, "No").status_code == 403


# --- ten seconds ----------------------------------------------------------------------------


def test_a_reply_waits_ten_seconds_and_then_is_sent(
    nora: Client, as_: Callable[[User], Client], second_agent: User, ticket: Ticket, still: Clock
) -> None:
    assert post(nora, ticket, body="It is back in April.").status_code == 302
    assert not Message.objects.filter(kind="agent").exists()
    assert replies.send_due(NOON + TEN - SECOND) == 0
    still.at += 2 * SECOND
    html = page(nora, ticket)
    assert "Sending in 8 s" in html
    assert "Undo" in html
    assert "It is back in April.</textarea>" not in html
    theirs = page(as_(second_agent), ticket)
    assert "It is back in April." in theirs
    assert "Undo" not in theirs
    assert later() == 1
    message = Message.objects.get(kind="agent")
    assert (message.body, message.channel, message.at) == (
        "It is back in April.",
        "desk",
        NOON + TEN,
    )
    assert not ReplyDraft.objects.exists()
    assert Outbox.objects.get(template="message").event.data["message"] == message.pk
    assert later() == 0


def test_taken_back_it_is_in_the_composer_as_it_was_typed(nora: Client, ticket: Ticket) -> None:
    typed = "  Dear Mina,\n\n  soon. \n"
    post(nora, ticket, body=typed, then_state="open")
    draft = ReplyDraft.objects.get()
    answer = nora.post(f"/desk/tickets/{ticket.reference}/pending/{draft.pk}/undo/")
    assert answer.status_code == 302
    assert later(by=timedelta(hours=1)) == 0
    draft.refresh_from_db()
    assert (draft.body, draft.then_state, draft.send_at) == (typed, "open", None)
    assert not Outbox.objects.filter(template="message").exists()
    assert "  Dear Mina,\n\n  soon. \n</textarea>" in page(nora, ticket)
    # And it can be sent again.
    post(nora, ticket, body=typed)
    later()
    assert Message.objects.filter(kind="agent").count() == 1


def test_what_was_begun_since_stands_below_what_is_taken_back(nora: Client, ticket: Ticket) -> None:
    post(nora, ticket, body="First.")
    keep(nora, ticket, "Second.")
    first = ReplyDraft.objects.get(send_at__isnull=False)
    nora.post(f"/desk/tickets/{ticket.reference}/pending/{first.pk}/undo/")
    assert ReplyDraft.objects.get().body == "First.\n\nSecond."


def test_too_late_to_take_back_is_told(nora: Client, ticket: Ticket) -> None:
    post(nora, ticket)
    draft = ReplyDraft.objects.get()
    later()
    path = f"/desk/tickets/{ticket.reference}/pending/{draft.pk}/undo/"
    answer = nora.post(path, follow=True)
    assert "It has been sent already" in answer.text
    assert Message.objects.filter(kind="agent").count() == 1


def test_nobody_takes_back_what_another_sends(
    nora: Client, as_: Callable[[User], Client], second_agent: User, ticket: Ticket
) -> None:
    post(nora, ticket)
    draft = ReplyDraft.objects.get()
    as_(second_agent).post(f"/desk/tickets/{ticket.reference}/pending/{draft.pk}/undo/")
    assert later() == 1


def test_the_delay_is_a_setting(nora: Client, ticket: Ticket, settings: Any) -> None:
    settings.SEND_DELAY_SECONDS = 0
    post(nora, ticket)
    assert replies.send_due(NOON) == 1


def test_the_same_form_twice_is_one_reply(nora: Client, ticket: Ticket) -> None:
    key = str(uuid.uuid4())
    for _twice in range(2):
        assert post(nora, ticket, form_key=key).status_code == 302
    assert ReplyDraft.objects.count() == 1
    later()
    assert post(nora, ticket, form_key=key).status_code == 302
    assert later(by=2 * TEN) == 0
    assert Message.objects.filter(kind="agent").count() == 1
    assert not ReplyDraft.objects.exists()


# --- what cannot be sent ---------------------------------------------------------------------


def test_a_role_that_was_taken_away_keeps_the_reply_here(
    nora: Client, agent: User, person: Any, ticket: Ticket
) -> None:
    post(nora, ticket, body="Still mine.")
    membership = Membership.objects.get(user=agent)
    Membership.objects.filter(pk=membership.pk).update(role="read_only")
    assert later() == 0
    draft = ReplyDraft.objects.get()
    assert (draft.send_at, draft.body) == (None, "Still mine.")
    assert "role" in draft.last_error
    assert not Message.objects.filter(kind="agent").exists()
    assert not Outbox.objects.filter(template="message").exists()
    assert draft.last_error in nora.get("/desk/drafts/").text
    Membership.objects.filter(pk=membership.pk).update(role="agent")
    html = page(nora, ticket)
    assert "This was not sent" in html
    assert draft.last_error in html
    assert "Still mine.</textarea>" in html


def test_a_ticket_closed_meanwhile_keeps_the_reply_here(nora: Client, ticket: Ticket) -> None:
    post(nora, ticket)
    Ticket.objects.filter(pk=ticket.pk).update(state="closed")
    assert later() == 0
    assert "closed" in ReplyDraft.objects.get().last_error
    assert later(by=2 * TEN) == 0


def test_a_reply_that_fails_for_no_known_reason_holds_up_no_other(
    nora: Client, mina: Customer, ticket: Ticket, monkeypatch: pytest.MonkeyPatch
) -> None:
    other = question(mina)
    post(nora, ticket, body="Breaks.")
    post(nora, other, body="Goes.")
    real = replies.say

    def breaks(ticket: Ticket, body: str, **more: Any) -> Message:
        if body == "Breaks.":
            raise RuntimeError("nobody knows why")
        return real(ticket, body, **more)

    monkeypatch.setattr(replies, "say", breaks)
    assert later() == 1
    left = ReplyDraft.objects.get()
    assert (left.body, left.send_at) == ("Breaks.", None)
    assert "nobody knows why" not in left.last_error
    assert left.last_error


# --- two at once -----------------------------------------------------------------------------


def test_the_second_to_answer_reads_the_first_before_sending(
    nora: Client, as_: Callable[[User], Client], second_agent: User, ticket: Ticket
) -> None:
    omar, seen = as_(second_agent), ticket.last_seq
    post(nora, ticket, body="In April.")
    answer = post(omar, ticket, body="In May.", seen=seen)
    assert answer.status_code == 409
    assert "Nora is sending a reply at this moment" in answer.text
    assert "In April." in answer.text
    assert "In May.</textarea>" in answer.text
    # Having read it, he may still say his.
    pending = ReplyDraft.objects.get(send_at__isnull=False)
    assert f'name="pending" value="{pending.pk}"' in answer.text
    assert post(omar, ticket, body="In May.", seen=seen, pending=pending.pk).status_code == 302
    assert later() == 2


def test_a_message_said_meanwhile_is_shown_with_its_words(
    nora: Client, as_: Callable[[User], Client], second_agent: User, ticket: Ticket
) -> None:
    seen = ticket.last_seq
    post(as_(second_agent), ticket, body="In April, she was told.")
    later()
    answer = post(nora, ticket, body="In May.", seen=seen)
    assert answer.status_code == 409
    top = answer.text.split('class="conversation"')[0]
    assert "In April, she was told." in top
    assert "In May.</textarea>" in answer.text
