"""What the desk keeps for itself: tallies of its queues, saved views, words to search, targets."""

from __future__ import annotations

from django.conf import settings
from django.contrib.postgres.indexes import GinIndex
from django.contrib.postgres.search import SearchVectorField
from django.db import models
from django.db.models import F, Q

from tickets.models.base import implies
from tickets.models.store import Customer, Store
from tickets.models.ticket import PRIORITIES, Ticket


class QueueTally(models.Model):
    """How many open tickets stand where: the sum of ``n`` over rows of one place is right.

    A trigger adds a row for every change of a ticket's place, in its transaction; a job folds
    the rows of one place into one. So a count never waits for another's lock, and never drifts.
    """

    id = models.BigAutoField(primary_key=True)
    store = models.ForeignKey(
        Store, on_delete=models.DO_NOTHING, related_name="+", db_index=False, db_constraint=False
    )
    stage = models.CharField(max_length=14)
    state = models.CharField(max_length=8)
    waiting_for = models.CharField(max_length=12, blank=True)
    assignee = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        null=True,
        blank=True,
        on_delete=models.DO_NOTHING,
        related_name="+",
        db_index=False,
        db_constraint=False,
    )
    snoozed = models.BooleanField(default=False)
    n = models.IntegerField()

    class Meta:
        ordering = ["id"]

    def __str__(self) -> str:
        return f"{self.n:+} {self.stage} {self.state}"


class SavedView(models.Model):
    """A list somebody made: filters by name (see `desk.views_saved`), private or a store's.

    ``filters`` is what the list's address says: names to values, each checked when it is read.
    """

    owner = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+", db_index=False
    )
    store = models.ForeignKey(
        Store,
        null=True,
        blank=True,
        on_delete=models.CASCADE,
        related_name="+",
        help_text="Whose staff it is shared with; nobody's where it is private.",
    )
    name = models.CharField(max_length=60)
    filters = models.JSONField(default=dict, blank=True)
    position = models.PositiveSmallIntegerField(default=0)
    made_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["owner", "name"], name="saved_view_once"),
            models.CheckConstraint(name="saved_view_has_name", condition=~Q(name="")),
        ]
        ordering = ["position", "name", "id"]

    def __str__(self) -> str:
        return self.name


class SearchDoc(models.Model):
    """The words of one ticket, prepared by `tickets.wording`; written by a job alone."""

    ticket = models.OneToOneField(
        Ticket, on_delete=models.CASCADE, primary_key=True, related_name="search_doc"
    )
    words = SearchVectorField()

    class Meta:
        # Without a pending list: every look-up costs what the words cost, and not what was
        # written last.
        indexes = [GinIndex(fields=["words"], name="search_words", fastupdate=False)]
        ordering = ["ticket"]

    def __str__(self) -> str:
        return f"words of {self.ticket_id}"


class StaleDoc(models.Model):
    """A ticket whose words have changed: added by triggers, taken away by the job.

    Rows are only added and deleted, never found again by ticket: a change that commits while
    the job reads is another row, for the next round.
    """

    id = models.BigAutoField(primary_key=True)
    ticket = models.ForeignKey(
        Ticket, on_delete=models.DO_NOTHING, related_name="+", db_index=False, db_constraint=False
    )

    class Meta:
        ordering = ["id"]

    def __str__(self) -> str:
        return f"words of {self.ticket_id} to read again"


class Target(models.Model):
    """By when a ticket of a priority should have its first answer, and its end.

    Minutes of the store's opening hours; an empty figure is no target.
    """

    store = models.ForeignKey(
        Store, on_delete=models.CASCADE, related_name="targets", db_index=False
    )
    priority = models.PositiveSmallIntegerField()
    first_minutes = models.PositiveIntegerField(null=True, blank=True)
    resolve_minutes = models.PositiveIntegerField(null=True, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["store", "priority"], name="target_once"),
            models.CheckConstraint(
                name="target_priority_known", condition=Q(priority__in=PRIORITIES)
            ),
            models.CheckConstraint(
                name="target_takes_time",
                condition=(Q(first_minutes=None) | Q(first_minutes__gt=0))
                & (Q(resolve_minutes=None) | Q(resolve_minutes__gt=0)),
            ),
            implies(
                Q(first_minutes__isnull=False, resolve_minutes__isnull=False),
                Q(first_minutes__lte=F("resolve_minutes")),
                "target_answers_before_it_ends",
            ),
        ]
        ordering = ["store_id", "priority"]

    def __str__(self) -> str:
        return f"{self.store}: {self.priority}"


class CustomerNote(models.Model):
    """What colleagues should know of a customer; never shown to them."""

    customer = models.ForeignKey(
        Customer, on_delete=models.CASCADE, related_name="notes", db_index=False
    )
    author = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+", db_index=False
    )
    body = models.CharField(max_length=2000)
    at = models.DateTimeField()
    form_key = models.UUIDField(null=True, blank=True, unique=True)

    class Meta:
        constraints = [
            models.CheckConstraint(name="customer_note_says_something", condition=~Q(body=""))
        ]
        indexes = [models.Index(fields=["customer", "-at", "-id"], name="note_of_customer")]
        ordering = ["-at", "-id"]

    def __str__(self) -> str:
        return f"note on {self.customer_id}"
