"""What a typed text names: a reference, an order, a parcel, an address, a telephone.

Looked up as it stands now, each by its own index, beside the search for words, which hears of a
change some seconds later.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from django.db.models import Q, QuerySet
from django.db.models.functions import Reverse
from django.utils.translation import gettext as _

from tickets import access
from tickets.actor import Actor
from tickets.models import Order, Pickup, Ticket
from tickets.models.base import email_key
from tickets.models.order import order_number_key
from tickets.models.store import PHONE_KEY
from tickets.references import ALPHABET, clean_reference

MOST = 10  # tickets of one order, parcel or person
_PEOPLE = 5
_SPOKEN = re.compile(r"[A-Za-z0-9]{4}-[A-Za-z0-9]{4}")
_TRACKING = re.compile(r"(?=(?:[A-Za-z]*\d){6})[A-Za-z0-9]{8,40}")
_ORDER = re.compile(r"(?=.*\d)[^@]{2,60}")
_ADDRESS = re.compile(r"[!-~]{3,}")  # an address, or its beginning: ASCII, no space
_PHONE = re.compile(r"\+?[\d\s()./-]{6,30}")


@dataclass(frozen=True, slots=True)
class Group:
    """Tickets that belong to what was typed, the newest first; ``title`` says to what."""

    title: str
    tickets: list[int]


@dataclass(frozen=True, slots=True)
class Named:
    """``ticket`` is the one a reference names; ``hint`` explains a reference that misses."""

    ticket: Ticket | None = None
    groups: tuple[Group, ...] = ()
    pickups: tuple[Pickup, ...] = ()
    hint: str = ""


def named(actor: Actor, typed: str) -> Named:
    """Everything this person may see that the whole text names."""
    text = " ".join(typed.split())
    reference = clean_reference(text)
    if reference:
        ticket = access.tickets_for(actor).filter(reference=reference).first()
        if ticket:
            return Named(ticket=ticket)
    groups: list[Group] = []
    pickups: tuple[Pickup, ...] = ()
    if _ORDER.fullmatch(text):
        orders = list(access.orders_for(actor).filter(number_key=order_number_key(text))[:MOST])
        groups += _of_orders(actor, orders)
        if orders:
            shelf = access.pickups_for(actor).filter(order__in=orders).select_related("order")
            pickups = tuple(shelf[:MOST])
    bare = re.sub(r"[\s-]", "", text)
    if _TRACKING.fullmatch(bare):
        groups += _of_parcel(actor, {bare, bare.upper(), text})
    if _ADDRESS.fullmatch(text):
        groups += _of_people(actor, Q(email_key__startswith=email_key(text)))
    if _PHONE.fullmatch(text):
        groups += _of_phone(actor, re.sub(r"\D", "", text))
    return Named(None, tuple(groups), pickups, _hint(text, reference))


def _newest(rows: QuerySet[Ticket]) -> list[int]:
    return list(rows.order_by("-pk").values_list("pk", flat=True)[:MOST])


def _of_orders(actor: Actor, orders: Sequence[Order]) -> list[Group]:
    found = []
    for order in orders:
        tickets = _newest(access.tickets_for(actor).filter(order=order))
        if tickets:
            title = _("Tickets of order %(number)s") % {"number": order.number}
            found.append(Group(title, tickets))
    return found


def _of_parcel(actor: Actor, numbers: set[str]) -> list[Group]:
    shipments = access.shipments_for(actor).filter(tracking_number__in=numbers)
    orders = list(shipments.exclude(tracking_number="").values_list("order_id", flat=True)[:MOST])
    tickets = _newest(access.tickets_for(actor).filter(order__in=orders)) if orders else []
    return [Group(_("Tickets of this parcel's order"), tickets)] if tickets else []


def _of_phone(actor: Actor, digits: str) -> list[Group]:
    if len(digits) < 6:
        return []
    either = Q(digits__startswith=digits) | Q(backwards__startswith=digits[::-1])
    return _of_people(actor, ~Q(phone="") & either)


def _of_people(actor: Actor, which: Q) -> list[Group]:
    """The tickets of a few customers; of many nothing: what was typed says too little."""
    rows = access.customers_for(actor).alias(digits=PHONE_KEY, backwards=Reverse(PHONE_KEY))
    people = list(rows.filter(which).order_by()[: _PEOPLE + 1])
    if len(people) > _PEOPLE:
        return []
    found = []
    for person in people:
        tickets = _newest(access.tickets_for(actor).filter(customer=person))
        if tickets:
            who = f"{person.name} ({person.email})" if person.name else person.email
            found.append(Group(_("Tickets of %(who)s") % {"who": who}, tickets))
    return found


def _hint(text: str, reference: str | None) -> str:
    bare = "".join(text.upper().split()).replace("-", "")
    looks_like_one = bool(_SPOKEN.fullmatch(text) and any(c.isdigit() for c in text)) or (
        len(bare) == 8 and all(c in ALPHABET for c in bare) and any(c.isdigit() for c in bare)
    )
    if reference:
        return _("No ticket of yours has the reference %(reference)s.") % {"reference": text}
    if looks_like_one:
        return _(
            "%(typed)s is not a reference: its check character does not fit. "
            "One character was misheard or mistyped."
        ) % {"typed": text}
    return ""
