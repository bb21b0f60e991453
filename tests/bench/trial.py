"""Trying a draft over 100,000 past requests: how long it takes, and how much memory it adds.

Each past request is a claim with its order, line and item, and two decisions in its trace, the
later with a file more. The draft asks for other evidence, gives more time and takes a refund
away, so that a good part comes out otherwise and the rows to keep reach their limit.
"""

from __future__ import annotations

import json
import resource
import time
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta

from django.db import connection

from policies.models import PolicyTrial
from policies.publish import in_force
from policies.simulate import Tally
from tests.bench.__main__ import Figure
from tickets import trials
from tickets.actions import policies
from tickets.actions.stores import open_store
from tickets.actor import Actor
from tickets.models import (
    Claim,
    ClaimItem,
    Customer,
    Event,
    Order,
    OrderLine,
    Product,
    Ticket,
    User,
)

ROWS = 100_000
NOW = datetime(2026, 6, 1, 12, 0, tzinfo=UTC)

_FACTS = """
jsonb_build_object('facts', jsonb_build_object(
    'id', 'claim-' || c.id, 'store', 'kpopusa', 'request', c.type,
    'at', to_char(c.filed_at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS"+00:00"'),
    'order', jsonb_build_object(
        'placed_at', '{placed_iso}', 'paid_at', '{placed_iso}', 'shipped_at', '{placed_iso}',
        'delivered_at', to_char(
            (c.filed_at - make_interval(days => (c.id % 12)::int)) AT TIME ZONE 'UTC',
            'YYYY-MM-DD"T"HH24:MI:SS"+00:00"'),
        'channel', 'online', 'shipping_method', 'standard', 'country', 'US',
        'currency', 'USD', 'total', '30.00', 'preorder', false),
    'said', jsonb_build_object('opened', c.id % 3 = 0, 'video_exists', c.id % 2 = 0),
    'evidence', {evidence}))
"""


def _insert(model: type, values: dict[str, str], source: str) -> str:
    """An INSERT … SELECT that gives every column: what is not named gets the model's default."""
    columns, picked = [], []
    for field in model._meta.concrete_fields:  # type: ignore[attr-defined]  # any model's
        if field.primary_key or field.generated:
            continue
        columns.append(field.column)
        if field.column in values:
            picked.append(values[field.column])
        elif field.has_default():
            default = field.get_default()
            text = json.dumps(default) if isinstance(default, dict | list) else str(default)
            picked.append(f"'{text}'")
        else:
            picked.append("NULL" if field.null else "''")
    names, chosen = ", ".join(columns), ", ".join(picked)
    return f"INSERT INTO {model._meta.db_table} ({names}) SELECT {chosen} {source};"  # type: ignore[attr-defined]  # any model's


def _orders(store: int) -> str:
    mine = f"FROM {{}} WHERE x.store_id = {store}"
    address = "'t' || n || '@example.com'"
    return "".join(
        [
            _insert(
                Customer,
                {"store_id": str(store), "email": address, "email_key": address, "name": "'T'"},
                f"FROM generate_series(1, {ROWS}) n",
            ),
            _insert(
                Order,
                {
                    "store_id": str(store),
                    "customer_id": "x.id",
                    "number": "'T' || x.id",
                    "number_key": "'t' || x.id",
                    "placed_at": "'{placed}'",
                    "paid_at": "'{placed}'",
                    "country": "'US'",
                    "currency": "'USD'",
                    "total": "30",
                },
                mine.format("tickets_customer x") + " AND x.email_key LIKE 't%'",
            ),
            _insert(Product, {"store_id": str(store), "sku": "'T'", "title": "'Album'"}, ""),
            _insert(
                OrderLine,
                {
                    "order_id": "x.id",
                    "line_key": "'1'",
                    "position": "1",
                    "product_id": "(SELECT id FROM tickets_product WHERE sku = 'T')",
                    "title": "'Album'",
                    "quantity": "2",
                    "price": "15",
                },
                mine.format("tickets_order x") + " AND x.number_key LIKE 't%'",
            ),
        ]
    )


def _requests(store: int, version: int) -> str:
    at = "'{from_}'::timestamptz + (o.id % 90) * interval '1 day' + o.id * interval '1 second'"
    kind = "(ARRAY['defect', 'missing_photocard', 'transit_damage'])[1 + o.id % 3]"
    orders = f"FROM tickets_order o WHERE o.store_id = {store} AND o.number_key LIKE 't%'"
    tickets = f"FROM tickets_ticket t JOIN tickets_order o ON o.id = t.order_id {orders[21:]}"
    claims = "FROM tickets_claim c JOIN tickets_ticket t ON t.id = c.ticket_id"
    shared = {"store_id": str(store), "policy_version_id": str(version)}
    files = 'CASE WHEN c.id % 2 = 0 THEN \'["photo", "photo"]\' ELSE \'["photo"]\' END::jsonb'
    first, last = (_FACTS.replace("{evidence}", each) for each in ("'[]'::jsonb", files))
    event = {
        **shared,
        "ticket_id": "c.ticket_id",
        "claim_id": "c.id",
        "at": "c.filed_at",
        "actor_kind": "'system'",
        "rule": "c.rule",
    }
    return "".join(
        [
            _insert(
                Ticket,
                {
                    "store_id": str(store),
                    "reference": "'T' || lpad(o.id::text, 7, '0')",
                    "customer_id": "o.customer_id",
                    "order_id": "o.id",
                    "request": kind,
                    "subject": "'Album'",
                    "opened_at": at,
                    "updated_at": at,
                },
                orders,
            ),
            _insert(
                Claim,
                {
                    "ticket_id": "t.id",
                    "order_id": "o.id",
                    "form_key": "'t' || o.id",
                    "type": kind,
                    "state": "'withdrawn'",
                    "filed_at": "t.opened_at",
                    "policy_version_id": str(version),
                    "verdict": "'evidence_needed'",
                    "rule": "'kpopusa.defect'",
                },
                tickets,
            ),
            _insert(
                ClaimItem,
                {
                    "claim_id": "c.id",
                    "line_id": "l.id",
                    "quantity": "1",
                    "component": "''",
                    "claim_type": "c.type",
                    "claim_open": "c.is_open",
                },
                f"{claims} JOIN tickets_orderline l ON l.order_id = c.order_id",
            ),
            _insert(Event, {**event, "seq": "1", "kind": "'claim_filed'", "data": first}, claims),
            _insert(Event, {**event, "seq": "2", "kind": "'evidence_added'", "data": last}, claims),
        ]
    )


def _draft_source(source: str) -> str:
    """More time to tell, a photo more for a defect, no refund for damage in transit."""
    head, found, tail = source.partition("  kpopusa.transit-damage:\n")
    assert found
    head = head.replace("figures: {days: 7}", "figures: {days: 10}", 1)
    head = head.replace("figures: {photos: 2, videos: 1}", "figures: {photos: 3, videos: 1}", 1)
    tail = tail.replace("outcomes: [replacement, refund]", "outcomes: [replacement]", 1)
    return head + found + tail


def figures() -> Iterator[Figure]:
    """The time of the whole trial, and by how much the process grew meanwhile."""
    store = open_store("kpopusa", now=NOW, mail_from="bench@example.com")
    version = in_force(store.pk, NOW)
    placed = NOW - timedelta(days=120)
    begins = NOW - timedelta(days=95)
    values = {"placed": placed, "placed_iso": placed.isoformat(), "from_": begins}
    with connection.cursor() as cursor:
        statement = _orders(store.pk) + _requests(store.pk, version.pk)
        for name, value in values.items():
            statement = statement.replace("{" + name + "}", str(value))
        cursor.execute(statement)
        cursor.execute("VACUUM ANALYZE")
    person = User.objects.create_superuser("bench@staff.test", "x")
    actor = Actor.staff(person)
    draft = policies.start_draft(store, version, actor=actor, now=NOW)
    text = _draft_source(draft.source)
    draft = policies.save_draft(draft, text, revision=1, actor=actor, now=NOW)
    trial = policies.start_trial(
        draft, date(2026, 1, 1), date(2026, 6, 1), revision=2, actor=actor, now=NOW
    )
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    started = time.perf_counter()
    chunks = trials.run_due(NOW)
    took = time.perf_counter() - started
    grew = (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) / 1024
    trial = PolicyTrial.objects.get(pk=trial.pk)
    tally = Tally.from_json(trial.summary)
    assert (trial.state, tally.seen, trial.done) == ("done", ROWS, ROWS), trial.problem
    assert tally.unreadable == 0
    assert trial.cases.count() == min(
        trials.MAX_CASES, tally.another_verdict + tally.other_outcomes
    )
    print(f"  {chunks} chunks, {tally.another_verdict:,} verdicts of {ROWS:,} would be others")
    yield Figure(f"trial of a draft over {ROWS:,} past requests", took, "s", 60)
    yield Figure("memory the trial adds to its process", grew, "MiB", 64)
