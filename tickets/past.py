"""Past requests in the order they were made, a chunk at a time: what a trial replays.

A claim is read with the last facts it was decided by, a guided question with its own. Facts come
from the trace, never from today's rows: what has happened since must not change the past.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

from django.db import connection

from policies.models import PolicyTrial

CLAIMS, INQUIRIES = "claims", "inquiries"
STAGES = (CLAIMS, INQUIRIES)

# The claimed items at the price they were sold for; refunds of a whole order without items.
_CLAIMS = """
SELECT c.id, c.filed_at, e.id, e.policy_version_id, e.facts, coalesce(v.amount, o.total),
       o.currency, c.state || ':' || c.outcome
FROM tickets_claim c
JOIN tickets_ticket t ON t.id = c.ticket_id AND t.store_id = %(store)s
JOIN tickets_order o ON o.id = c.order_id
CROSS JOIN LATERAL (
    SELECT id, policy_version_id, data->'facts' AS facts FROM tickets_event
    WHERE claim_id = c.id AND id <= %(until)s AND data ? 'facts'
      AND policy_version_id IS NOT NULL
    ORDER BY id DESC LIMIT 1
) e
LEFT JOIN LATERAL (
    SELECT sum(l.price * i.quantity) AS amount
    FROM tickets_claimitem i JOIN tickets_orderline l ON l.id = i.line_id
    WHERE i.claim_id = c.id
) v ON true
WHERE c.filed_at >= %(from)s AND c.filed_at < %(to)s AND (c.filed_at, c.id) > (%(at)s, %(id)s)
ORDER BY c.filed_at, c.id LIMIT %(limit)s
"""
# What became a claim is counted there.
_INQUIRIES = """
SELECT q.id, q.at, q.id, q.policy_version_id, q.facts, o.total, coalesce(o.currency, ''), ''
FROM tickets_inquiry q LEFT JOIN tickets_order o ON o.id = q.order_id
WHERE q.store_id = %(store)s AND q.ended <> 'filed' AND q.at >= %(from)s AND q.at < %(to)s
  AND q.at <= %(asked)s AND q.facts <> '{}' AND (q.at, q.id) > (%(at)s, %(id)s)
ORDER BY q.at, q.id LIMIT %(limit)s
"""
_COUNT = """
SELECT (SELECT count(*) FROM tickets_claim c
        JOIN tickets_ticket t ON t.id = c.ticket_id AND t.store_id = %(store)s
        WHERE c.filed_at >= %(from)s AND c.filed_at < %(to)s)
     + (SELECT count(*) FROM tickets_inquiry q
        WHERE q.store_id = %(store)s AND q.ended <> 'filed' AND q.at >= %(from)s
          AND q.at < %(to)s AND q.at <= %(asked)s AND q.facts <> '{}')
"""
_STATEMENTS = {CLAIMS: _CLAIMS, INQUIRIES: _INQUIRIES}


@dataclass(frozen=True, slots=True)
class Position:
    """The last request that is counted: its stage, its instant and its row."""

    stage: str
    at: str
    id: int

    def as_json(self) -> dict[str, Any]:
        """For `PolicyTrial.position`."""
        return {"stage": self.stage, "at": self.at, "id": self.id}


@dataclass(frozen=True, slots=True)
class PastRow:
    """One past request as it is stored. ``source_id`` is its event, or its question."""

    position: Position
    source_id: int
    version_id: int
    facts: Mapping[str, Any]
    amount: Decimal | None
    currency: str
    decided: str


def position_of(trial: PolicyTrial) -> Position:
    """Where to go on: the start of the period, or after the last request that is counted."""
    found = trial.position
    if not found:
        return Position(CLAIMS, trial.starts_at.isoformat(), 0)
    return Position(found["stage"], found["at"], found["id"])


def count(trial: PolicyTrial) -> int:
    """How many requests the period holds, nearly: some may have kept no facts."""
    with connection.cursor() as cursor:
        cursor.execute(_COUNT, _values(trial))
        found: int = cursor.fetchone()[0]
    return found


def chunk(trial: PolicyTrial, after: Position, limit: int) -> list[PastRow]:
    """The next requests after a position, at most ``limit``, over all stages; empty at the end."""
    for stage in STAGES[STAGES.index(after.stage) :]:
        place = after if stage == after.stage else Position(stage, trial.starts_at.isoformat(), 0)
        rows = _read(trial, stage, place, limit)
        if rows:
            return rows
    return []


def _read(trial: PolicyTrial, stage: str, after: Position, limit: int) -> list[PastRow]:
    values = {**_values(trial), "at": after.at, "id": after.id, "limit": limit}
    with connection.cursor() as cursor:
        cursor.execute(_STATEMENTS[stage], values)
        return [
            PastRow(
                Position(stage, at.isoformat(), pk),
                source,
                version,
                json.loads(facts) if isinstance(facts, str) else facts,
                amount,
                currency,
                decided,
            )
            for pk, at, source, version, facts, amount, currency, decided in cursor.fetchall()
        ]


def _values(trial: PolicyTrial) -> dict[str, int | datetime]:
    return {
        "store": trial.store_id,
        "until": trial.until_event,
        "from": trial.starts_at,
        "to": trial.ends_at,
        "asked": trial.asked_at,
    }
