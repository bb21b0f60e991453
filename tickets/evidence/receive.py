"""Take a file in: bounded while it streams, looked into, stored, then recorded."""

from __future__ import annotations

import hashlib
import secrets
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from django.core.files.storage import default_storage
from django.core.files.uploadedfile import TemporaryUploadedFile, UploadedFile
from django.core.files.uploadhandler import SkipFile, TemporaryFileUploadHandler
from django.template.defaultfilters import filesizeformat
from django.utils.translation import gettext as _

from tickets.actions.add_evidence import Received, add_evidence
from tickets.actor import Actor
from tickets.errors import InvalidInput
from tickets.evidence.inspect import Unusable, inspect
from tickets.models import Claim, Draft, Evidence

if TYPE_CHECKING:
    from policies.pack import EvidenceInfo

MAX_FILES = 40  # of one draft or claim: far beyond what any rule asks for
_SUFFIXES = {
    "image/jpeg": ".jpg",
    "image/png": ".png",
    "image/webp": ".webp",
    "image/heic": ".heic",
    "video/mp4": ".mp4",
    "video/quicktime": ".mov",
    "video/webm": ".webm",
    "video/x-matroska": ".mkv",
    "video/3gpp": ".3gp",
    "video/x-msvideo": ".avi",
    "video/mp2t": ".ts",
    "video/mpeg": ".mpg",
}


class BoundedUpload(TemporaryFileUploadHandler):
    """Writes to a temporary file, hashing on the way; stops writing past ``max_bytes``.

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
        self._hash = hashlib.sha256()
        self._seen = 0

    def receive_data_chunk(self, raw_data: bytes, start: int) -> None:
        """Write and hash a piece, unless it is one too many."""
        self._seen += len(raw_data)
        if self._seen > self.max_bytes:
            self.too_large.append(str(self.file_name))
            self.file.close()
            raise SkipFile
        self._hash.update(raw_data)
        super().receive_data_chunk(raw_data, start)

    def file_complete(self, file_size: int) -> UploadedFile[bytes] | None:
        """The finished file, with its hash on it."""
        done = super().file_complete(file_size)
        if done is not None:
            done.sha256 = self._hash.hexdigest()  # type: ignore[attr-defined]  # carried along, read below
        return done


@dataclass(frozen=True, slots=True)
class Target:
    """What a file is for: a draft or a claim, by whom, and of which kind."""

    info: EvidenceInfo
    actor: Actor | None
    draft: Draft | None = None
    claim: Claim | None = None

    def files(self) -> int:
        """How many files it has already."""
        owner = self.draft or self.claim
        assert owner is not None
        return owner.evidence.count()


def too_large(info: EvidenceInfo) -> str:
    """What a person is told whose file is over the limit."""
    return _("This file is too large. At most %(size)s can be sent.") % {
        "size": filesizeformat(info.max_bytes)
    }


def receive(
    upload: UploadedFile[bytes], target: Target, *, began_at: datetime, completed_at: datetime
) -> Evidence:
    """Look into an uploaded file, store it, and record it as evidence.

    Nothing stays behind when it is refused: neither here nor by the action.

    Raises:
        InvalidInput: empty, too large, of another kind by content, or not decodable.
        Conflict: the draft was sent, or the claim is over.
    """
    if not upload.size:
        raise InvalidInput(
            _("This file is empty. Please choose it again; it may not have been saved fully."),
            "file",
        )
    if upload.size > target.info.max_bytes:
        raise InvalidInput(too_large(target.info), "file")
    if target.files() >= MAX_FILES:
        raise InvalidInput(
            _("These are many files. Please write to us, and a person will help."), "file"
        )
    assert isinstance(upload, TemporaryUploadedFile)
    try:
        seen = inspect(upload.temporary_file_path(), target.info.media)
    except Unusable as bad:
        raise InvalidInput(bad.message, "file") from bad
    sha256 = getattr(upload, "sha256", "") or _hash(upload)
    # A random name: nothing of what the visitor typed reaches the storage.
    stored = default_storage.save(
        f"evidence/{began_at:%Y/%m}/{secrets.token_urlsafe(18)}"
        + _SUFFIXES.get(seen.content_type, ""),
        upload,
    )
    try:
        evidence = add_evidence(
            Received(
                kind=target.info.kind,
                stored_name=stored,
                original_name=_plain_name(upload.name or ""),
                content_type=seen.content_type,
                size=upload.size,
                sha256=sha256,
                began_at=began_at,
                completed_at=completed_at,
                width=seen.width,
                height=seen.height,
                seconds=seen.seconds,
            ),
            draft=target.draft,
            claim=target.claim,
            actor=target.actor,
            now=completed_at,
        )
    except BaseException:
        default_storage.delete(stored)
        raise
    if evidence.file.name != stored:  # the same file was here before
        default_storage.delete(stored)
    return evidence


def discard(stored_name: str) -> None:
    """Delete a stored file that no row names any more."""
    default_storage.delete(stored_name)


def _hash(upload: UploadedFile[bytes]) -> str:
    digest = hashlib.sha256()
    for chunk in upload.chunks():
        digest.update(chunk)
    upload.seek(0)
    return digest.hexdigest()


def _plain_name(name: str) -> str:
    """The name as shown to people: no path, no control characters, short."""
    text = "".join(c for c in Path(name.replace("\\", "/")).name if c.isprintable()).strip()
    return text[:120] or _("file")
