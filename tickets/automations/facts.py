"""What the conditions of an automation are asked about: one ticket, at the instant of its cause.

`read` asks the database in one statement, under the lock of whoever calls it. The conditions
themselves are pure: they see a `Facts` and a value, and nothing else.

An automation is kept as JSON: ``when`` (a key of `triggers.TRIGGERS`) with ``when_value`` (a JSON
object, ``{}`` where it has none), ``conditions`` and ``actions``, each a list of
``{"key": str, "value": JSON}``: a key of `conditions.CONDITIONS` or `doings.DOINGS` and what its
``clean`` made of the typed value. `Rule` is the same as an object.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from typing import Any

from django.db import connection

from policies.publish import in_force, pack_of
from tickets.models import Ticket

# Events that open a ticket; their ``note`` is what the customer typed with it.
FILED_KINDS = ("claim_filed", "ticket_opened", "request_accepted")


@dataclass(frozen=True, slots=True)
class Step:
    """One line of an automation: a condition or an action, and what it is set to."""

    key: str
    value: Any = None

    def as_json(self) -> dict[str, Any]:
        """As it is kept."""
        return {"key": self.key, "value": self.value}


@dataclass(frozen=True, slots=True)
class Rule:
    """When – if – then. What one version of an automation says, or one that is being written."""

    when: str
    when_value: Mapping[str, Any] = field(default_factory=dict)
    conditions: tuple[Step, ...] = ()
    actions: tuple[Step, ...] = ()


@dataclass(frozen=True, slots=True)
class Facts:
    """All that a condition can ask. Built with a few values it will do for a test.

    ``at``: when the cause happened. ``event_kind`` and ``event_data`` are the event's that is the
    cause; for a deadline ``deadline`` and ``{"deadline": <its kind>}``.
    """

    at: datetime
    event_kind: str = ""
    event_data: Mapping[str, Any] = field(default_factory=dict)
    request_type: str = ""
    # Of the items that a claim is about, else of the whole order: `models.store.PRODUCT_KINDS`.
    product_kinds: frozenset[str] = frozenset()
    priority: int = 2  # 0 urgent … 3 low
    state: str = "new"  # `lifecycle.TicketState`
    waiting_for: str = ""  # `lifecycle.WaitingFor`; empty unless it waits
    tags: frozenset[str] = frozenset()  # keys, as `actions.deeds.tag_key` makes them
    assignee_id: int | None = None
    language: str = "en"  # the customer's, as they have it: ``ko``, ``pt-BR``
    order_total: Decimal | None = None  # None: there is no order
    currency: str = ""
    nth_request: int = 1  # which of this customer's requests in this store it is, from 1
    channel: str = ""  # `models.ticket.CHANNELS`; empty: the forms on the web
    within_hours: bool = True  # whether the store was open at ``at``
    last_words: str = ""  # the customer's last message, else what they typed as they filed it


def read(ticket: Ticket, event_kind: str, event_data: Mapping[str, Any], at: datetime) -> Facts:
    """One ticket as it stands now. What is in the row itself is taken from ``ticket``."""
    return from_rows(ticket, rows_of([ticket.pk])[ticket.pk], event_kind, event_data, at)


# One statement for many tickets, written out: it is asked for every cause.
_ROWS = """
    SELECT row.id,
        ARRAY(
            SELECT tag.key FROM tickets_tickettag of JOIN tickets_tag tag ON tag.id = of.tag_id
            WHERE of.ticket_id = row.id
        ),
        ARRAY(
            SELECT DISTINCT product.kind FROM tickets_claim claim
            JOIN tickets_claimitem item ON item.claim_id = claim.id
            JOIN tickets_orderline line ON line.id = item.line_id
            JOIN tickets_product product ON product.id = line.product_id
            WHERE claim.ticket_id = row.id
        ),
        ARRAY(
            SELECT DISTINCT product.kind FROM tickets_orderline line
            JOIN tickets_product product ON product.id = line.product_id
            WHERE line.order_id = row.order_id
        ),
        (
            SELECT count(*) FROM tickets_ticket other
            WHERE other.customer_id = row.customer_id
                AND (other.opened_at, other.id) < (row.opened_at, row.id)
        ),
        (
            SELECT said.body FROM tickets_message said
            WHERE said.kind = 'customer' AND said.ticket_id IN (
                SELECT row.id UNION ALL SELECT id FROM tickets_ticket WHERE merged_into_id = row.id
            )
            ORDER BY said.at DESC, said.id DESC LIMIT 1
        ),
        (
            SELECT filed.data->>'note' FROM tickets_event filed
            WHERE filed.ticket_id = row.id AND filed.kind = ANY(%s) AND filed.data ? 'note'
            ORDER BY filed.seq LIMIT 1
        )
    FROM tickets_ticket row WHERE row.id = ANY(%s)
"""
_NAMES = ("tags", "claimed", "ordered", "before", "said", "typed")


def rows_of(tickets: Iterable[int]) -> dict[int, dict[str, Any]]:
    """What the facts of tickets need beyond their own rows, by ticket; in one statement."""
    with connection.cursor() as cursor:
        cursor.execute(_ROWS, [list(FILED_KINDS), list(tickets)])
        found = cursor.fetchall()
    return {pk: dict(zip(_NAMES, more, strict=True)) for pk, *more in found}


def from_rows(
    ticket: Ticket,
    more: Mapping[str, Any],
    event_kind: str,
    event_data: Mapping[str, Any],
    at: datetime,
    **instead: Any,
) -> Facts:
    """Put together what was read; ``instead`` says what it was then, where it was otherwise."""
    order = ticket.order
    known: dict[str, Any] = {
        "request_type": ticket.request,
        "product_kinds": frozenset(more["claimed"] or more["ordered"]),
        "priority": ticket.priority,
        "state": str(ticket.state),
        "waiting_for": str(ticket.waiting_for),
        "tags": frozenset(more["tags"]),
        "assignee_id": ticket.assignee_id,
        "language": ticket.customer.locale,
        "order_total": order.total if order is not None else None,
        "currency": order.currency if order is not None else "",
        "nth_request": more["before"] + 1,
        "channel": ticket.channel,
        "within_hours": pack_of(in_force(ticket.store_id, at)).calendar.is_open(at),
        "last_words": more["said"] or more["typed"] or "",
    }
    known.update(instead)
    return Facts(at=at, event_kind=event_kind, event_data=event_data, **known)
