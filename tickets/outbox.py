"""Claim, act, settle, sweep: how the rows of the outbox become mails.

An action writes the row in its own transaction. A worker takes it under a lease, acts with no
transaction open, and settles it only while the lease is still its own. A worker that dies in
between leaves a lease that runs out: the row is taken again, and its mail goes out under the
same Message-ID, by which a receiver knows a repeat.
"""

from __future__ import annotations

import logging
import time
import uuid
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.db import transaction
from django.db.models import F
from django.utils.crypto import salted_hmac

from tickets.effects import mail
from tickets.effects.letters import NoteToCustomer
from tickets.effects.outcome import Became, Outcome, dead, retry
from tickets.lifecycle import OutboxState
from tickets.models import Outbox

log = logging.getLogger(__name__)

LEASE = timedelta(minutes=2)
BATCH = 10
MAX_ATTEMPTS = 10
# 1, 3, 9, 27 minutes… at most 12 hours apart: a mail server may be away for a day and a half.
FIRST_PAUSE, PAUSE_GROWTH, LONGEST_PAUSE = timedelta(minutes=1), 3, timedelta(hours=12)

_SETTLED = {
    Became.DELIVERED: OutboxState.DONE,
    Became.FAILED: OutboxState.FAILED,
    Became.DROPPED: OutboxState.DROPPED,
    Became.DEAD: OutboxState.DEAD,
}

# Everything that a mail is written from, in one query.
_WITH = (
    "store",
    "event__ticket__order",
    "event__claim__order",
    "event__claim__policy_version",
    "event__pickup__order",
    "event__policy_version",
    "event__order__customer",
    "event__inquiry__order",
    "to_customer",
    "to_user",
    "pickup__order",
)

# …but for the packs, which are read once and kept.
_WITHOUT = ("event__policy_version__source", "event__claim__policy_version__source")

Deliver = Callable[[Outbox, datetime], Outcome]


@dataclass(frozen=True, slots=True)
class Lease:
    """The right to act for one row until ``until``; ``attempt`` counts from 1."""

    row_id: int
    token: uuid.UUID
    until: datetime
    attempt: int


def message_id_for(row_id: int) -> str:
    """The Message-ID of a row: the same for every attempt, not to be guessed from a number."""
    digest = salted_hmac("tickets.outbox.message-id", str(row_id), algorithm="sha256").hexdigest()
    return f"<{digest[:32]}@{settings.MAIL_DOMAIN}>"


def pause_after(attempt: int) -> timedelta:
    """How long to wait after the given failed attempt (from 1)."""
    growth: int = PAUSE_GROWTH ** (attempt - 1)
    return min(FIRST_PAUSE * growth, LONGEST_PAUSE)


def take(now: datetime, limit: int = BATCH) -> list[Lease]:
    """Lease up to ``limit`` due rows, those whose lease has run out among them.

    Two workers never get the same row: SKIP LOCKED while the other is taking it, and a
    ``wake_at`` beyond its lease afterwards. An attempt counts from the moment it is taken, so
    that a row which kills its worker every time is dead in the end, too.
    """
    token = uuid.uuid4()
    with transaction.atomic():
        rows = list(
            Outbox.objects.select_for_update(skip_locked=True)
            .filter(state=OutboxState.PENDING, wake_at__lte=now)
            .order_by("wake_at", "id")[:limit]
        )
        for row in rows:
            _lease(row, token, now)
        Outbox.objects.bulk_update(
            rows,
            [
                "state",
                "lease",
                "leased_until",
                "wake_at",
                "attempts",
                "message_id",
                "settled_at",
                "last_error",
            ],
        )
    return [
        Lease(row.pk, token, now + LEASE, row.attempts)
        for row in rows
        if row.state == OutboxState.PENDING
    ]


def _lease(row: Outbox, token: uuid.UUID, now: datetime) -> None:
    if row.attempts >= MAX_ATTEMPTS:
        row.state, row.settled_at, row.lease, row.leased_until = OutboxState.DEAD, now, None, None
        row.last_error = row.last_error or "every attempt ended without an answer"
        log.error("Outbox row %s is dead: %s", row.pk, row.last_error)
        return
    row.lease, row.attempts = token, row.attempts + 1
    row.leased_until = row.wake_at = now + LEASE
    row.message_id = row.message_id or message_id_for(row.pk)


def renew(lease: Lease, now: datetime) -> Lease | None:
    """The lease with its full time again, or ``None`` when somebody else holds the row."""
    until = now + LEASE
    held = Outbox.objects.filter(
        pk=lease.row_id, lease=lease.token, state=OutboxState.PENDING
    ).update(leased_until=until, wake_at=until)
    return Lease(lease.row_id, lease.token, until, lease.attempt) if held else None


def release(lease: Lease, now: datetime) -> bool:
    """Give back a row that was not acted for; the attempt does not count."""
    return bool(
        Outbox.objects.filter(pk=lease.row_id, lease=lease.token, state=OutboxState.PENDING).update(
            lease=None, leased_until=None, wake_at=now, attempts=F("attempts") - 1
        )
    )


def settle(lease: Lease, outcome: Outcome, now: datetime) -> bool:
    """Write down how the attempt ended; ``False`` when the lease was no longer ours.

    A retry comes back after a growing pause, and is dead after the last one.
    """
    values: dict[str, Any] = {
        "lease": None,
        "leased_until": None,
        "last_error": outcome.reason[:300],
    }
    if outcome.became != Became.RETRY:
        values |= {"state": _SETTLED[outcome.became], "settled_at": now}
    elif lease.attempt >= MAX_ATTEMPTS:
        values |= {"state": OutboxState.DEAD, "settled_at": now}
    else:
        values |= {"wake_at": now + pause_after(lease.attempt)}
    settled = Outbox.objects.filter(
        pk=lease.row_id, lease=lease.token, state=OutboxState.PENDING
    ).update(**values)
    if settled and values.get("state") == OutboxState.DEAD:
        log.error("Outbox row %s is dead: %s", lease.row_id, outcome.reason)
    return bool(settled)


def drain(now: datetime, *, limit: int = 500, deliver: Deliver | None = None) -> int:
    """Take, act and settle until nothing is due or ``limit`` rows were acted for.

    Returns how many attempts were settled. While the mail server is away the rest is given
    back at once: one row has told us, the others need not run into it. ``now`` is the instant
    at which the drain began; leases are counted on from there by the machine's own ticks.
    """
    started = time.monotonic()

    def instant() -> datetime:
        return now + timedelta(seconds=time.monotonic() - started)

    with mail.Postman() as postman:
        act = deliver or postman.deliver
        settled = acted = 0
        away = False
        while acted < limit and not away:
            leases = take(instant(), min(BATCH, limit - acted))
            if not leases:
                break
            for lease in leases:
                if away:
                    release(lease, instant())
                    continue
                acted += 1
                outcome = _act(act, lease, instant)
                if outcome is not None:
                    settled += settle(lease, outcome, instant())
                    away = outcome.away
    return settled


def _alarm(row: Outbox, now: datetime) -> None:
    """Tell the store's staff, once, that a note was stopped on its way to a customer."""
    alarm = Outbox(
        store=row.store, event=row.event, template="note_held_back", to_store=True, wake_at=now
    )
    Outbox.objects.bulk_create([alarm], ignore_conflicts=True)


def _act(act: Deliver, lease: Lease, instant: Callable[[], datetime]) -> Outcome | None:
    """One attempt, or ``None`` when the row was lost while its batch-mates were at work."""
    if lease.until - instant() < LEASE / 2 and renew(lease, instant()) is None:
        return None
    rows = Outbox.objects.select_related(*_WITH).defer(*_WITHOUT)
    row = rows.get(pk=lease.row_id)
    try:
        return act(row, instant())
    except NoteToCustomer as error:
        _alarm(row, instant())
        return dead(str(error))
    except Exception as error:  # one broken row must not hold up the others
        log.exception("Outbox row %s could not be acted for", lease.row_id)
        return retry(f"{type(error).__name__}: {error}")
