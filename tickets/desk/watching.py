"""What nobody has written about: parcels to look at, late pre-orders, releases to confirm."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.db.models import Count, F, QuerySet

from policies.carriers import Recognised, recognise
from policies.publish import in_force, pack_of
from tickets import access
from tickets.actions.preorders import KIND as PREORDER
from tickets.actions.preorders import open_preorders
from tickets.actions.watch import KINDS
from tickets.desk import forms
from tickets.desk.forms import ReleaseForm
from tickets.desk.person import Desk
from tickets.lifecycle import DeadlineState
from tickets.models import Deadline, Order, Product, ReleaseMove, Shipment, TrackingEvent

SHOWN = 100


@dataclass(slots=True)
class LateParcel:
    """One shipment that ought to have been heard of, with its forms."""

    shipment: Shipment
    since: datetime
    kinds: list[str] = field(default_factory=list)
    recognised: Recognised | None = None
    last: TrackingEvent | None = None
    may_work: bool = False
    snooze: forms.StepForm | None = None
    delivery: forms.StepForm | None = None

    @property
    def order(self) -> Order:
        """Whose it is."""
        return self.shipment.order


def _here(desk: Desk, rows: QuerySet[Deadline]) -> QuerySet[Deadline]:
    return rows.filter(store=desk.store) if desk.store else rows


def late_parcels(desk: Desk, bound: tuple[str, forms.StepForm] | None = None) -> list[LateParcel]:
    """Those to look at, the longest late first; a form that was not accepted is as typed."""
    rows = _here(desk, access.deadlines_for(desk.actor)).filter(
        state=DeadlineState.OVERDUE, kind__in=KINDS
    )
    found: dict[int, LateParcel] = {}
    with_all = rows.select_related("shipment__order__store", "shipment__order__customer")
    for row in with_all.order_by("due_at", "pk")[:SHOWN]:
        assert row.shipment is not None
        one = found.setdefault(row.shipment.pk, LateParcel(row.shipment, row.due_at))
        one.kinds.append(row.kind)
    newest = _newest(found)
    for key, one in found.items():
        pack = pack_of(in_force(one.order.store_id, one.order.placed_at))
        one.recognised = recognise(one.shipment.tracking_number, pack, one.shipment.carrier)
        one.last = newest.get(key)
        one.may_work = "work" in desk.verbs(one.order.store_id)
        one.snooze = _form(forms.SnoozeForm, f"snooze-{key}", bound)
        one.delivery = _form(forms.DeliveryForm, f"arrived-{key}", bound)
    return list(found.values())


def _form(
    kind: type[forms.StepForm], name: str, bound: tuple[str, forms.StepForm] | None
) -> forms.StepForm:
    return bound[1] if bound and bound[0] == name else kind(name=name)


def _newest(keys: Iterable[int]) -> dict[int, TrackingEvent]:
    rows = TrackingEvent.objects.filter(shipment__in=list(keys)).order_by(
        "shipment_id", "-at", "-id"
    )
    return {row.shipment_id: row for row in rows.distinct("shipment_id")}


@dataclass(frozen=True, slots=True)
class Move:
    """One release to confirm, and whom it concerns."""

    row: ReleaseMove
    orders: int
    customers: int
    may_confirm: bool


def moves(desk: Desk) -> list[Move]:
    """The proposals that wait for a lead, the oldest first."""
    rows = access.releases_for(desk.actor).filter(state="proposed")
    if desk.store:
        rows = rows.filter(store=desk.store)
    proposals = list(
        rows.select_related("store", "product", "proposed_by").order_by("proposed_at", "pk")[:SHOWN]
    )
    concerned: dict[int, Any] = {
        row["lines__product"]: row
        for row in open_preorders()
        .filter(lines__product__in=[row.product_id for row in proposals])
        .order_by()
        .values("lines__product")
        .annotate(orders=Count("pk", distinct=True), customers=Count("customer", distinct=True))
    }
    return [
        Move(
            row,
            concerned.get(row.product_id, {}).get("orders", 0),
            concerned.get(row.product_id, {}).get("customers", 0),
            "override" in desk.verbs(row.store_id),
        )
        for row in proposals
    ]


def told(desk: Desk) -> QuerySet[ReleaseMove]:
    """The moves that were decided last, with how many orders were told."""
    rows = access.releases_for(desk.actor).exclude(state="proposed")
    if desk.store:
        rows = rows.filter(store=desk.store)
    return rows.select_related("store", "product", "decided_by").order_by("-decided_at", "-pk")[:10]


def late_preorders(desk: Desk) -> QuerySet[Deadline]:
    """Pre-orders that should have left, the longest late first."""
    rows = _here(desk, access.deadlines_for(desk.actor)).filter(
        state=DeadlineState.OVERDUE, kind=PREORDER
    )
    return (
        rows.select_related("order__store", "order__customer")
        .prefetch_related("order__lines__product")
        .order_by("due_at", "pk")[:SHOWN]
    )


@dataclass(frozen=True, slots=True)
class Waited:
    """A product that customers wait for, and the form that says that its date moves."""

    product: Product
    orders: int
    form: ReleaseForm
    may_work: bool


def waited(desk: Desk, bound: ReleaseForm | None = None) -> list[Waited]:
    """What has open pre-orders, the next release first; a form not accepted is as typed."""
    rows = access.products_for(desk.actor).filter(lines__order__in=open_preorders())
    if desk.store:
        rows = rows.filter(store=desk.store)
    found = rows.select_related("store").annotate(waiting=Count("lines__order", distinct=True))
    return [
        Waited(
            product,
            product.waiting,
            bound
            if bound is not None and bound.prefix == f"product-{product.pk}"
            else ReleaseForm(prefix=f"product-{product.pk}"),
            "work" in desk.verbs(product.store_id),
        )
        for product in found.order_by(F("release_on").asc(nulls_last=True), "pk")[:SHOWN]
    ]
