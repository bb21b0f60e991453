"""What a view answers when a step was not done: the same page, with everything typed kept."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _

import tickets.desk.page as page
from tickets.desk.forms import StepForm
from tickets.desk.person import Desk
from tickets.errors import ActionError, AlsoWriting, Conflict, NotAllowed
from tickets.models import Ticket

UNUSABLE, OUT_OF_DATE, FORBIDDEN = 422, 409, 403


def refused(
    request: HttpRequest,
    desk: Desk,
    ticket: Ticket,
    name: str,
    form: StepForm,
    error: ActionError | None = None,
) -> HttpResponse:
    """The ticket's page again: the form as typed, its errors, and what happened meanwhile."""
    say_why(form, error)
    seen = form.cleaned_data.get("seen") if isinstance(error, Conflict) else None
    context = page.build(
        desk, page.ticket_for(desk, ticket.reference), bound=(name, form), since=seen
    )
    return render(request, "desk/ticket.html", context, status=status_of(error))


def say_why(form: StepForm, error: ActionError | None) -> None:
    """Put the action's message beside its field, or on top of the form."""
    if error is not None:
        form.add_error(error.field if error.field in form.fields else None, error.message)
    elif "seen" in form.errors:
        form.add_error(None, _("This page was not complete. Please look again and repeat."))


def status_of(error: ActionError | None) -> int:
    """The HTTP status that says what kind of no it is."""
    if isinstance(error, NotAllowed):
        return FORBIDDEN
    return OUT_OF_DATE if isinstance(error, Conflict | AlsoWriting) else UNUSABLE
