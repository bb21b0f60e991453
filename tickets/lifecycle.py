"""States, and the moves allowed between them, as tables. Pure.

The actions ask :func:`may_follow` before they save; check constraints in the
models mirror what can be said in SQL.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from typing import TypeVar

_State = TypeVar("_State", bound=StrEnum)


class TicketState(StrEnum):
    """Whose turn it is in a conversation."""

    NEW = "new"
    OPEN = "open"
    WAITING = "waiting"
    SOLVED = "solved"
    CLOSED = "closed"


class WaitingFor(StrEnum):
    """Whom a waiting ticket waits for."""

    NOBODY = ""
    CUSTOMER = "customer"
    MANUFACTURER = "manufacturer"
    CARRIER = "carrier"


class ClaimState(StrEnum):
    """How far a request for an outcome has come."""

    AWAITING_EVIDENCE = "awaiting_evidence"
    UNDER_REVIEW = "under_review"
    WITH_MANUFACTURER = "with_manufacturer"
    APPROVED = "approved"
    AWAITING_RETURN = "awaiting_return"
    INSPECTING = "inspecting"
    FULFILLED = "fulfilled"
    REFUSED = "refused"
    EXPIRED = "expired"
    WITHDRAWN = "withdrawn"


class BulkState(StrEnum):
    """Where a change of many tickets at once stands."""

    WAITING = "waiting"
    RUNNING = "running"
    DONE = "done"
    STOPPED = "stopped"


class RowState(StrEnum):
    """What came of it for one ticket; ``unchanged``: it stood so already."""

    WAITING = "waiting"
    DONE = "done"
    UNCHANGED = "unchanged"
    FAILED = "failed"
    UNDONE = "undone"


class PickupState(StrEnum):
    """A parcel on the shelf."""

    PREPARING = "preparing"
    RESERVED = "reserved"
    COLLECTED = "collected"
    EXPIRED = "expired"
    CANCELLED = "cancelled"


class EvidenceState(StrEnum):
    """How far a file has come; only a ready one counts."""

    RECEIVED = "received"  # whole, and not looked into yet
    READY = "ready"
    REPEATED = "repeated"  # the same file was there already
    UNREADABLE = "unreadable"
    INFECTED = "infected"


class UploadState(StrEnum):
    """A file on its way."""

    RECEIVING = "receiving"
    ARRIVED = "arrived"
    ENDED = "ended"  # called off, or given up after its time


class FileStage(StrEnum):
    """What is next to be done with a file that has arrived."""

    SCAN = "scan"
    INSPECT = "inspect"
    COPY = "copy"  # contact sheet and prints
    PREVIEW = "preview"
    DONE = "done"


class DeadlineState(StrEnum):
    """``pending`` waits; ``overdue`` has alerted a person and still waits for one."""

    PENDING = "pending"
    MET = "met"
    FIRED = "fired"
    OVERDUE = "overdue"
    MET_LATE = "met_late"
    CANCELLED = "cancelled"


class RefundState(StrEnum):
    """Money on its way back."""

    REQUESTED = "requested"
    PAID = "paid"
    CANCELLED = "cancelled"


class OutboxState(StrEnum):
    """One outside act: waiting or leased, then settled one way or the other."""

    PENDING = "pending"
    DONE = "done"
    FAILED = "failed"
    BOUNCED = "bounced"
    DEAD = "dead"
    DROPPED = "dropped"


OPEN_CLAIM_STATES: frozenset[ClaimState] = frozenset(
    {
        ClaimState.AWAITING_EVIDENCE,
        ClaimState.UNDER_REVIEW,
        ClaimState.WITH_MANUFACTURER,
        ClaimState.APPROVED,
        ClaimState.AWAITING_RETURN,
        ClaimState.INSPECTING,
    }
)

_C = ClaimState
CLAIM_MOVES: Mapping[ClaimState, frozenset[ClaimState]] = {
    _C.AWAITING_EVIDENCE: frozenset({_C.UNDER_REVIEW, _C.REFUSED, _C.EXPIRED, _C.WITHDRAWN}),
    _C.UNDER_REVIEW: frozenset(
        {_C.AWAITING_EVIDENCE, _C.WITH_MANUFACTURER, _C.APPROVED, _C.REFUSED, _C.WITHDRAWN}
    ),
    _C.WITH_MANUFACTURER: frozenset({_C.APPROVED, _C.UNDER_REVIEW, _C.REFUSED, _C.WITHDRAWN}),
    _C.APPROVED: frozenset({_C.AWAITING_RETURN, _C.FULFILLED, _C.WITHDRAWN}),
    _C.AWAITING_RETURN: frozenset({_C.INSPECTING, _C.WITHDRAWN}),
    _C.INSPECTING: frozenset({_C.FULFILLED, _C.REFUSED}),
    _C.REFUSED: frozenset({_C.UNDER_REVIEW}),
    _C.EXPIRED: frozenset({_C.UNDER_REVIEW, _C.AWAITING_EVIDENCE}),
    _C.FULFILLED: frozenset(),
    _C.WITHDRAWN: frozenset(),
}

_T = TicketState
TICKET_MOVES: Mapping[TicketState, frozenset[TicketState]] = {
    _T.NEW: frozenset({_T.OPEN, _T.WAITING, _T.SOLVED, _T.CLOSED}),
    _T.OPEN: frozenset({_T.WAITING, _T.SOLVED, _T.CLOSED}),
    _T.WAITING: frozenset({_T.OPEN, _T.SOLVED, _T.CLOSED}),
    _T.SOLVED: frozenset({_T.OPEN, _T.WAITING, _T.CLOSED}),
    _T.CLOSED: frozenset({_T.OPEN, _T.WAITING}),
}

_E = EvidenceState
EVIDENCE_MOVES: Mapping[EvidenceState, frozenset[EvidenceState]] = {
    _E.RECEIVED: frozenset({_E.READY, _E.REPEATED, _E.UNREADABLE, _E.INFECTED}),
    _E.READY: frozenset(),
    _E.REPEATED: frozenset(),
    _E.UNREADABLE: frozenset(),
    _E.INFECTED: frozenset(),
}

_P = PickupState
PICKUP_MOVES: Mapping[PickupState, frozenset[PickupState]] = {
    _P.PREPARING: frozenset({_P.RESERVED, _P.CANCELLED}),
    _P.RESERVED: frozenset({_P.COLLECTED, _P.EXPIRED, _P.CANCELLED}),
    _P.COLLECTED: frozenset(),
    _P.EXPIRED: frozenset(),
    _P.CANCELLED: frozenset(),
}


def may_follow(
    moves: Mapping[_State, frozenset[_State]], here: _State | str, there: _State | str
) -> bool:
    """Whether the table allows the move from ``here`` to ``there`` (plain strings will do)."""
    return any(state == here and there in allowed for state, allowed in moves.items())
