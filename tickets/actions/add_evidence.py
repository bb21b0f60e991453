"""A file that has arrived whole is taken in; the decision is made anew once it was looked into."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import F
from django.utils.translation import gettext as _

from policies.evaluate import decide
from policies.publish import pack_of
from policies.types import Decision, Facts
from supportdesk.nudge import check_files as nudge
from tickets.actions import custody
from tickets.actions.base import Turn, ticket_turn
from tickets.actions.drafts import was_sent
from tickets.actions.evidence_deadlines import EVIDENCE_KINDS
from tickets.actions.moves import move
from tickets.actor import Actor
from tickets.errors import Conflict, InvalidInput
from tickets.facts import counted, facts_of_claim
from tickets.lifecycle import ClaimState, EvidenceState, TicketState, UploadState
from tickets.models import Claim, Deadline, Draft, Evidence, FileJob, Ticket

MAX_FILES = 40  # of one draft, claim or ticket: far beyond what any rule asks for


@dataclass(frozen=True, slots=True)
class Arrival:
    """A file that is whole in the storage and has not been looked into. Sizes are bytes."""

    kind: str
    stored_name: str
    original_name: str
    size: int
    began_at: datetime
    completed_at: datetime


def take_in(
    arrival: Arrival,
    *,
    draft: Draft | None = None,
    claim: Claim | None = None,
    ticket: Ticket | None = None,
    actor: Actor | None,
    now: datetime,
) -> Evidence:
    """Record a stored file for a draft, a claim, or a ticket without one; a job looks into it.

    It counts only when that job finds it ready: see `check_evidence`.

    Raises:
        Conflict: the draft was sent meanwhile, or the claim or ticket is over.
        InvalidInput: not exactly one of the three was given, or it has too many files.
    """
    if sum(place is not None for place in (draft, claim, ticket)) != 1:
        raise InvalidInput(_("We could not tell what this file belongs to."))
    if draft is not None:
        return _to_draft(arrival, draft, now)
    assert actor is not None
    found = claim.ticket_id if claim is not None else ticket.pk if ticket is not None else None
    assert found is not None
    return _to_ticket(arrival, found, actor, now)


def not_sent(draft: Draft) -> None:
    """A draft takes files until it is sent.

    Raises:
        Conflict: it was.
    """
    if was_sent(draft):
        raise Conflict(_("This request has already been sent. Add the file on its page."))


def not_closed(claim: Claim | None, ticket: Ticket) -> None:
    """A claim takes files, and moments marked in them, while it is open; a conversation without
    one until it is closed for good.

    Raises:
        Conflict: it is over.
    """
    if not claim.is_open if claim is not None else ticket.state == TicketState.CLOSED:
        raise Conflict(_("This request is closed. Write to us below, and a person will look."))


def _to_draft(arrival: Arrival, draft: Draft, now: datetime) -> Evidence:
    with transaction.atomic():
        row = Draft.objects.select_for_update().get(pk=draft.pk)
        not_sent(row)
        _not_too_many(row.evidence.count())
        row.touched_at = now
        row.save(update_fields=["touched_at"])
        return _row(arrival, None, now, draft=row)


def _to_ticket(arrival: Arrival, ticket_id: int, actor: Actor, now: datetime) -> Evidence:
    # What was merged into another ticket takes files there.
    with ticket_turn(ticket_id, "add_evidence", actor=actor, now=now, to_root=True) as turn:
        claim, ticket = turn.claim, turn.ticket
        assert ticket is not None
        not_closed(claim, ticket)
        owner = claim if claim is not None else ticket
        mine = owner.evidence.filter(erased_at=None, message=None, reply=None)
        _not_too_many(mine.count())
        evidence = _row(
            arrival,
            actor,
            now,
            claim=claim,
            ticket=ticket if claim is None else None,
            in_time=claim is None or _in_time(claim, arrival.began_at, arrival.completed_at),
        )
        turn.event(
            "file_received",
            evidence=evidence.pk,
            evidence_kind=evidence.kind,
            name=evidence.original_name,
            size=evidence.size,
            in_time=evidence.in_time,
        )
        custody.begin([evidence], "arrived", actor=actor, now=now)
    return evidence


def remove_evidence(evidence: Evidence, draft: Draft, *, now: datetime) -> list[str]:
    """Take a file out of a draft before it is sent; returns stored names, to be deleted.

    Raises:
        Conflict: the draft was sent; what was sent stays.
    """
    with transaction.atomic():
        row = Draft.objects.select_for_update().get(pk=draft.pk)
        mine = row.evidence.filter(pk=evidence.pk, claim=None, ticket=None).first()
        if mine is None:
            raise Conflict(_("This file has already been sent."))
        names = stored_names(mine)
        mine.delete()
        row.touched_at = now
        row.save(update_fields=["touched_at"])
    return names


def stored_names(evidence: Evidence) -> list[str]:
    """All that the storage keeps of a file: the original while it is there, and the copies."""
    names = [str(evidence.file.name)] if evidence.file else []
    return [*names, *(str(copy.file.name) for copy in evidence.copies.all())]


def _not_too_many(present: int) -> None:
    if present >= MAX_FILES:
        raise InvalidInput(
            _("These are many files. Please write to us, and a person will help."), "file"
        )


def _row(
    arrival: Arrival,
    actor: Actor | None,
    now: datetime,
    *,
    draft: Draft | None = None,
    claim: Claim | None = None,
    ticket: Ticket | None = None,
    in_time: bool = True,
) -> Evidence:
    evidence = Evidence.objects.create(
        draft=draft,
        claim=claim,
        ticket=ticket,
        kind=arrival.kind,
        file=arrival.stored_name,
        original_name=arrival.original_name[:255],
        size=arrival.size,
        began_at=arrival.began_at,
        completed_at=arrival.completed_at,
        in_time=in_time,
        uploaded_by=actor.user if actor else None,
    )
    FileJob.objects.create(evidence=evidence, wake_at=now)
    transaction.on_commit(nudge)
    return evidence


def _in_time(claim: Claim, began_at: datetime, completed_at: datetime) -> bool:
    """Begun before the deadline, and complete within the pack's grace after it."""
    due = (
        Deadline.objects.filter(claim=claim, kind="evidence_due", cycle=claim.evidence_cycle)
        .values_list("due_at", flat=True)
        .first()
    )
    if due is None or claim.state != ClaimState.AWAITING_EVIDENCE:
        return True
    grace = timedelta(hours=pack_of(claim.policy_version).upload_grace_hours)
    return began_at < due and completed_at <= due + grace


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


def complete(turn: Turn, claim: Claim) -> None:
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


def on_its_way(claim: Claim) -> bool:
    """Whether a file that began in time is here, and has not been looked into yet.

    Or not even taken in: its last byte came in time, and the server died at that moment.
    """
    here = claim.evidence.filter(state=EvidenceState.RECEIVED, in_time=True, erased_at=None)
    whole = claim.uploads.filter(state=UploadState.RECEIVING, offset=F("length"))
    return here.exists() or any(
        _in_time(claim, row.began_at, max(row.touched_at, row.began_at)) for row in whole
    )
