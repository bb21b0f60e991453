"""Until when missing evidence may be added, and when to remind of it."""

from __future__ import annotations

from datetime import datetime, timedelta

from policies.pack import Pack
from tickets.actions.base import Turn
from tickets.models import Claim

EVIDENCE_KINDS = ("evidence_due", "evidence_reminder")


def set_evidence_deadlines(
    turn: Turn, claim: Claim, pack: Pack, days: int | None = None
) -> datetime:
    """Open the next cycle: due at the end of a local day, reminders on mornings before.

    The sweep acts only after the pack's grace for uploads that began in time. The claim's
    new cycle is the caller's to save. Returns the due instant.
    """
    calendar = pack.calendar
    days = days if days is not None else pack.evidence_days
    due_at = calendar.window_closes(turn.now, days)
    claim.evidence_cycle += 1
    cycle = claim.evidence_cycle
    turn.due(
        claim,
        "evidence_due",
        due_at,
        cycle=cycle,
        wake_at=due_at + timedelta(hours=pack.upload_grace_hours),
    )
    for before in pack.evidence_reminder_days:
        remind_at = calendar.morning_before(due_at, before)
        if remind_at > turn.now:
            turn.due(claim, "evidence_reminder", remind_at, step=before, cycle=cycle)
    return due_at
