"""Watching the published rules: what cannot be read is shown on the desk, and told once.

An alarm is its own outbox row: taken under a lease, sent with no transaction open, settled only
while the lease is still its own.
"""

from __future__ import annotations

import uuid
from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any

from django.db import transaction
from django.db.models import Exists, OuterRef, QuerySet

from policies.models import PolicyAlarm, PolicyVersion
from policies.publish import NoGoodVersion, good, stand_in, trouble_with
from policies.reading import PackError
from tickets.effects import alarm as effect
from tickets.effects.outcome import Became, Outcome
from tickets.models import Store

LEASE = timedelta(minutes=2)
FIRST_PAUSE, LONGEST_PAUSE = timedelta(minutes=1), timedelta(hours=6)
MAX_ATTEMPTS = 20


def watch(now: datetime) -> int:
    """Look at every published version, raise and clear alarms, send what waits.

    Returns how many versions cannot be read. Where nothing of a store can, the pack that ships
    with the product stands in for it.
    """
    bad = 0
    for version in PolicyVersion.objects.defer("source").order_by("pk"):
        trouble = trouble_with(version)
        if trouble is None:
            PolicyAlarm.objects.filter(version=version, cleared_at=None).update(cleared_at=now)
            continue
        bad += 1
        _raise(version, trouble, now)
        try:
            good(version)
        except NoGoodVersion:
            stand_in(version.store_id, Store.objects.get(pk=version.store_id).slug, now=now)
    _send_due(now)
    return bad


def standing(stores: Iterable[Store]) -> QuerySet[PolicyAlarm]:
    """The alarms of these stores that nobody has put right yet, the newest version first."""
    return (
        PolicyAlarm.objects.filter(version__store__in=list(stores), cleared_at=None)
        .select_related("version__store")
        .defer("version__source")
        .order_by("version__store__name", "-version__number")
    )


def any_standing() -> Exists:
    """Whether there is such an alarm of a store, as a part of a query for stores."""
    return Exists(PolicyAlarm.objects.filter(version__store=OuterRef("pk"), cleared_at=None))


def _raise(version: PolicyVersion, trouble: PackError, now: datetime) -> None:
    mistakes = [as_json(mistake) for mistake in trouble.mistakes]
    alarm, made = PolicyAlarm.objects.get_or_create(
        version=version, defaults={"mistakes": mistakes, "found_at": now, "wake_at": now}
    )
    if not made and (alarm.mistakes != mistakes or alarm.cleared_at is not None):
        PolicyAlarm.objects.filter(pk=alarm.pk).update(mistakes=mistakes, cleared_at=None)


def as_json(mistake: Any) -> dict[str, Any]:
    """A mistake as the pages and the mail tell it."""
    return {
        "line": mistake.line,
        "path": mistake.path,
        "rule": mistake.rule,
        "message": mistake.message,
        "text": str(mistake),
    }


def _send_due(now: datetime) -> None:
    for alarm, token in _take(now):
        outcome = effect.send(alarm, now)
        _settle(alarm, token, outcome, now)


def _take(now: datetime) -> list[tuple[PolicyAlarm, uuid.UUID]]:
    token = uuid.uuid4()
    with transaction.atomic():
        rows = list(
            PolicyAlarm.objects.select_for_update(of=("self",), skip_locked=True)
            .select_related("version__store")
            .defer("version__source")
            .filter(told_at=None, cleared_at=None, wake_at__lte=now, attempts__lt=MAX_ATTEMPTS)
            .order_by("wake_at", "id")[:10]
        )
        for row in rows:
            row.lease, row.attempts = token, row.attempts + 1
            row.leased_until = row.wake_at = now + LEASE
        fields = ["lease", "attempts", "leased_until", "wake_at"]
        PolicyAlarm.objects.bulk_update(rows, fields)
    return [(row, token) for row in rows]


def _settle(alarm: PolicyAlarm, token: uuid.UUID, outcome: Outcome, now: datetime) -> None:
    values: dict[str, Any] = {
        "lease": None,
        "leased_until": None,
        "last_error": outcome.reason[:300],
    }
    if outcome.became == Became.DELIVERED:
        values["told_at"] = now
    else:
        pause = min(FIRST_PAUSE * 2 ** (alarm.attempts - 1), LONGEST_PAUSE)
        values["wake_at"] = now + pause
    PolicyAlarm.objects.filter(pk=alarm.pk, lease=token).update(**values)
