"""The demo's own files are looked into at once, in this process: they are drawn beside here."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

from tickets.evidence import work
from tickets.evidence.apart import pictures_program, probe
from tickets.evidence.programs import Limits, nothing

_PROGRAMS = {"probe.py": probe.answer, "pictures_program.py": pictures_program.answer}


def here(
    program: Path,
    arguments: Sequence[str],
    limits: Limits,
    beat: Callable[[], None] = nothing,
) -> dict[str, Any]:
    """Answer as the program would; starting it for each file would take most of the time."""
    return _PROGRAMS[program.name](arguments)


def _still() -> float:
    """In the past that is told here, everything happens at the instant of its story."""
    return 0.0


def check_files(now: datetime) -> int:
    """Everything that is to be done with the files that have arrived by ``now``."""
    return work.run_due(now, stages=work.ALL, run=here, ticks=_still)
