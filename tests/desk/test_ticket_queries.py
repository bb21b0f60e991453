"""What opening a ticket costs the database: at most twelve queries, whatever is on it.

Sessions and users are among them: what is counted is a whole request.
"""

from __future__ import annotations

import itertools
import uuid
from collections.abc import Callable
from datetime import timedelta

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from tests.cast import NOON, Story, a_file, add_evidence, make_order
from tests.desk.steps import take
from tickets.actions import talk
from tickets.actor import Actor
from tickets.evidence.likeness import bands_of, signed
from tickets.models import (
    Claim,
    Customer,
    Event,
    Evidence,
    EvidenceCopy,
    FilePrint,
    Message,
    Ticket,
    TrackingEvent,
    User,
)

MOST = 12
LOOKS = (0x0F1E2D3C4B5A6978, 0x123456789ABCDEF0, 0x7766554433221100)


def queries(client: Client, ticket: Ticket) -> list[str]:
    """The statements of opening a ticket's page, in a process that has opened one before."""
    address = f"/desk/tickets/{ticket.reference}/"
    client.get(address)
    with CaptureQueriesContext(connection) as seen:
        answer = client.get(address)
    assert answer.status_code == 200
    assert ticket.spoken_reference in answer.content.decode()
    return [one["sql"] for one in seen.captured_queries]


def with_films(claim: Claim, agent: User, marks: str = "xyz") -> None:
    """Three more films, with copies and prints."""
    for mark, look in zip(marks, LOOKS, strict=True):
        film = add_evidence(
            a_file("unboxing_video", NOON, mark), claim=claim, actor=Actor.staff(agent), now=NOON
        )
        assert film is not None
        for kind in ("sheet", "preview"):
            EvidenceCopy.objects.create(
                evidence=film,
                kind=kind,
                file=f"copies/{kind}{film.pk}",
                content_type="image/jpeg",
                size=9,
                width=320,
                height=240,
                data={"columns": 2, "width": 160, "height": 120, "times": [0.0, 2.5, 5.0]},
                made_at=NOON,
            )
        for second in range(3):
            bits = signed(look ^ 1 << second)
            FilePrint.objects.create(evidence=film, at=second, bits=bits, bands=bands_of(bits))


def with_talk(ticket: Ticket, agent: User) -> None:
    """Something from everybody."""
    speakers = {
        "customer": Actor.of_customer(ticket.customer),
        "agent": Actor.staff(agent),
        "note": Actor.staff(agent),
    }
    for kind, actor in speakers.items():
        ticket.refresh_from_db()
        talk.say(
            ticket, f"A {kind}'s words", kind=kind, actor=actor, now=NOON, form_key=uuid.uuid4()
        )


def with_parcel(claim: Claim) -> None:
    for shipment in claim.order.shipments.all():
        for day in range(5):
            TrackingEvent.objects.create(
                shipment=shipment, at=NOON - timedelta(days=day), text=f"Seen {day}"
            )


@pytest.fixture
def full(ready: Claim, agent: User, nora: Client) -> Claim:
    """A claim with films, a conversation, a parcel on its way, and steps taken."""
    with_films(ready, agent)
    with_talk(ready.ticket, agent)
    with_parcel(ready)
    take(nora, ready, "manufacturer")
    return ready


def test_a_claim_with_everything_on_it(nora: Client, full: Claim) -> None:
    asked = queries(nora, full.ticket)
    assert len(asked) <= MOST, asked


def test_a_claim_whose_films_were_handed_in_before(
    nora: Client, full: Claim, agent: User, mina: Customer
) -> None:
    # The same customer, the same film, and one that only looks like it.
    other = Story(make_order(mina, "#1900")).file(
        "missing_photocard", "unboxing_video", opened=True
    )
    with_films(other, agent, marks="xuv")
    page = nora.get(f"/desk/tickets/{full.ticket.reference}/").content.decode()
    assert "is the very same file as in another request of this customer" in page
    assert "looks like a file in another request of this customer" in page
    asked = queries(nora, full.ticket)
    assert len(asked) <= MOST, asked


@pytest.mark.parametrize("who", ["lead", "manager", "reader"])
def test_whoever_looks(
    full: Claim, as_: Callable[[User], Client], who: str, request: pytest.FixtureRequest
) -> None:
    asked = queries(as_(request.getfixturevalue(who)), full.ticket)
    assert len(asked) <= MOST, asked


def test_a_claim_that_has_ended(nora: Client, full: Claim) -> None:
    take(nora, full, "withdrawal")
    asked = queries(nora, full.ticket)
    assert len(asked) <= MOST, asked


@pytest.mark.parametrize("kind", ["cancel_order", "lost_parcel", "other"])
def test_a_request_that_is_no_claim(nora: Client, agent: User, mina: Customer, kind: str) -> None:
    order = make_order(mina, "#1800")
    ticket = talk.open_ticket(
        mina.store,
        mina,
        order=order,
        request=kind,
        subject="When?",
        body="Please tell me.",
        actor=Actor.of_customer(mina),
        now=NOON,
    )
    with_talk(ticket, agent)
    asked = queries(nora, ticket)
    assert len(asked) <= MOST, asked


def test_a_ticket_with_ten_thousand_messages(nora: Client, full: Claim, agent: User) -> None:
    ticket = full.ticket
    ticket.refresh_from_db()
    before = ticket.last_seq
    said = Message.objects.bulk_create(
        Message(ticket=ticket, kind="customer", body=f"Message {n}", at=NOON + timedelta(seconds=n))
        for n in range(10_000)
    )
    Event.objects.bulk_create(
        Event(
            store=ticket.store,
            ticket=ticket,
            seq=seq,
            kind="message_added",
            at=message.at,
            actor_kind="customer",
            actor_customer=ticket.customer,
            data={"message": message.pk, "kind": "customer"},
        )
        for seq, message in zip(itertools.count(before + 1), said, strict=False)
    )
    Ticket.objects.filter(pk=ticket.pk).update(last_seq=before + 10_000)
    asked = queries(nora, ticket)
    assert len(asked) <= MOST, asked


def test_nobody_looks_for_what_is_not_there(nora: Client, full: Claim) -> None:
    asked = " ".join(queries(nora, full.ticket))
    assert "policies_policyalarm" not in asked
    assert "tickets_outage" not in asked


def test_the_files_and_the_way_come_with_the_ticket(nora: Client, full: Claim) -> None:
    page = nora.get(f"/desk/tickets/{full.ticket.reference}/").content.decode()
    for file in Evidence.objects.filter(claim=full):
        assert f'id="evidence-{file.pk}"' in page
    for day in range(5):
        assert f"Seen {day}" in page
