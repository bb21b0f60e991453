"""What must have happened by when, as indexed rows."""

from __future__ import annotations

from django.db import models
from django.db.models import Q

from tickets.lifecycle import DeadlineState
from tickets.models.base import one_of
from tickets.models.claim import Claim
from tickets.models.inquiry import Inquiry
from tickets.models.order import Order, Pickup, Refund, Shipment
from tickets.models.store import Store
from tickets.models.ticket import Ticket

DEADLINE_KINDS = (
    "evidence_reminder",
    "evidence_due",
    "manufacturer_update",
    "manufacturer_due",
    "process_warning",
    "process_due",
    "pickup_reminder",
    "pickup_expiry",
    "refund_due",
    "answer_due",
    "carrier_due",
    "wait_over",
    "parcel_late",
    "parcel_stalled",
    "poster_late",
    "preorder_due",
    "retention_due",
    "first_target",
    "resolve_target",
    "snooze_over",
)
# What must have happened by its instant; the others are notices on the way there.
BINDING_KINDS = (
    "evidence_due",
    "manufacturer_due",
    "process_due",
    "pickup_expiry",
    "refund_due",
    "answer_due",
    "carrier_due",
    "first_target",
    "resolve_target",
)
# What a deadline can be of; exactly one of them.
SUBJECTS = ("claim", "pickup", "refund", "ticket", "inquiry", "shipment", "order")


def _one_subject() -> Q:
    """Exactly one of the subjects is named."""
    found = Q()
    for chosen in SUBJECTS:
        found |= Q(**{f"{name}__isnull": name != chosen for name in SUBJECTS})
    return found


class Deadline(models.Model):
    """Fires once; is moved by inserting the next cycle, never by editing the past.

    ``step`` tells reminders of one kind apart (days before, or the week). ``wake_at`` is
    when the sweep looks next: ``due_at``, or later after a failure.
    """

    store = models.ForeignKey(
        Store, on_delete=models.PROTECT, related_name="deadlines", db_index=False
    )
    claim = models.ForeignKey(
        Claim,
        null=True,
        blank=True,
        on_delete=models.CASCADE,
        related_name="deadlines",
        db_index=False,
    )
    pickup = models.ForeignKey(
        Pickup,
        null=True,
        blank=True,
        on_delete=models.CASCADE,
        related_name="deadlines",
        db_index=False,
    )
    refund = models.ForeignKey(
        Refund,
        null=True,
        blank=True,
        on_delete=models.CASCADE,
        related_name="deadlines",
        db_index=False,
    )
    ticket = models.ForeignKey(
        Ticket,
        null=True,
        blank=True,
        on_delete=models.CASCADE,
        related_name="deadlines",
        db_index=False,
    )
    inquiry = models.ForeignKey(
        Inquiry,
        null=True,
        blank=True,
        on_delete=models.CASCADE,
        related_name="deadlines",
        db_index=False,
    )
    shipment = models.ForeignKey(
        Shipment,
        null=True,
        blank=True,
        on_delete=models.CASCADE,
        related_name="deadlines",
        db_index=False,
    )
    order = models.ForeignKey(
        Order,
        null=True,
        blank=True,
        on_delete=models.CASCADE,
        related_name="deadlines",
        db_index=False,
    )
    kind = models.CharField(max_length=24)
    step = models.PositiveSmallIntegerField(default=0)
    cycle = models.PositiveSmallIntegerField(default=1)
    due_at = models.DateTimeField()
    wake_at = models.DateTimeField()
    state = models.CharField(max_length=10, default=DeadlineState.PENDING)
    settled_at = models.DateTimeField(null=True, blank=True)
    attempts = models.PositiveSmallIntegerField(default=0)
    last_error = models.CharField(max_length=300, blank=True, default="")

    class Meta:
        constraints = [
            one_of("state", DeadlineState, "deadline_state_known"),
            one_of("kind", DEADLINE_KINDS, "deadline_kind_known"),
            models.CheckConstraint(
                name="deadline_has_one_subject",
                condition=_one_subject(),
            ),
            models.CheckConstraint(
                name="deadline_settled_has_time",
                condition=Q(state=DeadlineState.PENDING) | Q(settled_at__isnull=False),
            ),
            *(
                models.UniqueConstraint(
                    fields=[subject, "kind", "step", "cycle"],
                    condition=Q(**{f"{subject}__isnull": False}),
                    name=f"deadline_once_per_{subject}",
                )
                for subject in SUBJECTS
            ),
        ]
        indexes = [
            models.Index(
                fields=["kind", "wake_at", "id"],
                name="deadline_to_fire",
                condition=Q(state="pending"),
            ),
            models.Index(
                fields=["store", "due_at"],
                name="deadline_overdue",
                condition=Q(state="overdue"),
            ),
        ]
        ordering = ["due_at", "id"]

    def __str__(self) -> str:
        return f"{self.kind} {self.due_at:%Y-%m-%d}"
