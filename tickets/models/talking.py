"""What an agent is writing, and who was called by name in it."""

from __future__ import annotations

import uuid

from django.conf import settings
from django.db import models
from django.db.models import Q

from tickets.models.base import implies, one_of
from tickets.models.ticket import Message, Ticket

WRITTEN_KINDS = ("agent", "note")
# What a reply may do to the ticket as it goes out; '' leaves that to the rule of `talk.say`.
THEN_STATES = ("", "open", "waiting", "solved")


class ReplyDraft(models.Model):
    """What one person is writing on one ticket, kept while they type.

    With ``send_at`` it is on its way: until then it can be taken back, after it a job makes it
    a message in the same transaction that deletes this row. ``last_error`` says why it could
    not be sent: then ``send_at`` is empty again, and nothing that was typed is lost.
    """

    ticket = models.ForeignKey(
        Ticket, on_delete=models.CASCADE, related_name="reply_drafts", db_index=False
    )
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+", db_index=False
    )
    kind = models.CharField(max_length=8, default="agent")
    body = models.TextField(blank=True)
    then_state = models.CharField(max_length=8, blank=True, default="")
    form_key = models.UUIDField(default=uuid.uuid4, unique=True)
    seen = models.PositiveIntegerField(default=0, help_text="The last event its writer had seen.")
    touched_at = models.DateTimeField()
    send_at = models.DateTimeField(null=True, blank=True)
    last_error = models.CharField(max_length=300, blank=True, default="")

    class Meta:
        constraints = [
            one_of("kind", WRITTEN_KINDS, "reply_draft_kind_known"),
            one_of("then_state", THEN_STATES, "reply_draft_state_known"),
            models.UniqueConstraint(
                fields=["ticket", "user"],
                condition=Q(send_at__isnull=True),
                name="reply_draft_one_in_hand",
            ),
            implies(Q(send_at__isnull=False), ~Q(body=""), "reply_draft_sent_says_something"),
        ]
        indexes = [
            models.Index(
                fields=["send_at", "id"], name="reply_to_send", condition=Q(send_at__isnull=False)
            ),
            models.Index(fields=["ticket"], name="reply_draft_of_ticket"),
        ]
        ordering = ["id"]

    def __str__(self) -> str:
        return f"{self.kind} of {self.user_id} for {self.ticket_id}"


class Mention(models.Model):
    """Somebody who was called by ``@name`` in a note."""

    message = models.ForeignKey(
        Message, on_delete=models.CASCADE, related_name="mentions", db_index=False
    )
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+", db_index=False
    )

    class Meta:
        constraints = [models.UniqueConstraint(fields=["message", "user"], name="mention_once")]
        indexes = [models.Index(fields=["user", "-message"], name="mentions_of")]
        ordering = ["id"]

    def __str__(self) -> str:
        return f"{self.user_id} in {self.message_id}"
