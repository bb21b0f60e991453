"""Replies that are sent, taken back and answered at the same moment: real threads, real rows."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from typing import Any

import pytest

from tests.cast import NOON
from tests.desk.talk import TEN, question
from tests.test_races import at_once
from tickets.actions import replies, reply_drafts
from tickets.actions.reply_drafts import Typed
from tickets.actions.talk import say
from tickets.actor import Actor
from tickets.errors import Conflict
from tickets.models import Customer, Event, Message, Outbox, ReplyDraft, Ticket, User

pytestmark = [pytest.mark.race, pytest.mark.django_db(transaction=True)]
THEN = NOON + TEN


@pytest.fixture
def ticket(mina: Customer) -> Ticket:
    return question(mina)


def send(ticket: Ticket, user: User, body: str = "Soon.", key: uuid.UUID | None = None) -> Any:
    return replies.send(
        ticket,
        Typed("agent", body, seen=1),
        actor=Actor.staff(user),
        now=NOON,
        form_key=key or uuid.uuid4(),
    )


def said(ticket: Ticket) -> list[str]:
    rows = Message.objects.filter(ticket=ticket, kind="agent").order_by("pk")
    return list(rows.values_list("body", flat=True))


def test_a_reply_sent_twice_at_once_is_one_message(ticket: Ticket, agent: User) -> None:
    key = uuid.uuid4()
    at_once(*[lambda: send(ticket, agent, key=key)] * 6)
    assert ReplyDraft.objects.count() == 1
    at_once(*[lambda: replies.send_due(THEN)] * 4)
    assert said(ticket) == ["Soon."]
    assert Event.objects.filter(kind="message_added").count() == 1
    assert Outbox.objects.filter(template="message").count() == 1
    assert not ReplyDraft.objects.exists()


def test_taking_back_and_sending_at_once_is_exactly_one_of_both(
    ticket: Ticket, agent: User
) -> None:
    for number in range(8):
        Message.objects.filter(kind="agent").delete()
        ticket.refresh_from_db()
        draft = replies.send(
            ticket,
            Typed("agent", f"Number {number}", seen=ticket.last_seq),
            actor=Actor.staff(agent),
            now=NOON,
            form_key=uuid.uuid4(),
        )
        assert isinstance(draft, ReplyDraft)
        mails = Outbox.objects.filter(template="message").count()
        pk = draft.pk
        results = at_once(
            lambda: replies.send_due(THEN),
            lambda pk=pk: replies.undo(ticket, pk, actor=Actor.staff(agent), now=THEN),
        )
        in_hand = ReplyDraft.objects.filter(send_at=None, body=f"Number {number}").count()
        sent = len(said(ticket))
        assert sent + in_hand == 1, results
        assert Outbox.objects.filter(template="message").count() - mails == sent
        assert isinstance(results[1], Conflict) == bool(sent)
        ReplyDraft.objects.all().delete()


def test_a_worker_that_dies_in_between_leaves_the_draft_and_nothing_else(
    ticket: Ticket, agent: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    send(ticket, agent)

    class Killed(BaseException):
        pass

    def dies(_self: ReplyDraft, *_: Any, **__: Any) -> None:
        raise Killed

    monkeypatch.setattr(ReplyDraft, "delete", dies)
    with pytest.raises(Killed):
        replies.send_due(THEN)
    monkeypatch.undo()
    assert said(ticket) == []
    assert Event.objects.filter(kind="message_added").count() == 0
    assert Outbox.objects.filter(template="message").count() == 0
    assert replies.send_due(THEN) == 1
    assert said(ticket) == ["Soon."]


def test_of_two_who_answer_in_the_same_second_one_is_told_of_the_other(
    ticket: Ticket, agent: User, second_agent: User
) -> None:
    results = at_once(
        lambda: send(ticket, agent, "In April."), lambda: send(ticket, second_agent, "In May.")
    )
    assert sorted(type(result).__name__ for result in results) == ["Conflict", "ReplyDraft"]
    replies.send_due(THEN)
    assert len(said(ticket)) == 1


def test_a_reply_and_the_customer_s_word_at_once_come_one_after_the_other(
    ticket: Ticket, agent: User
) -> None:
    mina = Actor.of_customer(ticket.customer)
    results = at_once(
        lambda: send(ticket, agent),
        lambda: say(ticket, "Never mind.", kind="customer", actor=mina, now=NOON),
    )
    refused = isinstance(results[0], Conflict)
    replies.send_due(THEN)
    assert said(ticket) == ([] if refused else ["Soon."])
    seqs = list(Event.objects.filter(ticket=ticket).order_by("seq").values_list("seq", flat=True))
    assert seqs == list(range(1, len(seqs) + 1))


def test_windows_that_keep_at_once_make_one_draft(ticket: Ticket, agent: User) -> None:
    nora = Actor.staff(agent)
    texts = [f"Window {n}" for n in range(6)]
    acts: list[Callable[[], object]] = [
        lambda text=text: reply_drafts.keep(ticket, Typed("agent", text), actor=nora, now=NOON)
        for text in texts
    ]
    kept = at_once(*acts)
    draft = ReplyDraft.objects.get()
    assert draft.body in texts
    told = {one.overwritten for one in kept if isinstance(one, reply_drafts.Kept)}
    # Every text is the draft, or was told to the window that wrote over it.
    assert (told - {""}) | {draft.body} == set(texts)


def test_a_note_twice_at_once_is_one_note(ticket: Ticket, agent: User) -> None:
    key, nora = uuid.uuid4(), Actor.staff(agent)
    at_once(
        *[lambda: replies.note(ticket, Typed("note", "Odd."), actor=nora, now=NOON, form_key=key)]
        * 5
    )
    assert Message.objects.filter(kind="note").count() == 1
    assert not ReplyDraft.objects.exists()
