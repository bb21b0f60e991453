"""What every customers' page needs to know: the store, the draft, the reader's clock."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from functools import wraps
from typing import Any, Concatenate, ParamSpec, cast
from zoneinfo import ZoneInfo

from csp.decorators import csp_update
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from policies.pack import Pack
from policies.publish import in_force, pack_of
from supportdesk import clock
from supportdesk.zones import zone_or_none
from tickets import access
from tickets.actions.guided import Guide, guide
from tickets.actions.inquiries import ticket_of
from tickets.actions.uploads import Place
from tickets.errors import Conflict, TooMany
from tickets.evidence.arrivals import Shown, look
from tickets.models import Customer, Draft, Store
from tickets.portal.tiles import OTHER, TILES, tile_of

P = ParamSpec("P")


def looks_at_own_files(view: Callable[P, HttpResponse]) -> Callable[P, HttpResponse]:
    """Let the page's own script look at a film that was chosen, before it is sent."""
    wrapped: Callable[P, HttpResponse] = cast(Any, csp_update({"media-src": ["blob:"]}))(view)
    return wrapped


def locale() -> str:
    """The language of this page, as packs name it."""
    return get_language() or "en"


def store_or_404(slug: str) -> Store:
    """A store that customers can choose."""
    return get_object_or_404(Store, slug=slug, is_open=True)


def pack_now(store: Store, now: datetime) -> Pack:
    """What the store promises today."""
    return pack_of(in_force(store.pk, now))


def label_of(pack: Pack, request_type: str) -> str:
    """A request type in a customer's words."""
    return _("Something else") if request_type == OTHER else pack.label(request_type, locale())


def known(request_type: str) -> bool:
    """Whether some tile leads to this request type."""
    return any(request_type in tile.requests for tile in TILES.values())


@dataclass
class Visit:
    """One customer on one step of one draft."""

    request: HttpRequest
    draft: Draft
    now: datetime
    _guide: Guide | None = None
    _files: list[Shown] | None = None

    @property
    def files(self) -> list[Shown]:
        """The draft's files, those on their way too; looked up once a page."""
        if self._files is None:
            self._files = look(Place(draft=self.draft), self.now)
        return self._files

    @property
    def store(self) -> Store:
        """The draft's store."""
        return self.draft.store

    @property
    def zone(self) -> ZoneInfo | None:
        """The customer's own clock, where their browser told it."""
        return zone_or_none(self.draft.answers.get("time_zone"))

    @property
    def guide(self) -> Guide:
        """What the rules say of the draft now; worked out once a page."""
        if self._guide is None:
            self._guide = guide(self.draft, now=self.now, locale=locale(), zone=self.zone)
        return self._guide

    @property
    def is_claim(self) -> bool:
        """Whether this becomes a claim: the store takes them, and the order is known."""
        claims = [str(r) for r in self.guide.pack.claim_requests]
        return self.draft.order is not None and self.draft.request in claims

    @property
    def customer(self) -> Customer | None:
        """Who asks, where the order is known."""
        return self.draft.asker

    def url(self, step: str, *more: Any) -> str:
        """The address of a step of this draft."""
        return reverse(f"portal:{step}", args=[self.store.slug, self.draft.key, *more])

    def go(self, step: str, *more: Any) -> HttpResponseRedirect:
        """On to a step, so that a refresh repeats nothing."""
        return HttpResponseRedirect(self.url(step, *more))

    def before(self, fact: str | None) -> str:
        """Where “back” leads from a question, or (None) from the answer."""
        plain = self.draft.request == OTHER
        asks = [] if plain else list(self.guide.asks)
        place = asks.index(fact) if fact in asks else len(asks)
        if place > 0:
            return self.url("question", asks[place - 1])
        if self.draft.order is None:
            return reverse("portal:begin", args=[self.store.slug, self.draft.request])
        return self.url("items") if not plain and self.is_claim else self.url("order")

    def page(self, template: str, context: dict[str, Any], status: int = 200) -> HttpResponse:
        """A page of this draft, in the store's colours and on the customer's clock."""
        found = {
            "store": self.store,
            "draft": self.draft,
            "tile": tile_of(self.draft.request),
            "reader_zone": str(self.zone) if self.zone else "",
            "now": self.now,
            **context,
        }
        return render(self.request, template, found, status=status)


def sent_page(draft: Draft) -> str | None:
    """Where a draft that was sent leads to; ``None`` while it was not.

    The page of its ticket, for those who have shown to know the order. An address that somebody
    typed proves nothing: the link goes there by mail, and here it only says so.
    """
    ticket = ticket_of(draft)
    if ticket is None:
        return None
    if draft.order_id is None:
        return reverse("portal:written", args=[draft.store.slug])
    return access.link_for(ticket)


def on_draft(
    view: Callable[Concatenate[Visit, P], HttpResponse],
) -> Callable[..., HttpResponse]:
    """Find the draft behind the address; one that was sent leads to its status page."""

    @wraps(view)
    def found(
        request: HttpRequest, slug: str, key: str, *args: P.args, **kwargs: P.kwargs
    ) -> HttpResponse:
        draft = access.draft_by_key(key)
        if draft.store.slug != slug:
            raise Http404
        # A form that is posted again is told by the actions, each by a key of its own.
        sent = sent_page(draft) if request.method != "POST" else None
        if sent is not None:
            return HttpResponseRedirect(sent)
        try:
            response = view(Visit(request, draft, clock.now()), *args, **kwargs)
        except Conflict:
            sent = sent_page(draft)
            if sent is None:
                raise
            return HttpResponseRedirect(sent)
        response["Cache-Control"] = "no-store"
        response["X-Robots-Tag"] = "noindex"
        return response

    return found


def posted_only(
    view: Callable[Concatenate[Visit, P], HttpResponse],
) -> Callable[..., HttpResponse]:
    """What is only ever posted: who comes by address, or reloads, is led to the answer."""

    @wraps(view)
    def found(visit: Visit, *args: P.args, **kwargs: P.kwargs) -> HttpResponse:
        if visit.request.method != "POST":
            return visit.go("answer")
        return view(visit, *args, **kwargs)

    return found


def slow_down(request: HttpRequest, error: TooMany, back: str) -> HttpResponse:
    """Told plainly: too many tries, and when to come back."""
    response = render(request, "429.html", {"message": error.message, "back": back}, status=429)
    response["Retry-After"] = str(error.again_in)
    return response
