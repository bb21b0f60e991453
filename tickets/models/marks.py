"""What staff put on a ticket: tags, who watches it, which others belong to it."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models import F, Q

from tickets.models.base import one_of
from tickets.models.store import Store
from tickets.models.ticket import Ticket

LINK_KINDS = ("related", "duplicate", "follow_up")


class Tag(models.Model):
    """A word that a store puts on its tickets; ``key`` is how it is typed and compared."""

    store = models.ForeignKey(Store, on_delete=models.PROTECT, related_name="tags", db_index=False)
    key = models.CharField(max_length=40)
    name = models.CharField(max_length=40)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["store", "key"], name="tag_once"),
            models.CheckConstraint(name="tag_has_key", condition=~Q(key="") & ~Q(name="")),
        ]
        ordering = ["key", "id"]

    def __str__(self) -> str:
        return self.name


class TicketTag(models.Model):
    """One tag on one ticket."""

    ticket = models.ForeignKey(
        Ticket, on_delete=models.CASCADE, related_name="ticket_tags", db_index=False
    )
    tag = models.ForeignKey(Tag, on_delete=models.PROTECT, related_name="+", db_index=False)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["ticket", "tag"], name="ticket_tag_once"),
        ]
        indexes = [models.Index(fields=["tag", "-ticket"], name="ticket_by_tag")]
        ordering = ["id"]

    def __str__(self) -> str:
        return f"{self.tag_id} on {self.ticket_id}"


class Watcher(models.Model):
    """A member of staff who hears of what happens on a ticket."""

    ticket = models.ForeignKey(
        Ticket, on_delete=models.CASCADE, related_name="watchers", db_index=False
    )
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+", db_index=False
    )
    since = models.DateTimeField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["ticket", "user"], name="watcher_once")]
        indexes = [models.Index(fields=["user", "-ticket"], name="watched_by")]
        ordering = ["id"]

    def __str__(self) -> str:
        return f"{self.user_id} watches {self.ticket_id}"


class TicketLink(models.Model):
    """Two tickets that belong together: ``ticket`` is a duplicate or follow-up of ``other``.

    *Related* has no direction: the older ticket stands first, so that it is there once.
    """

    ticket = models.ForeignKey(
        Ticket, on_delete=models.CASCADE, related_name="links", db_index=False
    )
    other = models.ForeignKey(Ticket, on_delete=models.CASCADE, related_name="linked_from")
    kind = models.CharField(max_length=10, default="related")
    made_at = models.DateTimeField()
    made_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="+",
        db_index=False,
    )

    class Meta:
        constraints = [
            one_of("kind", LINK_KINDS, "link_kind_known"),
            models.UniqueConstraint(fields=["ticket", "other"], name="link_once"),
            models.CheckConstraint(name="link_joins_two", condition=~Q(ticket=F("other"))),
            models.CheckConstraint(
                name="link_without_direction_once",
                condition=~Q(kind="related") | Q(ticket__lt=F("other")),
            ),
        ]
        ordering = ["id"]

    def __str__(self) -> str:
        return f"{self.ticket_id} {self.kind} {self.other_id}"
