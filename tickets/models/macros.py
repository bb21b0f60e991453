"""Words and steps that staff use again and again: canned replies and macros."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models import Q

from tickets.models.base import implies, one_of
from tickets.models.store import Store
from tickets.models.talking import THEN_STATES
from tickets.models.ticket import PRIORITIES

KINDS = ("", "agent", "note")
ASSIGNS = ("", "me", "nobody", "person")
SNOOZES = ("", "tomorrow", "monday", "days")
LONGEST_NAME = 80
MOST_DAYS = 366


class Macro(models.Model):
    """A text, and what is done to the ticket with it; a canned reply is one with a text alone.

    ``owner`` is empty where it is the store's. ``kind`` says for whom its texts are (`MacroText`);
    what is empty changes nothing. One that is used no more is ``retired_at`` an instant: events
    name it for ever.
    """

    store = models.ForeignKey(
        Store, on_delete=models.PROTECT, related_name="macros", db_index=False
    )
    owner = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        null=True,
        blank=True,
        on_delete=models.CASCADE,
        related_name="+",
        db_index=False,
    )
    name = models.CharField(max_length=LONGEST_NAME)
    key = models.CharField(max_length=LONGEST_NAME * 3, help_text="How names are compared.")
    kind = models.CharField(max_length=8, blank=True, default="")
    then_state = models.CharField(max_length=8, blank=True, default="")
    assign = models.CharField(max_length=8, blank=True, default="")
    assignee = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="+",
        db_index=False,
    )
    priority = models.PositiveSmallIntegerField(null=True, blank=True)
    add_tags = models.JSONField(default=list, blank=True)
    remove_tags = models.JSONField(default=list, blank=True)
    snooze = models.CharField(max_length=8, blank=True, default="")
    snooze_days = models.PositiveSmallIntegerField(null=True, blank=True)
    position = models.PositiveSmallIntegerField(default=0)
    made_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+", db_index=False
    )
    made_at = models.DateTimeField()
    changed_at = models.DateTimeField()
    retired_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [
            one_of("kind", KINDS, "macro_kind_known"),
            one_of("then_state", THEN_STATES, "macro_state_known"),
            one_of("assign", ASSIGNS, "macro_assign_known"),
            one_of("snooze", SNOOZES, "macro_snooze_known"),
            models.CheckConstraint(name="macro_has_name", condition=~Q(name="") & ~Q(key="")),
            models.CheckConstraint(
                name="macro_priority_known",
                condition=Q(priority=None) | Q(priority__in=PRIORITIES),
            ),
            models.CheckConstraint(
                name="macro_does_something",
                condition=~Q(kind="")
                | ~Q(then_state="")
                | ~Q(assign="")
                | Q(priority__isnull=False)
                | ~Q(add_tags=[])
                | ~Q(remove_tags=[])
                | ~Q(snooze=""),
            ),
            models.CheckConstraint(
                name="macro_names_a_person",
                condition=Q(assign="person", assignee__isnull=False)
                | (~Q(assign="person") & Q(assignee=None)),
            ),
            models.CheckConstraint(
                name="macro_counts_days",
                condition=Q(
                    snooze="days",
                    snooze_days__isnull=False,
                    snooze_days__gte=1,
                    snooze_days__lte=MOST_DAYS,
                )
                | (~Q(snooze="days") & Q(snooze_days=None)),
            ),
            # What a reply may lead to; without one there is nothing to wait for.
            implies(
                Q(then_state__in=["open", "waiting"]), Q(kind="agent"), "macro_waits_after_reply"
            ),
            implies(Q(then_state="solved"), Q(snooze=""), "macro_solved_is_not_put_off"),
            models.UniqueConstraint(
                fields=["store", "key"],
                condition=Q(owner=None, retired_at=None),
                name="macro_once_in_store",
            ),
            models.UniqueConstraint(
                fields=["owner", "store", "key"],
                condition=Q(owner__isnull=False, retired_at=None),
                name="macro_once_of_person",
            ),
        ]
        indexes = [
            models.Index(
                fields=["store", "position", "key", "id"],
                name="macro_in_use",
                condition=Q(retired_at=None),
            )
        ]
        ordering = ["position", "key", "id"]

    def __str__(self) -> str:
        return self.name


class MacroText(models.Model):
    """What a macro says, in one language, with its placeholders."""

    macro = models.ForeignKey(Macro, on_delete=models.CASCADE, related_name="texts", db_index=False)
    locale = models.CharField(max_length=12)
    body = models.TextField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["macro", "locale"], name="macro_text_once"),
            models.CheckConstraint(
                name="macro_text_says_something", condition=~Q(body="") & ~Q(locale="")
            ),
        ]
        ordering = ["locale", "id"]

    def __str__(self) -> str:
        return f"{self.macro_id} in {self.locale}"
