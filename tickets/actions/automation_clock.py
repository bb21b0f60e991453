"""Causes that are no events: some hours before a deadline, some days of waiting for the customer.

One statement for each such automation, however many tickets there are. What it has found once
stays found (see `AutomationCause`), and what was over before the automation was switched on, or
changed, it does not look back to.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from django.db import connection
from django.db.models import Q

from tickets.models import Automation, Ticket

# What counts as the last word on a ticket. A note or an automation's own reply does not: the
# customer has not heard more of us, or nobody has spoken.
SPOKEN = (
    "call_logged",
    "claim_approved",
    "claim_filed",
    "claim_reopened",
    "evidence_asked",
    "inspected",
    "request_accepted",
    "request_done",
    "return_requested",
    "ticket_opened",
)
_BEFORE = """
    INSERT INTO tickets_automationcause (store_id, automation_id, deadline_id, at, wake_at)
    SELECT row.store_id, %(automation)s, row.id, row.due_at - %(before)s, %(now)s
    FROM tickets_deadline row
    WHERE row.store_id = %(store)s AND row.kind = %(kind)s AND row.state = 'pending'
        AND row.due_at > %(now)s AND row.due_at <= %(now)s + %(before)s
        AND row.due_at - %(before)s >= %(since)s
        AND (row.ticket_id IS NOT NULL OR row.claim_id IS NOT NULL OR row.refund_id IS NOT NULL)
    ORDER BY row.due_at, row.id
    ON CONFLICT DO NOTHING
"""
_WAITING = """
    INSERT INTO tickets_automationcause (store_id, automation_id, event_id, at, wake_at)
    SELECT row.store_id, %(automation)s, last.id, last.at + %(days)s, %(now)s
    FROM tickets_ticket row
    CROSS JOIN LATERAL (
        SELECT event.id, event.at FROM tickets_event event
        WHERE event.ticket_id = row.id AND (
            event.kind = ANY(%(spoken)s)
            OR event.actor_kind = 'customer'
            OR (event.kind = 'message_added' AND event.data->>'message_kind' = 'agent')
        )
        ORDER BY event.seq DESC LIMIT 1
    ) last
    WHERE row.store_id = %(store)s AND row.state = 'waiting' AND row.waiting_for = 'customer'
        AND row.snoozed_until IS NULL
        AND row.opened_at <= %(now)s - %(days)s AND row.updated_at >= %(since)s - %(days)s
        AND last.at <= %(now)s - %(days)s AND last.at >= %(since)s - %(days)s
    ORDER BY last.at, last.id
    ON CONFLICT DO NOTHING
"""
# What can be found no more: its deadline is over, or the ticket does not wait any longer.
_FORGET = """
    DELETE FROM tickets_automationcause cause
    WHERE cause.done_at < %(now)s - interval '1 day' AND (
        EXISTS (
            SELECT FROM tickets_deadline row
            WHERE row.id = cause.deadline_id
                AND (row.state <> 'pending' OR row.due_at < %(now)s - interval '1 day')
        )
        OR EXISTS (
            SELECT FROM tickets_event event JOIN tickets_ticket row ON row.id = event.ticket_id
            WHERE event.id = cause.event_id AND row.state IN ('solved', 'closed')
        )
        OR cause.done_at < %(now)s - interval '400 days'
    )
"""


def last_word(ticket: Ticket) -> int | None:
    """The event since which a ticket has waited for its customer, as the sweep finds it."""
    spoken = Q(kind="message_added", data__message_kind="agent")
    rows = ticket.events.filter(Q(kind__in=SPOKEN) | Q(actor_kind="customer") | spoken)
    return rows.order_by("-seq").values_list("pk", flat=True).first()


def sweep(now: datetime) -> int:
    """Find what has come so far by now; returns how many causes are new."""
    timed = Automation.objects.filter(
        active=True, current__when__in=("before_deadline", "waiting_for_customer")
    )
    return sum(_find(one, now) for one in timed.select_related("current").order_by("pk"))


def _find(automation: Automation, now: datetime) -> int:
    version = automation.current
    assert version is not None and automation.since is not None
    known: dict[str, Any] = {
        "store": automation.store_id,
        "automation": automation.pk,
        "since": automation.since,
        "now": now,
    }
    value = version.when_value
    if version.when == "before_deadline":
        before = timedelta(hours=value["hours"])
        return _run(_BEFORE, {**known, "kind": value["kind"], "before": before})
    days = timedelta(days=value["days"])
    return _run(_WAITING, {**known, "days": days, "spoken": list(SPOKEN)})


def forget(now: datetime) -> int:
    """Throw away causes that nothing will find again."""
    return _run(_FORGET, {"now": now})


def _run(statement: str, values: dict[str, Any]) -> int:
    with connection.cursor() as cursor:
        cursor.execute(statement, values)
        return int(cursor.rowcount)
