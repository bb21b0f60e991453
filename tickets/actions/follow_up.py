"""A closed conversation stays closed: who writes there begins a new one that is linked to it."""

from __future__ import annotations

import uuid
from collections.abc import Sequence

from tickets.actions.attachments import Attached, put_on
from tickets.actions.base import Turn
from tickets.actions.requests import OTHER, write_about
from tickets.models import Message, Ticket, TicketLink


def begin(
    turn: Turn, body: str, *, form_key: uuid.UUID | None, attachments: Sequence[Attached]
) -> Message:
    """Open the ticket that follows the turn's, with what its customer wrote; both say so.

    Called under the old ticket's lock: the same form twice is one new ticket.
    """
    old = turn.ticket
    assert old is not None
    new = write_about(
        turn.store,
        OTHER,
        body,
        customer=old.customer,
        order=old.order,
        form_key=form_key or uuid.uuid4(),
        now=turn.now,
    )
    Ticket.objects.filter(pk=new.pk).update(
        subject=old.subject, assignee=_still_there(old), channel="page"
    )
    message = new.messages.get()
    message.channel = "page"
    message.save(update_fields=["channel"])
    TicketLink.objects.create(ticket=new, other=old, kind="follow_up", made_at=turn.now)
    turn.event("linked", other=new.reference, link="follow_up")
    fresh = Ticket.objects.select_for_update(of=("self",)).select_related("store").get(pk=new.pk)
    its = Turn(actor=turn.actor, now=turn.now, store=turn.store, ticket=fresh)
    if attachments:
        put_on(its, message, attachments)
    its.event("linked", other=old.reference, link="follow_up")
    its.flush()
    message.ticket = fresh
    return message


def _still_there(old: Ticket) -> int | None:
    """Who knows the story, if they still work."""
    return old.assignee_id if old.assignee is not None and old.assignee.is_active else None
