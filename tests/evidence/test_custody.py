"""The chain of custody: complete, in words, and not to be changed by anybody without a trace."""

from __future__ import annotations

import csv
import io
from datetime import timedelta
from typing import Any

import pytest
from django.db import DatabaseError, connection, transaction
from django.test import Client

from tests.cast import NOON, Story
from tests.evidence.filing import browser_of, filed, put
from tickets.actions import custody
from tickets.actor import Actor
from tickets.evidence import links
from tickets.models import Claim, CustodyEntry, Evidence, Order, User


@pytest.fixture
def sent(web: Client, album_order: Order) -> tuple[Claim, Evidence]:
    return filed(album_order)


@pytest.fixture
def looked_at(sent: tuple[Claim, Evidence], agent: User) -> Evidence:
    """Arrived, sent, and viewed three times from two places."""
    evidence = sent[1]
    for minutes, address in ((0, "203.0.113.9"), (20, "203.0.113.9"), (25, "2001:db8::7")):
        custody.viewed(
            evidence,
            what="original",
            actor=Actor.staff(agent),
            now=NOON + timedelta(minutes=minutes),
            address=address,
        )
    return evidence


def entries(evidence: Evidence) -> list[CustodyEntry]:
    return list(CustodyEntry.objects.filter(evidence=evidence).order_by("seq"))


def tamper(sql: str, *values: Any) -> None:
    """As somebody with the keys to the database would: past the trigger."""
    with connection.cursor() as cursor:
        cursor.execute("SET session_replication_role = replica")
        try:
            cursor.execute(sql, values)
        finally:
            cursor.execute("SET session_replication_role = DEFAULT")


def test_the_log_begins_with_what_arrived(sent: tuple[Claim, Evidence]) -> None:
    _claim, evidence = sent
    first = entries(evidence)[0]
    assert first.seq == 1
    assert first.data["sha256"] == evidence.sha256
    assert first.data["size"] == evidence.size
    assert custody.broken_at(entries(evidence)) is None


def test_the_database_refuses_to_change_or_take_out_an_entry(looked_at: Evidence) -> None:
    rows = CustodyEntry.objects.filter(evidence=looked_at)
    before = [entry.seal for entry in entries(looked_at)]
    for change in (
        lambda: rows.update(address="198.51.100.1"),
        lambda: rows.delete(),
        lambda: rows.first().save(),  # type: ignore[union-attr]  # there is one
    ):
        with pytest.raises(DatabaseError), transaction.atomic():
            change()
    assert [entry.seal for entry in entries(looked_at)] == before


@pytest.mark.parametrize(
    ("sql", "seq"),
    [
        ("UPDATE tickets_custodyentry SET address = '198.51.100.1' WHERE seq = 2", 2),
        ("UPDATE tickets_custodyentry SET at = at + interval '1 hour' WHERE seq = 3", 3),
        ("UPDATE tickets_custodyentry SET act = 'downloaded' WHERE seq = 2", 2),
        ("UPDATE tickets_custodyentry SET data = '{}' WHERE seq = 1", 1),
        ("UPDATE tickets_custodyentry SET seal = repeat('0', 64) WHERE seq = 3", 3),
        ("DELETE FROM tickets_custodyentry WHERE seq = 2", 3),
        ("DELETE FROM tickets_custodyentry WHERE seq = 1", 2),
    ],
)
def test_whoever_goes_past_the_database_is_found_out(
    looked_at: Evidence, nora: Client, sql: str, seq: int
) -> None:
    assert custody.broken_at(entries(looked_at)) is None
    tamper(sql)
    assert custody.broken_at(entries(looked_at)) == seq
    page = nora.get(f"/desk/claims/{looked_at.claim.ticket.reference}/custody/")  # type: ignore[union-attr]
    assert f"Entry {seq} does not fit" in page.text
    assert "The chain is whole." not in page.text


@pytest.fixture
def nora(agent: User) -> Client:
    return browser_of(agent)


def test_the_page_tells_every_entry_in_words(
    sent: tuple[Claim, Evidence], nora: Client, agent: User
) -> None:
    claim, evidence = sent
    actor = Actor.staff(agent)
    nora.get(links.link(evidence, "original", actor=actor, now=NOON), REMOTE_ADDR="203.0.113.9")
    customer = links.link(
        evidence, "original", actor=Actor.of_customer(claim.ticket.customer), now=NOON
    )
    Client().get(f"{customer}?download", REMOTE_ADDR="2001:db8::7")

    page = nora.get(f"/desk/claims/{claim.ticket.reference}/custody/").text
    assert "The chain is whole." in page
    assert evidence.sha256 in page
    for said in ("Sent with the request", "Viewed: the original", "Nora", "203.0.113.9"):
        assert said in page
    for said in ("Saved: the original", "김미나", "2001:db8::7"):
        assert said in page
    assert "Export the request" not in page  # that is for leads


def test_the_sheet_has_every_entry_and_no_formula(
    web: Client, album_order: Order, nora: Client
) -> None:
    claim, evidence = filed(album_order, name="=HYPERLINK(1).mp4")
    answer = nora.get(f"/desk/claims/{claim.ticket.reference}/custody/csv")
    assert answer.headers["Content-Type"] == "text/csv; charset=utf-8"
    rows = list(csv.reader(io.StringIO(answer.text.removeprefix("\ufeff"))))
    assert len(rows) == 1 + evidence.custody.count()
    assert rows[1][0].startswith("'=HYPERLINK")
    assert rows[1][1] == evidence.sha256
    assert rows[1][-2:] == [entries(evidence)[0].seal, "yes"]


def test_another_stores_agent_finds_no_log(sent: tuple[Claim, Evidence], stranger: User) -> None:
    reference = sent[0].ticket.reference
    for path in ("custody/", "custody/csv"):
        assert browser_of(stranger).get(f"/desk/claims/{reference}/{path}").status_code == 404


def test_a_draft_has_no_log_until_it_is_sent(web: Client, album_order: Order) -> None:
    evidence = put(Story(album_order).draft(opened=True))
    assert not entries(evidence)
