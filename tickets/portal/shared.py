"""Pages that are the same for every visitor: rendered once in each process, and told by an ETag.

Only for pages with nothing of one person in them, but for the token of their forms, which is put
in at the end. Where a message waits for the visitor, the page is rendered for them alone.
"""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Callable, Hashable
from typing import Any

from django.contrib.messages import get_messages
from django.http import HttpRequest, HttpResponse
from django.middleware.csrf import get_token
from django.template.loader import render_to_string
from django.utils.cache import get_conditional_response, patch_vary_headers
from django.utils.http import quote_etag

from policies.pack import Pack
from tickets.models import Store
from tickets.portal.visit import locale

# Stands for the token of a form until somebody's own takes its place; told to nobody.
_TOKEN = secrets.token_hex(32)
_MOST = 400  # pages of some 10 kB each; whoever needs more begins afresh
_rendered: dict[tuple[Hashable, ...], tuple[bytes, str]] = {}


def shared_page(
    request: HttpRequest,
    template: str,
    store: Store,
    pack: Pack,
    key: tuple[Hashable, ...],
    context: Callable[[], dict[str, Any]],
    *,
    public: bool = False,
    forms: bool = False,
) -> HttpResponse:
    """A page that depends on the store, its pack, the language and ``key`` alone.

    ``context`` is asked for only when the page has to be rendered. A browser keeps it for a
    minute and asks with its ETag after that; ``public`` lets proxies keep it as well. A page
    with ``forms`` gets the visitor's own token, and is kept by nobody else.
    """
    if len(get_messages(request)):
        response = HttpResponse(render_to_string(template, context(), request))
        response["Cache-Control"] = "no-store"
        return response
    look = (store.pk, store.slug, store.name, store.accent, store.time_zone)
    whole = (template, request.scheme, request.get_host(), locale(), pack, *look, *key)
    found = _rendered.get(whole)
    if found is None:
        if len(_rendered) >= _MOST:
            _rendered.clear()
        text = render_to_string(template, context() | {"csrf_token": _TOKEN}, request)
        body = text.encode()
        found = _rendered[whole] = (body, quote_etag(hashlib.sha256(body).hexdigest()[:20]))
    body, etag = found
    if forms:
        response = HttpResponse(body.replace(_TOKEN.encode(), get_token(request).encode()))
        response["Cache-Control"] = "private, no-cache"
        return response
    response = get_conditional_response(request, etag=etag) or HttpResponse(body)
    response["ETag"] = etag
    # A browser may keep it for a minute; what counts its readers is not for proxies.
    response["Cache-Control"] = f"{'public' if public else 'private'}, max-age=60"
    patch_vary_headers(response, ("Accept-Language", "Cookie"))
    return response
