"""What waits beside the tickets: pickups on the shelf, refunds to pay."""

from __future__ import annotations

from datetime import datetime, timedelta

from django.db.models import F, OuterRef, QuerySet, Subquery

from tickets import access
from tickets.actor import Actor
from tickets.lifecycle import DeadlineState, PickupState, RefundState
from tickets.models import Deadline, Pickup, Refund, User

WAITING_PICKUPS = [PickupState.PREPARING, PickupState.RESERVED]


def pickups_on_the_shelf(user: User, store: int | None = None) -> QuerySet[Pickup]:
    """Pickups that still wait: those that need a person first, then by what is left of them."""
    rows = access.pickups_for(Actor.staff(user)).filter(state__in=WAITING_PICKUPS)
    if store:
        rows = rows.filter(store_id=store)
    return (
        rows.select_related("store", "order__customer")
        .prefetch_related("order__lines")
        .order_by("-needs_person", F("reserved_until").asc(nulls_last=True), "pk")
    )


def refunds_to_pay(user: User, store: int | None = None) -> QuerySet[Refund]:
    """Money promised and not paid yet, the oldest promise first."""
    rows = access.refunds_for(Actor.staff(user)).filter(state=RefundState.REQUESTED)
    if store:
        rows = rows.filter(store_id=store)
    due = Deadline.objects.filter(
        refund=OuterRef("pk"), state__in=[DeadlineState.PENDING, DeadlineState.OVERDUE]
    )
    return (
        rows.select_related("store", "order__customer", "claim__ticket", "pickup", "ticket")
        .annotate(due_at=Subquery(due.order_by("-cycle").values("due_at")[:1]))
        .order_by("requested_at", "pk")
    )


def soon(at: datetime | None, now: datetime) -> str:
    """How urgent an instant is: ``late``, ``today`` (24 hours), ``soon`` (3 days) or ``''``."""
    if at is None:
        return ""
    left = at - now
    if left < timedelta():
        return "late"
    if left < timedelta(days=1):
        return "today"
    return "soon" if left < timedelta(days=3) else ""
