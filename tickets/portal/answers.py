"""The end of a guided question on its page: which forms it has, and what stands above them."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django import forms as django_forms
from django.http import HttpRequest
from django.utils.translation import gettext as _

from policies.types import EvidenceKind, Verdict
from supportdesk.visitor import visitor_of
from tickets import access
from tickets.actions.reminders import pending
from tickets.actions.requests import can_send, is_over
from tickets.errors import TooMany
from tickets.models import Inquiry, Order, Store
from tickets.portal import queries, slots
from tickets.portal.forms import (
    AddressForm,
    ConfirmForm,
    ContactForm,
    MessageForm,
    NoteForm,
    ReminderForm,
    WriteForm,
)
from tickets.portal.visit import Visit, locale

# What a request must be told before it can be sent; the others need nothing more.
_DETAILS: Mapping[str, type[django_forms.Form]] = {
    "change_address": AddressForm,
    "delete_account": ConfirmForm,
}
_HELPS = {Verdict.ANSWERED, Verdict.REFUSED, Verdict.ELSEWHERE, Verdict.WAIT}

Posted = Mapping[str, Any] | None
WRITE = "w"  # stands beside other forms that ask for an address


class Forms:
    """Every form of the page; one of them may have been posted."""

    def __init__(
        self, visit: Visit, *, send: Posted = None, write: Posted = None, remind: Posted = None
    ) -> None:
        known = visit.customer is not None
        self.sent = send is not None
        said = visit.draft.answers.get("said", {})
        first = {"email": said.get("account_email", "")}
        made = _DETAILS.get(visit.draft.request)
        self.details = made(send, prefix="d") if made is not None else None
        self.contact = None if known else ContactForm(send, initial=first, prefix="c")
        if self.contact is not None and visit.draft.request == "delete_account":
            self.contact.fields["email"].label = _("E-mail address of your account")
        self.note = NoteForm(send, prefix="n")
        self.write: django_forms.Form = (
            MessageForm(write) if known else WriteForm(write, initial=first, prefix=WRITE)
        )
        self.remind = None if known else ReminderForm(remind, initial=first, prefix="r")

    @property
    def ready_to_send(self) -> bool:
        """Whether everything that the request needs was posted and can be used."""
        asked = [form for form in (self.details, self.contact, self.note) if form is not None]
        problems = [form for form in asked if not form.is_valid()]  # each tells its own
        return not problems

    @property
    def contact_data(self) -> dict[str, Any]:
        """Who sends, where no order says it."""
        return self.contact.cleaned_data if self.contact is not None else {}

    @property
    def details_data(self) -> dict[str, str]:
        """What the request must say of itself."""
        if self.details is None:
            return {}
        typed = self.details.cleaned_data
        return {key: "yes" if value is True else str(value) for key, value in typed.items()}


def ends(visit: Visit, inquiry: Inquiry | None) -> dict[str, Any]:
    """What can be done with this answer."""
    guide, verdict = visit.guide, visit.guide.decision.verdict
    has_order = visit.draft.order is not None
    over = is_over(visit.draft.order, visit.draft.request)
    sends = can_send(guide.pack, guide.found, has_order=has_order) and not over
    reminder = pending(inquiry) if inquiry is not None else None
    waits = verdict == Verdict.WAIT and not guide.general and not over
    lacks = verdict == Verdict.EVIDENCE_NEEDED and not visit.is_claim and not guide.general
    return {
        "can_file": visit.is_claim and queries.can_file(guide.decision),
        "over": over,
        "can_send": sends,
        "lacks": _lacking(visit) if lacks else [],
        "lacks_files": lacks and bool(slots.ways(guide.pack, guide.needed, [], locale())),
        "waits": waits,
        "remind_from": guide.decision.opens_at if waits else None,
        "reminder": reminder,
        "reminded": inquiry.customer if inquiry is not None and reminder is not None else None,
        "may_help": (guide.general or verdict in _HELPS) and not over,
        "thanks": inquiry is not None and inquiry.ended == "helped",
        "person_first": verdict == Verdict.DISCRETIONARY and not sends and not over,
        "parcels": queries.parcels(visit.draft, guide.pack),
    }


def _lacking(visit: Visit) -> list[dict[str, str]]:
    """What is missing and is no file: the question that would tell it."""
    kinds = set(EvidenceKind)
    missing = {name for way in visit.guide.decision.missing for name in way if name not in kinds}
    return [
        {"fact": name, "question": visit.guide.pack.question(name, locale()) or ""}
        for name in visit.guide.asks
        if name in missing
    ]


def optional_order(
    request: HttpRequest, store: Store, typed: Mapping[str, Any], now: datetime
) -> Order | None:
    """The order whose number was typed beside a message, where number and address belong together.

    Nobody is told whether it was found, nor that it was looked up too often.
    """
    if not typed.get("number"):
        return None
    try:
        return access.find_order(
            store, typed["number"], typed["email"], visitor=visitor_of(request), now=now
        )
    except TooMany:
        return None
