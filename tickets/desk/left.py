"""The left zone in words: each queue with its count and where it leads."""

from __future__ import annotations

from functools import cache
from itertools import groupby
from typing import Any

from django.urls import reverse

from tickets.desk.queue_counts import Counts
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
