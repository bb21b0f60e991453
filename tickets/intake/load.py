"""From a file to the actions, batch by batch: what the import commands and the demo share."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import BinaryIO, TypeVar

from django.db import reset_queries

from policies.models import PolicyVersion
from policies.pack import Pack
from policies.publish import in_force, pack_of
from tickets.actions.order_rows import BadRow, Counts, DeliveryRow
from tickets.actions.orders import upsert_orders, upsert_tracking
from tickets.actor import Actor
from tickets.intake.shopify import read_orders
from tickets.intake.tracking import read_tracking
from tickets.models import Store

BATCH = 500
T = TypeVar("T")
Told = Callable[[BadRow], object]


@dataclass
class Loaded:
    """What a file brought: counts of what went in, and how many rows could not be used."""

    counts: Counts = field(default_factory=Counts)
    bad: int = 0


def load_orders(
    file: BinaryIO,
    store: Store,
    *,
    actor: Actor,
    now: datetime,
    told: Told,
    methods: Mapping[str, str] | None = None,
    progress: Callable[[int], object] | None = None,
    loaded: Loaded | None = None,
) -> Loaded:
    """Import an order export. ``told`` hears of every bad row as it is met.

    ``loaded`` is filled as it goes, so that a caller who is stopped knows how far it came.

    Raises:
        UnusableFile: the file as a whole is no such export.
    """
    loaded = loaded or Loaded()
    for batch in _batches(read_orders(file, methods=methods, progress=progress), told, loaded):
        loaded.counts += upsert_orders(store, batch, actor=actor, now=now)
    return loaded


def load_tracking(
    file: BinaryIO,
    store: Store,
    *,
    actor: Actor,
    now: datetime,
    told: Told,
    progress: Callable[[int], object] | None = None,
    loaded: Loaded | None = None,
) -> Loaded:
    """Import a tracking file.

    Raises:
        UnusableFile: the file as a whole is no such table.
    """
    loaded = loaded or Loaded()
    rows: Iterator[DeliveryRow | BadRow] = read_tracking(
        file, pack=_pack(store, now), progress=progress
    )
    for batch in _batches(rows, told, loaded):
        result = upsert_tracking(store, batch, actor=actor, now=now)
        loaded.counts += result.counts
        loaded.bad += len(result.bad)
        for bad in result.bad:
            told(bad)
    return loaded


def _pack(store: Store, now: datetime) -> Pack | None:
    try:
        return pack_of(in_force(store.pk, now))
    except PolicyVersion.DoesNotExist:
        return None


def _batches(items: Iterable[T | BadRow], told: Told, loaded: Loaded) -> Iterator[list[T]]:
    """The good rows in lists of BATCH; the bad ones are told and counted on the way."""
    batch: list[T] = []
    for item in items:
        if isinstance(item, BadRow):
            loaded.bad += 1
            told(item)
            continue
        batch.append(item)
        if len(batch) == BATCH:
            yield batch
            batch = []
            reset_queries()  # under DEBUG Django would keep the text of every statement
    if batch:
        yield batch
