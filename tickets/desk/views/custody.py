"""Who had a request's files in their hands, and the sealed export of it all."""

from __future__ import annotations

import hashlib

from django.http import HttpRequest, HttpResponse, StreamingHttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from supportdesk.visitor import address_of
from tickets import access, custody_words, permissions
from tickets.actions.export import export_with, note_export
from tickets.desk.person import Desk, staff_only
from tickets.desk.views.answer import status_of
from tickets.errors import ActionError, Conflict, NotAllowed
from tickets.evidence.export import Bundle, hashes_in, prepare, stream
from tickets.evidence.stored import StorageAway
from tickets.evidence.waiting import hand_back_connection
from tickets.models import Event, Ticket

LARGEST_LIST = 256 * 1024
_TRIES = 3


@require_safe
@staff_only
def custody(request: HttpRequest, desk: Desk, reference: str) -> HttpResponse:
    """Every entry of every file's log, and whether each chain is whole."""
    return _page(request, desk, access.ticket_for(desk.actor, reference))


@require_safe
@staff_only
def sheet(request: HttpRequest, desk: Desk, reference: str) -> HttpResponse:
    """The same as CSV."""
    ticket = access.ticket_for(desk.actor, reference)
    lines = custody_words.as_csv(custody_words.chains(ticket), ticket.store)
    answer = HttpResponse("".join(lines), content_type="text/csv; charset=utf-8")
    answer["Content-Disposition"] = f'attachment; filename="custody-{ticket.reference}.csv"'
    return answer


@require_POST
@staff_only
def export(request: HttpRequest, desk: Desk, reference: str) -> HttpResponse:
    """Put a sealed export together, note it, and stream it."""
    ticket = access.ticket_for(desk.actor, reference)
    try:
        if not permissions.may(desk.user, ticket.store, "override"):
            raise NotAllowed
        bundle = _noted(request, desk, ticket)
    except ActionError as error:
        return _page(request, desk, ticket, problem=error.message, status=status_of(error))
    except StorageAway:
        said = _("A file cannot be read just now. Nothing was exported; please try again later.")
        return _page(request, desk, ticket, problem=said, status=503)
    archive = stream(bundle)
    hand_back_connection()
    answer = StreamingHttpResponse(archive, content_type="application/zip")
    answer["Content-Length"] = str(len(archive))
    answer["Content-Disposition"] = f'attachment; filename="evidence-{bundle.reference}.zip"'
    answer["X-Content-Type-Options"] = "nosniff"
    return answer  # type: ignore[return-value]  # a streamed answer is one as well


def _noted(request: HttpRequest, desk: Desk, ticket: Ticket) -> Bundle:
    """An export that the request's log knows; put together anew when something came between."""
    for left in reversed(range(_TRIES)):
        bundle = prepare(ticket, now=desk.now)
        try:
            note_export(
                ticket,
                bundle.sha256,
                [one.evidence for one in bundle.originals],
                actor=desk.actor,
                now=desk.now,
                address=address_of(request),
                seen=bundle.seen,
            )
        except Conflict:
            if not left:
                raise
            ticket = access.ticket_for(desk.actor, ticket.reference)
            continue
        return bundle
    raise AssertionError("the last try returns or raises")


@require_http_methods(["GET", "HEAD", "POST"])
@staff_only
def check(request: HttpRequest, desk: Desk) -> HttpResponse:
    """Whether a list of hashes is of one of our exports; asked by form, nothing is written."""
    context = desk.context(place="exports")
    if request.method == "POST":
        given = request.FILES.get("manifest")
        if given is None:
            context["problem"] = _("Please choose the file SHA256SUMS of the export.")
        elif (given.size or 0) > LARGEST_LIST:
            context["problem"] = _("This is no list of hashes: it is too large.")
        else:
            body = given.read()
            context |= {"asked": True, "export": _known(desk, body)}
    return render(request, "desk/export_check.html", context)


def _known(desk: Desk, manifest: bytes) -> Event | None:
    digest = hashlib.sha256(manifest).hexdigest()
    return export_with(digest, [store.pk for store in desk.stores], hashes_in(manifest))


def _page(
    request: HttpRequest, desk: Desk, ticket: Ticket, *, problem: str = "", status: int = 200
) -> HttpResponse:
    context = desk.context(
        ticket=ticket,
        chains=custody_words.chains(ticket),
        may_export="override" in desk.verbs(ticket.store_id),
        problem=problem,
    )
    return render(request, "desk/custody.html", context, status=status)
