"""Who is on a ticket at this moment."""

from __future__ import annotations

from django.conf import settings
from django.db import models

from tickets.models.ticket import Ticket


class Presence(models.Model):
    """One person has one ticket open; ``typing_at`` is when they last wrote in a reply to it.

    True for some seconds only. So the table is not logged (see migration 0014): a crash empties
    it, and the pages that are open fill it again.
    """

    ticket = models.ForeignKey(Ticket, on_delete=models.CASCADE, related_name="+", db_index=False)
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+", db_index=False
    )
    seen_at = models.DateTimeField()
    typing_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["ticket", "user"], name="presence_once")]
        ordering = ["id"]

    def __str__(self) -> str:
        return f"{self.user_id} on {self.ticket_id}"
