"""Outside acts that wait to be done, and small books of the wiring."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models import Q

from tickets.lifecycle import OutboxState
from tickets.models.base import one_of
from tickets.models.event import Event
from tickets.models.order import Pickup
from tickets.models.store import Customer, Store


class Outbox(models.Model):
    """One mail to send. Written with its cause; settled only by the holder of its lease.

    It holds no address and no text: both are looked up when it is sent, so that personal
    data stays in few tables. ``pickup`` and ``cycle`` tie a reminder to the reservation
    that may only lapse once it was delivered.
    """

    store = models.ForeignKey(
        Store, on_delete=models.PROTECT, related_name="outbox", db_index=False
    )
    event = models.ForeignKey(
        Event, on_delete=models.PROTECT, related_name="outbox", db_index=False
    )
    template = models.CharField(max_length=40)
    to_customer = models.ForeignKey(
        Customer, null=True, blank=True, on_delete=models.PROTECT, related_name="+", db_index=False
    )
    to_user = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="+",
        db_index=False,
    )
    to_store = models.BooleanField(default=False, help_text="To the store's alert address.")
    pickup = models.ForeignKey(
        Pickup,
        null=True,
        blank=True,
        on_delete=models.CASCADE,
        related_name="notices",
        db_index=False,
    )
    cycle = models.PositiveSmallIntegerField(null=True, blank=True)
    state = models.CharField(max_length=8, default=OutboxState.PENDING)
    wake_at = models.DateTimeField()
    lease = models.UUIDField(null=True, blank=True)
    leased_until = models.DateTimeField(null=True, blank=True)
    attempts = models.PositiveSmallIntegerField(default=0)
    last_error = models.CharField(max_length=300, blank=True, default="")
    message_id = models.CharField(max_length=120, blank=True, default="")
    settled_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [
            one_of("state", OutboxState, "outbox_state_known"),
            models.CheckConstraint(
                name="outbox_has_one_recipient",
                condition=Q(to_customer__isnull=False, to_user=None, to_store=False)
                | Q(to_customer=None, to_user__isnull=False, to_store=False)
                | Q(to_customer=None, to_user=None, to_store=True),
            ),
            models.UniqueConstraint(
                fields=["event", "template", "to_customer", "to_user", "to_store"],
                nulls_distinct=False,
                name="outbox_once_per_cause",
            ),
            models.CheckConstraint(
                name="outbox_settled_has_time",
                condition=Q(state=OutboxState.PENDING) | Q(settled_at__isnull=False),
            ),
        ]
        indexes = [
            models.Index(fields=["wake_at", "id"], name="outbox_due", condition=Q(state="pending")),
            models.Index(
                fields=["pickup", "cycle"], name="outbox_notices", condition=Q(pickup__isnull=False)
            ),
            models.Index(
                fields=["message_id"], name="outbox_by_message", condition=~Q(message_id="")
            ),
        ]
        ordering = ["id"]

    def __str__(self) -> str:
        return f"{self.template} {self.state}"


class KeptMail(models.Model):
    """A mail kept instead of sent: the demo shows what customers get."""

    message_id = models.CharField(max_length=120, unique=True)
    sender = models.CharField(max_length=254)
    recipient = models.CharField(max_length=254)
    subject = models.CharField(max_length=300)
    text = models.TextField()
    html = models.TextField(blank=True)
    at = models.DateTimeField()

    class Meta:
        ordering = ["-at", "-id"]

    def __str__(self) -> str:
        return self.subject


class RateBucket(models.Model):
    """How often something was tried in one stretch of time. Keys are keyed hashes."""

    key = models.CharField(max_length=64)
    starts_at = models.DateTimeField()
    count = models.PositiveIntegerField(default=0)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["key", "starts_at"], name="rate_bucket_once")
        ]
        ordering = ["id"]

    def __str__(self) -> str:
        return f"{self.count}"
