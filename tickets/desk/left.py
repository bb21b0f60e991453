"""The left zone: each queue with its count and where it leads.

It stands on every page, and most often says what it said a moment ago: what was made for the same
counts is kept.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache, lru_cache
from itertools import groupby
from typing import Any

from django.template import Context
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import get_language

from tickets.desk.queue_counts import Counts, View
from tickets.desk.queues import HEADINGS, QUEUES, Queue


@cache
def _grouped() -> tuple[tuple[Queue, ...], ...]:
    found = groupby(QUEUES.values(), key=lambda queue: queue.group)
    return tuple(tuple(queues) for _group, queues in found)


@cache
def _firsts() -> frozenset[str]:
    return frozenset(queues[0].key for queues in _grouped())


def groups(counted: Counts, store: str) -> list[list[dict[str, Any]]]:
    """The queues in their groups; ``store`` is the slug of the chosen one, or ''."""
    root = reverse("desk:queue")
    end = f"&store={store}" if store else ""
    return [
        [_entry(queue, counted, f"{root}?queue={queue.key}{end}") for queue in queues]
        for queues in _grouped()
    ]


def _entry(queue: Queue, counted: Counts, href: str) -> dict[str, Any]:
    n = counted.queues.get(queue.key)
    return {
        "key": queue.key,
        "title": queue.short or queue.title,
        "heading": HEADINGS.get(queue.group) if queue.key in _firsts() else None,
        "icon": queue.icon,
        "href": href,
        "counted": n is not None,
        "n": counted.said(queue),
        "none": not n,
        "late": queue.urgent and bool(n),
        "urgent": queue.key == "cancellations" and bool(n),
    }


@dataclass(frozen=True, slots=True)
class Zone:
    """All that the zone's HTML depends on: what is not compared is said by what is."""

    language: str
    store: str
    place: str
    queue: str
    view: int
    numbers: tuple[int, ...]
    queues: tuple[tuple[str, int], ...]
    views: tuple[View, ...]
    counted: Counts = field(compare=False)


def zone(context: Context) -> SafeString:
    """The left zone of the page that has this context."""
    counted: Counts = context["counts"]
    narrowed = getattr(context.get("narrowed"), "view", None)
    store = context["desk"].store
    return _made(
        Zone(
            get_language() or "en",
            store.slug if store else "",
            str(context.get("place") or ""),
            str(getattr(context.get("queue"), "key", "")),
            narrowed.pk if narrowed is not None else 0,
            (
                counted.pickups,
                counted.people,
                counted.refunds,
                counted.parcels,
                counted.releases,
                counted.preorders,
                len(counted.drafts),
            ),
            tuple(counted.queues.items()),
            counted.views,
            counted,
        )
    )


@lru_cache(maxsize=500)
def _made(one: Zone) -> SafeString:
    shown: Mapping[str, Any] = {
        "left": groups(one.counted, one.store),
        "counts": one.counted,
        "desk": {"store": {"slug": one.store} if one.store else None},
        "place": one.place,
        "queue": {"key": one.queue},
        "narrowed": {"view": {"pk": one.view}},
    }
    return mark_safe(render_to_string("desk/queues.html", dict(shown)))
