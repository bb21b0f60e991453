"""Publishing packs, and finding the one in force at an instant.

A version that cannot be read (a newer product knows its format no more, or somebody changed it
by hand) is passed over: the last good one before it stays in force, and the row that is returned
is always the one whose pack decides, so that events cite the truth.
"""

from __future__ import annotations

import hashlib
import logging
import time
from datetime import datetime, timedelta

from django.db import transaction

from policies.models import PolicyVersion
from policies.pack import PACKS, Pack, load_pack
from policies.reading import Mistake, PackError

log = logging.getLogger(__name__)

FRESH = 5.0  # seconds for which a store's list of versions is believed
AGAIN = 30.0  # seconds after which a version that could not be read is tried again
_starts: dict[int, tuple[float, list[tuple[datetime, int]]]] = {}
_versions: dict[int, PolicyVersion] = {}  # by id; the rows never change
_packs: dict[int, Pack] = {}  # by id of the version
_kept: dict[str, Pack] = {}  # by the hash of their text: a text is loaded once
_broken: dict[int, tuple[float, PackError]] = {}  # by id: when it was tried, and what was wrong


class NoGoodVersion(PolicyVersion.DoesNotExist):
    """A store whose versions cannot be read, not one of them."""

    def __init__(self, store_id: int) -> None:
        super().__init__(f"store {store_id} has no version that can be read")
        self.store_id = store_id


def pack_of(version: PolicyVersion) -> Pack:
    """The typed pack of a published version, loaded once in each process.

    Of a version that cannot be read it is the pack of :func:`good`, which is what an event
    has to cite then.

    Raises:
        NoGoodVersion: nothing of the store can be read.
    """
    pack = _read(version)
    if pack is None:
        pack = _read(good(version))
    assert pack is not None
    return pack


def good(version: PolicyVersion) -> PolicyVersion:
    """The version itself, or the one that stays in force because this one cannot be read.

    Raises:
        NoGoodVersion: nothing of the store can be read.
    """
    if _read(version) is not None:
        return version
    return in_force(version.store_id, version.starts_at)


def in_force(store_id: int, at: datetime) -> PolicyVersion:
    """The version of a store's promises in force at ``at``: the last that began and can be read.

    An instant before the first version falls to the first: a store that joins keeps its
    published rules for the orders it brings along. Where none that began can be read, the
    first of the later ones is better than nothing.

    Raises:
        PolicyVersion.DoesNotExist: when the store never published a pack.
        NoGoodVersion: when not one of its versions can be read.
    """
    starts = _starts_of(store_id)
    if not starts:
        raise PolicyVersion.DoesNotExist(f"store {store_id} has published nothing")
    begun = sum(1 for start, _ in starts if start <= at) or 1
    for _, version_id in (*reversed(starts[:begun]), *starts[begun:]):
        try:
            version = _version(version_id)
        except PolicyVersion.DoesNotExist:  # its transaction was taken back after we had read it
            _starts.pop(store_id, None)
            return in_force(store_id, at)
        if _read(version) is not None:
            return version
    raise NoGoodVersion(store_id)


def trouble_with(version: PolicyVersion) -> PackError | None:
    """Why a version cannot be read; ``None`` when it can."""
    if _read(version) is not None:
        return None
    return _broken[version.pk][1]


def load_whole(source: str, name: str) -> Pack:
    """Load a pack and everything that is made of it later: what loads is whole.

    Raises:
        PackError: with every mistake of the pack.
    """
    try:
        pack = load_pack(source, name)
        # Made when first used; here, so that no request is the first to find out.
        _ = (pack.program, pack.calendar, pack.rules, pack.channels, pack.evidence_kinds)
        _ = (pack.manufacturer, pack.defect_process, pack.pickup, pack.refund, pack.preorder)
    except PackError:
        raise
    except Exception as error:  # whatever a text makes of us, it is the text that is no pack
        log.exception("A pack brought its reader down: %s", name)
        message = f"cannot be read: {type(error).__name__}: {error}"
        raise PackError([Mistake(name, None, "", None, message)]) from error
    return pack


def _read(version: PolicyVersion) -> Pack | None:
    """The pack of exactly this version, or ``None`` when it cannot be read (now).

    What counts is the text in the row, not the hash beside it: every process sees the same.
    """
    pack = _packs.get(version.pk)
    if pack is not None:
        return pack
    tried = _broken.get(version.pk)
    if tried is not None and time.monotonic() - tried[0] < AGAIN:
        return None
    try:
        pack = _loaded(version.source, f"version {version.number}")
        _must_be_of(version, pack)
    except PackError as error:
        if tried is None:
            log.critical("Version %s of store %s: %s", version.number, version.store_id, error)
        _broken[version.pk] = (time.monotonic(), error)
        _versions.pop(version.pk, None)  # its text is asked for again next time
        return None
    _broken.pop(version.pk, None)
    _packs[version.pk] = pack
    return pack


def _must_be_of(version: PolicyVersion, pack: Pack) -> None:
    """Another store's pack is no good here: it would decide nothing, and every page would fall."""
    if pack.slug != version.store.slug:
        message = f"is {pack.slug!r}: these are the rules of another store"
        raise PackError([Mistake(f"version {version.number}", None, "store.slug", None, message)])


def _loaded(source: str, name: str) -> Pack:
    digest = _digest(source)
    if digest not in _kept:
        _kept[digest] = load_whole(source, name)
    return _kept[digest]


def _digest(source: str) -> str:
    return hashlib.sha256(source.encode()).hexdigest()


def _version(version_id: int) -> PolicyVersion:
    version = _versions.get(version_id)
    if version is None:
        rows = PolicyVersion.objects.select_related("store").defer("source")
        version = rows.get(pk=version_id)
        _versions[version_id] = version
    return version


def version_of(version_id: int) -> PolicyVersion:
    """The row of a version, without its text; rows never change, so a process reads each once."""
    return _version(version_id)


def beginnings(store_id: int) -> tuple[tuple[datetime, int], ...]:
    """When each version of a store begins, with its id; the earliest first, those to come too."""
    return tuple(_starts_of(store_id))


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
    pack = _loaded(source, "draft")
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
            sha256=_digest(source),
            published_at=now,
            published_by_id=by,
        )
    _starts.pop(store_id, None)
    _packs[version.pk] = pack
    return version


def stand_in(store_id: int, slug: str, *, now: datetime) -> PolicyVersion | None:
    """Publish the pack that ships with the product, where nothing of the store can be read.

    It begins just before the store's first version and is a row like any other, so that events
    can cite what decided. ``None`` when there is no such pack, or it is not needed.
    """
    path = PACKS / f"{slug}.yaml"
    if not path.is_file():
        return None
    with transaction.atomic():
        rows = PolicyVersion.objects.select_for_update().filter(store_id=store_id)
        first = rows.order_by("starts_at").first()
        _starts.pop(store_id, None)
        if first is None or any(_read(row) is not None for row in rows):
            return None
        source = path.read_text(encoding="utf-8")
        starts_at = first.starts_at - timedelta(microseconds=1)
        try:
            version = publish(store_id, source, starts_at=starts_at, now=now)
        except PackError:
            log.exception("The pack that ships for %s cannot be read either", slug)
            return None
    log.critical("Store %s: the pack that ships with the product stands in", slug)
    return version
