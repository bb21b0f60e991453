"""``/uploads/tus/``: files that come in pieces, over lines that break (tus 1.0.0)."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta

from django.http import Http404, HttpRequest, HttpResponse, QueryDict
from django.middleware.csrf import CsrfViewMiddleware
from django.urls import reverse
from django.utils.http import http_date
from django.utils.translation import gettext as _
from django.views.decorators.csrf import csrf_exempt

from policies.pack import EvidenceInfo
from supportdesk import clock
from supportdesk.visitor import visitor_of
from tickets import access
from tickets.actions.uploads import (
    Busy,
    WrongOffset,
    admit,
    begin,
    is_own,
    new_stored_name,
    take_turn,
)
from tickets.actor import Actor
from tickets.errors import ActionError, Conflict, NotAllowed, TooMany
from tickets.evidence import tus_headers as tus
from tickets.evidence.bodies import source_of
from tickets.evidence.finishing import call_off, finish, look_back
from tickets.evidence.parts import Overtaken, StorageTrouble, parts, told
from tickets.evidence.receive import empty, plain_name, too_large
from tickets.evidence.receiving import take
from tickets.evidence.tus_headers import Refused
from tickets.evidence.views import Door, door
from tickets.lifecycle import UploadState
from tickets.models import Upload
from tickets.models.evidence import new_key

_WINDOW = timedelta(minutes=10)
_RETRY = "10"  # seconds after which a storage that was away is worth another try
_METHODS = {"HEAD", "PATCH", "DELETE", "POST", "OPTIONS"}


def _spoken(view: Callable[..., HttpResponse], *methods: str) -> Callable[..., HttpResponse]:
    """Speak the protocol around a view: versions, methods, and refusals in plain words."""

    def answer(request: HttpRequest, **kwargs: str) -> HttpResponse:
        try:
            method = request.headers.get("X-HTTP-Method-Override", request.method or "").upper()
            if request.method != "POST":
                method = request.method or ""
            if method == "OPTIONS":
                response = _options(request)
            elif method not in methods:
                response = _plain(405, _("This cannot be done here."))
                response["Allow"] = ", ".join((*methods, "OPTIONS"))
            else:
                tus.speak(request.headers.get("Tus-Resumable"))
                response = view(request, method, **kwargs)
        except Refused as error:
            response = _plain(error.status, error.message, error.headers)
        except ActionError as error:
            response = _told(error)
        except Overtaken:
            response = _plain(423, _("This file is being sent in another window."))
        response["Tus-Resumable"] = tus.VERSION
        response["Cache-Control"] = "no-store"
        return response

    return answer


def _told(error: ActionError) -> HttpResponse:
    headers: dict[str, str] = {}
    status = 422
    if isinstance(error, NotAllowed):
        status = 403
    elif isinstance(error, Busy):
        status = 423
    elif isinstance(error, WrongOffset):
        status = 409
    elif isinstance(error, StorageTrouble):
        status, headers = error.status, {"Retry-After": _RETRY}
    elif isinstance(error, TooMany):
        status, headers = 429, {"Retry-After": str(error.again_in)}
    return _plain(status, error.message, headers)


def _plain(status: int, message: str = "", headers: dict[str, str] | None = None) -> HttpResponse:
    return HttpResponse(
        message, status=status, content_type="text/plain; charset=utf-8", headers=headers
    )


def _options(request: HttpRequest) -> HttpResponse:
    headers = {
        "Tus-Version": tus.VERSION,
        "Tus-Extension": ",".join(tus.EXTENSIONS),
        "Tus-Checksum-Algorithm": ",".join(tus.ALGORITHMS),
    }
    kind = request.GET.get("kind", "")
    if kind:
        info = door(request, clock.now()).info(kind)
        if info is not None:
            headers["Tus-Max-Size"] = str(info.max_bytes)
    return _plain(204, headers=headers)


# --- POST: a file begins -------------------------------------------------------------


def _create(request: HttpRequest, method: str) -> HttpResponse:
    now = clock.now()
    came = door(request, now)
    _same_site(request, came)
    info = came.info(request.GET.get("kind", ""))
    if info is None:
        raise Refused(422, _("We could not tell what this file is."))
    access.limit(visitor_of(request), "upload", 120, _WINDOW, now)
    admit(came.place, came.actor)
    length = _acceptable_length(request, info)
    metadata = tus.metadata_of(request.headers.get("Upload-Metadata"))
    body = tus.body_length(request.META.get("CONTENT_LENGTH"))
    if body:
        tus.octets(request.content_type)
        if body > length:
            raise Refused(413, _("This is more than the whole file was said to be."))
    checksum = tus.checksum_of(request.headers.get("Upload-Checksum")) if body else None
    upload = _begin(came, info, length, metadata, now)
    if body:
        try:
            _take(request, upload, 0, body, checksum, came.actor)
        except Refused:
            call_off(upload, now=clock.now())
            raise
        except StorageTrouble:
            pass  # it has begun; the next part tells whether the storage is back
    response = _plain(201)
    response["Location"] = _address(request, upload)
    response["Upload-Offset"] = str(upload.offset)
    return _with_expiry(response, upload)


def _acceptable_length(request: HttpRequest, info: EvidenceInfo) -> int:
    length = tus.length_of(
        request.headers.get("Upload-Length"), request.headers.get("Upload-Defer-Length")
    )
    if length == 0:
        raise Refused(400, empty())
    if length > info.max_bytes:
        raise Refused(413, too_large(info), {"Tus-Max-Size": str(info.max_bytes)})
    return length


def _begin(
    came: Door, info: EvidenceInfo, length: int, metadata: tus.Metadata, now: datetime
) -> Upload:
    key, stored_name = new_key(), new_stored_name(now)
    with told():
        parts().room(length)
        notes = parts().begin(key, stored_name)
    if metadata.said:
        notes["said"] = metadata.said
    shell = Upload(key=key, stored_name=stored_name, length=length, parts=notes)
    try:
        return begin(
            came.place,
            key=key,
            kind=info.kind,
            name=plain_name(metadata.filename),
            length=length,
            parts=notes,
            stored_name=stored_name,
            actor=came.actor,
            now=now,
        )
    except BaseException:
        with told():
            parts().abort(shell)
        raise


def _address(request: HttpRequest, upload: Upload) -> str:
    query = QueryDict(mutable=True)
    for name in ("draft", "ticket", "token", "kind"):
        if name in request.GET:
            query[name] = request.GET[name]
    return f"{reverse('uploads:tus_upload', args=[upload.key])}?{query.urlencode()}"


# --- one upload ------------------------------------------------------------------------


def _one(request: HttpRequest, method: str, key: str) -> HttpResponse:
    now = clock.now()
    upload, actor = _opened(request, method, key, now)
    look_back(upload, now=now)
    if method == "HEAD":
        return _head(upload, actor, now)
    if method == "DELETE":
        return _delete(upload, now)
    return _patch(request, upload, actor, now)


def _opened(
    request: HttpRequest, method: str, key: str, now: datetime
) -> tuple[Upload, Actor | None]:
    """The upload, through the door that made it, and who comes (nobody by name for a draft)."""
    if "draft" in request.GET:  # every part of a customer's file: one statement
        return access.upload_of_draft(key, request.GET["draft"]), None
    came = door(request, now)
    upload = Upload.objects.filter(key=key).first()
    if upload is None or not is_own(upload, came.place, came.actor):
        raise Http404
    if method != "HEAD":
        _same_site(request, came)
    if method == "PATCH":  # what was allowed at its beginning need not be any more
        admit(came.place, came.actor)
    return upload, came.actor


def _head(upload: Upload, actor: Actor | None, now: datetime) -> HttpResponse:
    _still_there(upload, now)
    if _only_to_finish(upload, now):
        finish(upload, actor=actor, now=now)
    response = _plain(200)
    response["Upload-Offset"] = str(upload.offset)
    response["Upload-Length"] = str(upload.length)
    if said := upload.parts.get("said"):
        response["Upload-Metadata"] = said
    return _with_expiry(response, upload)


def _patch(
    request: HttpRequest, upload: Upload, actor: Actor | None, now: datetime
) -> HttpResponse:
    tus.octets(request.content_type)
    offset = tus.offset_of(request.headers.get("Upload-Offset"))
    checksum = tus.checksum_of(request.headers.get("Upload-Checksum"))
    body = tus.body_length(request.META.get("CONTENT_LENGTH"))
    _still_there(upload, now)
    if offset != upload.offset:
        raise WrongOffset(_("We have another part of this file than you think."))
    if body is not None and body > upload.length - offset:
        raise Refused(413, _("This is more than the whole file was said to be."))
    if upload.offset < upload.length:
        with told():
            parts().room(body or 0)
        upload = _take(request, upload, offset, body, checksum, actor)
    elif _only_to_finish(upload, now):
        finish(upload, actor=actor, now=now)
    response = _plain(204)
    response["Upload-Offset"] = str(upload.offset)
    return _with_expiry(response, upload)


def _take(
    request: HttpRequest,
    upload: Upload,
    offset: int,
    body: int | None,
    checksum: tus.Checksum | None,
    actor: Actor | None,
) -> Upload:
    try:
        turn = take_turn(upload, offset, now=clock.now())
    except (Busy, WrongOffset):
        raise
    except Conflict as error:
        raise Refused(410, error.message) from error
    source = source_of(request.META, body)
    try:
        upload.offset = take(turn, source, checksum, parts(), clock.now)
    finally:
        source.close()
    upload.parts, upload.expires_at = turn.upload.parts, turn.upload.expires_at
    if upload.offset == upload.length:
        finish(upload, actor=actor, now=clock.now())
        upload.state = UploadState.ARRIVED
    return upload


def _delete(upload: Upload, now: datetime) -> HttpResponse:
    if upload.state == UploadState.ARRIVED:
        raise Refused(403, _("This file has arrived. Remove it on the page where it is shown."))
    _still_there(upload, now)
    call_off(upload, now=now)
    return _plain(204)


def _still_there(upload: Upload, now: datetime) -> None:
    over = upload.state == UploadState.RECEIVING and upload.expires_at <= now
    if upload.state == UploadState.ENDED or over:
        raise Refused(410, _("This file is not being sent any more."))


def _only_to_finish(upload: Upload, now: datetime) -> bool:
    """Whole, and whoever brought the last byte did not live to say so."""
    return upload.state == UploadState.RECEIVING and upload.offset == upload.length


def _with_expiry(response: HttpResponse, upload: Upload) -> HttpResponse:
    if upload.state == UploadState.RECEIVING:
        response["Upload-Expires"] = http_date(upload.expires_at.timestamp())
    return response


# --- another site's page ------------------------------------------------------------------


class _Check(CsrfViewMiddleware):
    """Django's own check, asked by hand: only who comes by a session can be abused by a page."""

    def _reject(self, request: HttpRequest, reason: str) -> HttpResponse:
        raise Refused(403, _("Please reload the page, and send the file again."))


def _same_site(request: HttpRequest, came: Door) -> None:
    if came.actor is None or came.actor.kind != "staff":
        return
    check = _Check(_nothing)
    check.process_request(request)
    check.process_view(request, _nothing, (), {})


def _nothing(request: HttpRequest) -> HttpResponse:
    return HttpResponse()


uploads = csrf_exempt(_spoken(_create, "POST"))
one_upload = csrf_exempt(_spoken(_one, "HEAD", "PATCH", "DELETE"))
