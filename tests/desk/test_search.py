"""One box: what agents type into it, and what they find."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client

from tests.cast import NOON, Story
from tickets.actions.talk import open_ticket, say
from tickets.actor import Actor
from tickets.models import Customer, Ticket, User
from tickets.search.docs import index_due


def looked_for(client: Client, typed: str, **more: str) -> Any:
    return client.get("/desk/search/", {"q": typed, **more})


def found(client: Client, typed: str, **more: str) -> list[str]:
    """The references that a search shows, those of groups first."""
    page = looked_for(client, typed, **more).context["found"]
    rows = [row for group in page.groups for row in group["rows"]] + page.rows
    return [row["ticket"].reference for row in rows]


def ask(customer: Customer, body: str, **about: Any) -> Ticket:
    """A customer's question."""
    told = {"order": None, "request": "restock", "subject": "A question", **about}
    return open_ticket(
        customer.store, customer, body=body, actor=Actor.of_customer(customer), now=NOON, **told
    )


@pytest.mark.parametrize(
    ("said", "typed"),
    [
        ("My photocards are missing!", "photocard"),
        ("My photocards are missing!", "PHOTOCARD missing"),
        ("My photocards are missing!", '"photocards are"'),
        ("앨범에 포토카드가 없어요", "포토"),
        ("앨범에 포토카드가 없어요", "카드"),
        ("앨범에 포토카드가 없어요", "토카드"),
        ("앨범에 포토카드가 없어요", "포토카드"),
        ("앨범에 포토카드가 없어요", "드"),
        ("앨범에 포토카드가 없어요", "앨범 -포스터"),
        ("ポスターが折れていました", "ﾎﾟｽﾀｰ"),
        ("ポスターが折れていました", "折れ"),
        ("海报有折痕，请帮忙", "折痕"),
        ("TWICE트와이스 앨범", "twice"),
        ("TWICE트와이스 앨범", "트와이스"),
        ("The café’s poster", "cafe"),
        ("the cafe poster", "CAFÉ"),
        ("Tôi chưa nhận được", "nhan"),
        ("So sad 😭😭😭", "😭"),
        ("it has 3장 inside", "3장"),
        ("see https://example.com/a_b?c=1", "https://example.com/a_b"),
        ("reference JYP-1234-A on it", "JYP-1234-A"),
        ("it cost $24.99", "24.99"),
        ("red or dented", "dented OR crushed"),
        ("red or dented", "crushed OR dented -blue"),
        ("don't know", "dont"),
    ],
)
def test_words_are_found(nora: Client, mina: Customer, jo: Customer, said: str, typed: str) -> None:
    ticket = ask(mina, said)
    ask(jo, "Something else altogether")
    index_due()
    assert found(nora, typed) == [ticket.reference]


@pytest.mark.parametrize(
    ("said", "typed"),
    [
        ("My photocard is missing", '"missing photocard"'),
        ("My photocard is missing", "photocard -missing"),
        ("My photocard is missing", "photo"),
        ("토카 포드 카드", "포토카드"),
        ("one two", "one three"),
        ("ends here. Then begins", '"here subject"'),
    ],
)
def test_what_is_not_there_is_not_found(
    nora: Client, mina: Customer, said: str, typed: str
) -> None:
    ask(mina, said)
    index_due()
    assert found(nora, typed) == []


def test_every_part_of_a_ticket_is_searched(nora: Client, agent: User, story: Story) -> None:
    claim = story.file("missing_photocard", "unboxing_video", opened=True)
    say(claim.ticket, "A secret for us", kind="note", actor=Actor.staff(agent), now=NOON)
    say(claim.ticket, "We will look", kind="agent", actor=Actor.staff(agent), now=NOON)
    index_due()
    item = claim.items.first()
    assert item is not None
    for typed in ("secret", "김미나", "look", item.line.title, item.line.product.sku, "#1042"):
        assert found(nora, typed) == [claim.ticket.reference], typed
    page = looked_for(nora, "secret").content.decode()
    assert "Internal note" in page
    assert "A <mark>secret</mark> for us" in page
