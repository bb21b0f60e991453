"""A guided question and its answer; and how often guidance ended the contact."""

from __future__ import annotations

from django.db import models
from django.db.models import Q

from tickets.models.base import implies, one_of
from tickets.models.claim import Draft
from tickets.models.order import Order
from tickets.models.store import Customer, Store
from tickets.models.ticket import Ticket

VERDICTS = (
    "accepted",
    "evidence_needed",
    "discretionary",
    "refused",
    "wait",
    "elsewhere",
    "answered",
)
# How a guided question ended: nothing more was heard (empty), the customer said that it
# helped, wrote to a person, filed a request, or wants to be reminded.
INQUIRY_ENDS = ("", "helped", "wrote", "filed", "reminder")
GUIDANCE_KINDS = ("article", "answer")


class Inquiry(models.Model):
    """What a customer asked, and what the rules answered, with the facts it was decided by.

    One per draft until it ends; asked again with other answers, it holds the latest.
    """

    store = models.ForeignKey(
        Store, on_delete=models.PROTECT, related_name="inquiries", db_index=False
    )
    draft = models.ForeignKey(
        Draft, null=True, blank=True, on_delete=models.SET_NULL, related_name="inquiries"
    )
    customer = models.ForeignKey(
        Customer, null=True, blank=True, on_delete=models.PROTECT, related_name="inquiries"
    )
    order = models.ForeignKey(
        Order, null=True, blank=True, on_delete=models.CASCADE, related_name="inquiries"
    )
    ticket = models.ForeignKey(
        Ticket, null=True, blank=True, on_delete=models.PROTECT, related_name="inquiries"
    )
    request = models.CharField(max_length=30)
    at = models.DateTimeField(help_text="When it was answered last.")
    facts = models.JSONField(default=dict)
    verdict = models.CharField(max_length=16)
    rule = models.CharField(max_length=80)
    policy_version = models.ForeignKey(
        "policies.PolicyVersion", on_delete=models.PROTECT, related_name="+", db_index=False
    )
    closes_at = models.DateTimeField(null=True, blank=True)
    opens_at = models.DateTimeField(null=True, blank=True)
    ended = models.CharField(max_length=8, blank=True, default="")
    ended_at = models.DateTimeField(null=True, blank=True)
    last_seq = models.PositiveIntegerField(default=0)

    class Meta:
        constraints = [
            one_of("verdict", VERDICTS, "inquiry_verdict_known"),
            one_of("ended", INQUIRY_ENDS, "inquiry_end_known"),
            models.CheckConstraint(name="inquiry_cites_a_rule", condition=~Q(rule="")),
            implies(~Q(ended=""), Q(ended_at__isnull=False), "inquiry_ended_has_time"),
            implies(Q(ended=""), Q(ended_at__isnull=True), "inquiry_open_has_no_end"),
            implies(Q(ended="reminder"), Q(customer__isnull=False), "inquiry_reminds_somebody"),
            models.UniqueConstraint(
                fields=["draft"],
                condition=Q(ended="", draft__isnull=False),
                name="inquiry_one_open_per_draft",
            ),
        ]
        indexes = [models.Index(fields=["store", "at", "id"], name="inquiry_by_store")]
        ordering = ["id"]

    def __str__(self) -> str:
        return f"{self.request} {self.verdict}"


class GuidanceCount(models.Model):
    """How often one article or general answer was seen, helped, or did not, on one local day.

    Counters only: no visitor is told apart. ``key`` is a rule's id or a request type.
    """

    store = models.ForeignKey(Store, on_delete=models.CASCADE, related_name="+", db_index=False)
    day = models.DateField()
    kind = models.CharField(max_length=8)
    key = models.CharField(max_length=80)
    seen = models.PositiveIntegerField(default=0)
    helped = models.PositiveIntegerField(default=0)
    wrote = models.PositiveIntegerField(default=0)

    class Meta:
        constraints = [
            one_of("kind", GUIDANCE_KINDS, "guidance_kind_known"),
            models.UniqueConstraint(
                fields=["store", "day", "kind", "key"], name="guidance_once_a_day"
            ),
        ]
        ordering = ["day", "id"]

    def __str__(self) -> str:
        return f"{self.key} {self.day}"
