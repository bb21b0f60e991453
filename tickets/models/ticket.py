"""The conversation, and whose turn it is."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models import BooleanField, ExpressionWrapper, F, Q

from tickets.lifecycle import TicketState, WaitingFor
from tickets.models.base import implies, one_of
from tickets.models.order import Order
from tickets.models.store import Customer, Store
from tickets.references import spoken

PRIORITIES = (0, 1, 2, 3)  # urgent, high, normal, low
URGENT, NORMAL = 0, 2

# Ours before theirs, the urgent first, then what is due first, what is never due last: a
# queue's one order, and so its index. False sorts before true.
THEIR_TURN = ExpressionWrapper(Q(state=TicketState.WAITING.value), output_field=BooleanField())
QUEUE_ORDER = (
    THEIR_TURN.asc(),
    F("priority").asc(),
    F("next_due_at").asc(nulls_last=True),
    F("id").asc(),
)

MESSAGE_KINDS = ("customer", "agent", "note", "system")
CHANNELS = ("", "page", "mail", "phone", "desk")
# Where a ticket stands for the queues. The database keeps it (see migration 0011): it follows
# from the request, the claim and the order, and nobody else sets it.
STAGES = (
    "ready",
    "evidence",
    "manufacturer",
    "fulfil",
    "cancellation",
    "parcel",
    "question",
    "other",
)
OPEN = Q(state__in=["new", "open", "waiting"])
# What stands in the queues: open, and not put off to a later day.
AWAKE = OPEN & Q(snoozed_until=None)


class Ticket(models.Model):
    """One conversation. ``last_seq`` numbers its events without gaps, under the row's lock."""

    store = models.ForeignKey(Store, on_delete=models.PROTECT, related_name="tickets")
    reference = models.CharField(max_length=8, unique=True)
    customer = models.ForeignKey(
        Customer, on_delete=models.PROTECT, related_name="tickets", db_index=False
    )
    order = models.ForeignKey(
        Order, null=True, blank=True, on_delete=models.PROTECT, related_name="tickets"
    )
    request = models.CharField(max_length=30, help_text="The request type, e.g. defect.")
    subject = models.CharField(max_length=200)
    state = models.CharField(max_length=8, default=TicketState.NEW)
    priority = models.PositiveSmallIntegerField(default=NORMAL)
    waiting_for = models.CharField(max_length=12, blank=True, default=WaitingFor.NOBODY)
    assignee = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="+",
        db_index=False,
    )
    stage = models.CharField(max_length=14, default="question", editable=False)
    channel = models.CharField(max_length=5, blank=True, default="")
    snoozed_until = models.DateTimeField(null=True, blank=True)
    opened_at = models.DateTimeField()
    updated_at = models.DateTimeField()
    last_speaker = models.CharField(max_length=8, default="customer")
    next_due_at = models.DateTimeField(null=True, blank=True)
    answered_at = models.DateTimeField(
        null=True, blank=True, help_text="When a person first answered."
    )
    first_due_at = models.DateTimeField(
        null=True, blank=True, help_text="By when a person should have answered."
    )
    resolve_due_at = models.DateTimeField(
        null=True, blank=True, help_text="By when it should be solved; empty while time stands."
    )
    resolve_left = models.PositiveIntegerField(
        null=True, blank=True, help_text="Seconds of opening time left, while time stands still."
    )
    escalated_at = models.DateTimeField(null=True, blank=True)
    merged_into = models.ForeignKey(
        "self",
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="merged",
        db_index=False,
        help_text="The conversation that this one is a part of now; never itself part of another.",
    )
    link_generation = models.PositiveSmallIntegerField(default=1)
    last_seq = models.PositiveIntegerField(default=0)
    held_at = models.DateTimeField(
        null=True, blank=True, help_text="Since when nothing of its evidence may be erased."
    )
    held_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="+",
        db_index=False,
    )
    hold_reason = models.CharField(max_length=500, blank=True, default="")

    class Meta:
        constraints = [
            one_of("state", TicketState, "ticket_state_known"),
            models.CheckConstraint(
                name="ticket_hold_has_who_and_why",
                condition=Q(held_at=None, held_by=None, hold_reason="")
                | (Q(held_at__isnull=False, held_by__isnull=False) & ~Q(hold_reason="")),
            ),
            models.CheckConstraint(
                name="ticket_priority_known", condition=Q(priority__in=PRIORITIES)
            ),
            one_of("waiting_for", WaitingFor, "ticket_waiting_known"),
            one_of("stage", STAGES, "ticket_stage_known"),
            one_of("channel", CHANNELS, "ticket_channel_known"),
            implies(Q(snoozed_until__isnull=False), OPEN, "ticket_snoozed_is_open"),
            # Time runs or stands still, never both.
            models.CheckConstraint(
                name="ticket_clock_runs_or_stands",
                condition=Q(resolve_due_at=None) | Q(resolve_left=None),
            ),
            implies(
                Q(state=TicketState.WAITING),
                ~Q(waiting_for=WaitingFor.NOBODY),
                "ticket_waits_for_somebody",
            ),
            implies(
                ~Q(state=TicketState.WAITING),
                Q(waiting_for=WaitingFor.NOBODY),
                "ticket_waits_only_when_waiting",
            ),
            models.CheckConstraint(
                name="ticket_merged_into_another", condition=~Q(merged_into=F("id"))
            ),
            implies(Q(merged_into__isnull=False), Q(state="closed"), "ticket_merged_is_closed"),
        ]
        indexes = [
            models.Index(fields=["customer", "-opened_at"], name="ticket_by_customer"),
            models.Index(
                fields=["merged_into"],
                name="ticket_merged",
                condition=Q(merged_into__isnull=False),
            ),
            models.Index(F("store"), *QUEUE_ORDER, name="ticket_queue", condition=AWAKE),
            models.Index(
                F("store"), F("stage"), *QUEUE_ORDER, name="ticket_stage", condition=AWAKE
            ),
            models.Index(
                F("assignee"),
                F("store"),
                *QUEUE_ORDER,
                name="ticket_assigned",
                condition=AWAKE & Q(assignee__isnull=False),
            ),
            models.Index(
                F("store"),
                *QUEUE_ORDER,
                name="ticket_unassigned",
                condition=AWAKE & Q(assignee=None),
            ),
            models.Index(
                F("store"),
                F("waiting_for"),
                *QUEUE_ORDER[1:],
                name="ticket_waiting",
                condition=AWAKE & Q(state="waiting"),
            ),
            models.Index(
                F("store"),
                *QUEUE_ORDER[1:],
                name="ticket_new",
                condition=AWAKE & Q(state="new"),
            ),
            models.Index(
                fields=["store", "next_due_at", "id"],
                name="ticket_due",
                condition=AWAKE & Q(next_due_at__isnull=False),
            ),
            models.Index(
                fields=["store", "snoozed_until", "id"],
                name="ticket_snoozed",
                condition=Q(snoozed_until__isnull=False),
            ),
            models.Index(
                fields=["store", "-id"],
                name="ticket_done",
                condition=Q(state__in=["solved", "closed"]),
            ),
            models.Index(fields=["store", "opened_at", "id"], name="ticket_opened"),
        ]
        ordering = ["-opened_at", "-id"]

    def __str__(self) -> str:
        return self.spoken_reference

    @property
    def spoken_reference(self) -> str:
        """``7KM4-QX9D``: what people read and say."""
        return spoken(self.reference)


class Message(models.Model):
    """One thing said. A ``note`` is for staff only and is never mailed to a customer."""

    ticket = models.ForeignKey(
        Ticket, on_delete=models.CASCADE, related_name="messages", db_index=False
    )
    kind = models.CharField(max_length=8)
    author = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="+",
        db_index=False,
    )
    body = models.TextField()
    channel = models.CharField(max_length=5, blank=True, default="")
    at = models.DateTimeField()
    form_key = models.UUIDField(null=True, blank=True, unique=True)

    class Meta:
        constraints = [
            one_of("kind", MESSAGE_KINDS, "message_kind_known"),
            one_of("channel", CHANNELS, "message_channel_known"),
            implies(
                Q(kind__in=["agent", "note"]), Q(author__isnull=False), "message_staff_has_author"
            ),
        ]
        indexes = [models.Index(fields=["ticket", "at", "id"], name="message_in_ticket")]
        ordering = ["at", "id"]

    def __str__(self) -> str:
        return f"{self.kind} in {self.ticket_id}"
