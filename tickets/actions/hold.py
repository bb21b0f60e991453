"""Legal hold: while a case is held, nothing of its evidence is erased."""

from __future__ import annotations

from datetime import datetime

from django.utils.translation import gettext as _

from tickets.actions import custody, retention
from tickets.actions.base import Turn, ticket_turn
from tickets.actions.ledger import files_of
from tickets.actor import Actor
from tickets.errors import InvalidInput, NotAllowed
from tickets.models import Ticket

LONGEST_REASON = 500


def hold(
    ticket: Ticket, reason: str, *, actor: Actor, now: datetime, seen: int | None = None
) -> Ticket:
    """Hold a case: its files stay, whatever the days of the pack say. Held already, it stays so.

    For leads and above. Each file's log of custody gets an entry.

    Raises:
        NotAllowed: the actor is no person of the store with the right to override.
        InvalidInput: no reason, or one longer than ``LONGEST_REASON``.
        Conflict: something happened after the event numbered ``seen``.
    """
    why = _reason(reason)
    with ticket_turn(ticket.pk, "override", actor=actor, now=now) as turn:
        row = turn.ticket
        assert row is not None
        if actor.user is None:  # a hold names its person
            raise NotAllowed
        if row.held_at is not None:
            return row
        turn.saw(seen)
        row.held_at, row.held_by, row.hold_reason = now, actor.user, why
        _note(turn, row, "evidence_held", "held", why)
    return row


def release(
    ticket: Ticket, reason: str, *, actor: Actor, now: datetime, seen: int | None = None
) -> Ticket:
    """End a hold. What had its date meanwhile is erased a week later, not at once.

    Not held, it stays so. For leads and above.

    Raises:
        NotAllowed: the actor may not override in this store.
        InvalidInput: no reason, or one longer than ``LONGEST_REASON``.
        Conflict: something happened after the event numbered ``seen``.
    """
    why = _reason(reason)
    with ticket_turn(ticket.pk, "override", actor=actor, now=now) as turn:
        row = turn.ticket
        assert row is not None
        if row.held_at is None:
            return row
        turn.saw(seen)
        row.held_at, row.held_by, row.hold_reason = None, None, ""
        retention.wait_after_release(row, now)
        _note(turn, row, "evidence_released", "released", why)
    return row


def _reason(typed: str) -> str:
    text = typed.strip()
    if not text:
        raise InvalidInput(_("Say why, for whoever reads this later."), "reason")
    if len(text) > LONGEST_REASON:
        raise InvalidInput(_("At most %(n)d characters, please.") % {"n": LONGEST_REASON}, "reason")
    return text


def _note(turn: Turn, ticket: Ticket, kind: str, act: str, reason: str) -> None:
    files = list(files_of(ticket))
    turn.event(kind, reason=reason, count=len(files))
    for file in files:
        custody.add(file, act, actor=turn.actor, now=turn.now, reason=reason)
