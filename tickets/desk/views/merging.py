"""Two tickets become one, and two again; a message becomes a ticket of its own."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from tickets import access
from tickets.actions import merging as joining
from tickets.actions import parting, splitting
from tickets.desk import merging
from tickets.desk.forms import PlainForm
from tickets.desk.merging import IN, MergeForm
from tickets.desk.person import Desk, staff_only
from tickets.desk.undo_bar import offer_at
from tickets.desk.views.answer import refused, say_why, status_of
from tickets.errors import ActionError, InvalidInput, NotAllowed
from tickets.models import Message, Split, Ticket


@require_safe
@staff_only
def choose(request: HttpRequest, desk: Desk, reference: str) -> HttpResponse:
    """With which other conversation of the customer this one could be one."""
    return _choices(request, desk, access.ticket_for(desk.actor, reference))


def _choices(
    request: HttpRequest,
    desk: Desk,
    ticket: Ticket,
    bound: MergeForm | None = None,
    status: int = 200,
) -> HttpResponse:
    context: dict[str, Any] = {
        "ticket": ticket,
        "store": ticket.store,
        "choices": merging.choices(desk, ticket),
        "form": bound or MergeForm(name="merge"),
        "bound": bound is not None,
        "may_work": "work" in desk.verbs(ticket.store_id),
    }
    if getattr(request, "htmx", False):
        return render(request, "desk/merge_choices.html", context | {"now": desk.now})
    return render(request, "desk/merge.html", desk.context(**context), status=status)


@require_POST
@staff_only
def merge(request: HttpRequest, desk: Desk, reference: str) -> HttpResponse:
    """Let one of the two be a part of the other; the page of the one that goes on is shown."""
    ticket = access.ticket_for(desk.actor, reference)
    form = MergeForm(request.POST, name="merge")
    if not form.is_valid():
        return _choices(request, desk, ticket, form, 422)
    try:
        other = access.find_ticket(desk.actor, form.cleaned_data["other"])
        if other is None:
            raise InvalidInput(_("No ticket of yours has this reference."), "other")
        source, target = (other, ticket) if form.cleaned_data["way"] == IN else (ticket, other)
        joining.merge(source, target, actor=desk.actor, now=desk.now)
    except ActionError as error:
        say_why(form, error)
        return _choices(request, desk, ticket, form, status_of(error))
    words = _("%(source)s is a part of %(target)s now. What is said on either is shown here.")
    offer_at(
        request,
        words % {"source": source.spoken_reference, "target": target.spoken_reference},
        reverse("desk:unmerge", args=[source.reference]),
    )
    return redirect("desk:ticket", target.reference)


@require_POST
@staff_only
def unmerge(request: HttpRequest, desk: Desk, reference: str) -> HttpResponse:
    """Let a merged ticket be on its own again."""
    ticket = access.ticket_for(desk.actor, reference)
    try:
        done = parting.take_apart(ticket, actor=desk.actor, now=desk.now)
    except NotAllowed as error:
        return refused(request, desk, ticket, "unmerge", _plain(request, "unmerge"), error)
    except ActionError as error:
        messages.error(request, error.message)
    else:
        words = _("%(reference)s is on its own again.") % {"reference": ticket.spoken_reference}
        messages.success(request, words if done else _("It was undone already."))
    return redirect("desk:ticket", ticket.reference)


def _plain(request: HttpRequest, name: str) -> PlainForm:
    form = PlainForm(request.POST, name=name)
    form.is_valid()
    return form


# --- split -------------------------------------------------------------------------------


def _message(ticket: Ticket, pk: int) -> Message:
    found = ticket.messages.filter(pk=pk).first()
    if found is None:
        raise Http404
    return found


@require_safe
@staff_only
def splitting_page(request: HttpRequest, desk: Desk, reference: str, pk: int) -> HttpResponse:
    """The message that could become a ticket of its own, and what that would do."""
    ticket = access.ticket_for(desk.actor, reference)
    return _split_page(request, desk, ticket, _message(ticket, pk))


def _split_page(
    request: HttpRequest,
    desk: Desk,
    ticket: Ticket,
    message: Message,
    problem: str = "",
    status: int = 200,
) -> HttpResponse:
    context = desk.context(
        ticket=ticket,
        store=ticket.store,
        message=message,
        files=list(message.attachments.all()),
        problem=problem or splitting.why_not(message, ticket),
        may_work="work" in desk.verbs(ticket.store_id),
    )
    return render(request, "desk/split.html", context, status=status)


@require_POST
@staff_only
def split(request: HttpRequest, desk: Desk, reference: str, pk: int) -> HttpResponse:
    """Make a ticket of the message, and go there."""
    ticket = access.ticket_for(desk.actor, reference)
    before = Split.objects.filter(source=ticket, undone_at=None, messages__contains=[pk])
    message = None if before.exists() else _message(ticket, pk)
    try:
        made = splitting.split(ticket, pk, actor=desk.actor, now=desk.now)
    except ActionError as error:
        if message is None:
            raise Http404 from None
        return _split_page(request, desk, ticket, message, error.message, status_of(error))
    new = made.target
    offer_at(
        request,
        _("%(reference)s is a ticket of its own now.") % {"reference": new.spoken_reference},
        reverse("desk:unsplit", args=[new.reference]),
    )
    return redirect("desk:ticket", new.reference)


@require_POST
@staff_only
def unsplit(request: HttpRequest, desk: Desk, reference: str) -> HttpResponse:
    """Put a message that became a ticket of its own back where it was said."""
    ticket = access.ticket_for(desk.actor, reference)
    made = Split.objects.filter(target=ticket).select_related("source").first()
    if made is None:
        raise Http404
    try:
        undone = splitting.undo(made, actor=desk.actor, now=desk.now)
    except NotAllowed as error:
        return refused(request, desk, ticket, "unsplit", _plain(request, "unsplit"), error)
    except ActionError as error:
        messages.error(request, error.message)
        return redirect("desk:ticket", ticket.reference)
    messages.success(request, _("Undone.") if undone else _("It was undone already."))
    return redirect("desk:ticket", made.source.reference)
