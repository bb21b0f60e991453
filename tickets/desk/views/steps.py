"""The steps of a claim, each a resource of its own: POST, one action, back to the page."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from policies.publish import pack_of
from tickets.actions import decide_claim, fulfil_claim, money, stepping
from tickets.desk import page, rulebook, steps
from tickets.desk.person import Desk, staff_only
from tickets.desk.undo_bar import offer_step
from tickets.desk.views.answer import refused
from tickets.errors import ActionError
from tickets.models import Claim, Ticket

Act = Callable[[Claim, dict[str, Any], dict[str, Any]], object]


def _take(
    request: HttpRequest, desk: Desk, reference: str, key: str, act: Act, done: str
) -> HttpResponse:
    """Find, parse, act, and go back; whatever is refused comes back with the form as typed."""
    ticket, claim = _find(desk, reference)
    pack = pack_of(claim.policy_version)
    book = rulebook.read(pack, claim.type, country=claim.order.country)
    form = steps.form_for(steps.BY_KEY[key], claim, book, request.POST)
    if not form.is_valid():
        return refused(request, desk, ticket, key, form)
    data = form.cleaned_data
    by = {"actor": desk.actor, "now": desk.now, "seen": data["seen"]}
    try:
        act(claim, data, by)
    except ActionError as error:
        return refused(request, desk, ticket, key, form, error)
    who = ticket.customer.name or ticket.customer.email
    offer_step(request, done % {"who": who}, ticket, stepping.last_of(ticket, desk.actor, desk.now))
    return redirect("desk:ticket", ticket.reference)


def _find(desk: Desk, reference: str) -> tuple[Ticket, Claim]:
    ticket = page.ticket_for(desk, reference)
    claim = page.claim_of(ticket)
    if claim is None:
        raise Http404
    return ticket, claim


def _money(data: dict[str, Any], outcome: str) -> dict[str, Any]:
    """The typed amount where the outcome is money; a replacement has none."""
    return {"amount": data.get("amount")} if outcome in steps.MONEY else {}


@require_POST
@staff_only
def decision(request: HttpRequest, desk: Desk, reference: str) -> HttpResponse:
    """Approve with an outcome, or refuse by a rule."""
    if request.POST.get("decide") == "refuse":
        return _take(
            request,
            desk,
            reference,
            "refuse",
            lambda claim, data, by: decide_claim.refuse(
                claim, data["rule"], note=data["note"], **by
            ),
            _("Refused. %(who)s is told why by mail."),
        )
    return _take(
        request,
        desk,
        reference,
        "approve",
        lambda claim, data, by: decide_claim.approve(
            claim, data["outcome"], note=data["note"], **_money(data, data["outcome"]), **by
        ),
        _("Approved. %(who)s is told by mail."),
    )


@require_POST
@staff_only
def evidence_request(request: HttpRequest, desk: Desk, reference: str) -> HttpResponse:
    """Ask for files, by a new deadline."""
    return _take(
        request,
        desk,
        reference,
        "evidence-request",
        lambda claim, data, by: decide_claim.ask_for_evidence(
            claim, data["wanted"], data["days"], note=data["note"], **by
        ),
        _("Asked. %(who)s gets a mail, and reminders before the deadline."),
    )


@require_POST
@staff_only
def manufacturer(request: HttpRequest, desk: Desk, reference: str) -> HttpResponse:
    """Hand the claim to the manufacturer."""
    return _take(
        request,
        desk,
        reference,
        "manufacturer",
        lambda claim, data, by: decide_claim.send_to_manufacturer(claim, note=data["note"], **by),
        _("With the manufacturer. %(who)s is kept informed every week."),
    )


@require_POST
@staff_only
def manufacturer_answer(request: HttpRequest, desk: Desk, reference: str) -> HttpResponse:
    """What the manufacturer said."""
    return _take(
        request,
        desk,
        reference,
        "manufacturer-answer",
        lambda claim, data, by: decide_claim.record_answer(
            claim,
            data["agreed"],
            outcome=data["outcome"] if data["agreed"] else "",
            note=data["note"],
            **_money(data, data["outcome"] if data["agreed"] else ""),
            **by,
        ),
        _("Recorded. %(who)s is told by mail."),
    )


@require_POST
@staff_only
def returned(request: HttpRequest, desk: Desk, reference: str) -> HttpResponse:
    """The items have come back."""
    return _take(
        request,
        desk,
        reference,
        "return-received",
        lambda claim, data, by: fulfil_claim.receive_return(claim, note=data["note"], **by),
        _("The items are here. %(who)s is told by mail."),
    )


@require_POST
@staff_only
def inspection(request: HttpRequest, desk: Desk, reference: str) -> HttpResponse:
    """What the inspection found."""
    return _take(
        request,
        desk,
        reference,
        "inspection",
        lambda claim, data, by: fulfil_claim.inspect(
            claim,
            data["passed"],
            rule="" if data["passed"] else data["rule"],
            note=data["note"],
            amount=data.get("amount") if data["passed"] else None,
            **by,
        ),
        _("Recorded. %(who)s is told by mail."),
    )


@require_POST
@staff_only
def fulfilment(request: HttpRequest, desk: Desk, reference: str) -> HttpResponse:
    """The replacement is on its way."""
    return _take(
        request,
        desk,
        reference,
        "fulfilment",
        lambda claim, data, by: fulfil_claim.fulfil(
            claim, tracking=data["tracking"], note=data["note"], **by
        ),
        _("Done. %(who)s is told by mail."),
    )


@require_POST
@staff_only
def payment(request: HttpRequest, desk: Desk, reference: str) -> HttpResponse:
    """The refund of the claim has been paid; that finishes it."""

    def pay(claim: Claim, data: dict[str, Any], by: dict[str, Any]) -> object:
        refund = getattr(claim, "refund", None)
        if refund is None:
            raise Http404
        return money.mark_refund_paid(refund, **by)

    return _take(request, desk, reference, "payment", pay, _("Paid. %(who)s is told by mail."))


@require_POST
@staff_only
def override(request: HttpRequest, desk: Desk, reference: str) -> HttpResponse:
    """A lead takes the claim to review without the evidence."""
    return _take(
        request,
        desk,
        reference,
        "override",
        lambda claim, data, by: decide_claim.override_evidence(claim, data["reason"], **by),
        _("Ready to decide. The reason stands in the history."),
    )


@require_POST
@staff_only
def reopening(request: HttpRequest, desk: Desk, reference: str) -> HttpResponse:
    """Take a refused or expired claim up again."""
    return _take(
        request,
        desk,
        reference,
        "reopening",
        lambda claim, data, by: decide_claim.reopen(claim, data["reason"], **by),
        _("Taken up again. %(who)s is told by mail."),
    )


@require_POST
@staff_only
def withdrawal(request: HttpRequest, desk: Desk, reference: str) -> HttpResponse:
    """The customer has asked us to forget about it."""
    return _take(
        request,
        desk,
        reference,
        "withdrawal",
        lambda claim, data, by: decide_claim.withdraw(claim, actor=by["actor"], now=by["now"]),
        _("Withdrawn. %(who)s is told by mail."),
    )
