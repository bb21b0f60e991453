"""A desk that was there before files had their days: what it has is taken over."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.db import connection
from django.db.migrations.executor import MigrationExecutor

from tests.cast import NOON, Story, a_file, add_evidence
from tickets.actions.decide_claim import withdraw
from tickets.actor import Actor
from tickets.models import Deadline

BEFORE = [("tickets", "0008_requests_of_every_kind")]


def _migrate(targets: list[tuple[str, str]]) -> None:
    executor = MigrationExecutor(connection)
    executor.migrate(targets)


@pytest.mark.django_db(transaction=True)
def test_ended_cases_with_files_get_their_days(story: Story) -> None:
    ended = story.file("missing_photocard", "unboxing_video", opened=True)
    mina = Actor.of_customer(ended.ticket.customer)
    withdraw(ended, actor=mina, now=NOON)
    without = story.file("defect", opened=True)
    withdraw(without, actor=mina, now=NOON)
    going_on = story.file("missing_photocard", opened=True)
    add_evidence(a_file("photo"), claim=going_on, actor=mina, now=NOON)
    Deadline.objects.filter(kind="retention_due").delete()
    newest = MigrationExecutor(connection).loader.graph.leaf_nodes("tickets")
    with connection.cursor() as cursor:  # a custody log cannot be taken back, nor need it be
        cursor.execute("TRUNCATE tickets_custodyentry")

    try:
        _migrate(BEFORE)
    finally:
        _migrate(newest)

    deadline = Deadline.objects.get(kind="retention_due")
    assert deadline.ticket == ended.ticket
    assert deadline.state == "pending"
    assert deadline.due_at > NOON + timedelta(days=180)
    ended.evidence.get().refresh_from_db()
    assert ended.evidence.get().state == "ready"
    assert ended.evidence.get().checked_at is not None
