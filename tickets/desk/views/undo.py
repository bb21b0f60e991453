"""The way back from what was just done to a ticket."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from tickets import access
from tickets.actions import undoing
from tickets.desk.forms import PlainForm
from tickets.desk.person import Desk, staff_only
from tickets.desk.views.answer import refused
from tickets.errors import ActionError, NotAllowed

MOST = 20


@require_POST
@staff_only
def take_back(request: HttpRequest, desk: Desk, reference: str) -> HttpResponse:
    """Undo the events whose numbers the bar carried; the ticket's page says what came of it."""
    found = access.ticket_for(desk.actor, reference)
    try:
        undone = undoing.take_back(
            found, _numbers(request.POST.get("numbers", "")), actor=desk.actor, now=desk.now
        )
    except NotAllowed as error:
        return refused(request, desk, found, "undo", PlainForm(request.POST, name="undo"), error)
    except ActionError as error:
        messages.error(request, error.message)
    else:
        messages.success(request, _("Undone.") if undone else _("It was undone already."))
    return redirect("desk:ticket", found.reference)


def _numbers(typed: str) -> list[int]:
    parts = typed.split(",")[:MOST]
    return [int(part) for part in parts if part.isascii() and part.isdigit() and len(part) < 10]
