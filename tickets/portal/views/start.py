"""Choose the store, say what happened, and say which order."""

from __future__ import annotations

import hashlib
from datetime import datetime, timedelta

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.cache import cache_control
from django.views.decorators.http import require_http_methods, require_safe

from supportdesk import clock
from supportdesk.visitor import visitor_of
from supportdesk.zones import zone_or_none
from tickets import access
from tickets.actions.drafts import answer, identify, start_draft
from tickets.actions.guided import Guide, guide_without_order
from tickets.errors import TooMany
from tickets.models import Order, Store
from tickets.portal import help as centre
from tickets.portal import queries
from tickets.portal.forms import OrderForm
from tickets.portal.theme import stylesheet
from tickets.portal.tiles import OTHER, TILES, tile_of
from tickets.portal.visit import (
    known,
    label_of,
    locale,
    pack_now,
    slow_down,
    store_or_404,
)


@require_safe
def home(request: HttpRequest) -> HttpResponse:
    """The stores to choose from; straight on where there is one."""
    stores = list(Store.objects.filter(is_open=True))
    if len(stores) == 1:
        return redirect("portal:store", stores[0].slug)
    return render(request, "portal/home.html", {"stores": stores})


@require_safe
@cache_control(public=True, max_age=86400)
def theme(request: HttpRequest, slug: str) -> HttpResponse:
    """The store's accent colour, as a stylesheet of its own: no style stands in a page."""
    text = stylesheet(store_or_404(slug).accent)
    response = HttpResponse(text, content_type="text/css; charset=utf-8")
    response["ETag"] = f'"{hashlib.sha256(text.encode()).hexdigest()[:16]}"'
    return response


@require_safe
def store(request: HttpRequest, slug: str) -> HttpResponse:
    """“What happened?”: eight tiles, a search, and whether the store is open now."""
    now = clock.now()
    found = store_or_404(slug)
    pack = pack_now(found, now)
    words = request.GET.get("q", "").strip()[:80]
    context = {
        "store": found,
        "now": now,
        "tiles": TILES.values(),
        "hours": queries.hours(pack, now),
        "channels": queries.channels(pack, locale()),
        "words": words,
        "hits": queries.search(pack, words, locale()) if words else [],
        "articles": centre.found(pack, words, locale())[:4] if words else (),
    }
    return render(request, "portal/store.html", context)


@require_safe
def tile(request: HttpRequest, slug: str, name: str) -> HttpResponse:
    """The requests under one tile; straight on where there is one."""
    found = store_or_404(slug)
    chosen = TILES.get(name)
    if chosen is None:
        raise Http404
    if len(chosen.requests) == 1:
        return redirect("portal:begin", found.slug, chosen.requests[0])
    pack = pack_now(found, clock.now())
    choices = [(name, label_of(pack, name)) for name in chosen.requests]
    context = {"store": found, "tile": chosen, "choices": choices}
    return render(request, "portal/tile.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
def begin(request: HttpRequest, slug: str, request_type: str) -> HttpResponse:
    """Which order? And, where the answer needs none, the answer at once."""
    now = clock.now()
    found = store_or_404(slug)
    if not known(request_type):
        raise Http404
    form = OrderForm(request.POST if request.method == "POST" else None)
    if request.method == "POST" and form.is_valid():
        try:
            order = look_up(request, found, form)
        except TooMany as error:
            return slow_down(request, error, request.path)
        if order is not None:
            draft = start_draft(found, now=now)
            identify(draft, order, now=now)
            clues = {"time_zone": form.cleaned_data["time_zone"], "locale": locale()}
            if zone_or_none(clues["time_zone"]) is None:
                del clues["time_zone"]
            answer(draft, request=request_type, answers=clues, now=now)
            return redirect("portal:resume", found.slug, draft.key)
    pack = pack_now(found, now)
    context = {
        "store": found,
        "now": now,
        "tile": tile_of(request_type),
        "label": label_of(pack, request_type),
        "form": form,
        "guide": _at_once(found, request_type, now),
        "channels": queries.channels(pack, locale()),
    }
    status = 422 if form.errors else 200
    return render(request, "portal/begin.html", context, status=status)


def look_up(request: HttpRequest, store: Store, form: OrderForm) -> Order | None:
    """The order, or the one and same answer for all that can be wrong, on the form.

    Raises:
        TooMany: this visitor, or this order number, was tried too often.
    """
    now = clock.now()
    visitor = visitor_of(request)
    access.limit(visitor, "start", 40, timedelta(minutes=10), now)
    order = access.find_order(
        store, form.cleaned_data["number"], form.cleaned_data["email"], visitor=visitor, now=now
    )
    if order is None:
        form.add_error(None, queries.not_matching())
    return order


def _at_once(store: Store, request_type: str, now: datetime) -> Guide | None:
    """The answer that needs no order and no question, or None."""
    if request_type == OTHER:
        return None
    found = guide_without_order(store, request_type, now=now, locale=locale())
    return found if queries.needs_no_order(found) else None
