"""The queues and the search."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_safe

from tickets import access
from tickets.desk import labels, queues
from tickets.desk.person import Desk, staff_only
from tickets.desk.search import search
from tickets.models import Ticket
from tickets.models.ticket import URGENT


@require_safe
@staff_only
def queue(request: HttpRequest, desk: Desk) -> HttpResponse:
    """One queue, thirty rows at a time; or what a search found."""
    typed = request.GET.get("q", "").strip()
    if typed:
        return _found(request, desk, typed)
    chosen = queues.QUEUES.get(request.GET.get("queue", ""), queues.QUEUES["open"])
    rows = access.tickets_for(desk.actor).filter(chosen.holds(desk.now))
    if desk.store:
        rows = rows.filter(store=desk.store)
    after = request.GET.get("after", "")
    page = queues.page(rows, chosen, after)
    return render(request, "desk/queue.html", desk.context(queue=chosen, **rows_of(desk, page)))


def _found(request: HttpRequest, desk: Desk, typed: str) -> HttpResponse:
    found = search(desk.actor, typed)
    if found.ticket:
        return redirect("desk:ticket", found.ticket.reference)
    page = queues.page(found.tickets, queues.QUEUES["done"], request.GET.get("after", ""))
    return render(
        request, "desk/search.html", desk.context(found=found, typed=typed, **rows_of(desk, page))
    )


def rows_of(desk: Desk, page: queues.Page) -> dict[str, Any]:
    """What `rows.html` shows of a page of tickets."""
    return {
        "page": page,
        "rows": [_row(ticket, desk) for ticket in page.tickets],
        "several_stores": len(desk.stores) > 1,
    }


def _row(ticket: Ticket, desk: Desk) -> dict[str, Any]:
    finished = ticket.state in ("solved", "closed")
    return {
        "ticket": ticket,
        "about": labels.about(ticket),
        "kind": labels.REQUESTS.get(ticket.request, ticket.request),
        "next": labels.next_step(ticket),
        "due": None if finished else ticket.next_due_at,
        "urgency": "" if finished else queues.soon(ticket.next_due_at, desk.now),
        "unread": labels.unread(ticket),
        "urgent": not finished and ticket.priority == URGENT,
        "speaker": labels.SPEAKERS.get(ticket.last_speaker, ticket.last_speaker),
    }
