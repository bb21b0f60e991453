"""Sweeping 100,000 due pickups against one raw UPDATE of the same rows.

Each pickup of the sweep is cancelled, its order too, its refund requested with a
deadline, its event written and its mail queued: six tables. The raw statement changes
one column of the same hundred thousand rows, in a transaction of its own.
"""

from __future__ import annotations

import resource
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

from django.db import connection

from tests.bench.__main__ import Figure
from tickets.actions.stores import open_store
from tickets.deadlines import sweep
from tickets.models import Deadline, Event, Outbox, Pickup, Refund

ROWS = 100_000
NOW = datetime(2026, 6, 1, 12, 0, tzinfo=UTC)

_FILL = """
INSERT INTO tickets_customer (store_id, email, email_key, name, phone, locale, time_zone)
SELECT {store}, 'c' || n || '@example.com', 'c' || n || '@example.com', 'C', '', 'en', ''
FROM generate_series(1, {rows}) n;
INSERT INTO tickets_order
    (store_id, customer_id, number, number_key, placed_at, paid_at, financial_status,
     fulfillment_status, channel, shipping_method, shipping_label, country, currency, total,
     preorder, ship_to, import_hash, last_seq)
SELECT {store}, c.id, 'B' || c.id, 'b' || c.id, '{placed}', '{placed}', 'paid', '', 'online',
       'pickup', '', 'US', 'USD', 30, false, '{{}}', '', 0
FROM tickets_customer c WHERE c.store_id = {store} AND c.name = 'C';
INSERT INTO tickets_pickup
    (store_id, order_id, state, confirmed_at, reserved_until, cycle, receipt_seen,
     identification_seen, needs_person, last_seq, rule, policy_version_id)
SELECT {store}, o.id, 'reserved', '{placed}', '{due}', 1, false, false, false, 1,
       'kpopusa.pickup.reserve', (SELECT max(id) FROM policies_policyversion)
FROM tickets_order o WHERE o.store_id = {store} AND o.number_key LIKE 'b%';
INSERT INTO tickets_event
    (store_id, pickup_id, seq, kind, at, actor_kind, rule, policy_version_id, data)
SELECT {store}, p.id, 1, 'pickup_reminded', '{placed}', 'system', '', NULL, '{{}}'
FROM tickets_pickup p;
INSERT INTO tickets_outbox
    (store_id, event_id, template, to_customer_id, to_store, pickup_id, cycle, state, wake_at,
     attempts, last_error, message_id, settled_at)
SELECT {store}, e.id, 'pickup_reminder', o.customer_id, false, p.id, 1, 'done', '{placed}', 1,
       '', '', '{placed}'
FROM tickets_event e JOIN tickets_pickup p ON p.id = e.pickup_id
JOIN tickets_order o ON o.id = p.order_id;
INSERT INTO tickets_deadline
    (store_id, pickup_id, kind, step, cycle, due_at, wake_at, state, attempts, last_error)
SELECT {store}, p.id, 'pickup_expiry', 0, 1, '{due}', '{due}', 'pending', 0, ''
FROM tickets_pickup p;
"""


def figures() -> Iterator[Figure]:
    """The ratio of the two times, and by how much the process grew meanwhile."""
    store = open_store("kpopusa", now=NOW, mail_from="bench@example.com")
    placed, due = NOW - timedelta(days=30), NOW - timedelta(days=1)
    with connection.cursor() as cursor:
        cursor.execute(_FILL.format(store=store.pk, rows=ROWS, placed=placed, due=due))
        cursor.execute("VACUUM ANALYZE")
        started = time.perf_counter()
        cursor.execute("UPDATE tickets_pickup SET needs_person = true WHERE state = 'reserved'")
        raw = time.perf_counter() - started
        assert cursor.rowcount == ROWS
        cursor.execute("UPDATE tickets_pickup SET needs_person = false")
        cursor.execute("VACUUM ANALYZE")
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    started = time.perf_counter()
    swept = sweep(NOW)
    took = time.perf_counter() - started
    grew = (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) / 1024
    assert swept.fired == {"pickup_expiry": ROWS}, swept
    assert Pickup.objects.filter(state="expired").count() == ROWS
    assert Refund.objects.count() == Outbox.objects.filter(state="pending").count() == ROWS
    assert Event.objects.filter(kind="pickup_expired").count() == ROWS
    assert Deadline.objects.filter(kind="refund_due").count() == ROWS
    name = f"sweep of {ROWS:,} due pickups / one raw UPDATE of them"
    print(f"  raw update {raw:.2f} s, sweep {took:.2f} s")
    yield Figure(name, took / raw, "x", 12)
    yield Figure("memory the sweep adds to its process", grew, "MiB", 64)
