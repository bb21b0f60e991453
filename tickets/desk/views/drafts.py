"""What somebody is writing: kept as they type, taken back, and found again on any device."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

import tickets.desk.page as page
from tickets import access, attached
from tickets.actions import attachments, macros, reply_drafts
from tickets.actions.reply_drafts import Kept
from tickets.desk import composer, drafts
from tickets.desk.composer import ComposeForm
from tickets.desk.person import Desk, staff_only
from tickets.desk.views.answer import refused, status_of
from tickets.desk.views.unsent import keeps_words
from tickets.errors import ActionError, NotAllowed
from tickets.evidence.attaching import stored, takes_files
from tickets.evidence.receive import discard
from tickets.models import Ticket


@require_POST
@takes_files
@keeps_words
@staff_only
def draft(request: HttpRequest, desk: Desk, reference: str) -> HttpResponse:
    """Keep what is in the composer. A script hears when; a form goes back to the page."""
    found = access.ticket_for(desk.actor, reference)
    form = ComposeForm(request.POST, name="message")
    form.is_valid()
    by_script = "application/json" in request.headers.get("Accept", "")
    try:
        with stored(request, now=desk.now) as arrivals:
            kept = reply_drafts.keep(
                found,
                form.typed(),
                actor=desk.actor,
                now=desk.now,
                touched=form.cleaned_data.get("touched"),
            )
            attachments.take_all(arrivals, found, actor=desk.actor, now=desk.now)
    except ActionError as error:
        if by_script:
            return JsonResponse({"problem": error.message}, status=status_of(error))
        return refused(request, desk, found, "message", form, error)
    if by_script:
        return JsonResponse(_told(kept))
    return _back(request, desk, found, form, kept)


def _told(kept: Kept) -> dict[str, str]:
    touched = kept.draft.touched_at.isoformat() if kept.draft is not None else ""
    return {"touched": touched, "overwritten": kept.overwritten}


def _back(
    request: HttpRequest, desk: Desk, ticket: Ticket, form: ComposeForm, kept: Kept
) -> HttpResponse:
    if kept.overwritten:
        form.overwritten = kept.overwritten
        context = page.build(desk, page.ticket_for(desk, ticket.reference), bound=("message", form))
        return render(request, "desk/ticket.html", context)
    messages.success(request, _("Kept as a draft. Nobody else sees it."))
    return redirect(reverse("desk:ticket", args=[ticket.reference]) + "#message")


@require_safe
@staff_only
def files(request: HttpRequest, desk: Desk, reference: str) -> HttpResponse:
    """The files of one's own draft, as they stand now."""
    found = access.ticket_for(desk.actor, reference)
    kept = attached.read(found)
    mine, _pending = composer.drafts_of(desk, kept.drafts)
    shown = kept.written.get(mine.pk, []) if mine else []
    context = {"files": shown, "ticket": found, "now": desk.now, "store": found.store}
    response = render(request, "desk/draft_files_piece.html", context)
    if any(file.state == "received" for file in shown):
        response["X-Look-Again"] = "1"
    return response


@require_POST
@staff_only
def take_out(request: HttpRequest, desk: Desk, reference: str, pk: int) -> HttpResponse:
    """Take a file out of one's own draft; twice is no error."""
    found = access.ticket_for(desk.actor, reference)
    try:
        discard(*attachments.remove(found, pk, actor=desk.actor, now=desk.now))
    except NotAllowed as error:
        return _forbidden(request, desk, found, error)
    return redirect(reverse("desk:ticket", args=[found.reference]) + "#message")


@require_POST
@staff_only
def undo(request: HttpRequest, desk: Desk, reference: str, pk: int) -> HttpResponse:
    """Take a reply back before it goes; it is in the composer again, as it was typed."""
    found = access.ticket_for(desk.actor, reference)
    try:
        macros.undo_reply(found, pk, actor=desk.actor, now=desk.now)
    except NotAllowed as error:
        return _forbidden(request, desk, found, error)
    except ActionError as error:
        messages.error(request, error.message)
    else:
        messages.success(request, _("Taken back: nobody has got it."))
    return redirect(reverse("desk:ticket", args=[found.reference]) + "#message")


def _forbidden(request: HttpRequest, desk: Desk, ticket: Ticket, error: NotAllowed) -> HttpResponse:
    form = ComposeForm(request.POST, name="message")
    form.is_valid()
    return refused(request, desk, ticket, "message", form, error)


@require_safe
@staff_only
def mine(request: HttpRequest, desk: Desk) -> HttpResponse:
    """Everything that this person has begun to write and not sent."""
    rows = drafts.of(desk)
    return render(request, "desk/drafts.html", desk.context(drafts=rows, place="drafts"))
