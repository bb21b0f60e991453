"""The help centre of a store: what its rules say, told from their own figures."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.cache import patch_vary_headers
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
from tickets.portal.visit import locale, pack_now, store_or_404

_CARRIERS = "carriers"


@require_safe
def index(request: HttpRequest, slug: str) -> HttpResponse:
    """Every article by its page, a search, the week's opening hours, and how to reach us."""
    now = clock.now()
    store = store_or_404(slug)
    pack = pack_now(store, now)
    words = request.GET.get("q", "").strip()[:80]
    shelf = library(pack, locale())
    context = {
        "store": store,
        "now": now,
        "words": words,
        "articles": centre.found(pack, words, locale()) if words else (),
        "requests": queries.search(pack, words, locale()) if words else [],
        "unwritten": shelf.by_rule.get(pack.unwritten),
        "nothing": centre.nothing_found(words),
        "sections": shelf.sections,
        "hours": queries.hours(pack, now),
        "week": centre.week(pack, now, locale()),
        "channels": queries.channels(pack, locale()),
    }
    return _kept(request, render(request, "portal/help.html", context), public=not words)


@require_safe
def carriers(request: HttpRequest, slug: str) -> HttpResponse:
    """The carriers' pages and phone numbers, and what to have ready."""
    now = clock.now()
    store = store_or_404(slug)
    pack = pack_now(store, now)
    article = library(pack, locale()).at(_CARRIERS)
    own, others = centre.carriers(pack)
    context = {"own": own, "others": others}
    if article is not None:
        context |= _article_context(request, store, pack, article)
    else:
        context |= {"store": store, "now": now}
    return _kept(request, render(request, "portal/help_carriers.html", context))


@require_safe
def article(request: HttpRequest, slug: str, name: str) -> HttpResponse:
    """One article; a rule that is told on another's page leads there."""
    store = store_or_404(slug)
    pack = pack_now(store, clock.now())
    found = _article_or_404(pack, name)
    if found.slug != name:
        return redirect(f"{reverse('portal:article', args=[slug, found.slug])}#{slug}.{name}")
    context = _article_context(request, store, pack, found)
    return _kept(request, render(request, "portal/help_article.html", context))


def _article_context(
    request: HttpRequest, store: Store, pack: Pack, found: Article
) -> dict[str, Any]:
    """What the page of an article shows; and somebody has seen it."""
    now = clock.now()
    if centre.is_read(request):
        guidance.count(store, "article", found.rule, "seen", now=now)
    return {
        "store": store,
        "now": now,
        "article": found,
        "starts": centre.labels(pack, found, locale()),
        "related": library(pack, locale()).related(found),
        "validity": centre.validity(store, pack, found, now, locale()),
        "thanks": "thanks" in request.GET,
        "channels": queries.channels(pack, locale()),
    }


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


def _kept(request: HttpRequest, response: HttpResponse, *, public: bool = False) -> HttpResponse:
    """Let a browser keep the page for a minute; what counts its readers is not for proxies."""
    response["Cache-Control"] = f"{'public' if public else 'private'}, max-age=60"
    patch_vary_headers(response, ("Accept-Language", "Cookie"))
    return response
