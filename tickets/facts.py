"""Rows -> the facts that a decision is made from. The only translator."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

from django.db.models import IntegerField, QuerySet
from django.db.models.expressions import RawSQL

from policies.types import Channel, Facts, OrderFacts, Request, Said, ShippingMethod
from tickets.lifecycle import EvidenceState, PickupState
from tickets.models import Claim, Draft, Evidence, Inquiry, Order, OrderLine, Pickup, Shipment


def shipments_of(order: Order, lines: Iterable[OrderLine] | None) -> list[Shipment]:
    """The shipments that carry these lines: posters travel apart from everything else."""
    shipments = list(order.shipments.all())
    chosen = list(lines) if lines is not None else []
    if not chosen:
        kinds = {"parcel"} if any(s.kind == "parcel" for s in shipments) else {"poster"}
    else:
        kinds = {"poster" if line.product.kind == "poster" else "parcel" for line in chosen}
    return [s for s in shipments if s.kind in kinds] or shipments


def _posters_of(order: Order) -> list[Shipment]:
    """Where the posters are. Without a parcel of their own they left with everything else.

    They have not arrived with it, though: that is what the customer says.
    """
    shipments = list(order.shipments.all())
    own = [s for s in shipments if s.kind == "poster"]
    return own or [Shipment(order=order, shipped_at=s.shipped_at) for s in shipments]


def order_facts(
    order: Order, lines: Iterable[OrderLine] | None = None, *, request: str = ""
) -> OrderFacts:
    """What the store's records say of an order, for these of its lines (all when ``None``).

    Several parcels: shipped when the first left, delivered when the last one has
    arrived, so that no window closes on a customer who is still waiting.
    """
    posters = request == Request.POSTER_MISSING
    shipments = _posters_of(order) if posters else shipments_of(order, lines)
    shipped = [s.shipped_at for s in shipments if s.shipped_at]
    delivered = [s.delivered_at for s in shipments if s.delivered_at]
    tracked = [s.last_tracking_at for s in shipments if s.last_tracking_at]
    pickup = Pickup.objects.filter(order=order).first() if _is_pickup(order) else None
    collected = pickup.collected_at if pickup and pickup.state == PickupState.COLLECTED else None
    arrived = max(delivered) if delivered and len(delivered) == len(shipments) else None
    return OrderFacts(
        placed_at=order.placed_at,
        paid_at=order.paid_at,
        shipped_at=min(shipped) if shipped else None,
        delivered_at=arrived or collected,
        # A parcel that was handed over and never scanned since stalls from that day on.
        last_tracking_at=max(tracked or shipped, default=None),
        pickup_confirmed_at=pickup.confirmed_at if pickup else None,
        collected_at=collected,
        channel=Channel(order.channel),
        shipping_method=ShippingMethod(order.shipping_method) if order.shipping_method else None,
        country=order.country or None,
        currency=order.currency,
        total=order.total,
        member=order.member,
        preorder=order.preorder,
    )


def shipment_facts(shipment: Shipment, order: Order) -> OrderFacts:
    """What is known of one shipment alone, whatever else the order was sent as. No query."""
    return OrderFacts(
        placed_at=order.placed_at,
        paid_at=order.paid_at,
        shipped_at=shipment.shipped_at,
        delivered_at=shipment.delivered_at,
        last_tracking_at=shipment.last_tracking_at or shipment.shipped_at,
        channel=Channel(order.channel),
        shipping_method=ShippingMethod(order.shipping_method) if order.shipping_method else None,
        country=order.country or None,
        currency=order.currency,
        total=order.total,
        member=order.member,
        preorder=order.preorder,
    )


def _is_pickup(order: Order) -> bool:
    return order.shipping_method == "pickup"


def said_from(answers: Mapping[str, Any]) -> Said:
    """What the customer declared, out of stored JSON. Unknown keys are left out."""
    known = {name: answers[name] for name in Said.__dataclass_fields__ if name in answers}
    for name in ("charged_at", "review_posted_at", "points_earned_at", "discovered_at"):
        if isinstance(known.get(name), str):
            known[name] = datetime.fromisoformat(known[name])
    return Said(**known)


def counted(evidence: Iterable[Evidence]) -> tuple[str, ...]:
    """The kinds of the files that count: ready, and begun in time. One entry a file."""
    return tuple(
        sorted(row.kind for row in evidence if row.state == EvidenceState.READY and row.in_time)
    )


_GIVEN = RawSQL(
    "coalesce((SELECT sum(s.quantity) FROM tickets_ordershare s"
    " WHERE s.line_id = tickets_orderline.id), 0)",
    (),
    output_field=IntegerField(),
)


def own_lines(draft: Draft, rows: QuerySet[OrderLine]) -> list[OrderLine]:
    """Those of an order's lines that are the asker's, each with how many (``own``).

    Of an order of several together each has their own: the others what was given to them
    (``own_share``), the buyer what was not given away.
    """
    found = list(rows.annotate(given=_GIVEN).select_related("product").order_by("position", "id"))
    shares = (
        {share.line_id: share for share in draft.claimant.shares.filter(order=draft.order_id)}
        if draft.claimant is not None
        else None
    )
    for line in found:
        line.own_share = shares.get(line.pk) if shares is not None else None
        if shares is None:
            line.own = line.quantity - getattr(line, "given", 0)
        else:
            line.own = line.own_share.quantity if line.own_share is not None else 0
    return [line for line in found if line.own > 0]


def lines_of_draft(draft: Draft) -> Sequence[OrderLine]:
    """The order lines a draft has ticked (they are checked again when it is sent)."""
    if draft.order_id is None:
        return []
    wanted = {item.get("line") for item in draft.answers.get("items", [])}
    rows = OrderLine.objects.filter(order_id=draft.order_id, pk__in=[w for w in wanted if w])
    return own_lines(draft, rows)


def facts_of_draft(
    draft: Draft,
    at: datetime,
    *,
    lines: Sequence[OrderLine] | None = None,
    evidence: Sequence[Evidence] | None = None,
) -> Facts:
    """The facts of a request that has not been sent yet, asked at ``at``.

    ``lines`` and ``evidence`` are read when they are not handed in.
    """
    order = draft.order
    chosen = lines if lines is not None else (lines_of_draft(draft) if order else [])
    return Facts(
        id=f"draft-{draft.pk}",
        store=draft.store.slug,
        request=Request(draft.request),
        at=at,
        order=order_facts(order, chosen, request=draft.request) if order else None,
        said=said_from(draft.answers.get("said", {})),
        evidence=counted(evidence if evidence is not None else draft.evidence.all()),
    )


def facts_of_inquiry(inquiry: Inquiry, at: datetime) -> Facts:
    """The facts of a question that was asked before, at ``at``: what was said then, the order now.

    Questions are about an order as a whole: whoever ticks items files a claim.
    """
    return Facts(
        id=f"inquiry-{inquiry.pk}",
        store=inquiry.store.slug,
        request=Request(inquiry.request),
        at=at,
        order=order_facts(inquiry.order, request=inquiry.request) if inquiry.order else None,
        said=said_from(inquiry.facts.get("said", {})),
        evidence=tuple(inquiry.facts.get("evidence", ())),
    )


def facts_of_claim(claim: Claim, lines: Sequence[OrderLine] | None = None) -> Facts:
    """The facts of a filed claim: asked when it was filed, with the evidence of today.

    ``lines`` are the claimed ones with their products, where the caller has them already.
    """
    if lines is None:
        lines = [item.line for item in claim.items.select_related("line__product")]
    return Facts(
        id=claim.ticket.reference,
        store=claim.ticket.store.slug,
        request=Request(claim.type),
        at=claim.filed_at,
        order=order_facts(claim.order, lines),
        said=said_from(claim.said),
        evidence=counted(claim.evidence.all()),
    )
