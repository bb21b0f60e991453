"""Take a file in by a plain form: bounded while it streams, stored, then recorded."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from django.core.files.storage import default_storage
from django.core.files.uploadedfile import UploadedFile
from django.core.files.uploadhandler import SkipFile, TemporaryFileUploadHandler
from django.template.defaultfilters import filesizeformat
from django.utils.translation import gettext as _

from tickets.actions import attachments
from tickets.actions.add_evidence import Arrival, take_in
from tickets.actions.uploads import Place, new_stored_name
from tickets.actor import Actor
from tickets.errors import InvalidInput
from tickets.evidence.parts import parts, told
from tickets.models import Evidence

if TYPE_CHECKING:
    from policies.pack import EvidenceInfo


LONGEST_NAME = 120


class BoundedUpload(TemporaryFileUploadHandler):
    """Writes to a temporary file; stops writing past ``max_bytes``.

    A file that is too large is read to its end and forgotten, so that the browser hears
    the answer instead of a broken connection. ``too_large`` names those files.
    """

    def __init__(self, request: Any = None, *, max_bytes: int) -> None:
        super().__init__(request)
        self.max_bytes = max_bytes
        self.too_large: list[str] = []

    def new_file(self, *args: Any, **kwargs: Any) -> None:
        """Start over for the next file of the form."""
        super().new_file(*args, **kwargs)
        self._seen = 0

    def receive_data_chunk(self, raw_data: bytes, start: int) -> None:
        """Write and hash a piece, unless it is one too many."""
        self._seen += len(raw_data)
        if self._seen > self.max_bytes:
            self.too_large.append(str(self.file_name))
            self.file.close()
            raise SkipFile
        super().receive_data_chunk(raw_data, start)


@dataclass(frozen=True, slots=True)
class Target:
    """What a file is for, by whom, and of which kind."""

    info: EvidenceInfo
    actor: Actor | None
    place: Place


def empty() -> str:
    """What a person is told whose file has no byte in it."""
    return _("This file is empty. Please choose it again; it may not have been saved fully.")


def too_large(info: EvidenceInfo) -> str:
    """What a person is told whose file is over the limit."""
    return _("This file is too large. At most %(size)s can be sent.") % {
        "size": filesizeformat(info.max_bytes)
    }


def receive(
    upload: UploadedFile[bytes], target: Target, *, began_at: datetime, completed_at: datetime
) -> Evidence:
    """Store an uploaded file and record it; a job looks into it.

    Nothing stays behind when it is refused: neither here nor by the action.

    Raises:
        InvalidInput: empty, too large, or one too many.
        StorageTrouble: no room, or the storage does not answer.
        Conflict: the draft was sent, or the claim is over.
    """
    if not upload.size:
        raise InvalidInput(empty(), "file")
    if upload.size > target.info.max_bytes:
        raise InvalidInput(too_large(target.info), "file")
    with told():
        parts().room(upload.size)
        stored = default_storage.save(new_stored_name(began_at), upload)
    arrival = Arrival(
        kind=target.info.kind,
        stored_name=stored,
        original_name=plain_name(upload.name or ""),
        size=upload.size,
        began_at=began_at,
        completed_at=completed_at,
    )
    try:
        return _taken(arrival, target, completed_at)
    except BaseException:
        default_storage.delete(stored)
        raise


def _taken(arrival: Arrival, target: Target, now: datetime) -> Evidence:
    place, actor = target.place, target.actor
    if place.attached and place.ticket is not None and actor is not None:
        return attachments.take_in(arrival, place.ticket, actor=actor, now=now)
    return take_in(
        arrival, draft=place.draft, claim=place.claim, ticket=place.ticket, actor=actor, now=now
    )


def discard(*stored_names: str) -> None:
    """Delete stored files that no row names any more."""
    for name in stored_names:
        default_storage.delete(name)


def plain_name(name: str) -> str:
    """The name as shown to people: no path, no control characters, short."""
    text = "".join(c for c in name.replace("\\", "/").rpartition("/")[2] if c.isprintable())
    text = text.strip().lstrip(".").strip()
    if len(text) > LONGEST_NAME:
        stem, suffix = Path(text).stem, Path(text).suffix[:10]
        text = stem[: LONGEST_NAME - len(suffix)] + suffix
    return text or _("file")
