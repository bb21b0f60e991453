"""The middle of a ticket's page: what was said, and where somebody writes."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.utils.translation import gettext as _

from tickets.attached import Attached
from tickets.desk import composer, conversation, timeline
from tickets.desk.forms import StepForm
from tickets.desk.merging import NOTHING, Merged
from tickets.desk.person import Desk
from tickets.models import Claim, Event, ReplyDraft, Ticket


def context(
    desk: Desk,
    ticket: Ticket,
    claim: Claim | None,
    events: Sequence[Event],
    kept: Attached,
    bound: tuple[str, StepForm] | None,
    since: int | None,
    merged: Merged = NOTHING,
) -> dict[str, Any]:
    """What the conversation's templates need; ``events``, ``kept`` and ``merged`` are what the
    page read."""
    said = list(ticket.messages.all())
    # What was begun here before what was begun on a ticket that is merged into it.
    here = sorted(kept.drafts, key=lambda row: row.ticket_id != ticket.pk)
    draft, pending = composer.drafts_of(desk, here)
    form = bound[1] if bound and bound[0] == "message" else None
    return {
        "talk": conversation.of(
            ticket, events, said, kept.said, along=merged.events, names=merged.names
        ),
        "compose": composer.of(
            desk,
            ticket,
            claim,
            form,
            draft,
            pending,
            kept.written,
            overwritten=getattr(form, "overwritten", ""),
        ),
        "meanwhile": _meanwhile(desk, events, said, pending, since, refused=form is not None),
    }


def _meanwhile(
    desk: Desk,
    events: Sequence[Event],
    said: Sequence[Any],
    pending: Sequence[ReplyDraft],
    since: int | None,
    *,
    refused: bool,
) -> list[timeline.Entry]:
    """What happened since, and what somebody else is sending at this moment."""
    found = conversation.meanwhile(events, said, since)
    if since is None or not refused:
        return found
    for row in pending:
        if row.user_id != desk.user.pk and row.kind == "agent":
            line = timeline.Entry("event", row.user.get_full_name(), row.touched_at, _("Answers"))
            found.append(timeline.with_words(line, row.body))
    return found
