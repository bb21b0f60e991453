"""How long customers' files are kept, in one sentence."""

from __future__ import annotations

from typing import Any

from django import template

from policies.pack import Pack

register = template.Library()

_OF_CLAIMS = ("approved", "refused", "expired", "withdrawn")


@register.inclusion_tag("portal/parts/kept.html")
def kept_files(pack: Pack, request: str) -> dict[str, Any]:
    """The days for which a store keeps the files of such a request: all that may come of it."""
    outcomes = _OF_CLAIMS if request in pack.claim_requests else ("other",)
    days = sorted({pack.keep_days(outcome) for outcome in outcomes})
    return {"least": days[0], "most": days[-1]}
