"""Refunds: requested once per cause, paid by a person, watched by a deadline."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from typing import Any

from django.utils.translation import gettext as _

from policies.pack import Pack
from tickets.actions import limits
from tickets.actions.base import Turn, pickup_turn, ticket_turn
from tickets.actions.moves import move
from tickets.actions.stepping import step_turn
from tickets.actor import Actor
from tickets.errors import Conflict, InvalidInput
from tickets.lifecycle import ClaimState, RefundState, TicketState
from tickets.models import Claim, Order, Refund, Ticket


def claimed_value(claim: Claim) -> Decimal:
    """What the claimed items cost, in the order's currency."""
    items = claim.items.select_related("line")
    return sum((item.line.price * item.quantity for item in items), Decimal(0))


def check_amount(claim: Claim, amount: Decimal | None) -> Decimal:
    """The amount to refund: what was given, else what the claimed items cost.

    Raises:
        InvalidInput: nothing, less than nothing, or more than the order's total.
    """
    chosen = amount if amount is not None else min(claimed_value(claim), claim.order.total)
    if chosen <= 0 or chosen > claim.order.total:
        raise InvalidInput(
            _("The amount must be between 0.01 and %(total)s %(currency)s.")
            % {"total": claim.order.total, "currency": claim.order.currency},
            "amount",
        )
    return chosen.quantize(Decimal("0.01"))


def request_refund(turn: Turn, claim: Claim, pack: Pack, amount: Decimal) -> Refund:
    """Write down that this money is owed; the cause can ask only once."""
    return _request(turn, claim.order, pack, amount, claim=claim)


def request_refund_of_ticket(turn: Turn, order: Order, pack: Pack, amount: Decimal) -> Refund:
    """The same for a request that is no claim: a cancellation, or a parcel that is lost.

    Raises:
        NeedsLead: it is more than an agent may promise alone.
    """
    kept = limits.hold_to(turn, order, pack, amount)
    refund = _request(turn, order, pack, amount, ticket=turn.ticket)
    turn.events[-1].data |= kept
    return refund


def _request(turn: Turn, order: Order, pack: Pack, amount: Decimal, **cause: Any) -> Refund:
    refund = Refund.objects.create(
        store=turn.store,
        order=order,
        amount=amount,
        currency=order.currency,
        requested_at=turn.now,
        **cause,
    )
    event = turn.event("refund_requested", amount=str(amount), currency=refund.currency)
    if pack.refund_days is not None:
        due_at = pack.calendar.window_closes(turn.now, pack.refund_days)
        turn.due(refund, "refund_due", due_at)
        event.data["due_at"] = due_at.isoformat()
    return refund


def mark_refund_paid(
    refund: Refund, *, actor: Actor, now: datetime, seen: int | None = None
) -> Refund:
    """A person has paid the money back. Marking it twice changes nothing.

    Raises:
        Conflict: the refund was cancelled.
    """
    if refund.claim_id is not None:
        return _paid_for_claim(refund, actor, now, seen)
    if refund.ticket_id is not None:
        return _paid_for_ticket(refund, actor, now)
    assert refund.pickup_id is not None
    with pickup_turn(refund.pickup_id, "work", actor=actor, now=now) as turn:
        row = _pay(turn, refund)
        if row is not None:
            assert turn.pickup is not None
            turn.mail("refund_paid", turn.events[-1], customer=turn.pickup.order.customer)
            _solve_cancellation(refund, actor, now)
    return row or refund


def _paid_for_ticket(refund: Refund, actor: Actor, now: datetime) -> Refund:
    """A cancellation, or a lost parcel: paying it was all that was left to do."""
    assert refund.ticket_id is not None
    with step_turn(refund.ticket_id, "work", actor=actor, now=now) as turn:
        row = _pay(turn, refund)
        if row is not None:
            turn.mail("refund_paid", turn.events[-1])
            _solve(turn)
    return row or refund


def _solve_cancellation(refund: Refund, actor: Actor, now: datetime) -> None:
    """The request by which a pickup was cancelled ends with its refund."""
    waiting = Ticket.objects.filter(
        order=refund.order_id,
        request="cancel_order",
        state__in=(TicketState.NEW, TicketState.OPEN, TicketState.WAITING),
        events__kind="order_cancelled",
    )
    for pk in waiting.order_by("pk").values_list("pk", flat=True):
        with ticket_turn(pk, "work", actor=actor, now=now) as turn:
            _solve(turn)


def _solve(turn: Turn) -> None:
    assert turn.ticket is not None
    turn.settle(turn.ticket, ("answer_due",))
    turn.turn_to(TicketState.SOLVED)
    turn.event("ticket_solved")


def _paid_for_claim(refund: Refund, actor: Actor, now: datetime, seen: int | None) -> Refund:
    assert refund.claim is not None
    with step_turn(refund.claim.ticket_id, "work", actor=actor, now=now) as turn:
        row = _pay(turn, refund)
        claim = turn.claim
        if row is not None and claim is not None:
            turn.mail("refund_paid", turn.events[-1])
            if claim.state in (ClaimState.APPROVED, ClaimState.INSPECTING):
                move(claim, ClaimState.FULFILLED)
                claim.fulfilled_at = now
                claim.save()
                turn.settle(claim, ("manufacturer_update", "manufacturer_due"))
                turn.settle(claim, ("process_warning", "process_due"))
                turn.turn_to(TicketState.SOLVED)
                turn.event("claim_fulfilled", outcome=claim.outcome)
    return row or refund


def _pay(turn: Turn, refund: Refund) -> Refund | None:
    row = Refund.objects.select_for_update().get(pk=refund.pk)
    if row.state == RefundState.PAID:
        return None
    if row.state == RefundState.CANCELLED:
        raise Conflict(_("This refund was cancelled."))
    row.state = RefundState.PAID
    row.paid_at = turn.now
    row.paid_by = turn.actor.user
    row.save()
    turn.settle(row, ("refund_due",))
    turn.event("refund_paid", amount=str(row.amount), currency=row.currency, refund=row.pk)
    return row
