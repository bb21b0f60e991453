"""Replies, notes, and what was said long ago."""

from __future__ import annotations

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from tickets import access
from tickets.actions import attachments, mentions, replies, reply_drafts, roots
from tickets.desk import conversation, merging
from tickets.desk.composer import ComposeForm
from tickets.desk.person import Desk, staff_only
from tickets.desk.views.answer import refused
from tickets.desk.views.unsent import keeps_words
from tickets.errors import ActionError, AlsoWriting
from tickets.evidence.attaching import stored, takes_files
from tickets.models import Message, Ticket

SUGGESTED = 8


@require_POST
@takes_files
@keeps_words
@staff_only
def say(request: HttpRequest, desk: Desk, reference: str) -> HttpResponse:
    """Reply to the customer, or leave a note for colleagues. What is not sent is kept."""
    found = access.ticket_for(desk.actor, reference)
    form = ComposeForm(request.POST, name="message")
    good = form.is_valid()
    try:
        _keep(request, desk, found, form)
        if not good:
            return refused(request, desk, found, "message", form)
        if form.cleaned_data["kind"] == "note":
            _note(request, desk, found, form)
            place = ""  # what is said about it stands on top
        else:
            place = _reply(desk, found, form)
    except ActionError as error:
        if isinstance(error, AlsoWriting):
            form.writing = error.people
        return refused(request, desk, found, "message", form, error)
    # What is written on a ticket that was merged into another stands there.
    return redirect(reverse("desk:ticket", args=[roots.of(found).reference]) + place)


def _keep(request: HttpRequest, desk: Desk, ticket: Ticket, form: ComposeForm) -> None:
    """Before anything can refuse it: the text and its files are the draft, whatever follows."""
    if replies.gone(roots.of(ticket), form.cleaned_data.get("form_key")) is not None:
        return  # the same form once more
    with stored(request, now=desk.now) as arrivals:
        kept = reply_drafts.keep(
            ticket,
            form.typed(),
            actor=desk.actor,
            now=desk.now,
            touched=form.cleaned_data.get("touched"),
        )
        attachments.take_all(arrivals, ticket, actor=desk.actor, now=desk.now)
    if kept.overwritten:
        form.overwritten = kept.overwritten


def _reply(desk: Desk, ticket: Ticket, form: ComposeForm) -> str:
    """Let it go; returns where on the page it stands, with the button that takes it back."""
    sent = replies.send(
        ticket,
        form.typed(),
        actor=desk.actor,
        now=desk.now,
        form_key=form.cleaned_data["form_key"],
        seen_pending=form.cleaned_data["pending"],
        seen_writing=form.cleaned_data["alone"],
    )
    return f"#said-{sent.pk}" if isinstance(sent, Message) else f"#pending-{sent.pk}"


def _note(request: HttpRequest, desk: Desk, ticket: Ticket, form: ComposeForm) -> None:
    kept, called = replies.note(
        ticket,
        form.typed(),
        actor=desk.actor,
        now=desk.now,
        form_key=form.cleaned_data["form_key"],
    )
    if not isinstance(kept, Message):
        messages.info(request, _("The note stands here as soon as its file has been checked."))
        return
    names = ", ".join(person.get_full_name() for person in called.people)
    messages.success(
        request, _("Noted. %(names)s is told.") % {"names": names} if names else _("Noted.")
    )
    if called.unknown:
        words = _("Nobody who sees this ticket is called %(names)s: nobody else was told.")
        messages.warning(
            request, words % {"names": ", ".join(f"@{name}" for name in called.unknown)}
        )


@require_safe
@staff_only
def older(request: HttpRequest, desk: Desk, reference: str) -> HttpResponse:
    """What was said before: a piece for the page that asks, else a page of its own."""
    found = access.ticket_for(desk.actor, reference)
    typed = request.GET.get("before")
    newest = conversation.newest(found)
    before = newest if typed is None else conversation.read_cursor(typed)
    if before is None:
        raise Http404
    talk = conversation.older(found, before, merging.names_of(found))
    if getattr(request, "htmx", False):
        piece = {"talk": talk, "ticket": found, "now": desk.now, "reader_zone": desk.user.time_zone}
        return render(request, "desk/older_piece.html", piece)
    context = desk.context(ticket=found, store=found.store, talk=talk)
    return render(request, "desk/older.html", context)


@require_safe
@staff_only
def colleagues(request: HttpRequest, desk: Desk, reference: str) -> HttpResponse:
    """Who can be called by name in a note here, and begins like what was typed."""
    found = access.ticket_for(desk.actor, reference)
    typed = request.GET.get("q", "").replace("\x00", "").strip()[: mentions.LONGEST]
    people = mentions.beginning(found.store, typed)[:SUGGESTED]
    return JsonResponse({"names": [person.get_full_name() for person in people]})
