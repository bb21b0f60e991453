"""The moments of an unboxing that the customer points out, so that staff look there first."""

from __future__ import annotations

import math
from collections.abc import Mapping
from datetime import datetime

from django.db import transaction
from django.utils.translation import gettext as _

from tickets.actions import custody
from tickets.actions.add_evidence import not_closed
from tickets.actions.base import ticket_turn
from tickets.actions.drafts import was_sent
from tickets.actor import Actor
from tickets.errors import Conflict, InvalidInput
from tickets.file_words import clock_words
from tickets.lifecycle import EvidenceState
from tickets.models import Draft, Evidence
from tickets.models.evidence import MARKS


def can_mark(evidence: Evidence) -> bool:
    """Whether a file has moments: a video that was found ready, and whose file is still there."""
    return (
        evidence.state == EvidenceState.READY
        and evidence.seconds is not None
        and evidence.erased_at is None
    )


def mark(
    evidence: Evidence,
    marks: Mapping[str, float],
    *,
    draft: Draft | None = None,
    actor: Actor | None = None,
    address: str | None = None,
    now: datetime,
) -> Evidence:
    """Set the moments of a video, in seconds from its beginning; those not named are taken back.

    Before sending (``draft``) only the row changes. Afterwards ``actor`` is who marks: an event
    and an entry in the file's custody (with the network ``address``) tell of it. The same again
    changes nothing.

    Raises:
        InvalidInput: no such moment, or outside the video; ``field`` is the moment's name.
        Conflict: the draft was sent, the request is over, or the file is no ready video.
    """
    if draft is not None:
        return _in_draft(evidence, marks, draft)
    assert actor is not None
    of = evidence.claim.ticket_id if evidence.claim is not None else evidence.ticket_id
    if of is None:
        raise Conflict(_("This video has not been sent yet."))
    return _on_ticket(evidence, marks, of, actor, address, now)


def _in_draft(evidence: Evidence, marks: Mapping[str, float], draft: Draft) -> Evidence:
    with transaction.atomic():
        row = Draft.objects.select_for_update().get(pk=draft.pk)
        if was_sent(row):
            raise Conflict(_("This request has already been sent. Mark the moments on its page."))
        mine = row.evidence.select_for_update(of=("self",)).filter(
            pk=evidence.pk, claim=None, ticket=None
        )
        found = mine.first()
        if found is None:
            raise Conflict(_("This file is no longer here."))
        _set(found, marks)
    return found


def _on_ticket(
    evidence: Evidence,
    marks: Mapping[str, float],
    ticket_id: int,
    actor: Actor,
    address: str | None,
    now: datetime,
) -> Evidence:
    with ticket_turn(ticket_id, "add_evidence", actor=actor, now=now) as turn:
        claim, ticket = turn.claim, turn.ticket
        assert ticket is not None
        not_closed(claim, ticket)
        found = Evidence.objects.select_for_update(of=("self",)).get(pk=evidence.pk)
        if not _set(found, marks):
            return found
        turn.event(
            "evidence_marked",
            evidence=found.pk,
            evidence_kind=found.kind,
            name=found.original_name,
            marks=found.marks,
        )
        custody.add(found, "marked", actor=actor, now=now, address=address, marks=found.marks)
    return found


def _set(evidence: Evidence, marks: Mapping[str, float]) -> bool:
    """Put the moments on a locked row; whether anything changed."""
    if not can_mark(evidence):
        raise Conflict(_("Moments can only be marked in a video that we can open."))
    wanted = _checked(evidence, marks)
    if wanted == evidence.marks:
        return False
    evidence.marks = wanted
    evidence.save(update_fields=["marks"])
    return True


def _checked(evidence: Evidence, marks: Mapping[str, float]) -> dict[str, float]:
    """The moments in their order, to a tenth of a second."""
    assert evidence.seconds is not None
    for name, at in marks.items():
        if name not in MARKS:
            raise InvalidInput(_("We could not tell which moment this is."), name)
        if not (math.isfinite(at) and 0 <= at <= evidence.seconds):
            raise InvalidInput(
                _("This is not within the video: it is %(length)s long.")
                % {"length": clock_words(evidence.seconds)},
                name,
            )
    return {name: math.floor(marks[name] * 10) / 10 for name in MARKS if name in marks}
