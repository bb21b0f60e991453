"""A mail of ours came back: it counts as not delivered, and staff hear of it."""

from __future__ import annotations

from contextlib import AbstractContextManager
from datetime import datetime

from tickets.actions.base import Turn, inquiry_turn, order_turn, pickup_turn, ticket_turn
from tickets.actor import Actor
from tickets.lifecycle import OutboxState
from tickets.models import Event, Outbox

# A mail that was taken for delivered, or whose sender died before it could say so.
_CAN_BOUNCE = (OutboxState.DONE, OutboxState.PENDING)


def record_bounce(
    message_id: str, *, reason: str = "", actor: Actor, now: datetime
) -> Outbox | None:
    """Mark the mail with this Message-ID as come back; ``None`` when it is none of ours.

    One event on what it was about, whatever often the same return arrives. A pickup whose
    reminder came back is not cancelled by itself: the expiry looks at this row. A returned
    alert alerts nobody, or two broken addresses would write to each other for ever.
    """
    found = Outbox.objects.select_related("event").filter(message_id=message_id).first()
    if found is None or not message_id:
        return None
    with _turn(found.event, actor, now) as turn:
        return _record(turn, found.pk, reason)


def _turn(event: Event, actor: Actor, now: datetime) -> AbstractContextManager[Turn]:
    """A turn on what the mail was about."""
    if event.ticket_id is not None:
        return ticket_turn(event.ticket_id, "work", actor=actor, now=now, to_root=True)
    if event.pickup_id is not None:
        return pickup_turn(event.pickup_id, "work", actor=actor, now=now)
    if event.order_id is not None:
        return order_turn(event.order_id, "work", actor=actor, now=now)
    assert event.inquiry_id is not None
    return inquiry_turn(event.inquiry_id, "work", actor=actor, now=now)


def _record(turn: Turn, pk: int, reason: str) -> Outbox:
    row = Outbox.objects.select_for_update(of=("self",)).get(pk=pk)
    if row.state not in _CAN_BOUNCE:
        return row
    row.state = OutboxState.BOUNCED
    row.settled_at = turn.now
    row.lease = row.leased_until = None  # a worker still at it can no longer settle
    row.last_error = reason[:300]
    row.save(update_fields=["state", "settled_at", "lease", "leased_until", "last_error"])
    event = turn.event("mail_bounced", template=row.template, outbox=row.pk, reason=reason[:300])
    if row.to_customer_id is not None:
        turn.alert(event)
    return row
