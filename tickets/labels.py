"""The words for states and kinds, once, for every face. Translated."""

from __future__ import annotations

from collections.abc import Mapping

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

CLAIM_STATES: Mapping[str, Promise] = {
    "awaiting_evidence": _("waiting for evidence"),
    "under_review": _("ready to decide"),
    "with_manufacturer": _("with the manufacturer"),
    "approved": _("approved"),
    "awaiting_return": _("waiting for the return"),
    "inspecting": _("being inspected"),
    "fulfilled": _("done"),
    "refused": _("refused"),
    "expired": _("expired"),
    "withdrawn": _("withdrawn"),
}
TICKET_STATES: Mapping[str, Promise] = {
    "new": _("new"),
    "open": _("open"),
    "waiting": _("waiting"),
    "solved": _("solved"),
    "closed": _("closed"),
}
PICKUP_STATES: Mapping[str, Promise] = {
    "preparing": _("being prepared"),
    "reserved": _("ready to collect"),
    "collected": _("collected"),
    "expired": _("expired"),
    "cancelled": _("cancelled"),
}
VERDICTS: Mapping[str, Promise] = {
    "accepted": _("accepted"),
    "evidence_needed": _("evidence needed"),
    "discretionary": _("a person decides"),
    "refused": _("refused"),
    "wait": _("wait"),
    "elsewhere": _("handled elsewhere"),
    "answered": _("answered"),
}
OUTCOMES: Mapping[str, Promise] = {
    "refund": _("refund"),
    "replacement": _("replacement"),
    "return": _("return for a refund"),
    "investigation": _("investigation"),
    "cancellation": _("cancellation"),
    "address_change": _("change of address"),
    "deletion": _("deletion"),
    "points": _("points"),
    "free_shipping": _("free shipping"),
    "staff_check": _("a check by staff"),
}
CHANNELS: Mapping[str, Promise] = {
    "online": _("online"),
    "store": _("in the store"),
    "distributor": _("from a distributor"),
    "pop_now": _("POP NOW"),
}
CLAIM_TYPES: Mapping[str, Promise] = {
    "missing_photocard": _("something is missing"),
    "defect": _("defect"),
    "transit_damage": _("damaged in transit"),
}
EVENTS: Mapping[str, Promise] = {
    "claim_filed": _("Request received"),
    "ticket_opened": _("Message received"),
    "message_added": _("Message"),
    "call_logged": _("Telephone call"),
    "evidence_added": _("File added"),
    "file_received": _("File received, being checked"),
    "file_ready": _("File checked"),
    "file_repeated": _("The same file again"),
    "file_refused": _("A file cannot be used"),
    "evidence_held": _("Evidence held: nothing is erased"),
    "evidence_released": _("Hold on the evidence released"),
    "evidence_erased": _("Evidence erased after its retention"),
    "evidence_exported": _("Evidence exported"),
    "evidence_marked": _("Moments in a video marked"),
    "evidence_complete": _("Evidence complete"),
    "evidence_asked": _("More evidence asked for"),
    "evidence_overridden": _("Taken to review without the evidence"),
    "evidence_waived": _("The evidence did not come; by a law, a person decides"),
    "evidence_reminded": _("Reminder about evidence"),
    "claim_approved": _("Approved"),
    "claim_refused": _("Refused"),
    "claim_expired": _("Closed: the evidence did not come"),
    "claim_reopened": _("Taken up again"),
    "claim_withdrawn": _("Withdrawn"),
    "claim_fulfilled": _("Done"),
    "sent_to_manufacturer": _("Sent to the manufacturer"),
    "manufacturer_updated": _("Weekly update"),
    "manufacturer_answered": _("The manufacturer answered"),
    "return_requested": _("Return asked for"),
    "return_received": _("Items received back"),
    "inspected": _("Items inspected"),
    "refund_requested": _("Refund requested"),
    "refund_paid": _("Refund paid"),
    "deadline_missed": _("Deadline missed"),
    "target_missed": _("Target missed"),
    "deadline_near": _("Deadline near"),
    "delivery_recorded": _("Delivery recorded"),
    "mail_bounced": _("A mail came back"),
    "assigned": _("Assigned"),
    "share_given": _("Items given to somebody who ordered together"),
    "share_taken": _("Items taken back"),
    "macro_used": _("Macro used"),
    "macro_undone": _("Macro taken back"),
    "snoozed": _("Put off"),
    "woken": _("Back in the queue"),
    "tagged": _("Tags changed"),
    "priority_set": _("Priority changed"),
    "linked": _("Linked to another ticket"),
    "unlinked": _("Link taken away"),
    "ticket_solved": _("Solved"),
    "solution_undone": _("Not solved after all"),
    "request_accepted": _("Request received: the rule allows it"),
    "request_repeated": _("Asked for once more"),
    "reminder_asked": _("Wants to be reminded"),
    "reminder_moved": _("The reminder waits for a later date"),
    "reminder_dropped": _("The reminder is not needed any more"),
    "reminded": _("Reminded that the wait is over"),
    "guidance_helped": _("The answer helped"),
    "order_cancelled": _("Order cancelled"),
    "address_changed": _("Address changed"),
    "request_refused": _("Refused"),
    "request_done": _("Done, and answered"),
    "carrier_asked": _("Inquiry opened with the carrier"),
    "carrier_answered": _("The carrier answered"),
    "parcel_made_good": _("Made good for the lost parcel"),
    "parcel_late": _("A parcel is late"),
    "parcel_snoozed": _("Parcel put aside for some days"),
    "investigation_opened": _("Investigation opened"),
    "preorder_late": _("A pre-order has not left in time"),
    "release_moved": _("Release date moved"),
    "pickup_confirmed": _("Ready to collect"),
    "pickup_reminded": _("Pickup reminder"),
    "pickup_collected": _("Collected"),
    "pickup_extended": _("Reservation extended"),
    "pickup_cancelled": _("Pickup cancelled"),
    "pickup_expired": _("Not collected: cancelled and refunded"),
    "pickup_closed_by_shop": _("The shop has closed this order: a person decides"),
    "pickup_needs_person": _("The warning could not be delivered: a person decides"),
}


def claim_state_label(state: str) -> str:
    """The word for a claim's state, in the reader's language."""
    return str(CLAIM_STATES.get(state, state))
