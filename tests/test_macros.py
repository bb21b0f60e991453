"""Macros: what may be kept, what one run leads to, and how the whole of it is taken back."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.db import IntegrityError, transaction

from tests.cast import NOON, Story, make_customer
from tests.desk.talk import TEN, question
from tests.test_races import at_once
from tickets import access
from tickets.actions import keep_macros, macros, replies, ticket_marks, undoing
from tickets.actions.keep_macros import Wanted
from tickets.actions.macros import Ran
from tickets.actor import SYSTEM, Actor
from tickets.errors import ActionError, Conflict, InvalidInput, NotAllowed
from tickets.intake.demo.macros import shelve
from tickets.lifecycle import TicketState, WaitingFor
from tickets.models import (
    Customer,
    Event,
    Macro,
    MacroText,
    Message,
    Outbox,
    ReplyDraft,
    Role,
    Store,
    Ticket,
    TicketTag,
    User,
)

MONDAY = datetime(2026, 3, 9, 20, 0, tzinfo=UTC)
THEN = NOON + TEN


def keep(store: Store, who: User, name: str = "Sorry", shared: bool = True, **more: Any) -> Macro:
    texts = more.pop("texts", {"en": "Dear {{ customer_name }}, {{ reference }}."})
    wanted = Wanted(name, **{"kind": "agent", "texts": texts, **more})
    return keep_macros.make(store, wanted, shared=shared, actor=Actor.staff(who), now=NOON)


def deeds(**more: Any) -> dict[str, Any]:
    """Something of everything."""
    return {
        "assign": "me",
        "priority": 1,
        "add_tags": ["VIP buyer", "gift"],
        "snooze": "tomorrow",
        **more,
    }


def run(macro: Macro, ticket: Ticket, who: User, key: uuid.UUID | None = None, **more: Any) -> Ran:
    ticket.refresh_from_db()
    return macros.run(
        macro,
        ticket,
        actor=Actor.staff(who),
        now=more.pop("now", NOON),
        form_key=key or uuid.uuid4(),
        **{"seen": ticket.last_seq, **more},
    )


def kinds(ticket: Ticket) -> list[str]:
    return list(ticket.events.order_by("seq").values_list("kind", flat=True))


def tags(ticket: Ticket) -> list[str]:
    rows = TicketTag.objects.filter(ticket=ticket)
    return sorted(rows.values_list("tag__key", flat=True))


@pytest.fixture
def ticket(mina: Customer) -> Ticket:
    return question(mina)


@pytest.fixture
def whole(kpopusa: Store, lead: User) -> Macro:
    """A reply and something of everything."""
    return keep(kpopusa, lead, **deeds())


# --- what may be kept --------------------------------------------------------------------


def test_a_macro_is_kept_as_it_was_meant(kpopusa: Store, lead: User, agent: User) -> None:
    made = keep(
        kpopusa,
        lead,
        "  Photocard:\tcoming ",
        texts={"en": " Soon.\r\n{{ reference }} ", "ko": "곧 갑니다.", "fr": " "},
        assign="person",
        assignee=agent,
        remove_tags=["Old  one"],
        then_state="waiting",
        snooze="days",
        snooze_days=366,
    )
    found = Macro.objects.get(pk=made.pk)
    assert (found.name, found.key) == ("Photocard: coming", "photocard: coming")
    assert (found.owner, found.made_by, found.assignee) == (None, lead, agent)
    assert (found.remove_tags, found.snooze_days) == (["Old one"], 366)
    texts = {text.locale: text.body for text in found.texts.all()}
    assert texts == {"en": "Soon.\n{{ reference }}", "ko": "곧 갑니다."}


@pytest.mark.parametrize(
    ("more", "field"),
    [
        ({"name": " "}, "name"),
        ({"name": "x" * 81}, "name"),
        ({"texts": {"en": "{{ order_nummer }}"}}, "text_en"),
        ({"texts": {"en": "ok", "ko": "{{ closes_at"}}, "text_ko"),
        ({"texts": {"en": "x" * 20_001}}, "text_en"),
        ({"texts": {}}, "kind"),
        ({"kind": ""}, "kind"),
        ({"kind": "customer"}, "kind"),
        ({"texts": {"../etc": "x"}}, "kind"),
        ({"kind": "", "texts": {}}, ""),
        ({"then_state": "closed"}, "then_state"),
        ({"kind": "note", "then_state": "waiting"}, "then_state"),
        ({"then_state": "solved", "snooze": "monday"}, "snooze"),
        ({"assign": "everybody"}, "assign"),
        ({"assign": "person"}, "assign"),
        ({"priority": 4}, "priority"),
        ({"add_tags": ["x" * 41]}, "add_tags"),
        ({"remove_tags": [f"t{n}" for n in range(21)]}, "remove_tags"),
        ({"add_tags": ["VIP"], "remove_tags": ["vip"]}, "remove_tags"),
        ({"snooze": "never"}, "snooze"),
        ({"snooze": "days"}, "snooze_days"),
        ({"snooze": "days", "snooze_days": 0}, "snooze_days"),
        ({"snooze": "days", "snooze_days": 367}, "snooze_days"),
    ],
)
def test_what_cannot_be_is_refused_beside_its_field(
    kpopusa: Store, lead: User, more: dict[str, Any], field: str
) -> None:
    with pytest.raises(InvalidInput) as caught:
        keep(kpopusa, lead, **{"name": "Sorry", **more})
    assert caught.value.field == field
    assert not Macro.objects.exists()
    assert not MacroText.objects.exists()


def test_an_unknown_placeholder_is_named_with_the_nearest(kpopusa: Store, lead: User) -> None:
    with pytest.raises(InvalidInput, match=r"“\{\{ closes_on \}\}”.*“\{\{ closes_at \}\}”"):
        keep(kpopusa, lead, texts={"en": "Until {{ closes_on }}"})


def test_nobody_is_named_who_does_not_work_there(
    kpopusa: Store, lead: User, stranger: User, reader: User
) -> None:
    for person in (stranger, reader):
        with pytest.raises(InvalidInput, match="does not work in this store"):
            keep(kpopusa, lead, assign="person", assignee=person)


def test_the_store_s_are_the_leads_and_one_s_own_are_one_s_own(
    kpopusa: Store, agent: User, second_agent: User, lead: User, reader: User, stranger: User
) -> None:
    for who in (agent, reader, stranger):
        with pytest.raises(NotAllowed):
            keep(kpopusa, who)
    for who in (reader, stranger):
        with pytest.raises(NotAllowed):
            keep(kpopusa, who, shared=False)
    mine = keep(kpopusa, agent, shared=False)
    hers = keep(kpopusa, lead)
    wanted = Wanted("Other", texts={"en": "x"}, kind="agent")
    for who, theirs in ((second_agent, mine), (lead, mine), (agent, hers)):
        with pytest.raises(NotAllowed):
            keep_macros.change(theirs, wanted, actor=Actor.staff(who), now=NOON)
        with pytest.raises(NotAllowed):
            keep_macros.retire(theirs, actor=Actor.staff(who), now=NOON)
        with pytest.raises(NotAllowed):
            keep_macros.bring_back(theirs, actor=Actor.staff(who))
    assert {row.name for row in Macro.objects.all()} == {"Sorry"}
    assert set(access.macros_for(Actor.staff(agent))) == {mine, hers}
    assert set(access.macros_for(Actor.staff(second_agent))) == {hers}
    assert set(access.macros_for(Actor.staff(reader))) == {hers}
    assert not access.macros_for(Actor.staff(stranger)).exists()
    assert not access.macros_for(Actor.of_customer(make_customer(kpopusa, "x@y.z", "X"))).exists()


def test_a_name_is_there_once_whoever_writes_it(kpopusa: Store, agent: User, lead: User) -> None:
    first = keep(kpopusa, lead, "Straße")
    with pytest.raises(Conflict) as caught:
        keep(kpopusa, lead, "STRASSE")
    assert caught.value.field == "name"
    keep(kpopusa, agent, "Strasse", shared=False)  # their own may be called the same
    keep_macros.retire(first, actor=Actor.staff(lead), now=NOON)
    again = keep(kpopusa, lead, "strasse")
    with pytest.raises(Conflict):
        keep_macros.bring_back(first, actor=Actor.staff(lead))
    keep_macros.retire(again, actor=Actor.staff(lead), now=NOON)
    keep_macros.bring_back(first, actor=Actor.staff(lead))
    first.refresh_from_db()
    assert first.retired_at is None


def test_two_do_not_change_one_without_having_seen_the_other(kpopusa: Store, lead: User) -> None:
    made, actor = keep(kpopusa, lead), Actor.staff(lead)
    seen = made.changed_at
    wanted = Wanted("Sorry", "agent", {"en": "Another text"})
    later = NOON + timedelta(minutes=1)
    keep_macros.change(made, wanted, actor=actor, now=later, seen=seen)
    with pytest.raises(Conflict, match="meanwhile"):
        keep_macros.change(
            made, Wanted("Mine", "agent", {"en": "x"}), actor=actor, now=later, seen=seen
        )
    assert [text.body for text in MacroText.objects.all()] == ["Another text"]


@pytest.mark.parametrize(
    "wrong",
    [
        {"kind": "", "priority": None, "snooze": "", "add_tags": [], "assign": ""},
        {"assign": "person"},
        {"snooze": "days"},
        {"snooze": "tomorrow", "snooze_days": 3},
        {"priority": 9},
        {"then_state": "solved"},
        {"kind": "note", "then_state": "open"},
        {"name": ""},
        {"kind": "customer"},
    ],
)
def test_the_database_refuses_it_too(whole: Macro, wrong: dict[str, Any]) -> None:
    with pytest.raises(IntegrityError), transaction.atomic():
        Macro.objects.filter(pk=whole.pk).update(**wrong)


# --- a run -------------------------------------------------------------------------------


def test_a_run_does_all_at_once(ticket: Ticket, agent: User, whole: Macro) -> None:
    ran = run(whole, ticket, agent)
    ticket.refresh_from_db()
    assert (ticket.assignee, ticket.priority, tags(ticket)) == (agent, 1, ["gift", "vip buyer"])
    assert ticket.snoozed_until is not None
    assert kinds(ticket)[1:] == ["assigned", "priority_set", "tagged", "snoozed", "macro_used"]
    assert ran.event is not None and ran.reply is not None
    assert ran.event.data == {
        "macro": whole.pk,
        "name": "Sorry",
        "language": "en",
        "did": [2, 3, 4, 5],
        "reply": True,
        "form_key": str(ran.reply.form_key),
    }
    assert not Message.objects.filter(kind="agent").exists(), "it can still be taken back"
    assert not Outbox.objects.filter(template="message").exists()

    replies.send_due(THEN)
    said = Message.objects.get(ticket=ticket, kind="agent")
    assert said.body == f"Dear 김미나, {ticket.spoken_reference}."
    ticket.refresh_from_db()
    assert (ticket.state, ticket.waiting_for) == (TicketState.WAITING, WaitingFor.CUSTOMER)
    assert ticket.snoozed_until is not None, "the reply itself wakes nobody"


def test_the_customer_s_language_comes_first(
    kpopusa: Store, lead: User, agent: User, mina: Customer
) -> None:
    many = {"en": "Hello", "ko": "안녕하세요", "pt": "Olá"}
    spoken = {"ko": "ko", "ko-KR": "ko", "pt_BR": "pt", "ja": "en", "": "en"}
    macro = keep(kpopusa, lead, texts=many)
    for locale, expected in spoken.items():
        Customer.objects.filter(pk=mina.pk).update(locale=locale)
        found = macros.text_for(macro, Ticket.objects.get(pk=question(mina).pk))
        assert found is not None and found.locale == expected, locale
    # Nothing that they, the store or everybody speaks: better any than none, and it is told.
    only = keep(kpopusa, lead, "Only", texts={"pt": "Olá {{ reference }}"})
    ran = run(only, question(mina), agent)
    assert ran.event is not None and ran.event.data["language"] == "pt"


def test_a_missing_value_refuses_the_whole(ticket: Ticket, agent: User, kpopusa: Store) -> None:
    macro = keep(kpopusa, agent, shared=False, texts={"en": "Your {{ order_number }}"}, **deeds())
    with pytest.raises(InvalidInput, match="The order number"):
        run(macro, ticket, agent)
    assert kinds(ticket) == ["ticket_opened"]
    assert not ReplyDraft.objects.exists()


def test_a_deed_that_cannot_be_refuses_the_whole(
    ticket: Ticket, agent: User, second_agent: User, lead: User, kpopusa: Store
) -> None:
    macro = keep(kpopusa, lead, priority=0, assign="person", assignee=second_agent)
    second_agent.memberships.all().delete()
    with pytest.raises(InvalidInput, match="does not work"):
        run(macro, ticket, agent)
    assert kinds(ticket) == ["ticket_opened"]
    assert not ReplyDraft.objects.exists()


def test_the_same_form_twice_is_once(ticket: Ticket, agent: User, whole: Macro) -> None:
    key, seen = uuid.uuid4(), ticket.last_seq
    first = run(whole, ticket, agent, key)
    again = run(whole, ticket, agent, key, seen=seen)
    assert again.event == first.event and again.reply == first.reply
    replies.send_due(THEN)
    assert run(whole, ticket, agent, key, seen=seen).event == first.event
    assert Message.objects.filter(kind="agent").count() == 1
    assert kinds(ticket).count("macro_used") == 1


def test_what_happened_meanwhile_is_read_first(
    ticket: Ticket, agent: User, second_agent: User, whole: Macro
) -> None:
    ticket_marks.set_priority(ticket, 0, actor=Actor.staff(second_agent), now=NOON)
    with pytest.raises(Conflict, match="since you opened"):
        run(whole, ticket, agent, seen=1)
    assert kinds(ticket) == ["ticket_opened", "priority_set"]


def test_it_does_not_answer_over_somebody_else_s_reply(
    ticket: Ticket, agent: User, second_agent: User, whole: Macro
) -> None:
    other = run(whole, ticket, second_agent)
    with pytest.raises(Conflict, match="Omar is sending"):
        run(whole, ticket, agent)
    assert other.reply is not None
    run(whole, ticket, agent, seen_pending=[other.reply.pk])


def test_what_one_has_begun_to_write_stays_in_hand(
    ticket: Ticket, agent: User, whole: Macro
) -> None:
    begun = ReplyDraft.objects.create(ticket=ticket, user=agent, body="Dear", touched_at=NOON)
    ran = run(whole, ticket, agent)
    begun.refresh_from_db()
    assert (begun.body, begun.send_at) == ("Dear", None)
    replies.send_due(THEN)
    assert ReplyDraft.objects.get() == begun
    assert ran.reply != begun


def test_a_note_is_said_at_once(
    ticket: Ticket, agent: User, second_agent: User, lead: User, kpopusa: Store
) -> None:
    texts = {"en": "@Omar please look at {{ reference }}"}
    macro = keep(kpopusa, lead, kind="note", texts=texts, priority=0)
    key = uuid.uuid4()
    for _n in range(2):
        ran = run(macro, ticket, agent, key)
    said = Message.objects.get(ticket=ticket, kind="note")
    assert said.mentions.get().user == second_agent
    assert not Outbox.objects.filter(template="message").exists()
    assert kinds(ticket)[1:] == ["message_added", "priority_set", "macro_used"]
    # Taken back is what was done; what was said to colleagues stays said.
    assert ran.event is not None
    undoing.take_back(ticket, [ran.event.seq], actor=Actor.staff(agent), now=NOON)
    ticket.refresh_from_db()
    assert ticket.priority == 2
    assert Message.objects.filter(kind="note").exists()


def test_without_words_it_only_does(
    ticket: Ticket, agent: User, lead: User, kpopusa: Store
) -> None:
    macro = keep(kpopusa, lead, kind="", texts={}, then_state="solved", add_tags=["done"])
    ran = run(macro, ticket, agent)
    ticket.refresh_from_db()
    assert ticket.state == TicketState.SOLVED
    assert not Message.objects.exclude(kind="customer").exists()
    # What stands so already is nothing that has happened.
    assert run(macro, ticket, agent).event is None
    assert ran.event is not None and ran.reply is None
    undoing.take_back(ticket, [ran.event.seq], actor=Actor.staff(agent), now=NOON)
    ticket.refresh_from_db()
    assert (ticket.state, tags(ticket)) == (TicketState.NEW, [])


def test_an_open_claim_is_not_solved_by_a_macro(
    story: Story, agent: User, lead: User, kpopusa: Store
) -> None:
    ticket = story.file("missing_photocard", opened=False).ticket
    for kind in ("agent", ""):
        texts = {"en": "Bye"} if kind else {}
        macro = keep(kpopusa, lead, f"Bye {kind}", kind=kind, texts=texts, then_state="solved")
        with pytest.raises(Conflict, match="still open"):
            run(macro, ticket, agent)
    assert "macro_used" not in kinds(ticket)


def test_on_a_merged_ticket_nothing_is_done(
    ticket: Ticket, agent: User, lead: User, kpopusa: Store, mina: Customer, whole: Macro
) -> None:
    target = question(mina)
    Ticket.objects.filter(pk=ticket.pk).update(merged_into=target, state=TicketState.CLOSED)
    for macro in (whole, keep(kpopusa, lead, "Only", kind="", texts={}, priority=0)):
        with pytest.raises(Conflict, match="merged into another"):
            run(macro, ticket, agent)
    assert kinds(ticket) == kinds(target) == ["ticket_opened"]
    assert not ReplyDraft.objects.exists()


def test_monday_is_the_next_opening_then(ticket: Ticket, agent: User, kpopusa: Store) -> None:
    macro = keep(kpopusa, agent, shared=False, snooze="monday")
    found = macros.until(macro, kpopusa, NOON)
    assert found is not None and found.date() == MONDAY.date()
    macro.snooze, macro.snooze_days = "days", 366
    far = macros.until(macro, kpopusa, NOON)
    assert far is not None and far <= NOON + timedelta(days=366)


def test_only_who_may_work_here_runs_what_is_theirs(
    ticket: Ticket,
    agent: User,
    second_agent: User,
    reader: User,
    lead: User,
    kpopusa: Store,
    popmart: Store,
    person: Callable[..., User],
    whole: Macro,
) -> None:
    with pytest.raises(NotAllowed):
        run(whole, ticket, reader)
    own = keep(kpopusa, second_agent, shared=False)
    with pytest.raises(NotAllowed):
        run(own, ticket, agent)
    both = person("both", popmart, Role.LEAD)
    both.memberships.create(store=kpopusa, role=Role.LEAD)
    elsewhere = keep(popmart, both)
    with pytest.raises(NotAllowed):
        run(elsewhere, ticket, both)
    keep_macros.retire(whole, actor=Actor.staff(lead), now=NOON)
    whole.refresh_from_db()
    with pytest.raises(Conflict, match="used no more"):
        run(whole, ticket, agent)
    with pytest.raises(NotAllowed):
        macros.run(own, ticket, actor=SYSTEM, now=NOON, form_key=uuid.uuid4())
    assert kinds(ticket) == ["ticket_opened"]


# --- taken back --------------------------------------------------------------------------


def stands(ticket: Ticket) -> dict[str, Any]:
    values = Ticket.objects.filter(pk=ticket.pk).values().get()
    return {k: v for k, v in values.items() if k not in ("last_seq", "updated_at")}


def by_bar(ticket: Ticket, ran: Ran, who: User, now: datetime = NOON) -> None:
    assert ran.event is not None
    undoing.take_back(ticket, [ran.event.seq], actor=Actor.staff(who), now=now)


def by_line(ticket: Ticket, ran: Ran, who: User, now: datetime = NOON) -> None:
    assert ran.reply is not None
    macros.undo_reply(ticket, ran.reply.pk, actor=Actor.staff(who), now=now)


BOTH = pytest.mark.parametrize("press", [by_bar, by_line])


@BOTH
def test_one_button_takes_the_whole_back(
    ticket: Ticket, agent: User, whole: Macro, press: Callable[..., None]
) -> None:
    before = stands(ticket)
    ran = run(whole, ticket, agent)
    press(ticket, ran, agent)
    assert stands(ticket) == before
    assert tags(ticket) == []
    assert replies.send_due(THEN) == 0
    assert not Message.objects.filter(kind="agent").exists()
    assert "김미나" in ReplyDraft.objects.get(send_at=None).body, "it is in the composer again"
    last = ticket.events.order_by("seq").last()
    assert last is not None and ran.event is not None
    assert (last.kind, last.data["undoes"], last.data["left"]) == (
        "macro_undone",
        ran.event.seq,
        [],
    )
    count = Event.objects.count()
    with pytest.raises(Conflict):
        by_line(ticket, ran, agent)
    assert undoing.take_back(ticket, [ran.event.seq], actor=Actor.staff(agent), now=NOON) == []
    assert Event.objects.count() == count
    # The same form, sent again by an old page, does not do it again.
    form = uuid.UUID(ran.event.data["form_key"])
    assert run(whole, ticket, agent, form).reply is None
    assert Event.objects.count() == count


@BOTH
def test_what_somebody_changed_since_stays(
    ticket: Ticket, agent: User, second_agent: User, whole: Macro, press: Callable[..., None]
) -> None:
    ran = run(whole, ticket, agent)
    ticket_marks.set_priority(ticket, 0, actor=Actor.staff(second_agent), now=NOON)
    press(ticket, ran, agent)
    ticket.refresh_from_db()
    assert (ticket.priority, ticket.assignee, tags(ticket)) == (0, None, [])
    assert replies.send_due(THEN) == 0
    assert Event.objects.get(ticket=ticket, kind="macro_undone").data["left"] == ["priority_set"]


@BOTH
def test_what_was_said_is_not_taken_back(
    ticket: Ticket, agent: User, whole: Macro, press: Callable[..., None]
) -> None:
    ran = run(whole, ticket, agent)
    replies.send_due(THEN)
    before = kinds(ticket)
    with pytest.raises(Conflict, match="sent already"):
        press(ticket, ran, agent, THEN)
    assert kinds(ticket) == before
    assert tags(ticket) == ["gift", "vip buyer"]


def test_nobody_takes_back_anothers(
    ticket: Ticket, agent: User, second_agent: User, whole: Macro
) -> None:
    ran = run(whole, ticket, agent)
    for press in (by_bar, by_line):
        with pytest.raises(Conflict):
            press(ticket, ran, second_agent)
    assert replies.send_due(THEN) == 1


def test_deeds_that_were_all_changed_since_are_not_undone(
    ticket: Ticket, agent: User, second_agent: User, lead: User, kpopusa: Store
) -> None:
    macro = keep(kpopusa, lead, kind="", texts={}, priority=0)
    ran = run(macro, ticket, agent)
    ticket_marks.set_priority(ticket, 3, actor=Actor.staff(second_agent), now=NOON)
    with pytest.raises(Conflict, match="changed again"):
        by_bar(ticket, ran, agent)
    assert "macro_undone" not in kinds(ticket)


# --- at the same moment ------------------------------------------------------------------


@pytest.mark.race
@pytest.mark.django_db(transaction=True)
def test_run_six_times_at_once_is_once(ticket: Ticket, agent: User, whole: Macro) -> None:
    key = uuid.uuid4()
    seen = ticket.last_seq

    def go() -> None:
        macros.run(whole, ticket, actor=Actor.staff(agent), now=NOON, form_key=key, seen=seen)

    at_once(*[go] * 6)
    assert kinds(ticket).count("macro_used") == kinds(ticket).count("tagged") == 1
    assert replies.send_due(THEN) == 1


@pytest.mark.race
@pytest.mark.django_db(transaction=True)
def test_sent_and_taken_back_at_once_is_exactly_one_of_both(
    ticket: Ticket, agent: User, whole: Macro
) -> None:
    for number in range(8):
        Message.objects.filter(kind="agent").delete()
        ReplyDraft.objects.all().delete()
        ran = run(whole, ticket, agent)
        press = by_bar if number % 2 else by_line

        def back(ran: Ran = ran, press: Callable[..., None] = press) -> None:
            try:
                press(ticket, ran, agent)
            except ActionError:
                return

        at_once(back, lambda: replies.send_due(THEN))
        replies.send_due(THEN)
        said = Message.objects.filter(kind="agent").count()
        undone = Event.objects.filter(kind="macro_undone", data__undoes=ran.event.seq).count()  # type: ignore[union-attr]  # it has one
        assert said + undone == 1
        assert ("vip buyer" in tags(ticket)) == bool(said)
        if said:
            ticket_marks.set_tags(ticket, [], actor=Actor.staff(agent), now=NOON)


# --- those of the demo -------------------------------------------------------------------


def test_the_demo_s_macros_speak_two_languages_and_fit_a_claim(
    story: Story, kpopusa: Store, lead: User, agent: User
) -> None:
    found = shelve(kpopusa, Actor.staff(lead), NOON)
    for macro in found:
        assert {text.locale for text in macro.texts.all()} == (
            {"en", "ko"} if macro.kind else set()
        )
    waiting = story.file("missing_photocard", opened=False).ticket
    evidence = next(macro for macro in found if macro.name.startswith("Evidence"))
    said = macros.compose(evidence, waiting, user=agent, now=NOON)
    assert said is not None
    assert said.missing == ()
