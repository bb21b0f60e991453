"""Let time pass in this process: sweep and send at every instant at which something is due.

The demo's ``advance`` and its invented past use it, so that both go through the same doors as
the jobs: what warns goes out before what it warns about.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from django.db.models import Min

from tickets import deadlines, outbox
from tickets.actions import automation_clock, run_automations
from tickets.actions.replies import send_due
from tickets.lifecycle import DeadlineState, OutboxState
from tickets.models import Deadline, Outbox, ReplyDraft

LONGEST_STEP = timedelta(hours=6)


@dataclass
class Passed:
    """What one step of time brought: deadlines that acted, by kind, and mails settled."""

    at: datetime
    fired: dict[str, int] = field(default_factory=dict)
    failed: int = 0
    mails: int = 0

    def __bool__(self) -> bool:
        return bool(self.fired or self.failed or self.mails)


def next_due(after: datetime) -> datetime | None:
    """The next instant at which a deadline or a mail is due, later than ``after``."""
    waiting = (
        Deadline.objects.filter(state=DeadlineState.PENDING, wake_at__gt=after),
        Outbox.objects.filter(state=OutboxState.PENDING, wake_at__gt=after),
    )
    found = [rows.aggregate(at=Min("wake_at"))["at"] for rows in waiting]
    replies = ReplyDraft.objects.filter(send_at__gt=after)
    found.append(replies.aggregate(at=Min("send_at"))["at"])
    return min((at for at in found if at is not None), default=None)


def lapse(
    start: datetime,
    end: datetime,
    *,
    longest: timedelta | None = LONGEST_STEP,
    before_step: Callable[[datetime], object] | None = None,
) -> Iterator[Passed]:
    """Go from ``start`` to ``end``; yields what happened at each step.

    Args:
        longest: the longest step, or None to go from due instant to due instant.
        before_step: told the instant before anything happens at it (the clock is moved there).
    """
    at = start
    while at < end:
        stops = (end, next_due(at), at + longest if longest is not None else None)
        at = min(each for each in stops if each is not None)
        if before_step is not None:
            before_step(at)
        yield happen(at)


def happen(at: datetime) -> Passed:
    """Do what the jobs do at one instant: sweep, let automations act, send until all is sent."""
    send_due(at)
    swept = deadlines.sweep(at)
    automation_clock.sweep(at)
    run_automations.run_due(at)
    passed = Passed(at, dict(swept.fired), swept.failed)
    while sent := outbox.drain(at):
        passed.mails += sent
    return passed
