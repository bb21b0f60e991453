"""What changes while one looks: told soon, asked cheaply, and of one's own stores alone."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import timedelta
from html import unescape
from typing import Any

import pytest
from django.test import Client

from tests.cast import Story, make_order
from tests.desk.conftest import Clock
from tests.desk.errands import step
from tickets.models import Claim, Customer, SavedView, Store, Ticket, User

As = Callable[[User | None], Client]


def watch(client: Client, address: str = "/desk/") -> tuple[str, str]:
    """Where the page of an address asks, and what it has seen."""
    page = client.get(address).text
    asks = re.search(r'data-live="([^"]+)" data-etag="([^"]+)"', page)
    assert asks
    return unescape(asks[1]), unescape(asks[2])


def ask(client: Client, asks: tuple[str, str]) -> Any:
    return client.get(asks[0], headers={"If-None-Match": asks[1]})


@pytest.mark.parametrize(
    "address", ["/desk/", "/desk/?queue=ready", "/desk/?type=defect", "/desk/?queue=done&panel=1"]
)
def test_nothing_new_is_no_answer_at_all(
    nora: Client,
    ready: Claim,
    address: str,
    django_assert_max_num_queries: Callable[[int], Any],
) -> None:
    asks = watch(nora, address)
    ask(nora, asks)  # what is planned once for a connection is planned here
    with django_assert_max_num_queries(4):
        answer = ask(nora, asks)
    assert answer.status_code == 304
    assert answer.content == b""
    assert answer["ETag"] == asks[1]


def test_what_happens_is_told_with_the_rows_and_counts_of_now(
    nora: Client, omar: Client, second_agent: User, ready: Claim, mina: Customer
) -> None:
    asks = watch(nora)
    step(omar, ready.ticket, "assignee", assignee=second_agent.pk)
    answer = ask(nora, asks)
    assert answer.status_code == 200
    assert ready.ticket.reference in answer.text.replace("-", "")
    assert answer["ETag"] != asks[1]
    assert answer["Cache-Control"] == "no-store"
    assert ask(nora, (asks[0], answer["ETag"])).status_code == 304
    other = Story(make_order(mina, "#77")).file("defect", "photo", "photo", opened=True)
    again = ask(nora, (asks[0], answer["ETag"]))
    assert again.status_code == 200
    assert f'href="/desk/tickets/{other.ticket.reference}/"' in again.text
    assert re.search(r'data-queue="open".*?queue-n">2<', again.text, re.DOTALL)


@pytest.fixture
def omar(as_: As, second_agent: User) -> Client:
    return as_(second_agent)


def test_time_alone_changes_a_queue(nora: Client, waiting: Claim, still: Clock) -> None:
    asks = watch(nora, "/desk/?queue=overdue")
    due = Ticket.objects.get().next_due_at
    assert due is not None
    still.at = due - timedelta(hours=5)
    assert ask(nora, asks).status_code == 304
    still.at = due - timedelta(hours=3)  # within the hours of "due soon"
    soon = ask(nora, asks)
    assert soon.status_code == 200
    still.at = due + timedelta(minutes=1)
    late = ask(nora, (asks[0], soon["ETag"]))
    assert late.status_code == 200
    assert waiting.ticket.reference in late.text.replace("-", "")


def test_what_happens_in_another_store_is_not_told(
    nora: Client, as_: As, stranger: User, popmart: Store, ready: Claim
) -> None:
    stan = as_(stranger)
    asks = watch(stan)
    assert step(nora, ready.ticket, "priority", priority=1).status_code == 302
    answer = ask(stan, asks)
    assert answer.status_code == 304
    everything = stan.get(asks[0])
    assert ready.ticket.reference not in everything.text.replace("-", "")


def test_another_page_is_another_answer(nora: Client, ready: Claim) -> None:
    _first, etag = watch(nora)
    other, _etag = watch(nora, "/desk/?queue=done")
    assert ask(nora, (other, etag)).status_code == 200


def test_a_saved_list_is_watched_too(nora: Client, agent: User, ready: Claim) -> None:
    view = SavedView.objects.create(
        owner=agent, name="Mine", filters={"stage": ["ready"]}, made_at=ready.filed_at
    )
    asks = watch(nora, f"/desk/views/{view.pk}/")
    assert ask(nora, asks).status_code == 304
    assert step(nora, ready.ticket, "priority", priority=1).status_code == 302
    answer = ask(nora, asks)
    assert answer.status_code == 200
    assert ready.ticket.reference in answer.text.replace("-", "")


def test_nobody_asks_without_being_signed_in(as_: As, ready: Claim) -> None:
    answer = as_(None).get("/desk/live/?queue=open")
    assert answer.status_code == 302
    assert answer["Location"].startswith("/accounts/login/")
