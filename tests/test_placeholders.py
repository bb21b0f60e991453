"""Prepared texts: what stands in them for a ticket's own words, and what never reaches anybody."""

from __future__ import annotations

import random
import re
from datetime import timedelta
from typing import Any

import pytest

from tests.cast import NOON, Story, make_order
from tests.desk.talk import question
from tickets import placeholders
from tickets.actions.talk import say
from tickets.actor import Actor
from tickets.errors import InvalidInput
from tickets.models import Claim, Customer, Message, Shipment, Ticket, User
from tickets.placeholders import KNOWN, fill, left_in, problems, tame
from tickets.ticket_values import About

HOSTILE = (
    "{{ closes_at }}",
    "{{{{ reference }}}}",
    "{% url 'desk:queue' %}",
    "<script>alert(1)</script>",
    "</textarea><img src=x onerror=alert(1)>",
    "\u202eevil\u202c",
    "\u2067left\u2066right",
    "Mina\nBcc: everybody@example.com\r\nX: y",
    "a\u2028b\u2029c",
    "👨‍👩‍👧‍👦" * 40,
    "%(name)s %s {0} {x!r}",
    "\u200f\u05d0\u05d1\u05d2 (abc",
    "'; DROP TABLE tickets_ticket; --",
)


def about(ticket: Ticket, user: User | None = None, locale: str = "en", **extra: Any) -> About:
    return About(Ticket.objects.get(pk=ticket.pk), user, locale, extra.get("now", NOON))


@pytest.fixture
def claim(story: Story) -> Claim:
    return story.file("missing_photocard", "unboxing_video", opened=True)


def test_a_claim_knows_what_a_reply_needs(claim: Claim, agent: User) -> None:
    parcel = claim.order.shipments.get()
    Shipment.objects.filter(pk=parcel.pk).update(
        carrier="USPS", tracking_number="9400111899223856928499"
    )
    said = {name: placeholders.value_of(name, about(claim.ticket, agent)) for name in KNOWN}
    assert said["customer_name"] == said["first_name"] == "김미나"
    assert said["agent_name"] == "Nora"
    assert said["store_name"] == "KPOP USA"
    assert said["reference"] == claim.ticket.spoken_reference
    assert said["order_number"] == "#1001" or said["order_number"] == claim.order.number
    assert said["item"] == claim.items.get().line.title
    assert said["window_days"] == "7"
    assert said["closes_at"] and "Las Vegas" in said["closes_at"] and "for you" in said["closes_at"]
    assert said["rule"] and "{" not in said["rule"]
    assert said["decision"]
    assert said["tracking_number"] == "9400111899223856928499"
    assert said["carrier"] == "USPS"
    assert said["tracking_link"] and said["tracking_link"].startswith("https://")
    assert said["status_link"] and claim.ticket.reference in said["status_link"]
    assert said["contact_mail"] and "@" in said["contact_mail"]
    assert said["opening_hours"]
    # What has not happened is not there: nobody has decided, and nothing is waited for.
    for name in ("outcome", "amount", "manufacturer_due", "evidence_needed", "evidence_due"):
        assert said[name] is None, name


def test_the_same_in_another_language(claim: Claim, agent: User) -> None:
    korean = about(claim.ticket, agent, "ko")
    english = about(claim.ticket, agent)
    for name in ("request", "rule", "decision", "closes_at"):
        mine, other = placeholders.value_of(name, korean), placeholders.value_of(name, english)
        assert mine and other and mine != other, name
        assert re.search("[가-힣]", mine), name


def test_a_claim_that_waits_says_for_what_and_until_when(story: Story) -> None:
    waiting = story.file("missing_photocard", opened=False)
    text = "We still need {{ evidence_needed }} until {{ evidence_due }}."
    filled = fill(text, about(waiting.ticket))
    assert not filled.missing
    assert "video" in filled.body
    assert "Las Vegas" in filled.body


def test_a_question_without_an_order_misses_what_it_has_not(mina: Customer) -> None:
    filled = fill("Your order {{ order_number }}, {{ first_name }}", about(question(mina)))
    assert filled.missing == ("order_number",)
    assert filled.body == "Your order {{ order_number }}, 김미나", "there is no hole"
    with pytest.raises(InvalidInput, match="order number") as caught:
        filled.must_be_whole()
    assert caught.value.field == "body"


def test_who_writes_is_missing_where_nobody_does(mina: Customer) -> None:
    assert fill("{{ agent_name }}", about(question(mina))).missing == ("agent_name",)


@pytest.mark.parametrize(
    ("name", "first"),
    [("Jo Doe", "Jo"), ("김 미나", "김 미나"), ("山田 太郎", "山田 太郎"), ("  Ana  Lu ", "Ana")],
)
def test_a_first_name_is_how_a_mail_begins(mina: Customer, name: str, first: str) -> None:
    Customer.objects.filter(pk=mina.pk).update(name=name)
    assert placeholders.value_of("first_name", about(question(mina))) == first


@pytest.mark.parametrize("name", ["", "   ", "\u200b\u200b", "\u202e"])
def test_a_name_that_nobody_can_see_is_none(mina: Customer, name: str) -> None:
    Customer.objects.filter(pk=mina.pk).update(name=name)
    assert fill("Hello {{ customer_name }}", about(question(mina))).missing == ("customer_name",)


@pytest.mark.parametrize("name", HOSTILE)
def test_what_a_value_says_is_never_read_again(mina: Customer, name: str) -> None:
    Customer.objects.filter(pk=mina.pk).update(name=name[:200])
    filled = fill("<{{ customer_name }}> {{ reference }}", about(question(mina)))
    assert left_in(filled.body) == []
    assert "{" not in filled.body and "}" not in filled.body
    assert "\n" not in filled.body and "\u2028" not in filled.body
    assert not set(filled.body) & set("\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")
    placeholders.must_be_filled(filled.body)
    assert filled.body.startswith(f"<{tame(name[:200])}> ")


def test_a_family_of_one_sign_stays_together() -> None:
    family = "👨‍👩‍👧‍👦"
    assert tame(family) == family


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("{{ order_nummer }}", "Do you mean “{{ order_number }}”?"),
        ("{{Order Number}}", "Do you mean “{{ order_number }}”?"),
        ("{{ xyzzy }}", "“{{ xyzzy }}” is not known."),
        ("{{ }}", "is not known"),
        ("{{ reference", "belongs to no placeholder"),
        ("reference }}", "belongs to no placeholder"),
        ("{{ reference }", "belongs to no placeholder"),
        ("{{ first_name|upper }}", "is not known"),
        ("{{ customer_name.email }}", "is not known"),
        ("{{ {{ reference }} }}", "belongs to no placeholder"),
    ],
)
def test_what_is_wrong_is_told_with_the_nearest_known(text: str, told: str) -> None:
    (found,) = problems(text)
    assert told in found


@pytest.mark.parametrize(
    "text", ["", "No braces", "{{ reference }}", "{{reference}} {{\treference\n}}", "{ a } { b }"]
)
def test_what_is_right_is_let_be(text: str) -> None:
    assert problems(text) == []


def test_an_ever_so_long_row_of_braces_is_read_at_once() -> None:
    for text in ("{" * 20_000, "{{" + " " * 20_000, "{{ a " * 5_000, "}" * 20_000):
        problems(text)
        left_in(text)


def test_no_text_made_by_chance_is_filled_with_braces(mina: Customer) -> None:
    Customer.objects.filter(pk=mina.pk).update(name="{{ reference }}{{{")
    dice, found = random.Random(6), about(question(mina))
    for _n in range(300):
        pieces = dice.choices(["{", "}", "{{", "}}", " ", "x", "reference", "customer_name"], k=9)
        text = "".join(pieces)
        if not problems(text):
            assert left_in(fill(text, found).body) == [], text


def test_a_placeholder_that_was_left_standing_is_not_sent(mina: Customer, agent: User) -> None:
    ticket = question(mina)
    with pytest.raises(InvalidInput, match="order_number") as caught:
        say(ticket, "Your {{ ORDER_number }}", kind="agent", actor=Actor.staff(agent), now=NOON)
    assert caught.value.field == "body"
    assert not Message.objects.filter(kind="agent").exists()
    # Colleagues may talk about them, customers may write what they like, and others are no names.
    say(ticket, "{{ order_number }}", kind="note", actor=Actor.staff(agent), now=NOON)
    say(ticket, "{{ order_number }}", kind="customer", actor=Actor.of_customer(mina), now=NOON)
    say(ticket, "{{ x }} = 3", kind="agent", actor=Actor.staff(agent), now=NOON)


def test_dates_are_told_of_what_is_still_to_come(story: Story) -> None:
    waiting = story.file("missing_photocard", opened=False)
    later = about(waiting.ticket, now=NOON + timedelta(hours=1))
    assert placeholders.value_of("next_due", later) == placeholders.value_of("evidence_due", later)


def test_an_order_of_many_lines_is_not_told_line_by_line(mina: Customer) -> None:
    lines = tuple((f"ALB-{n}", f"Album {n}", 1, "9.90") for n in range(6))
    order = make_order(mina, "#1500", lines=lines)
    ticket = question(mina)
    Ticket.objects.filter(pk=ticket.pk).update(order=order)
    assert placeholders.value_of("item", about(ticket)) is None
