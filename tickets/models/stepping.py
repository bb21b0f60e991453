"""How a request stood before the last step of staff, for as long as that step can be taken back."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models import F, Q

from tickets.models.ticket import Ticket


class StepBack(models.Model):
    """The way back from the events ``first`` to ``last`` of a ticket. A later step takes its place.

    ``record`` says which rows the step has changed, each as it was and as it became, and which it
    has made (see `actions.stepping`).
    """

    ticket = models.OneToOneField(
        Ticket, primary_key=True, on_delete=models.CASCADE, related_name="step_back"
    )
    first = models.PositiveIntegerField()
    last = models.PositiveIntegerField()
    by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+", db_index=False
    )
    at = models.DateTimeField()
    record = models.JSONField()

    class Meta:
        constraints = [
            models.CheckConstraint(
                name="step_back_has_events", condition=Q(first__gt=0, last__gte=F("first"))
            ),
        ]

    def __str__(self) -> str:
        return f"{self.ticket_id}: {self.first} to {self.last}"
