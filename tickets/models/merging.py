"""Two tickets that became one conversation, and one that became two; each with a way back."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models import F, Q

from tickets.models.ticket import Ticket


def _undone_by_somebody(name: str) -> models.CheckConstraint:
    return models.CheckConstraint(
        name=name,
        condition=Q(undone_at=None, undone_by=None)
        | Q(undone_at__isnull=False, undone_by__isnull=False),
    )


class Merge(models.Model):
    """``source`` became a part of ``target``. Its messages stay where they are.

    ``before`` says what the merge has changed, each as it was and as it became (see
    `actions.merging_rows`): so undoing puts back exactly that, where nobody has changed it since.
    """

    source = models.ForeignKey(Ticket, on_delete=models.PROTECT, related_name="merges")
    target = models.ForeignKey(Ticket, on_delete=models.PROTECT, related_name="merges_in")
    at = models.DateTimeField()
    by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+", db_index=False
    )
    before = models.JSONField(default=dict, blank=True)
    undone_at = models.DateTimeField(null=True, blank=True)
    undone_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="+",
        db_index=False,
    )

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["source"], condition=Q(undone_at=None), name="merge_live_once"
            ),
            models.CheckConstraint(name="merge_joins_two", condition=~Q(source=F("target"))),
            _undone_by_somebody("merge_undone_by_somebody"),
        ]
        ordering = ["id"]

    def __str__(self) -> str:
        return f"{self.source_id} into {self.target_id}"


class Split(models.Model):
    """Messages of ``source`` became a ticket of their own, ``target``."""

    source = models.ForeignKey(Ticket, on_delete=models.PROTECT, related_name="splits")
    target = models.OneToOneField(Ticket, on_delete=models.PROTECT, related_name="split_from")
    messages = models.JSONField(default=list)
    at = models.DateTimeField()
    by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+", db_index=False
    )
    undone_at = models.DateTimeField(null=True, blank=True)
    undone_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="+",
        db_index=False,
    )

    class Meta:
        constraints = [
            models.CheckConstraint(name="split_makes_two", condition=~Q(source=F("target"))),
            models.CheckConstraint(name="split_moves_something", condition=~Q(messages=[])),
            _undone_by_somebody("split_undone_by_somebody"),
        ]
        ordering = ["id"]

    def __str__(self) -> str:
        return f"{self.target_id} out of {self.source_id}"
