"""Choose the store, say what happened, and say which order."""

from __future__ import annotations

import hashlib
import uuid
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.cache import cache_control
from django.views.decorators.http import require_http_methods, require_safe

from policies.types import Verdict
from supportdesk import clock
from supportdesk.visitor import visitor_of
from supportdesk.zones import zone_or_none
from tickets import access
from tickets.actions import guidance
from tickets.actions.drafts import answer, identify, start_draft
from tickets.actions.guided import Guide, guide_without_order
from tickets.errors import TooMany
from tickets.models import Draft, Order, Store
from tickets.portal import help as centre
from tickets.portal import queries
from tickets.portal.forms import OrderForm, WriteForm
from tickets.portal.questions import Question
from tickets.portal.shared import shared_page
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

    def context() -> dict[str, Any]:
        return {
            "store": found,
            "now": now,
            "tiles": TILES.values(),
            "hours": queries.hours(pack, now),
            "channels": queries.channels(pack, locale()),
            "words": words,
            "hits": queries.search(pack, words, locale()) if words else [],
            "articles": centre.found(pack, words, locale())[:4] if words else (),
        }

    # Stores open and close at whole minutes.
    key = (now.replace(second=0, microsecond=0), words)
    return shared_page(request, "portal/store.html", found, pack, key, context)


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
    """What is lacking first: the order, a question, or nothing, and then the answer at once."""
    now = clock.now()
    found = store_or_404(slug)
    if not known(request_type):
        raise Http404
    pack = pack_now(found, now)
    if request.method != "POST" and request_type != OTHER and pack.asks_order(request_type):
        # Only the order is asked: one page for everybody, but for the token of its forms.
        return shared_page(
            request,
            "portal/begin.html",
            found,
            pack,
            (request_type, now.replace(second=0, microsecond=0)),
            lambda: Beginning(request, found, request_type, now).context(),
            forms=True,
        )
    start = Beginning(request, found, request_type, now)
    if request.method == "POST":
        try:
            draft = start.draft()
        except TooMany as error:
            return slow_down(request, error, request.path)
        if draft is not None:
            return redirect("portal:resume", found.slug, draft.key)
    return start.page()


class Beginning:
    """The first page of a request: it asks only for what the facts lack."""

    def __init__(self, request: HttpRequest, store: Store, request_type: str, now: datetime):
        self.request, self.store, self.request_type, self.now = request, store, request_type, now
        posted = request.POST if request.method == "POST" else None
        self.order_form = OrderForm(posted if posted is not None and "number" in posted else None)
        self.guide = self._guide()
        self.question: Question | None = None
        if self.guide is not None and not self.needs_order and self.guide.asks:
            self.question = Question(
                self.guide.asks[0],
                posted=posted if posted is not None and "number" not in posted else None,
                before=None,
                zone=self._zone() or ZoneInfo(store.time_zone),
                now=now,
                address=visitor_of(request),
            )

    def _guide(self) -> Guide | None:
        if self.request_type == OTHER:
            return None
        return guide_without_order(
            self.store, self.request_type, now=self.now, locale=locale(), zone=self._zone()
        )

    def _zone(self) -> ZoneInfo | None:
        return zone_or_none(self.request.POST.get("time_zone"))

    @property
    def needs_order(self) -> bool:
        """Whether the answer depends on the order."""
        return self.guide is not None and self.guide.pack.asks_order(self.request_type)

    @property
    def at_once(self) -> Guide | None:
        """The answer that needs neither an order nor a question."""
        if self.guide is None or self.needs_order or self.guide.asks or self.guide.needed:
            return None
        return self.guide

    def draft(self) -> Draft | None:
        """The draft that was begun with what was posted; ``None`` where that was not usable.

        Raises:
            TooMany: this visitor, or this order number, was tried too often.
        """
        order: Order | None = None
        change: dict[str, Any] | None = {}
        if self.order_form.is_bound:
            if self.order_form.is_valid():
                order = look_up(self.request, self.store, self.order_form)
            if order is None:
                return None
        else:
            change = self._first_answer()
            if change is None:
                return None
            limit_starts(self.request, self.now)
        draft = start_draft(self.store, now=self.now)
        if order is not None:
            identify(draft, order, now=self.now)
        zone = self._zone()
        clues = {"locale": locale(), **({"time_zone": str(zone)} if zone else {})}
        answer(draft, request=self.request_type, answers={**clues, **(change or {})}, now=self.now)
        return draft

    def _first_answer(self) -> dict[str, Any] | None:
        """Without an order: what the first question was answered, or that there is no number."""
        if self.question is not None:
            return self.question.change()
        # What can be sent without any question (or is written about) needs a draft all the same.
        return {} if self.guide is not None and "without" in self.request.POST else None

    def _is_read(self, at_once: Guide | None) -> bool:
        """Whether an answer is read here that may be all that somebody needed."""
        if at_once is None or self.request.method != "GET" or "thanks" in self.request.GET:
            return False
        return at_once.decision.verdict != Verdict.DISCRETIONARY

    def page(self) -> HttpResponse:
        """What is asked, or the answer."""
        request, at_once = self.request, self.at_once
        if self._is_read(at_once):
            guidance.count(self.store, "answer", self.request_type, "seen", now=self.now)
        wrong = self.order_form.errors or (self.question is not None and request.method == "POST")
        status = 422 if wrong else 200
        return render(request, "portal/begin.html", self.context(), status=status)

    def context(self) -> dict[str, Any]:
        """What the page shows."""
        at_once = self.at_once
        pack = pack_now(self.store, self.now)
        return {
            "store": self.store,
            "now": self.now,
            "tile": tile_of(self.request_type),
            "label": label_of(pack, self.request_type),
            "request_type": self.request_type,
            "form": self.order_form,
            "guide": at_once,
            "asked": self.question,
            "question": self.question.words(pack, locale()) if self.question else "",
            "problem": self.request.method == "POST",
            "thanks": "thanks" in self.request.GET,
            "other": self.request_type == OTHER,
            "can_name_order": bool(at_once and queries.looks_at_orders(at_once)),
            "write_form": WriteForm(initial={"form_key": uuid.uuid4()}, prefix="w"),
            **queries.at_hand(pack, self.request_type, self.now, locale()),
        }


def limit_starts(request: HttpRequest, now: datetime) -> None:
    """Count one beginning of this visitor.

    Raises:
        TooMany: there were too many.
    """
    access.limit(visitor_of(request), "start", 40, timedelta(minutes=10), now)


def look_up(request: HttpRequest, store: Store, form: OrderForm) -> Order | None:
    """The order, or the one and same answer for all that can be wrong, on the form.

    Raises:
        TooMany: this visitor, or this order number, was tried too often.
    """
    now = clock.now()
    visitor = visitor_of(request)
    limit_starts(request, now)
    order = access.find_order(
        store, form.cleaned_data["number"], form.cleaned_data["email"], visitor=visitor, now=now
    )
    if order is None:
        form.add_error(None, queries.not_matching())
    return order
