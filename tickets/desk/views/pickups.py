"""The counter: find, check, hand over; and what waits on the shelf."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from tickets import access
from tickets.actions import pickups as shelf
from tickets.desk import forms, shelves, timeline
from tickets.desk.person import Desk, staff_only
from tickets.desk.views.answer import say_why, status_of
from tickets.errors import ActionError, Conflict
from tickets.models import Event, Pickup
from tickets.models.order import order_number_key

SHOWN = 200


@require_safe
@staff_only
def pickups(request: HttpRequest, desk: Desk) -> HttpResponse:
    """What waits on the shelf; a scanned order number opens its card."""
    typed = request.GET.get("order", "").strip()
    matches: list[Pickup] = []
    if typed:
        rows = access.pickups_for(desk.actor).filter(order__number_key=order_number_key(typed))
        matches = list(rows.select_related("store", "order__customer")[:5])
        if len(matches) == 1:
            return redirect("desk:pickup", matches[0].pk)
    waiting = list(shelves.pickups_on_the_shelf(desk.user, desk.store_id)[:SHOWN])
    context = desk.context(
        pickups=[(row, shelves.soon(row.reserved_until, desk.now)) for row in waiting],
        matches=matches,
        place="pickups",
        typed=typed,
        several_stores=len(desk.stores) > 1,
    )
    return render(request, "desk/pickups.html", context)


@require_safe
@staff_only
def pickup(request: HttpRequest, desk: Desk, pk: int) -> HttpResponse:
    """The big card of one pickup."""
    return _card(request, desk, access.pickup_for(desk.actor, pk))


def _card(
    request: HttpRequest,
    desk: Desk,
    row: Pickup,
    bound: tuple[str, forms.StepForm] | None = None,
    error: ActionError | None = None,
) -> HttpResponse:
    fresh: dict[str, forms.StepForm] = {
        "confirmation": forms.PlainForm(name="confirmation"),
        "handover": forms.HandOverForm(name="handover"),
        "extension": forms.ExtendForm(name="extension"),
        "cancellation": forms.ReasonForm(name="cancellation"),
    }
    if bound:
        fresh[bound[0]] = bound[1]
    events = list(Event.objects.filter(pickup=row).select_related("actor_user").order_by("seq"))
    seen = bound[1].cleaned_data.get("seen") if bound and isinstance(error, Conflict) else None
    context = desk.context(
        pickup=row,
        place="pickups",
        lines=list(row.order.lines.all()),
        forms=fresh,
        bound=bound[0] if bound else "",
        may_work="work" in desk.verbs(row.store_id),
        urgency=shelves.soon(row.reserved_until, desk.now),
        history=[timeline.entry(event) for event in reversed(events)],
        meanwhile=[timeline.entry(e) for e in events if seen is not None and e.seq > seen],
    )
    return render(request, "desk/pickup.html", context, status=status_of(error) if bound else 200)


def _take(
    request: HttpRequest,
    desk: Desk,
    pk: int,
    name: str,
    form: forms.StepForm,
    act: Callable[[Pickup, dict[str, Any], dict[str, Any]], object],
    done: str,
) -> HttpResponse:
    row = access.pickup_for(desk.actor, pk)
    if not form.is_valid():
        say_why(form, None)
        return _card(request, desk, row, (name, form))
    data = form.cleaned_data
    try:
        act(row, data, {"actor": desk.actor, "now": desk.now, "seen": data["seen"]})
    except ActionError as error:
        say_why(form, error)
        fresh = access.pickup_for(desk.actor, pk)
        return _card(request, desk, fresh, (name, form), error)
    messages.success(request, done)
    return redirect("desk:pickup", row.pk)


@require_POST
@staff_only
def confirmation(request: HttpRequest, desk: Desk, pk: int) -> HttpResponse:
    """It is on the shelf: the customer hears, and the reservation begins."""
    return _take(
        request,
        desk,
        pk,
        "confirmation",
        forms.PlainForm(request.POST, name="confirmation"),
        lambda row, data, by: shelf.confirm(row, actor=by["actor"], now=by["now"]),
        _("Confirmed. The customer gets a mail, and the reservation has begun."),
    )


@require_POST
@staff_only
def handover(request: HttpRequest, desk: Desk, pk: int) -> HttpResponse:
    """Receipt and identification seen: it leaves the shelf."""
    return _take(
        request,
        desk,
        pk,
        "handover",
        forms.HandOverForm(request.POST, name="handover"),
        lambda row, data, by: shelf.hand_over(
            row,
            receipt_seen=data["receipt_seen"],
            identification_seen=data["identification_seen"],
            **by,
        ),
        _("Handed over."),
    )


@require_POST
@staff_only
def extension(request: HttpRequest, desk: Desk, pk: int) -> HttpResponse:
    """Keep it longer, with a reason."""
    return _take(
        request,
        desk,
        pk,
        "extension",
        forms.ExtendForm(request.POST, name="extension"),
        lambda row, data, by: shelf.extend(row, data["days"], data["reason"], **by),
        _("Kept longer. The customer gets a mail with the new date."),
    )


@require_POST
@staff_only
def cancellation(request: HttpRequest, desk: Desk, pk: int) -> HttpResponse:
    """Cancel it, with a reason; the refund is requested."""
    return _take(
        request,
        desk,
        pk,
        "cancellation",
        forms.ReasonForm(request.POST, name="cancellation"),
        lambda row, data, by: shelf.cancel(row, data["reason"], **by),
        _("Cancelled. The customer gets a mail; what was paid waits under refunds."),
    )
