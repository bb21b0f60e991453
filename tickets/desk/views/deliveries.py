"""When a parcel arrived, as somebody found out."""

from __future__ import annotations

from zoneinfo import ZoneInfo

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from tickets import access
from tickets.actions.deliveries import record_delivery
from tickets.desk.forms import DeliveryForm
from tickets.desk.person import Desk, staff_only
from tickets.desk.views.answer import refused
from tickets.errors import ActionError
from tickets.models import Shipment, Ticket


@require_POST
@staff_only
def delivery(request: HttpRequest, desk: Desk, reference: str) -> HttpResponse:
    """Record the delivery of one of the order's shipments, on the store's clock."""
    ticket = access.ticket_for(desk.actor, reference)
    shipment = _shipment(ticket, request.POST.get("shipment", ""))
    name = f"delivery-{shipment.pk}"
    with timezone.override(ZoneInfo(ticket.store.time_zone)):
        form = DeliveryForm(request.POST, name=name)
        form.is_valid()
    if form.errors:
        return refused(request, desk, ticket, name, form)
    data = form.cleaned_data
    try:
        record_delivery(
            shipment,
            data["delivered_at"],
            actor=desk.actor,
            now=desk.now,
            ticket=ticket,
            seen=data["seen"],
        )
    except ActionError as error:
        return refused(request, desk, ticket, name, form, error)
    messages.success(request, _("Recorded. The windows count from this day."))
    return redirect("desk:ticket", ticket.reference)


def _shipment(ticket: Ticket, typed: str) -> Shipment:
    if ticket.order is None or not typed.isdecimal() or len(typed) > 18:
        raise Http404
    found: Shipment | None = ticket.order.shipments.filter(pk=int(typed)).first()
    if found is None:
        raise Http404
    return found
