"""The rows of what has happened: taken under a lease, held while somebody acts, and done with."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from datetime import datetime, timedelta

from django.db import transaction

from tickets.actions.automation_clock import last_word
from tickets.lifecycle import DeadlineState, TicketState, WaitingFor
from tickets.models import AutomationCause, Deadline, Ticket

LEASE = timedelta(minutes=2)
BATCH = 20


def more(now: datetime) -> bool:
    """Whether any are due."""
    return AutomationCause.objects.filter(done_at=None, wake_at__lte=now).exists()


def take(now: datetime, token: uuid.UUID, limit: int = BATCH) -> list[AutomationCause]:
    """Lease causes, the oldest first, those whose lease has run out among them."""
    with transaction.atomic():
        rows = list(
            AutomationCause.objects.select_for_update(of=("self",), skip_locked=True)
            .select_related("event", "deadline__claim", "deadline__refund__claim", "store")
            .filter(done_at=None, wake_at__lte=now)
            .order_by("wake_at", "pk")[:limit]
        )
        for row in rows:
            row.lease, row.wake_at, row.attempts = token, now + LEASE, row.attempts + 1
        AutomationCause.objects.bulk_update(rows, ["lease", "wake_at", "attempts"])
    return rows


def give_back(causes: Sequence[AutomationCause], token: uuid.UUID, now: datetime) -> None:
    """Let others have what was not looked at."""
    keys = [cause.pk for cause in causes]
    AutomationCause.objects.filter(pk__in=keys, lease=token).update(
        lease=None, wake_at=now, attempts=0
    )


def ticket_of(cause: AutomationCause) -> int | None:
    """The ticket that a cause is about; None where there is none."""
    if cause.event is not None:
        return cause.event.ticket_id
    deadline = cause.deadline
    assert deadline is not None
    refund = deadline.refund
    claim = deadline.claim or (refund.claim if refund is not None else None)
    if claim is not None:
        return claim.ticket_id
    return deadline.ticket_id or (refund.ticket_id if refund is not None else None)


def stands(cause: AutomationCause, ticket: Ticket, now: datetime) -> bool:
    """Whether what the clock has found is still so, of a ticket that is locked."""
    if cause.automation_id is None:
        return True
    if cause.deadline_id is not None:
        rows = Deadline.objects.filter(pk=cause.deadline_id, due_at__gt=now)
        return rows.filter(state=DeadlineState.PENDING).exists()
    waits = (ticket.state, ticket.waiting_for) == (TicketState.WAITING, WaitingFor.CUSTOMER)
    return waits and ticket.snoozed_until is None and last_word(ticket) == cause.event_id


def hold(cause: AutomationCause, token: uuid.UUID) -> bool:
    """Lock it; False where somebody else has the lease by now."""
    mine = AutomationCause.objects.select_for_update().filter(
        pk=cause.pk, lease=token, done_at=None
    )
    return mine.first() is not None


def tried(cause: AutomationCause, token: uuid.UUID, automation_id: int) -> bool:
    """An automation has had its turn; False where somebody else has the lease by now."""
    with transaction.atomic():
        if not hold(cause, token):
            return False
        mark(cause, automation_id)
    return True


def mark(cause: AutomationCause, automation_id: int) -> None:
    """The same, of one that is held."""
    cause.tried = [*cause.tried, automation_id]
    AutomationCause.objects.filter(pk=cause.pk).update(tried=cause.tried)


def finish(cause: AutomationCause, token: uuid.UUID, now: datetime) -> int:
    """An event's cause is done with; one of the clock stays, so that it is not found again."""
    mine = AutomationCause.objects.filter(pk=cause.pk, lease=token)
    if cause.automation_id is None:
        return mine.delete()[0]
    return mine.update(done_at=now, lease=None)
