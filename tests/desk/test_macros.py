"""Macros as staff meet them: the page that keeps them, and the button beside the composer."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import timedelta
from html import escape, unescape
from typing import Any

import pytest
from django.core.cache import cache
from django.test import Client

from tests.cast import NOON, make_customer
from tests.desk.conftest import Clock
from tests.desk.talk import TEN, keep, later, page, question
from tests.desk.test_undo import bar, press
from tests.test_macros import deeds, kinds, tags
from tests.test_macros import keep as keep_macro
from tests.test_placeholders import HOSTILE
from tickets.access import link_for
from tickets.actions import ticket_marks
from tickets.actor import Actor
from tickets.effects.letters import must_not_send, render
from tickets.models import (
    Customer,
    Event,
    Macro,
    Message,
    Outbox,
    ReplyDraft,
    Store,
    Ticket,
    User,
)

HTMX = {"HX-Request": "true"}


@pytest.fixture
def asked(mina: Customer) -> Ticket:
    return question(mina)


@pytest.fixture
def whole(kpopusa: Store, lead: User) -> Macro:
    texts = {"en": "Dear {{ customer_name }}, {{ reference }}.", "ko": "{{ customer_name }} 님"}
    return keep_macro(kpopusa, lead, "Soon", texts=texts, **deeds())


@pytest.fixture
def lena(as_: Callable[[User | None], Client], lead: User) -> Client:
    return as_(lead)


def at(ticket: Ticket, macro: Macro | None = None, what: str = "") -> str:
    one = f"{macro.pk}/" if macro is not None else ""
    return f"/desk/tickets/{ticket.reference}/macros/{one}{what}"


def carried(page: Any) -> dict[str, str]:
    """What the run button posts."""
    form = re.search(r'action="[^"]+/run/">(.*?)</form>', page.text, re.S)
    assert form is not None
    return {
        name: unescape(value)
        for name, value in re.findall(r'name="(\w+)" value="([^"]*)"', form[1])
        if name != "csrfmiddlewaretoken"
    }


def run(client: Client, ticket: Ticket, macro: Macro, **more: Any) -> Any:
    """Look at the preview and press the button."""
    ticket.refresh_from_db()
    seen = client.get(at(ticket, macro), {"seen": ticket.last_seq})
    return client.post(at(ticket, macro, "run/"), {**carried(seen), **more})


# --- kept on a page of their own ---------------------------------------------------------


def typed(**more: Any) -> dict[str, Any]:
    return {"name": "Soon", "kind": "agent", "text_en": "Dear {{ first_name }}", **more}


def test_a_lead_makes_one_for_everybody_and_takes_it_back(
    lena: Client, nora: Client, kpopusa: Store, asked: Ticket
) -> None:
    answer = lena.post(
        f"/desk/stores/{kpopusa.pk}/macros/",
        typed(shared="on", add_tags="VIP, gift", snooze="days", snooze_days=3, assign="me"),
        follow=True,
    )
    assert "Made: Soon" in answer.text
    assert "+ VIP, + gift" in answer.text
    assert "Soon" in nora.get(at(asked)).text
    press(lena, answer)
    assert Macro.objects.get().retired_at is not None
    assert "Soon</strong>" not in nora.get(at(asked)).text


def test_an_agent_keeps_their_own(
    nora: Client, as_: Callable[[User | None], Client], second_agent: User, kpopusa: Store
) -> None:
    form = nora.get(f"/desk/stores/{kpopusa.pk}/macros/form/").text
    assert 'name="shared"' not in form
    nora.post(f"/desk/stores/{kpopusa.pk}/macros/", typed(shared="on"))
    assert Macro.objects.get().owner is not None, "whatever is posted"
    assert "Soon" in nora.get("/desk/macros/").text
    omar = as_(second_agent)
    assert "Soon" not in omar.get("/desk/macros/").text
    assert omar.get(f"/desk/macros/{Macro.objects.get().pk}/").status_code == 404


def test_the_store_s_can_be_read_by_all_and_changed_by_leads(
    nora: Client, lena: Client, whole: Macro
) -> None:
    read = nora.get(f"/desk/macros/{whole.pk}/").text
    assert "{{ customer_name }}" in read
    assert 'name="name"' not in read
    assert nora.post(f"/desk/macros/{whole.pk}/change/", typed()).status_code == 403
    form = lena.get(f"/desk/macros/{whole.pk}/").text
    changed = re.search(r'name="changed" value="([^"]+)"', form)
    assert changed is not None
    data = typed(name="Sooner", changed=changed[1])
    assert lena.post(f"/desk/macros/{whole.pk}/change/", data).status_code == 302
    whole.refresh_from_db()
    assert (whole.name, whole.snooze, whole.priority) == ("Sooner", "", None)


def test_an_unknown_placeholder_is_told_when_it_is_saved(lena: Client, kpopusa: Store) -> None:
    answer = lena.post(
        f"/desk/stores/{kpopusa.pk}/macros/", typed(text_en="Until {{ closes_on }}", name="Keep me")
    )
    assert answer.status_code == 422
    assert escape("“{{ closes_on }}” is not known. Do you mean “{{ closes_at }}”?") in answer.text
    assert 'value="Keep me"' in answer.text, "nothing that was typed is lost"
    assert "Until {{ closes_on }}</textarea>" in answer.text
    assert not Macro.objects.exists()


@pytest.mark.parametrize(
    "more",
    [
        {"name": ""},
        {"kind": "everybody"},
        {"assign": "person-999999"},
        {"priority": "9"},
        {"snooze": "days", "snooze_days": "x"},
        {"snooze": "days", "snooze_days": "400"},
        {"text_en": "x" * 20_001},
        {"text_en": "\x00"},
        {"then_state": "closed"},
        {"position": "-1"},
    ],
)
def test_nonsense_is_answered_and_kept_from_the_database(
    lena: Client, kpopusa: Store, more: dict[str, str]
) -> None:
    answer = lena.post(f"/desk/stores/{kpopusa.pk}/macros/", typed(**more))
    assert answer.status_code == 422
    assert not Macro.objects.exists()


def test_the_preview_of_the_form_writes_nothing(
    lena: Client, kpopusa: Store, asked: Ticket
) -> None:
    where = f"/desk/stores/{kpopusa.pk}/macros/form/"
    piece = lena.post(
        where, typed(text_ko="{{ customer_name }} 님", example=asked.reference), headers=HTMX
    ).text
    assert "<mark>김미나</mark> 님" in piece
    assert "Dear <mark>김미나</mark>" in piece
    assert "<html" not in piece
    whole_page = lena.post(where, typed(text_en="{{ order_number }} {{ nothing }}")).text
    assert "Missing on this ticket: The order number" in whole_page
    assert escape("“{{ nothing }}” is not known.") in whole_page
    assert 'action="/desk/stores/' in whole_page
    assert "no such ticket" in lena.post(where, typed(example="2222222W"), headers=HTMX).text
    assert not Macro.objects.exists()


def test_the_preview_shows_no_ticket_of_another_store(
    lena: Client, kpopusa: Store, popmart: Store
) -> None:
    other = question(make_customer(popmart, "x@example.com", "Somebody Else"))
    where = f"/desk/stores/{kpopusa.pk}/macros/form/"
    found = lena.post(where, typed(example=other.reference), headers=HTMX).text
    assert "Somebody" not in found
    assert "no such ticket" in found


# --- on a ticket -------------------------------------------------------------------------


def test_the_ticket_s_page_has_them_a_press_away(
    nora: Client, as_: Callable[[User | None], Client], reader: User, asked: Ticket, whole: Macro
) -> None:
    html = page(nora, asked)
    assert f'hx-get="{at(asked)}?seen=1&amp;pending="' in html
    assert "Dear" not in html, "they are read when somebody asks"
    assert at(asked) not in page(as_(reader), asked)
    piece = nora.get(at(asked), {"seen": 1}, headers=HTMX).text
    assert "Soon" in piece
    assert "<html" not in piece
    assert "Tags: + VIP buyer, + gift" in piece
    plain = nora.get(at(asked), {"seen": 1}).text
    assert "<html" in plain
    assert f'href="{at(asked, whole)}?seen=1"' in plain
    assert "When is it back?" in plain, "who comes from elsewhere reads the last word first"


@pytest.mark.parametrize(
    ("words", "there"),
    [("soo", True), ("SOON dear", True), ("님", True), ("xyz", False), ("%", False), ("", True)],
)
def test_they_are_found_by_a_few_letters(
    nora: Client, asked: Ticket, whole: Macro, words: str, there: bool
) -> None:
    found = nora.get(at(asked), {"q": words}).text
    assert ("Soon</strong>" in found) is there


def test_the_preview_tells_what_it_would_say_and_do(
    nora: Client, asked: Ticket, agent: User, whole: Macro
) -> None:
    ticket_marks.set_priority(asked, 1, actor=Actor.staff(agent), now=NOON)
    shown = nora.get(at(asked, whole)).text
    assert "Dear <mark>김미나</mark>" in shown
    assert "Assigned to whoever runs it" in shown
    assert "Priority: High (it is so already)" in shown
    assert "Put off until Fri 6 Mar" in shown
    assert "no text in the customer" not in shown
    Customer.objects.update(locale="ja")
    assert "no text in the customer" in nora.get(at(asked, whole)).text
    Customer.objects.update(locale="ko")
    korean = nora.get(at(asked, whole)).text
    assert "<mark>김미나</mark> 님" in korean
    assert kinds(asked) == ["ticket_opened", "priority_set"]
    assert not ReplyDraft.objects.exists()


def test_it_runs_and_the_bar_takes_the_whole_back(
    nora: Client, asked: Ticket, agent: User, whole: Macro
) -> None:
    answer = run(nora, asked, whole)
    reply = ReplyDraft.objects.get()
    assert answer["Location"].endswith(f"#pending-{reply.pk}")
    shown = nora.get(answer["Location"])
    assert "Done: Soon" in shown.text
    asked.refresh_from_db()
    assert asked.assignee == agent
    assert tags(asked) == ["gift", "vip buyer"]

    assert "Undone." in press(nora, shown).text
    asked.refresh_from_db()
    assert (asked.assignee, asked.snoozed_until, tags(asked)) == (None, None, [])
    assert later() == 0
    html = page(nora, asked)
    assert "Macro taken back" in html
    assert f"Dear 김미나, {asked.spoken_reference}.</textarea>" in html
    assert "It was undone already." in press(nora, shown).text


def test_the_button_at_the_reply_takes_the_whole_back_too(
    nora: Client, asked: Ticket, second_agent: User, whole: Macro
) -> None:
    run(nora, asked, whole)
    reply = ReplyDraft.objects.get()
    ticket_marks.set_priority(asked, 0, actor=Actor.staff(second_agent), now=NOON)
    nora.post(f"/desk/tickets/{asked.reference}/pending/{reply.pk}/undo/")
    asked.refresh_from_db()
    assert (asked.assignee, tags(asked), asked.priority) == (None, [], 0)
    html = page(nora, asked)
    assert "Left, as it was changed since: Priority changed" in html
    assert later() == 0


def test_too_late_is_said(nora: Client, asked: Ticket, whole: Macro, still: Clock) -> None:
    shown = nora.get(run(nora, asked, whole)["Location"])
    assert later() == 1
    assert "sent already" in press(nora, shown).text
    assert tags(asked) == ["gift", "vip buyer"]
    still.at = NOON + timedelta(minutes=2)
    assert "cannot be undone any more" in press(nora, shown).text


def test_the_button_pressed_twice_is_once(nora: Client, asked: Ticket, whole: Macro) -> None:
    form = carried(nora.get(at(asked, whole), {"seen": 1}))
    for _n in range(2):
        assert nora.post(at(asked, whole, "run/"), form).status_code == 302
    assert later() == 1
    assert nora.post(at(asked, whole, "run/"), form).status_code == 302
    assert Message.objects.filter(kind="agent").count() == 1
    assert kinds(asked).count("macro_used") == 1


def test_what_the_customer_said_since_the_page_was_opened_is_read_first(
    nora: Client, asked: Ticket, whole: Macro
) -> None:
    # The page was opened at the first event; the preview comes after the customer's next word.
    ticket_marks.snooze(
        asked, NOON + TEN, actor=Actor.staff(User.objects.get(name="Nora")), now=NOON
    )
    form = carried(nora.get(at(asked, whole), {"seen": 1}))
    answer = nora.post(at(asked, whole, "run/"), form)
    assert answer.status_code == 409
    assert "since you opened this page" in answer.text
    assert not ReplyDraft.objects.exists()


def test_a_colleague_who_writes_is_told_of_first(
    nora: Client,
    as_: Callable[[User | None], Client],
    second_agent: User,
    asked: Ticket,
    whole: Macro,
) -> None:
    keep(as_(second_agent), asked, "Dear Mina, I look into it")
    first = run(nora, asked, whole)
    assert first.status_code == 409
    assert "Omar is writing" in first.text
    assert "I look into it" not in first.text
    assert nora.post(at(asked, whole, "run/"), carried(first)).status_code == 302
    assert later() == 1


@pytest.mark.parametrize("form", [{}, {"seen": "x"}, {"seen": 1, "form_key": "no"}])
def test_a_broken_form_runs_nothing(
    nora: Client, asked: Ticket, whole: Macro, form: dict[str, Any]
) -> None:
    assert nora.post(at(asked, whole, "run/"), form).status_code == 422
    assert kinds(asked) == ["ticket_opened"]


def test_what_is_missing_is_shown_and_cannot_be_sent(
    nora: Client, asked: Ticket, kpopusa: Store, lead: User
) -> None:
    macro = keep_macro(kpopusa, lead, texts={"en": "Your {{ order_number }} is ready"}, priority=0)
    shown = nora.get(at(asked, macro)).text
    assert '<mark class="macro-hole">{{ order_number }}</mark>' in shown
    assert "Missing on this ticket: The order number." in shown
    assert "/run/" not in shown
    form = {"seen": 1, "form_key": "6a6c9f1c-4d43-4b3c-9a55-0e6cb8b7a0f4"}
    answer = nora.post(at(asked, macro, "run/"), form)
    assert answer.status_code == 422
    assert kinds(asked) == ["ticket_opened"]
    # The text alone can be used, and said in one's own words: until then it does not go out.
    nora.post(at(asked, macro, "text/"))
    html = page(nora, asked)
    assert "Your {{ order_number }} is ready</textarea>" in html
    send = f"/desk/tickets/{asked.reference}/messages/"
    body = {**form, "kind": "agent", "body": "Your {{ order_number }} is ready"}
    refused = nora.post(send, body)
    assert refused.status_code == 422
    assert "{{ order_number }} still stands in the text" in refused.text
    assert nora.post(send, {**body, "body": "Your album is ready"}).status_code == 302
    assert later() == 1


def test_the_text_goes_below_what_was_begun(nora: Client, asked: Ticket, whole: Macro) -> None:
    keep(nora, asked, "Hello,")
    for _n in range(2):
        answer = nora.post(at(asked, whole, "text/"))
    assert answer["Location"].endswith("#message")
    draft = ReplyDraft.objects.get()
    assert draft.body == f"Hello,\n\nDear 김미나, {asked.spoken_reference}."
    assert kinds(asked) == ["ticket_opened"], "nothing was done with it"


def test_a_macro_of_another_store_or_person_is_not_found_here(
    nora: Client, asked: Ticket, popmart: Store, stranger: User, second_agent: User, agent: User
) -> None:
    elsewhere = keep_macro(popmart, stranger, shared=False)
    omars = keep_macro(asked.store, second_agent, shared=False)
    stranger.memberships.create(store=asked.store, role="agent")
    agent.memberships.create(store=popmart, role="agent")
    for macro in (elsewhere, omars):
        assert nora.get(at(asked, macro)).status_code == 404
        assert nora.post(at(asked, macro, "run/"), {"seen": 1}).status_code == 404
        assert nora.post(at(asked, macro, "text/")).status_code == 404


@pytest.mark.parametrize("name", HOSTILE)
def test_a_hostile_name_harms_neither_the_page_nor_the_mail(
    nora: Client, asked: Ticket, kpopusa: Store, lead: User, name: str
) -> None:
    cache.clear()
    Customer.objects.update(name=name[:200])
    macro = keep_macro(kpopusa, lead, texts={"en": "Dear {{ customer_name }}!\n{{ reference }}"})
    shown = nora.get(at(asked, macro))
    assert "<script>alert" not in shown.text
    assert "<img src=x" not in shown.text
    assert run(nora, asked, macro).status_code == 302
    assert later() == 1
    body = Message.objects.get(kind="agent").body
    assert body.count("\n") == 1
    assert body.endswith(f"!\n{asked.spoken_reference}")
    assert "<script>alert" not in page(nora, asked)
    row = Outbox.objects.get(template="message")
    letter = render(row, NOON)
    assert must_not_send(row) == ""
    assert body in letter.text
    for words in (letter.subject, letter.text, letter.html):
        told = words.replace(name, "").replace(escape(name), "")  # the greeting is as they write it
        assert "{{" not in told
        assert "\u202e" not in told
    assert "<script>alert" not in letter.html
    assert "<img src=x" not in letter.html
    assert len(letter.subject.splitlines()) == 1


def test_the_macro_stays_among_staff(nora: Client, asked: Ticket, whole: Macro) -> None:
    run(nora, asked, whole)
    later()
    event = Event.objects.get(kind="macro_used")
    row = Outbox.objects.filter(to_customer__isnull=False, template="message").get()
    row.event, row.template = event, "ticket_opened"
    assert must_not_send(row)
    assert "Macro" not in Client().get(link_for(asked)).text


def test_there_is_no_bar_where_nothing_came_of_it(
    nora: Client, asked: Ticket, kpopusa: Store, lead: User
) -> None:
    macro = keep_macro(kpopusa, lead, kind="", texts={}, priority=asked.priority)
    shown = nora.get(run(nora, asked, macro)["Location"])
    assert "All of it stood so already." in shown.text
    assert bar(shown) == {}
