"""Running trials: one at a time under a lease, chunk by chunk, from where the last one stopped.

A chunk's counts and its position are committed in one statement's transaction, and only by the
holder of the lease. So a worker may die at any point: what it had committed stands, what it had
not is read again by the next, and nothing is counted twice.
"""

from __future__ import annotations

import logging
import time
import uuid
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import InterfaceError, OperationalError, transaction
from django.db.models import F, Q

from policies.models import PolicyTrial, PolicyTrialCase, PolicyVersion, TrialState
from policies.pack import Pack
from policies.publish import load_whole, pack_of
from policies.simulate import Past, Replayed, Tally, replay
from tickets import past

log = logging.getLogger(__name__)

LEASE = timedelta(minutes=1)
CHUNK = 2_000
MAX_CASES = 10_000  # rows kept of one trial; the counts are exact whatever is kept
MAX_ATTEMPTS = 5  # workers that may die without getting a chunk further
SLICE = 240.0  # seconds one task works before it lets others in; well inside the broker's patience


@dataclass(frozen=True, slots=True)
class Lease:
    """The right to work on one trial, while its row holds this token."""

    trial_id: int
    token: uuid.UUID


def run_due(now: datetime, *, slice_seconds: float = SLICE) -> int:
    """Work on what waits, and on what a dead worker left behind. Returns the chunks counted."""
    started = time.monotonic()

    def instant() -> datetime:
        return now + timedelta(seconds=time.monotonic() - started)

    def in_time() -> bool:
        return time.monotonic() - started < slice_seconds

    chunks = 0
    while in_time():
        lease = take(instant())
        if lease is None:
            break
        chunks += run(lease, instant, in_time)
    return chunks


def take(now: datetime) -> Lease | None:
    """Lease the oldest trial that waits, or whose worker has not been heard of."""
    token = uuid.uuid4()
    with transaction.atomic():
        row = (
            PolicyTrial.objects.select_for_update(skip_locked=True)
            .filter(Q(state=TrialState.QUEUED) | Q(state=TrialState.RUNNING, leased_until__lte=now))
            .order_by("asked_at", "id")
            .first()
        )
        if row is None:
            return None
        if row.attempts >= MAX_ATTEMPTS:
            _end(row.pk, row.lease, TrialState.FAILED, now, "every worker died at the same place")
            return take(now)
        PolicyTrial.objects.filter(pk=row.pk).update(
            state=TrialState.RUNNING,
            lease=token,
            leased_until=now + LEASE,
            heartbeat=now,
            attempts=F("attempts") + 1,
        )
    return Lease(row.pk, token)


def run(
    lease: Lease, instant: Callable[[], datetime], in_time: Callable[[], bool] = lambda: True
) -> int:
    """Go on with a leased trial until it ends, is cancelled or lost, or the time is up."""
    trial = PolicyTrial.objects.get(pk=lease.trial_id)
    try:
        return _run(trial, lease, instant, in_time)
    except (OperationalError, InterfaceError):
        raise  # the database, not the draft: the lease runs out, and somebody goes on
    except Exception as error:  # told on its page; a worker is not brought down by a draft
        log.exception("Trial %s failed", lease.trial_id)
        problem = f"{type(error).__name__}: {error}"
        _end(lease.trial_id, lease.token, TrialState.FAILED, instant(), problem)
        return 0


def _run(
    trial: PolicyTrial, lease: Lease, instant: Callable[[], datetime], in_time: Callable[[], bool]
) -> int:
    draft = load_whole(trial.source, "draft")
    tally, place = Tally.from_json(trial.summary), past.position_of(trial)
    if not trial.position:
        total = past.count(trial)
        PolicyTrial.objects.filter(pk=trial.pk, lease=lease.token).update(total=total)
    packs = _Packs()
    chunks = 0
    while True:
        rows = past.chunk(trial, place, CHUNK)
        if not rows:
            _end(trial.pk, lease.token, TrialState.DONE, instant())
            return chunks
        cases = list(_cases(trial, rows, draft, packs, tally))
        place = rows[-1].position
        if not commit(lease, tally, place, cases, instant()):
            return chunks  # cancelled, or somebody else goes on
        chunks += 1
        if not in_time():
            _release(lease, instant())
            return chunks


class _Packs:
    """The packs of the versions that past requests cite, looked up once."""

    def __init__(self) -> None:
        self._found: dict[int, Pack] = {}

    def __getitem__(self, version_id: int) -> Pack:
        if version_id not in self._found:
            version = PolicyVersion.objects.get(pk=version_id)
            self._found[version_id] = pack_of(version)
        return self._found[version_id]


def _cases(
    trial: PolicyTrial, rows: list[past.PastRow], draft: Pack, packs: _Packs, tally: Tally
) -> Iterator[PolicyTrialCase]:
    asked = (
        Past(index, row.facts, packs[row.version_id], row.amount, row.currency)
        for index, row in enumerate(rows)
    )
    for found in replay(asked, draft):
        tally.add(found)
        if found.otherwise and tally.stored < MAX_CASES:
            tally.stored += 1
            yield _case(trial, rows[found.past.key], found)


def _case(trial: PolicyTrial, row: past.PastRow, found: Replayed) -> PolicyTrialCase:
    assert found.before is not None and found.after is not None and found.facts is not None
    refund_before, refund_after = found.refunds
    is_claim = row.position.stage == past.CLAIMS
    return PolicyTrialCase(
        trial=trial,
        event_id=row.source_id if is_claim else None,
        inquiry_id=None if is_claim else row.source_id,
        version_id=row.version_id,
        request=str(found.facts.request),
        before_verdict=str(found.before.verdict),
        before_rule=found.before.rule,
        after_verdict=str(found.after.verdict),
        after_rule=found.after.rule,
        refund_before=refund_before,
        refund_after=refund_after,
        amount=row.amount,
        currency=row.currency,
        decided=row.decided,
    )


def commit(
    lease: Lease,
    tally: Tally,
    place: past.Position,
    cases: Iterable[PolicyTrialCase],
    now: datetime,
) -> bool:
    """Write a chunk: its counts, its position, its cases, all or nothing.

    ``False``, and nothing written, when the trial is no longer ours to work on.
    """
    with transaction.atomic():
        ours = PolicyTrial.objects.filter(
            pk=lease.trial_id, lease=lease.token, state=TrialState.RUNNING
        ).update(
            summary=tally.as_json(),
            position=place.as_json(),
            done=tally.seen,
            heartbeat=now,
            leased_until=now + LEASE,
            attempts=0,
        )
        if not ours:
            return False
        PolicyTrialCase.objects.bulk_create(cases, batch_size=1000)
    return True


def _release(lease: Lease, now: datetime) -> None:
    """Give the trial back, to be gone on with at once."""
    PolicyTrial.objects.filter(
        pk=lease.trial_id, lease=lease.token, state=TrialState.RUNNING
    ).update(state=TrialState.QUEUED, lease=None, leased_until=None, heartbeat=now)


def _end(
    trial_id: int,
    token: uuid.UUID | None,
    state: TrialState,
    now: datetime,
    problem: str = "",
) -> None:
    PolicyTrial.objects.filter(pk=trial_id, lease=token, state=TrialState.RUNNING).update(
        state=state,
        ended_at=now,
        heartbeat=now,
        lease=None,
        leased_until=None,
        problem=problem[:500],
        **({"total": F("done")} if state == TrialState.DONE else {}),
    )
