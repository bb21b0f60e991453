"""What the inspection found of a file is written down, and the claim is decided anew."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.db import transaction
from django.db.models import Q
from django.utils.translation import gettext as _

from policies.publish import good, pack_of
from tickets.actions import attachments, custody
from tickets.actions.add_evidence import complete, decide_again, stored_names
from tickets.actions.base import Turn, ticket_turn
from tickets.actions.trace import decision_data
from tickets.actor import SYSTEM
from tickets.errors import Conflict
from tickets.lifecycle import (
    EVIDENCE_MOVES,
    EvidenceState,
    TicketState,
    WaitingFor,
    may_follow,
)
from tickets.models import Draft, Evidence


@dataclass(frozen=True, slots=True)
class Findings:
    """What a good file is: pixels as they are shown, seconds for a video, codes of advice.

    A document that goes with a message has no pixels.
    ``captured_at`` is what the camera wrote, aware; ``captured_zone`` whether it wrote its zone.
    """

    content_type: str
    sha256: str
    width: int | None
    height: int | None
    seconds: float | None = None
    codec: str = ""
    captured_at: datetime | None = None
    captured_zone: bool = False
    has_place: bool = False
    advice: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Refusal:
    """Why a file will not do: ``problem`` is a code that the faces have words for."""

    problem: str
    sha256: str = ""
    infected: bool = False


@dataclass
class Settled:
    """What became of a file; ``discard`` are stored names that no row holds any more."""

    state: EvidenceState
    discard: list[str] = field(default_factory=list)


def clean(evidence_id: int, *, now: datetime) -> None:
    """The scanner found nothing in this file. No state follows from it, so there is no event."""
    Evidence.objects.filter(pk=evidence_id, scanned_at=None).update(scanned_at=now)


def settle(evidence_id: int, found: Findings | Refusal, *, now: datetime) -> Settled | None:
    """Write down what was found. A second call changes nothing.

    A ready file of a claim makes the decision anew and moves the claim on when it is complete.
    One that was there already in the same claim or draft does not count twice. Returns None
    when the file was removed meanwhile.
    """
    while True:
        owner = Evidence.objects.filter(pk=evidence_id).values_list(
            "draft_id", "claim__ticket_id", "ticket_id"
        )
        place = owner.first()
        if place is None:
            return None
        draft_id, *tickets = place
        ticket_id = next((pk for pk in tickets if pk is not None), None)
        if ticket_id is not None:
            done = _in_hand(evidence_id, found, now)
            done = done or _on_ticket(ticket_id, evidence_id, found, now)
        else:
            done = _in_draft(draft_id, evidence_id, found, now)
        if done is not None:
            return done
        # It was sent, moved or removed while we waited for its place: look again.


def _in_draft(
    draft_id: int, evidence_id: int, found: Findings | Refusal, now: datetime
) -> Settled | None:
    with transaction.atomic():
        Draft.objects.select_for_update().filter(pk=draft_id).first()
        evidence = Evidence.objects.filter(pk=evidence_id, claim=None, ticket=None).first()
        if evidence is None:
            return None
        if evidence.state != EvidenceState.RECEIVED:
            return Settled(EvidenceState(evidence.state))
        state = _fill(evidence, found, now)
        # The form that holds this draft is told that its files have changed.
        Draft.objects.filter(pk=draft_id).update(touched_at=now)
        if state == EvidenceState.REPEATED:
            names = stored_names(evidence)
            evidence.delete()
            return Settled(state, names)
        evidence.save()
    return Settled(state)


def _in_hand(evidence_id: int, found: Findings | Refusal, now: datetime) -> Settled | None:
    """A file of a reply that is still being written: nobody else hears of it.

    None where it is no such file (any more).
    """
    with transaction.atomic():
        evidence = (
            Evidence.objects.select_for_update(of=("self",))
            .filter(pk=evidence_id, kind=attachments.KIND, message=None)
            .first()
        )
        if evidence is None:
            return None
        if evidence.state == EvidenceState.RECEIVED and evidence.erased_at is None:
            _fill(evidence, found, now)
            evidence.save()
    return Settled(EvidenceState(evidence.state))


def _on_ticket(
    ticket_id: int, evidence_id: int, found: Findings | Refusal, now: datetime
) -> Settled | None:
    """None where the file has moved to another ticket, with the message it came with."""
    with ticket_turn(ticket_id, "add_evidence", actor=SYSTEM, now=now) as turn:
        evidence = Evidence.objects.select_for_update(of=("self",)).get(pk=evidence_id)
        if evidence.ticket_id not in (None, ticket_id):
            return None
        if evidence.state != EvidenceState.RECEIVED or evidence.erased_at is not None:
            return Settled(EvidenceState(evidence.state))  # done before, or its days are over
        state = _fill(evidence, found, now)
        evidence.save()
        custody.add(
            evidence, "checked", actor=SYSTEM, now=now, state=state.value, sha256=evidence.sha256
        )
        if state != EvidenceState.READY:
            _tell(turn, evidence)
        elif evidence.kind != attachments.KIND:  # which prove nothing
            _count(turn, evidence)
    return Settled(state)


def _fill(evidence: Evidence, found: Findings | Refusal, now: datetime) -> EvidenceState:
    """Put what was found on the row; the state follows by the table of moves."""
    state = _state_of(evidence, found)
    if not may_follow(EVIDENCE_MOVES, evidence.state, state):
        raise Conflict(_("This file has been checked already."))
    evidence.state, evidence.checked_at, evidence.sha256 = state, now, found.sha256
    if isinstance(found, Refusal):
        evidence.problem = found.problem
        return state
    evidence.content_type, evidence.codec = found.content_type, found.codec
    evidence.width, evidence.height = found.width, found.height
    evidence.seconds, evidence.advice = found.seconds, list(found.advice)
    evidence.captured_at, evidence.captured_zone = found.captured_at, found.captured_zone
    evidence.has_place = found.has_place
    return state


def _state_of(evidence: Evidence, found: Findings | Refusal) -> EvidenceState:
    if isinstance(found, Refusal):
        return EvidenceState.INFECTED if found.infected else EvidenceState.UNREADABLE
    if evidence.kind == attachments.KIND:  # the same paper may well be sent twice
        return EvidenceState.READY
    place = Q(draft=evidence.draft_id) if evidence.draft_id else Q(pk__in=[])
    if evidence.claim_id:
        place |= Q(claim=evidence.claim_id)
    if evidence.ticket_id:
        place |= Q(ticket=evidence.ticket_id)
    if evidence.in_time:  # one that came too late counts for nothing, so it is no twin of this
        place &= Q(in_time=True)
    twin = Evidence.objects.filter(
        place,
        sha256=found.sha256,
        kind=evidence.kind,
        state=EvidenceState.READY,
        erased_at=None,  # what was erased may be handed in again
    ).exclude(pk=evidence.pk)
    return EvidenceState.REPEATED if twin.exists() else EvidenceState.READY


def _about(evidence: Evidence) -> dict[str, Any]:
    return {
        "evidence": evidence.pk,
        "evidence_kind": evidence.kind,
        "name": evidence.original_name,
        "in_time": evidence.in_time,
    }


def _count(turn: Turn, evidence: Evidence) -> None:
    """A ready file: an open claim is decided anew; anything else only notes it."""
    claim, ticket = turn.claim, turn.ticket
    assert ticket is not None
    if claim is None or not claim.is_open:
        turn.event("file_ready", **_about(evidence))
        waits = ticket.waiting_for == WaitingFor.CUSTOMER or ticket.state == TicketState.SOLVED
        # As with what customers write: nothing that they send lies where nobody looks.
        if claim is None and waits and evidence.uploaded_by_id is None:
            turn.turn_to(TicketState.OPEN)
            ticket.last_speaker = "customer"
        return
    claim.policy_version = good(claim.policy_version)  # what decides is what is cited
    facts, decision = decide_again(claim)
    turn.event(
        "evidence_added",
        rule=decision.rule,
        version=claim.policy_version,
        missing=claim.missing,
        **_about(evidence),
        **decision_data(decision, facts, pack_of(claim.policy_version)),
    )
    complete(turn, claim)
    claim.save()


def _tell(turn: Turn, evidence: Evidence) -> None:
    """A file that will not do: the customer is told what to do instead."""
    if evidence.state == EvidenceState.REPEATED:
        turn.event("file_repeated", **_about(evidence))
        return
    event = turn.event(
        "file_refused", problem=evidence.problem, state=evidence.state, **_about(evidence)
    )
    if turn.claim is None or turn.claim.is_open:
        turn.mail("file_refused", event)
