"""The help centre of a store: what its rules say, told from their own figures."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST, require_safe

from policies.articles import Article, library
from policies.pack import Pack
from supportdesk import clock
from supportdesk.visitor import visitor_of
from tickets import access
from tickets.actions import guidance
from tickets.errors import TooMany
from tickets.models import Store
from tickets.portal import help as centre
from tickets.portal import queries
from tickets.portal.guide import wants_film
from tickets.portal.shared import shared_page
from tickets.portal.visit import locale, pack_now, store_or_404

_CARRIERS = "carriers"


@require_safe
def index(request: HttpRequest, slug: str) -> HttpResponse:
    """Every article by its page, a search, the week's opening hours, and how to reach us."""
    now = clock.now()
    store = store_or_404(slug)
    pack = pack_now(store, now)
    words = request.GET.get("q", "").strip()[:80]
    if words:
        return _results(request, store, pack, words)
    shelf = library(pack, locale())

    def context() -> dict[str, Any]:
        return {
            "store": store,
            "now": now,
            "sections": shelf.sections,
            "hours": queries.hours(pack, now),
            "week": centre.week(pack, now, locale()),
            "channels": queries.channels(pack, locale()),
        }

    # Stores open and close at whole minutes.
    minute = (now.replace(second=0, microsecond=0),)
    return shared_page(request, "portal/help.html", store, pack, minute, context, public=True)


def _results(request: HttpRequest, store: Store, pack: Pack, words: str) -> HttpResponse:
    """What fits the words: articles first, then forms; or where to go when nothing does."""

    def context() -> dict[str, Any]:
        found = centre.found(pack, words, locale())
        forms = dict(queries.search(pack, words, locale()))
        for item in found[:3]:
            forms |= dict(centre.labels(pack, item, locale()))
        return {
            "store": store,
            "words": words,
            "articles": found,
            "requests": list(forms.items())[:6],
            "unwritten": library(pack, locale()).by_rule.get(pack.unwritten),
            "nothing": centre.nothing_found(words),
            "channels": queries.channels(pack, locale()),
        }

    return shared_page(request, "portal/help_results.html", store, pack, (words,), context)


@require_safe
def carriers(request: HttpRequest, slug: str) -> HttpResponse:
    """The carriers' pages and phone numbers, and what to have ready."""
    store = store_or_404(slug)
    pack = pack_now(store, clock.now())
    own, others = centre.carriers(pack)
    more = {"store": store, "own": own, "others": others}
    found = library(pack, locale()).at(_CARRIERS)
    if found is not None:
        return _article(request, store, pack, found, "portal/help_carriers.html", more)
    return shared_page(
        request, "portal/help_carriers.html", store, pack, (), lambda: more, public=True
    )


@require_safe
def article(request: HttpRequest, slug: str, name: str) -> HttpResponse:
    """One article; a rule that is told on another's page leads there."""
    store = store_or_404(slug)
    pack = pack_now(store, clock.now())
    found = _article_or_404(pack, name)
    if found.slug != name:
        return redirect(f"{reverse('portal:article', args=[slug, found.slug])}#{slug}.{name}")
    return _article(request, store, pack, found, "portal/help_article.html", {"store": store})


def _article(
    request: HttpRequest,
    store: Store,
    pack: Pack,
    found: Article,
    template: str,
    more: dict[str, Any],
) -> HttpResponse:
    """The page of an article; and somebody has seen it."""
    now = clock.now()
    thanks = "thanks" in request.GET
    if centre.is_read(request) and not thanks:
        guidance.count(store, "article", found.rule, "seen", now=now)

    def context() -> dict[str, Any]:
        return more | {
            "now": now,
            "article": found,
            "starts": centre.labels(pack, found, locale()),
            "related": library(pack, locale()).related(found),
            "validity": centre.validity(store, pack, found, now, locale()),
            "thanks": thanks,
            "filmed": wants_film(pack, found),
            "channels": queries.channels(pack, locale()),
        }

    key = (found.slug, thanks, *centre.versions(store, now))
    return shared_page(request, template, store, pack, key, context)


# No cookie stands behind these two: they act for nobody and change a counter only, so that a
# forged one could do no more than a visit. That keeps the pages free of personal tokens.
@csrf_exempt
@require_POST
def helped(request: HttpRequest, slug: str, name: str) -> HttpResponse:
    """“Did this help?” Yes."""
    store = store_or_404(slug)
    found = _article_or_404(pack_now(store, clock.now()), name)
    _count(request, store, found, "helped")
    return redirect(f"{reverse('portal:article', args=[slug, found.slug])}?thanks=1#thanks")


@csrf_exempt
@require_POST
def wrote(request: HttpRequest, slug: str, name: str) -> HttpResponse:
    """It did not help: on to the form that reaches a person."""
    store = store_or_404(slug)
    found = _article_or_404(pack_now(store, clock.now()), name)
    _count(request, store, found, "wrote")
    return redirect("portal:begin", slug, centre.write_request(found))


def _count(request: HttpRequest, store: Store, found: Article, what: guidance.What) -> None:
    """Count it once it is likely a person's word; the visitor's way goes on in any case."""
    now = clock.now()
    if centre.from_elsewhere(request):
        return
    try:
        access.limit(visitor_of(request), "guidance", 30, timedelta(minutes=10), now)
    except TooMany:
        return
    guidance.count(store, "article", found.rule, what, now=now)


def _article_or_404(pack: Pack, name: str) -> Article:
    found = library(pack, locale()).at(name)
    if found is None:
        raise Http404
    return found
