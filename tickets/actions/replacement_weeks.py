"""The weeks that a replacement takes: the customer hears in between, staff at their end."""

from __future__ import annotations

from datetime import datetime

from django.db.models import Max

from policies.pack import Pack
from tickets.actions.base import Turn
from tickets.actions.preorders import WAITING
from tickets.models import Claim

MANUFACTURER_KINDS = ("manufacturer_update", "manufacturer_due")


def start_weeks(turn: Turn, claim: Claim, pack: Pack) -> datetime | None:
    """Set the weekly updates and the end of the weeks from now; None where the store has none."""
    if pack.manufacturer is None:
        return None
    last = claim.deadlines.filter(kind__in=MANUFACTURER_KINDS).aggregate(last=Max("cycle"))["last"]
    cycle = (last or 0) + 1
    calendar = pack.calendar
    for week in pack.manufacturer.update_weeks:
        at = calendar.morning_before(calendar.window_closes(turn.now, 7 * week), 0)
        turn.due(claim, "manufacturer_update", at, step=week, cycle=cycle)
    due_at = calendar.window_closes(turn.now, 7 * pack.manufacturer.weeks_due)
    turn.due(claim, "manufacturer_due", due_at, cycle=cycle)
    return due_at


def weeks_run(claim: Claim) -> bool:
    """Whether they have begun already: for a claim that was with the manufacturer they have."""
    return claim.deadlines.filter(kind="manufacturer_due", state__in=WAITING).exists()
