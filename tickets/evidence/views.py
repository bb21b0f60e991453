"""``/uploads/``: files come in here, from customers and from staff."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.contrib import messages
from django.http import (
    Http404,
    HttpRequest,
    HttpResponse,
    HttpResponseBase,
    HttpResponseRedirect,
    JsonResponse,
    UnreadablePostError,
)
from django.template.defaultfilters import filesizeformat
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.csrf import csrf_exempt, csrf_protect
from django.views.decorators.http import require_POST

from policies.pack import EvidenceInfo, Pack
from policies.publish import in_force, pack_of
from supportdesk import clock
from supportdesk.visitor import visitor_of
from tickets import access
from tickets.actions import roots
from tickets.actions.attachments import KIND
from tickets.actions.uploads import Place, admit
from tickets.actor import Actor
from tickets.errors import ActionError, Conflict, NotAllowed, TooMany
from tickets.evidence.attaching import attached_info
from tickets.evidence.parts import full
from tickets.evidence.receive import BoundedUpload, Target, receive, too_large
from tickets.evidence.waiting import hand_back_connection
from tickets.models import Claim, Evidence, Ticket

# Past this much beyond the limit nobody waits for the rest of the body to arrive.
_DRAIN = 64 * 1024 * 1024
_FORM = 64 * 1024  # the other fields and the multipart's own lines
_PHOTOS_AT_ONCE = 20
_WINDOW = timedelta(minutes=10)


@dataclass(frozen=True, slots=True)
class Door:
    """Who comes with files for what, by which pack, and the page to go back to."""

    place: Place
    actor: Actor | None
    pack: Pack
    back: str

    def info(self, kind: str) -> EvidenceInfo | None:
        """The kind of file as the store's rules know it; what goes with a message is the same
        everywhere."""
        if self.place.attached:
            return attached_info(self.pack)
        return self.pack.evidence_kinds.get(kind)


def door(request: HttpRequest, now: datetime) -> Door:
    """Whose files these are, by the draft's key, the signed link, or a member of staff's session.

    In the query, so that it is known before the body is read.
    """
    asked = request.GET
    if "draft" in asked:
        draft = access.draft_by_key(asked["draft"])
        placed = draft.order.placed_at if draft.order else now
        pack = pack_of(in_force(draft.store_id, placed))
        actor = Actor.of_customer(draft.order.customer) if draft.order else None
        back = reverse("portal:evidence", args=[draft.store.slug, draft.key])
        return Door(Place(draft=draft), actor, pack, back)
    reference = asked.get("ticket", "")
    if asked.get("token"):
        ticket, actor = access.ticket_by_link(reference, asked["token"])
        back = reverse("portal:status", args=[ticket.reference, asked["token"]]) + "#evidence"
        place, pack = _of_ticket(roots.of(ticket), now)
        return Door(place, actor, pack, back)
    if request.user.is_authenticated:
        actor = Actor.staff(request.user)
        ticket = roots.of(access.ticket_for(actor, reference))
        place, pack = _of_ticket(ticket, now)
        if asked.get("kind") == KIND:
            back = f"/desk/tickets/{ticket.reference}/#message"
            return Door(Place(ticket=ticket, attached=True), actor, pack, back)
        return Door(
            place,
            actor,
            pack,
            f"/desk/{'claims' if place.claim else 'tickets'}/{ticket.reference}/",
        )
    raise Http404


def _of_ticket(ticket: Ticket, now: datetime) -> tuple[Place, Pack]:
    claim = Claim.objects.select_related("policy_version").filter(ticket=ticket).first()
    if claim is not None:
        claim.ticket = ticket
        return Place(claim=claim), pack_of(claim.policy_version)
    placed = ticket.order.placed_at if ticket.order else now
    return Place(ticket=ticket), pack_of(in_force(ticket.store_id, placed))


@csrf_exempt  # checked inside, by _take: reading the token needs the bounded handler first
@require_POST
def upload(request: HttpRequest) -> HttpResponseBase:
    """Take one or more files of one kind; answers JSON to scripts and a redirect to forms."""
    began_at = clock.now()
    place = door(request, began_at)
    info = place.info(request.GET.get("kind", ""))
    if info is None:
        return _answer(request, place, problems=[_("We could not tell what this file is.")])
    try:
        access.limit(visitor_of(request), "upload", 120, _WINDOW, began_at)
        admit(place.place, place.actor)
    except TooMany as error:
        return _answer(request, place, problems=[error.message], status=429)
    except NotAllowed as error:
        return _answer(request, place, problems=[error.message], status=403)
    except Conflict as error:
        return _answer(request, place, problems=[error.message])
    length = int(request.META.get("CONTENT_LENGTH") or 0)
    files = 1 if info.media == "video" else _PHOTOS_AT_ONCE
    if length > info.max_bytes * files + _FORM + _DRAIN:
        return _answer(request, place, problems=[too_large(info)], status=413)
    handler = BoundedUpload(request, max_bytes=info.max_bytes)
    request.upload_handlers = [handler]
    target = Target(info, place.actor, place.place)
    hand_back_connection()
    answer: HttpResponseBase = _take(request, place, target, handler, began_at)
    return answer


@csrf_protect
def _take(
    request: HttpRequest, place: Door, target: Target, handler: BoundedUpload, began_at: datetime
) -> HttpResponseBase:
    try:
        files = request.FILES.getlist("file")
    except UnreadablePostError:  # the visitor is gone, or lost the network: nobody hears this
        return HttpResponse(status=400)
    except OSError:  # no room for the temporary file
        return _answer(request, place, problems=[full().message], status=507)
    completed_at = clock.now()
    problems = [f"{name}: {too_large(target.info)}" for name in handler.too_large]
    taken: list[Evidence] = []
    for file in files:
        try:
            taken.append(receive(file, target, began_at=began_at, completed_at=completed_at))
        except ActionError as error:
            problems.append(f"{file.name}: {error.message}")
        finally:
            file.close()
    if not files and not problems:
        problems.append(_("Please choose a file first."))
    status = 413 if handler.too_large else 422
    return _answer(request, place, taken=taken, problems=problems, status=status)


def _answer(
    request: HttpRequest,
    place: Door,
    *,
    taken: list[Evidence] | None = None,
    problems: list[str] | None = None,
    status: int = 422,
) -> HttpResponse:
    taken, problems = taken or [], problems or []
    if not _wants_json(request):
        for evidence in taken:
            messages.success(
                request,
                _("“%(name)s” has arrived. We are checking whether it opens.")
                % {"name": evidence.original_name},
            )
        for problem in problems:
            messages.error(request, problem)
        return HttpResponseRedirect(place.back)
    body: dict[str, Any] = {
        "files": [_told(evidence) for evidence in taken],
        "problems": problems,
        "next": place.back,
    }
    return JsonResponse(body, status=status if problems else 201)


def _wants_json(request: HttpRequest) -> bool:
    return "application/json" in request.headers.get("Accept", "")


def _told(evidence: Evidence) -> dict[str, Any]:
    return {
        "id": evidence.pk,
        "kind": evidence.kind,
        "name": evidence.original_name,
        "size": filesizeformat(evidence.size),
        "state": evidence.state,
        "in_time": evidence.in_time,
    }
