"""Macros on a ticket: which can be run there, what one would do, and doing it."""

from __future__ import annotations

import uuid
from typing import Any
from urllib.parse import urlencode

from django import forms
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from tickets import access
from tickets.actions import macros as acting
from tickets.actions import reply_drafts
from tickets.actions.reply_drafts import Typed
from tickets.desk import macros
from tickets.desk.person import Desk, staff_only
from tickets.desk.undo_bar import offer
from tickets.desk.views.answer import FORBIDDEN, UNUSABLE, status_of
from tickets.errors import ActionError, NotAllowed
from tickets.models import Macro, Ticket

_MOST = 50  # people and replies that somebody can have seen


class RunForm(forms.Form):
    """What the page knew when the button was pressed."""

    seen = forms.IntegerField(min_value=0)
    form_key = forms.UUIDField()
    pending = forms.CharField(required=False, max_length=500)
    alone = forms.CharField(required=False, max_length=500)


@require_safe
@staff_only
def listed(request: HttpRequest, desk: Desk, reference: str) -> HttpResponse:
    """The macros of a ticket's store; a piece for the page that asks, else a page of its own."""
    ticket = access.ticket_for(desk.actor, reference)
    typed = request.GET.get("q", "")[:100]
    context: dict[str, Any] = {"typed_macro": typed, "known": _known(request, ticket)}
    if "work" not in desk.verbs(ticket.store_id):
        return _shown(request, desk, ticket, context, FORBIDDEN)
    context["rows"] = macros.here(desk, ticket, typed)
    return _shown(request, desk, ticket, context)


@require_safe
@staff_only
def one(request: HttpRequest, desk: Desk, reference: str, pk: int) -> HttpResponse:
    """What a macro would say and do on this ticket now."""
    ticket = access.ticket_for(desk.actor, reference)
    found = macros.one_here(desk, ticket, pk)
    if "work" not in desk.verbs(ticket.store_id):
        return _shown(request, desk, ticket, {}, FORBIDDEN)
    return _previewed(request, desk, ticket, found)


@require_POST
@staff_only
def text(request: HttpRequest, desk: Desk, reference: str, pk: int) -> HttpResponse:
    """Put the text into the composer, to be changed there; what is missing stands as it is."""
    ticket = access.ticket_for(desk.actor, reference)
    found = macros.one_here(desk, ticket, pk)
    filled = acting.compose(found, ticket, user=desk.user, now=desk.now)
    typed = Typed(found.kind or "agent", filled.body if filled else "", found.then_state)
    try:
        if filled is None:
            raise NotAllowed(_("This macro says nothing."))
        reply_drafts.add(ticket, typed, actor=desk.actor, now=desk.now)
    except ActionError as error:
        return _previewed(request, desk, ticket, found, error)
    return redirect(reverse("desk:ticket", args=[ticket.reference]) + "#message")


@require_POST
@staff_only
def run(request: HttpRequest, desk: Desk, reference: str, pk: int) -> HttpResponse:
    """Do all of it at once; the next page says so, with a way back."""
    ticket = access.ticket_for(desk.actor, reference)
    found = macros.one_here(desk, ticket, pk)
    form = RunForm(request.POST)
    if not form.is_valid():
        return _previewed(request, desk, ticket, found, status=UNUSABLE)
    data = form.cleaned_data
    try:
        ran = acting.run(
            found,
            ticket,
            actor=desk.actor,
            now=desk.now,
            form_key=data["form_key"],
            seen=data["seen"],
            seen_pending=_keys(data["pending"]),
            seen_writing=_keys(data["alone"]),
        )
    except ActionError as error:
        return _previewed(request, desk, ticket, found, error, data["form_key"])
    name = {"name": found.name}
    told = _("Done: %(name)s") % name if ran.event else _("All of it stood so already.")
    offer(request, told, ticket, ran.event)
    place = f"#pending-{ran.reply.pk}" if ran.reply is not None else ""
    return redirect(reverse("desk:ticket", args=[ticket.reference]) + place)


def _previewed(
    request: HttpRequest,
    desk: Desk,
    ticket: Ticket,
    macro: Macro,
    error: ActionError | None = None,
    form_key: uuid.UUID | None = None,
    *,
    status: int = 200,
) -> HttpResponse:
    known = _known(request, ticket)
    again = getattr(error, "people", ())
    if again:  # who writes, too, is known from now on
        known["alone"] = ",".join(map(str, again))
    context: dict[str, Any] = {"known": known, "error": error.message if error else ""}
    if not isinstance(error, NotAllowed):
        context["preview"] = macros.preview(desk, macro, ticket, str(form_key or ""))
    return _shown(request, desk, ticket, context, status_of(error) if error else status)


def _shown(
    request: HttpRequest, desk: Desk, ticket: Ticket, context: dict[str, Any], status: int = 200
) -> HttpResponse:
    context["carried"] = urlencode(context.get("known") or {})
    if status == FORBIDDEN:
        context["error"] = context.get("error") or NotAllowed().message
    if getattr(request, "htmx", False):
        piece = {"ticket": ticket, "now": desk.now, **context}
        return render(request, "desk/macros/here_piece.html", piece, status=status)
    # Who comes from elsewhere than the ticket's page reads what was said last, before an answer.
    said = ticket.messages.exclude(kind="note").select_related("author").last()
    whole = desk.context(ticket=ticket, store=ticket.store, last_said=said, **context)
    return render(request, "desk/macros/here.html", whole, status=status)


def _known(request: HttpRequest, ticket: Ticket) -> dict[str, str]:
    """What the ticket's page had shown when its reader went on to the macros: it counts."""
    typed = request.POST if request.method == "POST" else request.GET
    seen = typed.get("seen", "")
    if not (seen.isascii() and seen.isdigit() and len(seen) < 10):
        seen = str(ticket.last_seq)
    found = {"seen": seen}
    for name in ("pending", "alone"):
        if typed.get(name):
            found[name] = ",".join(map(str, _keys(typed[name])))
    return found


def _keys(typed: str) -> list[int]:
    parts = typed.split(",")[:_MOST]
    return [int(part) for part in parts if part.isascii() and part.isdigit() and len(part) < 19]
