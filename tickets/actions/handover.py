"""Give a ticket to a colleague together with a word about it, in one step."""

from __future__ import annotations

import uuid
from datetime import datetime

from django.db import transaction

from tickets.actions import deeds, mentions, talk
from tickets.actions.base import ticket_turn
from tickets.actions.wording import clean
from tickets.actor import Actor
from tickets.models import Event, Ticket, User


def hand_over(
    ticket: Ticket,
    user: User | None,
    note: str,
    *,
    actor: Actor,
    now: datetime,
    form_key: uuid.UUID | None = None,
) -> Event | None:
    """Assign it, and leave the note: whoever gets the ticket is called by it, and mailed.

    Without words it is an assignment and nothing else. The same ``form_key`` twice is one note.
    Returns the event of the assignment, whose ``handover`` is the note's message; None where it
    was theirs already.

    Raises:
        InvalidInput: that person cannot work in this store, the note is too long, or calls
            somebody who may not see the ticket.
        NotAllowed: the actor may not work here.
    """
    if not note.strip():
        return talk.assign(ticket, user, actor=actor, now=now)
    text = clean(note)
    called = list(mentions.in_note(text, ticket.store).people)
    if user is not None and user not in called and user != actor.user:
        called.insert(0, user)
    with transaction.atomic():
        message = talk.say(
            ticket,
            text,
            kind="note",
            actor=actor,
            now=now,
            form_key=form_key,
            channel="desk",
            mentions=called[: mentions.MOST],
        )
        # Where the note has gone: of a merged ticket, to the one it is a part of.
        with ticket_turn(message.ticket_id, "work", actor=actor, now=now) as turn:
            event = deeds.assign(turn, user)
            if event is not None:
                event.data["handover"] = message.pk
    return event
