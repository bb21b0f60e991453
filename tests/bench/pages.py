"""The pages that most customers open, against a bare Django view.

Through the same gunicorn, the same middleware and one keep-alive connection, in turns. The
bare view answers two letters and asks the database nothing. Each round looks at every page
once, so that whatever else the machine does meets all of them alike.
"""

from __future__ import annotations

import statistics
import time
from collections.abc import Iterator

from supportdesk import clock
from tests.bench.__main__ import Figure
from tests.bench.server import Client, serving
from tickets.actions.stores import open_store

BARE = "/bench/bare/"
PAGES = {
    "store page": "/kpopusa/",
    "first step of the form": "/kpopusa/new/missing_photocard/",
    "help centre": "/kpopusa/help/",
    "help article": "/kpopusa/help/missing-contents/",
    "help search": "/kpopusa/help/?q=video",
}
ROUNDS = 300
WARM = 30
BOUND = 3


def figures() -> Iterator[Figure]:
    """The ratio of the medians, for each page."""
    open_store("kpopusa", now=clock.now(), mail_from="bench@example.com")
    with serving() as client:
        took = measure(client, {"bare view": BARE, **PAGES})
    bare = took.pop("bare view")
    told = ", ".join(f"{name} {value * 1000:.1f}" for name, value in took.items())
    print(f"  milliseconds (medians): bare view {bare * 1000:.1f}, {told}")
    for name, value in took.items():
        yield Figure(f"{name} / a bare view", value / bare, "x", BOUND)


def measure(client: Client, addresses: dict[str, str]) -> dict[str, float]:
    """Seconds that each address takes to answer, by name: medians of what was asked in turns."""
    took: dict[str, list[float]] = {name: [] for name in addresses}
    for number in range(ROUNDS + WARM):
        for name, address in addresses.items():
            started = time.perf_counter()
            status = client.get(address)
            lasted = time.perf_counter() - started
            if status != 200:
                raise RuntimeError(f"{address} answered {status}")
            if number >= WARM:
                took[name].append(lasted)
    return {name: statistics.median(each) for name, each in took.items()}
