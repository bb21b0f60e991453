"""Track my order: by order number and e-mail address, or by a tracking number alone.

What was typed is answered with a redirect to an address that holds a short-lived signed word
instead of it: a refresh repeats nothing, and no e-mail address stands in a log.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from functools import wraps
from typing import Any, Concatenate, ParamSpec
from zoneinfo import ZoneInfo

from django.core.signing import SignatureExpired
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from supportdesk import clock
from supportdesk.visitor import visitor_of
from supportdesk.zones import zone_or_none
from tickets import access
from tickets.actions import tracking_view
from tickets.actions.drafts import answer, identify, start_draft
from tickets.errors import TooMany
from tickets.models import Order, Store
from tickets.portal import queries, track
from tickets.portal.forms import OrderForm
from tickets.portal.release import release_of
from tickets.portal.views.start import look_up
from tickets.portal.visit import locale, pack_now, slow_down, store_or_404

P = ParamSpec("P")
_ZONE = "z"  # the customer's own clock goes along in the address: it is no secret


def _private(view: Callable[Concatenate[HttpRequest, P], HttpResponse]) -> Callable[..., Any]:
    """Kept by nobody on the way, and found by no search engine."""

    @wraps(view)
    def shown(request: HttpRequest, *args: P.args, **kwargs: P.kwargs) -> HttpResponse:
        response = view(request, *args, **kwargs)
        response["Cache-Control"] = "no-store"
        response["X-Robots-Tag"] = "noindex"
        return response

    return shown


@require_http_methods(["GET", "HEAD", "POST"])
@_private
def form(request: HttpRequest, slug: str) -> HttpResponse:
    """Which order, or which tracking number?"""
    store = store_or_404(slug)
    by_number = "tracking" in request.POST
    posted = request.POST if request.method == "POST" else None
    order_form = OrderForm(None if by_number else posted)
    number_form = track.NumberForm(posted if by_number else None)
    try:
        if by_number:
            token = _number(request, store, number_form)
        else:
            token = _order(request, store, order_form) if posted is not None else None
    except TooMany as error:
        return slow_down(request, error, request.path)
    if token is not None:
        return _to(store, token, (number_form if by_number else order_form).cleaned_data)
    return _form_page(request, store, order_form, number_form)


def _form_page(
    request: HttpRequest,
    store: Store,
    order_form: OrderForm,
    number_form: track.NumberForm,
    *,
    expired: bool = False,
) -> HttpResponse:
    context = {
        "store": store,
        "order_form": order_form,
        "number_form": number_form,
        "expired": expired,
        "channels": queries.channels(pack_now(store, clock.now()), locale()),
    }
    wrong = order_form.errors or number_form.errors
    status = 422 if wrong else 410 if expired else 200
    return render(request, "portal/track.html", context, status=status)


def _order(request: HttpRequest, store: Store, form: OrderForm) -> str | None:
    if not form.is_valid():
        return None
    order = look_up(request, store, form)
    return access.tracking_token(store, order=order) if order is not None else None


def _number(request: HttpRequest, store: Store, form: track.NumberForm) -> str | None:
    """A number that the store knows is shown as it is; any other is first held to its carrier."""
    if not form.is_valid():
        return None
    now = clock.now()
    number = form.cleaned_data["tracking"]
    known = access.shipments_by_number(store, number, visitor=visitor_of(request), now=now)
    if not known and not form.held_against(pack_now(store, now)):
        return None
    return access.tracking_token(store, number=number)


def _to(store: Store, token: str, typed: dict[str, Any]) -> HttpResponse:
    response = redirect("portal:tracked", store.slug, token)
    zone = zone_or_none(typed.get("time_zone"))
    if zone is not None:
        response["Location"] += f"?{_ZONE}={zone}"
    return response


@require_safe
@_private
def show(request: HttpRequest, slug: str, sealed: str) -> HttpResponse:
    """Where the parcels are, when they are expected, and when they count as late."""
    store = store_or_404(slug)
    try:
        found = access.by_tracking_token(store, sealed)
    except SignatureExpired:
        return _form_page(request, store, OrderForm(), track.NumberForm(), expired=True)
    if isinstance(found, Order):
        return _order_page(request, found, sealed)
    return _number_page(request, store, found)


def _order_page(request: HttpRequest, order: Order, sealed: str) -> HttpResponse:
    now = clock.now()
    found = tracking_view.track(order, now=now, locale=locale())
    context = {
        **_common(request, order.store),
        "order": order,
        "sealed": sealed,
        "found": found,
        "cards": track.cards(found, now),
        "late": track.late_words(found.late, found.pack) if found.late else None,
        "pickup": found.pickup,
        "release": release_of(order, "preorder", now),
        "pickup_words": track.pickup_words(found) if found.situation == "pickup" else "",
    }
    return render(request, "portal/tracked.html", context)


def _number_page(request: HttpRequest, store: Store, number: str) -> HttpResponse:
    now = clock.now()
    rows = access.shipments_with(store, number)
    found = tracking_view.track_number(store, number, rows, now)
    context = {
        **_common(request, store),
        "found": found,
        "card": track.number_card(found, pack_now(store, now), now),
        "recognised": found.recognised,
        "mistake": track.mistake_of(found),
    }
    return render(request, "portal/tracked_number.html", context)


def _common(request: HttpRequest, store: Store) -> dict[str, Any]:
    now = clock.now()
    zone: ZoneInfo | None = zone_or_none(request.GET.get(_ZONE, ""))
    return {
        "store": store,
        "now": now,
        "reader_zone": str(zone) if zone else "",
        "channels": queries.channels(pack_now(store, now), locale()),
    }


@require_POST
@_private
def ask(request: HttpRequest, slug: str, sealed: str) -> HttpResponse:
    """Go on to the guided form, with the order that is known already."""
    store = store_or_404(slug)
    wanted = request.POST.get("request", "")
    if wanted not in track.ASKABLE:
        raise Http404
    try:
        order = access.by_tracking_token(store, sealed)
    except SignatureExpired:
        return redirect("portal:track", store.slug)
    if not isinstance(order, Order):
        raise Http404
    now = clock.now()
    try:
        access.limit(visitor_of(request), "start", 40, timedelta(minutes=10), now)
    except TooMany as error:
        return slow_down(request, error, request.path.removesuffix("ask/"))
    draft = start_draft(store, now=now)
    identify(draft, order, now=now)
    answer(draft, request=wanted, answers=_clues(request, order, wanted), now=now)
    return redirect("portal:resume", store.slug, draft.key)


def _clues(request: HttpRequest, order: Order, wanted: str) -> dict[str, Any]:
    """What the guided form would ask and is known: the clock, and for posters which they are."""
    clues: dict[str, Any] = {"locale": locale()}
    zone = zone_or_none(request.POST.get(_ZONE, ""))
    if zone is not None:
        clues["time_zone"] = str(zone)
    if wanted == "poster_missing":
        clues["items"] = [
            {"line": line.pk, "quantity": line.quantity, "component": ""}
            for line in tracking_view.poster_lines(order)
        ]
    return clues


@require_safe
@_private
def of_ticket(request: HttpRequest, reference: str, token: str) -> HttpResponse:
    """From the status page of a request to the parcels of its order."""
    ticket, _actor = access.ticket_by_link(reference, token)
    if ticket.order is None:
        raise Http404
    zone = {"time_zone": ticket.customer.time_zone}
    if ticket.customer_id != ticket.order.customer_id:
        ticket.order.claimant = ticket.customer
    return _to(ticket.store, access.tracking_token(ticket.store, order=ticket.order), zone)
