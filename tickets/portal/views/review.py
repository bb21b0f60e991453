"""Everything on one page, editable, and off it goes."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpResponse, HttpResponseRedirect
from django.views.decorators.http import require_http_methods

from tickets import access
from tickets.actions.drafts import answer
from tickets.actions.file_claim import file_claim
from tickets.actor import Actor
from tickets.errors import ActionError, CannotFile
from tickets.portal import queries, slots
from tickets.portal.forms import NoteForm
from tickets.portal.tiles import OTHER
from tickets.portal.views.steps import next_step
from tickets.portal.visit import Visit, label_of, locale, on_draft


@require_http_methods(["GET", "HEAD", "POST"])
@on_draft
def show(visit: Visit) -> HttpResponse:
    """Look at it once more, change anything, send it. Sent twice it is one claim."""
    if visit.draft.request == OTHER:
        return visit.go("answer")
    if visit.request.method == "POST":
        form = NoteForm(visit.request.POST)
        # What may be filed is the action's to say; the page is drawn again only to correct.
        return _send(visit, form) if form.is_valid() else _page(visit, form)
    return _page(visit, NoteForm(initial={"note": visit.draft.answers.get("note", "")}))


def _page(visit: Visit, form: NoteForm, held: str = "") -> HttpResponse:
    """``held`` says why it could not be sent this minute: a file is not there yet."""
    if not visit.is_claim:
        return visit.go("answer")
    if visit.guide.unanswered or not visit.draft.answers.get("items"):
        return next_step(visit)
    if not queries.can_file(visit.guide.decision):
        return visit.go("answer")
    context = {
        "guide": visit.guide,
        "form": form,
        "label": label_of(visit.guide.pack, visit.draft.request),
        "items": queries.chosen_items(visit.draft),
        "answers": queries.answers(visit.guide, locale()),
        "files": slots.files(visit.guide.pack, visit.files, locale()),
        "upload": f"draft={visit.draft.key}",
        "held": held,
    }
    status = 409 if held else 422 if form.errors else 200
    return visit.page("portal/review.html", context, status)


def _send(visit: Visit, form: NoteForm) -> HttpResponse:
    asker = visit.customer
    if asker is None:
        return visit.go("order")
    try:
        # Not limited in rate here: naming an order is, and an item has one open claim.
        claim = file_claim(
            visit.draft,
            answers={"note": form.cleaned_data["note"]},
            actor=Actor.of_customer(asker),
            now=visit.now,
        )
    except CannotFile:
        return visit.go("answer")  # the window closed meanwhile, say: the page tells
    except ActionError as error:
        if error.field == "files":
            # Kept on the server, too: the way to the files and back loses nothing.
            answer(visit.draft, answers={"note": form.cleaned_data["note"]}, now=visit.now)
            return _page(visit, form, held=error.message)
        messages.error(visit.request, error.message)
        return visit.go("items") if error.field == "items" else visit.go("review")
    return HttpResponseRedirect(access.link_for(claim.ticket) + "?sent=1")
