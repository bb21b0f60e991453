"""Money promised and not paid yet."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from tickets import access
from tickets.actions import stepping
from tickets.actions.money import mark_refund_paid
from tickets.desk import shelves
from tickets.desk.person import Desk, staff_only
from tickets.desk.undo_bar import offer_step
from tickets.desk.views.answer import status_of
from tickets.errors import ActionError

SHOWN = 200


@require_safe
@staff_only
def refunds(request: HttpRequest, desk: Desk) -> HttpResponse:
    """What is to pay, the oldest promise first."""
    return _list(request, desk)


def _list(request: HttpRequest, desk: Desk, error: ActionError | None = None) -> HttpResponse:
    rows = shelves.refunds_to_pay(desk.user, desk.store_id)[:SHOWN]
    context = desk.context(
        refunds=[
            {
                "row": row,
                "days": (desk.now - row.requested_at).days,
                "urgency": shelves.soon(getattr(row, "due_at", None), desk.now),
                "may_work": "work" in desk.verbs(row.store_id),
            }
            for row in rows
        ],
        error=error,
        place="refunds",
        several_stores=len(desk.stores) > 1,
    )
    return render(request, "desk/refunds.html", context, status=status_of(error) if error else 200)


@require_POST
@staff_only
def payment(request: HttpRequest, desk: Desk, pk: int) -> HttpResponse:
    """A person has paid it back."""
    refund = access.refund_for(desk.actor, pk)
    typed = request.POST.get("seen", "")
    seen = int(typed) if typed.isdecimal() and len(typed) < 10 else None
    try:
        mark_refund_paid(refund, actor=desk.actor, now=desk.now, seen=seen)
    except ActionError as error:
        return _list(request, desk, error)
    said = _("Paid. The customer is told by mail.")
    ticket = refund.claim.ticket if refund.claim is not None else refund.ticket
    if ticket is None:  # a pickup's: that has no steps
        messages.success(request, said)
    else:
        offer_step(request, said, ticket, stepping.last_of(ticket, desk.actor, desk.now))
    return redirect("desk:refunds")
