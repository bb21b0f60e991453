"""Something that files need is away: noted once, shown on the desk, told to staff if it lasts.

`watch` looks whether it is back, `notices` tells staff.
"""

from __future__ import annotations

import logging
from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db import transaction
from django.db.models import Exists, Q

from tickets.lifecycle import FileStage
from tickets.models import FileJob, Outage, OutageNotice, Store

log = logging.getLogger(__name__)

SCANNER, STORAGE = "scanner", "storage"
# So long must it have lasted before anybody gets a mail about it.
TOLD_AFTER = timedelta(minutes=5)
# What clamd will not take waits until somebody has set clamd right, however well it answers
# about other files; the words that ``scan`` uses for it.
_STUBBORN = "StreamMaxLength"


@dataclass(frozen=True, slots=True)
class Standing:
    """An outage that stands: of what, since when, why, and how many files wait for it."""

    kind: str
    since: datetime
    detail: str
    waiting: int

    @property
    def takes_not_all(self) -> bool:
        """Whether the scanner answers, but takes no file as large as one that waits."""
        return _STUBBORN in self.detail


def raise_outage(kind: str, detail: str, *, now: datetime) -> Outage:
    """Note that the scanner or the storage (``SCANNER``, ``STORAGE``) is away; again is harmless.

    ``detail`` is why, for managers, in plain English. The first time a notice is laid out for
    every store, which is sent if the outage still stands after ``TOLD_AFTER``.
    """
    with transaction.atomic():
        outage, made = Outage.objects.get_or_create(
            kind=kind,
            ended_at=None,
            defaults={"detail": detail[:300], "began_at": now, "seen_at": now},
        )
        if made:
            wake_at = now + TOLD_AFTER
            OutageNotice.objects.bulk_create(
                OutageNotice(outage=outage, store=store, wake_at=wake_at)
                for store in Store.objects.order_by("pk")
            )
            log.warning("The %s is away: %s", kind, detail)
    if not made:
        Outage.objects.filter(pk=outage.pk, ended_at=None).update(detail=detail[:300], seen_at=now)
    return outage


def end_outage(kind: str, *, now: datetime) -> bool:
    """It works again: the banner goes, and a notice nobody got yet is not sent.

    A scanner that answers but takes no file as large as one that waits is not back: that
    outage stands until the file went through, or is gone. Returns whether one has ended.
    """
    standing = Outage.objects.filter(kind=kind, ended_at=None)
    if not standing.exists():  # the usual case, one cheap look
        return False
    if kind == SCANNER and _stubborn().exists():
        return False
    ended = standing.update(ended_at=now, seen_at=now)
    if ended:
        log.warning("The %s works again.", kind)
    return bool(ended)


def standing(stores: Collection[Store] | None = None) -> list[Standing]:
    """The outages that stand, the oldest first, with how many files (of these stores) wait."""
    found = list(Outage.objects.filter(ended_at=None).order_by("began_at", "id"))
    return [
        Standing(outage.kind, outage.began_at, outage.detail, waiting_files(outage, stores))
        for outage in found
    ]


def any_standing() -> Exists:
    """Whether anything is away, as a part of a query that is asked anyway."""
    return Exists(Outage.objects.filter(ended_at=None))


def _stubborn() -> Any:
    return FileJob.objects.filter(
        stage=FileStage.SCAN, settled_at=None, last_error__contains=_STUBBORN
    )


def waiting_files(outage: Outage, stores: Collection[Store] | None = None) -> int:
    """How many files (of these stores) wait for the scanner, or for the storage."""
    stages = [FileStage.SCAN]
    if outage.kind == STORAGE:
        stages.append(FileStage.INSPECT)
    jobs = FileJob.objects.filter(stage__in=stages, settled_at=None)
    if stores is not None:
        jobs = jobs.filter(
            Q(evidence__claim__ticket__store__in=stores)
            | Q(evidence__ticket__store__in=stores)
            | Q(evidence__draft__store__in=stores)
        )
    return jobs.count()
