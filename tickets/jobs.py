"""Celery shells: the clock is read once, one call is made. Harmless when run twice at once."""

from __future__ import annotations

from celery import shared_task
from celery.signals import worker_shutting_down

from supportdesk import clock
from tickets import alarms, deadlines, outbox, tallies, tidying, trials
from tickets.actions import automation_clock, replies
from tickets.actions import run_automations as automations
from tickets.actions import run_bulk as bulk
from tickets.automations import alarms as automation_alarms
from tickets.evidence import erase, programs, sweep_uploads, watch, work
from tickets.search import docs


@shared_task(name="tickets.jobs.drain_outbox")
def drain_outbox() -> int:
    """Send what is due. A nudge after a commit, and every few seconds in any case."""
    return outbox.drain(clock.now())


@shared_task(name="tickets.jobs.sweep_deadlines")
def sweep_deadlines() -> int:
    """Let every due deadline fire."""
    return deadlines.sweep(clock.now()).total()


@shared_task(name="tickets.jobs.index_words")
def index_words() -> int:
    """Read the words of tickets on which something was said, so that a search finds them."""
    return docs.index_due()


@shared_task(name="tickets.jobs.fold_tallies")
def fold_tallies() -> int:
    """Fold the rows that the counts of the queues are sums of."""
    return tallies.fold()


@shared_task(name="tickets.jobs.tidy")
def tidy() -> int:
    """Throw away what nobody needs: abandoned drafts, old counters, dead sessions."""
    return tidying.tidy(clock.now())


@shared_task(name="tickets.jobs.run_trials")
def run_trials() -> int:
    """Replay drafts over past requests: what waits, and what a dead worker left behind."""
    return trials.run_due(clock.now())


@shared_task(name="tickets.jobs.run_bulk")
def run_bulk() -> int:
    """Change many tickets at once: what waits, and what a dead worker left behind."""
    return bulk.run_due(clock.now())


@shared_task(name="tickets.jobs.run_automations")
def run_automations() -> int:
    """Let automations act on what has happened, and tell whose was switched off by itself."""
    now = clock.now()
    done = automations.run_due(now)
    automation_alarms.send_due(now)
    return done


@shared_task(name="tickets.jobs.sweep_automations")
def sweep_automations() -> int:
    """Find what has come near a deadline, or has waited for the customer for days."""
    return automation_clock.sweep(clock.now())


@shared_task(name="tickets.jobs.watch_policies")
def watch_policies() -> int:
    """Look whether every published version can be read; tell staff about those that cannot."""
    return alarms.watch(clock.now())


@shared_task(name="tickets.jobs.send_replies")
def send_replies() -> int:
    """Say the replies that nobody has taken back in time."""
    return replies.send_due(clock.now())


# A file may take longer than the broker waits for an answer. The rows know what is still to be
# done, so a task of these is done with when it is taken: see ``CELERY_TASK_ROUTES``.
@shared_task(name="tickets.jobs.check_files", acks_late=False)
def check_files() -> int:
    """Look into the files that have arrived, and make their contact sheets and prints."""
    return work.run_due(clock.now())


@shared_task(name="tickets.jobs.preview_files", acks_late=False)
def preview_files() -> int:
    """Make previews, one at a time in the whole house."""
    return work.run_due(clock.now(), stages=work.SLOW)


@shared_task(name="tickets.jobs.finish_uploads")
def finish_uploads() -> int:
    """Finish uploads whose client is gone since the last byte; end those past their time."""
    return sweep_uploads.finish_uploads(clock.now())


@shared_task(name="tickets.jobs.watch_files")
def watch_files() -> int:
    """Look whether what files need is back, where it was away; tell staff if it lasts."""
    return watch.look(clock.now())


@shared_task(name="tickets.jobs.erase_files")
def erase_files() -> int:
    """Delete the files of cases whose days of keeping are over."""
    return erase.run_due(clock.now())


@worker_shutting_down.connect
def end_programs(**_about: object) -> None:
    """A worker that is asked to end does not wait for a long film; the next one begins it anew."""
    programs.halt()
