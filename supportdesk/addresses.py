"""The addresses that the desk has itself, so that no store's name may be one of them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from django.conf import settings
from django.urls import URLPattern, URLResolver, get_resolver

# Not routed yet, and never to be a store: what browsers, proxies and people expect there.
KEPT = frozenset({"static", "media", "help", "policies", "track", "status", "assets", "www"})


def taken() -> frozenset[str]:
    """Return the first parts of every fixed address, and a few that are kept free.

    Derived from the routes themselves, so that a new page is never hidden by a store.
    """
    routed = set(_firsts(get_resolver().url_patterns))
    static = (settings.STATIC_URL or "").strip("/").partition("/")[0]
    return frozenset(routed | KEPT | {static}) - {""}


def _firsts(patterns: Iterable[URLPattern | URLResolver], before: str = "") -> Iterator[str]:
    for pattern in patterns:
        first, slash, _ = (before + str(pattern.pattern)).lstrip("^").partition("/")
        if first and (slash or isinstance(pattern, URLPattern)):
            if "<" not in first and "(" not in first:
                yield first.rstrip("$")
        elif isinstance(pattern, URLResolver):
            yield from _firsts(pattern.url_patterns, first)
