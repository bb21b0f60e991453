"""The steps of a claim as the desk offers them: which, under what words, with what form.

A step is shown when the table of moves allows it and the person's role does; the action
checks both again under its lock.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Protocol

from django.utils.translation import gettext as _

from policies.publish import pack_of
from tickets.desk import forms, lead
from tickets.desk.fields import fields_of
from tickets.desk.rulebook import Rulebook
from tickets.lifecycle import CLAIM_MOVES, ClaimState, may_follow
from tickets.models import Claim

C = ClaimState


@dataclass(frozen=True, slots=True)
class Button:
    """A submit button: what it says, and the value that it sends."""

    text: str
    name: str = ""
    value: str = ""


@dataclass(frozen=True, slots=True)
class Step:
    """One step in the abstract. ``url`` is the view's name; ``send`` are fixed fields."""

    key: str
    url: str
    form: type[forms.StepForm]
    title: Callable[[Claim], str]
    shown: Callable[[Claim], bool]
    buttons: Callable[[Claim, str], list[Button]]
    options: Callable[[Claim, Rulebook], Any] = lambda claim, book: None
    send: Mapping[str, str] | None = None
    verb: str = "work"
    icon: str = "check"
    tone: str = ""


class Anchor(Protocol):
    """What a page needs to know of a step, of a claim or of another request."""

    @property
    def key(self) -> str:
        """Its name."""

    @property
    def url(self) -> str:
        """The view that takes it."""

    @property
    def icon(self) -> str:
        """Its symbol."""

    @property
    def send(self) -> Mapping[str, str] | None:
        """Fixed fields of its form."""


@dataclass(frozen=True, slots=True)
class Offer:
    """One step on the page of one ticket, ready to be shown.

    ``fields`` are those of an empty form, as HTML; ``form`` is one that was not accepted, which is
    shown as typed.
    """

    step: Anchor
    title: str
    fields: str
    buttons: Sequence[Button]
    tone: str = ""
    form: forms.StepForm | None = None

    @property
    def opened(self) -> bool:
        """Whether it stands open, because its form was not accepted."""
        return self.form is not None


MONEY = ("refund", "return")


def outcomes_of(claim: Claim) -> list[str]:
    """What may be approved: the rule's outcomes, or what a person may give where it is silent."""
    return claim.outcomes or ["refund", "replacement"]


def _money(claim: Claim, outcomes: Sequence[str]) -> forms.Money | None:
    if not set(outcomes) & set(MONEY):
        return None
    worth = sum((item.line.price * item.quantity for item in claim.items.all()), Decimal(0))
    return forms.Money(min(worth, claim.order.total), claim.order.currency)


def _moves_to(*there: ClaimState) -> Callable[[Claim], bool]:
    return lambda claim: any(may_follow(CLAIM_MOVES, claim.state, state) for state in there)


def _is(*states: ClaimState) -> Callable[[Claim], bool]:
    return lambda claim: claim.state in states


def _to_be_fulfilled(claim: Claim) -> bool:
    return claim.state == C.APPROVED or (
        claim.state == C.INSPECTING and claim.inspected_at is not None
    )


def _says(text: Callable[[], str]) -> Callable[[Claim], str]:
    return lambda claim: text()


def _one(text: Callable[[str], str]) -> Callable[[Claim, str], list[Button]]:
    return lambda claim, who: [Button(text(who))]


def _approve_buttons(claim: Claim, who: str) -> list[Button]:
    words = {
        "replacement": _("Approve replacement and mail %(who)s"),
        "refund": _("Approve refund and mail %(who)s"),
        "return": _("Approve return and mail %(who)s"),
    }
    return [
        Button(words[outcome] % {"who": who}, "outcome", outcome) for outcome in outcomes_of(claim)
    ]


STEPS: tuple[Step, ...] = (
    Step(
        "approve",
        "decision",
        forms.ApproveForm,
        _says(lambda: _("Approve")),
        _is(C.UNDER_REVIEW),
        _approve_buttons,
        lambda claim, book: _money(claim, outcomes_of(claim)),
        {"decide": "approve"},
        icon="check",
        tone="go",
    ),
    Step(
        "manufacturer",
        "manufacturer",
        forms.NoteForm,
        _says(lambda: _("Ask the manufacturer")),
        _moves_to(C.WITH_MANUFACTURER),
        _one(lambda who: _("Send to the manufacturer and mail %(who)s") % {"who": who}),
        icon="building-factory-2",
    ),
    Step(
        "manufacturer-answer",
        "manufacturer-answer",
        forms.AnswerForm,
        _says(lambda: _("Record the manufacturer's answer")),
        _is(C.WITH_MANUFACTURER),
        _one(lambda who: _("Record the answer and mail %(who)s") % {"who": who}),
        lambda claim, book: (outcomes_of(claim), _money(claim, outcomes_of(claim))),
        icon="building-factory-2",
        tone="go",
    ),
    Step(
        "return-received",
        "return",
        forms.NoteForm,
        _says(lambda: _("The items have arrived")),
        _is(C.AWAITING_RETURN),
        _one(lambda who: _("Record the arrival and mail %(who)s") % {"who": who}),
        icon="package-import",
        tone="go",
    ),
    Step(
        "inspection",
        "inspection",
        forms.InspectForm,
        _says(lambda: _("Record the inspection")),
        lambda claim: claim.state == C.INSPECTING and claim.inspected_at is None,
        _one(lambda who: _("Record the inspection and mail %(who)s") % {"who": who}),
        lambda claim, book: (book.rules, _money(claim, [claim.outcome])),
        icon="zoom-in",
        tone="go",
    ),
    Step(
        "fulfilment",
        "fulfilment",
        forms.FulfilForm,
        _says(lambda: _("Send the replacement")),
        lambda claim: claim.outcome not in MONEY and _to_be_fulfilled(claim),
        _one(lambda who: _("Mark as sent and mail %(who)s") % {"who": who}),
        lambda claim, book: pack_of(claim.policy_version),  # it knows the store's carriers
        icon="package-export",
        tone="go",
    ),
    Step(
        "payment",
        "payment",
        forms.PlainForm,
        _says(lambda: _("Pay the refund")),
        lambda claim: claim.outcome in MONEY and _to_be_fulfilled(claim),
        _one(lambda who: _("Mark the refund as paid and mail %(who)s") % {"who": who}),
        icon="receipt-refund",
        tone="go",
    ),
    Step(
        "evidence-request",
        "evidence-request",
        forms.EvidenceRequestForm,
        _says(lambda: _("Ask for evidence")),
        _is(C.UNDER_REVIEW, C.AWAITING_EVIDENCE),
        _one(lambda who: _("Ask %(who)s for this") % {"who": who}),
        lambda claim, book: (book.kinds, book.evidence_days),
        icon="camera",
    ),
    Step(
        "override",
        "override",
        forms.ReasonForm,
        _says(lambda: _("Review without the evidence")),
        _is(C.AWAITING_EVIDENCE),
        _one(lambda who: _("Review without the evidence")),
        verb="override",
        icon="key",
    ),
    Step(
        "refuse",
        "decision",
        forms.RefuseForm,
        _says(lambda: _("Refuse")),
        lambda claim: _moves_to(C.REFUSED)(claim) and claim.state != C.INSPECTING,
        _one(lambda who: _("Refuse and tell %(who)s why") % {"who": who}),
        lambda claim, book: (book.rules, book.reason_to_refuse),
        {"decide": "refuse"},
        icon="minus",
        tone="stop",
    ),
    Step(
        "reopening",
        "reopening",
        forms.ReasonForm,
        _says(lambda: _("Reopen")),
        _is(C.REFUSED, C.EXPIRED),
        _one(lambda who: _("Reopen and mail %(who)s") % {"who": who}),
        icon="arrow-back-up",
    ),
    Step(
        "withdrawal",
        "withdrawal",
        forms.PlainForm,
        _says(lambda: _("Withdraw for the customer")),
        _moves_to(C.WITHDRAWN),
        _one(lambda who: _("Withdraw it and mail %(who)s") % {"who": who}),
        icon="x",
    ),
)
BY_KEY: Mapping[str, Step] = {step.key: step for step in STEPS}


def form_for(step: Step, claim: Claim, book: Rulebook, data: Any = None) -> forms.StepForm:
    """The step's form, with the options that this claim and its pack give."""
    return step.form(data, name=step.key, options=step.options(claim, book))


def offers(
    claim: Claim,
    book: Rulebook,
    verbs: frozenset[str],
    bound: tuple[str, forms.StepForm] | None = None,
    *,
    asked_manufacturer: bool = False,
) -> list[Offer]:
    """The steps that can follow now, for a person who may do ``verbs`` here.

    Where the rule's process begins with the manufacturer, that step stands first until it
    was taken: the person may still decide otherwise.
    A form that was not accepted is shown as typed, also when its step no longer follows.
    """
    who = claim.ticket.customer.name.split(" ")[0] or _("the customer")
    first = "manufacturer" if book.manufacturer_first and not asked_manufacturer else "approve"
    currency = claim.order.currency
    alone = lead.limit_of(pack_of(claim.policy_version), currency, verbs)
    found = []
    for step in sorted(STEPS, key=lambda step: step.key != first):
        typed = bound[1] if bound and bound[0] == step.key else None
        if typed is None and not (step.shown(claim) and step.verb in verbs):
            continue
        fields = "" if typed else fields_of(step.form, step.key, step.options(claim, book))
        tone = "go" if step.key == first else ("" if step.key == "approve" else step.tone)
        buttons = lead.marked(step.buttons(claim, who), alone, currency)
        found.append(Offer(step, step.title(claim), fields, buttons, tone, typed))
    return found
