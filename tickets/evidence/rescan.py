"""Files that were taken in before there was a scanner: they are scanned when there is one.

Until then nobody sees them, as with any file that was not found clean.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from django.db.models import Q

from tickets.evidence import filejobs, scan
from tickets.lifecycle import EvidenceState
from tickets.models import Evidence

_LOOKED_INTO = (EvidenceState.READY, EvidenceState.REPEATED, EvidenceState.UNREADABLE)
MOST = 1000  # in one go, which with `APART` is less than an hour's
APART = timedelta(seconds=3)


def queue(now: datetime) -> int:
    """Lay out the scan of what never was; the newest first. Returns of how many files."""
    if not scan.is_on():
        return 0
    over = Q(job__settled_at__isnull=False) & ~Q(job__last_error__startswith=filejobs.HARMFUL)
    rows = (
        Evidence.objects.filter(scanned_at=None, erased_at=None, state__in=_LOOKED_INTO)
        .filter(Q(job=None) | over)
        .order_by("-pk")
        .values_list("pk", flat=True)[:MOST]
    )
    found = list(rows)
    filejobs.scan_again(found, now, APART)
    return len(found)
