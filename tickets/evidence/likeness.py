"""Which other files are the same, or look the same: found through indexes, judged by people.

The print of a picture is 64 bits; two prints are alike when few of their bits differ. No index
finds "few bits differ", so a print is kept as four bands of 16 bits. Of seven differing bits at
the most, some band holds one or none (there are only four bands); whoever looks for each band as
it is and with each single bit of it turned, 4 × 17 values, misses none of them. What shares a
band by chance is counted out in SQL.

A film has many frames, and a third of them must match: there the bands are looked up as they
are. That finds a frame surely within three bits, and mostly beyond; one frame is enough to name
the other film, all frames of which are then compared.

A print that is nearly all zeros or ones is that of a black, white or empty picture: it looks like
every other such picture, and is passed over.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.db import connection
from django.db.models import QuerySet

from tickets import access
from tickets.actor import Actor
from tickets.lifecycle import EvidenceState
from tickets.models import Evidence, FilePrint

BANDS, BAND_BITS = 4, 16
REACH = 7  # bits: every print within this distance is found by `probes_of`
NEAR_PHOTO = 6  # bits that may differ for a photo to be "nearly the same"
NEAR_FRAME = 6  # the same for one frame of a film
FRAMES_AT_LEAST = 2
FRAMES_SHARE = 3  # one frame of so many must match
MOST_FRAMES = 24  # of a film are looked up, spread over it
MOST_FOUND = 200  # rows of one print: beyond that it is a stock picture, not a trace
MOST_FILMS = 40  # other films that are compared frame by frame
BLANK = 6  # set (or unset) bits of a print that says nothing
MOST_SHOWN = 8  # files named to a person

_MASK = (1 << BAND_BITS) - 1
_WHOLE = (1 << 64) - 1
# One print against all others.
_NEAR = (
    "(SELECT %s::bigint, evidence_id, bit_count((bits # %s::bigint)::bit(64))"
    " FROM tickets_fileprint WHERE bands && %s::int[]"
    " AND bit_count((bits # %s::bigint)::bit(64)) <= %s LIMIT %s)"
)
# The planner takes every band for a common one, and would rather read the whole table, compile
# the query or start helpers. It is told not to, for this one statement: several statements that
# are sent at once are one transaction.
STEER = (
    "SET LOCAL enable_seqscan = off; SET LOCAL jit = off;"
    " SET LOCAL max_parallel_workers_per_gather = 0; "
)
_STEERED = 3  # statements
_LET_GO = (
    "; SET LOCAL enable_seqscan TO DEFAULT; SET LOCAL jit TO DEFAULT;"
    " SET LOCAL max_parallel_workers_per_gather TO DEFAULT"
)


@dataclass(frozen=True, slots=True)
class Alike:
    """``mine`` and ``other``, a file elsewhere. ``same``: not one byte differs.

    Else ``distance`` is the number of bits (0-64) in which the closest prints differ, and of a
    film ``frames`` of ``of`` frames match.
    """

    mine: Evidence
    other: Evidence
    same: bool
    distance: int = 0
    frames: int = 0
    of: int = 0


def bands_of(bits: int) -> list[int]:
    """The four 16-bit parts of a print, the lowest first, each with its number in front.

    ``bits`` may be signed, as the database keeps it, or not. For `FilePrint.bands`.
    """
    return [
        part << BAND_BITS | (bits >> part * BAND_BITS) & _MASK  # Python's >> keeps the sign
        for part in range(BANDS)
    ]


def signed(bits: int) -> int:
    """A print of 64 bits as PostgreSQL's bigint holds it."""
    bits &= _WHOLE
    return bits - (1 << 64) if bits >> 63 else bits


def hamming(one: int, other: int) -> int:
    """In how many of the 64 bits two prints differ (0-64), signed or not."""
    return ((one ^ other) & _WHOLE).bit_count()


def probes_of(bits: int) -> list[int]:
    """The 68 bands by which every print within ``REACH`` bits is found."""
    return [
        probe
        for band in bands_of(bits)
        for probe in (band, *(band ^ 1 << place for place in range(BAND_BITS)))
    ]


def tells(bits: int) -> bool:
    """Whether a print says something: that of an empty picture does not."""
    return BLANK <= (bits & _WHOLE).bit_count() <= 64 - BLANK


def alike(
    mine: Sequence[Evidence], actor: Actor, *, prints: Mapping[int, Sequence[int]]
) -> list[Alike]:
    """Filed files of other requests that are, or look, the same as these; the surest first.

    Only what ``actor`` may see. ``prints`` holds the prints of each of ``mine`` by its key, in
    the order of time. One query where nothing is found, and one more where ``twins`` of a file
    (those with its hash) are not known; films that might be the same cost one more, and naming
    what was found another.
    """
    ready = [one for one in mine if one.state == EvidenceState.READY]
    if not ready:
        return []
    looks = look_alikes({one.pk: prints.get(one.pk, ()) for one in ready}, films=_films(ready))
    there = {match.other for match in looks} | _twins(ready)
    rows = {row.pk: row for row in _elsewhere(ready, actor).filter(pk__in=there)} if there else {}
    found = [
        Alike(one, row, same=True)
        for row in rows.values()
        for one in ready
        if one.sha256 and row.sha256 == one.sha256
    ]
    known = {(pair.mine.pk, pair.other.pk) for pair in found}
    own = {one.pk: one for one in ready}
    for match in looks:
        other, one = rows.get(match.other), own[match.mine]
        if other is None or (one.pk, other.pk) in known or bool(other.seconds) != bool(one.seconds):
            continue
        found.append(Alike(one, other, False, match.distance, match.frames, match.of))
    found.sort(key=lambda pair: (not pair.same, pair.distance, -pair.other.pk))
    return found[:MOST_SHOWN]


def _films(files: Iterable[Evidence]) -> frozenset[int]:
    return frozenset(one.pk for one in files if one.seconds)


def _elsewhere(mine: Sequence[Evidence], actor: Actor) -> QuerySet[Evidence]:
    """Filed files that the actor may see, of other requests than these."""
    claims = {one.claim_id for one in mine if one.claim_id}
    tickets = {one.ticket_id for one in mine if one.ticket_id}
    rows = access.evidence_for(actor).exclude(pk__in=[one.pk for one in mine])
    rows = rows.filter(message=None, reply=None)  # what goes with a message proves nothing
    if claims:
        rows = rows.exclude(claim__isnull=False, claim__in=claims)
    if tickets:
        rows = rows.exclude(ticket__isnull=False, ticket__in=tickets)
    return rows.select_related(
        "claim__ticket__customer", "claim__ticket__store", "ticket__customer", "ticket__store"
    )


def _twins(mine: Sequence[Evidence]) -> set[int]:
    """The newest files that are byte by byte one of these, whoever may see them.

    Whoever has read ``mine`` may have looked already: then each has them as ``twins``.
    """
    looked = {pk for one in mine for pk in getattr(one, "twins", ())}
    left = {one.sha256 for one in mine if one.sha256 and not hasattr(one, "twins")}
    if not left:
        return looked
    # "Not empty" names the partial index.
    rows = Evidence.objects.filter(sha256__in=left).exclude(sha256="").order_by("-pk")
    return looked | set(rows.values_list("pk", flat=True)[:MOST_FOUND])


@dataclass(frozen=True, slots=True)
class Match:
    """Two files by their keys, whose prints are near: see `Alike`."""

    mine: int
    other: int
    distance: int
    frames: int = 0
    of: int = 0


def look_alikes(
    prints: Mapping[int, Sequence[int]], *, films: Collection[int] = frozenset()
) -> list[Match]:
    """Files whose prints are near, whoever may see them: not yet for anybody's eyes.

    ``prints`` by the file's key; of those in ``films`` a share of the frames must match.
    """
    asked = [
        (pk, bits, NEAR_FRAME if pk in films else NEAR_PHOTO, pk in films)
        for pk, each in prints.items()
        for bits in (spread(each, MOST_FRAMES) if pk in films else each)
        if tells(bits)
    ]
    nearest: dict[tuple[int, int], int] = {}
    hits: dict[tuple[int, int], int] = defaultdict(int)
    for mine, other, distance in _near(asked):
        if other in prints:
            continue
        pair = (mine, other)
        hits[pair] += 1
        nearest[pair] = min(distance, nearest.get(pair, distance))
    found = [Match(*pair, distance) for pair, distance in nearest.items() if pair[0] not in films]
    promising = sorted((pair for pair in hits if pair[0] in films), key=lambda pair: -hits[pair])
    return found + _same_films(promising[:MOST_FILMS], prints)


def spread(prints: Sequence[int], most: int) -> list[int]:
    """At most so many of the prints, evenly over the film."""
    if len(prints) <= most:
        return list(prints)
    return [prints[number * len(prints) // most] for number in range(most)]


def _near(asked: Sequence[tuple[int, int, int, bool]]) -> list[tuple[int, int, int]]:
    """(mine, other, distance) of every print near to one of these, in one statement."""
    if not asked:
        return []
    parts: list[Any] = []
    for pk, bits, within, exactly in asked:
        bands = bands_of(bits) if exactly else probes_of(bits)
        parts += [pk, signed(bits), bands, signed(bits), within, MOST_FOUND]
    with connection.cursor() as cursor:
        cursor.execute(STEER + " UNION ALL ".join([_NEAR] * len(asked)) + _LET_GO, parts)
        for _ in range(_STEERED):
            cursor.nextset()
        return list(cursor.fetchall())


def _same_films(
    pairs: Sequence[tuple[int, int]], prints: Mapping[int, Sequence[int]]
) -> list[Match]:
    """Of pairs of films with a frame in common, those with enough of them."""
    if not pairs:
        return []
    theirs: dict[int, list[int]] = defaultdict(list)
    rows = FilePrint.objects.filter(evidence__in={other for _mine, other in pairs})
    for pk, bits in rows.values_list("evidence_id", "bits"):
        theirs[pk].append(bits)
    found = []
    for mine, other in pairs:
        match = compare_films(prints[mine], theirs[other])
        if match is not None:
            found.append(Match(mine, other, *match))
    return found


def compare_films(mine: Sequence[int], other: Sequence[int]) -> tuple[int, int, int] | None:
    """(distance, frames, of) when enough frames match; None when they do not.

    Counted on both sides and the smaller number taken, so that one frame which looks like many
    counts once; ``of`` is the number of frames of the shorter film.
    """
    ours, theirs = ([bits for bits in each if tells(bits)] for each in (mine, other))
    of = min(len(ours), len(theirs))
    matched: tuple[set[int], set[int]] = (set(), set())
    closest = 64
    for here, bits in enumerate(ours):
        for there, against in enumerate(theirs):
            distance = hamming(bits, against)
            if distance <= NEAR_FRAME:
                matched[0].add(here)
                matched[1].add(there)
                closest = min(closest, distance)
    frames = min(len(matched[0]), len(matched[1]))
    enough = frames >= FRAMES_AT_LEAST and frames * FRAMES_SHARE >= of
    return (closest, frames, of) if enough else None
