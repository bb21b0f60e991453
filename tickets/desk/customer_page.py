"""Everything of one customer: orders, tickets and claims, and what colleagues noted."""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import connection
from django.db.models import Q
from django.utils.dateparse import parse_datetime

from tickets import access
from tickets.desk import phone
from tickets.desk.person import Desk
from tickets.models import Customer, CustomerNote, Order, Ticket

PAGE, MOST_NOTES = 20, 50
_COUNTS = """
    SELECT count(*), count(*) FILTER (WHERE t.state IN ('new', 'open', 'waiting')), count(c.id),
        (SELECT count(*) FROM tickets_order o WHERE o.customer_id = %s)
    FROM tickets_ticket t LEFT JOIN tickets_claim c ON c.ticket_id = t.id
    WHERE t.customer_id = %s
"""


@dataclass(frozen=True, slots=True)
class Counts:
    """How many of each there are, in all."""

    tickets: int
    open: int
    claims: int
    orders: int


def counts(customer: Customer) -> Counts:
    """All four in one statement."""
    with connection.cursor() as cursor:
        cursor.execute(_COUNTS, [customer.pk, customer.pk])
        return Counts(*cursor.fetchone())


def notes(customer: Customer) -> list[CustomerNote]:
    """What colleagues noted, the newest first."""
    rows = CustomerNote.objects.filter(customer=customer).select_related("author")
    return list(rows[:MOST_NOTES])


def tickets(desk: Desk, customer: Customer, before: str) -> tuple[list[dict[str, Any]], str]:
    """One page of their tickets, the newest first, and where the next one begins."""
    rows = access.tickets_for(desk.actor).filter(customer=customer)
    rows = rows.filter(_older("opened_at", before)).select_related("claim", "order")
    found = list(rows.order_by("-opened_at", "-id")[: PAGE + 1])
    after = _place(found[PAGE - 1].opened_at, found[PAGE - 1]) if len(found) > PAGE else ""
    return [phone.ticket_row(ticket) for ticket in found[:PAGE]], after


def orders(desk: Desk, customer: Customer, before: str) -> tuple[list[Order], str]:
    """One page of their orders, the newest first, and where the next one begins.

    Those that they have a share of are theirs, too.
    """
    shared = list(customer.shares.values_list("order", flat=True).distinct()[:200])
    theirs = Q(customer=customer) | Q(pk__in=shared) if shared else Q(customer=customer)
    rows = access.orders_for(desk.actor).filter(theirs)
    rows = rows.filter(_older("placed_at", before)).prefetch_related("lines", "shipments")
    found = list(rows.order_by("-placed_at", "-id")[: PAGE + 1])
    after = _place(found[PAGE - 1].placed_at, found[PAGE - 1]) if len(found) > PAGE else ""
    return found[:PAGE], after


def _place(at: datetime, row: Order | Ticket) -> str:
    return f"{at.isoformat()}~{row.pk}"


def _older(column: str, place: str) -> Q:
    """What comes behind a place in the list; everything where it is none."""
    at, _tilde, number = place.partition("~")
    try:
        instant = parse_datetime(at)
    except ValueError:
        instant = None
    if instant is None or instant.tzinfo is None or not number.isdecimal() or len(number) > 18:
        return Q()
    return Q(**{f"{column}__lt": instant}) | Q(**{column: instant, "id__lt": int(number)})


def build(desk: Desk, customer: Customer, typed: Any, form: Any = None) -> dict[str, Any]:
    """The page's context; ``typed`` names the places in the lists, ``form`` is a note refused."""
    rows, after = tickets(desk, customer, typed.get("before", ""))
    bought, earlier = orders(desk, customer, typed.get("orders_before", ""))
    return desk.context(
        customer=customer,
        store=customer.store,
        person=phone.who(customer, desk.now),
        counts_of=counts(customer),
        rows=rows,
        after=after,
        orders=bought,
        earlier=earlier,
        parcels={
            parcel.pk: phone.parcel_state(parcel)
            for order in bought
            for parcel in order.shipments.all()
        },
        notes=notes(customer),
        may_work="work" in desk.verbs(customer.store_id),
        form=form or phone.NoteForm(initial={"form_key": uuid.uuid4()}),
        several_stores=len(desk.stores) > 1,
    )
