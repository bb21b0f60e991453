"""After the approval: items back, inspection, and the promise kept."""

from __future__ import annotations

from datetime import datetime, timedelta
from decimal import Decimal

from django.utils.translation import gettext as _

from policies.pack import Pack
from tickets.actions.base import Turn
from tickets.actions.decide_claim import (
    MONEY_OUTCOMES,
    PROCESS_KINDS,
    claim_turn,
    end,
)
from tickets.actions.limits import hold_to
from tickets.actions.money import check_amount, request_refund
from tickets.actions.moves import move
from tickets.actions.replacement_weeks import MANUFACTURER_KINDS
from tickets.actions.rights import need_reason
from tickets.actor import Actor
from tickets.errors import Conflict, InvalidInput
from tickets.lifecycle import ClaimState, TicketState
from tickets.models import Claim


def receive_return(
    claim: Claim, *, note: str = "", actor: Actor, now: datetime, seen: int | None = None
) -> Claim:
    """The customer's items are here; the store's days to finish begin.

    Raises:
        Conflict: no return is awaited.
    """
    with claim_turn(claim, "work", actor=actor, now=now) as (turn, row, pack):
        if row.state == ClaimState.INSPECTING:
            return row
        turn.saw(seen)
        move(row, ClaimState.INSPECTING)
        event = turn.event("return_received", note=note)
        process = pack.defect_process
        if process is not None:
            due_at = pack.calendar.window_closes(now, process.days)
            warn_at = due_at - timedelta(days=process.warn_days_before)
            cycle = row.events.filter(kind="return_received").count() + 1
            turn.due(row, "process_warning", warn_at, cycle=cycle)
            turn.due(row, "process_due", due_at, cycle=cycle)
            event.data["due_at"] = due_at.isoformat()
        turn.turn_to(TicketState.OPEN)
        turn.mail("return_received", event)
    return row


def inspect(
    claim: Claim,
    passed: bool,
    *,
    rule: str = "",
    note: str = "",
    amount: Decimal | None = None,
    actor: Actor,
    now: datetime,
    seen: int | None = None,
) -> Claim:
    """The items were looked at: the defect is there (then the outcome is due), or it is
    not (then the claim is refused by ``rule``).

    Raises:
        InvalidInput: refused without a rule of the pack, or without the reason that a right of
            the customer's country asks for; a wrong amount.
        NeedsLead: it is more than was approved, and than an agent may promise alone.
        Conflict: there is nothing to inspect, or it was inspected already.
    """
    with claim_turn(claim, "work", actor=actor, now=now) as (turn, row, pack):
        turn.saw(seen)
        if row.state != ClaimState.INSPECTING or row.inspected_at is not None:
            raise Conflict(_("There is nothing here to inspect."))
        row.inspected_at = now
        event = turn.event("inspected", passed=passed, note=note)
        if passed:
            _passed(turn, row, pack, amount)
            turn.mail("inspected", event)
        else:
            _failed(turn, row, pack, rule, note)
    return row


def _passed(turn: Turn, row: Claim, pack: Pack, amount: Decimal | None) -> None:
    if row.outcome not in MONEY_OUTCOMES:
        return
    approved = row.events.filter(kind="claim_approved").last()
    told = approved.data.get("amount") if approved else None
    before = Decimal(told) if told else None
    chosen = check_amount(row, amount if amount is not None else before)
    if before is None or chosen > before:  # what was approved is promised already
        turn.events[-1].data |= hold_to(turn, row.order, pack, chosen, claim=row)
    request_refund(turn, row, pack, chosen)


def _failed(turn: Turn, row: Claim, pack: Pack, rule: str, note: str) -> None:
    if rule not in pack.rules:
        raise InvalidInput(_("Choose the rule by which it is refused."), "rule")
    need_reason(row, pack, note)
    move(row, ClaimState.REFUSED)
    row.refused_rule = rule
    row.decided_at = turn.now
    event = turn.event(
        "claim_refused",
        rule=rule,
        version=row.policy_version,
        sentence=pack.rule(rule).sentence(),
        note=note,
        facts={"inspected": False},
    )
    end(turn, row)
    turn.mail("claim_refused", event)


def fulfil(
    claim: Claim,
    *,
    tracking: str = "",
    note: str = "",
    actor: Actor,
    now: datetime,
    seen: int | None = None,
) -> Claim:
    """The replacement is on its way to the customer. (A refund is done when it is paid.)

    Raises:
        Conflict: it is not approved, not inspected yet, or its outcome is money.
    """
    with claim_turn(claim, "work", actor=actor, now=now) as (turn, row, pack):
        if row.state == ClaimState.FULFILLED:
            return row
        turn.saw(seen)
        if row.outcome in MONEY_OUTCOMES:
            raise Conflict(_("Mark the refund as paid; that finishes the claim."))
        process = pack.process(row.rule)
        if row.state == ClaimState.INSPECTING and process.inspection and not row.inspected_at:
            raise Conflict(_("Inspect the returned items first."))
        move(row, ClaimState.FULFILLED)
        row.fulfilled_at = now
        turn.settle(row, (*MANUFACTURER_KINDS, *PROCESS_KINDS))
        turn.turn_to(TicketState.SOLVED)
        event = turn.event(
            "claim_fulfilled", outcome=row.outcome, tracking=tracking.strip()[:60], note=note
        )
        turn.mail("claim_fulfilled", event)
    return row
