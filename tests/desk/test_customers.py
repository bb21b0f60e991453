"""One customer's page: everything of theirs, nothing of others, and notes for colleagues."""

from __future__ import annotations

import re
import uuid
from collections.abc import Callable
from datetime import timedelta
from html import unescape
from typing import Any

import pytest
from django.test import Client

from tests.cast import NOON, Story, make_customer, make_order
from tickets import access
from tickets.desk import customer_page
from tickets.models import Claim, Customer, CustomerNote, Event, Order, Store, Ticket, User


def page_of(client: Client, customer: Customer, **asked: str) -> str:
    return client.get(f"/desk/customers/{customer.pk}/", asked).content.decode()


def note(client: Client, customer: Customer, body: str, key: str = "") -> Any:
    typed = {"body": body, "form_key": key or str(uuid.uuid4())}
    return client.post(f"/desk/customers/{customer.pk}/notes/", typed)


def remove(client: Client, row: CustomerNote) -> Any:
    return client.post(f"/desk/customer-notes/{row.pk}/removal/")


def test_the_page_shows_everything_of_one_customer(
    nora: Client, ready: Claim, late_order: Order, jo: Customer
) -> None:
    make_order(jo, "#3003")
    page = page_of(nora, ready.ticket.customer)
    for shown in ("김미나", "Mina.Kim@example.com", "Asia/Seoul", "#1042", "#1001", "English"):
        assert shown in page, shown
    assert ready.ticket.spoken_reference in page
    assert "Aurora – 3rd Mini Album" in page
    assert re.search(r"2 orders.*1 ticket .*1 open.*1 claim", page)
    assert "#3003" not in page


def test_the_page_of_another_store_is_not_there(nora: Client, popmart: Store) -> None:
    other = make_customer(popmart, "x@popmart.test", "X")
    row = CustomerNote.objects.create(
        customer=other,
        author=User.objects.create_user("z@staff.test", "z"),
        body="Theirs",
        at=NOON,
    )
    assert nora.get(f"/desk/customers/{other.pk}/").status_code == 404
    assert note(nora, other, "Mine").status_code == 404
    assert remove(nora, row).status_code == 404
    assert list(CustomerNote.objects.all()) == [row]


def test_the_ticket_leads_to_the_page(nora: Client, ready: Claim) -> None:
    page = nora.get(f"/desk/tickets/{ready.ticket.reference}/").content.decode()
    assert f"/desk/customers/{ready.ticket.customer_id}/" in page
    page = nora.get(f"/desk/calls/{ready.ticket.customer_id}/").content.decode()
    assert f"/desk/customers/{ready.ticket.customer_id}/" in page


@pytest.mark.parametrize(
    ("places", "parameter"), [("tickets", "before"), ("orders", "orders_before")]
)
def test_pages_of_lists_miss_nobody_and_repeat_nobody(
    nora: Client,
    mina: Customer,
    monkeypatch: pytest.MonkeyPatch,
    places: str,
    parameter: str,
) -> None:
    monkeypatch.setattr(customer_page, "PAGE", 3)
    for number in range(8):  # some at the same instant
        order = make_order(mina, f"#60{number}", placed=timedelta(days=10 + number // 3))
        if places == "tickets":
            Ticket.objects.create(
                store=mina.store,
                reference=f"{number:08d}",
                customer=mina,
                order=order,
                request="restock",
                subject="When?",
                opened_at=NOON - timedelta(hours=number // 3),
                updated_at=NOON,
            )
    seen: list[int] = []
    address: str | None = f"/desk/customers/{mina.pk}/"
    while address:
        answer = nora.get(address)
        shown = answer.context["rows" if places == "tickets" else "orders"]
        seen += [(row["ticket"] if places == "tickets" else row).pk for row in shown]
        links = re.findall(r'rel="next" href="([^"]+)"', answer.content.decode())
        more = [unescape(link) for link in links if parameter in unescape(link)]
        if places == "tickets":  # the other list has a next page as well
            more = [link for link in more if "orders_before" not in link]
        address = f"/desk/customers/{mina.pk}/{more[0]}" if more else None
    newest_first = mina.tickets if places == "tickets" else mina.orders
    assert seen == [row.pk for row in newest_first.all()]
    assert len(seen) == 8


@pytest.mark.parametrize(
    "place", ["x", "~", "2026-01-01T00:00:00~1", "2026-13-01~1", "~" + "9" * 40]
)
def test_a_broken_place_begins_at_the_top(nora: Client, album_order: Order, place: str) -> None:
    asked = {"before": place, "orders_before": place}
    assert "#1042" in page_of(nora, album_order.customer, **asked)


def test_the_page_costs_few_queries_however_much_there_is(
    nora: Client, mina: Customer, django_assert_max_num_queries: Callable[[int], Any]
) -> None:
    for number in range(6):
        Story(make_order(mina, f"#70{number}")).file("missing_photocard", opened=True)
    page_of(nora, mina)
    with django_assert_max_num_queries(13):
        page_of(nora, mina)


# --- notes ------------------------------------------------------------------------------------


def test_a_note_is_for_colleagues_and_never_for_the_customer(
    nora: Client, agent: User, ready: Claim
) -> None:
    mina, events = ready.ticket.customer, Event.objects.count()
    assert note(nora, mina, "Prefers to be called <b>Min</b>.").status_code == 302
    row = CustomerNote.objects.get()
    assert (row.author, row.at, row.customer) == (agent, NOON, mina)
    assert "Prefers to be called &lt;b&gt;Min" in page_of(nora, mina)
    assert "Prefers to be called" in nora.get(f"/desk/calls/{mina.pk}/").content.decode()
    assert Event.objects.count() == events
    status = Client().get(access.link_for(ready.ticket)).content.decode()
    assert "Prefers to be called" not in status


def test_the_same_note_sent_twice_is_one(nora: Client, mina: Customer) -> None:
    key = str(uuid.uuid4())
    note(nora, mina, "Once", key)
    note(nora, mina, "Once", key)
    assert CustomerNote.objects.count() == 1


@pytest.mark.parametrize("body", ["", "   ", "\x00", "x" * 2001])
def test_an_empty_or_endless_note_is_refused(nora: Client, mina: Customer, body: str) -> None:
    assert note(nora, mina, body).status_code == 422
    assert not CustomerNote.objects.exists()


def test_an_own_note_is_deleted_and_put_back(nora: Client, agent: User, mina: Customer) -> None:
    note(nora, mina, "Moved to Busan.")
    row = CustomerNote.objects.get()
    assert remove(nora, row).status_code == 302
    assert not CustomerNote.objects.exists()
    page = page_of(nora, mina)
    token = re.search(r'name="undo" value="([^"]+)"', page)
    assert token is not None
    assert 'name="undo"' not in page_of(nora, mina)  # offered once
    for _twice in range(2):
        nora.post(f"/desk/customers/{mina.pk}/notes/return/", {"undo": token[1]})
    back = CustomerNote.objects.get()
    assert (back.body, back.author, back.at) == ("Moved to Busan.", agent, row.at)


def test_what_is_not_ours_to_undo_is_refused(
    nora: Client,
    as_: Callable[[User], Client],
    second_agent: User,
    mina: Customer,
    jo: Customer,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    note(nora, mina, "Moved to Busan.")
    remove(nora, CustomerNote.objects.get())
    token = re.search(r'name="undo" value="([^"]+)"', page_of(nora, mina))
    assert token is not None
    for client, whose, word in (
        (nora, mina, "made-up"),
        (nora, jo, token[1]),
        (as_(second_agent), mina, token[1]),
    ):
        answer = client.post(f"/desk/customers/{whose.pk}/notes/return/", {"undo": word})
        assert answer.status_code == 409
    assert not CustomerNote.objects.exists()


def test_a_colleagues_note_cannot_be_deleted(
    nora: Client, as_: Callable[[User], Client], second_agent: User, mina: Customer
) -> None:
    note(nora, mina, "Mine")
    omar = as_(second_agent)
    assert "/removal/" not in page_of(omar, mina)
    answer = remove(omar, CustomerNote.objects.get())
    assert answer.status_code == 403
    assert "Only who wrote a note" in answer.content.decode()
    assert CustomerNote.objects.count() == 1


def test_who_only_reads_notes_nothing(
    as_: Callable[[User], Client], reader: User, mina: Customer
) -> None:
    rita = as_(reader)
    assert "Note it" not in page_of(rita, mina)
    assert note(rita, mina, "Mine").status_code == 403
    assert not CustomerNote.objects.exists()
