"""Publishing packs, and finding the one in force at an instant."""

from __future__ import annotations

import hashlib
import time
from datetime import datetime

from django.db import transaction

from policies.models import PolicyVersion
from policies.pack import Pack, load_pack

FRESH = 5.0  # seconds for which a store's list of versions is believed
_starts: dict[int, tuple[float, list[tuple[datetime, int]]]] = {}
_versions: dict[int, PolicyVersion] = {}  # by id; the rows never change
_kept: dict[str, Pack] = {}  # by the hash of their text: what is published never changes


def pack_of(version: PolicyVersion) -> Pack:
    """The typed pack of a published version, loaded once in each process."""
    pack = _kept.get(version.sha256)
    if pack is None:
        pack = _kept[version.sha256] = load_pack(version.source, f"version {version.number}")
    return pack


def in_force(store_id: int, at: datetime) -> PolicyVersion:
    """The version of a store's promises in force at ``at`` (its source is not loaded).

    An instant before the first version falls to the first: a store that joins
    keeps its published rules for the orders it brings along.

    Raises:
        PolicyVersion.DoesNotExist: when the store never published a pack.
    """
    starts = _starts_of(store_id)
    if not starts:
        raise PolicyVersion.DoesNotExist(f"store {store_id} has published nothing")
    version_id = next((pk for start, pk in reversed(starts) if start <= at), starts[0][1])
    version = _versions.get(version_id)
    if version is None:
        version = PolicyVersion.objects.defer("source").get(pk=version_id)
        _versions[version_id] = version
    return version


def _starts_of(store_id: int) -> list[tuple[datetime, int]]:
    """When each version of a store starts, the earliest first; asked again after seconds.

    What this process publishes it knows at once; another hears of it ``FRESH`` later.
    """
    asked, starts = _starts.get(store_id, (0.0, []))
    if not starts or time.monotonic() - asked > FRESH:
        rows = PolicyVersion.objects.filter(store_id=store_id).order_by("starts_at")
        starts = list(rows.values_list("starts_at", "pk"))
        _starts[store_id] = (time.monotonic(), starts)
    return starts


def publish(
    store_id: int,
    source: str,
    *,
    starts_at: datetime,
    now: datetime,
    by: int | None = None,
) -> PolicyVersion:
    """Append a version; the pack is loaded first, so a broken one never gets in.

    ``by`` is the id of the person who publishes.

    Raises:
        PackError: with every mistake of the pack.
    """
    sha256 = hashlib.sha256(source.encode()).hexdigest()
    if sha256 not in _kept:
        _kept[sha256] = load_pack(source, "draft")
    with transaction.atomic():
        last = (
            PolicyVersion.objects.select_for_update()
            .filter(store_id=store_id)
            .order_by("-number")
            .first()
        )
        version = PolicyVersion.objects.create(
            store_id=store_id,
            number=last.number + 1 if last else 1,
            starts_at=starts_at,
            source=source,
            sha256=sha256,
            published_at=now,
            published_by_id=by,
        )
    _starts.pop(store_id, None)
    return version
