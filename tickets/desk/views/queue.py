"""The queues."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_safe

from tickets.desk import lists, queues, rows
from tickets.desk.person import Desk, staff_only


@require_safe
@staff_only
def queue(request: HttpRequest, desk: Desk) -> HttpResponse:
    """One queue, thirty rows at a time. Searches that were kept as a bookmark go on to theirs."""
    if request.GET.get("q", "").strip():
        return redirect(f"{reverse('desk:search')}?{request.GET.urlencode()}")
    chosen = queues.QUEUES.get(request.GET.get("queue", ""), queues.QUEUES["open"])
    # First, so that its mark is older than the list: what happens between is shown twice at most.
    counted = desk.counts()
    selection = chosen.selection(desk.user, desk.here, desk.now)
    page = lists.page(selection, request.GET.get("after", ""))
    context = desk.context(counted, queue=chosen, **rows_of(desk, page))
    return render(request, "desk/queue.html", context)


def rows_of(desk: Desk, page: lists.Page) -> dict[str, Any]:
    """What `rows.html` shows of a page of tickets."""
    return {
        "page": page,
        "rows": rows.of(desk, page.tickets),
        "several_stores": len(desk.stores) > 1,
    }
