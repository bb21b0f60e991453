"""One ticket: the conversation, the claim, and what may be done."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from tickets import access
from tickets.actions import talk
from tickets.actions.handover import hand_over
from tickets.desk import page
from tickets.desk.forms import AssigneeForm, PlainForm
from tickets.desk.person import Desk, staff_only
from tickets.desk.undo_bar import offer
from tickets.desk.views import unsent
from tickets.desk.views.answer import refused
from tickets.errors import ActionError


@require_safe
@staff_only
def ticket(request: HttpRequest, desk: Desk, reference: str) -> HttpResponse:
    """The page of a ticket; it changes nothing by being looked at."""
    found = page.ticket_for(desk, reference)
    if found.reference != reference:
        return redirect("desk:ticket", found.reference)
    if unsent.restore(request, desk, found):
        found = page.ticket_for(desk, reference)
    context = page.build(desk, found, card=request.GET.get("card", ""))
    return render(request, "desk/ticket.html", context)


@require_safe
@staff_only
def claim(request: HttpRequest, desk: Desk, reference: str) -> HttpResponse:
    """A claim is shown on its ticket's page."""
    return redirect("desk:ticket", access.claim_for(desk.actor, reference).ticket.reference)


@require_safe
@staff_only
def what_if(request: HttpRequest, desk: Desk, reference: str) -> HttpResponse:
    """The rule's answer had some facts been other ones. Nothing is written."""
    found = page.ticket_for(desk, reference)
    access.claim_for(desk.actor, reference)
    if getattr(request, "htmx", False):
        return render(request, "desk/what_if.html", page.what_if(desk, found, request.GET))
    return render(request, "desk/ticket.html", page.build(desk, found, what_if=request.GET))


@require_POST
@staff_only
def assign(request: HttpRequest, desk: Desk, reference: str) -> HttpResponse:
    """Give a ticket to a person, or to nobody."""
    found = access.ticket_for(desk.actor, reference)
    people = page.people_of(found.store)
    form = AssigneeForm(
        request.POST, name="assignee", options=[(p.pk, p.get_full_name()) for p in people]
    )
    if not form.is_valid():
        return refused(request, desk, found, "assignee", form)
    wanted = form.cleaned_data["assignee"]
    person = next((p for p in people if str(p.pk) == wanted), None)
    try:
        event = hand_over(
            found,
            person,
            form.cleaned_data["note"],
            actor=desk.actor,
            now=desk.now,
            form_key=form.cleaned_data["form_key"],
        )
    except ActionError as error:
        return refused(request, desk, found, "assignee", form, error)
    said = _("%(name)s takes care of it.") % {"name": person.get_full_name()} if person else ""
    offer(request, said or _("Nobody is assigned now."), found, event)
    return redirect("desk:ticket", found.reference)


@require_POST
@staff_only
def solve(request: HttpRequest, desk: Desk, reference: str) -> HttpResponse:
    """The question is answered; the customer's next word opens it again."""
    found = access.ticket_for(desk.actor, reference)
    form = PlainForm(request.POST, name="solution")
    if not form.is_valid():
        return refused(request, desk, found, "solution", form)
    try:
        seen = form.cleaned_data["seen"]
        event = talk.set_solved(found, actor=desk.actor, now=desk.now, seen=seen)
    except ActionError as error:
        return refused(request, desk, found, "solution", form, error)
    offer(request, _("Solved. If the customer answers, it opens again."), found, event)
    return redirect("desk:ticket", found.reference)
