"""Files are looked into, as the worker does it: at once, in the tests' own process."""

from __future__ import annotations

from datetime import datetime

from tickets.evidence.work import run_due


def check_files(now: datetime) -> None:
    """Look into every file that waits, until none is left to look into."""
    run_due(now)
