"""What the words of a shop mean: shipping labels, kinds of goods, marks of an order.

A shop whose labels say something else hands its own over (``methods``): they win.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Mapping
from datetime import date

# The first that matches wins: "Priority Mail Express" is express, a "free pickup" a pickup.
_METHODS = (
    ("pickup", r"pick(ed)?[ -]?ups?\b|\bcollect(ion)?\b|\bin[ -]store\b|픽업|방문\s?수령"),
    ("express", r"\bexpress\b|\bovernight\b|\bnext[ -]day\b|\bexpedited\b|\bems\b|\bdhl\b|특급"),
    ("priority", r"\bpriority\b"),
    (
        "standard",
        r"\bstandard\b|\beconomy\b|\bground\b|\bregular\b|\bfirst[ -]class\b|\bmedia mail\b"
        r"|\bfree\b|\bregistered\b|\bk-?packet\b|일반",
    ),
)
_METHOD_WORDS = [(method, re.compile(words, re.IGNORECASE)) for method, words in _METHODS]

_SKU_KINDS = {
    "ALB": "album",
    "ALBUM": "album",
    "CD": "album",
    "LS": "lightstick",
    "LIGHT": "lightstick",
    "LIGHTSTICK": "lightstick",
    "PST": "poster",
    "POSTER": "poster",
    "BB": "blind_box",
    "BLIND": "blind_box",
    "BLINDBOX": "blind_box",
    "GC": "gift_card",
    "GIFT": "gift_card",
    "GIFTCARD": "gift_card",
}
_TITLE_KINDS = [
    (kind, re.compile(words, re.IGNORECASE))
    for kind, words in (
        ("gift_card", r"\bgift[ -]?cards?\b|기프트\s?카드"),
        ("lightstick", r"\blight[ -]?sticks?\b|응원봉"),
        ("blind_box", r"\bblind[ -]?box(es)?\b|\bmystery[ -]box(es)?\b|\bpop now\b|블라인드"),
        ("album", r"\balbums?\b|\bphotobook ver|\bdigipack\b|\bjewel ver|앨범"),
        ("poster", r"\bposters?\b|포스터"),
    )
]
_PREORDER = re.compile(r"\bpre[ -]?orders?\b|예약", re.IGNORECASE)
_RELEASE = re.compile(r"\breleased?(?: on| date)?[ :=_-]+(\d{4}-\d\d-\d\d)\b", re.IGNORECASE)


def shipping_method(label: str, methods: Mapping[str, str] | None = None) -> str:
    """standard, priority, express or pickup; empty when the label does not say.

    ``methods`` maps whole labels of the shop, in any case, to methods.
    """
    for known, method in (methods or {}).items():
        if known.casefold() == label.casefold():
            return method
    return next((method for method, words in _METHOD_WORDS if words.search(label)), "")


def product_kind(sku: str, title: str) -> str:
    """The kind of goods, by how the SKU begins, else by the title's words."""
    prefix = re.split(r"[-_. ]", sku, maxsplit=1)[0].upper()
    if prefix in _SKU_KINDS:
        return _SKU_KINDS[prefix]
    return next((kind for kind, words in _TITLE_KINDS if words.search(title)), "goods")


def is_preorder(*texts: str) -> bool:
    """Whether tags, a title or properties say that this is ordered before its release."""
    return any(_PREORDER.search(text) for text in texts)


def release_date(*texts: str) -> date | None:
    """The day in ``release: 2026-12-05``, where tags, a title or properties name one."""
    for text in texts:
        found = _RELEASE.search(text)
        if found:
            try:
                return date.fromisoformat(found[1])
            except ValueError:
                continue
    return None


def channel(source: str, tags: Iterable[str]) -> str:
    """Where it was bought: online unless the source or a tag says otherwise."""
    marks = {re.sub(r"[\s_-]+", " ", tag).strip().casefold() for tag in tags}
    if marks & {"distributor", "wholesale"}:
        return "distributor"
    if marks & {"pop now", "popnow"}:
        return "pop_now"
    if source.casefold() == "pos" or "in store" in marks:
        return "store"
    return "online"


def is_member(tags: Iterable[str]) -> bool | None:
    """Whether the buyer was a member when ordering; None when no tag tells."""
    marks = {tag.strip().casefold() for tag in tags}
    if marks & {"member", "membership"}:
        return True
    return False if marks & {"guest", "non-member", "not a member"} else None


def made_up_sku(title: str) -> str:
    """A stable SKU for goods without one, from their title."""
    return "no-sku-" + hashlib.sha256(title.casefold().encode()).hexdigest()[:12]
