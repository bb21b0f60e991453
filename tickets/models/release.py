"""A release date that moves, and waits for a person to say so."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models import Q

from tickets.models.base import implies, one_of
from tickets.models.store import Product, Store

RELEASE_STATES = ("proposed", "confirmed", "dismissed")


class ReleaseMove(models.Model):
    """A product's release is said to move. Nothing follows before a person confirms it."""

    store = models.ForeignKey(
        Store, on_delete=models.PROTECT, related_name="release_moves", db_index=False
    )
    product = models.ForeignKey(Product, on_delete=models.CASCADE, related_name="release_moves")
    before = models.DateField(null=True, blank=True)
    after = models.DateField(null=True, blank=True, help_text="Empty: not known any more.")
    state = models.CharField(max_length=9, default="proposed")
    proposed_at = models.DateTimeField()
    proposed_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="+",
        db_index=False,
        help_text="Empty: an import.",
    )
    decided_at = models.DateTimeField(null=True, blank=True)
    decided_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="+",
        db_index=False,
    )
    orders_told = models.PositiveIntegerField(default=0)

    class Meta:
        constraints = [
            one_of("state", RELEASE_STATES, "release_state_known"),
            implies(
                ~Q(state="proposed"),
                Q(decided_at__isnull=False, decided_by__isnull=False),
                "release_decided_has_who_and_when",
            ),
            models.UniqueConstraint(
                fields=["product"],
                condition=Q(state="proposed"),
                name="release_one_proposal_per_product",
            ),
        ]
        indexes = [
            models.Index(
                fields=["store", "proposed_at", "id"],
                name="release_to_confirm",
                condition=Q(state="proposed"),
            )
        ]
        ordering = ["-proposed_at", "-id"]

    def __str__(self) -> str:
        return f"{self.product_id}: {self.before} -> {self.after}"
