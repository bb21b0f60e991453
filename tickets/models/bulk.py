"""Many tickets changed at once: what was asked for, and what came of it for each of them."""

from __future__ import annotations

import uuid

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import F, Q

from tickets.lifecycle import BulkState, RowState
from tickets.models.base import implies, one_of
from tickets.models.ticket import Ticket

# What is done to each ticket: the deeds alone, or something said along with them.
VERBS = ("change", "reply", "note", "macro", "undo")


LIVE = (BulkState.WAITING, BulkState.RUNNING)


class BulkJob(models.Model):
    """One bulk change. ``params`` is what `actions.bulk_verbs` reads; ``told`` what was chosen.

    Worked on under a lease, chunk by chunk: a chunk's deeds, its rows' results and these counts
    are committed together. ``stores`` are those of its tickets; ``cut`` says that more tickets
    matched than one change takes. An undo is a job of its own: ``undoes`` is what it takes back.
    """

    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+", db_index=False
    )
    verb = models.CharField(max_length=8)
    params = models.JSONField(default=dict, blank=True)
    told = models.CharField(max_length=300)
    stores = ArrayField(models.BigIntegerField())
    cut = models.BooleanField(default=False)
    state = models.CharField(max_length=8, default=BulkState.WAITING)
    total = models.PositiveIntegerField()
    done = models.PositiveIntegerField(default=0)
    unchanged = models.PositiveIntegerField(default=0)
    failed = models.PositiveIntegerField(default=0)
    made_at = models.DateTimeField()
    started_at = models.DateTimeField(null=True, blank=True)
    ended_at = models.DateTimeField(null=True, blank=True)
    lease_until = models.DateTimeField(null=True, blank=True)
    lease_token = models.UUIDField(null=True, blank=True)
    attempts = models.PositiveSmallIntegerField(
        default=0, help_text="Workers that took it up since it last got any further."
    )
    form_key = models.UUIDField(default=uuid.uuid4, unique=True)
    undoes = models.ForeignKey(
        "self",
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="undos",
        db_index=False,
    )

    class Meta:
        constraints = [
            one_of("verb", VERBS, "bulk_verb_known"),
            one_of("state", BulkState, "bulk_state_known"),
            models.CheckConstraint(name="bulk_has_rows", condition=Q(total__gt=0) & ~Q(stores=[])),
            models.CheckConstraint(
                name="bulk_counts_fit",
                condition=Q(total__gte=F("done") + F("unchanged") + F("failed")),
            ),
            implies(
                Q(state="done"),
                Q(total=F("done") + F("unchanged") + F("failed")),
                "bulk_done_is_complete",
            ),
            models.CheckConstraint(
                name="bulk_ended_at_its_end",
                condition=Q(state__in=["waiting", "running"], ended_at=None)
                | Q(state__in=["done", "stopped"], ended_at__isnull=False),
            ),
            models.CheckConstraint(
                name="bulk_runs_under_a_lease",
                condition=Q(state="running", lease_token__isnull=False, lease_until__isnull=False)
                | (~Q(state="running") & Q(lease_token=None, lease_until=None)),
            ),
            models.CheckConstraint(
                name="bulk_undo_names_what",
                condition=Q(verb="undo", undoes__isnull=False) | (~Q(verb="undo") & Q(undoes=None)),
            ),
            # One that was stopped leaves what it did not get to for another.
            models.UniqueConstraint(
                fields=["undoes"],
                condition=Q(undoes__isnull=False) & ~Q(state="stopped"),
                name="bulk_undone_once",
            ),
        ]
        indexes = [
            models.Index(fields=["user", "-id"], name="bulk_of_person"),
            models.Index(
                fields=["id"], name="bulk_live", condition=Q(state__in=["waiting", "running"])
            ),
        ]
        ordering = ["-id"]

    def __str__(self) -> str:
        return f"{self.verb} on {self.total} tickets"

    @property
    def live(self) -> bool:
        """Whether it is still at work, or about to be."""
        return self.state in LIVE

    @property
    def looked_at(self) -> int:
        """Of how many tickets it is known what came of it."""
        return self.done + self.unchanged + self.failed


class BulkRow(models.Model):
    """One ticket of a bulk change. ``seen`` is its last event when it was chosen.

    ``reason`` says why nothing was done; ``numbers`` are the events that it has led to.
    """

    job = models.ForeignKey(BulkJob, on_delete=models.CASCADE, related_name="rows", db_index=False)
    ticket = models.ForeignKey(Ticket, on_delete=models.CASCADE, related_name="+", db_index=False)
    state = models.CharField(max_length=9, default=RowState.WAITING)
    seen = models.PositiveIntegerField(default=0)
    reason = models.CharField(max_length=300, blank=True, default="")
    numbers = models.JSONField(default=list, blank=True)

    class Meta:
        constraints = [
            one_of("state", RowState, "bulk_row_state_known"),
            models.UniqueConstraint(fields=["job", "ticket"], name="bulk_row_once"),
            models.CheckConstraint(
                name="bulk_row_says_why",
                condition=(Q(state="failed") & ~Q(reason="")) | (~Q(state="failed") & Q(reason="")),
            ),
        ]
        # Worked on, and shown, in the order of the tickets: as they are locked.
        indexes = [
            models.Index(
                fields=["job", "ticket"], name="bulk_row_waiting", condition=Q(state="waiting")
            ),
            models.Index(
                fields=["job", "ticket"], name="bulk_row_failed", condition=Q(state="failed")
            ),
        ]
        ordering = ["ticket"]

    def __str__(self) -> str:
        return f"{self.ticket_id} of {self.job_id}: {self.state}"
