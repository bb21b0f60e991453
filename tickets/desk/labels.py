"""The words that only the desk uses; those of every face are in `tickets.labels`."""

from __future__ import annotations

from collections.abc import Mapping

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from tickets.desk import lines
from tickets.models import Claim, Ticket

Words = Mapping[str, Promise]

REQUESTS: Words = {
    "missing_photocard": _("Missing content"),
    "defect": _("Defect"),
    "transit_damage": _("Damaged in transit"),
    "lost_parcel": _("Parcel not arrived"),
    "tracking_stalled": _("Tracking stands still"),
    "poster_missing": _("Poster not arrived"),
    "order_not_shipped": _("Order not shipped"),
    "shipping_time": _("Shipping time"),
    "cancel_order": _("Cancel the order"),
    "change_address": _("Change the address"),
    "change_of_mind": _("Return: change of mind"),
    "pickup": _("Pickup"),
    "preorder": _("Pre-order"),
    "preorder_benefits": _("Pre-order benefits"),
    "pending_charge": _("Pending charge"),
    "gift_card": _("Gift card"),
    "customs": _("Customs"),
    "restock": _("Restock"),
    "charts": _("Charts"),
    "membership": _("Membership"),
    "free_shipping": _("Free shipping"),
    "points": _("Points"),
    "points_expired": _("Expired points"),
    "review_points": _("Points for a review"),
    "delete_account": _("Delete the account"),
    "account_details": _("Account details"),
    "pop_now_return": _("Return of an online blind box"),
    "blind_box": _("Blind box"),
    "authenticity": _("Authenticity"),
    "payment_methods": _("Payment methods"),
    "carrier_contact": _("Contact the carrier"),
    "page_error": _("Error on the shop's page"),
    "other": _("Question"),
}
EVIDENCE: Words = {
    "unboxing_video": _("Unboxing video"),
    "photo": _("Photo"),
    "defect_photo": _("Photo of the defect"),
    "receipt": _("Receipt"),
    "screenshot": _("Screenshot"),
}
DEADLINES: Words = {
    "evidence_reminder": _("Remind the customer of the evidence"),
    "evidence_due": _("Evidence is due; the claim closes without it"),
    "manufacturer_update": _("Tell the customer how it stands"),
    "manufacturer_due": _("The replacement's weeks are over"),
    "process_warning": _("The process must end soon"),
    "process_due": _("The process must have ended"),
    "pickup_reminder": _("Remind the customer of the pickup"),
    "pickup_expiry": _("The reservation ends"),
    "refund_due": _("The refund must be paid"),
    "carrier_due": _("The carrier must answer"),
    "wait_over": _("Remind the customer that the wait is over"),
    "parcel_late": _("The parcel counts as late"),
    "parcel_stalled": _("The tracking stands still for too long"),
    "poster_late": _("The poster counts as late"),
    "preorder_due": _("The pre-order must have left"),
    "answer_due": _("The customer must be answered"),
    "retention_due": _("The files are erased"),
    "snooze_over": _("It comes back into the queue"),
    "first_target": _("Target: a person's first answer"),
    "resolve_target": _("Target: solved"),
}
DEADLINE_STATES: Words = {
    "pending": _("to come"),
    "met": _("met"),
    "fired": _("done"),
    "overdue": _("overdue"),
    "met_late": _("met late"),
    "cancelled": _("no longer needed"),
}
PRIORITIES: Mapping[int, Promise] = {
    0: _("Urgent"),
    1: _("High"),
    2: _("Normal"),
    3: _("Low"),
}
SPEAKERS: Words = {
    "customer": _("Customer"),
    "agent": _("Us"),
    "note": _("Note"),
    "system": _("System"),
}
# What the customer declared, as a staff member reads it: (yes, no).
SAID: Mapping[str, tuple[Promise, Promise]] = {
    "opened": (_("Opened"), _("Still sealed")),
    "package_damaged": (_("Package damaged outside"), _("Package not damaged outside")),
    "video_exists": (_("A video exists"), _("No video exists")),
    "receipt": (_("Has the receipt"), _("No receipt")),
    "remote": (_("Returns from afar"), _("Comes to a store")),
}

FACTS: Words = {
    "placed_at": _("Ordered"),
    "paid_at": _("Paid"),
    "shipped_at": _("Shipped"),
    "delivered_at": _("Delivered"),
    "last_tracking_at": _("Last seen by the carrier"),
    "collected_at": _("Collected"),
    "pickup_confirmed_at": _("Pickup confirmed"),
    "channel": _("Bought"),
    "shipping_method": _("Shipping method"),
    "country": _("Country"),
    "discovered_at": _("Discovered"),
    "opened": _("Opened?"),
    "package_damaged": _("Damage outside?"),
    "video_exists": _("Video?"),
    "receipt": _("Receipt?"),
    "remote": _("From afar?"),
}


def fact(name: str) -> str:
    """The word for a fact that a decision looks at."""
    return str(FACTS.get(name, name.replace("_", " ").capitalize()))


def next_step(ticket: Ticket) -> str:
    """What has to happen next, in two or three words, as a list's row says it."""
    claim: Claim | None = getattr(ticket, "claim", None)
    return lines.next_step(
        lines.Stands(
            ticket.request,
            ticket.state,
            ticket.waiting_for,
            ticket.last_speaker,
            claim.state if claim else "",
            claim.outcome if claim else "",
            ticket.order is not None and ticket.order.cancelled_at is not None,
        )
    )


def about(ticket: Ticket) -> str:
    """What a ticket is about: the items, else its subject."""
    claim: Claim | None = getattr(ticket, "claim", None)
    if claim is None:
        return ticket.subject
    titles = [item.line.title for item in claim.items.all()]
    return ", ".join(titles) or ticket.subject
