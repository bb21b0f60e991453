"""Telling a store's people that an automation was switched off by itself.

An alarm is its own outbox row: taken under a lease, sent with no transaction open, settled only
while the lease is still its own.
"""

from __future__ import annotations

import uuid
from datetime import datetime, timedelta

from django.db import transaction

from tickets.effects import automation as effect
from tickets.effects.outcome import Became
from tickets.models import AutomationAlarm

LEASE = timedelta(minutes=2)
FIRST_PAUSE, LONGEST_PAUSE = timedelta(minutes=1), timedelta(hours=6)
MOST_ATTEMPTS = 20
_BATCH = 10


def send_due(now: datetime) -> int:
    """Send what waits; returns how many mails went out."""
    sent = 0
    token = uuid.uuid4()
    for alarm in _take(now, token):
        outcome = effect.send(alarm, now)
        mine = AutomationAlarm.objects.filter(pk=alarm.pk, lease=token)
        if outcome.became == Became.DELIVERED:
            sent += mine.update(told_at=now, lease=None, last_error="")
        else:
            pause = min(FIRST_PAUSE * 2 ** (alarm.attempts - 1), LONGEST_PAUSE)
            error = outcome.reason[:300]
            mine.update(wake_at=now + pause, lease=None, last_error=error)
    return sent


def _take(now: datetime, token: uuid.UUID) -> list[AutomationAlarm]:
    with transaction.atomic():
        rows = list(
            AutomationAlarm.objects.select_for_update(of=("self",), skip_locked=True)
            .select_related("automation__store")
            .filter(told_at=None, wake_at__lte=now, attempts__lt=MOST_ATTEMPTS)
            .order_by("wake_at", "pk")[:_BATCH]
        )
        for row in rows:
            row.lease, row.wake_at, row.attempts = token, now + LEASE, row.attempts + 1
        AutomationAlarm.objects.bulk_update(rows, ["lease", "wake_at", "attempts"])
    return rows
