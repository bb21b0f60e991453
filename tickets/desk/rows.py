"""The rows of a list in words, so that the template has only to put them down."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from django.urls import reverse
from django.utils.translation import gettext as _

from tickets.desk import labels, lines
from tickets.desk.lines import Line
from tickets.desk.person import Desk
from tickets.desk.shelves import soon
from tickets.models.ticket import URGENT
from tickets.references import spoken
from tickets.templatetags import dates
from tickets.templatetags.staff import short

Row = dict[str, Any]


def of(desk: Desk, tickets: Iterable[Line]) -> list[Row]:
    """What `rows.html` shows of these tickets."""
    root = reverse("desk:ticket", args=["-"])[:-2]
    people = reverse("desk:customer", args=[0])[:-2]
    names = {store.pk: store.name for store in desk.stores}
    if desk.store or len(names) == 1:
        names = {}
    return [
        {**_row(ticket, root, names, desk.now), "customer": f"{people}{ticket.customer_id}/"}
        for ticket in tickets
    ]


def _row(ticket: Line, root: str, names: dict[int, str], now: datetime) -> Row:
    at = ticket.snoozed_until or (None if ticket.finished else ticket.next_due_at)
    urgency = "" if ticket.snoozed_until else soon(at, now)
    return {
        "ticket": ticket,
        "href": f"{root}{ticket.reference}/",
        "reference": spoken(ticket.reference),
        "who": ticket.customer,
        "store": names.get(ticket.store_id, ""),
        "about": ticket.items or ticket.subject,
        "kind": labels.REQUESTS.get(ticket.request, ticket.request),
        "next": _("Snoozed") if ticket.snoozed_until else lines.next_step(ticket),
        "due": at,
        "left": short(at, now) if at else "",
        "left_title": dates.remaining(at, now) if at else "",
        "iso": at.isoformat() if at else "",
        "urgency": urgency,
        "unread": ticket.unread,
        "urgent": not ticket.finished and ticket.priority == URGENT,
        "speaker": labels.SPEAKERS.get(ticket.last_speaker, ticket.last_speaker),
        "assignee": ticket.assignee.split()[0] if ticket.assignee.strip() else "",
        "assignee_left": ticket.assignee_left,
        "version": f"{ticket.last_seq}.{int(at.timestamp()) if at else 0}",
    }
