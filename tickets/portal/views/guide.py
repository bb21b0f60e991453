"""How to film an unboxing: a page of its own for each store, for the wall of whoever packs."""

from __future__ import annotations

from typing import Any

from django.http import Http404, HttpRequest, HttpResponse
from django.views.decorators.http import require_safe

from supportdesk import clock
from tickets.portal.guide import drawn, film_of
from tickets.portal.shared import shared_page
from tickets.portal.visit import locale, pack_now, store_or_404


@require_safe
def how_to_film(request: HttpRequest, slug: str) -> HttpResponse:
    """The pack's own steps with their drawings, and what else makes a video easy to follow."""
    store = store_or_404(slug)
    pack = pack_now(store, clock.now())
    info = film_of(pack)
    if info is None:
        raise Http404

    def context() -> dict[str, Any]:
        steps = drawn(info.kind, info.media, info.steps(locale()))
        return {"store": store, "label": info.label(locale()), "steps": steps, "kind": info}

    return shared_page(request, "portal/how_to_film.html", store, pack, (), context, public=True)
