"""Published packs, append-only, each in force from an instant on; and what is tried before."""

from __future__ import annotations

from enum import StrEnum

from django.conf import settings
from django.db import models
from django.db.models import Q


class DraftState(StrEnum):
    """What became of a draft."""

    OPEN = "open"
    PUBLISHED = "published"
    DROPPED = "dropped"


class TrialState(StrEnum):
    """How far a trial has come."""

    QUEUED = "queued"
    RUNNING = "running"
    DONE = "done"
    FAILED = "failed"
    CANCELLED = "cancelled"


UNFINISHED = (TrialState.QUEUED, TrialState.RUNNING)


def _known(states: type[StrEnum], name: str) -> models.CheckConstraint:
    return models.CheckConstraint(
        name=name, condition=Q(state__in=[str(state) for state in states])
    )


class PolicyVersion(models.Model):
    """One published pack of one store. Never changed, never deleted: a trigger refuses it."""

    store = models.ForeignKey(
        "tickets.Store", on_delete=models.PROTECT, related_name="policy_versions"
    )
    number = models.PositiveIntegerField()
    starts_at = models.DateTimeField()
    source = models.TextField()
    sha256 = models.CharField(max_length=64)
    published_at = models.DateTimeField()
    published_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["store", "number"], name="policy_number_once"),
            models.UniqueConstraint(fields=["store", "starts_at"], name="policy_start_once"),
        ]
        ordering = ["store_id", "number"]

    def __str__(self) -> str:
        return f"version {self.number}"


class PolicyDraft(models.Model):
    """A pack that somebody works on. It may be broken; then it cannot be tried or published.

    ``revision`` counts every saving: who saves from an older one is told, and loses nothing.
    """

    store = models.ForeignKey(
        "tickets.Store", on_delete=models.PROTECT, related_name="policy_drafts", db_index=False
    )
    title = models.CharField(max_length=120)
    source = models.TextField(blank=True)
    based_on = models.ForeignKey(
        PolicyVersion, on_delete=models.PROTECT, related_name="+", db_index=False
    )
    state = models.CharField(max_length=10, default=DraftState.OPEN)
    revision = models.PositiveIntegerField(default=1)
    made_at = models.DateTimeField()
    made_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+", db_index=False
    )
    changed_at = models.DateTimeField()
    changed_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+", db_index=False
    )
    published = models.OneToOneField(
        PolicyVersion, null=True, blank=True, on_delete=models.PROTECT, related_name="draft"
    )

    class Meta:
        constraints = [
            _known(DraftState, "policy_draft_state_known"),
            models.CheckConstraint(
                name="policy_draft_published_has_version",
                condition=Q(state="published", published__isnull=False)
                | (~Q(state="published") & Q(published__isnull=True)),
            ),
        ]
        indexes = [models.Index(fields=["store", "-changed_at", "-id"], name="policy_draft_list")]
        ordering = ["-changed_at", "-id"]

    def __str__(self) -> str:
        return self.title


class PolicyTrial(models.Model):
    """A draft replayed over the requests of a period. Nothing is published by it.

    It keeps the text it tries, so that a draft may go on changing meanwhile. ``position`` is
    the last request that is counted, and is committed together with the counts: whoever takes
    over from a dead worker goes on there, and counts nothing twice. ``until_event`` keeps what
    happens meanwhile out.
    """

    store = models.ForeignKey(
        "tickets.Store", on_delete=models.PROTECT, related_name="policy_trials", db_index=False
    )
    draft = models.ForeignKey(PolicyDraft, on_delete=models.PROTECT, related_name="trials")
    draft_revision = models.PositiveIntegerField()
    source = models.TextField()
    sha256 = models.CharField(max_length=64)
    first = models.DateField()
    last = models.DateField()
    starts_at = models.DateTimeField()
    ends_at = models.DateTimeField()
    until_event = models.BigIntegerField()
    state = models.CharField(max_length=10, default=TrialState.QUEUED)
    asked_at = models.DateTimeField()
    asked_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+", db_index=False
    )
    total = models.PositiveIntegerField(default=0)
    done = models.PositiveIntegerField(default=0)
    position = models.JSONField(default=dict, blank=True)
    summary = models.JSONField(default=dict, blank=True)
    lease = models.UUIDField(null=True, blank=True)
    leased_until = models.DateTimeField(null=True, blank=True)
    heartbeat = models.DateTimeField(null=True, blank=True)
    attempts = models.PositiveSmallIntegerField(default=0)
    ended_at = models.DateTimeField(null=True, blank=True)
    problem = models.CharField(max_length=500, blank=True, default="")

    class Meta:
        constraints = [
            _known(TrialState, "policy_trial_state_known"),
            models.CheckConstraint(
                name="policy_trial_forwards", condition=Q(starts_at__lte=models.F("ends_at"))
            ),
            models.CheckConstraint(
                name="policy_trial_ended_has_time",
                condition=Q(state__in=[str(state) for state in UNFINISHED])
                | Q(ended_at__isnull=False),
            ),
        ]
        indexes = [
            models.Index(
                fields=["asked_at", "id"],
                name="policy_trial_queue",
                condition=Q(state__in=[str(state) for state in UNFINISHED]),
            )
        ]
        ordering = ["-asked_at", "-id"]

    def __str__(self) -> str:
        return f"trial {self.pk} {self.state}"


class PolicyTrialCase(models.Model):
    """One past request that would have been decided otherwise. Its facts stay where they are."""

    trial = models.ForeignKey(
        PolicyTrial, on_delete=models.CASCADE, related_name="cases", db_index=False
    )
    event = models.ForeignKey(
        "tickets.Event", null=True, blank=True, on_delete=models.CASCADE, related_name="+"
    )
    inquiry = models.ForeignKey(
        "tickets.Inquiry", null=True, blank=True, on_delete=models.CASCADE, related_name="+"
    )
    version = models.ForeignKey(
        PolicyVersion, on_delete=models.PROTECT, related_name="+", db_index=False
    )
    request = models.CharField(max_length=30)
    before_verdict = models.CharField(max_length=16)
    before_rule = models.CharField(max_length=80)
    after_verdict = models.CharField(max_length=16)
    after_rule = models.CharField(max_length=80)
    refund_before = models.BooleanField(default=False)
    refund_after = models.BooleanField(default=False)
    amount = models.DecimalField(max_digits=14, decimal_places=2, null=True, blank=True)
    currency = models.CharField(max_length=3, blank=True, default="")
    decided = models.CharField(max_length=40, blank=True, default="")

    class Meta:
        constraints = [
            models.CheckConstraint(
                name="policy_trial_case_has_one_source",
                condition=Q(event__isnull=False, inquiry__isnull=True)
                | Q(event__isnull=True, inquiry__isnull=False),
            ),
            models.UniqueConstraint(
                fields=["trial", "event"],
                condition=Q(event__isnull=False),
                name="policy_trial_event_once",
            ),
            models.UniqueConstraint(
                fields=["trial", "inquiry"],
                condition=Q(inquiry__isnull=False),
                name="policy_trial_inquiry_once",
            ),
        ]
        indexes = [models.Index(fields=["trial", "id"], name="policy_trial_case_list")]
        ordering = ["id"]

    def __str__(self) -> str:
        return f"{self.before_verdict} to {self.after_verdict}"


class PolicyAlarm(models.Model):
    """A published version that this product cannot read, told to staff once.

    The row is its own outbox: ``wake_at`` and the lease say who may send the mail, ``told_at``
    that it was sent. ``cleared_at``: it can be read again.
    """

    version = models.OneToOneField(PolicyVersion, on_delete=models.PROTECT, related_name="alarm")
    mistakes = models.JSONField(default=list)
    found_at = models.DateTimeField()
    cleared_at = models.DateTimeField(null=True, blank=True)
    told_at = models.DateTimeField(null=True, blank=True)
    wake_at = models.DateTimeField()
    lease = models.UUIDField(null=True, blank=True)
    leased_until = models.DateTimeField(null=True, blank=True)
    attempts = models.PositiveSmallIntegerField(default=0)
    last_error = models.CharField(max_length=300, blank=True, default="")

    class Meta:
        indexes = [
            models.Index(
                fields=["wake_at", "id"], name="policy_alarm_due", condition=Q(told_at=None)
            )
        ]
        ordering = ["id"]

    def __str__(self) -> str:
        return f"alarm about {self.version_id}"
