"""Tell staff of an outage that lasts: one mail a store, each row its own outbox row.

Taken under a lease, sent with no transaction open, settled only while the lease is still its own.
"""

from __future__ import annotations

import uuid
from datetime import datetime, timedelta
from typing import Any

from django.db import transaction

from tickets.effects import outage as effect
from tickets.effects.outcome import Became, Outcome
from tickets.evidence.outages import waiting_files
from tickets.models import OutageNotice

LEASE = timedelta(minutes=2)
FIRST_PAUSE, LONGEST_PAUSE = timedelta(minutes=1), timedelta(hours=1)
MAX_ATTEMPTS = 20
_BATCH = 10


def send_due(now: datetime) -> int:
    """Send what is due of outages that still stand; returns how many stores were told."""
    told = 0
    for notice, token in _take(now):
        waiting = waiting_files(notice.outage, [notice.store])
        outcome = effect.send(notice, waiting, now)
        told += _settle(notice, token, outcome, now)
    return told


def _take(now: datetime) -> list[tuple[OutageNotice, uuid.UUID]]:
    token = uuid.uuid4()
    with transaction.atomic():
        rows = list(
            OutageNotice.objects.select_for_update(of=("self",), skip_locked=True)
            .select_related("outage", "store")
            .filter(told_at=None, outage__ended_at=None, wake_at__lte=now)
            .filter(attempts__lt=MAX_ATTEMPTS)
            .order_by("wake_at", "id")[:_BATCH]
        )
        for row in rows:
            row.lease, row.attempts, row.wake_at = token, row.attempts + 1, now + LEASE
        OutageNotice.objects.bulk_update(rows, ["lease", "attempts", "wake_at"])
    return [(row, token) for row in rows]


def _settle(notice: OutageNotice, token: uuid.UUID, outcome: Outcome, now: datetime) -> bool:
    values: dict[str, Any] = {"lease": None, "last_error": outcome.reason[:300]}
    done = outcome.became == Became.DELIVERED
    if done:
        values["told_at"] = now
    else:
        values["wake_at"] = now + min(FIRST_PAUSE * 2 ** (notice.attempts - 1), LONGEST_PAUSE)
    ours = OutageNotice.objects.filter(pk=notice.pk, lease=token).update(**values)
    return done and bool(ours)
