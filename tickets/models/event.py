"""What happened: append-only, and enough to explain itself alone."""

from __future__ import annotations

from collections.abc import Iterable

from django.conf import settings
from django.db import models
from django.db.models import Q

from tickets.models.base import implies, one_of
from tickets.models.claim import Claim
from tickets.models.inquiry import Inquiry
from tickets.models.order import Order, Pickup
from tickets.models.store import Customer, Store
from tickets.models.ticket import Ticket

ACTOR_KINDS = ("staff", "customer", "system", "integration")
# What an event of these kinds decided, it decided by a rule of a pack.
DECISION_KINDS = (
    "claim_filed",
    "evidence_added",
    "claim_approved",
    "claim_refused",
    "pickup_expired",
    "request_accepted",
)


STEP_UNDONE = "step_undone"  # its data names the events that count no more


class Event(models.Model):
    """One change of state, one row, in the same transaction. A trigger refuses the rest.

    ``seq`` counts per subject (ticket, pickup, order or inquiry) without gaps. For a decision
    ``rule``, ``policy_version`` and ``data["facts"]`` say what was decided by what and on what.
    """

    store = models.ForeignKey(
        Store, on_delete=models.PROTECT, related_name="events", db_index=False
    )
    ticket = models.ForeignKey(
        Ticket,
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="events",
        db_index=False,
    )
    claim = models.ForeignKey(
        Claim,
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="events",
        db_index=False,
    )
    pickup = models.ForeignKey(
        Pickup,
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="events",
        db_index=False,
    )
    order = models.ForeignKey(
        Order,
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="events",
        db_index=False,
    )
    inquiry = models.ForeignKey(
        Inquiry,
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="events",
        db_index=False,
    )
    seq = models.PositiveIntegerField()
    kind = models.CharField(max_length=40)
    at = models.DateTimeField()
    actor_kind = models.CharField(max_length=12)
    actor_user = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="+",
        db_index=False,
    )
    actor_customer = models.ForeignKey(
        Customer, null=True, blank=True, on_delete=models.PROTECT, related_name="+", db_index=False
    )
    rule = models.CharField(max_length=80, blank=True, default="")
    policy_version = models.ForeignKey(
        "policies.PolicyVersion",
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="+",
        db_index=False,
    )
    data = models.JSONField(default=dict, blank=True)

    class Meta:
        constraints = [
            one_of("actor_kind", ACTOR_KINDS, "event_actor_known"),
            models.CheckConstraint(
                name="event_names_its_actor",
                condition=Q(actor_kind="staff", actor_user__isnull=False, actor_customer=None)
                | Q(actor_kind="customer", actor_customer__isnull=False, actor_user=None)
                | Q(actor_kind__in=["system", "integration"], actor_user=None, actor_customer=None),
            ),
            models.CheckConstraint(
                name="event_has_one_subject",
                condition=Q(ticket__isnull=False, pickup=None, order=None, inquiry=None)
                | Q(ticket=None, pickup__isnull=False, claim=None, order=None, inquiry=None)
                | Q(ticket=None, pickup=None, claim=None, order__isnull=False, inquiry=None)
                | Q(ticket=None, pickup=None, claim=None, order=None, inquiry__isnull=False),
            ),
            implies(
                Q(kind__in=DECISION_KINDS),
                ~Q(rule="") & Q(policy_version__isnull=False),
                "event_decision_cites_rule_and_version",
            ),
            models.UniqueConstraint(
                fields=["ticket", "seq"], condition=Q(ticket__isnull=False), name="event_seq_ticket"
            ),
            models.UniqueConstraint(
                fields=["pickup", "seq"], condition=Q(pickup__isnull=False), name="event_seq_pickup"
            ),
            models.UniqueConstraint(
                fields=["order", "seq"], condition=Q(order__isnull=False), name="event_seq_order"
            ),
            models.UniqueConstraint(
                fields=["inquiry", "seq"],
                condition=Q(inquiry__isnull=False),
                name="event_seq_inquiry",
            ),
        ]
        # Foreign keys here carry no index of their own where one of these, or a partial
        # unique constraint above, already finds the rows: this table is written most.
        indexes = [
            models.Index(fields=["store", "at", "id"], name="event_by_store"),
            models.Index(fields=["claim"], name="event_by_claim", condition=Q(claim__isnull=False)),
        ]
        ordering = ["id"]

    def __str__(self) -> str:
        return f"{self.kind} #{self.seq}"


def standing(events: Iterable[Event]) -> list[Event]:
    """Events of tickets without those that staff have taken back, and without the taking back."""
    events = list(events)
    undone = {
        (event.ticket_id, seq)
        for event in events
        if event.kind == STEP_UNDONE
        for seq in event.data["undone"]
    }
    return [
        event
        for event in events
        if event.kind != STEP_UNDONE and (event.ticket_id, event.seq) not in undone
    ]


def standing_of(ticket: Ticket) -> models.QuerySet[Event]:
    """A ticket's events without those that staff have taken back."""
    backs = Event.objects.filter(ticket=ticket, kind=STEP_UNDONE)
    undone = [seq for data in backs.values_list("data", flat=True) for seq in data["undone"]]
    return Event.objects.filter(ticket=ticket).exclude(seq__in=undone)
