"""The steps of a request that is no claim: each a resource of its own, POST, one action."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from tickets.actions import cancel_order, carrier, finish_request, stepping
from tickets.desk import errands, page
from tickets.desk.person import Desk, staff_only
from tickets.desk.undo_bar import offer_step
from tickets.desk.views.answer import refused
from tickets.errors import ActionError
from tickets.models import Ticket

Act = Callable[[Ticket, dict[str, Any], dict[str, Any]], object]


def _take(
    request: HttpRequest, desk: Desk, reference: str, key: str, act: Act, done: str
) -> HttpResponse:
    """Find, parse, act, and go back; whatever is refused comes back with the form as typed."""
    ticket = page.ticket_for(desk, reference)
    if page.claim_of(ticket) is not None:
        raise Http404
    form = errands.form_for(errands.BY_KEY[key], ticket, request.POST)
    if not form.is_valid():
        return refused(request, desk, ticket, key, form)
    data = form.cleaned_data
    by = {"actor": desk.actor, "now": desk.now, "seen": data["seen"]}
    try:
        act(ticket, data, by)
    except ActionError as error:
        return refused(request, desk, ticket, key, form, error)
    said = done % {"who": ticket.customer.name or ticket.customer.email}
    offer_step(request, said, ticket, stepping.last_of(ticket, desk.actor, desk.now))
    return redirect("desk:ticket", ticket.reference)


@require_POST
@staff_only
def cancellation(request: HttpRequest, desk: Desk, reference: str) -> HttpResponse:
    """Cancel the order, while it is still here."""
    return _take(
        request,
        desk,
        reference,
        "cancellation",
        lambda ticket, data, by: cancel_order.cancel_order(ticket, note=data["note"], **by),
        _("The order is cancelled. %(who)s is told by mail."),
    )


@require_POST
@staff_only
def address(request: HttpRequest, desk: Desk, reference: str) -> HttpResponse:
    """The order goes where the request says."""
    return _take(
        request,
        desk,
        reference,
        "address",
        lambda ticket, data, by: cancel_order.change_address(ticket, note=data["note"], **by),
        _("The address is changed. %(who)s is told by mail."),
    )


@require_POST
@staff_only
def inquiry(request: HttpRequest, desk: Desk, reference: str) -> HttpResponse:
    """An inquiry was opened with the carrier."""
    return _take(
        request,
        desk,
        reference,
        "carrier",
        lambda ticket, data, by: carrier.ask_carrier(
            ticket, number=data["number"], note=data["note"], **by
        ),
        _("Waiting for the carrier. %(who)s is told the date by mail."),
    )


@require_POST
@staff_only
def carrier_answer(request: HttpRequest, desk: Desk, reference: str) -> HttpResponse:
    """What the carrier found out."""
    return _take(
        request,
        desk,
        reference,
        "carrier-answer",
        lambda ticket, data, by: carrier.record_carrier_answer(
            ticket, data["found"], note=data["note"], **by
        ),
        _("Recorded. %(who)s is told by mail."),
    )


@require_POST
@staff_only
def compensation(request: HttpRequest, desk: Desk, reference: str) -> HttpResponse:
    """What the customer gets for a parcel that is lost."""
    return _take(
        request,
        desk,
        reference,
        "compensation",
        lambda ticket, data, by: carrier.make_good(
            ticket,
            data["outcome"],
            amount=data.get("amount"),
            tracking=data["tracking"],
            note=data["note"],
            **by,
        ),
        _("Decided. %(who)s is told by mail."),
    )


@require_POST
@staff_only
def done(request: HttpRequest, desk: Desk, reference: str) -> HttpResponse:
    """What was asked is done, and answered."""
    return _take(
        request,
        desk,
        reference,
        "done",
        lambda ticket, data, by: finish_request.finish(ticket, data["note"], **by),
        _("Done. %(who)s gets your answer by mail."),
    )


@require_POST
@staff_only
def refusal(request: HttpRequest, desk: Desk, reference: str) -> HttpResponse:
    """It cannot be done, and the customer is told why."""
    return _take(
        request,
        desk,
        reference,
        "refusal",
        lambda ticket, data, by: finish_request.refuse(ticket, data["note"], **by),
        _("Refused. %(who)s is told why by mail."),
    )
