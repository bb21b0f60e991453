"""The sweep: every deadline that has come due acts once, whatever crashed before.

Rows are the truth; Celery beat only calls :func:`sweep` often. A row that fails is put
off with growing pauses and does not stop the others.
"""

from __future__ import annotations

import logging
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from django.db import DatabaseError, OperationalError, connection
from django.db.models import F, Q, QuerySet

from tickets.actions import retention
from tickets.actions.expire_pickups import BATCH, expire_due
from tickets.actions.fire_deadlines import ROW_KINDS, fire
from tickets.lifecycle import DeadlineState
from tickets.models import Deadline

log = logging.getLogger(__name__)
HANDS = 2  # connections that share a large backlog


@dataclass
class Swept:
    """How many deadlines of each kind acted, and how many failed and will be tried again."""

    fired: dict[str, int] = field(default_factory=dict)
    failed: int = 0

    def add(self, kind: str, count: int = 1) -> None:
        """Count."""
        if count:
            self.fired[kind] = self.fired.get(kind, 0) + count

    def total(self) -> int:
        """Everything that acted."""
        return sum(self.fired.values())


def sweep(now: datetime, *, batch: int = 500, rounds: int = 10_000) -> Swept:
    """Let everything due at ``now`` act. Bounded memory; safe to run twice at once.

    Reminders go before what they warn about: pickups expire last.
    """
    swept = Swept()
    _sweep_rows(now, swept, batch, rounds)
    swept.add("pickup_expiry", _expire_pickups(now))
    return swept


def _expire_pickups(now: datetime) -> int:
    """Everything on the shelf that is over; a backlog of more than a batch by two hands.

    Batches skip what another holds, so two connections share the work without meeting.
    """
    first = expire_due(now, BATCH)
    if first < BATCH:
        return first
    with ThreadPoolExecutor(HANDS, thread_name_prefix="expire") as pool:
        return first + sum(pool.map(_expire_all, [now] * HANDS))


def _expire_all(now: datetime) -> int:
    total = 0
    try:
        while True:
            count = expire_due(now, BATCH)
            total += count
            if count < BATCH:
                return total
    finally:
        connection.close()  # this thread's own


def _sweep_rows(now: datetime, swept: Swept, batch: int, rounds: int) -> None:
    last = (datetime.min.replace(tzinfo=now.tzinfo), 0)
    for _ in range(rounds):
        rows = list(_due(now, last)[:batch])
        for deadline in rows:
            _fire_one(deadline, now, swept)
        if len(rows) < batch:
            return
        last = (rows[-1].wake_at, rows[-1].pk)


def _due(now: datetime, after: tuple[datetime, int]) -> QuerySet[Deadline]:
    at, pk = after
    return (
        Deadline.objects.filter(state=DeadlineState.PENDING, kind__in=ROW_KINDS, wake_at__lte=now)
        .exclude(kind=retention.KIND, step=retention.FILES)  # a job of its own: it deletes files
        .filter(Q(wake_at__gt=at) | Q(wake_at=at, pk__gt=pk))
        .select_related("claim", "refund__claim", "shipment")
        .order_by("wake_at", "pk")
    )


def _fire_one(deadline: Deadline, now: datetime, swept: Swept) -> None:
    try:
        if fire(deadline, now):
            swept.add(deadline.kind)
    except OperationalError:
        raise  # the database is gone: nothing to put off, the next sweep finds the row
    except (DatabaseError, ArithmeticError, LookupError, ValueError, AssertionError) as error:
        log.exception("A deadline could not act: %s %s", deadline.kind, deadline.pk)
        swept.failed += 1
        pause = timedelta(minutes=min(2**deadline.attempts, 360))
        Deadline.objects.filter(pk=deadline.pk, state=DeadlineState.PENDING).update(
            attempts=F("attempts") + 1,
            wake_at=now + pause,
            last_error=f"{type(error).__name__}: {error}"[:300],
        )
