"""A request that is no claim comes to its end: done, with an answer, or refused, with a reason."""

from __future__ import annotations

from datetime import datetime

from django.utils.translation import gettext as _

from policies.types import Request, Verdict
from tickets.actions.base import Turn
from tickets.actions.cancel_order import Today, judge_today
from tickets.actions.deeds import ANSWER_KINDS
from tickets.actions.stepping import step_turn
from tickets.actions.wording import clean
from tickets.actor import Actor
from tickets.errors import Conflict, InvalidInput
from tickets.lifecycle import DeadlineState, TicketState
from tickets.models import Message, Ticket
from tickets.models.event import standing_of

_OVER = (TicketState.SOLVED, TicketState.CLOSED)


def _begin(turn: Turn, done: str, seen: int | None) -> bool:
    """Whether there is something to do: False where this very step was the last one."""
    ticket = turn.ticket
    assert ticket is not None
    if turn.claim is not None:
        raise InvalidInput(_("This is a claim: decide it."))
    if ticket.state in _OVER and standing_of(ticket).filter(kind=done).exists():
        return False
    turn.saw(seen)
    if ticket.state in _OVER:
        raise Conflict(_("This request is over. Reopen it with a message first."))
    if hasattr(ticket, "refund") and ticket.refund.state == "requested":
        raise Conflict(_("The refund of this request is still to be paid."))
    return True


def _end(turn: Turn) -> None:
    ticket = turn.ticket
    assert ticket is not None
    turn.settle(ticket, ANSWER_KINDS)
    turn.settle(ticket, ("carrier_due",), DeadlineState.CANCELLED)
    turn.turn_to(TicketState.SOLVED)


def finish(
    ticket: Ticket, body: str, *, actor: Actor, now: datetime, seen: int | None = None
) -> Ticket:
    """What was asked is done; the customer is told in these words. Twice is once.

    Raises:
        InvalidInput: nothing was written, or it is a claim.
        Conflict: it is over, a refund is still to be paid, or something happened meanwhile.
    """
    text = clean(body)
    with step_turn(ticket.pk, "work", actor=actor, now=now) as turn:
        row = turn.ticket
        assert row is not None
        if not _begin(turn, "request_done", seen):
            return row
        message = Message.objects.create(
            ticket=row, kind="agent", author=actor.user, body=text, at=now
        )
        event = turn.event("request_done", message=message.pk)
        row.last_speaker = "agent"
        turn.mail("message", event)
        _end(turn)
    return row


def refuse(
    ticket: Ticket, reason: str, *, actor: Actor, now: datetime, seen: int | None = None
) -> Ticket:
    """It cannot be done; the customer is told why. Twice is once.

    Where the rules refuse it by now, the rule is cited too.

    Raises:
        InvalidInput: no reason, or it is a claim.
        Conflict: it is over, a refund is still to be paid, or something happened meanwhile.
    """
    text = clean(reason)
    with step_turn(ticket.pk, "work", actor=actor, now=now) as turn:
        row = turn.ticket
        assert row is not None
        if not _begin(turn, "request_refused", seen):
            return row
        today = _today(row, now)
        against = today if today and today.decision.verdict == Verdict.REFUSED else None
        event = turn.event(
            "request_refused",
            rule=against.decision.rule if against else "",
            version=against.version if against else None,
            sentence=against.pack.rule(against.decision.rule).sentence() if against else "",
            note=text,
        )
        turn.mail("request_refused", event)
        _end(turn)
    return row


def _today(ticket: Ticket, now: datetime) -> Today | None:
    if ticket.order is None or ticket.request not in list(Request):
        return None
    return judge_today(ticket, ticket.order, now)
