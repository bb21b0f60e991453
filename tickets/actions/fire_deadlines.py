"""What the clock does to a claim, a refund or a reminder: one deadline, one transaction."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta

from django.db.models import Q

from policies.publish import pack_of
from policies.types import Verdict
from tickets.actions import releases, retention, snoozing, targets, watch
from tickets.actions.add_evidence import decide_again, on_its_way
from tickets.actions.base import Turn, inquiry_turn, order_turn, pickup_turn, ticket_turn
from tickets.actions.moves import move
from tickets.actions.reminders import remind
from tickets.actions.rights import floor_of, outlives_missing_evidence
from tickets.actions.trace import decision_data
from tickets.actor import SYSTEM
from tickets.lifecycle import (
    ClaimState,
    DeadlineState,
    PickupState,
    RefundState,
    TicketState,
)
from tickets.models import Claim, Deadline

_LOOK_AGAIN = timedelta(minutes=10)


def fire(deadline: Deadline, now: datetime) -> bool:
    """Let one due deadline act; ``False`` if somebody else settled it meanwhile.

    The subject is locked before the deadline, as every other action does, so that two
    cannot wait for each other.
    """
    ticket_id = _ticket_of(deadline)
    refund = deadline.refund
    pickup_id = deadline.pickup_id or (refund.pickup_id if refund is not None else None)
    if ticket_id is not None:
        with ticket_turn(ticket_id, "work", actor=SYSTEM, now=now) as turn:
            return _fire_locked(turn, deadline)
    if deadline.inquiry_id is not None:
        with inquiry_turn(deadline.inquiry_id, "work", actor=SYSTEM, now=now) as turn:
            return _fire_locked(turn, deadline)
    shipment = deadline.shipment
    order_id = shipment.order_id if shipment is not None else deadline.order_id
    if order_id is not None:
        with order_turn(order_id, "work", actor=SYSTEM, now=now) as turn:
            return _fire_locked(turn, deadline)
    assert pickup_id is not None
    with pickup_turn(pickup_id, "work", actor=SYSTEM, now=now) as turn:
        return _fire_locked(turn, deadline)


def _ticket_of(deadline: Deadline) -> int | None:
    if deadline.claim is not None:
        return deadline.claim.ticket_id
    if deadline.refund is not None and deadline.refund.claim is not None:
        return deadline.refund.claim.ticket_id
    if deadline.refund is not None and deadline.refund.ticket_id is not None:
        return deadline.refund.ticket_id
    return deadline.ticket_id


def _fire_locked(turn: Turn, deadline: Deadline) -> bool:
    row = Deadline.objects.select_for_update(of=("self",)).filter(
        Q(pk=deadline.pk, state=DeadlineState.PENDING, wake_at__lte=turn.now)
    )
    found = row.select_related("refund", "claim", "pickup", "shipment").first()
    if found is None:
        return False
    state = _MOVES[found.kind](turn, found)
    if state == DeadlineState.PENDING:  # put off: it said itself until when
        found.save(update_fields=["wake_at"])
        return False
    found.state = state
    found.settled_at = turn.now
    found.save(update_fields=["state", "settled_at"])
    turn._deadlines_touched = True
    return True


def _remind_evidence(turn: Turn, deadline: Deadline) -> DeadlineState:
    claim = turn.claim
    if claim is None or claim.state != ClaimState.AWAITING_EVIDENCE:
        return DeadlineState.CANCELLED
    if deadline.cycle != claim.evidence_cycle:
        return DeadlineState.CANCELLED
    due = claim.deadlines.filter(kind="evidence_due", cycle=deadline.cycle).first()
    event = turn.event(
        "evidence_reminded",
        days_left=deadline.step,
        missing=claim.missing,
        evidence_due_at=due.due_at.isoformat() if due else None,
        closes=not outlives_missing_evidence(claim, pack_of(claim.policy_version)),
    )
    turn.mail("evidence_reminder", event)
    return DeadlineState.FIRED


def _expire_claim(turn: Turn, deadline: Deadline) -> DeadlineState:
    claim = turn.claim
    if claim is None or claim.state != ClaimState.AWAITING_EVIDENCE:
        return DeadlineState.CANCELLED
    if deadline.cycle != claim.evidence_cycle:
        return DeadlineState.CANCELLED
    if on_its_way(claim):  # here in time, and not looked into yet: nothing ends over our delay
        deadline.wake_at = turn.now + _LOOK_AGAIN
        return DeadlineState.PENDING
    if outlives_missing_evidence(claim, pack_of(claim.policy_version)):
        _ask_a_person(turn, claim, deadline)
        return DeadlineState.FIRED
    move(claim, ClaimState.EXPIRED)
    claim.save(update_fields=["state"])
    turn.settle(claim, ("evidence_reminder",), DeadlineState.CANCELLED)
    turn.turn_to(TicketState.SOLVED)
    event = turn.event(
        "claim_expired",
        rule=claim.rule,
        version=claim.policy_version,
        missing=claim.missing,
        evidence_due_at=deadline.due_at.isoformat(),
    )
    turn.mail("claim_expired", event)
    return DeadlineState.FIRED


def _ask_a_person(turn: Turn, claim: Claim, deadline: Deadline) -> None:
    """By a law of the customer's country missing evidence ends nothing: a person decides."""
    claim.asked = {}  # its time is over; what the rule would want is noted below
    facts, decision = decide_again(claim)
    if claim.missing:
        claim.verdict = Verdict.DISCRETIONARY
    move(claim, ClaimState.UNDER_REVIEW)
    claim.save()
    turn.settle(claim, ("evidence_reminder",), DeadlineState.CANCELLED)
    turn.turn_to(TicketState.OPEN)
    pack = pack_of(claim.policy_version)
    floor = floor_of(claim, pack)
    turn.event(
        "evidence_waived",
        rule=claim.rule,
        version=claim.policy_version,
        floor=floor.id if floor else "",
        missing=claim.missing,
        evidence_due_at=deadline.due_at.isoformat(),
        **decision_data(decision, facts, pack),
    )


def _tell_progress(turn: Turn, deadline: Deadline) -> DeadlineState:
    claim = turn.claim
    if claim is None or claim.state not in (ClaimState.WITH_MANUFACTURER, ClaimState.APPROVED):
        return DeadlineState.CANCELLED
    due = claim.deadlines.filter(kind="manufacturer_due", cycle=deadline.cycle).first()
    event = turn.event(
        "manufacturer_updated",
        week=deadline.step,
        approved=claim.state == ClaimState.APPROVED,
        due_at=due.due_at.isoformat() if due else None,
    )
    turn.mail("manufacturer_update", event)
    return DeadlineState.FIRED


def _warn_staff(turn: Turn, deadline: Deadline) -> DeadlineState:
    if turn.claim is None or not turn.claim.is_open:
        return DeadlineState.CANCELLED
    due = turn.claim.deadlines.filter(kind="process_due", cycle=deadline.cycle).first()
    event = turn.event(
        "deadline_near",
        deadline=deadline.kind,
        due_at=(due or deadline).due_at.isoformat(),
    )
    turn.alert(event)
    return DeadlineState.FIRED


def _alert_staff(turn: Turn, deadline: Deadline) -> DeadlineState:
    refund = deadline.refund
    if refund is not None and refund.state != RefundState.REQUESTED:
        return DeadlineState.CANCELLED
    if refund is None and (turn.claim is None or not turn.claim.is_open):
        return DeadlineState.CANCELLED
    event = turn.event(
        "deadline_missed", deadline=deadline.kind, due_at=deadline.due_at.isoformat()
    )
    turn.alert(event)
    if turn.ticket is not None and turn.ticket.state == TicketState.WAITING:
        turn.turn_to(TicketState.OPEN)
    return DeadlineState.OVERDUE


def _remind_pickup(turn: Turn, deadline: Deadline) -> DeadlineState:
    pickup = turn.pickup
    if pickup is None or pickup.state != PickupState.RESERVED or deadline.cycle != pickup.cycle:
        return DeadlineState.CANCELLED
    assert pickup.reserved_until is not None
    event = turn.event(
        "pickup_reminded",
        days_left=deadline.step,
        reserved_until=pickup.reserved_until.isoformat(),
    )
    turn.mail("pickup_reminder", event)
    return DeadlineState.FIRED


def _alert_unanswered(turn: Turn, deadline: Deadline) -> DeadlineState:
    """We have not answered, or the carrier has not: staff are told, and it is their turn."""
    if turn.ticket is None or turn.ticket.state in (TicketState.SOLVED, TicketState.CLOSED):
        return DeadlineState.CANCELLED
    event = turn.event(
        "deadline_missed", deadline=deadline.kind, due_at=deadline.due_at.isoformat()
    )
    turn.alert(event)
    if turn.ticket.state == TicketState.WAITING:
        turn.turn_to(TicketState.OPEN)
    return DeadlineState.OVERDUE


_MOVES: dict[str, Callable[[Turn, Deadline], DeadlineState]] = {
    "evidence_reminder": _remind_evidence,
    "evidence_due": _expire_claim,
    "manufacturer_update": _tell_progress,
    "manufacturer_due": _alert_staff,
    "process_warning": _warn_staff,
    "process_due": _alert_staff,
    "pickup_reminder": _remind_pickup,
    "refund_due": _alert_staff,
    "answer_due": _alert_unanswered,
    "carrier_due": _alert_unanswered,
    "preorder_due": releases.fire,
    **dict.fromkeys(watch.KINDS, watch.come_due),
    "wait_over": remind,
    retention.KIND: retention.fire,
    snoozing.KIND: snoozing.fire,
    **dict.fromkeys(targets.KINDS, targets.miss),
}
ROW_KINDS = tuple(_MOVES)
