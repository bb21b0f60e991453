"""A file that the inspection has seen becomes evidence, and the decision is made anew."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from django.db import transaction
from django.utils.translation import gettext as _

from policies.evaluate import decide
from policies.publish import good, pack_of
from policies.types import Decision, Facts
from tickets.actions.base import Turn, ticket_turn
from tickets.actions.drafts import was_sent
from tickets.actions.evidence_deadlines import EVIDENCE_KINDS
from tickets.actions.moves import move
from tickets.actions.trace import decision_data
from tickets.actor import Actor
from tickets.errors import Conflict, InvalidInput
from tickets.facts import counted, facts_of_claim
from tickets.lifecycle import ClaimState, EvidenceState, TicketState
from tickets.models import Claim, Deadline, Draft, Evidence


@dataclass(frozen=True, slots=True)
class Received:
    """A stored and inspected file, not yet anybody's evidence. Times are aware, sizes bytes."""

    kind: str
    stored_name: str
    original_name: str
    content_type: str
    size: int
    sha256: str
    began_at: datetime
    completed_at: datetime
    width: int | None = None
    height: int | None = None
    seconds: float | None = None


def add_evidence(
    received: Received,
    *,
    draft: Draft | None = None,
    claim: Claim | None = None,
    actor: Actor | None,
    now: datetime,
) -> Evidence:
    """Attach a file to a draft, or to a claim: then decide again and move on if complete.

    The same file twice on one claim or draft is one piece of evidence.

    Raises:
        Conflict: the draft was sent meanwhile, or the claim is over.
        InvalidInput: neither or both of ``draft`` and ``claim`` were given.
    """
    if (draft is None) == (claim is None):
        raise InvalidInput(_("We could not tell what this file belongs to."))
    if claim is not None:
        assert actor is not None
        return _to_claim(received, claim, actor, now)
    assert draft is not None
    return _to_draft(received, draft, now)


def _to_draft(received: Received, draft: Draft, now: datetime) -> Evidence:
    with transaction.atomic():
        row = Draft.objects.select_for_update().get(pk=draft.pk)
        if was_sent(row):
            raise Conflict(_("This request has already been sent. Add the file on its page."))
        twin = row.evidence.filter(sha256=received.sha256, kind=received.kind).first()
        if twin is not None:
            return twin
        row.touched_at = now
        row.save(update_fields=["touched_at"])
        return _row(received, None, draft=row)


def remove_evidence(evidence: Evidence, draft: Draft, *, now: datetime) -> str:
    """Take a file out of a draft before it is sent; returns its stored name, to be deleted.

    Raises:
        Conflict: the draft was sent; what was sent stays.
    """
    with transaction.atomic():
        row = Draft.objects.select_for_update().get(pk=draft.pk)
        mine = row.evidence.filter(pk=evidence.pk, claim=None, ticket=None).first()
        if mine is None:
            raise Conflict(_("This file has already been sent."))
        name = str(mine.file.name)
        mine.delete()
        row.touched_at = now
        row.save(update_fields=["touched_at"])
    return name


def _row(
    received: Received,
    actor: Actor | None,
    *,
    draft: Draft | None = None,
    claim: Claim | None = None,
    in_time: bool = True,
) -> Evidence:
    return Evidence.objects.create(
        draft=draft,
        claim=claim,
        kind=received.kind,
        file=received.stored_name,
        original_name=received.original_name[:255],
        content_type=received.content_type,
        size=received.size,
        sha256=received.sha256,
        state=EvidenceState.READY,
        width=received.width,
        height=received.height,
        seconds=received.seconds,
        began_at=received.began_at,
        completed_at=received.completed_at,
        in_time=in_time,
        uploaded_by=actor.user if actor else None,
    )


def _to_claim(received: Received, claim: Claim, actor: Actor, now: datetime) -> Evidence:
    with ticket_turn(claim.ticket_id, "add_evidence", actor=actor, now=now) as turn:
        row = turn.claim
        assert row is not None
        if not row.is_open:
            raise Conflict(_("This request is closed. Write to us below, and a person will look."))
        twin = row.evidence.filter(sha256=received.sha256, kind=received.kind).first()
        if twin is not None:
            return twin
        evidence = _row(received, actor, claim=row, in_time=_in_time(row, received))
        row.policy_version = good(row.policy_version)  # what decides is what is cited
        facts, decision = decide_again(row)
        event = turn.event(
            "evidence_added",
            rule=decision.rule,
            version=row.policy_version,
            evidence=evidence.pk,
            evidence_kind=evidence.kind,
            name=evidence.original_name,
            in_time=evidence.in_time,
            missing=row.missing,
            **decision_data(decision, facts, pack_of(row.policy_version)),
        )
        complete(turn, row, event_data=event.data)
        row.save()
    return evidence


def _in_time(claim: Claim, received: Received) -> bool:
    """Begun before the deadline, and complete within the pack's grace after it."""
    due = (
        Deadline.objects.filter(claim=claim, kind="evidence_due", cycle=claim.evidence_cycle)
        .values_list("due_at", "wake_at")
        .first()
    )
    if due is None or claim.state != ClaimState.AWAITING_EVIDENCE:
        return True
    due_at, wake_at = due
    return received.began_at < due_at and received.completed_at <= wake_at


def decide_again(claim: Claim) -> tuple[Facts, Decision]:
    """Judge a locked claim on the facts of today; the caller saves it."""
    facts = facts_of_claim(claim)
    decision = decide(pack_of(claim.policy_version), facts)
    if decision.verdict in ("accepted", "evidence_needed", "discretionary"):
        claim.verdict = decision.verdict
        claim.rule = decision.rule
        claim.outcomes = list(decision.outcomes)
    claim.missing = still_missing(claim, decision, facts)
    return facts, decision


def still_missing(claim: Claim, decision: Decision, facts: Facts) -> list[dict[str, int]]:
    """What the rule still asks for, else what an agent asked for beyond it."""
    if decision.missing:
        return [dict(way) for way in decision.missing]
    have = counted(claim.evidence.all()) if claim.asked else facts.evidence
    wanted = {
        kind: total - have.count(kind)
        for kind, total in claim.asked.items()
        if total > have.count(kind)
    }
    return [wanted] if wanted else []


def complete(turn: Turn, claim: Claim, event_data: dict[str, object]) -> None:
    """When nothing is missing any more, hand the claim to staff and stop the clock."""
    if claim.state != ClaimState.AWAITING_EVIDENCE:
        return
    if claim.missing and claim.verdict != "discretionary":
        return
    move(claim, ClaimState.UNDER_REVIEW)
    turn.settle(claim, EVIDENCE_KINDS)
    turn.turn_to(TicketState.OPEN)
    assert turn.ticket is not None
    turn.ticket.last_speaker = "customer"
    event = turn.event("evidence_complete", state=ClaimState.UNDER_REVIEW.value)
    turn.mail("evidence_complete", event)
