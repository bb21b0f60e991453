"""The customer points out the moments of a video: before sending, and on the status page."""

from __future__ import annotations

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from supportdesk import clock
from supportdesk.visitor import address_of
from tickets import access
from tickets.actions.marks import can_mark, mark
from tickets.actor import Actor
from tickets.errors import ActionError, Conflict
from tickets.models import Claim, Draft, Evidence, Store
from tickets.portal.moments import MomentsForm, film, rows
from tickets.portal.visit import Visit, on_draft, sent_page


@require_http_methods(["GET", "HEAD", "POST"])
@on_draft
def of_draft(visit: Visit, pk: int) -> HttpResponse:
    """The moments of a video that has not been sent yet."""
    evidence = visit.draft.evidence.filter(pk=pk, claim=None, ticket=None).first()
    if evidence is None and sent_page(visit.draft) is not None:
        raise Conflict(_("This request has already been sent."))  # on to the page of its request
    if evidence is None:
        raise Http404
    evidence.draft = visit.draft
    back = visit.url("evidence") + f"#file-{pk}"
    return _answer(visit.request, evidence, visit.store, back, draft=visit.draft)


@require_http_methods(["GET", "HEAD", "POST"])
def of_ticket(request: HttpRequest, reference: str, token: str, pk: int) -> HttpResponse:
    """The moments of a video that was sent, behind the signed link."""
    ticket, actor = access.ticket_by_link(reference, token)
    evidence = access.evidence_by_pk(actor, pk)
    of = evidence.claim.ticket_id if evidence.claim is not None else evidence.ticket_id
    if of != ticket.pk:
        raise Http404  # the link opens this one conversation, not the customer's others
    back = reverse("portal:status", args=[ticket.reference, token]) + "#evidence"
    claim: Claim | None = evidence.claim
    if claim is not None and not claim.is_open:
        return HttpResponseRedirect(back)
    response = _answer(request, evidence, ticket.store, back, actor=actor)
    response["Cache-Control"] = "no-store"
    response["X-Robots-Tag"] = "noindex"
    return response


def _answer(
    request: HttpRequest,
    evidence: Evidence,
    store: Store,
    back: str,
    *,
    draft: Draft | None = None,
    actor: Actor | None = None,
) -> HttpResponse:
    """Show the form, or keep what it says and go back to where the file stands."""
    if request.method != "POST":
        if not can_mark(evidence):
            return HttpResponseRedirect(back)
        return _page(request, evidence, store, back, MomentsForm(None, evidence), actor)
    form = MomentsForm(request.POST, evidence)
    if form.is_valid() and _kept(request, form, evidence, draft, actor):
        return HttpResponseRedirect(back)
    return _page(request, evidence, store, back, form, actor, status=422)


def _kept(
    request: HttpRequest,
    form: MomentsForm,
    evidence: Evidence,
    draft: Draft | None,
    actor: Actor | None,
) -> bool:
    """Whether nothing is left to correct on the form; what was done, or not, is told."""
    now, address = clock.now(), address_of(request)
    before = dict(evidence.marks)
    try:
        found = mark(evidence, form.marks, draft=draft, actor=actor, address=address, now=now)
    except ActionError as error:
        if error.field in form.fields:
            form.add_error(error.field, error.message)
            return False
        messages.error(request, error.message)
        return True
    if found.marks != before:
        told = _("The moments are kept.") if found.marks else _("The moments are taken back.")
        messages.success(request, told)
    return True


def _page(
    request: HttpRequest,
    evidence: Evidence,
    store: Store,
    back: str,
    form: MomentsForm,
    actor: Actor | None,
    status: int = 200,
) -> HttpResponse:
    context = {
        "store": store,
        "file": evidence,
        "back": back,
        "form": form,
        "moments": rows(form),
        "film": film(evidence, actor, now=clock.now()),
    }
    return render(request, "portal/moments.html", context, status=status)
