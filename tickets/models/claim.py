"""A request for an outcome under a rule, and what is filled in before it is sent."""

from __future__ import annotations

import secrets

from django.conf import settings
from django.db import models
from django.db.models import Q

from tickets.lifecycle import OPEN_CLAIM_STATES, ClaimState
from tickets.models.base import implies, one_of
from tickets.models.order import Order, OrderLine, OrderShare
from tickets.models.store import Customer, Store
from tickets.models.ticket import Ticket

CLAIM_TYPES = ("missing_photocard", "defect", "transit_damage")
CLAIM_OUTCOMES = ("", "refund", "replacement", "return")
FILED_VERDICTS = ("accepted", "evidence_needed", "discretionary")


def _key() -> str:
    return secrets.token_urlsafe(24)


class Draft(models.Model):
    """What a customer has typed and uploaded before sending. ``key`` is all they need to hold."""

    key = models.CharField(max_length=40, unique=True, default=_key)
    store = models.ForeignKey(
        Store, on_delete=models.CASCADE, related_name="drafts", db_index=False
    )
    order = models.ForeignKey(
        Order, null=True, blank=True, on_delete=models.CASCADE, related_name="drafts"
    )
    claimant = models.ForeignKey(
        Customer,
        null=True,
        blank=True,
        on_delete=models.CASCADE,
        related_name="+",
        db_index=False,
        help_text="Who asks, where it is not the buyer: one of several who ordered together.",
    )
    request = models.CharField(max_length=30, blank=True)
    answers = models.JSONField(default=dict, blank=True)
    started_at = models.DateTimeField()
    touched_at = models.DateTimeField()

    class Meta:
        indexes = [models.Index(fields=["touched_at"], name="draft_by_age")]
        ordering = ["id"]

    def __str__(self) -> str:
        return f"draft {self.pk}"

    @property
    def asker(self) -> Customer | None:
        """Who asks: one of those who ordered together, or the buyer; nobody without an order."""
        if self.claimant_id is not None:
            return self.claimant
        return self.order.customer if self.order is not None else None


class Claim(models.Model):
    """One request for an outcome. The decision's own words and facts are on its events.

    ``filed_at`` is the instant the customer asked: windows are judged by it for ever.
    ``asked`` holds what an agent asked for beyond the rule: kind -> files in all.
    """

    ticket = models.OneToOneField(Ticket, on_delete=models.PROTECT, related_name="claim")
    order = models.ForeignKey(Order, on_delete=models.PROTECT, related_name="claims")
    draft = models.OneToOneField(
        Draft, null=True, blank=True, on_delete=models.SET_NULL, related_name="claim"
    )
    form_key = models.CharField(max_length=40, unique=True)
    type = models.CharField(max_length=20)
    state = models.CharField(max_length=20)
    is_open = models.GeneratedField(
        expression=Q(state__in=sorted(OPEN_CLAIM_STATES)),  # type: ignore[arg-type]  # a Q is accepted, the stubs lag
        output_field=models.BooleanField(),
        db_persist=True,
    )
    said = models.JSONField(default=dict, blank=True)
    filed_at = models.DateTimeField()
    policy_version = models.ForeignKey(
        "policies.PolicyVersion", on_delete=models.PROTECT, related_name="+", db_index=False
    )
    verdict = models.CharField(max_length=16)
    rule = models.CharField(max_length=80)
    closes_at = models.DateTimeField(null=True, blank=True)
    missing = models.JSONField(default=list, blank=True)
    outcomes = models.JSONField(default=list, blank=True)
    asked = models.JSONField(default=dict, blank=True)
    overridden_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="+",
        db_index=False,
    )
    evidence_cycle = models.PositiveSmallIntegerField(default=0)
    outcome = models.CharField(max_length=12, blank=True, default="")
    refused_rule = models.CharField(max_length=80, blank=True, default="")
    decided_at = models.DateTimeField(null=True, blank=True)
    inspected_at = models.DateTimeField(null=True, blank=True)
    fulfilled_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [
            one_of("state", ClaimState, "claim_state_known"),
            one_of("type", CLAIM_TYPES, "claim_type_known"),
            one_of("verdict", FILED_VERDICTS, "claim_verdict_can_be_filed"),
            one_of("outcome", CLAIM_OUTCOMES, "claim_outcome_known"),
            models.CheckConstraint(name="claim_cites_a_rule", condition=~Q(rule="")),
            # The target of claim_item's composite foreign key (see its migration).
            models.UniqueConstraint(fields=["id", "type", "is_open"], name="claim_id_type_open"),
            implies(
                Q(
                    state__in=[
                        ClaimState.APPROVED,
                        ClaimState.AWAITING_RETURN,
                        ClaimState.INSPECTING,
                        ClaimState.FULFILLED,
                    ]
                ),
                ~Q(outcome="") & Q(decided_at__isnull=False),
                "claim_approved_has_outcome",
            ),
            implies(
                Q(state=ClaimState.REFUSED),
                ~Q(refused_rule="") & Q(decided_at__isnull=False),
                "claim_refused_has_rule",
            ),
            implies(
                Q(state=ClaimState.FULFILLED),
                Q(fulfilled_at__isnull=False),
                "claim_fulfilled_has_date",
            ),
            implies(
                Q(state=ClaimState.UNDER_REVIEW),
                Q(missing=[]) | Q(verdict="discretionary") | Q(overridden_by__isnull=False),
                "claim_reviewed_is_complete",
            ),
        ]
        indexes = [
            models.Index(fields=["state", "id"], name="claim_queue", condition=Q(is_open=True)),
            models.Index(fields=["filed_at", "id"], name="claim_by_filing"),
        ]
        ordering = ["-filed_at", "-id"]

    def __str__(self) -> str:
        return f"{self.type} in {self.ticket_id}"


class ClaimItem(models.Model):
    """What of the order the claim is about.

    ``claim_type`` and ``claim_open`` repeat the claim's own columns; a composite
    foreign key with ON UPDATE CASCADE keeps them equal, so that a plain partial
    unique index can refuse a second open claim of one type for one line.
    """

    claim = models.ForeignKey(Claim, on_delete=models.CASCADE, related_name="items", db_index=False)
    line = models.ForeignKey(OrderLine, on_delete=models.PROTECT, related_name="claim_items")
    share = models.ForeignKey(
        OrderShare, null=True, blank=True, on_delete=models.PROTECT, related_name="claim_items"
    )
    quantity = models.PositiveIntegerField(default=1)
    component = models.CharField(max_length=200, blank=True)
    claim_type = models.CharField(max_length=20)
    claim_open = models.BooleanField(default=True)

    class Meta:
        constraints = [
            models.CheckConstraint(name="claim_item_has_quantity", condition=Q(quantity__gt=0)),
            models.UniqueConstraint(fields=["claim", "line"], name="claim_item_once"),
            models.UniqueConstraint(
                fields=["line", "claim_type"],
                condition=Q(claim_open=True, share=None),
                name="claim_item_one_open_claim_per_line_and_type",
            ),
            # Of an order of several together, each may ask for their own.
            models.UniqueConstraint(
                fields=["share", "claim_type"],
                condition=Q(claim_open=True, share__isnull=False),
                name="claim_item_one_open_claim_per_share_and_type",
            ),
        ]
        ordering = ["id"]

    def __str__(self) -> str:
        return f"{self.quantity} of {self.line_id}"
