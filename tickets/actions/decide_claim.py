"""What staff decide about a claim. Each is one event, and each tells the customer."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime
from decimal import Decimal
from typing import Any

from django.utils.translation import gettext as _

from policies.evaluate import decide
from policies.pack import Pack
from policies.publish import good, pack_of
from tickets.actions.base import Turn
from tickets.actions.evidence_deadlines import EVIDENCE_KINDS, set_evidence_deadlines
from tickets.actions.limits import hold_to
from tickets.actions.money import check_amount, request_refund
from tickets.actions.moves import move
from tickets.actions.replacement_weeks import MANUFACTURER_KINDS, start_weeks, weeks_run
from tickets.actions.rights import need_reason
from tickets.actions.stepping import step_turn
from tickets.actions.trace import decision_data
from tickets.actor import Actor
from tickets.errors import Conflict, InvalidInput
from tickets.facts import counted, facts_of_claim
from tickets.lifecycle import ClaimState, DeadlineState, TicketState, WaitingFor
from tickets.models import Claim, Event

PROCESS_KINDS = ("process_warning", "process_due")
ALL_CLAIM_KINDS = (*EVIDENCE_KINDS, *MANUFACTURER_KINDS, *PROCESS_KINDS)
MONEY_OUTCOMES = ("refund", "return")


@contextmanager
def claim_turn(
    claim: Claim, verb: str, *, actor: Actor, now: datetime
) -> Iterator[tuple[Turn, Claim, Pack]]:
    """The locked claim with its ticket and the pack it is judged by; saved at the end.

    What staff do in it can be taken back for a moment, while its mails wait.
    """
    with step_turn(claim.ticket_id, verb, actor=actor, now=now) as turn:
        row = turn.claim
        assert row is not None
        # In place of a version that cannot be read any more, another judges, and is cited.
        row.policy_version = good(row.policy_version)
        yield turn, row, pack_of(row.policy_version)
        row.save()


def approve(
    claim: Claim,
    outcome: str,
    *,
    amount: Decimal | None = None,
    note: str = "",
    actor: Actor,
    now: datetime,
    seen: int | None = None,
) -> Claim:
    """Approve with an outcome. Where the rule wants the items back, ask for them at once;
    else a refund is requested at once. Approving again the same way changes nothing.

    Raises:
        InvalidInput: the outcome is not one that the rule allows; the amount is too much.
        NeedsLead: it is more than an agent may promise alone.
        Conflict: somebody decided otherwise meanwhile.
    """
    with claim_turn(claim, "work", actor=actor, now=now) as (turn, row, pack):
        if row.outcome == outcome and row.state in (
            ClaimState.APPROVED,
            ClaimState.AWAITING_RETURN,
        ):
            return row
        turn.saw(seen)
        _approve(turn, row, pack, outcome, amount, note)
    return row


def _approve(
    turn: Turn, row: Claim, pack: Pack, outcome: str, amount: Decimal | None, note: str
) -> None:
    allowed = row.outcomes or ["refund", "replacement"]  # unwritten: a person decides
    if outcome not in allowed:
        raise InvalidInput(_("The rule does not allow this outcome."), "outcome")
    limit: dict[str, str] = {}
    if outcome in MONEY_OUTCOMES:
        amount = check_amount(row, amount)
        limit = hold_to(turn, row.order, pack, amount, claim=row)
    move(row, ClaimState.APPROVED)
    row.outcome = outcome
    row.decided_at = turn.now
    process = pack.process(row.rule)
    event = turn.event(
        "claim_approved",
        rule=row.rule,
        version=row.policy_version,
        outcome=outcome,
        amount=str(amount) if amount is not None else None,
        currency=row.order.currency,
        note=note,
        **limit,
        **_why(row, pack),
    )
    turn.mail("claim_approved", event)
    turn.settle(row, EVIDENCE_KINDS)
    if process.customer_returns:
        turn.settle(row, MANUFACTURER_KINDS)
        move(row, ClaimState.AWAITING_RETURN)
        turn.event("return_requested", paid_by=process.return_shipping_paid_by)
        turn.turn_to(TicketState.WAITING, WaitingFor.CUSTOMER)
    elif outcome in MONEY_OUTCOMES:
        assert amount is not None
        turn.settle(row, MANUFACTURER_KINDS)  # the refund has a date of its own
        request_refund(turn, row, pack, amount)
        turn.turn_to(TicketState.OPEN)
    else:
        if not weeks_run(row):
            _promise_weeks(turn, row, pack, event)
        turn.turn_to(TicketState.OPEN)


def _promise_weeks(turn: Turn, row: Claim, pack: Pack, event: Event) -> None:
    """A replacement that no manufacturer was asked for takes the same weeks."""
    due_at = start_weeks(turn, row, pack)
    if due_at is not None:
        event.data["due_at"] = due_at.isoformat()


def _why(row: Claim, pack: Pack) -> dict[str, Any]:
    facts = facts_of_claim(row)
    return decision_data(decide(pack, facts), facts, pack)


def refuse(
    claim: Claim,
    rule: str,
    *,
    note: str = "",
    actor: Actor,
    now: datetime,
    seen: int | None = None,
) -> Claim:
    """Refuse, citing a rule of the claim's own pack version.

    Raises:
        InvalidInput: the pack has no such rule; a right of the customer's country asks for
            a reason.
        Conflict: somebody decided otherwise meanwhile.
    """
    with claim_turn(claim, "work", actor=actor, now=now) as (turn, row, pack):
        if row.state == ClaimState.REFUSED and row.refused_rule == rule:
            return row
        turn.saw(seen)
        if rule not in pack.rules:
            raise InvalidInput(_("The store's rules do not have this one."), "rule")
        need_reason(row, pack, note)
        move(row, ClaimState.REFUSED)
        row.refused_rule = rule
        row.decided_at = now
        event = turn.event(
            "claim_refused",
            rule=rule,
            version=row.policy_version,
            sentence=pack.rule(rule).sentence(),
            note=note,
            **_why(row, pack),
        )
        end(turn, row)
        turn.mail("claim_refused", event)
    return row


def end(turn: Turn, row: Claim) -> None:
    """A claim that is over: nothing waits on it any more, and the conversation is solved."""
    turn.settle(row, ALL_CLAIM_KINDS, DeadlineState.CANCELLED)
    turn.turn_to(TicketState.SOLVED)


def ask_for_evidence(
    claim: Claim,
    wanted: Mapping[str, int],
    days: int,
    *,
    note: str = "",
    actor: Actor,
    now: datetime,
    seen: int | None = None,
) -> Claim:
    """Ask for more files of given kinds, by the end of the local day ``days`` from now.

    Raises:
        InvalidInput: nothing, or an unknown kind, was asked for; days out of 1–60.
        Conflict: the claim is not where more evidence could help.
    """
    with claim_turn(claim, "work", actor=actor, now=now) as (turn, row, pack):
        turn.saw(seen)
        unknown = set(wanted) - set(pack.evidence_kinds)
        if unknown or not wanted or any(not 1 <= n <= 20 for n in wanted.values()):
            raise InvalidInput(_("Choose which files you need, and how many."), "wanted")
        if not 1 <= days <= 60:
            raise InvalidInput(_("Give the customer between 1 and 60 days."), "days")
        if row.state != ClaimState.AWAITING_EVIDENCE:
            move(row, ClaimState.AWAITING_EVIDENCE)
        else:
            turn.settle(row, EVIDENCE_KINDS, DeadlineState.CANCELLED)
        have = counted(row.evidence.all())
        row.asked = {kind: have.count(kind) + n for kind, n in wanted.items()}
        row.missing = [dict(wanted)]
        row.overridden_by = None
        due_at = set_evidence_deadlines(turn, row, pack, days)
        event = turn.event(
            "evidence_asked", wanted=dict(wanted), evidence_due_at=due_at.isoformat(), note=note
        )
        turn.turn_to(TicketState.WAITING, WaitingFor.CUSTOMER)
        turn.mail("evidence_asked", event)
    return row


def override_evidence(
    claim: Claim, reason: str, *, actor: Actor, now: datetime, seen: int | None = None
) -> Claim:
    """A lead takes a claim to review although evidence is missing, and says why.

    Raises:
        InvalidInput: no reason. NotAllowed: not a lead. Conflict: nothing is awaited.
    """
    if not reason.strip():
        raise InvalidInput(_("Please give the reason."), "reason")
    with claim_turn(claim, "override", actor=actor, now=now) as (turn, row, _pack):
        turn.saw(seen)
        move(row, ClaimState.UNDER_REVIEW)
        row.overridden_by = actor.user
        turn.settle(row, EVIDENCE_KINDS, DeadlineState.CANCELLED)
        turn.turn_to(TicketState.OPEN)
        turn.event("evidence_overridden", reason=reason.strip(), missing=row.missing)
    return row


def send_to_manufacturer(
    claim: Claim, *, note: str = "", actor: Actor, now: datetime, seen: int | None = None
) -> Claim:
    """Ask the manufacturer; the customer hears each week, staff are alerted at the end.

    Raises:
        Conflict: the claim is not ready to be sent.
    """
    with claim_turn(claim, "work", actor=actor, now=now) as (turn, row, pack):
        if row.state == ClaimState.WITH_MANUFACTURER:
            return row
        turn.saw(seen)
        move(row, ClaimState.WITH_MANUFACTURER)
        event = turn.event("sent_to_manufacturer", note=note, rule=row.rule)
        due_at = start_weeks(turn, row, pack)
        if due_at is not None:
            event.data["due_at"] = due_at.isoformat()
        turn.turn_to(TicketState.WAITING, WaitingFor.MANUFACTURER)
        turn.mail("sent_to_manufacturer", event)
    return row


def record_answer(
    claim: Claim,
    agreed: bool,
    *,
    outcome: str = "",
    amount: Decimal | None = None,
    note: str = "",
    actor: Actor,
    now: datetime,
    seen: int | None = None,
) -> Claim:
    """The manufacturer has answered: agreed (then it is approved with ``outcome``), or not
    (then it is back under review, for a person to decide).

    Raises:
        Conflict: the claim is not with the manufacturer.
        NeedsLead: it is more than an agent may promise alone.
    """
    with claim_turn(claim, "work", actor=actor, now=now) as (turn, row, pack):
        turn.saw(seen)
        if row.state != ClaimState.WITH_MANUFACTURER:
            raise Conflict(_("This claim is not with the manufacturer."))
        event = turn.event("manufacturer_answered", agreed=agreed, note=note, outcome=outcome)
        if agreed:
            # Without a return the promised weeks run on, until the replacement has left.
            _approve(turn, row, pack, outcome, amount, note)
        else:
            move(row, ClaimState.UNDER_REVIEW)
            turn.settle(row, MANUFACTURER_KINDS)
            turn.turn_to(TicketState.OPEN)
            turn.mail("manufacturer_answered", event)
    return row


def reopen(
    claim: Claim, reason: str, *, actor: Actor, now: datetime, seen: int | None = None
) -> Claim:
    """Take a refused or expired claim up again, with a reason.

    An expired one whose evidence is still missing gets a new evidence deadline.

    Raises:
        InvalidInput: no reason. Conflict: it is neither refused nor expired, or one of its
        items has a newer open claim.
    """
    if not reason.strip():
        raise InvalidInput(_("Please give the reason."), "reason")
    with claim_turn(claim, "work", actor=actor, now=now) as (turn, row, pack):
        if row.is_open:
            return row
        turn.saw(seen)
        needs = bool(row.missing) and row.verdict != "discretionary" and not row.overridden_by_id
        move(row, ClaimState.AWAITING_EVIDENCE if needs else ClaimState.UNDER_REVIEW)
        _no_newer(row)
        row.refused_rule = row.outcome = ""
        row.decided_at = row.inspected_at = None
        event = turn.event("claim_reopened", reason=reason.strip())
        if needs:
            due_at = set_evidence_deadlines(turn, row, pack)
            event.data["evidence_due_at"] = due_at.isoformat()
            turn.turn_to(TicketState.WAITING, WaitingFor.CUSTOMER)
        else:
            turn.turn_to(TicketState.OPEN)
        turn.mail("claim_reopened", event)
    return row


def _no_newer(row: Claim) -> None:
    lines = row.items.values("line")
    newer = Claim.objects.filter(is_open=True, type=row.type, items__line__in=lines)
    if newer.exclude(pk=row.pk).exists():
        raise Conflict(_("There is a newer open claim about one of these items."))


def withdraw(claim: Claim, *, actor: Actor, now: datetime) -> Claim:
    """The customer takes the request back. Doing so twice changes nothing.

    Raises:
        Conflict: it is over already, or so far that it can only be finished.
    """
    with claim_turn(claim, "withdraw", actor=actor, now=now) as (turn, row, _pack):
        if row.state == ClaimState.WITHDRAWN:
            return row
        refund = getattr(row, "refund", None)
        if refund is not None:
            raise Conflict(_("Your refund is already on its way."))
        move(row, ClaimState.WITHDRAWN)
        end(turn, row)
        event = turn.event("claim_withdrawn")
        turn.mail("claim_withdrawn", event)
    return row
