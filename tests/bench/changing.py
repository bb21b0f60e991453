"""How many tickets a second a bulk change gets through, and whether more of them take more memory.

The tickets are real ones (opened by the product, with their clocks running), copied set-wise. The
runner is the one that works in a shop, with its lease, its chunks and a row of what came of it for
each ticket; what it says it has done is counted afterwards.
"""

from __future__ import annotations

import os
import time
import tracemalloc
import uuid
from collections.abc import Iterator, Sequence
from datetime import datetime

from django.db import connection

from supportdesk import clock
from tests.bench.__main__ import Figure
from tests.bench.desk import agents_of
from tests.cast import make_customer
from tests.desk.talk import question
from tickets.actions import bulk, run_bulk
from tickets.actions.bulk_verbs import Assign, Plan, Prioritise, Retag
from tickets.actions.stores import open_store
from tickets.actor import Actor
from tickets.models import BulkJob, Deadline, Event, Store, Ticket, User

TICKETS = int(os.environ.get("BULK_TICKETS", "10000"))
FEW = TICKETS // 10
OPENED = 50  # by the product; the others are like these


def figures() -> Iterator[Figure]:
    """Two changes of all tickets; then the most memory that one of a tenth and one of all hold."""
    now = clock.now()
    store = open_store("kpopusa", now=now, mail_from="bench@example.com")
    agent = agents_of([store])[0]
    ids = _tickets(store, now)
    _changed(Plan((Prioritise(3),)), ids[:FEW], agent)  # warm
    _changed(Plan((Prioritise(2),)), ids[:FEW], agent)
    plans = {
        "bulk: priority": Plan((Prioritise(1),)),
        "bulk: assign and tag": Plan((Assign(agent.pk), Retag(("wave",)))),
    }
    for name, plan in plans.items():
        yield Figure(name, TICKETS / _changed(plan, ids, agent), "tickets/s", 1000, at_most=False)
    few = _most_memory(Plan((Prioritise(2),)), ids[:FEW], agent)
    many = _most_memory(Plan((Prioritise(0),)), ids, agent)
    print(f"  memory: {few / 2**20:.1f} MB for {FEW}, {many / 2**20:.1f} MB for {TICKETS}")
    yield Figure("bulk: memory for ten times the tickets", many / few, "x", 1.2)


def _changed(plan: Plan, ids: Sequence[int], agent: User) -> float:
    """Seconds from the worker's first look to its last."""
    job = bulk.start(
        plan,
        ids,
        told="All",
        actor=Actor.staff(agent),
        now=clock.now(),
        form_key=uuid.uuid4(),
    )
    events = Event.objects.count()
    started = time.perf_counter()
    while BulkJob.objects.filter(pk=job.pk, state__in=["waiting", "running"]).exists():
        run_bulk.run_due(clock.now())
    took = time.perf_counter() - started
    job.refresh_from_db()
    assert (job.state, job.done) == ("done", len(ids)), (job.state, job.done, job.failed)
    assert Event.objects.count() - events == len(ids) * len(plan.deeds)
    return took


def _most_memory(plan: Plan, ids: Sequence[int], agent: User) -> int:
    tracemalloc.start()
    _changed(plan, ids, agent)
    most = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    return most


def _tickets(store: Store, now: datetime) -> list[int]:
    for number in range(OPENED):
        person = make_customer(store, f"bulk{number}@example.com", f"Mina Kim {number}")
        ticket = question(person, now=now)
        Ticket.objects.filter(pk=ticket.pk).update(subject=f"bulk {ticket.pk}")
    copies = TICKETS // OPENED - 1
    with connection.cursor() as cursor:
        own = _columns(Ticket, "id", "reference", "subject")
        cursor.execute(
            f"INSERT INTO tickets_ticket ({own}, reference, subject)"
            f" SELECT {own}, lpad((t.id * 1000 + n)::text, 8, 'Z'), 'like ' || t.subject"
            " FROM tickets_ticket t, generate_series(1, %s) n WHERE t.subject LIKE 'bulk %%'",
            [copies],
        )
        for model in (Event, Deadline):
            table, own = model._meta.db_table, _columns(model, "id", "ticket_id")
            cursor.execute(
                f"INSERT INTO {table} ({own}, ticket_id)"
                f" SELECT {', '.join(f'r.{one}' for one in own.split(', '))}, c.id FROM {table} r"
                " JOIN tickets_ticket t ON t.id = r.ticket_id AND t.subject LIKE 'bulk %'"
                " JOIN tickets_ticket c ON c.subject = 'like ' || t.subject"
            )
        cursor.execute("ANALYZE")
    found = Ticket.objects.filter(subject__contains="bulk ").order_by("pk")
    ids = list(found.values_list("pk", flat=True))
    assert len(ids) == TICKETS
    return ids


def _columns(model: type[Ticket | Event | Deadline], *without: str) -> str:
    names = [str(field.column) for field in model._meta.concrete_fields]
    return ", ".join(name for name in names if name not in without)
