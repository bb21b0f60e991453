"""One customer's page, and the notes of colleagues on it."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from tickets import access
from tickets.actions import customer_notes
from tickets.desk import customer_page
from tickets.desk.person import Desk, staff_only
from tickets.desk.phone import NoteForm
from tickets.desk.views.answer import UNUSABLE, status_of
from tickets.errors import ActionError

_UNDO = "customer_note_undo"


@require_safe
@staff_only
def customer(request: HttpRequest, desk: Desk, pk: int) -> HttpResponse:
    """Orders, tickets, claims and notes of one customer."""
    found = access.customer_for(desk.actor, pk)
    context = customer_page.build(desk, found, request.GET)
    kept = request.session.get(_UNDO) or {}
    if kept.get("customer") == found.pk:
        context["undo"] = kept["token"]
        del request.session[_UNDO]
    return render(request, "desk/customer.html", context)


@require_POST
@staff_only
def notes(request: HttpRequest, desk: Desk, pk: int) -> HttpResponse:
    """Note something for colleagues."""
    found = access.customer_for(desk.actor, pk)
    form = NoteForm(request.POST)
    error: ActionError | None = None
    if form.is_valid():
        data = form.cleaned_data
        try:
            customer_notes.add_note(
                found, data["body"], actor=desk.actor, now=desk.now, form_key=data["form_key"]
            )
        except ActionError as caught:
            error = caught
            form.add_error(error.field if error.field in form.fields else None, error.message)
        else:
            messages.success(request, _("Noted."))
            return redirect("desk:customer", found.pk)
    context = customer_page.build(desk, found, request.GET, form)
    status = status_of(error) if error is not None else UNUSABLE
    return render(request, "desk/customer.html", context, status=status)


@require_POST
@staff_only
def note_removal(request: HttpRequest, desk: Desk, pk: int) -> HttpResponse:
    """Delete an own note; the next page offers to undo it."""
    note = access.customer_note_for(desk.actor, pk)
    try:
        token = customer_notes.remove_note(note, actor=desk.actor)
    except ActionError as error:
        context = customer_page.build(desk, note.customer, request.GET)
        context["problem"] = error.message
        return render(request, "desk/customer.html", context, status=status_of(error))
    request.session[_UNDO] = {"customer": note.customer_id, "token": token}
    return redirect("desk:customer", note.customer_id)


@require_POST
@staff_only
def note_return(request: HttpRequest, desk: Desk, pk: int) -> HttpResponse:
    """Put back what was just deleted."""
    found = access.customer_for(desk.actor, pk)
    try:
        customer_notes.restore_note(found, request.POST.get("undo", ""), actor=desk.actor)
    except ActionError as error:
        context = customer_page.build(desk, found, request.GET)
        context["problem"] = error.message
        return render(request, "desk/customer.html", context, status=status_of(error))
    messages.success(request, _("The note is back."))
    return redirect("desk:customer", found.pk)
