"""Claim, work, settle: how a file that arrived comes to be ready, and gets its copies.

Scan, inspect and copy follow each other at once, under one lease and on one local copy of the
file. Previews may take minutes and are left to a run of their own. No transaction is open while a
file is being looked into; what was found is settled by the action, which a second call does not
harm, and the row is moved on only while its lease is still ours.
"""

from __future__ import annotations

import io
import logging
import time
from collections.abc import Callable, Collection
from contextlib import ExitStack
from datetime import datetime, timedelta
from pathlib import Path
from typing import IO

from django.core.files.storage import default_storage
from django.db import InterfaceError, OperationalError

from policies.publish import NoGoodVersion, in_force, pack_of
from supportdesk.nudge import preview_files as nudge_previews
from tickets.actions import attachments, check_evidence
from tickets.actions.check_evidence import Findings, Refusal
from tickets.actions.uploads import made_sure
from tickets.evidence import filejobs, pictures, programs, scan
from tickets.evidence.filejobs import Lease, Lost
from tickets.evidence.inspect import inspect, sha256_of
from tickets.evidence.local import StorageAway, original, storage_errors
from tickets.evidence.outages import SCANNER, STORAGE, end_outage, raise_outage
from tickets.evidence.parts import parts
from tickets.evidence.programs import Died, Halted, Runner
from tickets.lifecycle import EvidenceState, FileStage
from tickets.models import Evidence, Upload

log = logging.getLogger(__name__)

QUICK = (FileStage.SCAN, FileStage.INSPECT, FileStage.COPY)
SLOW = (FileStage.PREVIEW,)
ALL = (*QUICK, *SLOW)
SLICE = 240.0  # seconds one task works before it lets others in
_RENEW = 20.0  # seconds between two renewals of a lease
_OWNERS = (
    "draft__order",
    "claim__policy_version",
    "ticket__order",
)


def run_due(
    now: datetime,
    *,
    stages: Collection[FileStage] = QUICK,
    limit: int = 500,
    slice_seconds: float = SLICE,
    run: Runner = programs.run,
    ticks: Callable[[], float] = time.monotonic,
) -> int:
    """Work on what is due until nothing is, ``limit`` files were taken or the time is over.

    Returns how many stages were done. ``now`` is the instant at which the run began; leases
    are counted on from there by ``ticks``, in seconds: the machine's own, unless time stands
    still in an invented past. ``run`` opens the files: apart and
    under limits, unless they are of our own making.
    """
    started = ticks()

    def instant() -> datetime:
        return now + timedelta(seconds=ticks() - started)

    asked = set(stages)
    done = 0
    for _ in range(limit):
        if not asked or ticks() - started > slice_seconds:
            break
        lease = filejobs.take(instant(), asked)
        if lease is None:
            break
        turn = Turn(lease, asked, instant, run)
        turn.work()
        done += turn.done
        # One file has told us; the others need not run into it. The next run tries again.
        asked -= turn.away
    return done


def media_of(evidence: Evidence) -> str:
    """``photo`` or ``video``, as the store's rules say of this kind; ``any`` where they do not.

    ``file`` for what goes with a message: a document will do, too.
    """
    if evidence.kind == attachments.KIND:
        return "file"
    claim, ticket, draft = evidence.claim, evidence.ticket, evidence.draft
    try:
        if claim is not None:
            pack = pack_of(claim.policy_version)
        else:
            owner = ticket or draft
            assert owner is not None  # a constraint
            placed = owner.order.placed_at if owner.order else evidence.began_at
            pack = pack_of(in_force(owner.store_id, placed))
    except NoGoodVersion:
        return "any"
    info = pack.evidence_kinds.get(evidence.kind)
    return info.media if info else "any"


class _Beating(io.BufferedIOBase):
    """A file that is read while the lease is kept."""

    def __init__(self, file: IO[bytes], beat: Callable[[], None]) -> None:
        self._file, self._beat = file, beat

    def read(self, size: int | None = -1) -> bytes:
        """The next bytes, as any file gives them."""
        self._beat()
        return self._file.read(-1 if size is None else size)


class Turn:
    """One leased file: stage after stage, for as long as they are ours to do."""

    def __init__(
        self,
        lease: Lease,
        asked: Collection[FileStage],
        instant: Callable[[], datetime],
        run: Runner,
    ) -> None:
        self.lease, self.asked, self.instant, self.run = lease, asked, instant, run
        self.done = 0
        self.away: set[FileStage] = set()  # stages that have to wait for something that is away
        self._renewed = time.monotonic()
        self._path: Path | None = None
        self._sha256 = ""

    def beat(self) -> None:
        """Keep the lease while something long goes on. Raises Lost."""
        if time.monotonic() - self._renewed >= _RENEW:
            filejobs.renew(self.lease, self.instant())
            self._renewed = time.monotonic()

    def work(self) -> None:
        """Do what can be done now. Whatever happens to this file, the next one is not touched."""
        evidence = Evidence.objects.select_related(*_OWNERS).filter(pk=self.lease.evidence_id)
        try:
            with ExitStack() as self.open:
                self._stages(evidence.get())
        except (Lost, Evidence.DoesNotExist):
            return
        except (OperationalError, InterfaceError):
            raise  # the database, not the file: the lease runs out, and somebody goes on
        except StorageAway as error:
            self._put_off(STORAGE, str(error))
            self.away |= set(ALL)
        except scan.ScannerAway as error:
            self._put_off(SCANNER, error.reason)
            if scan.LIMIT not in error.reason:  # else it is about this one file
                self.away.add(FileStage.SCAN)
        except Halted:
            self._settled(filejobs.release)
            self.away |= set(ALL)
        except Exception as error:  # one broken row must not hold up the others
            log.exception("File job %s could not be done", self.lease.job_id)
            self._settled(filejobs.retry, f"{type(error).__name__}: {error}")
        else:
            if self._path is not None and end_outage(STORAGE, now=self.instant()):
                filejobs.wake(STORAGE, self.instant())

    def _stages(self, evidence: Evidence) -> None:
        steps = {
            FileStage.SCAN: self._scan,
            FileStage.INSPECT: self._inspect,
            FileStage.COPY: self._copy,
            FileStage.PREVIEW: self._preview,
        }
        while True:
            if not evidence.file:
                filejobs.hand_on(self.lease, FileStage.DONE, self.instant(), "erased")
                return
            following, note = self._given_up(evidence) or steps[self.lease.stage](evidence)
            self.done += 1
            if following not in self.asked:
                filejobs.hand_on(self.lease, following, self.instant(), note)
                if following == FileStage.PREVIEW:
                    nudge_previews()
                return
            self.lease = filejobs.go_on(self.lease, following, self.instant(), note)

    def _given_up(self, evidence: Evidence) -> tuple[FileStage, str] | None:
        """What follows for a file that took its worker down, or failed, every time."""
        stage, why = self.lease.stage, self.lease.last_error or "every attempt ended in silence"
        missing = why.startswith("FileNotFoundError")
        # The scan opens nothing: where workers die there, it is not the file. It never passes.
        if not self.lease.is_spent or (stage == FileStage.SCAN and not missing):
            return None
        log.error("File job %s is given up at %s: %s", self.lease.job_id, stage, why)
        if stage in (FileStage.SCAN, FileStage.INSPECT):
            media = media_of(evidence)
            problem = {"photo": "broken_photo", "file": "broken_file"}.get(media, "broken_video")
            self._settle(evidence, Refusal(problem if missing else "too_heavy"))
            return FileStage.DONE, why
        return (FileStage.PREVIEW if stage == FileStage.COPY else FileStage.DONE), why

    # -- stages: each returns the next one, and a note --------------------------

    def _scan(self, evidence: Evidence) -> tuple[FileStage, str]:
        if evidence.state != EvidenceState.RECEIVED:
            return self._scan_again(evidence)
        if not self._made_sure(evidence):
            self._settle(evidence, Refusal("interrupted", self._hash(evidence)))
            return FileStage.DONE, ""
        if not scan.is_on():
            return FileStage.INSPECT, ""
        sha256 = self._hash(evidence)
        found = self._scanned(evidence)
        if isinstance(found, scan.Infected):
            log.warning("File %s is infected: %s", evidence.pk, found.name)
            self._settle(evidence, Refusal("infected", sha256, infected=True))
            following = FileStage.DONE
        else:
            check_evidence.clean(evidence.pk, now=self.instant())
            following = FileStage.INSPECT
        self.lease = filejobs.go_on(self.lease, FileStage.INSPECT, self.instant())
        if end_outage(SCANNER, now=self.instant()):
            filejobs.wake(SCANNER, self.instant())
        return following, ""

    def _scanned(self, evidence: Evidence) -> scan.Clean | scan.Infected:
        with self._original(evidence).open("rb") as file:
            found = scan.scan_stream(_Beating(file, self.beat))
        # Before the outage ends: a file that the scanner would not take has gone through.
        filejobs.renew(self.lease, self.instant())
        return found

    def _scan_again(self, evidence: Evidence) -> tuple[FileStage, str]:
        """A file that was looked into before there was a scanner; see `rescan`.

        What was decided on it stands; what is found harmful stays shut away, as it is by now.
        """
        over = evidence.scanned_at is not None or evidence.state == EvidenceState.INFECTED
        if over or not scan.is_on():
            return FileStage.INSPECT, ""
        found = self._scanned(evidence)
        if isinstance(found, scan.Infected):
            log.error("File %s, taken in before, is infected: %s", evidence.pk, found.name)
            return FileStage.DONE, f"{filejobs.HARMFUL}{found.name}"
        check_evidence.clean(evidence.pk, now=self.instant())
        made = evidence.copies.exists()
        return (FileStage.DONE if made else FileStage.INSPECT), ""

    def _inspect(self, evidence: Evidence) -> tuple[FileStage, str]:
        state: EvidenceState | str = evidence.state
        if state == EvidenceState.RECEIVED:
            sha256 = self._hash(evidence)
            found = inspect(
                self._original(evidence),
                media_of(evidence),
                sha256=sha256,
                kind=evidence.kind,
                run=self.run,
                beat=self.beat,
            )
            filejobs.renew(self.lease, self.instant())
            self._settle(evidence, found)
            evidence.refresh_from_db()
            state = evidence.state
        if state != EvidenceState.READY:
            return FileStage.DONE, ""
        if evidence.kind != attachments.KIND:
            return FileStage.COPY, ""
        # Compared with nothing; a picture is shown small, a document is only saved.
        return (FileStage.PREVIEW if evidence.width else FileStage.DONE), ""

    def _copy(self, evidence: Evidence) -> tuple[FileStage, str]:
        try:
            pictures.make_copies(
                evidence, self._original(evidence), now=self.instant(), run=self.run, beat=self.beat
            )
        except (Died, pictures.NoPicture) as error:
            return FileStage.PREVIEW, f"no sheet: {error}"
        return FileStage.PREVIEW, ""

    def _preview(self, evidence: Evidence) -> tuple[FileStage, str]:
        try:
            pictures.make_preview(
                evidence, self._original(evidence), now=self.instant(), run=self.run, beat=self.beat
            )
        except (Died, pictures.NoPicture) as error:
            return FileStage.DONE, f"no preview: {error}"
        return FileStage.DONE, self.lease.last_error

    # -- what the stages share ----------------------------------------------------

    def _made_sure(self, evidence: Evidence) -> bool:
        """Whether all of it outlives a power cut from now on: before that nobody is told ready."""
        upload = Upload.objects.filter(evidence=evidence).first()
        with storage_errors():
            if not parts().make_sure(upload, str(evidence.file.name)):
                return False
        if upload is not None:
            made_sure(upload)
        return True

    def _original(self, evidence: Evidence) -> Path:
        if self._path is None:
            self._path = self.open.enter_context(original(evidence, self.beat))
        return self._path

    def _hash(self, evidence: Evidence) -> str:
        """The original's hash, computed before anything else looks into it."""
        self._sha256 = self._sha256 or sha256_of(self._original(evidence), self.beat)
        return self._sha256

    def _settle(self, evidence: Evidence, found: Findings | Refusal) -> None:
        settled = check_evidence.settle(evidence.pk, found, now=self.instant())
        for name in settled.discard if settled else ():
            try:
                default_storage.delete(name)
            except Exception as error:  # whatever a storage raises: the sweep finds it
                log.warning("A file that was there already stays behind: %s", error)
        if settled is None or settled.discard:
            raise Lost  # the row went with its file

    def _put_off(self, kind: str, reason: str) -> None:
        raise_outage(kind, reason, now=self.instant())
        self._settled(filejobs.put_off, kind, reason)

    def _settled(self, how: Callable[..., None], *what: str) -> None:
        try:
            how(self.lease, *what, self.instant())
        except Lost:
            log.info("File job %s went to somebody else meanwhile", self.lease.job_id)
