"""The queues of the desk: what stands in each, how many, and one page of a list.

Everything starts from the querysets of `tickets.access`, so that a count, a list
and a search can never show more than the person may open.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db.models import Count, Exists, F, OuterRef, Q, QuerySet, Subquery, Value
from django.db.models.functions import JSONObject
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from tickets import access
from tickets.actions.preorders import KIND as PREORDER
from tickets.actions.watch import KINDS
from tickets.actor import Actor
from tickets.lifecycle import ClaimState, DeadlineState, PickupState, RefundState, TicketState
from tickets.models import Deadline, Pickup, Refund, Ticket, User
from tickets.models.ticket import PRIORITIES, QUEUE_ORDER

PAGE = 30
OPEN = Q(state__in=[TicketState.NEW, TicketState.OPEN, TicketState.WAITING])
_PRIORITIES = frozenset(map(str, PRIORITIES))
TO_FULFIL = [ClaimState.APPROVED, ClaimState.AWAITING_RETURN, ClaimState.INSPECTING]
WAITING_PICKUPS = [PickupState.PREPARING, PickupState.RESERVED]


def overdue(now: datetime) -> Q:
    """Something should have happened by now: its time has passed, or it has alerted already."""
    alerted = Deadline.objects.filter(claim__ticket=OuterRef("pk"), state=DeadlineState.OVERDUE)
    return OPEN & (Q(next_due_at__lt=now) | Q(Exists(alerted)))


@dataclass(frozen=True, slots=True)
class Queue:
    """One queue: its name in the address, its title, what it holds, what to say when empty."""

    key: str
    title: Promise
    holds: Callable[[datetime], Q]
    empty: Promise
    icon: str
    counted: bool = True


def _claims(*states: ClaimState) -> Callable[[datetime], Q]:
    return lambda now: OPEN & Q(claim__state__in=states)


PARCELS = ["lost_parcel", "tracking_stalled", "poster_missing"]
# What nobody has done yet: once the order is cancelled, its refund waits among the refunds.
_CANCELLATIONS = OPEN & Q(request="cancel_order", order__cancelled_at=None)

_ALL: tuple[Queue, ...] = (
    Queue(
        "cancellations",
        _("Cancellations"),
        lambda now: _CANCELLATIONS,
        _("Nobody waits for a cancellation. They are urgent: orders are packed within a day."),
        "shopping-cart-x",
    ),
    Queue(
        "open",
        _("All open"),
        lambda now: OPEN,
        _("Nothing is open. Claims and questions appear here as soon as they come in."),
        "inbox",
    ),
    Queue(
        "new",
        _("New"),
        lambda now: Q(state=TicketState.NEW),
        _("Nothing new. What nobody has answered yet will be here."),
        "sparkles",
    ),
    Queue(
        "ready",
        _("Ready to decide"),
        _claims(ClaimState.UNDER_REVIEW),
        _("Nothing to decide. A claim comes here when the evidence its rule asks for is complete."),
        "scale",
    ),
    Queue(
        "evidence",
        _("Waiting for evidence"),
        _claims(ClaimState.AWAITING_EVIDENCE),
        _("No claim waits for evidence. Reminders and closing happen by themselves."),
        "camera",
    ),
    Queue(
        "manufacturer",
        _("With the manufacturer"),
        _claims(ClaimState.WITH_MANUFACTURER),
        _("No claim is with a manufacturer."),
        "building-factory-2",
    ),
    Queue(
        "fulfil",
        _("To fulfil"),
        _claims(ClaimState.APPROVED, ClaimState.AWAITING_RETURN, ClaimState.INSPECTING),
        _("Nothing to fulfil. Approved claims come here until the customer has what was promised."),
        "truck-delivery",
    ),
    Queue(
        "overdue",
        _("Overdue"),
        overdue,
        _("Nothing is overdue: every promise is being kept."),
        "clock-exclamation",
    ),
    Queue(
        "parcels",
        _("Lost parcels"),
        lambda now: OPEN & Q(claim__isnull=True, request__in=PARCELS),
        _("No lost parcels. What customers have reported as not arrived will be here."),
        "truck",
    ),
    Queue(
        "questions",
        _("Questions"),
        lambda now: OPEN & Q(claim__isnull=True) & ~Q(request__in=[*PARCELS, "cancel_order"]),
        _("No open questions. Conversations without a claim will be here."),
        "message",
    ),
    Queue(
        "done",
        _("Done"),
        lambda now: Q(state__in=[TicketState.SOLVED, TicketState.CLOSED]),
        _("Nothing is done yet. Solved and closed conversations will be here."),
        "check",
        counted=False,
    ),
)
QUEUES: Mapping[str, Queue] = {queue.key: queue for queue in _ALL}


@dataclass(frozen=True, slots=True)
class Counts:
    """How much stands where; ``people`` are the pickups that need a person.

    ``parcels`` are to be looked at; ``releases`` wait for a lead, ``preorders`` are late.
    """

    queues: Mapping[str, int]
    pickups: int
    people: int
    refunds: int
    parcels: int = 0
    releases: int = 0
    preorders: int = 0


def counts(user: User, now: datetime, store: int | None = None) -> Counts:
    """All counts of the left zone, in one query, for the stores this person works in."""
    actor = Actor.staff(user)
    here = Q(store_id=store) if store else Q()
    holds = {
        queue.key: Count("pk", filter=queue.holds(now))
        for queue in QUEUES.values()
        if queue.counted
    }
    tickets = access.tickets_for(actor).filter(here & OPEN)
    pickups = access.pickups_for(actor).filter(here, state__in=WAITING_PICKUPS)
    refunds = access.refunds_for(actor).filter(here, state=RefundState.REQUESTED)
    late = access.deadlines_for(actor).filter(here, state=DeadlineState.OVERDUE)
    moves = access.releases_for(actor).filter(here, state="proposed")
    row = (
        User.objects.filter(pk=user.pk)
        .values(
            tickets=_as_one_row(tickets, **holds),
            pickups=_as_one_row(
                pickups, all=Count("pk"), people=Count("pk", filter=Q(needs_person=True))
            ),
            refunds=_as_one_row(refunds, all=Count("pk")),
            late=_as_one_row(
                late,
                parcels=Count("shipment", distinct=True, filter=Q(kind__in=KINDS)),
                preorders=Count("pk", filter=Q(kind=PREORDER)),
            ),
            moves=_as_one_row(moves, all=Count("pk")),
        )
        .get()
    )
    on_shelf, to_pay = row["pickups"] or {}, row["refunds"] or {}
    missed, to_confirm = row["late"] or {}, row["moves"] or {}
    return Counts(
        queues=row["tickets"] or dict.fromkeys(holds, 0),
        pickups=on_shelf.get("all", 0),
        people=on_shelf.get("people", 0),
        refunds=to_pay.get("all", 0),
        parcels=missed.get("parcels", 0),
        releases=to_confirm.get("all", 0),
        preorders=missed.get("preorders", 0),
    )


def _as_one_row(rows: QuerySet[Any], **figures: Count) -> Subquery:
    """Several figures over one scan, as a scalar subquery that can stand beside others."""
    return Subquery(
        rows.order_by().values(one=Value(1)).annotate(found=JSONObject(**figures)).values("found")
    )


@dataclass(frozen=True, slots=True)
class Page:
    """Up to thirty tickets, and where the next thirty begin ('' at the end)."""

    tickets: list[Ticket]
    after: str


def page(rows: QuerySet[Ticket], queue: Queue, after: str) -> Page:
    """One page of a queue: our turn first, then what waits for others.

    Within each, the urgent first; then what is due first, and last what has no date.
    ``after`` is the ``Page.after`` of the page before; anything else starts from the top.
    Finished tickets have no due date: there the newest stands first.
    """
    if queue.key == "done":
        last = int(after) if after.isdecimal() and len(after) < 19 else None
        ordered = rows.order_by("-pk") if last is None else rows.filter(pk__lt=last).order_by("-pk")
    else:
        ordered = _beyond(rows, after).order_by(*QUEUE_ORDER)
    found = list(
        ordered.select_related("store", "customer", "assignee", "claim", "order").prefetch_related(
            "claim__items__line"
        )[: PAGE + 1]
    )
    tickets = found[:PAGE]
    return Page(tickets, _cursor(tickets[-1], queue) if len(found) > PAGE else "")


def _cursor(ticket: Ticket, queue: Queue) -> str:
    if queue.key == "done":
        return str(ticket.pk)
    turn = "theirs" if ticket.state == TicketState.WAITING else "ours"
    due = ticket.next_due_at.isoformat() if ticket.next_due_at else "-"
    return f"{turn}~{ticket.priority}~{due}~{ticket.pk}"


def _beyond(rows: QuerySet[Ticket], after: str) -> QuerySet[Ticket]:
    """What stands behind one place in the order, or everything for a place that is none."""
    turn, _tilde, rest = after.partition("~")
    priority, _tilde, place = rest.partition("~")
    due = _later(place)
    if due is None or turn not in ("ours", "theirs") or priority not in _PRIORITIES:
        return rows
    later = Q(priority__gt=int(priority)) | (Q(priority=int(priority)) & due)
    theirs = Q(state=TicketState.WAITING)
    return rows.filter(theirs & later if turn == "theirs" else theirs | later)


def _later(place: str) -> Q | None:
    """What is due later than ``due~pk`` (``-`` is never); None for what is no such place."""
    due, _tilde, key = place.partition("~")
    if not key.isdecimal() or len(key) > 18:
        return None
    if due == "-":
        return Q(next_due_at__isnull=True, pk__gt=int(key))
    try:
        at = datetime.fromisoformat(due)
    except ValueError:
        return None
    if at.tzinfo is None:
        return None
    return Q(next_due_at__gt=at) | Q(next_due_at=at, pk__gt=int(key)) | Q(next_due_at__isnull=True)


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
