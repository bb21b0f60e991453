"""Published packs: append-only, each in force from an instant on."""

from __future__ import annotations

from django.conf import settings
from django.db import models


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
