"""Writing on a ticket as the composer does, and letting the time to take it back go by."""

from __future__ import annotations

import hashlib
import uuid
from datetime import datetime, timedelta
from typing import Any

from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from tests.cast import NOON
from tickets.actions.check_evidence import Findings, Refusal, settle
from tickets.actions.replies import send_due
from tickets.actions.talk import open_ticket
from tickets.actor import Actor
from tickets.evidence import work
from tickets.intake.demo.checks import here
from tickets.models import Customer, Evidence, Ticket

TEN = timedelta(seconds=10)
PDF = b"%PDF-1.7\n1 0 obj <</Type /Catalog>> endobj\ntrailer <</Root 1 0 R>>\n%%EOF\n"


def question(customer: Customer, body: str = "When is it back?", now: datetime = NOON) -> Ticket:
    """A conversation that is no claim."""
    return open_ticket(
        customer.store,
        customer,
        order=None,
        request="restock",
        subject="The Dawn version",
        body=body,
        actor=Actor.of_customer(customer),
        now=now,
    )


def form(ticket: Ticket, kind: str = "agent", body: str = "Soon.", **typed: Any) -> dict[str, Any]:
    """What the composer sends, from a page that is up to date."""
    ticket.refresh_from_db()
    return {
        "seen": ticket.last_seq,
        "kind": kind,
        "body": body,
        "form_key": str(uuid.uuid4()),
        **typed,
    }


def post(
    client: Client, ticket: Ticket, kind: str = "agent", body: str = "Soon.", **typed: Any
) -> Any:
    """Press the button."""
    path = f"/desk/tickets/{ticket.reference}/messages/"
    return client.post(path, form(ticket, kind, body, **typed))


def keep(client: Client, ticket: Ticket, body: str, script: bool = True, **typed: Any) -> Any:
    """What the composer sends while somebody types."""
    headers = {"accept": "application/json"} if script else None
    path = f"/desk/tickets/{ticket.reference}/draft/"
    return client.post(
        path, form(ticket, typed.pop("kind", "agent"), body, **typed), headers=headers
    )


def later(now: datetime = NOON, by: timedelta = TEN) -> int:
    """The job's turn, when nobody can take it back any more."""
    return send_due(now + by)


def page(client: Client, ticket: Ticket) -> str:
    return client.get(f"/desk/tickets/{ticket.reference}/").text


def a_paper(name: str = "label.pdf", content: bytes = PDF) -> SimpleUploadedFile:
    return SimpleUploadedFile(name, content, "application/octet-stream")


def look_into_files(now: datetime = NOON) -> None:
    """The job that looks into what has arrived."""
    work.run_due(now, stages=work.ALL, run=here, ticks=lambda: 0.0)


def found_good(file: Evidence, content_type: str = "application/pdf") -> None:
    digest = hashlib.sha256(str(file.pk).encode()).hexdigest()
    settle(file.pk, Findings(content_type, digest, None, None), now=NOON)


def found_harmful(file: Evidence) -> None:
    settle(file.pk, Refusal("infected", "0" * 64, infected=True), now=NOON)
