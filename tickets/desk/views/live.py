"""What a page of the queues asks again and again: whether anything has changed."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse, HttpResponseNotModified
from django.shortcuts import render
from django.views.decorators.http import require_safe

from tickets import access
from tickets.desk import live as changes
from tickets.desk import saved_views
from tickets.desk.person import Desk, staff_only
from tickets.desk.views.queue import listed, narrowed_context


@require_safe
@staff_only
def live(request: HttpRequest, desk: Desk) -> HttpResponse:
    """304 while nothing has changed; else the rows and the counts as they are now."""
    query = request.GET.urlencode()
    etag = changes.etag(changes.mark(desk.here, desk.now), query)
    answer: HttpResponse
    if request.headers.get("If-None-Match") == etag:
        answer = HttpResponseNotModified()
    else:
        saved = request.GET.get("saved", "")
        if saved.isascii() and saved.isdecimal() and len(saved) < 19:
            found = saved_views.of_view(desk, access.view_for(desk.actor, int(saved)))
            context = narrowed_context(request, desk, found)
        else:
            context = listed(request, desk)
        answer = render(request, "desk/saved_view_live.html", context)
    answer["ETag"] = etag
    return answer
