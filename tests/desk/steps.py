"""Taking a step the way a browser does: with what the person saw, and then looking again."""

from __future__ import annotations

from typing import Any

from django.http import HttpResponse
from django.test import Client

from tickets.models import Claim, Event, Outbox, Pickup


def take(client: Client, claim: Claim, step: str, seen: int | None = None, **typed: Any) -> Any:
    """POST one step of a claim, having seen its newest event unless told otherwise."""
    claim.ticket.refresh_from_db()
    last = claim.ticket.last_seq if seen is None else seen
    return client.post(
        f"/desk/claims/{claim.ticket.reference}/{step}/", {"seen": last, "note": "", **typed}
    )


def at_counter(client: Client, pickup: Pickup, step: str, **typed: Any) -> HttpResponse:
    """POST one step of a pickup, having seen its newest event."""
    pickup.refresh_from_db()
    return client.post(f"/desk/pickups/{pickup.pk}/{step}/", {"seen": pickup.last_seq, **typed})


def went_back(response: Any, claim: Claim) -> bool:
    """Whether the answer was the redirect to the ticket's page."""
    return response.status_code == 302 and response.url == (
        f"/desk/tickets/{claim.ticket.reference}/"
    )


def kinds(claim: Claim) -> list[str]:
    """The claim's events, in order."""
    return list(Event.objects.filter(claim=claim).order_by("seq").values_list("kind", flat=True))


def mails(claim: Claim) -> list[str]:
    """The mails that wait for the claim's customer, in order."""
    rows = Outbox.objects.filter(event__claim=claim, to_customer=claim.ticket.customer)
    return list(rows.order_by("pk").values_list("template", flat=True))
