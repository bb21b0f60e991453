"""The shelf: confirm, hand over, extend, cancel. Expiry is in ``expire_pickups``."""

from __future__ import annotations

from datetime import datetime

from django.utils.translation import gettext as _

from policies.pack import Pack, PickupTerms
from policies.publish import in_force, pack_of
from tickets.actions.base import Turn, pickup_turn
from tickets.actions.limits import hold_to
from tickets.actor import Actor
from tickets.errors import Conflict, InvalidInput
from tickets.labels import PICKUP_STATES
from tickets.lifecycle import PICKUP_MOVES, DeadlineState, PickupState, may_follow
from tickets.models import Order, Pickup, Refund

PICKUP_KINDS = ("pickup_expiry", "pickup_reminder")
NOT_OWED = ("refunded", "voided", "pending", "authorized")


def _move(pickup: Pickup, there: PickupState) -> None:
    if not may_follow(PICKUP_MOVES, pickup.state, there):
        raise Conflict(
            _("This pickup is “%(state)s” now, so that is not possible.")
            % {"state": PICKUP_STATES.get(pickup.state, pickup.state)}
        )
    pickup.state = there


def _terms(pickup: Pickup) -> tuple[Pack, PickupTerms]:
    version = in_force(pickup.store_id, pickup.order.placed_at)
    pack = pack_of(version)
    if pack.pickup is None:
        raise Conflict(_("This store's rules know no pickups."))
    pickup.policy_version = version
    return pack, pack.pickup


def _reserve(turn: Turn, pack: Pack, terms: PickupTerms, until: datetime) -> None:
    pickup = turn.pickup
    assert pickup is not None
    pickup.reserved_until = until
    pickup.rule = terms.rule
    turn.due(pickup, "pickup_expiry", until, cycle=pickup.cycle)
    for before in terms.reminder_days:
        at = pack.calendar.morning_before(until, before)
        if at > turn.now:
            turn.due(pickup, "pickup_reminder", at, step=before, cycle=pickup.cycle)


def confirm(pickup: Pickup, *, actor: Actor, now: datetime) -> Pickup:
    """The order is on the shelf: the confirmation mail goes out and the reservation begins.

    Raises:
        Conflict: it is over already, or the store has no pickup rule.
    """
    with pickup_turn(pickup.pk, "work", actor=actor, now=now) as turn:
        row = turn.pickup
        assert row is not None
        if row.state == PickupState.RESERVED:
            return row
        _move(row, PickupState.RESERVED)
        pack, terms = _terms(row)
        row.confirmed_at = now
        until = pack.calendar.window_closes(now, terms.reserve_days)
        _reserve(turn, pack, terms, until)
        event = turn.event(
            "pickup_confirmed",
            rule=terms.rule,
            version=row.policy_version,
            reserved_until=until.isoformat(),
        )
        turn.mail("pickup_confirmed", event)
    return row


def hand_over(
    pickup: Pickup,
    *,
    receipt_seen: bool,
    identification_seen: bool,
    actor: Actor,
    now: datetime,
    seen: int | None = None,
) -> Pickup:
    """Give the order to its customer, receipt and identification seen. Twice is once.

    Raises:
        InvalidInput: one of the two was not seen. Conflict: it is not on the shelf.
    """
    if not (receipt_seen and identification_seen):
        raise InvalidInput(_("Check the receipt and the identification first."), "checks")
    with pickup_turn(pickup.pk, "work", actor=actor, now=now) as turn:
        row = turn.pickup
        assert row is not None
        if row.state == PickupState.COLLECTED:
            return row
        turn.saw(seen)
        _move(row, PickupState.COLLECTED)
        row.collected_at = now
        row.handed_over_by = actor.user
        row.receipt_seen = row.identification_seen = True
        row.needs_person = False
        turn.settle(row, ("pickup_expiry",))
        turn.settle(row, ("pickup_reminder",), DeadlineState.CANCELLED)
        turn.event("pickup_collected", receipt_seen=True, identification_seen=True)
    return row


def extend(
    pickup: Pickup,
    days: int,
    reason: str,
    *,
    actor: Actor,
    now: datetime,
    seen: int | None = None,
) -> Pickup:
    """Reserve it for ``days`` more local days, with a reason: a new cycle with its own
    reminders. Counted from the end of the reservation, or from today if that is over.

    Raises:
        InvalidInput: no reason, or days out of 1–60. Conflict: it is not on the shelf.
    """
    if not reason.strip():
        raise InvalidInput(_("Please give the reason."), "reason")
    if not 1 <= days <= 60:
        raise InvalidInput(_("Extend by between 1 and 60 days."), "days")
    with pickup_turn(pickup.pk, "work", actor=actor, now=now) as turn:
        row = turn.pickup
        assert row is not None
        turn.saw(seen)
        if row.state != PickupState.RESERVED or row.reserved_until is None:
            raise Conflict(_("Only what is on the shelf can be kept longer."))
        pack, terms = _terms(row)
        calendar = pack.calendar
        until = calendar.days_later(max(row.reserved_until, calendar.window_closes(now, 0)), days)
        turn.settle(row, PICKUP_KINDS, DeadlineState.CANCELLED)
        row.cycle += 1
        row.needs_person = False
        _reserve(turn, pack, terms, until)
        event = turn.event(
            "pickup_extended",
            days=days,
            reason=reason.strip()[:500],
            reserved_until=until.isoformat(),
        )
        turn.mail("pickup_extended", event)
    return row


def cancel(
    pickup: Pickup, reason: str, *, actor: Actor, now: datetime, seen: int | None = None
) -> Pickup:
    """A person cancels the pickup and requests its refund, with a reason. Twice is once.

    Raises:
        InvalidInput: no reason. Conflict: it is over already.
        NeedsLead: its refund is more than an agent may promise alone.
    """
    if not reason.strip():
        raise InvalidInput(_("Please give the reason."), "reason")
    with pickup_turn(pickup.pk, "work", actor=actor, now=now) as turn:
        row = turn.pickup
        assert row is not None
        if row.state == PickupState.CANCELLED:
            return row
        turn.saw(seen)
        _move(row, PickupState.CANCELLED)
        row.needs_person = False
        turn.settle(row, PICKUP_KINDS, DeadlineState.CANCELLED)
        event = turn.event("pickup_cancelled", reason=reason.strip()[:500])
        Order.objects.filter(pk=row.order_id, cancelled_at=None).update(cancelled_at=now)
        _refund(turn, row)
        turn.mail("pickup_cancelled", event)
    return row


def _refund(turn: Turn, row: Pickup) -> None:
    order = row.order
    if order.paid_at is None or order.financial_status in NOT_OWED or order.total <= 0:
        return
    pack = pack_of(in_force(row.store_id, order.placed_at))
    kept = hold_to(turn, order, pack, order.total)
    refund, made = Refund.objects.get_or_create(
        pickup=row,
        defaults={
            "store": turn.store,
            "order": order,
            "amount": order.total,
            "currency": order.currency,
            "requested_at": turn.now,
        },
    )
    if not made:
        return
    turn.event("refund_requested", amount=str(order.total), currency=order.currency, **kept)
    if pack.refund_days is not None:
        turn.due(refund, "refund_due", pack.calendar.window_closes(turn.now, pack.refund_days))
