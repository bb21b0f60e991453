"""When – if – then: what a store lets the desk do by itself, and what came of it."""

from __future__ import annotations

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q

from tickets.models.base import implies, one_of
from tickets.models.deadline import Deadline
from tickets.models.event import Event
from tickets.models.store import Store
from tickets.models.ticket import Ticket

LONGEST_NAME = 80
OUTCOMES = ("did", "stopped", "failed")


class Automation(models.Model):
    """A name for a row of versions, of which ``current`` counts.

    ``since`` is when it was switched on, or changed while it was on: what happened before is none
    of its business. ``stopped_at`` says that it was switched off by itself, and ``stopped_why``
    why; switching it on again clears both. One that is used no more is ``retired_at`` an instant.
    """

    store = models.ForeignKey(
        Store, on_delete=models.PROTECT, related_name="automations", db_index=False
    )
    name = models.CharField(max_length=LONGEST_NAME)
    position = models.PositiveIntegerField(default=0)
    active = models.BooleanField(default=False)
    since = models.DateTimeField(null=True, blank=True)
    current = models.ForeignKey(
        "AutomationVersion",
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="+",
        db_index=False,
    )
    stopped_at = models.DateTimeField(null=True, blank=True)
    stopped_why = models.CharField(max_length=300, blank=True, default="")
    made_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+", db_index=False
    )
    made_at = models.DateTimeField()
    retired_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [
            models.CheckConstraint(name="automation_has_name", condition=~Q(name="")),
            implies(
                Q(active=True),
                Q(
                    since__isnull=False,
                    current__isnull=False,
                    retired_at=None,
                    stopped_at=None,
                ),
                "automation_active_is_whole",
            ),
            models.CheckConstraint(
                name="automation_stopped_says_why",
                condition=Q(stopped_at=None, stopped_why="")
                | (Q(stopped_at__isnull=False) & ~Q(stopped_why="")),
            ),
        ]
        indexes = [
            models.Index(
                fields=["store", "position", "id"],
                name="automation_in_use",
                condition=Q(retired_at=None),
            )
        ]
        ordering = ["position", "id"]

    def __str__(self) -> str:
        return self.name


class AutomationVersion(models.Model):
    """What an automation said from ``at`` on. Append-only: a trigger refuses the rest.

    ``when``, ``when_value``, ``conditions`` and ``actions`` as `tickets.automations.facts` says.
    """

    automation = models.ForeignKey(
        Automation, on_delete=models.PROTECT, related_name="versions", db_index=False
    )
    number = models.PositiveIntegerField()
    name = models.CharField(max_length=LONGEST_NAME)
    when = models.CharField(max_length=40)
    when_value = models.JSONField(default=dict, blank=True)
    conditions = models.JSONField(default=list, blank=True)
    actions = models.JSONField(default=list)
    made_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+", db_index=False
    )
    at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["automation", "number"], name="automation_version_once"
            ),
            models.CheckConstraint(
                name="automation_version_does_something",
                condition=~Q(when="") & ~Q(actions=[]) & Q(number__gte=1),
            ),
        ]
        ordering = ["automation_id", "-number"]

    def __str__(self) -> str:
        return f"{self.name} {self.number}"


class AutomationListens(models.Model):
    """Of which kinds of events an active automation of a store wants to hear.

    Kept by `actions.automations` with every switch; a trigger on the events asks it, so that what
    nobody listens to costs nothing.
    """

    store = models.ForeignKey(Store, on_delete=models.CASCADE, related_name="+", db_index=False)
    kind = models.CharField(max_length=40)

    class Meta:
        db_table = "automation_listens"
        constraints = [
            models.UniqueConstraint(fields=["store", "kind"], name="automation_listens_once")
        ]
        ordering = ["id"]

    def __str__(self) -> str:
        return f"{self.kind} of {self.store_id}"


class AutomationCause(models.Model):
    """Something happened that automations may have to act on; gone once they have.

    By an ``event`` alone it is for every automation of the store that listens to it; these rows a
    trigger makes. A sweep makes those of one ``automation``: of a ``deadline`` that comes near, or
    of the event since which a ticket has waited long enough. They stay (``done_at``) until that is
    past, so that it is the cause once. ``at`` is when it happened, ``tried`` are the automations
    that have had their turn.
    """

    store = models.ForeignKey(Store, on_delete=models.CASCADE, related_name="+", db_index=False)
    event = models.ForeignKey(
        Event, null=True, blank=True, on_delete=models.CASCADE, related_name="+", db_index=False
    )
    deadline = models.ForeignKey(
        Deadline, null=True, blank=True, on_delete=models.CASCADE, related_name="+"
    )
    automation = models.ForeignKey(
        Automation, null=True, blank=True, on_delete=models.CASCADE, related_name="+"
    )
    at = models.DateTimeField()
    tried = ArrayField(models.BigIntegerField(), default=list, blank=True, db_default=[])
    wake_at = models.DateTimeField()
    lease = models.UUIDField(null=True, blank=True)
    attempts = models.PositiveSmallIntegerField(default=0, db_default=0)
    done_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [
            models.CheckConstraint(
                name="automation_cause_is_one",
                condition=Q(event__isnull=False, deadline=None)
                | Q(event=None, deadline__isnull=False, automation__isnull=False),
            ),
            models.UniqueConstraint(
                fields=["event", "automation"],
                condition=Q(event__isnull=False),
                nulls_distinct=False,
                name="automation_cause_once_per_event",
            ),
            models.UniqueConstraint(
                fields=["deadline", "automation"],
                condition=Q(deadline__isnull=False),
                name="automation_cause_once_per_deadline",
            ),
        ]
        indexes = [
            models.Index(
                fields=["wake_at", "id"], name="automation_cause_due", condition=Q(done_at=None)
            ),
            models.Index(
                fields=["done_at"],
                name="automation_cause_done",
                condition=Q(done_at__isnull=False),
            ),
        ]
        ordering = ["id"]

    def __str__(self) -> str:
        return f"cause {self.pk}"


class Firing(models.Model):
    """One time that an automation acted, or would have, and what came of it.

    ``did`` says in order what was done: ``{"key": …, "value": …, "events": [seqs]}``; what stood so
    already has no events. ``caused_at`` is the instant of the cause, ``at`` that of the deed.
    """

    automation = models.ForeignKey(
        Automation, on_delete=models.PROTECT, related_name="firings", db_index=False
    )
    version = models.ForeignKey(
        AutomationVersion, on_delete=models.PROTECT, related_name="firings", db_index=False
    )
    ticket = models.ForeignKey(
        Ticket, on_delete=models.PROTECT, related_name="firings", db_index=False
    )
    event = models.ForeignKey(
        Event, null=True, blank=True, on_delete=models.PROTECT, related_name="+", db_index=False
    )
    deadline = models.ForeignKey(
        Deadline, null=True, blank=True, on_delete=models.SET_NULL, related_name="+"
    )
    caused_at = models.DateTimeField()
    at = models.DateTimeField()
    outcome = models.CharField(max_length=8)
    did = models.JSONField(default=list, blank=True)
    reason = models.CharField(max_length=300, blank=True, default="")
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
            models.CheckConstraint(
                name="firing_undone_by_somebody",
                condition=Q(undone_at=None, undone_by=None)
                | Q(undone_at__isnull=False, undone_by__isnull=False, outcome="did"),
            ),
            one_of("outcome", OUTCOMES, "firing_outcome_known"),
            implies(~Q(outcome="did"), ~Q(reason=""), "firing_that_did_not_says_why"),
            models.CheckConstraint(
                name="firing_has_one_cause", condition=Q(event=None) | Q(deadline=None)
            ),
            models.UniqueConstraint(
                fields=["version", "event"],
                condition=Q(event__isnull=False),
                name="firing_once_per_event",
            ),
            models.UniqueConstraint(
                fields=["version", "deadline"],
                condition=Q(deadline__isnull=False),
                name="firing_once_per_deadline",
            ),
        ]
        indexes = [
            models.Index(fields=["automation", "-id"], name="firing_of_automation"),
            models.Index(fields=["automation", "caused_at"], name="firing_by_cause"),
            models.Index(fields=["ticket", "-id"], name="firing_on_ticket"),
        ]
        ordering = ["-id"]

    def __str__(self) -> str:
        return f"{self.automation_id} on {self.ticket_id}: {self.outcome}"


class AutomationAlarm(models.Model):
    """An automation was switched off by itself: its people are told once. The row is the outbox."""

    automation = models.ForeignKey(
        Automation, on_delete=models.CASCADE, related_name="alarms", db_index=False
    )
    at = models.DateTimeField()
    why = models.CharField(max_length=300)
    told_at = models.DateTimeField(null=True, blank=True)
    wake_at = models.DateTimeField()
    lease = models.UUIDField(null=True, blank=True)
    attempts = models.PositiveSmallIntegerField(default=0)
    last_error = models.CharField(max_length=300, blank=True, default="")

    class Meta:
        indexes = [
            models.Index(
                fields=["wake_at", "id"], name="automation_alarm_due", condition=Q(told_at=None)
            )
        ]
        ordering = ["id"]

    def __str__(self) -> str:
        return f"alarm {self.pk}"
