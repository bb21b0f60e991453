"""The bytes of one request go to the storage while they come; the row follows what is kept."""

from __future__ import annotations

import hmac
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.utils.translation import gettext as _

from tickets.actions.uploads import Turn, advance, let_go
from tickets.evidence.bodies import LineBroken, Source
from tickets.evidence.parts import Overtaken, Parts, Writer, told
from tickets.evidence.tus_headers import CHECKSUM_MISMATCH, Checksum, Refused
from tickets.evidence.waiting import hand_back_connection

BUFFER = 1024 * 1024
EVERY = 32 * 1024 * 1024  # bytes after which they are kept for good within a request
SECONDS = 4.0  # or so long after the last time; well below `SILENCE`


@dataclass(slots=True)
class Intake:
    """One turn: what the row says, and what is underway."""

    turn: Turn
    parts: Parts
    now: Callable[[], datetime]
    offset: int  # the row's
    notes: dict[str, Any]  # the row's

    def note(self, notes: dict[str, Any]) -> bool:
        """Write the storage's notes; the offset stays where it is."""
        if not advance(self.turn, self.offset, notes, now=self.now()):
            return False
        self.notes = notes
        return True


def take(
    turn: Turn,
    source: Source,
    checksum: Checksum | None,
    parts: Parts,
    now: Callable[[], datetime],
) -> int:
    """Take the body of one request; returns the offset that is confirmed now.

    When the line breaks, what has come is kept, unless it was to be checked as a whole. The
    turn is over afterwards in any case.

    Raises:
        Refused: 413 for more than the file has, 460 for a wrong checksum; nothing was kept.
        Overtaken: another writer has the turn, or the upload was called off.
        StorageTrouble: the row says what was kept before.
    """
    intake = Intake(turn, parts, now, turn.offset, dict(turn.upload.parts))
    over = False
    try:
        with told():
            writer = parts.writer(turn, intake.note, now())
            try:
                _pour(intake, writer, source, checksum)
                _settle(intake, writer, done=True)
                over = True
            finally:
                writer.close()
    finally:
        if not over:
            let_go(turn)
    turn.upload.offset, turn.upload.parts = intake.offset, intake.notes
    return intake.offset


def _pour(intake: Intake, writer: Writer, source: Source, checksum: Checksum | None) -> None:
    total = intake.turn.upload.length - intake.turn.offset
    digest = checksum.start() if checksum else None
    buffer = memoryview(bytearray(BUFFER))
    come = since = 0
    last = time.monotonic()
    try:
        while True:
            if source.waits():
                hand_back_connection()
            count = source.into(buffer)
            if not count:
                break
            if count > total - come:
                writer.forget()
                raise Refused(413, _("This is more than the whole file was said to be."))
            if digest is not None:
                digest.update(buffer[:count])
            writer.write(buffer[:count])
            come, since = come + count, since + count
            if since >= EVERY or time.monotonic() - last >= SECONDS:
                if digest is None:
                    _settle(intake, writer, done=False)
                elif not intake.note(intake.notes):
                    raise Overtaken
                since, last = 0, time.monotonic()
    except LineBroken:
        if digest is not None:
            writer.forget()
            raise Refused(400, _("The connection broke before this part was complete.")) from None
        return
    if checksum and digest and not hmac.compare_digest(digest.digest(), checksum.digest):
        writer.forget()
        raise Refused(
            CHECKSUM_MISMATCH, _("This part was damaged on its way. It will be sent again.")
        )


def _settle(intake: Intake, writer: Writer, *, done: bool) -> None:
    kept = writer.keep(last=done)
    notes = {**intake.notes, **kept.notes} if not kept.notes else kept.notes
    if not advance(intake.turn, kept.offset, notes, now=intake.now(), done=done):
        writer.forget()
        raise Overtaken
    intake.offset, intake.notes = kept.offset, notes
    writer.settled()
