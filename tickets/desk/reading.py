"""Everything that the page of one ticket shows, read in one statement.

Written by hand, because a dozen querysets took longer to build than the database took to answer.
Whose tickets may be seen is not decided here: the stores of a `Desk` come from
`access.stores_for`. The counts of the left zone travel along.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from typing import Any

from django.db import connection

from policies.publish import version_of
from supportdesk.prepared import Prepared
from tickets import attached
from tickets.attached import Attached
from tickets.desk import marking, merging, queue_counts, together
from tickets.desk.conversation import PAGE, TOLD_HERE
from tickets.desk.person import Desk
from tickets.desk.queue_counts import Counts
from tickets.evidence.likeness import MOST_FOUND
from tickets.jsonrows import Shape, know, relate
from tickets.models import (
    Claim,
    ClaimItem,
    Customer,
    Deadline,
    Event,
    Evidence,
    EvidenceCopy,
    FileJob,
    Message,
    Order,
    OrderLine,
    Product,
    Refund,
    Shipment,
    Store,
    Ticket,
    TrackingEvent,
    User,
)
from tickets.permissions import roles_with

_SECRETS = ("password", "last_login")
_SHAPES: Mapping[str, Shape[Any]] = {
    "ticket": Shape(Ticket),
    "store": Shape(Store),
    "customer": Shape(Customer),
    "order": Shape(Order),
    "line": Shape(OrderLine),
    "product": Shape(Product),
    "shipment": Shape(Shipment),
    "way": Shape(TrackingEvent),
    "claim": Shape(Claim),
    "item": Shape(ClaimItem),
    "refund": Shape(Refund),
    "file": Shape(Evidence),
    "copy": Shape(EvidenceCopy),
    "job": Shape(FileJob),
    "event": Shape(Event),
    "message": Shape(Message),
    "deadline": Shape(Deadline),
    "user": Shape(User, without=_SECRETS),
}
# The claims that are counted beside this one: of the last year, in the stores of the reader.
_CLAIMS = """
    (SELECT count(*) FROM tickets_claim n JOIN tickets_ticket nt ON nt.id = n.ticket_id
     WHERE n.filed_at > %(year_ago)s AND nt.store_id = ANY(%(every)s) AND {})
"""
_KINDS = {
    "reference": "text",
    "every": "bigint[]",  # the stores of the reader
    "year_ago": "timestamptz",
    **queue_counts.VALUES,
}
_HAS_ADDRESS = r"""(o.country <> '' AND o.ship_to->>'zip' ~ '\S'
    AND coalesce(o.ship_to->>'address1', '') || coalesce(o.ship_to->>'address2', '') ~ '\S')"""
# The newest messages of a ticket and of what is merged into it: of each by its index, and then of
# all, so that a long conversation costs as much as a short one.
_TALK = """
    (SELECT y.* FROM unnest(z.family) AS one (id) CROSS JOIN LATERAL (
       SELECT * FROM tickets_message WHERE ticket_id = one.id
       ORDER BY at DESC, id DESC LIMIT {talk}) y ORDER BY y.at DESC, y.id DESC LIMIT {talk})
"""
_SAID = "SELECT m.id FROM {said} m"
# What happened on those that were merged into it, but for what was said, and for the merging
# itself, which the ticket's own events tell.
_ALONG = """
    (SELECT e.* FROM unnest(z.family[2:]) AS one (id) CROSS JOIN LATERAL (
       SELECT * FROM tickets_event WHERE ticket_id = one.id AND kind NOT IN ({told_here})
       ORDER BY seq DESC LIMIT {talk}) e)
"""
_MERGED = """
  (SELECT json_build_array(n.reference) FROM tickets_ticket n WHERE n.id = t.merged_into_id),
  (SELECT json_agg(json_build_array(n.id, n.reference, n.subject,
     (SELECT count(*) FROM tickets_evidence f WHERE f.ticket_id = n.id AND f.kind <> 'attachment')
       + (SELECT count(*) FROM tickets_evidence f JOIN tickets_claim k ON k.id = f.claim_id
          WHERE k.ticket_id = n.id)) ORDER BY n.id)
   FROM tickets_ticket n WHERE n.merged_into_id = t.id)
"""
_STATEMENT = """
SELECT (SELECT json_build_object(
  'ticket', {ticket}, 'store', {store}, 'customer', {customer}, 'order', {order},
  'claim', CASE WHEN c.id IS NOT NULL THEN {claim} END,
  'lines', (SELECT json_agg(json_build_array({line}, {product}) ORDER BY l.position, l.id)
            FROM tickets_orderline l JOIN tickets_product p ON p.id = l.product_id
            WHERE l.order_id = t.order_id),
  'shipments', (SELECT json_agg({shipment} ORDER BY s.id) FROM tickets_shipment s
                WHERE s.order_id = t.order_id),
  'way', (SELECT json_agg({way} ORDER BY w.at DESC, w.id DESC) FROM tickets_trackingevent w
          JOIN tickets_shipment s ON s.id = w.shipment_id WHERE s.order_id = t.order_id),
  'items', (SELECT json_agg({item} ORDER BY i.id) FROM tickets_claimitem i
            WHERE i.claim_id = c.id),
  'refunds', (SELECT json_agg({refund}) FROM tickets_refund r
              WHERE r.ticket_id = t.id OR r.claim_id = c.id),
  'files', (SELECT json_agg(json_build_array({file}, CASE WHEN j.id IS NOT NULL THEN {job} END,
              (SELECT json_agg({copy} ORDER BY k.id) FROM tickets_evidencecopy k
               WHERE k.evidence_id = f.id),
              (SELECT json_agg(b.bits ORDER BY b.at) FROM tickets_fileprint b
               WHERE b.evidence_id = f.id),
              (SELECT json_agg(g.id) FROM (SELECT id FROM tickets_evidence
                 WHERE sha256 = f.sha256 AND sha256 <> '' AND id <> f.id
                 ORDER BY id DESC LIMIT {most_twins}) g)) ORDER BY f.id)
            FROM tickets_evidence f LEFT JOIN tickets_filejob j ON j.evidence_id = f.id
            WHERE f.claim_id = c.id OR (f.ticket_id = t.id AND f.kind <> 'attachment')),
  'events', (SELECT json_agg({event} ORDER BY e.seq) FROM tickets_event e
             WHERE e.ticket_id = t.id AND {seen}),
  'messages', (SELECT json_agg({message} ORDER BY m.at, m.id)
               FROM {said} m),
  'along', (SELECT json_agg({event} ORDER BY e.at, e.id) FROM {along} e),
  'merged', (SELECT json_build_array({merged})),
  'deadlines', (SELECT json_agg({deadline} ORDER BY d.due_at, d.id) FROM tickets_deadline d
                LEFT JOIN tickets_refund r ON r.id = d.refund_id
                WHERE d.ticket_id = t.id OR d.claim_id = c.id
                   OR r.ticket_id = t.id OR r.claim_id = c.id),
  'people', (SELECT json_agg(json_build_array(u.id, coalesce(nullif(u.name, ''), u.email))
               ORDER BY u.name, u.email) FROM tickets_user u
             WHERE u.is_active AND EXISTS (SELECT FROM tickets_membership q
               WHERE q.user_id = u.id AND q.store_id = t.store_id AND q.role = ANY('{{{roles}}}'))),
  'staff', (SELECT json_agg({user}) FROM tickets_user u WHERE u.id IN (
             SELECT e.actor_user_id FROM tickets_event e WHERE e.ticket_id = t.id AND {seen}
             UNION SELECT m.author_id FROM {said} m
             UNION SELECT e.actor_user_id FROM {along} e
             UNION SELECT t.assignee_id UNION SELECT t.held_by_id
             UNION SELECT c.overridden_by_id)),
  'customers', (SELECT json_agg({customer}) FROM tickets_customer x WHERE x.id IN (
             SELECT e.actor_customer_id FROM tickets_event e
             WHERE e.ticket_id = t.id AND {seen})),
  'drafts', {drafts}, 'attached', {attached}, 'marks', (SELECT json_build_array({marks})),
  'here', {here},
  'orders_n', (SELECT count(*) FROM tickets_order n WHERE n.customer_id = t.customer_id
               AND n.store_id = ANY(%(every)s)),
  'tickets_n', (SELECT count(*) FROM tickets_ticket n WHERE n.customer_id = t.customer_id
                AND n.store_id = ANY(%(every)s)),
  'claims_n', CASE WHEN c.id IS NOT NULL THEN json_build_object(
    'customer', {by_customer}, 'order', {by_order},
    'address', CASE WHEN {has_address} THEN {by_address} END) END)
FROM tickets_ticket t
JOIN tickets_store a ON a.id = t.store_id
JOIN tickets_customer x ON x.id = t.customer_id
LEFT JOIN tickets_order o ON o.id = t.order_id
LEFT JOIN tickets_claim c ON c.ticket_id = t.id
CROSS JOIN LATERAL (SELECT t.id || coalesce(array_agg(n.id ORDER BY n.id), '{{}}') AS family
                    FROM tickets_ticket n WHERE n.merged_into_id = t.id) z
WHERE t.reference = %(reference)s AND t.store_id = ANY(%(every)s)), {counts}
"""


@dataclass(frozen=True, slots=True)
class Read:
    """One ticket with all that belongs to it: its relations are filled in and ask nothing.

    ``deadlines`` are those of the ticket, its claim and its refund, in the order of time;
    ``people`` those it can be given to, by key and name. ``orders`` and ``tickets`` count the
    customer's, this one among them; ``claims`` the claims of a year by ``customer``, ``order``
    and ``address``.
    ``merged`` is what it was merged into, and what is merged into it.
    ``attached`` are drafts and their files, ``marks`` what `marking.read` is made of; ``here``
    is who else has the ticket open; ``counts`` are those of the left zone.
    """

    ticket: Ticket
    claim: Claim | None
    deadlines: list[Deadline]
    people: list[tuple[int, str]]
    orders: int
    tickets: int
    claims: Mapping[str, int]
    merged: merging.Merged
    attached: Attached
    marks: marking.Rows
    here: together.Here
    counts: Counts


def read(desk: Desk, reference: str, *, year_ago: datetime) -> Read | None:
    """The ticket of this reference in one of the person's stores; None where there is none."""
    told = {
        **queue_counts.values(desk.user, desk.here, desk.now),
        "reference": reference,
        "every": [store.pk for store in desk.stores],
        "year_ago": year_ago,
    }
    with connection.cursor() as cursor:
        _statement().execute(cursor, told)
        found, *counted = cursor.fetchone()
    if found is None:
        return None
    return _put_together(found, queue_counts.counted(counted, desk.user))


@cache
def _statement() -> Prepared:
    aliases = {
        "ticket": "t",
        "store": "a",
        "customer": "x",
        "order": "o",
        "claim": "c",
        "line": "l",
        "product": "p",
        "shipment": "s",
        "way": "w",
        "item": "i",
        "refund": "r",
        "file": "f",
        "job": "j",
        "copy": "k",
        "event": "e",
        "message": "m",
        "deadline": "d",
        "user": "u",
    }
    rows = {name: _SHAPES[name].sql(alias) for name, alias in aliases.items()}
    rows["order"] = f"CASE WHEN o.id IS NOT NULL THEN {rows['order']} END"
    drafts, files = attached.columns(
        _SAID.format(said=_TALK.format(talk=PAGE + 1)), family="z.family"
    )
    there = "SELECT z.id FROM tickets_order z WHERE z.address_key = o.address_key"
    sql = _STATEMENT.format(
        **rows,
        roles=",".join(roles_with("work")),
        drafts=drafts,
        attached=files,
        marks=marking.COLUMNS,
        here=together.COLUMN,
        counts=queue_counts.columns(),
        by_customer=_CLAIMS.format("nt.customer_id = t.customer_id"),
        by_order=_CLAIMS.format("n.order_id = t.order_id"),
        by_address=_CLAIMS.format(f"n.order_id IN ({there})"),
        has_address=_HAS_ADDRESS,
        most_twins=MOST_FOUND,
        said=_TALK.format(talk=PAGE + 1),
        along=_ALONG.format(talk=PAGE + 1, told_here=", ".join(f"'{kind}'" for kind in TOLD_HERE)),
        merged=_MERGED,
        talk=PAGE + 1,  # what is older is read page by page: see `conversation`
        seen=f"(e.kind <> 'message_added' OR e.seq > t.last_seq - {PAGE + 1})",
    )
    return Prepared(sql, _KINDS)


def _put_together(found: dict[str, Any], counts: Counts) -> Read:
    """The objects, each row once, and each in its place."""
    made = {name: _SHAPES[name].made(found[name]) for name in ("ticket", "store", "customer")}
    ticket, store, customer = made["ticket"], made["store"], made["customer"]
    users = {row.pk: row for row in _SHAPES["user"].many(found["staff"])}
    customers = {row.pk: row for row in _SHAPES["customer"].many(found["customers"])}
    customers[customer.pk] = customer
    order = _order(found)
    claim = _SHAPES["claim"].one(found["claim"])
    ticket.store, ticket.customer, ticket.order = store, customer, order
    relate(ticket, "assignee", users.get(ticket.assignee_id))
    relate(ticket, "held_by", users.get(ticket.held_by_id))
    refunds = _SHAPES["refund"].many(found["refunds"])
    relate(ticket, "refund", next((row for row in refunds if row.ticket_id == ticket.pk), None))
    relate(ticket, "claim", claim)
    files = [_file(values) for values in found["files"] or ()]
    events = _events(found, ticket, claim, users, customers)
    know(ticket, "events", events)
    know(ticket, "messages", _messages(found, ticket, users))
    know(ticket, "evidence", [row for row in files if row.ticket_id == ticket.pk])
    if claim is not None:
        _fill_claim(claim, ticket, found, users)
        relate(claim, "refund", next((row for row in refunds if row.claim_id == claim.pk), None))
        know(claim, "evidence", [row for row in files if row.claim_id == claim.pk])
    return Read(
        ticket,
        claim,
        _SHAPES["deadline"].many(found["deadlines"]),
        [(key, name) for key, name in found["people"] or ()],
        found["orders_n"],
        found["tickets_n"],
        {by: number or 0 for by, number in (found["claims_n"] or {}).items()},
        _merged(found, ticket, claim, users, customers),
        attached.put_together(found["drafts"], found["attached"]),
        found["marks"],
        together.shown(found["here"]),
        counts,
    )


def _order(found: dict[str, Any]) -> Order | None:
    order: Order | None = _SHAPES["order"].one(found["order"])
    if order is None:
        return None
    lines = []
    for values, product in found["lines"] or ():
        line = _SHAPES["line"].made(values)
        line.order, line.product = order, _SHAPES["product"].made(product)
        lines.append(line)
    know(order, "lines", lines)
    ways: dict[int, list[TrackingEvent]] = {}
    for way in _SHAPES["way"].many(found["way"]):
        ways.setdefault(way.shipment_id, []).append(way)
    shipments = _SHAPES["shipment"].many(found["shipments"])
    for shipment in shipments:
        shipment.order = order
        know(shipment, "tracking_events", ways.get(shipment.pk, []))
    know(order, "shipments", shipments)
    return order


def _file(values: list[Any]) -> Evidence:
    file, job, copies, prints, twins = values
    row: Evidence = _SHAPES["file"].made(file)
    relate(row, "job", _SHAPES["job"].one(job))
    know(row, "copies", _SHAPES["copy"].many(copies))
    # As `proofs.rows` annotates them.
    row.print_bits, row.twins = prints or [], twins or []  # type: ignore[attr-defined]  # annotations
    return row


def _events(
    found: dict[str, Any],
    ticket: Ticket,
    claim: Claim | None,
    users: Mapping[int, User],
    customers: Mapping[int, Customer],
) -> list[Event]:
    events: list[Event] = _SHAPES["event"].many(found["events"])
    for event in events:
        relate(event, "ticket", ticket)
        relate(event, "actor_user", users.get(event.actor_user_id or 0))
        relate(event, "actor_customer", customers.get(event.actor_customer_id or 0))
        if event.policy_version_id is not None:
            event.policy_version = version_of(event.policy_version_id)
    return events


def _merged(
    found: dict[str, Any],
    ticket: Ticket,
    claim: Claim | None,
    users: Mapping[int, User],
    customers: Mapping[int, Customer],
) -> merging.Merged:
    into, parts = found["merged"]
    if not into and not parts:
        return merging.NOTHING
    events = _events({"events": found["along"]}, ticket, claim, users, customers)
    return merging.of(into, parts or (), events)


def _messages(found: dict[str, Any], ticket: Ticket, users: Mapping[int, User]) -> list[Message]:
    rows: list[Message] = _SHAPES["message"].many(found["messages"])
    for message in rows:
        relate(message, "ticket", ticket)  # its key stays that of the ticket it was said on
        relate(message, "author", users.get(message.author_id or 0))
    return rows


def _fill_claim(
    claim: Claim, ticket: Ticket, found: dict[str, Any], users: Mapping[int, User]
) -> None:
    claim.ticket = ticket
    claim.policy_version = version_of(claim.policy_version_id)
    relate(claim, "overridden_by", users.get(claim.overridden_by_id or 0))
    items: list[ClaimItem] = _SHAPES["item"].many(found["items"])
    lines: dict[int, OrderLine] = {}
    if ticket.order is not None and claim.order_id == ticket.order_id:
        claim.order = ticket.order
        lines = {line.pk: line for line in ticket.order.lines.all()}
    for item in items:
        item.claim = claim
        if item.line_id in lines:
            item.line = lines[item.line_id]
    know(claim, "items", items)
