"""Calls: who is found by what is typed, what is said to them, and what is logged."""

from __future__ import annotations

import re
import uuid
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.core import mail
from django.test import Client

from tests.cast import NOON, Story, make_customer, make_order
from tickets import access, outbox
from tickets.desk import lookup
from tickets.models import (
    Claim,
    Customer,
    Deadline,
    Draft,
    Event,
    Membership,
    Message,
    Order,
    Outbox,
    Pickup,
    Store,
    Ticket,
    User,
)


def names(response: Any) -> list[str]:
    return [one["person"].customer.name for one in response.context["people"]]


def typed(client: Client, text: str, **more: str) -> Any:
    """The list as the script asks for it, at every key."""
    return client.get("/desk/calls/", {"q": text, **more}, headers={"HX-Request": "true"})


def called(customer: Customer, phone: str) -> Customer:
    Customer.objects.filter(pk=customer.pk).update(phone=phone)
    customer.refresh_from_db()
    return customer


def log(client: Client, customer: Customer, **said: Any) -> Any:
    answers = {
        "request": "restock",
        "note": "Asks when Dawn is back.",
        "ticket": "",
        "order": "",
        "form_key": str(uuid.uuid4()),
        **said,
    }
    return client.post(f"/desk/calls/{customer.pk}/log/", answers)


def kinds(ticket: Ticket) -> list[str]:
    return list(ticket.events.order_by("seq").values_list("kind", flat=True))


# --- finding ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("kept", "asked"),
    [
        ("+82 10-1234-5678", "01012345678"),
        ("+82 10-1234-5678", "010-1234-5678"),
        ("+82 10-1234-5678", "1012345678"),
        ("+82 10-1234-5678", "82101234"),
        ("+82 10-1234-5678", "+82 (0)10 1234"),
        ("+82 10-1234-5678", "0082 10 1234"),
        ("+82 10-1234-5678", "0101234"),
        ("+82 10-1234-5678", "5678"),
        ("+82 10-1234-5678", "345678"),
        ("010-1234-5678", "+821012345678"),
        ("010-1234-5678", "1012345678"),
        ("(702) 555-0142", "17025550142"),
        ("+1 702 555 0142", "7025550142"),
        ("+1 702 555 0142", "702555"),
        ("+44 20 7946 0018", "02079460018"),
    ],
)
def test_a_number_is_found_however_it_is_typed(
    nora: Client, mina: Customer, jo: Customer, kept: str, asked: str
) -> None:
    called(mina, kept)
    called(jo, "+1 212 000 0000")
    assert names(typed(nora, asked)) == ["김미나"]


@pytest.mark.parametrize(
    ("name", "asked"),
    [
        ("김미나", "미나"),
        ("김미나", "김"),
        ("김미나", "김미"),
        ("田中 さくら", "くら"),
        ("王小明", "小明"),
        ("Zoë Müller-Lüdenscheidt", "mull"),
        ("Zoë Müller-Lüdenscheidt", "LUDEN zoe"),
        ("Đorđe O'Neill", "neil"),
        ("Jo Doe", "do"),
        ("ΝΙΚΟΣ Παπάς", "νικοσ παπας"),
        ("İpek Yılmaz", "ipek"),
    ],
)
def test_a_name_is_found_by_the_beginning_of_any_word(
    nora: Client, kpopusa: Store, name: str, asked: str
) -> None:
    make_customer(kpopusa, "one@example.com", name)
    make_customer(kpopusa, "two@example.com", "Somebody Else")
    assert names(typed(nora, asked)) == [name]


@pytest.mark.parametrize("asked", ["1042", "#1042", "# 1042", "mina.k", "MINA.KIM@example.com"])
def test_orders_and_addresses_are_found_by_their_beginning(
    nora: Client, album_order: Order, jo: Customer, asked: str
) -> None:
    assert names(typed(nora, asked)) == ["김미나"]


def test_a_tracking_number_is_found_whole_and_leads_to_its_order(
    nora: Client, album_order: Order, late_order: Order
) -> None:
    number = late_order.shipments.get().tracking_number
    found = typed(nora, f" {number[:8]} {number[8:]} ")
    assert names(found) == ["김미나"]
    assert found.context["people"][0]["order"] == late_order.pk
    assert names(typed(nora, number[:12])) == []


def test_the_order_that_was_typed_stands_first(nora: Client, mina: Customer) -> None:
    for number in range(6):
        make_order(mina, f"#77{number}1", placed=timedelta(days=20 - number))
    person = typed(nora, "#7701").context["people"][0]["person"]
    assert person.orders[0].number == "#7701"
    assert len(person.orders) == 3


def test_orders_and_open_tickets_stand_beside_the_name(
    nora: Client, ready: Claim, kpopusa: Store
) -> None:
    page = typed(nora, "미나").content.decode()
    assert "#1042" in page
    assert "delivered" in page
    assert "Missing content" in page
    assert "Decide" in page  # the next step
    Ticket.objects.filter(pk=ready.ticket_id).update(state="solved")
    assert "Missing content" not in typed(nora, "미나").content.decode()


@pytest.mark.parametrize(
    "asked", ["%", "_", "%%%%", "____", "mina%", "10_2", "%1042", "\\", "'", "' | '"]
)
def test_no_sign_stands_for_others(nora: Client, album_order: Order, asked: str) -> None:
    called(album_order.customer, "+82 10-1234-5678")
    answer = typed(nora, asked)
    assert answer.status_code == 200
    assert names(answer) == []


@pytest.mark.parametrize(
    "asked",
    [
        "0101234abcd",
        "12:34*!",
        "미나:*",
        "<script>alert(1)</script>",
        "🎀" * 150,
        "(((",
    ],
)
def test_nonsense_finds_nobody_and_breaks_nothing(nora: Client, kpopusa: Store, asked: str) -> None:
    make_customer(kpopusa, "other@example.com", "Other")
    answer = typed(nora, asked)
    assert answer.status_code == 200
    assert names(answer) == []
    assert "<script>alert" not in answer.content.decode()


def test_names_of_emoji_and_markup_are_only_names(nora: Client, kpopusa: Store) -> None:
    who = make_customer(kpopusa, "odd@example.com", ("🎀" * 90) + "<script>alert(1)</script>")
    for page in (typed(nora, "odd@"), nora.get(f"/desk/calls/{who.pk}/")):
        text = page.content.decode()
        assert "🎀🎀🎀" in text
        assert "<script>alert" not in text


def test_a_long_paste_is_told_its_limit(nora: Client, mina: Customer) -> None:
    answer = typed(nora, "미나 " * 1_000_000)
    assert answer.status_code == 200
    assert "at most 200 characters" in answer.content.decode()
    assert len(answer.content) < 5_000


def test_too_few_digits_and_one_letter_say_what_to_type(nora: Client, mina: Customer) -> None:
    assert "at least 4 digits" in typed(nora, "01").content.decode()
    assert "one letter says too little" in typed(nora, "m").content.decode()


def test_nobody_found_says_what_can_be_typed(nora: Client, mina: Customer) -> None:
    page = typed(nora, "Quetzalcoatl").content.decode()
    assert "Nobody found" in page
    assert "last four digits" in page
    assert "Somebody new" in page


def test_many_of_one_name_are_told_to_be_more(nora: Client, kpopusa: Store) -> None:
    for number in range(12):
        make_customer(kpopusa, f"kim{number}@example.com", f"Kim {number:02d}")
    answer = typed(nora, "kim")
    assert len(names(answer)) == lookup.SHOWN
    assert "More people fit" in answer.content.decode()


def test_who_came_long_ago_is_found_behind_the_newest(
    nora: Client, kpopusa: Store, popmart: Store
) -> None:
    """By the index of words: each once, with accents and beginnings, of this person's stores."""
    old = [make_customer(kpopusa, f"old{n}@example.com", f"Zora Old{n}") for n in range(2)]
    make_customer(kpopusa, "accent@example.com", "Zóra Accent")
    make_customer(popmart, "theirs@example.com", "Zora Elsewhere")
    crowd = [
        Customer(store=kpopusa, email=f"c{n}@example.com", email_key=f"c{n}@example.com", name="Q")
        for n in range(lookup._NEWEST)
    ]
    Customer.objects.bulk_create(crowd)
    make_customer(kpopusa, "new@example.com", "Zora New")
    make_customer(kpopusa, "newer@example.com", "Zóra Newer")
    everybody = sorted([*(one.name for one in old), "Zora New", "Zóra Accent", "Zóra Newer"])
    for text in ("zora", "ZÓRA", "zor"):
        assert sorted(names(typed(nora, text))) == everybody, text
    assert names(typed(nora, "zora old1")) == ["Zora Old1"]
    assert names(typed(nora, "zor acc")) == ["Zóra Accent"]
    assert names(typed(nora, "zora elsewhere")) == []


def test_customers_of_other_stores_are_not_there(
    nora: Client, agent: User, popmart: Store, jo: Customer
) -> None:
    other = called(make_customer(popmart, "mina@popmart.test", "Mina Park"), "+1 702 555 0142")
    make_order(other, "#9001")
    for asked in ("Mina", "mina@", "7025550142", "0142", "9001"):
        assert names(typed(nora, asked)) == [], asked
    assert nora.get(f"/desk/calls/{other.pk}/").status_code == 404
    Membership.objects.create(user=agent, store=popmart, role="agent")
    answer = typed(nora, "0142")
    assert names(answer) == ["Mina Park"]
    assert popmart.name in answer.content.decode()
    assert names(typed(nora, "0142", store="kpopusa")) == []


def test_looking_up_costs_few_queries(
    nora: Client, story: Story, django_assert_max_num_queries: Callable[[int], Any]
) -> None:
    called(story.order.customer, "+82 10-1234-5678")
    story.file("missing_photocard", opened=True)
    typed(nora, "01012345678")
    with django_assert_max_num_queries(6):  # three to know who asks, three to look
        assert names(typed(nora, "01012345678")) == ["김미나"]


def test_without_a_script_the_same_form_finds(nora: Client, mina: Customer, jo: Customer) -> None:
    make_customer(mina.store, "mina2@example.com", "Mina Second")
    answer = nora.get("/desk/calls/", {"q": "example"})
    assert names(answer) == []
    answer = nora.get("/desk/calls/", {"q": "mina"})
    assert set(names(answer)) == {"김미나", "Mina Second"}
    assert "hx-get" in answer.content.decode()


def test_enter_leads_to_the_only_one_and_to_a_ticket(
    nora: Client, ready: Claim, jo: Customer
) -> None:
    order = ready.order
    answer = nora.get("/desk/calls/", {"q": "#1042"})
    assert answer["Location"].startswith(f"/desk/calls/{order.customer_id}/?")
    assert f"order={order.pk}" in answer["Location"]
    answer = nora.get("/desk/calls/", {"q": ready.ticket.spoken_reference})
    assert answer["Location"] == f"/desk/tickets/{ready.ticket.reference}/"
    # While somebody types, nothing jumps.
    assert "Open " in typed(nora, ready.ticket.reference).content.decode()


# --- what is said -----------------------------------------------------------------------------


def test_the_rules_answer_for_the_order_at_once(nora: Client, album_order: Order) -> None:
    page = nora.get(f"/desk/calls/{album_order.customer_id}/")
    answers = {one.request: one for one in page.context["answers"]}
    missing = answers["missing_photocard"]
    assert missing.closes_at is not None
    assert any("Unboxing video" in need for need in missing.needs)
    assert missing.has_form
    text = re.sub(r"\s+", " ", page.content.decode())
    assert "in time until" in text
    assert "in Las Vegas" in text
    assert "Asia/Seoul" in text
    assert "Fri 6 Mar, 05:00 there" in text  # noon in Las Vegas


def test_the_same_is_said_as_the_customers_own_form_says(nora: Client, album_order: Order) -> None:
    claim = Story(album_order).file("missing_photocard")
    answers = nora.get(f"/desk/calls/{album_order.customer_id}/").context["answers"]
    said = next(one for one in answers if one.request == "missing_photocard")
    assert (said.verdict, said.rule, said.closes_at) == (claim.verdict, claim.rule, claim.closes_at)


@pytest.mark.parametrize(
    ("parcel", "asked", "not_asked"),
    [
        ({"shipped": None}, "cancel_order", "defect"),
        ({"delivered": None}, "lost_parcel", "cancel_order"),
        ({}, "transit_damage", "change_address"),
    ],
)
def test_what_is_likely_follows_the_parcel(
    nora: Client, mina: Customer, parcel: dict[str, Any], asked: str, not_asked: str
) -> None:
    make_order(mina, "#8001", **parcel)
    requests = [one.request for one in nora.get(f"/desk/calls/{mina.pk}/").context["answers"]]
    assert asked in requests
    assert not_asked not in requests


def test_a_pickup_and_a_cancelled_order_are_shown(nora: Client, pickup: Pickup) -> None:
    page = nora.get(f"/desk/calls/{pickup.order.customer_id}/")
    assert "being prepared" in page.content.decode()
    Order.objects.filter(pk=pickup.order_id).update(cancelled_at=NOON)
    page = nora.get(f"/desk/calls/{pickup.order.customer_id}/")
    assert page.context["answers"] == []
    assert "This order is cancelled" in page.content.decode()


def test_somebody_without_orders_has_a_page_too(nora: Client, jo: Customer) -> None:
    page = nora.get(f"/desk/calls/{jo.pk}/?order=abc&ticket=nope&about=nope").content.decode()
    assert "No orders." in page
    assert "Log call" in page


def test_the_call_page_costs_few_queries(
    nora: Client, story: Story, django_assert_max_num_queries: Callable[[int], Any]
) -> None:
    story.file("missing_photocard", opened=True)
    path = f"/desk/calls/{story.order.customer_id}/"
    nora.get(path)
    with django_assert_max_num_queries(16):
        nora.get(path)


# --- logging ----------------------------------------------------------------------------------


def test_a_call_on_an_open_ticket_is_a_note_for_colleagues(
    nora: Client, agent: User, ready: Claim
) -> None:
    ticket, mails = ready.ticket, Outbox.objects.count()
    answer = log(nora, ticket.customer, ticket=ticket.reference, note="He was rude & sorry.")
    assert answer["Location"] == f"/desk/tickets/{ticket.reference}/"
    message = Message.objects.get(ticket=ticket)
    assert (message.kind, message.channel, message.author) == ("note", "phone", agent)
    event = Event.objects.get(ticket=ticket, kind="call_logged")
    assert event.data["message"] == message.pk
    assert event.actor_user == agent
    assert Outbox.objects.count() == mails  # nobody is mailed
    page = nora.get(answer["Location"]).content.decode()
    assert "He was rude &amp; sorry." in page
    ticket.refresh_from_db()
    assert ticket.answered_at == NOON
    assert ticket.state == "new"


def test_the_note_of_a_call_is_never_seen_by_the_customer(nora: Client, ready: Claim) -> None:
    log(nora, ready.ticket.customer, ticket=ready.ticket.reference, note="Between us alone.")
    assert "Between us" not in Client().get(access.link_for(ready.ticket)).content.decode()


def test_a_call_opens_a_ticket_with_what_they_said(
    nora: Client, agent: User, album_order: Order
) -> None:
    answer = log(nora, album_order.customer, request="lost_parcel", order=str(album_order.pk))
    ticket = Ticket.objects.get()
    assert answer["Location"] == f"/desk/tickets/{ticket.reference}/"
    assert (ticket.channel, ticket.request, ticket.order) == ("phone", "lost_parcel", album_order)
    message = Message.objects.get()
    assert (message.kind, message.channel, message.author) == ("customer", "phone", None)
    assert kinds(ticket) == ["ticket_opened", "call_logged"]
    assert ticket.events.get(kind="ticket_opened").rule  # what the rules said then
    assert set(ticket.events.values_list("actor_user", flat=True)) == {agent.pk}
    assert Deadline.objects.filter(ticket=ticket, kind="answer_due", state="pending").exists()
    assert list(
        Outbox.objects.filter(to_customer__isnull=False).values_list("template", flat=True)
    ) == ["call_logged"]
    outbox.drain(NOON)
    letter = next(one for one in mail.outbox if one.to == [album_order.customer.email])
    assert "Thank you for calling" in letter.body
    assert "Asks when Dawn is back." in letter.body
    status = Client().get(access.link_for(ticket)).content.decode()
    assert "You called us." in status
    assert "Asks when Dawn is back." in status


def test_solved_on_the_telephone_owes_nothing(nora: Client, mina: Customer) -> None:
    log(nora, mina, solved="on")
    ticket = Ticket.objects.get()
    assert ticket.state == "solved"
    assert kinds(ticket) == ["ticket_opened", "call_logged", "ticket_solved"]
    assert not Outbox.objects.exists()
    assert not Deadline.objects.filter(kind="answer_due", state="pending").exists()


def test_an_open_question_is_solved_by_a_call(nora: Client, mina: Customer) -> None:
    log(nora, mina)
    ticket = Ticket.objects.get()
    log(nora, mina, ticket=ticket.reference, solved="on", note="Told them: in May.")
    ticket.refresh_from_db()
    assert ticket.state == "solved"
    assert not Deadline.objects.filter(kind="answer_due", state="pending").exists()


def test_an_open_claim_is_not_solved_by_a_call(nora: Client, ready: Claim) -> None:
    answer = log(nora, ready.ticket.customer, ticket=ready.ticket.reference, solved="on")
    assert answer.status_code == 409
    assert "still open" in answer.content.decode()
    assert "Asks when Dawn is back." in answer.content.decode()  # what was typed is kept
    assert not Message.objects.exists()
    assert not Event.objects.filter(kind="call_logged").exists()


def test_a_call_wakes_what_was_put_off(nora: Client, ready: Claim) -> None:
    Ticket.objects.filter(pk=ready.ticket_id).update(snoozed_until=NOON + timedelta(days=3))
    log(nora, ready.ticket.customer, ticket=ready.ticket.reference)
    ready.ticket.refresh_from_db()
    assert ready.ticket.snoozed_until is None
    assert "woken" in kinds(ready.ticket)


def test_the_same_form_twice_is_one_call(nora: Client, mina: Customer) -> None:
    key = str(uuid.uuid4())
    first, second = log(nora, mina, form_key=key), log(nora, mina, form_key=key)
    assert first["Location"] == second["Location"]
    assert Ticket.objects.count() == Message.objects.count() == 1
    assert Event.objects.filter(kind="call_logged").count() == 1


def test_the_key_of_another_customers_call_is_refused(
    nora: Client, mina: Customer, jo: Customer
) -> None:
    key = str(uuid.uuid4())
    log(nora, mina, form_key=key)
    assert log(nora, jo, form_key=key).status_code == 409
    assert Ticket.objects.count() == 1


def test_the_number_is_learned_once(nora: Client, mina: Customer) -> None:
    page = nora.get(f"/desk/calls/{mina.pk}/", {"q": "010 1234 5678"}).content.decode()
    assert 'value="010 1234 5678"' in page  # offered, as it was typed
    log(nora, mina, phone="010 1234 5678")
    mina.refresh_from_db()
    assert mina.phone == "010 1234 5678"
    assert Event.objects.get(kind="call_logged").data["phone_learned"]
    assert "call-phone" not in nora.get(f"/desk/calls/{mina.pk}/").content.decode()
    log(nora, mina, phone="999 999 999")
    mina.refresh_from_db()
    assert mina.phone == "010 1234 5678"
    assert names(typed(nora, "01012345678")) == ["김미나"]


@pytest.mark.parametrize("phone", ["call me", "12", "+" * 20, "<b>12345</b>"])
def test_what_is_no_number_is_not_learned(nora: Client, mina: Customer, phone: str) -> None:
    assert log(nora, mina, phone=phone).status_code == 422
    mina.refresh_from_db()
    assert mina.phone == ""
    assert not Ticket.objects.exists()


@pytest.mark.parametrize(
    "wrong",
    [
        {"note": "  "},
        {"note": "x" * 20_001},
        {"request": "nonsense"},
        {"form_key": "no-key"},
        {"ticket": "2222222W"},
        {"order": "999999"},
    ],
)
def test_what_cannot_be_used_changes_nothing(
    nora: Client, album_order: Order, wrong: dict[str, str]
) -> None:
    assert log(nora, album_order.customer, **wrong).status_code == 422
    assert not Ticket.objects.exists()
    assert not Event.objects.filter(kind="call_logged").exists()


def test_another_customers_ticket_and_order_are_refused(
    nora: Client, ready: Claim, jo: Customer
) -> None:
    answer = log(nora, jo, ticket=ready.ticket.reference, order=str(ready.order_id))
    assert answer.status_code == 422
    assert not Message.objects.exists()


def test_who_only_reads_cannot_log(
    as_: Callable[[User], Client], reader: User, mina: Customer
) -> None:
    client = as_(reader)
    assert "Log call" not in client.get(f"/desk/calls/{mina.pk}/").content.decode()
    assert log(client, mina).status_code == 403
    assert not Ticket.objects.exists()


def test_the_form_of_a_claim_goes_to_the_customer(nora: Client, album_order: Order) -> None:
    asked = {"request": "missing_photocard", "order": str(album_order.pk), "send_form": "on"}
    answer = log(nora, album_order.customer, note="The card was not there.", **asked)
    assert answer.status_code == 302
    ticket, draft = Ticket.objects.get(), Draft.objects.get()
    assert (ticket.state, ticket.waiting_for) == ("waiting", "customer")
    assert (draft.order, draft.request) == (album_order, "missing_photocard")
    assert not Claim.objects.exists()
    outbox.drain(NOON)
    letter = next(one for one in mail.outbox if one.to == [album_order.customer.email])
    path = re.search(rf"https?://[^/]+(/\S+{draft.key}\S*)", letter.body)
    assert path is not None
    page = Client().get(path[1], follow=True)
    assert page.status_code == 200
    assert album_order.lines.all()[0].title in page.content.decode()


def test_there_is_a_form_for_claims_alone(nora: Client, album_order: Order) -> None:
    answer = log(
        nora, album_order.customer, order=str(album_order.pk), send_form="on", request="restock"
    )
    assert answer.status_code == 422
    assert not Draft.objects.exists()
    assert not Ticket.objects.exists()


# --- somebody new -----------------------------------------------------------------------------


def new_caller(client: Client, store: Store | None = None, **said: Any) -> Any:
    store = store or Store.objects.get(slug="kpopusa")
    return client.post(
        f"/desk/stores/{store.pk}/calls/",
        {
            "name": "Ana Ruiz",
            "email": "Ana@Example.com",
            "phone": "+34 600 123 456",
            "request": "restock",
            "note": "Asks for Dawn.",
            "form_key": str(uuid.uuid4()),
            **said,
        },
    )


def test_somebody_new_becomes_a_customer_with_their_call(nora: Client, kpopusa: Store) -> None:
    answer = new_caller(nora)
    ana = Customer.objects.get()
    assert (ana.name, ana.email, ana.phone) == ("Ana Ruiz", "Ana@Example.com", "+34 600 123 456")
    ticket = Ticket.objects.get(customer=ana)
    assert answer["Location"] == f"/desk/tickets/{ticket.reference}/"
    assert kinds(ticket) == ["ticket_opened", "call_logged"]


def test_what_was_typed_is_kept_for_somebody_new(nora: Client) -> None:
    page = nora.get("/desk/calls/", {"q": "+34 600 123 456", "new": "kpopusa"}).content.decode()
    assert 'value="+34 600 123 456"' in page
    page = nora.get("/desk/calls/", {"q": "Ana Ruiz", "new": "kpopusa"}).content.decode()
    assert 'value="Ana Ruiz"' in page


def test_an_address_is_needed_and_the_form_says_why(nora: Client, kpopusa: Store) -> None:
    answer = new_caller(nora, email="")
    assert answer.status_code == 422
    assert "the store knows its customers by it" in answer.content.decode()
    assert "Asks for Dawn." in answer.content.decode()
    assert new_caller(nora, email="ana at home").status_code == 422
    assert new_caller(nora, phone="none").status_code == 422
    assert not Customer.objects.exists()
    assert not Ticket.objects.exists()


def test_a_known_address_is_that_customer_and_stays_as_it_is(nora: Client, mina: Customer) -> None:
    new_caller(nora, email=mina.email.upper())
    mina.refresh_from_db()
    assert (mina.name, mina.phone) == ("김미나", "")
    assert Ticket.objects.get().customer == mina
    assert Customer.objects.count() == 1


def test_nobody_new_in_a_store_of_others(
    nora: Client, popmart: Store, kpopusa: Store, as_: Callable[[User], Client], reader: User
) -> None:
    assert new_caller(nora, popmart).status_code == 404
    assert new_caller(as_(reader)).status_code == 403
    assert not Customer.objects.exists()
