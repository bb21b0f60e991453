"""What became of one outside act."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Became(StrEnum):
    """How an attempt ended; all but ``RETRY`` settle the row for good."""

    DELIVERED = "delivered"
    FAILED = "failed"
    DROPPED = "dropped"
    DEAD = "dead"
    RETRY = "retry"


@dataclass(frozen=True, slots=True)
class Outcome:
    """One attempt's end. ``away``: the other side is gone for everybody, not for this row."""

    became: Became
    reason: str = ""
    away: bool = False


DELIVERED = Outcome(Became.DELIVERED)


def failed(reason: str) -> Outcome:
    """It will never work: the recipient or the message itself was refused."""
    return Outcome(Became.FAILED, reason)


def dropped(reason: str) -> Outcome:
    """Nobody needs it any more."""
    return Outcome(Became.DROPPED, reason)


def dead(reason: str) -> Outcome:
    """It must never be, and somebody has to look at why it was asked for."""
    return Outcome(Became.DEAD, reason)


def retry(reason: str, *, away: bool = False) -> Outcome:
    """It may work later."""
    return Outcome(Became.RETRY, reason, away)
