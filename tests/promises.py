"""Deadlines that a store has promised to customers, beside the targets it has set itself."""

from __future__ import annotations

from django.db.models import QuerySet

from tickets.actions.targets import KINDS
from tickets.models import Deadline


def promised() -> QuerySet[Deadline]:
    """Every deadline but those of a ticket's two clocks (their stories: `desk.test_clocks`)."""
    return Deadline.objects.exclude(kind__in=KINDS)
