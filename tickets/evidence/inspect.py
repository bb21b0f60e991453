"""Is this file what it must be? Decided by its content, in a program of its own."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import Any

from tickets.actions.check_evidence import Findings, Refusal
from tickets.evidence import programs
from tickets.evidence.programs import APART, Died, Limits, Runner, nothing

PROBE = APART / "probe.py"
# A film of 2 GiB from a phone is read once and decoded in places: seconds, on a slow disk and
# a busy machine minutes. Address space counts mappings; a film in 4K needs well under half.
LIMITS = Limits(memory=3 * 1024**3, cpu=300, wall=600.0)
SHORT_UNBOXING = 15.0  # seconds (house); no box is opened and shown in less
_UNBOXING = "unboxing_video"
_PIECE = 1024 * 1024


def sha256_of(path: Path, beat: Callable[[], None] = nothing) -> str:
    """The hash of a file as 64 hexadecimal digits; ``beat`` is called between pieces."""
    seen = hashlib.sha256()
    with path.open("rb") as file:
        while piece := file.read(_PIECE):
            seen.update(piece)
            beat()
    return seen.hexdigest()


def inspect(
    path: Path,
    media: str,
    *,
    sha256: str,
    kind: str = "",
    run: Runner = programs.run,
    beat: Callable[[], None] = nothing,
) -> Findings | Refusal:
    """Look at a file that must be a ``photo``, a ``video``, ``any`` of the two, or a ``file``.

    A file that makes the decoder run out of time, of memory or into a crash is refused as too
    heavy, and hurts nothing: the decoder runs apart. ``kind`` is the kind of evidence, which
    some advice depends on.
    """
    try:
        answer = run(PROBE, [media, str(path)], LIMITS, beat)
        if not answer.pop("ok"):
            return Refusal(str(answer["code"]), sha256)
        return _findings(answer, sha256, kind)
    except (Died, KeyError, TypeError, ValueError):
        return Refusal("too_heavy", sha256)


def _findings(answer: dict[str, Any], sha256: str, kind: str) -> Findings:
    seconds = answer.pop("seconds", None)
    captured_at = answer.pop("captured_at")
    advice = tuple(answer.pop("advice"))
    if kind == _UNBOXING and seconds is not None and seconds < SHORT_UNBOXING:
        advice = ("short", *advice)
    return Findings(
        sha256=sha256,
        seconds=seconds,
        captured_at=datetime.fromisoformat(captured_at) if captured_at else None,
        advice=advice,
        **answer,
    )
