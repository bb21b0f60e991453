"""Parcels on their way that ought to have been heard of: watched by the store's own rules.

Only what a carrier has scanned at least once is watched: a parcel that nobody ever tracked
tells us nothing, neither that it is late nor that it is not. The date is the one that the
guided form gives: the first instant at which the customer could ask for an investigation.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta

from django.db.models import Q, QuerySet
from django.utils.translation import gettext as _

from policies.evaluate import decide
from policies.models import PolicyVersion
from policies.pack import Pack
from policies.publish import in_force, pack_of
from policies.types import Decision, Facts, Request, Verdict
from tickets.actions.base import Turn, order_turn
from tickets.actions.preorders import WAITING, settle
from tickets.actions.trace import decision_data
from tickets.actor import Actor
from tickets.errors import Conflict, InvalidInput
from tickets.facts import shipment_facts
from tickets.lifecycle import DeadlineState, TicketState
from tickets.models import Deadline, Order, Shipment, Ticket

# What is asked of a shipment that does not come, and the deadline that waits for the day.
REQUESTS: Mapping[str, Request] = {
    "parcel_late": Request.LOST_PARCEL,
    "parcel_stalled": Request.TRACKING_STALLED,
    "poster_late": Request.POSTER_MISSING,
}
KINDS = tuple(REQUESTS)
_OF: Mapping[str, tuple[str, ...]] = {
    Shipment.PARCEL: ("parcel_late", "parcel_stalled"),
    Shipment.POSTER: ("poster_late",),
}
# Older than that nobody looks for a parcel any more.
OLDEST = timedelta(days=120)
LONGEST_SNOOZE = 60
_OPEN = (TicketState.NEW, TicketState.OPEN, TicketState.WAITING)


def is_watched(shipment: Shipment, order: Order, now: datetime) -> bool:
    """On its way, scanned at least once, and young enough to be looked for."""
    return (
        shipment.shipped_at is not None
        and shipment.delivered_at is None
        and shipment.last_tracking_at is not None
        and order.cancelled_at is None
        and now - shipment.shipped_at < OLDEST
    )


def kinds_of(pack: Pack, shipment: Shipment) -> list[str]:
    """The deadlines that the store's rules have for this shipment: one for each rule.

    Where one request is decided as another is, the other one's is enough.
    """
    found = []
    for kind in _OF.get(shipment.kind, ()):
        checks = pack.document.requests.get(REQUESTS[kind])
        if checks is not None and not (checks.same_as and checks.same_as in REQUESTS.values()):
            found.append(kind)
    return found


def judge(
    shipment: Shipment, order: Order, kind: str, at: datetime
) -> tuple[Decision, Facts, Pack, PolicyVersion]:
    """What the rules of the order's day say of this one shipment, asked at ``at``."""
    version = in_force(order.store_id, order.placed_at)
    pack = pack_of(version)
    facts = Facts(
        id=f"shipment-{shipment.pk}",
        store=pack.slug,
        request=REQUESTS[kind],
        at=at,
        order=shipment_facts(shipment, order),
    )
    return decide(pack, facts), facts, pack, version


def late_from(shipment: Shipment, order: Order, kind: str) -> datetime | None:
    """The first instant at which it counts as late; None where no rule names one."""
    begun = max(filter(None, (shipment.shipped_at, shipment.last_tracking_at)), default=None)
    if begun is None:
        return None
    decision, facts, pack, _version = judge(shipment, order, kind, begun)
    if decision.verdict != Verdict.WAIT:  # the tracking began long after the estimate was over
        assert shipment.shipped_at is not None
        decision = decide(pack, replace(facts, at=shipment.shipped_at))
    return decision.opens_at if decision.verdict == Verdict.WAIT else None


def plan(shipments: Sequence[Shipment], orders: Mapping[int, Order], now: datetime) -> None:
    """Set, move or settle what waits for these shipments, whose dates are news.

    Three statements, whatever their number, and one alone where nothing is watched. A snooze
    outlives news that do not change the date.
    """
    keys = [shipment.pk for shipment in shipments]
    known: dict[tuple[int, str], list[Deadline]] = {}
    rows = Deadline.objects.filter(shipment__in=keys, kind__in=KINDS).order_by("cycle")
    for row in rows if keys else ():
        assert row.shipment_id is not None
        known.setdefault((row.shipment_id, row.kind), []).append(row)
    met: list[Deadline] = []
    dropped: list[Deadline] = []
    fresh: list[Deadline] = []
    for shipment in shipments:
        order = orders[shipment.order_id]
        wanted = _wanted(shipment, order, now)
        for kind in KINDS:
            there = known.get((shipment.pk, kind), [])
            due_at = wanted.get(kind)
            natural = [row for row in there if row.step == 0]
            if due_at is not None and natural and natural[-1].due_at == due_at:
                continue
            waiting = [row for row in there if row.state in WAITING]
            (met if shipment.delivered_at else dropped).extend(waiting)
            if due_at is not None:
                fresh.append(_row(shipment, order, kind, due_at, there))
    settle(met, DeadlineState.MET, now)
    settle(dropped, DeadlineState.CANCELLED, now)
    Deadline.objects.bulk_create(fresh)


def _wanted(shipment: Shipment, order: Order, now: datetime) -> dict[str, datetime]:
    if not is_watched(shipment, order, now):
        return {}
    pack = pack_of(in_force(order.store_id, order.placed_at))
    dates = {kind: late_from(shipment, order, kind) for kind in kinds_of(pack, shipment)}
    return {kind: at for kind, at in dates.items() if at is not None}


def _row(
    shipment: Shipment, order: Order, kind: str, due_at: datetime, there: Iterable[Deadline]
) -> Deadline:
    return Deadline(
        store_id=order.store_id,
        shipment=shipment,
        kind=kind,
        cycle=max((row.cycle for row in there), default=0) + 1,
        due_at=due_at,
        wake_at=due_at,
    )


def plan_orders(orders: Sequence[Order], now: datetime) -> None:
    """The same for the shipments of these orders that are watched already or should be."""
    by_key = {order.pk: order for order in orders}
    of_them = Shipment.objects.filter(order__in=list(by_key), last_tracking_at__isnull=False)
    shipments = list(of_them.filter(delivered_at=None))
    if shipments:
        plan(shipments, by_key, now)


def come_due(turn: Turn, deadline: Deadline) -> DeadlineState:
    """The day has come: decide again with what is known now. Really late: a person looks at it."""
    order, shipment = turn.order, deadline.shipment
    assert order is not None
    assert shipment is not None
    if shipment.delivered_at is not None:
        return DeadlineState.MET
    if not is_watched(shipment, order, turn.now):
        return DeadlineState.CANCELLED
    decision, facts, pack, version = judge(shipment, order, deadline.kind, turn.now)
    if decision.verdict == Verdict.WAIT and decision.opens_at is not None:
        cycle = _last_cycle(shipment, deadline.kind) + 1
        turn.due(shipment, deadline.kind, decision.opens_at, cycle=cycle)
        return DeadlineState.CANCELLED
    if decision.verdict not in (Verdict.ACCEPTED, Verdict.EVIDENCE_NEEDED, Verdict.DISCRETIONARY):
        return DeadlineState.CANCELLED
    if looked_into(order).exists():
        return DeadlineState.MET
    turn.event(
        "parcel_late",
        rule=decision.rule,
        version=version,
        deadline=deadline.kind,
        shipment=shipment.pk,
        tracking_number=shipment.tracking_number,
        since=deadline.due_at.isoformat(),
        **decision_data(decision, facts, pack),
    )
    return DeadlineState.OVERDUE


def _last_cycle(shipment: Shipment, kind: str) -> int:
    rows = Deadline.objects.filter(shipment=shipment, kind=kind).order_by("-cycle")
    return rows.values_list("cycle", flat=True).first() or 0


def looked_into(order: Order) -> QuerySet[Ticket]:
    """The open conversations in which somebody looks for a parcel of this order."""
    wanted = [request.value for request in REQUESTS.values()]
    return Ticket.objects.filter(order=order, request__in=wanted, state__in=_OPEN)


def taken_up(order: Order | None, request: str, now: datetime) -> None:
    """A customer has asked for it themselves: nobody has to look at these parcels beside that."""
    if order is None or request not in REQUESTS.values():
        return
    rows = Deadline.objects.filter(
        shipment__order=order, kind__in=KINDS, state=DeadlineState.OVERDUE
    )
    settle(list(rows), DeadlineState.MET, now)


def overdue_of(shipment: Shipment) -> QuerySet[Deadline]:
    """What has alerted about this shipment and still waits for a person."""
    return Deadline.objects.filter(
        Q(shipment=shipment, kind__in=KINDS, state=DeadlineState.OVERDUE)
    )


def snooze(
    shipment: Shipment, days: int, *, actor: Actor, now: datetime, seen: int | None = None
) -> None:
    """Not now: look again after so many days. Said twice it is the first that counts.

    Raises:
        InvalidInput: days out of 1–60.
        Conflict: nothing waits here any more, or something happened meanwhile.
    """
    if not 1 <= days <= LONGEST_SNOOZE:
        raise InvalidInput(_("Choose between 1 and 60 days."), "days")
    with order_turn(shipment.order_id, "work", actor=actor, now=now) as turn:
        order = turn.order
        assert order is not None
        turn.saw(seen)
        rows = list(overdue_of(shipment).select_for_update())
        if not rows:
            raise Conflict(_("Nobody has to look at this parcel any more."))
        calendar = pack_of(in_force(order.store_id, order.placed_at)).calendar
        until = calendar.days_later(now, days)
        for row in rows:
            turn.due(shipment, row.kind, until, step=days,
                     cycle=_last_cycle(shipment, row.kind) + 1)  # fmt: skip
        settle(rows, DeadlineState.CANCELLED, now)
        turn.event("parcel_snoozed", shipment=shipment.pk, until=until.isoformat(), days=days)
