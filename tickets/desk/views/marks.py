"""Marks on a ticket: each a resource that takes POST, one action each."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from tickets import access
from tickets.actions import ticket_marks
from tickets.desk import labels, marking
from tickets.desk.forms import PlainForm, StepForm
from tickets.desk.person import Desk, staff_only
from tickets.desk.undo_bar import offer
from tickets.desk.views.answer import refused
from tickets.errors import ActionError, InvalidInput
from tickets.models import Event, Ticket

# What was done, in words, and its event where there is a way back.
Act = Callable[[Ticket, dict[str, Any]], tuple[str, Event | None]]


def _take(
    request: HttpRequest, desk: Desk, reference: str, form: StepForm, name: str, act: Act
) -> HttpResponse:
    """Check the form, act, and say what has become; else the page again, as it was typed."""
    ticket = access.ticket_for(desk.actor, reference)
    if not form.is_valid():
        return refused(request, desk, ticket, name, form)
    try:
        done, event = act(ticket, form.cleaned_data)
    except ActionError as error:
        return refused(request, desk, ticket, name, form, error)
    offer(request, done, ticket, event)
    return redirect("desk:ticket", ticket.reference)


@require_safe
@staff_only
def marks(request: HttpRequest, desk: Desk, reference: str) -> HttpResponse:
    """The card with its forms; on its own where a script asks, else on the ticket's page."""
    ticket = access.ticket_for(desk.actor, reference)
    if not getattr(request, "htmx", False):
        return redirect(f"{reverse('desk:ticket', args=[ticket.reference])}?card=marks#marks")
    context = {
        "ticket": ticket,
        "marks": marking.read(desk, ticket, change=True),
        "may_work": "work" in desk.verbs(ticket.store_id),
        "now": desk.now,
    }
    return render(request, "desk/cards/marks.html", context)


@require_POST
@staff_only
def snooze(request: HttpRequest, desk: Desk, reference: str) -> HttpResponse:
    """Out of the queues until a day, or until the customer speaks."""

    def act(ticket: Ticket, data: dict[str, Any]) -> tuple[str, Event | None]:
        until = marking.until_of(data, ticket.store, desk.now)
        event = ticket_marks.snooze(ticket, until, actor=desk.actor, now=desk.now)
        return _("Put off. It comes back by itself, or when the customer writes."), event

    form = marking.SnoozeForm(request.POST, name="snooze")
    return _take(request, desk, reference, form, "snooze", act)


@require_POST
@staff_only
def wake(request: HttpRequest, desk: Desk, reference: str) -> HttpResponse:
    """Back into the queues now."""

    def act(ticket: Ticket, _data: dict[str, Any]) -> tuple[str, Event | None]:
        event = ticket_marks.unsnooze(ticket, actor=desk.actor, now=desk.now)
        return _("Back in the queue."), event

    form = PlainForm(request.POST, name="wake")
    return _take(request, desk, reference, form, "wake", act)


@require_POST
@staff_only
def tags(request: HttpRequest, desk: Desk, reference: str) -> HttpResponse:
    """Exactly these tags."""

    def act(ticket: Ticket, data: dict[str, Any]) -> tuple[str, Event | None]:
        names = data["tags"].split(",")
        event = ticket_marks.set_tags(ticket, names, actor=desk.actor, now=desk.now)
        return _("Tags kept."), event

    form = marking.TagsForm(request.POST, name="tags")
    return _take(request, desk, reference, form, "tags", act)


@require_POST
@staff_only
def priority(request: HttpRequest, desk: Desk, reference: str) -> HttpResponse:
    """How urgent it is."""

    def act(ticket: Ticket, data: dict[str, Any]) -> tuple[str, Event | None]:
        chosen = data["priority"]
        event = ticket_marks.set_priority(ticket, chosen, actor=desk.actor, now=desk.now)
        return _("Priority: %(name)s.") % {"name": labels.PRIORITIES[chosen]}, event

    form = marking.PriorityForm(request.POST, name="priority")
    return _take(request, desk, reference, form, "priority", act)


@require_POST
@staff_only
def watch(request: HttpRequest, desk: Desk, reference: str) -> HttpResponse:
    """Hear of what happens here, or no more."""
    on = request.POST.get("on") == "1"

    def act(ticket: Ticket, _data: dict[str, Any]) -> tuple[str, Event | None]:
        ticket_marks.watch(ticket, desk.user, on, actor=desk.actor, now=desk.now)
        if on:
            return _("You watch this ticket: you get a mail when the customer writes."), None
        return _("You do not watch this ticket any more."), None

    form = PlainForm(request.POST, name="watch")
    return _take(request, desk, reference, form, "watch", act)


@require_POST
@staff_only
def links(request: HttpRequest, desk: Desk, reference: str) -> HttpResponse:
    """Join two tickets that belong together."""

    def act(ticket: Ticket, data: dict[str, Any]) -> tuple[str, Event | None]:
        other = _other(desk, data["other"])
        ticket_marks.link(ticket, other, data["kind"], actor=desk.actor, now=desk.now)
        return _("Linked to %(reference)s.") % {"reference": other.spoken_reference}, None

    form = marking.LinkForm(request.POST, name="link")
    return _take(request, desk, reference, form, "link", act)


@require_POST
@staff_only
def unlink(request: HttpRequest, desk: Desk, reference: str, other: str) -> HttpResponse:
    """Take the link to another ticket away."""

    def act(ticket: Ticket, _data: dict[str, Any]) -> tuple[str, Event | None]:
        ticket_marks.unlink(
            ticket, access.ticket_for(desk.actor, other), actor=desk.actor, now=desk.now
        )
        return _("The link is gone."), None

    form = PlainForm(request.POST, name="unlink")
    return _take(request, desk, reference, form, "unlink", act)


def _other(desk: Desk, typed: str) -> Ticket:
    found = access.find_ticket(desk.actor, typed)
    if found is None:
        raise InvalidInput(_("No ticket of yours has this reference."), "other")
    return found
