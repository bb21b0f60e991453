"""``/uploads/state/`` and ``/uploads/out/``: how far the files are, and one that is called off."""

from __future__ import annotations

import hashlib

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect, JsonResponse
from django.utils.cache import patch_vary_headers
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from supportdesk import clock
from tickets.actions.uploads import is_own
from tickets.evidence.arrivals import state as state_of
from tickets.evidence.finishing import call_off
from tickets.evidence.parts import StorageTrouble
from tickets.evidence.views import door
from tickets.models import Upload


@require_safe
def state(request: HttpRequest) -> HttpResponse:
    """How far every file of a draft or request is, for a script that asks while something moves.

    Answers 304 to a script that knows it already.
    """
    now = clock.now()
    response: HttpResponse = JsonResponse(state_of(door(request, now).place, now))
    seen = f'"{hashlib.sha256(response.content).hexdigest()[:32]}"'
    if request.headers.get("If-None-Match") == seen:
        response = HttpResponse(status=304)
    response["ETag"] = seen
    response["Cache-Control"] = "private, no-cache"  # asked again each time, by its mark
    patch_vary_headers(response, ["Accept-Language", "Cookie"])
    return response


@require_POST
def take_out(request: HttpRequest) -> HttpResponse:
    """Call off a file that has not arrived whole; twice is no error."""
    now = clock.now()
    found = door(request, now)
    key = request.POST.get("upload", "").replace("\x00", " ")  # which the database cannot look for
    upload = Upload.objects.filter(key=key).first()
    if upload is None or not is_own(upload, found.place, found.actor):
        raise Http404
    try:
        ended = call_off(upload, now=now)
    except StorageTrouble:  # it has ended; the sweep deletes what is left of it
        ended = True
    if ended:
        messages.success(request, _("“%(name)s” is removed.") % {"name": upload.original_name})
    return HttpResponseRedirect(found.back)
