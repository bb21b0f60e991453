"""Changing many tickets as their page does it, and letting the worker work."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any
from urllib.parse import urlencode

from django.test import Client

from tests.cast import NOON, make_customer
from tests.desk.talk import question
from tickets.actions import run_bulk
from tickets.models import BulkJob, Store, Ticket


def questions(store: Store, amount: int, mark: str = "b") -> list[Ticket]:
    """So many conversations, each with a customer of its own."""
    return [
        question(make_customer(store, f"{mark}{n}@example.com", f"Customer {n}"))
        for n in range(amount)
    ]


def ticked(tickets: Iterable[Ticket]) -> str:
    """What the list's form sends for these rows."""
    return urlencode([("pick", one.pk) for one in tickets])


def form_key(page: Any) -> str:
    found = re.search(r'name="form_key" value="([^"]+)"', page.text)
    assert found is not None, page.text
    return found[1]


def begin(client: Client, chosen: str, **typed: Any) -> Any:
    """Open the form for a choice, fill it in and send it; the page that follows."""
    page = client.get(f"/desk/bulk/new/?{chosen}")
    assert page.status_code == 200
    sent = {"form_key": form_key(page), **typed}
    return client.post(f"/desk/bulk/start/?{chosen}", sent, follow=True)


def newest() -> BulkJob:
    found = BulkJob.objects.order_by("-pk").first()
    assert found is not None
    return found


def work(now: Any = NOON) -> int:
    """The worker's turn."""
    return run_bulk.run_due(now)


def changed(client: Client, chosen: str, **typed: Any) -> BulkJob:
    """The whole way: form, worker, and the job as it has become."""
    answer = begin(client, chosen, **typed)
    assert answer.status_code == 200, answer.text
    work()
    return newest()


def counts(job: BulkJob) -> tuple[str, int, int, int]:
    job.refresh_from_db()
    return job.state, job.done, job.unchanged, job.failed
