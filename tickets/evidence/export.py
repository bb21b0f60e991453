"""One request, sealed: its originals, their hashes, what happened, and the decision, as a ZIP.

The hashes of the originals are those of their arrival, from their rows: a file that was changed
in the storage afterwards does not fit them. ``sha256sum -c SHA256SUMS`` checks the whole; the
SHA-256 of that very list is kept by the event, so that an export can be proven ours later.
"""

from __future__ import annotations

import hashlib
import logging
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

from django.conf import settings
from django.core.files.storage import default_storage
from django.utils import timezone, translation
from zipstream import ZIP_STORED, ZipStream

from tickets.custody_words import as_csv, chains, files_of
from tickets.evidence import documents
from tickets.evidence.links import readable_name
from tickets.evidence.pdf import decision_pdf
from tickets.evidence.stored import StorageAway, open_range
from tickets.lifecycle import EvidenceState
from tickets.models import Evidence, Ticket
from tickets.models.event import standing

MANIFEST = "SHA256SUMS"
log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Original:
    """A file that goes along: its name in the archive, and how many bytes the storage has."""

    name: str
    evidence: Evidence
    size: int


@dataclass(frozen=True, slots=True)
class Bundle:
    """An export put together, before a byte of an original was read.

    ``seen`` is the last event it tells of; ``sha256`` that of the list of hashes.
    """

    reference: str
    originals: Sequence[Original]
    papers: Mapping[str, bytes]
    manifest: bytes
    sha256: str
    seen: int


def prepare(ticket: Ticket, *, now: datetime) -> Bundle:
    """Put an export together, in the store's language. ``ticket`` was found by who asks.

    Raises:
        StorageAway: an original that should be there cannot be found now.
    """
    seen = ticket.last_seq
    files = files_of(ticket)
    given = [each for each in files if _goes_along(each)]
    originals = [
        Original(f"originals/{number:02d}-{readable_name(each, 'original')}", each, _size(each))
        for number, each in enumerate(given, start=1)
    ]
    zone = ZoneInfo(ticket.store.time_zone)
    with translation.override(ticket.store.locale), timezone.override(zone):
        papers = _papers(ticket, files, originals, now)
    lines = [f"{one.evidence.sha256}  {one.name}" for one in originals]
    lines += [f"{hashlib.sha256(body).hexdigest()}  {name}" for name, body in papers.items()]
    manifest = ("\n".join(lines) + "\n").encode()
    return Bundle(
        ticket.reference, originals, papers, manifest, hashlib.sha256(manifest).hexdigest(), seen
    )


def stream(bundle: Bundle) -> ZipStream:
    """The archive, made while it is read: stored, never whole in memory; it knows its length."""
    archive = ZipStream(compress_type=ZIP_STORED, sized=True)
    archive.comment = f"SHA-256 of {MANIFEST}: {bundle.sha256}"
    for name in ("README.txt", *(name for name in bundle.papers if name != "README.txt")):
        archive.add(bundle.papers[name], name)
    archive.add(bundle.manifest, MANIFEST)
    for one in bundle.originals:
        archive.add(_read(one), one.name, size=one.size)
    return archive


def hashes_in(manifest: bytes) -> list[str]:
    """The hashes that a list names, at most a thousand; what is no such line is passed over."""
    found = []
    for line in manifest.decode("utf-8", "replace").splitlines()[:1000]:
        digest = line[:64].lower()
        if len(digest) == 64 and all(sign in "0123456789abcdef" for sign in digest):
            found.append(digest)
    return found


def _papers(
    ticket: Ticket, files: Sequence[Evidence], originals: Sequence[Original], now: datetime
) -> dict[str, bytes]:
    zone = ZoneInfo(ticket.store.time_zone)
    events = documents.timeline_rows(ticket)
    names = [(one.name, one.evidence) for one in originals]
    left_out = [each for each in files if not _goes_along(each)]
    return {
        "decision.pdf": decision_pdf(ticket, standing(events), files, now=now),
        "timeline.csv": documents.timeline_csv(events, zone),
        "timeline.json": documents.timeline_json(ticket, events),
        "custody.csv": "".join(as_csv(chains(ticket), ticket.store)).encode(),
        "README.txt": documents.readme(ticket, names, left_out, now),
    }


def _goes_along(evidence: Evidence) -> bool:
    if evidence.erased_at is not None or evidence.state == EvidenceState.INFECTED:
        return False
    scanned = not settings.CLAMD_URL or evidence.scanned_at is not None
    return scanned and bool(evidence.sha256)


def _size(evidence: Evidence) -> int:
    """What the storage has, not what the row says: a changed file goes along, and shows."""
    try:
        return int(default_storage.size(str(evidence.file.name)))
    except Exception as error:  # every storage client has its own
        log.error("An original for an export cannot be found: %s", type(error).__name__)
        raise StorageAway from error


def _read(one: Original) -> Iterator[bytes]:
    if one.size == 0:
        return
    source = open_range(str(one.evidence.file.name), 0, one.size - 1)
    try:
        yield from source
    finally:
        source.close()
