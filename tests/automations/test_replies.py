"""What an automation writes: by a macro to a customer, by mail to colleagues, as a note."""

from __future__ import annotations

import uuid
from typing import Any

import pytest
from django.core import mail
from django.test import Client

from tests.automations.house import THEN, has, kinds, let, log, rule, run, tags, writes
from tests.cast import NOON, Story
from tests.desk.talk import question
from tests.test_placeholders import HOSTILE
from tickets import access, outbox
from tickets.actions import automations, keep_macros, replies
from tickets.actions.keep_macros import Wanted
from tickets.actions.reply_drafts import Typed
from tickets.actor import Actor
from tickets.errors import InvalidInput
from tickets.lifecycle import TicketState
from tickets.models import (
    Claim,
    Customer,
    Deadline,
    Event,
    Macro,
    Message,
    Outbox,
    Store,
    Tag,
    User,
    Watcher,
)

pytestmark = pytest.mark.django_db
TEXT = "Dear {{ customer_name }}, we have {{ reference }}. Soon!"


def macro(store: Store, who: User, text: str = TEXT, **more: Any) -> Macro:
    wanted = Wanted("Soon", "agent", {"en": text, "ko": text}, **more)
    return keep_macros.make(store, wanted, shared=True, actor=Actor.staff(who), now=NOON)


def answers(store: Store, who: User, text: str = TEXT, **more: Any) -> Macro:
    """Whatever comes in is answered at once."""
    made = macro(store, who, text, **more)
    let(store, who, rule("request_filed", ("reply", {"macro": made.pk})))
    return made


def mails() -> list[Any]:
    mail.outbox.clear()
    outbox.drain(THEN)
    return list(mail.outbox)


def test_a_macro_is_sent_in_nobodys_name_and_settles_nothing(
    kpopusa: Store, manager: User, agent: User, story: Story, client: Client
) -> None:
    answers(kpopusa, manager, add_tags=["by hand only"], then_state="solved")
    claim = story.file("missing_photocard", "unboxing_video", opened=True)
    run()
    ticket = claim.ticket
    ticket.refresh_from_db()
    said = Message.objects.get(ticket=ticket, kind="system")
    assert said.author is None
    assert said.body == f"Dear 김미나, we have {ticket.spoken_reference}. Soon!"
    assert ticket.state != TicketState.SOLVED
    assert ticket.answered_at is None  # no person has
    assert ticket.last_speaker == "customer"
    assert tags(ticket) == set()
    letter = [one for one in mails() if said.body in one.body]
    assert [one.to for one in letter] == [[story.order.customer.email]]
    page = client.get(access.link_for(ticket), follow=True)
    assert said.body in page.content.decode()


def test_what_a_person_owes_stays_owed(kpopusa: Store, manager: User, mina: Customer) -> None:
    answers(kpopusa, manager, "We have {{ reference }}.")
    ticket = question(mina)
    Deadline.objects.create(
        store=kpopusa, ticket=ticket, kind="answer_due", due_at=THEN, wake_at=THEN
    )
    run()
    assert Message.objects.filter(ticket=ticket, kind="system").exists()
    assert Deadline.objects.get(ticket=ticket, kind="answer_due").state == "pending"


def test_a_missing_value_sends_nothing_and_the_log_says_which(
    kpopusa: Store, manager: User, mina: Customer
) -> None:
    text = "Your order {{ order_number }} is on its way."
    made = answers(kpopusa, manager, text)
    ticket = question(mina)
    run()
    assert not Message.objects.filter(kind="system").exists()
    assert kinds(ticket) == ["ticket_opened"]
    [(outcome, why)] = log()
    assert outcome == "failed"
    assert "order number" in why
    assert not any("{{" in one.body for one in mails())
    assert made.retired_at is None


def test_a_macro_that_names_its_writer_has_none_here(
    kpopusa: Store, manager: User, story: Story
) -> None:
    answers(kpopusa, manager, "{{ agent_name }} writes.")
    story.file("missing_photocard", opened=True)
    run()
    assert [outcome for outcome, _why in log()] == ["failed"]


def test_a_strangers_own_words_are_not_mailed_to_the_address_they_typed(
    kpopusa: Store, manager: User, mina: Customer
) -> None:
    answers(kpopusa, manager)
    question(mina)  # without an order
    run()
    [(outcome, why)] = log()
    assert (outcome, "no order" in why) == ("failed", True)
    assert not Outbox.objects.filter(template="message").exists()


def test_two_answers_do_not_go_out_at_once(
    kpopusa: Store, manager: User, agent: User, story: Story
) -> None:
    made = macro(kpopusa, manager)
    let(kpopusa, manager, rule("customer_wrote", ("reply", {"macro": made.pk}), has("x")))
    ticket = story.file("missing_photocard", "unboxing_video", opened=True).ticket
    writes(ticket, story.order.customer)
    ticket.refresh_from_db()
    replies.send(
        ticket,
        Typed("agent", "I am on it.", seen=ticket.last_seq),
        actor=Actor.staff(agent),
        now=NOON,
        form_key=uuid.uuid4(),
    )
    run(NOON)
    [(outcome, why)] = log()
    assert (outcome, "Nora" in why) == ("failed", True)
    assert tags(ticket) == set()


def test_a_macro_that_is_laid_aside_is_not_sent(
    kpopusa: Store, manager: User, story: Story
) -> None:
    made = answers(kpopusa, manager)
    keep_macros.retire(made, actor=Actor.staff(manager), now=NOON)
    story.file("missing_photocard", opened=True)
    run()
    assert [outcome for outcome, _why in log()] == ["failed"]


def test_only_the_stores_own_macros_can_be_named(
    kpopusa: Store, kpop2: Store, manager: User, person: Any
) -> None:
    theirs = macro(kpop2, person("kim", kpop2, "manager"))
    with pytest.raises(InvalidInput):
        let(kpopusa, manager, rule("request_filed", ("reply", {"macro": theirs.pk})))


@pytest.mark.parametrize("name", HOSTILE)
def test_a_hostile_name_in_an_automatic_answer_is_only_a_name(
    kpopusa: Store, manager: User, story: Story, client: Client, name: str
) -> None:
    Customer.objects.filter(pk=story.order.customer_id).update(name=name[:200])
    story.order.customer.refresh_from_db()
    answers(kpopusa, manager)
    ticket = story.file("missing_photocard", opened=True).ticket
    run()
    assert [outcome for outcome, _why in log()] == ["did"]
    said = Message.objects.get(kind="system").body
    assert "{{" not in said
    assert "\n" not in said
    assert said.endswith("Soon!")
    page = client.get(access.link_for(ticket), follow=True).content.decode()
    assert "<script>alert(1)" not in page
    assert "<img src=x" not in page
    for letter in mails():
        assert "\n" not in letter.subject
        assert set(letter.recipients()) == {story.order.customer.email}
        html = letter.alternatives[0][0]
        assert "<script>alert(1)" not in html
        assert "<img src=x" not in html


@pytest.mark.parametrize("text", HOSTILE)
def test_hostile_text_in_what_an_automation_writes_stays_text(
    kpopusa: Store, manager: User, lead: User, agent: User, mina: Customer, text: str
) -> None:
    wanted = rule(
        "request_filed",
        ("note", {"text": text}),
        ("add_tags", {"tags": [text[:40]]}),
        ("assign", {"user": str(agent.pk)}),
        ("tell_assignee", {}),
        ("tell_leads", {}),
        ("watch", {"user": lead.pk}),
    )
    try:
        let(kpopusa, manager, wanted, name=text[:80])
    except InvalidInput:
        assert "," not in text and text.strip() == ""  # only what says nothing is refused
        raise
    ticket = question(mina)
    run()
    assert [outcome for outcome, _why in log()] == ["did"]
    noted = Event.objects.get(kind="automation_noted")
    assert noted.data["text"] == text.replace("\r\n", "\n").strip()
    assert Tag.objects.filter(store=kpopusa).count() >= 1
    assert Watcher.objects.filter(ticket=ticket, user=lead).exists()
    letters = mails()
    told = [one for one in letters if one.to in ([agent.email], [lead.email])]
    assert len(told) == 2
    for letter in told:
        assert "\n" not in letter.subject
        assert len(letter.recipients()) == 1
        html = letter.alternatives[0][0]
        assert "<script>alert(1)" not in html
        assert "<img src=x" not in html
    for letter in letters:
        if letter.to == [mina.email]:  # the customer hears nothing of it
            assert noted.data["text"] not in letter.body


def test_customers_do_not_see_what_an_automation_noted(
    kpopusa: Store, manager: User, story: Story, client: Client
) -> None:
    let(
        kpopusa,
        manager,
        rule("request_filed", ("note", {"text": "Watch this one closely."})),
        name="Secret rule",
    )
    claim: Claim = story.file("missing_photocard", opened=True)
    run()
    page = client.get(access.link_for(claim.ticket), follow=True).content.decode()
    assert "Watch this one" not in page
    assert "Secret rule" not in page


def test_colleagues_read_the_note_and_whose_it_is(
    kpopusa: Store, manager: User, agent: User, mina: Customer, client: Client
) -> None:
    let(
        kpopusa,
        manager,
        rule("request_filed", ("note", {"text": "Watch <b>this</b> one."})),
        name="Careful",
    )
    ticket = question(mina)
    run()
    client.force_login(agent)
    page = client.get(f"/desk/tickets/{ticket.reference}/").content.decode()
    assert "Watch &lt;b&gt;this&lt;/b&gt; one." in page
    assert "Careful" in page
    assert automations.in_use(kpopusa.pk).count() == 1
