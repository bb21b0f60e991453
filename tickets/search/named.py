"""What a typed text names: a reference, an order, a parcel, an address, a telephone.

Looked up as it stands now, each by its own index, beside the search for words, which hears of a
change some seconds later. Most texts name nothing: one statement finds that out, written by hand,
because building five querysets took longer than the database did. Whose stores may be looked into
is not decided here: they come from `access.stores_for`.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.db import connection
from django.utils.translation import gettext as _

from tickets import access
from tickets.actor import Actor
from tickets.models import Pickup
from tickets.models.base import email_key
from tickets.models.order import order_number_key
from tickets.references import ALPHABET, clean_reference

MOST = 10  # tickets of one order, parcel or person
_PEOPLE = 5
_FEWEST_DIGITS = 6
_SPOKEN = re.compile(r"[A-Za-z0-9]{4}-[A-Za-z0-9]{4}")
_TRACKING = re.compile(r"(?=(?:[A-Za-z]*\d){6})[A-Za-z0-9]{8,40}")
_ORDER = re.compile(r"(?=.*\d)[^@]{2,60}")
_ADDRESS = re.compile(r"[!-~]{3,}")  # an address, or its beginning: ASCII, no space
_PHONE = re.compile(r"\+?[\d\s()./-]{6,30}")
_LAST = chr(0x10FFFF)  # behind everything that begins like a text, byte by byte

# What has a name, by kind: (kind, key, what to call it). The telephone is written as its index
# has it (see `tickets.models.store.PHONE_KEY`); its end is looked for from behind.
_TICKET = (
    "SELECT 'ticket', t.id, t.reference FROM tickets_ticket t"
    " WHERE t.reference = %s AND t.store_id = ANY(%s)"
)
_OF_NUMBER = (
    "SELECT 'order', o.id, o.number FROM tickets_order o"
    " WHERE o.number_key = %s AND o.store_id = ANY(%s) LIMIT 10"
)
_OF_PARCEL = (
    "SELECT 'parcel', o.id, s.tracking_number FROM tickets_shipment s"
    " JOIN tickets_order o ON o.id = s.order_id WHERE s.tracking_number = ANY(%s)"
    " AND s.tracking_number <> '' AND o.store_id = ANY(%s) LIMIT 10"
)
_PERSON = "SELECT 'person', c.id, trim(c.name || ' ' || c.email) FROM tickets_customer c WHERE "
_OF_ADDRESS = _PERSON + (
    "c.email_key ~>=~ %s AND c.email_key ~<~ %s AND c.store_id = ANY(%s)"
    f" ORDER BY c.email_key USING ~<~ LIMIT {_PEOPLE + 1}"
)
_DIGITS = "regexp_replace(c.phone, '[^0-9]+', '', 'g')"
_OF_PHONE, _OF_PHONE_END = (
    _PERSON + f"c.phone <> '' AND {key} ~>=~ %s AND {key} ~<~ %s AND c.store_id = ANY(%s)"
    f" ORDER BY {key} USING ~<~ LIMIT {_PEOPLE + 1}"
    for key in (_DIGITS, f"reverse({_DIGITS})")
)
_TICKETS = """
    SELECT hit.id, t.id FROM unnest(%s::bigint[]) AS hit (id) CROSS JOIN LATERAL (
        SELECT id FROM tickets_ticket t WHERE t.{column} = hit.id AND t.store_id = ANY(%s)
        ORDER BY {order} LIMIT %s
    ) t
"""


@dataclass(frozen=True, slots=True)
class Group:
    """Tickets that belong to what was typed, the newest first; ``title`` says to what."""

    title: str
    tickets: list[int]


@dataclass(frozen=True, slots=True)
class Named:
    """``reference`` is that of the ticket it names; ``hint`` explains a reference that misses."""

    reference: str = ""
    groups: tuple[Group, ...] = ()
    pickups: tuple[Pickup, ...] = ()
    hint: str = ""


def named(actor: Actor, stores: Sequence[int], typed: str) -> Named:
    """Everything in these stores that the whole text names."""
    text = " ".join(typed.split())
    reference = clean_reference(text)
    hits = _hits(text, reference, stores)
    by_kind: dict[str, dict[int, str]] = {}
    for kind, key, said in hits:
        by_kind.setdefault(kind, {})[key] = said
    for found in by_kind.get("ticket", {}).values():
        return Named(reference=found)
    orders = by_kind.get("order", {})
    groups = [
        *_groups(orders, "order_id", stores, _("Tickets of order %(name)s")),
        *_groups(by_kind.get("parcel", {}), "order_id", stores, _("Tickets of parcel %(name)s")),
    ]
    people = by_kind.get("person", {})
    if len(people) <= _PEOPLE:  # of many nothing: what was typed says too little
        groups += _groups(people, "customer_id", stores, _("Tickets of %(name)s"))
    pickups: tuple[Pickup, ...] = ()
    if orders:
        shelf = access.pickups_for(actor).filter(order__in=orders, store__in=stores)
        pickups = tuple(shelf.select_related("order"))
    return Named("", tuple(groups), pickups, _hint(text, reference))


def _hits(text: str, reference: str | None, stores: Sequence[int]) -> list[tuple[str, int, str]]:
    """What has this name, of the kinds that the text looks like: (kind, key, name)."""
    asked: list[tuple[str, list[Any]]] = []
    if reference:
        asked.append((_TICKET, [reference]))
    if _ORDER.fullmatch(text):
        asked.append((_OF_NUMBER, [order_number_key(text)]))
    bare = re.sub(r"[\s-]", "", text)
    if _TRACKING.fullmatch(bare):
        asked.append((_OF_PARCEL, [list({bare, bare.upper(), text})]))
    if _ADDRESS.fullmatch(text):
        key = email_key(text)
        asked.append((_OF_ADDRESS, [key, key + _LAST]))
    digits = re.sub(r"\D", "", text)
    if _PHONE.fullmatch(text) and len(digits) >= _FEWEST_DIGITS:
        asked.append((_OF_PHONE, [digits, digits + _LAST]))
        asked.append((_OF_PHONE_END, [digits[::-1], digits[::-1] + _LAST]))
    if not asked or not stores:
        return []
    with connection.cursor() as cursor:
        cursor.execute(
            " UNION ALL ".join(f"({sql})" for sql, _values in asked),
            [value for _sql, values in asked for value in (*values, list(stores))],
        )
        return [(str(kind), int(key), str(said)) for kind, key, said in cursor.fetchall()]


def _groups(
    names: Mapping[int, str], column: str, stores: Sequence[int], title: str
) -> list[Group]:
    """The newest tickets of each of these orders or customers that has any."""
    if not names:
        return []
    order = "t.opened_at DESC, t.id DESC" if column == "customer_id" else "t.id DESC"
    found: dict[int, list[int]] = {}
    with connection.cursor() as cursor:
        cursor.execute(
            _TICKETS.format(column=column, order=order), [list(names), list(stores), MOST]
        )
        for key, ticket in cursor.fetchall():
            found.setdefault(key, []).append(ticket)
    return [Group(title % {"name": names[key]}, found[key]) for key in names if key in found]


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
