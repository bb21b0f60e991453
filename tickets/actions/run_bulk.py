"""Working on changes of many tickets: under a lease, a chunk of tickets in each transaction.

A chunk's deeds, what came of each row, the counts and the lease are committed together. So a
worker may die at any point: what it had committed is known, what it had not has not happened, and
nothing is done twice. A ticket on which it cannot be done says why, and holds nobody else up.
"""

from __future__ import annotations

import logging
import time
import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db import InterfaceError, OperationalError, connection, transaction
from django.db.models import F, Q
from django.utils.translation import gettext as _
from django.utils.translation import override

from supportdesk.nudge import run_bulk as nudge
from tickets.actions.bulk_rows import Result, Seen, change, say, take_back
from tickets.actions.bulk_verbs import plan_of
from tickets.lifecycle import BulkState, RowState
from tickets.models import BulkJob, BulkRow

log = logging.getLogger(__name__)

LEASE = timedelta(minutes=1)
CHUNK = 200
SPOKEN = 25  # what is said takes longer, and holds its tickets as long
MAX_ATTEMPTS = 5  # workers that may die at one place
SLICE = 20.0  # seconds one task works before it lets others in


@dataclass(frozen=True, slots=True)
class Lease:
    """The right to work on one job, while its row holds this token; ``attempt`` counts from 1."""

    job_id: int
    token: uuid.UUID
    attempt: int


def run_due(now: datetime, *, slice_seconds: float = SLICE) -> int:
    """Work on what waits, and on what a dead worker left behind. Returns the tickets looked at."""
    started = time.monotonic()

    def instant() -> datetime:
        return now + timedelta(seconds=time.monotonic() - started)

    def in_time() -> bool:
        return time.monotonic() - started < slice_seconds

    looked_at = 0
    while in_time():
        lease = take(instant())
        if lease is None:
            return looked_at
        looked_at += run(lease, instant, in_time)
    nudge()
    return looked_at


def take(now: datetime) -> Lease | None:
    """Lease one that waits, or whose worker has not been heard of; what was never begun first."""
    token = uuid.uuid4()
    with transaction.atomic():
        row = (
            BulkJob.objects.select_for_update(skip_locked=True)
            .filter(
                Q(state=BulkState.WAITING) | Q(lease_until__lte=now),
                state__in=[BulkState.WAITING, BulkState.RUNNING],
            )
            .order_by(F("started_at").asc(nulls_first=True), "id")
            .first()
        )
        if row is None:
            return None
        attempt = row.attempts + 1
        if attempt > MAX_ATTEMPTS:
            _give_up(row)
            attempt = 1
        BulkJob.objects.filter(pk=row.pk).update(
            state=BulkState.RUNNING,
            lease_token=token,
            lease_until=now + LEASE,
            started_at=row.started_at or now,
            attempts=attempt,
        )
    return Lease(row.pk, token, attempt)


def run(
    lease: Lease, instant: Callable[[], datetime], in_time: Callable[[], bool] = lambda: True
) -> int:
    """Go on with a leased job until it ends, is stopped or lost, or the time is up.

    Where a chunk fails as a whole, the next tickets are taken one by one, so that the one at which
    it failed is found, and the others are done.
    """
    looked_at, one_by_one = 0, CHUNK if lease.attempt > 1 else 0
    while True:
        try:
            found = _chunk(lease, instant(), 1 if one_by_one else CHUNK)
        except (OperationalError, InterfaceError):
            raise  # the database, not the tickets: the lease runs out, and somebody goes on
        except Exception:
            log.exception("Bulk change %s failed", lease.job_id)
            if one_by_one and not _fail_first(lease):
                raise
            one_by_one = one_by_one or CHUNK
            continue
        if not found:
            return looked_at
        looked_at += found
        one_by_one = max(0, one_by_one - found)
        if not in_time():
            _release(lease)
            return looked_at


def _chunk(lease: Lease, now: datetime, most: int) -> int:
    """One chunk, all or nothing; how many tickets it held. 0 at the end, or when it is not ours."""
    with transaction.atomic():
        job = _ours(lease)
        if job is None:
            return 0
        plan = plan_of(job.params)
        most = min(most, SPOKEN) if plan.speaks else most
        waiting = job.rows.filter(state=RowState.WAITING).order_by("ticket_id")
        rows: Seen = dict(waiting.values_list("ticket_id", "seen")[:most])
        if not rows:
            _end(job, now)
            return 0
        with override(job.user.locale):
            if job.undoes_id is not None:
                results = take_back(job, rows, now)
            elif plan.speaks:
                results = say(job, plan, rows, now)
            else:
                results = change(job, plan, rows, now)
        _write(job, results, len(rows))
        _count(job, results, now)
    return len(rows)


def _ours(lease: Lease) -> BulkJob | None:
    rows = BulkJob.objects.select_for_update(of=("self",)).select_related("user", "undoes__user")
    found = rows.filter(pk=lease.job_id, lease_token=lease.token, state=BulkState.RUNNING)
    return found.first()


def _write(job: BulkJob, results: Mapping[int, Result], asked: int) -> None:
    """What came of each row, in one statement; and of those that were taken back, in another."""
    ids = list(results)
    assert len(ids) == asked, "of every ticket it is known what came of it"
    told: list[Any] = [ids, [str(results[pk].state) for pk in ids]]
    told += [[results[pk].reason[:300] for pk in ids]]
    told += [[",".join(map(str, results[pk].numbers)) for pk in ids]]
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE tickets_bulkrow r SET state = n.state, reason = n.reason,"
            " numbers = ('[' || n.numbers || ']')::jsonb"
            " FROM unnest(%s::bigint[], %s::text[], %s::text[], %s::text[])"
            " AS n (ticket, state, reason, numbers)"
            " WHERE r.job_id = %s AND r.ticket_id = n.ticket",
            [*told, job.pk],
        )
    if job.undoes_id is not None:
        undone = [pk for pk, result in results.items() if result.state == RowState.DONE]
        BulkRow.objects.filter(job=job.undoes_id, ticket__in=undone).update(state=RowState.UNDONE)


def _count(job: BulkJob, results: Mapping[int, Result], now: datetime) -> None:
    states = [result.state for result in results.values()]
    BulkJob.objects.filter(pk=job.pk).update(
        done=F("done") + states.count(RowState.DONE),
        unchanged=F("unchanged") + states.count(RowState.UNCHANGED),
        failed=F("failed") + states.count(RowState.FAILED),
        lease_until=now + LEASE,
        attempts=0,
    )


def _end(job: BulkJob, now: datetime) -> None:
    job.state, job.ended_at = BulkState.DONE, now
    job.lease_token = job.lease_until = None
    job.save(update_fields=["state", "ended_at", "lease_token", "lease_until"])


def _release(lease: Lease) -> None:
    """Give it back, to be gone on with at once; nothing where it is not ours any more."""
    BulkJob.objects.filter(
        pk=lease.job_id, lease_token=lease.token, state=BulkState.RUNNING
    ).update(state=BulkState.WAITING, lease_token=None, lease_until=None)


def _fail_first(lease: Lease) -> bool:
    with transaction.atomic():
        job = _ours(lease)
        return job is not None and _give_up(job)


def _give_up(job: BulkJob) -> bool:
    """Leave out the ticket at which it has failed on our side; the others are still done."""
    first = job.rows.filter(state=RowState.WAITING).order_by("ticket_id").first()
    if first is None:
        return False
    with override(job.user.locale):
        first.reason = _("Something failed on our side. Please try it on the ticket itself.")
    first.state = RowState.FAILED
    first.save(update_fields=["state", "reason"])
    BulkJob.objects.filter(pk=job.pk).update(failed=F("failed") + 1, attempts=0)
    return True
