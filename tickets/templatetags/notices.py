"""What every customers' page says while a way to reach the store is switched off."""

from __future__ import annotations

from typing import Any

from django import template
from django.http import Http404, HttpRequest
from django.utils.translation import get_language

from policies.models import PolicyVersion
from policies.pack import Pack
from policies.publish import in_force, pack_of
from supportdesk import clock
from tickets import access
from tickets.models import Store

register = template.Library()


@register.inclusion_tag("portal/parts/notices.html", takes_context=True)
def channel_notices(context: template.Context) -> dict[str, Any]:
    """The notices of all channels that are off, and what is open instead; mostly nothing."""
    pack = _pack(context)
    if pack is None:
        return {"notices": []}
    locale = get_language() or "en"
    return {
        "notices": [
            {"kind": channel.kind, "text": channel.notice(locale) or ""}
            for channel in pack.channels
            if not channel.open
        ],
    }


def _pack(context: template.Context) -> Pack | None:
    """The store's promises of today; None off the stores' pages, or without any promise."""
    store = context.get("store") or _store_of(context.get("request"))
    if not isinstance(store, Store):
        return None
    try:
        return pack_of(in_force(store.pk, context.get("now") or clock.now()))
    except PolicyVersion.DoesNotExist:
        return None


def _store_of(request: HttpRequest | None) -> Store | None:
    """The store that an address is about: an error page is told none."""
    match = getattr(request, "resolver_match", None)
    if match is None or "portal" not in match.namespaces:
        return None
    if "reference" in match.kwargs:
        try:
            return access.ticket_by_link(match.kwargs["reference"], match.kwargs["token"])[0].store
        except Http404:
            return None
    return Store.objects.filter(slug=match.kwargs.get("slug", ""), is_open=True).first()
