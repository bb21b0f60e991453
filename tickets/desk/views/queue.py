"""The queues, and lists narrowed down."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_safe

from tickets.desk import bulk_choice, filters, lists, live, queues, rows, saved_views
from tickets.desk.person import Desk, staff_only
from tickets.desk.queues import Queue
from tickets.desk.saved_views import Narrowed, SaveForm

UNDO = "saved_view_undo"  # what was deleted last, in the session, until the next page offers it


@require_safe
@staff_only
def queue(request: HttpRequest, desk: Desk) -> HttpResponse:
    """One queue, or a list narrowed down, thirty rows at a time."""
    typed = request.GET.get("q", "").strip()
    if typed:
        return redirect(f"{reverse('desk:search')}?{request.GET.urlencode()}")
    return render(request, "desk/queue.html", listed(request, desk))


def listed(request: HttpRequest, desk: Desk) -> dict[str, Any]:
    """What the page of an address shows."""
    chosen = queues.QUEUES.get(request.GET.get("queue", ""), queues.QUEUES["open"])
    if filters.given(request.GET).keys() - {"store"} or request.GET.get("view"):
        found = saved_views.of_address(desk, request.GET)
        return narrowed_context(request, desk, found)
    context = _queue_context(request, desk, chosen)
    if request.GET.get("panel"):
        context["panel"] = filters.form_of(desk, saved_views.like(chosen))
    if request.GET.get("deleted") and UNDO in request.session:
        context["deleted"] = request.session.pop(UNDO)
    return context


def _queue_context(request: HttpRequest, desk: Desk, chosen: Queue) -> dict[str, Any]:
    # Counted first: the mark is older than the list, so that nothing between them is missed.
    counted = desk.counts()
    selection = chosen.selection(desk.user, desk.here, desk.now)
    page = lists.page(selection, request.GET.get("after", ""))
    told = {"queue": chosen, "heading": chosen.title, "symbol": chosen.icon, "none": chosen.empty}
    told["asked"] = bulk_choice.fields_of_queue(desk, chosen.key)
    return desk.context(counted, **told, **_live(request, counted.mark), **rows_of(desk, page))


def narrowed_context(
    request: HttpRequest, desk: Desk, found: Narrowed, save: SaveForm | None = None
) -> dict[str, Any]:
    """The page of a list that is narrowed down; ``save`` is a form that was not accepted."""
    counted = desk.counts()
    page = saved_views.page(found, request.GET.get("after", ""))
    view = found.view
    initial = {"name": view.name, "share": view.store.slug if view.store else ""} if view else {}
    return desk.context(
        counted,
        narrowed=found,
        asked=bulk_choice.fields_of_list(found),
        panel=found.form,
        heading=view.name if view else "",
        symbol="filter",
        may_save=any("work" in desk.verbs(one.pk) for one in desk.stores),
        save=save or SaveForm(desk, initial=initial),
        **_live(request, counted.mark),
        **rows_of(desk, page),
    )


def _live(request: HttpRequest, mark: str) -> dict[str, Any]:
    """Where a script asks whether this page has changed, and what it has seen of it."""
    root = reverse("desk:live")
    asked = request.GET.copy()
    kept = request.resolver_match.kwargs.get("pk") if request.resolver_match else None
    if kept is not None:
        asked["saved"] = str(kept)
    query = asked.urlencode()
    return {"live": f"{root}?{query}", "etag": live.etag(mark, query)}


def rows_of(desk: Desk, page: lists.Page) -> dict[str, Any]:
    """What `rows.html` shows of a page of tickets."""
    return {
        "page": page,
        "rows": rows.of(desk, page.tickets),
        "several_stores": len(desk.stores) > 1,
        "picks": desk.works,
    }
