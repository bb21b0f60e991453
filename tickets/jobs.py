"""Celery shells: the clock is read once, one call is made. Harmless when run twice at once."""

from __future__ import annotations

from celery import shared_task

from supportdesk import clock
from tickets import alarms, deadlines, outbox, tidying, trials


@shared_task(name="tickets.jobs.drain_outbox")
def drain_outbox() -> int:
    """Send what is due. A nudge after a commit, and every few seconds in any case."""
    return outbox.drain(clock.now())


@shared_task(name="tickets.jobs.sweep_deadlines")
def sweep_deadlines() -> int:
    """Let every due deadline fire."""
    return deadlines.sweep(clock.now()).total()


@shared_task(name="tickets.jobs.tidy")
def tidy() -> int:
    """Throw away what nobody needs: abandoned drafts, old counters, dead sessions."""
    return tidying.tidy(clock.now())


@shared_task(name="tickets.jobs.run_trials")
def run_trials() -> int:
    """Replay drafts over past requests: what waits, and what a dead worker left behind."""
    return trials.run_due(clock.now())


@shared_task(name="tickets.jobs.watch_policies")
def watch_policies() -> int:
    """Look whether every published version can be read; tell staff about those that cannot."""
    return alarms.watch(clock.now())
