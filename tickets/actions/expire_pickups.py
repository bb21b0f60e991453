"""What the clock does to the shelf: pickups not collected in time, set-wise.

A hundred thousand rows may come due at once, so this action works on sets: one
statement locks a batch (skipping what others hold), judges it, and writes every row
that the single-row actions would write: the move, the event, the refund, the outbox
row, the next deadline. The rule it enforces: a reservation lapses by itself only if a
warning of this very reservation was delivered, none came back, and nobody is looking at
it already; otherwise a person is asked.
"""

from __future__ import annotations

from contextlib import suppress
from datetime import datetime, timedelta
from typing import Any

from django.db import connection, transaction

from policies.models import PolicyVersion
from policies.publish import NoGoodVersion, pack_of
from supportdesk.nudge import drain_outbox as nudge
from tickets.lifecycle import DeadlineState, PickupState
from tickets.models import Deadline

_LOCK = """
CREATE TEMPORARY TABLE expiring ON COMMIT DROP AS
SELECT d.id AS deadline_id, p.id AS pickup_id, p.store_id, p.order_id, p.cycle, p.rule,
       p.policy_version_id, p.last_seq, p.confirmed_at, p.reserved_until,
       o.customer_id, o.total, o.currency,
       (o.paid_at IS NOT NULL AND o.total > 0
        AND o.financial_status NOT IN ('refunded', 'voided', 'pending', 'authorized')) AS owed,
       coalesce(bool_or(n.state = 'done'), false)
        AND NOT coalesce(bool_or(n.state IN ('failed', 'bounced', 'dead')), false)
        AND NOT p.needs_person AS warned
FROM (
    SELECT d.id, d.pickup_id FROM tickets_deadline d
    JOIN tickets_pickup p ON p.id = d.pickup_id
    WHERE d.kind = 'pickup_expiry' AND d.state = 'pending' AND d.wake_at <= %(now)s
      AND p.state = 'reserved' AND d.cycle = p.cycle
    ORDER BY d.wake_at, d.id LIMIT %(limit)s
    FOR UPDATE OF d, p SKIP LOCKED
) AS d
JOIN tickets_pickup p ON p.id = d.pickup_id
JOIN tickets_order o ON o.id = p.order_id
LEFT JOIN tickets_outbox n
       ON n.pickup_id = p.id AND n.cycle = p.cycle AND n.template = 'pickup_reminder'
GROUP BY d.id, p.id, o.id
"""
_MOVE = """
UPDATE tickets_pickup p
SET state = CASE WHEN e.warned THEN 'expired' ELSE p.state END,
    needs_person = NOT e.warned,
    last_seq = p.last_seq + 1
FROM expiring e WHERE p.id = e.pickup_id
"""
_DEADLINES = """
UPDATE tickets_deadline d
SET state = CASE WHEN e.warned THEN 'fired' ELSE 'overdue' END, settled_at = %(now)s
FROM expiring e WHERE d.id = e.deadline_id
"""
_REMINDERS = """
UPDATE tickets_deadline d SET state = 'cancelled', settled_at = %(now)s
FROM expiring e
WHERE d.pickup_id = e.pickup_id AND d.kind = 'pickup_reminder' AND d.state = 'pending'
"""
_ORDERS = """
UPDATE tickets_order o SET cancelled_at = %(now)s
FROM expiring e WHERE o.id = e.order_id AND e.warned AND o.cancelled_at IS NULL
"""
_EVENTS = """
WITH told AS (
    INSERT INTO tickets_event
        (store_id, pickup_id, seq, kind, at, actor_kind, rule, policy_version_id, data)
    SELECT store_id, pickup_id, last_seq + 1,
           CASE WHEN warned THEN 'pickup_expired' ELSE 'pickup_needs_person' END,
           %(now)s, 'system', rule, policy_version_id,
           jsonb_build_object(
               'facts', jsonb_build_object(
                   'pickup_confirmed_at', confirmed_at, 'reserved_until', reserved_until,
                   'at', %(now)s::timestamptz, 'warning_delivered', warned),
               'refund_requested', CASE WHEN warned AND owed THEN total::text END,
               'currency', currency)
    FROM expiring
    RETURNING id, pickup_id, kind
)
INSERT INTO tickets_outbox
    (store_id, event_id, template, to_customer_id, to_store, pickup_id, cycle, state, wake_at,
     attempts, last_error, message_id)
SELECT e.store_id, t.id,
       CASE WHEN e.warned THEN 'pickup_expired' ELSE 'staff_alert' END,
       CASE WHEN e.warned THEN e.customer_id END, NOT e.warned,
       e.pickup_id, e.cycle, 'pending', %(now)s, 0, '', ''
FROM told t JOIN expiring e ON e.pickup_id = t.pickup_id
"""
_REFUNDS = """
WITH made AS (
    INSERT INTO tickets_refund
        (store_id, order_id, pickup_id, amount, currency, state, requested_at)
    SELECT store_id, order_id, pickup_id, total, currency, 'requested', %(now)s
    FROM expiring WHERE warned AND owed
    ON CONFLICT DO NOTHING
    RETURNING id, store_id, pickup_id
)
INSERT INTO tickets_deadline
    (store_id, refund_id, kind, step, cycle, due_at, wake_at, state, attempts, last_error)
SELECT m.store_id, m.id, 'refund_due', 0, 1, v.due_at, v.due_at, 'pending', 0, ''
FROM made m
JOIN expiring e ON e.pickup_id = m.pickup_id
JOIN unnest(%(versions)s::bigint[], %(dues)s::timestamptz[]) AS v(version_id, due_at)
  ON v.version_id = e.policy_version_id
"""
BATCH = 5_000


def expire_due(now: datetime, limit: int = BATCH) -> int:
    """Settle up to ``limit`` reservations that are over at ``now``; returns how many.

    Each is one of two things afterwards: expired (order cancelled, refund requested,
    customer told), or waiting for a person (staff told). A second run finds none of
    them; two runs at once share the work.
    """
    if not _any_due(now):
        return 0
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(_LOCK, {"now": now, "limit": limit})
        count: int = cursor.rowcount
        cursor.execute("ANALYZE expiring")
        cursor.execute("SELECT DISTINCT policy_version_id FROM expiring")
        dues = _refund_dues([row[0] for row in cursor.fetchall()], now)
        values: dict[str, Any] = {"now": now, "versions": list(dues), "dues": list(dues.values())}
        for statement in (_MOVE, _DEADLINES, _REMINDERS, _ORDERS, _EVENTS, _REFUNDS):
            cursor.execute(statement, values)
        cursor.execute("DROP TABLE expiring")
        transaction.on_commit(nudge)
    return count


def _any_due(now: datetime) -> bool:
    """Most sweeps find nothing: then no table is made and nothing is locked."""
    due = Deadline.objects.filter(
        kind="pickup_expiry",
        state=DeadlineState.PENDING,
        wake_at__lte=now,
        pickup__state=PickupState.RESERVED,
    )
    return due.exists()


def _refund_dues(version_ids: list[int], now: datetime) -> dict[int, datetime]:
    """By which instant each pack version promises a refund requested now."""
    dues: dict[int, datetime] = {}
    for version in PolicyVersion.objects.defer("source").filter(pk__in=version_ids):
        # A store without a promise is still reminded of the money it owes; and one whose rules
        # cannot be read holds nobody else's pickups up.
        dues[version.pk] = now + timedelta(days=30)
        with suppress(NoGoodVersion):
            pack = pack_of(version)
            if pack.refund_days is not None:
                dues[version.pk] = pack.calendar.window_closes(now, pack.refund_days)
    return dues
