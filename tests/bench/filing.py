"""Filing a claim (without a file) against a bare Django view with one insert.

Both through the same gunicorn, the same middleware and one keep-alive connection, in
turns. What is timed of the claim is the last step, the form that sends it: ticket,
claim, items, event, deadlines, outbox row. The drafts are filled in beforehand.
"""

from __future__ import annotations

import statistics
import time
from collections.abc import Iterator
from datetime import timedelta

from supportdesk import clock
from tests.bench.__main__ import Figure
from tests.bench.server import Client, serving
from tests.cast import Story, make_customer, make_order
from tickets.actions.stores import open_store
from tickets.models import Claim, Outbox, Store

ROUNDS = 300
WARM = 30


def _drafts(store: Store) -> list[str]:
    now = clock.now()
    paths = []
    for number in range(ROUNDS + WARM):
        customer = make_customer(store, f"filing{number}@example.com", "Filing")
        order = make_order(customer, f"F{number}", now=now, placed=timedelta(days=5))
        draft = Story(order, now).draft("missing_photocard", opened=True, video_exists=True)
        paths.append(f"/{store.slug}/claim/{draft.key}/review/")
    return paths


def _timed(client: Client, path: str, data: dict[str, str], number: int) -> tuple[float, int]:
    visitor = f"10.{number >> 16 & 255}.{number >> 8 & 255}.{number & 255}"
    started = time.perf_counter()
    status = client.post(path, data, visitor)
    return time.perf_counter() - started, status


def figures() -> Iterator[Figure]:
    """The ratio of the medians."""
    store = open_store("kpopusa", now=clock.now(), mail_from="bench@example.com")
    paths = _drafts(store)
    claims, bare = [], []
    with serving() as client:
        for number, path in enumerate(paths):
            took, status = _timed(client, path, {"note": "It was not in the box."}, number)
            assert status == 302, status
            insert = {"store": str(store.pk), "name": f"supplier {number}"}
            plain, status = _timed(client, "/bench/insert/", insert, number)
            assert status == 200, status
            if number >= WARM:
                claims.append(took)
                bare.append(plain)
    assert Claim.objects.count() == Outbox.objects.filter(template="claim_filed").count()
    assert Claim.objects.filter(state="awaiting_evidence").count() == len(paths)
    filing, insert_only = statistics.median(claims), statistics.median(bare)
    print(f"  filing {filing * 1000:.1f} ms, bare insert {insert_only * 1000:.1f} ms (medians)")
    yield Figure("filing a claim / a bare view with one insert", filing / insert_only, "x", 6)
