"""Legal hold: two resources of a ticket, POST, one action each."""

from __future__ import annotations

from collections.abc import Callable

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from tickets import access
from tickets.actions import hold as holding
from tickets.desk.keeping import HOLD, RELEASE, HoldForm
from tickets.desk.person import Desk, staff_only
from tickets.desk.views.answer import refused
from tickets.errors import ActionError
from tickets.models import Ticket


def _take(
    request: HttpRequest,
    desk: Desk,
    reference: str,
    key: str,
    act: Callable[..., Ticket],
    done: str,
) -> HttpResponse:
    ticket = access.ticket_for(desk.actor, reference)
    form = HoldForm(request.POST, name=key)
    if not form.is_valid():
        return refused(request, desk, ticket, key, form)
    data = form.cleaned_data
    try:
        act(ticket, data["reason"], actor=desk.actor, now=desk.now, seen=data["seen"])
    except ActionError as error:
        return refused(request, desk, ticket, key, form, error)
    messages.success(request, done)
    return redirect("desk:ticket", ticket.reference)


@require_POST
@staff_only
def hold(request: HttpRequest, desk: Desk, reference: str) -> HttpResponse:
    """Nothing of this case's evidence is erased until somebody releases it."""
    done = _("Held. Nothing of its evidence is erased.")
    return _take(request, desk, reference, HOLD, holding.hold, done)


@require_POST
@staff_only
def release(request: HttpRequest, desk: Desk, reference: str) -> HttpResponse:
    """The days of the rules count again."""
    done = _("Released. Nothing is erased within the next week.")
    return _take(request, desk, reference, RELEASE, holding.release, done)
