"""Parcels to look at: late by the store's own rules, and nobody has written yet."""

from __future__ import annotations

from zoneinfo import ZoneInfo

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from tickets import access
from tickets.actions.carrier import open_investigation
from tickets.actions.deliveries import record_delivery
from tickets.actions.watch import snooze as snooze_action
from tickets.desk import watching
from tickets.desk.forms import DeliveryForm, PlainForm, SnoozeForm, StepForm
from tickets.desk.person import Desk, staff_only
from tickets.desk.views.answer import say_why, status_of
from tickets.errors import ActionError


@require_safe
@staff_only
def parcels(request: HttpRequest, desk: Desk) -> HttpResponse:
    """The list, the longest late first."""
    return _list(request, desk)


def _list(
    request: HttpRequest,
    desk: Desk,
    bound: tuple[str, StepForm] | None = None,
    error: ActionError | None = None,
) -> HttpResponse:
    if bound is not None:
        say_why(bound[1], error)
    context = desk.context(
        parcels=watching.late_parcels(desk, bound),
        bound=bound[0] if bound else "",
        problem=bound[1] if bound else None,
        place="parcels",
        several_stores=len(desk.stores) > 1,
    )
    status = 200 if bound is None else status_of(error)
    return render(request, "desk/parcels.html", context, status=status)


@require_POST
@staff_only
def investigation(request: HttpRequest, desk: Desk, pk: int) -> HttpResponse:
    """Look for it: a ticket, and the customer is told."""
    shipment = access.shipment_for(desk.actor, pk)
    form = PlainForm(request.POST, name=f"look-{pk}")
    if not form.is_valid():
        return _list(request, desk, (f"look-{pk}", form))
    try:
        ticket = open_investigation(
            shipment, actor=desk.actor, now=desk.now, seen=form.cleaned_data["seen"]
        )
    except ActionError as error:
        return _list(request, desk, (f"look-{pk}", form), error)
    who = ticket.customer.name or ticket.customer.email
    messages.success(request, _("Opened. %(who)s is told by mail.") % {"who": who})
    return redirect("desk:ticket", ticket.reference)


@require_POST
@staff_only
def arrival(request: HttpRequest, desk: Desk, pk: int) -> HttpResponse:
    """It has arrived, as somebody found out."""
    shipment = access.shipment_for(desk.actor, pk)
    name = f"arrived-{pk}"
    with timezone.override(ZoneInfo(shipment.order.store.time_zone)):
        form = DeliveryForm(request.POST, name=name)
        form.is_valid()
    if form.errors:
        return _list(request, desk, (name, form))
    try:
        record_delivery(shipment, form.cleaned_data["delivered_at"], actor=desk.actor, now=desk.now)
    except ActionError as error:
        return _list(request, desk, (name, form), error)
    messages.success(request, _("Recorded. The windows count from this day."))
    return redirect("desk:parcels")


@require_POST
@staff_only
def snooze(request: HttpRequest, desk: Desk, pk: int) -> HttpResponse:
    """Not now: again after some days."""
    shipment = access.shipment_for(desk.actor, pk)
    form = SnoozeForm(request.POST, name=f"snooze-{pk}")
    if not form.is_valid():
        return _list(request, desk, (f"snooze-{pk}", form))
    data = form.cleaned_data
    try:
        snooze_action(shipment, data["days"], actor=desk.actor, now=desk.now, seen=data["seen"])
    except ActionError as error:
        return _list(request, desk, (f"snooze-{pk}", form), error)
    messages.success(request, _("Put aside. It comes back if nothing is heard of it."))
    return redirect("desk:parcels")
