"""Requests that are no claims, as customers send them; and taking their steps on the desk."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from django.test import Client

from tests.cast import NOON
from tickets.actions.drafts import answer, identify, start_draft
from tickets.actions.requests import open_request
from tickets.actor import Actor
from tickets.models import Deadline, Event, Order, Outbox, Shipment, Ticket

NEW_ADDRESS = {
    "name": "김미나",
    "street": "12 Desert Inn Rd",
    "city": "Henderson",
    "region": "NV",
    "postcode": "89014",
    "country": "US",
}


def ask(order: Order, request: str, *, now: datetime = NOON, note: str = "", **said: str) -> Ticket:
    """The customer of this order sends a request that the rule accepts."""
    draft = identify(start_draft(order.store, now=now), order, now=now)
    draft = answer(draft, request=request, answers={}, now=now)
    return open_request(
        draft,
        customer=order.customer,
        details=said,
        note=note,
        actor=Actor.of_customer(order.customer),
        now=now,
    )


def step(client: Client, ticket: Ticket, name: str, seen: int | None = None, **typed: Any) -> Any:
    """POST one step of a request, having seen its newest event unless told otherwise."""
    ticket.refresh_from_db()
    last = ticket.last_seq if seen is None else seen
    return client.post(
        f"/desk/tickets/{ticket.reference}/{name}/", {"seen": last, "note": "", **typed}
    )


def kinds(ticket: Ticket) -> list[str]:
    """The ticket's events, in order."""
    return list(ticket.events.order_by("seq").values_list("kind", flat=True))


def mails(ticket: Ticket) -> list[str]:
    """The mails to the ticket's customer about it, in order."""
    rows = Outbox.objects.filter(event__ticket=ticket, to_customer=ticket.customer)
    return list(rows.order_by("pk").values_list("template", flat=True))


def alerts() -> list[str]:
    """What staff were alerted about, by event; targets that were missed have their own stories."""
    rows = Outbox.objects.filter(template="staff_alert").order_by("pk")
    rows = rows.exclude(event__kind="target_missed")
    return list(rows.values_list("event__kind", flat=True))


def states(kind: str, **of: Any) -> list[str]:
    """The states of the deadlines of a kind, by cycle."""
    rows = Deadline.objects.filter(kind=kind, **of).order_by("cycle", "pk")
    return list(rows.values_list("state", flat=True))


def on_its_way(
    order: Order, *, shipped: timedelta, scanned: timedelta | None, now: datetime = NOON
) -> Shipment:
    """The order's parcel left so long ago, and was scanned last so long ago; it has not arrived."""
    shipment: Shipment = order.shipments.get()
    shipment.shipped_at = now - shipped
    shipment.delivered_at = None
    shipment.last_tracking_at = now - scanned if scanned is not None else None
    shipment.save()
    return shipment


def events_of(order: Order) -> list[str]:
    """What happened on the order itself."""
    return list(Event.objects.filter(order=order).order_by("seq").values_list("kind", flat=True))
