"""``/uploads/…``: files go out here. Access is asked at every request, and every look is noted."""

from __future__ import annotations

from datetime import datetime
from typing import cast

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase, HttpResponseRedirect
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from supportdesk import clock
from supportdesk.visitor import address_of
from tickets import access
from tickets.actions import custody
from tickets.actions.attachments import KIND
from tickets.actor import Actor
from tickets.evidence import links
from tickets.evidence.serve import piece_of, respond
from tickets.evidence.stored import StorageAway
from tickets.lifecycle import EvidenceState
from tickets.models import Draft, Evidence, Ticket, User


@require_safe
def linked(request: HttpRequest, token: str, name: str) -> HttpResponseBase:
    """The file behind a short-lived address, for the one person it was made for."""
    now = clock.now()
    named = links.read(token, now)
    if named is None:
        raise Http404
    if named.expired:
        return _run_out(request, named, now)
    evidence, actor = _found(request, named)
    return _show(request, evidence, named.what, actor, now)


@require_safe
def for_staff(request: HttpRequest, pk: int) -> HttpResponseBase:
    """The lasting address of a filed piece of evidence, for a member of the store's staff."""
    evidence = _for_staff(request, pk)
    now = clock.now()
    return _onward(
        links.link(
            evidence, _what(request), actor=_staff(request), now=now, download=_download(request)
        )
    )


@require_safe
def by_link(request: HttpRequest, reference: str, token: str, pk: int) -> HttpResponseBase:
    """The same for a file of a customer's own request, through the signed link."""
    ticket, actor = access.ticket_by_link(reference, token)
    evidence = _of_ticket(actor, ticket, pk)
    now = clock.now()
    return _onward(
        links.link(evidence, _what(request), actor=actor, now=now, download=_download(request))
    )


@require_safe
def by_draft(request: HttpRequest, key: str, pk: int) -> HttpResponseBase:
    """The same for a file that has not been sent yet, through its draft's key."""
    draft = access.draft_by_key(key)
    evidence = _of_draft(draft, pk)
    now = clock.now()
    return _onward(
        links.draft_link(evidence, _what(request), draft, now=now, download=_download(request))
    )


def _found(request: HttpRequest, named: links.Named) -> tuple[Evidence, Actor | None]:
    """The file, if the person it was named for is here and may still see it; else 404."""
    if named.whom == "staff":
        if not request.user.is_authenticated or request.user.pk != named.holder:
            raise Http404
        return _for_staff(request, named.evidence_id), _staff(request)
    if named.whom == "customer":
        ticket = Ticket.objects.select_related("customer").filter(pk=named.holder).first()
        if ticket is None or str(ticket.link_generation) != named.proof:
            raise Http404
        actor = Actor.of_customer(ticket.customer)
        return _of_ticket(actor, ticket, named.evidence_id), actor
    draft = Draft.objects.filter(pk=named.holder, store__is_open=True).first()
    if draft is None or not links.fits_draft(named, draft):
        raise Http404
    return _of_draft(draft, named.evidence_id), None


def _run_out(request: HttpRequest, named: links.Named, now: datetime) -> HttpResponseBase:
    """A page of the desk left open over lunch still plays; others open their page again."""
    if named.whom == "staff" and request.user.is_authenticated:
        evidence, actor = _found(request, named)
        if actor is not None:
            download = _download(request)
            return _onward(
                links.link(evidence, named.what, actor=actor, now=now, download=download)
            )
    return _said(
        request,
        410,
        _("This link has expired"),
        _("Links to files work for a short time only. Open the page of your request again."),
    )


def _show(
    request: HttpRequest, evidence: Evidence, what: str, actor: Actor | None, now: datetime
) -> HttpResponseBase:
    held_back = _held_back(request, evidence)
    if held_back is not None:
        return held_back
    piece = piece_of(evidence, what)
    if piece is None:
        raise Http404
    download = _download(request)
    unsent = evidence.kind == KIND and evidence.message_id is None
    if actor is not None and request.method == "GET" and not unsent:
        # Before a byte goes out: what cannot be noted is not shown.
        custody.viewed(
            evidence,
            what=what,
            actor=actor,
            now=now,
            address=address_of(request),
            download=download or not piece.shown,
        )
    try:
        return respond(request, piece, download=download)
    except StorageAway:
        return _said(
            request,
            503,
            _("The file cannot be opened just now"),
            _("It is safe. Please try again in a few minutes."),
        )


def _held_back(request: HttpRequest, evidence: Evidence) -> HttpResponse | None:
    """Why nobody sees this file now, in words; the same for staff and customers."""
    if evidence.erased_at is not None:
        return _said(
            request,
            410,
            _("This file has been deleted"),
            _("The time for which we keep files is over."),
        )
    if evidence.state == EvidenceState.INFECTED:
        return _said(
            request,
            409,
            _("This file cannot be opened"),
            _("Our virus scanner found something dangerous in it."),
        )
    if settings.CLAMD_URL and evidence.scanned_at is None:
        return _said(
            request,
            409,
            _("This file is still being checked"),
            _("It is shown as soon as the virus scanner has found it clean."),
        )
    return None


def _said(request: HttpRequest, status: int, title: str, words: str) -> HttpResponse:
    response = render(
        request, "file_away.html", {"away_title": title, "away_words": words}, status=status
    )
    response["Cache-Control"] = "no-store"
    return response


def _onward(address: str) -> HttpResponse:
    response = HttpResponseRedirect(address)
    response["Cache-Control"] = "no-store"
    return response


def _staff(request: HttpRequest) -> Actor:
    return Actor.staff(cast(User, request.user))  # its callers have asked whether they are one


def _for_staff(request: HttpRequest, pk: int) -> Evidence:
    if not request.user.is_authenticated:
        raise Http404
    return access.evidence_by_pk(_staff(request), pk)


def _of_ticket(actor: Actor, ticket: Ticket, pk: int) -> Evidence:
    evidence = access.evidence_by_pk(actor, pk)
    of = evidence.claim.ticket if evidence.claim is not None else evidence.ticket
    # The link opens this one conversation, with what was merged into it: not the customer's others.
    if of is None or ticket.pk not in (of.pk, of.merged_into_id):
        raise Http404
    return evidence


def _of_draft(draft: Draft, pk: int) -> Evidence:
    # Once it is sent the request's own link opens it: that can be taken back, and is noted.
    evidence = draft.evidence.filter(pk=pk, claim=None, ticket=None).first()
    if evidence is None:
        raise Http404
    return evidence


def _what(request: HttpRequest) -> str:
    what = request.GET.get("what", "original")
    if what not in links.WHAT:
        raise Http404
    return what


def _download(request: HttpRequest) -> bool:
    return "download" in request.GET
