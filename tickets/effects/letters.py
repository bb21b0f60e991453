"""From an outbox row to the words of a mail, and the rows that must never become one."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime

from django.conf import settings
from django.template import Context
from django.template.engine import Engine
from django.utils import translation

from tickets.effects.about import about
from tickets.lifecycle import OPEN_CLAIM_STATES, ClaimState, PickupState
from tickets.models import Event, Message, Outbox
from tickets.permissions import may

# What a customer may hear of. A template outside both lists is never sent.
FOR_CUSTOMERS = frozenset(
    {
        "address_changed",
        "call_logged",
        "carrier_answered",
        "carrier_asked",
        "claim_approved",
        "claim_expired",
        "claim_filed",
        "claim_fulfilled",
        "claim_refused",
        "claim_reopened",
        "claim_withdrawn",
        "evidence_asked",
        "evidence_complete",
        "evidence_reminder",
        "file_refused",
        "inspected",
        "investigation_opened",
        "manufacturer_answered",
        "manufacturer_update",
        "message",
        "order_cancelled",
        "parcel_made_good",
        "pickup_cancelled",
        "pickup_confirmed",
        "pickup_expired",
        "pickup_extended",
        "pickup_reminder",
        "refund_paid",
        "release_moved",
        "request_refused",
        "return_received",
        "sent_to_manufacturer",
        "ticket_opened",
        "wait_over",
    }
)
FOR_STAFF = frozenset({"automation", "staff_alert", "mentioned", "note_held_back", "watched"})
# Messages that are ours to a customer: an agent's, and what an automation answers by itself.
OURS = ("agent", "system")
# Events that staff keep among themselves, whatever template somebody names for them.
INTERNAL_EVENTS = frozenset(
    {
        "assigned",
        "automation_noted",
        "automation_ran",
        "evidence_overridden",
        "investigation_opened",
        "linked",
        "macro_undone",
        "macro_used",
        "mail_bounced",
        "merged",
        "parcel_late",
        "parcel_snoozed",
        "preorder_late",
        "priority_set",
        "share_given",
        "share_taken",
        "snoozed",
        "solution_undone",
        "split_off",
        "split_undone",
        "step_undone",
        "tagged",
        "target_missed",
        "unlinked",
        "unmerged",
        "woken",
    }
)


class NoteToCustomer(Exception):
    """An internal note was about to be written to a customer. Whoever asked for it is wrong."""


@dataclass(frozen=True, slots=True)
class Letter:
    """A mail's words, in the recipient's language."""

    subject: str
    text: str
    html: str


def render(row: Outbox, now: datetime) -> Letter:
    """The words for ``row``: recipient's locale, store's and recipient's time zones.

    Raises:
        NoteToCustomer: they would be those of an internal note, in a customer's letter.
    """
    keep_notes_in(row)
    locale = locale_of(row)
    with translation.override(locale):
        context = about(row, locale, now)
        subject = " ".join(_fill(row.template, "base.subject.txt", context, plain=True).split())
        context["subject"] = subject
        text = _tidy(_fill(row.template, "base.txt", context, plain=True))
        html = _fill(row.template, "base.html", context, plain=False)
    return Letter(subject, text, html)


def locale_of(row: Outbox) -> str:
    """The recipient's language where the product speaks it, else the store's, else English."""
    person = row.to_customer or row.to_user
    for wanted in (getattr(person, "locale", ""), row.store.locale):
        for tag in (wanted, wanted.split("-")[0]):
            if tag and tag in dict(settings.LANGUAGES):
                return tag
    return settings.LANGUAGE_CODE


def keep_notes_in(row: Outbox) -> None:
    """Whatever a row says: a note is no letter to a customer, under no template.

    Raises:
        NoteToCustomer: the row is about a note, and its recipient is a customer.
    """
    if row.to_customer_id is None:
        return
    if row.template != "message" and row.event.kind != "message_added":
        return
    message = message_of(row.event)
    if (message is not None and message.kind == "note") or (
        row.event.data.get("message_kind") == "note"
    ):
        raise NoteToCustomer("an internal note was about to be mailed to a customer")


def must_not_send(row: Outbox) -> str:
    """Why this row may not be sent at all; empty when it may.

    The last guard, behind the actions: an internal note or somebody else's case in a
    customer's inbox cannot be called back.
    """
    if row.template not in (FOR_STAFF if row.to_customer_id is None else FOR_CUSTOMERS):
        return f"“{row.template}” is not a mail for this recipient"
    if row.to_customer_id is None:
        return _not_theirs(row)
    if row.event.kind in INTERNAL_EVENTS:
        return "an internal event is not for customers"
    if row.to_customer_id != _customer_of(row.event):
        return "the case belongs to another customer"
    if row.template == "message":
        message = message_of(row.event)
        if message is None or message.kind not in OURS:
            return "only what we answered is mailed to customers"
    return ""


def _not_theirs(row: Outbox) -> str:
    """A colleague who may not see the case (any more) does not hear of it."""
    if row.to_user is not None and not may(row.to_user, row.store, "see"):
        return "this person may not see the case"
    return ""


def message_of(event: Event) -> Message | None:
    """The message an event is about, if it is of the same ticket."""
    pk = event.data.get("message")
    if not isinstance(pk, int) or event.ticket_id is None:
        return None
    return Message.objects.filter(pk=pk, ticket=event.ticket_id).first()


def _customer_of(event: Event) -> int | None:
    if event.ticket is not None:
        return event.ticket.customer_id
    if event.order is not None:
        return event.order.customer_id
    if event.inquiry is not None:
        return event.inquiry.customer_id
    return event.pickup.order.customer_id if event.pickup is not None else None


def pointless(row: Outbox) -> str:
    """Why nobody needs this mail any more; empty when somebody does.

    Only reminders grow stale: what has happened is told even when more has happened since.
    """
    check = _STALE.get(row.template)
    return check(row) if check is not None else ""


def _stale_evidence_reminder(row: Outbox) -> str:
    claim = row.event.claim
    if claim is None or claim.state != ClaimState.AWAITING_EVIDENCE:
        return "the evidence is not waited for any more"
    told = row.event.data.get("evidence_due_at")
    due = claim.deadlines.filter(kind="evidence_due", cycle=claim.evidence_cycle).first()
    if due is not None and told and datetime.fromisoformat(told) != due.due_at:
        return "there is a new deadline meanwhile"
    return ""


def _stale_update(row: Outbox) -> str:
    claim = row.event.claim
    over = claim is None or claim.state not in OPEN_CLAIM_STATES
    return "the claim has ended meanwhile" if over else ""


def _stale_pickup_reminder(row: Outbox) -> str:
    pickup = row.event.pickup
    if pickup is None or pickup.state != PickupState.RESERVED:
        return "the pickup has ended meanwhile"
    if row.cycle is not None and pickup.cycle != row.cycle:
        return "the pickup was extended meanwhile"
    return ""


def _stale_wait(row: Outbox) -> str:
    inquiry = row.event.inquiry
    gone_on = inquiry is None or inquiry.ended != "reminder"
    return "the customer has gone on meanwhile" if gone_on else ""


_STALE: Mapping[str, Callable[[Outbox], str]] = {
    "evidence_reminder": _stale_evidence_reminder,
    "manufacturer_update": _stale_update,
    "pickup_reminder": _stale_pickup_reminder,
    "wait_over": _stale_wait,
}


def _fill(template: str, layout: str, context: dict[str, object], *, plain: bool) -> str:
    """One template in one of the three layouts; a plain one is not escaped."""
    found = Engine.get_default().get_template(f"mail/{template}.txt")
    values = {**context, "layout": f"mail/{layout}"}
    return found.render(Context(values, autoescape=not plain))


def _tidy(text: str) -> str:
    """No trailing blanks, never two empty lines together."""
    lines: list[str] = []
    for line in (raw.rstrip() for raw in text.strip().splitlines()):
        if line or (lines and lines[-1]):
            lines.append(line)
    return "\n".join(lines) + "\n"
