"""The search: one box, one page."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_safe

from tickets.desk import bulk_choice
from tickets.desk.person import Desk, staff_only
from tickets.desk.search import search


@require_safe
@staff_only
def found(request: HttpRequest, desk: Desk) -> HttpResponse:
    """What was found. A whole reference leads to its ticket; nothing typed, to the help."""
    typed = request.GET.get("q", "").strip()
    after = request.GET.get("after", "")
    behind = int(after) if after.isascii() and after.isdecimal() and len(after) < 19 else 0
    results = search(desk, typed, behind) if typed else None
    if results and results.named.reference:
        return redirect("desk:ticket", results.named.reference)
    several = len(desk.stores) > 1 and desk.store is None
    context = desk.context(
        found=results,
        typed=typed,
        first=not behind,
        several_stores=several,
        place="search",
        picks=desk.works,
        asked=bulk_choice.fields_of_search(desk, typed),
    )
    return render(request, "desk/search.html", context)
