"""While something is away, look every minute whether it is back, and tell staff if it lasts."""

from __future__ import annotations

import logging
import secrets
from datetime import datetime

from django.core.files.base import ContentFile
from django.core.files.storage import default_storage

from supportdesk.nudge import check_files as nudge
from tickets.evidence import filejobs, notices, scan
from tickets.evidence.outages import SCANNER, end_outage, raise_outage, standing

log = logging.getLogger(__name__)

# Enough that a full disk says so, and small enough to be written every minute.
_PROBE = 64 * 1024


def look(now: datetime) -> int:
    """Ask what is away whether it is back; returns how many outages still stand.

    What waited for it is woken when it is. One that stands for five minutes is told by mail.
    """
    for outage in standing():
        trouble = _scanner() if outage.kind == SCANNER else _storage()
        if trouble:
            raise_outage(outage.kind, trouble, now=now)
        elif end_outage(outage.kind, now=now):
            filejobs.wake(outage.kind, now)
            nudge()
    notices.send_due(now)
    return len(standing())


def _scanner() -> str:
    """What is wrong with the scanner; nothing where files are not scanned any more."""
    if not scan.is_on():
        return ""
    try:
        scan.ping()
    except scan.ScannerAway as error:
        return error.reason
    return ""


def _storage() -> str:
    """What is wrong with the storage: a small file is written, read and deleted."""
    name = f"probe/{secrets.token_hex(8)}"
    try:
        stored = default_storage.save(name, ContentFile(b"\0" * _PROBE))
        try:
            with default_storage.open(stored) as file:
                if len(file.read()) != _PROBE:
                    return "a file came back shorter than it was written"
        finally:
            default_storage.delete(stored)
    except Exception as error:  # every storage has its own kinds of failing
        return f"{type(error).__name__}: {error}"
    return ""
