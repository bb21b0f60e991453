"""The words of tus 1.0.0: what its headers may say, and the answer to those that say otherwise.

https://tus.io/protocols/resumable-upload (core, creation, creation-with-upload, checksum,
expiration, termination). Nothing here knows a row, a file or a request; every answer is a
sentence that the client can show.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import re
from dataclasses import dataclass, field

from django.utils.translation import gettext as _

VERSION = "1.0.0"
EXTENSIONS = ("creation", "creation-with-upload", "checksum", "expiration", "termination")
ALGORITHMS = ("sha1", "sha256", "md5")
CONTENT_TYPE = "application/offset+octet-stream"
CHECKSUM_MISMATCH = 460  # tus' own number
_NUMBER = re.compile(r"[0-9]{1,18}")
_KEY = re.compile(r"[!-+\--~]+")  # printable ASCII without the comma and the space
_LONGEST = 4096  # characters of Upload-Metadata


class Refused(Exception):
    """Not done: a status of tus, a sentence for a person, and headers that belong to it."""

    def __init__(self, status: int, message: str, headers: dict[str, str] | None = None) -> None:
        super().__init__(message)
        self.status = status
        self.message = message
        self.headers = headers or {}


@dataclass(frozen=True, slots=True)
class Checksum:
    """What the bytes of one request must add up to."""

    algorithm: str
    digest: bytes

    def start(self) -> hashlib._Hash:
        """A hash to feed with the bytes."""
        return hashlib.new(self.algorithm, usedforsecurity=False)


@dataclass(frozen=True, slots=True)
class Metadata:
    """What the client says of the file. ``said`` is the header as it came, for HEAD."""

    said: str = ""
    values: dict[str, bytes] = field(default_factory=dict)

    @property
    def filename(self) -> str:
        """The name in UTF-8; bytes that are none become question marks, not an error."""
        return self.values.get("filename", b"").decode("utf-8", "replace")


def speak(resumable: str | None) -> None:
    """Both must speak the same version.

    Raises:
        Refused: 412, with the versions that are spoken here.
    """
    if resumable != VERSION:
        raise Refused(
            412,
            _("This way of sending files speaks another version than your program."),
            {"Tus-Version": VERSION},
        )


def length_of(said: str | None, deferred: str | None) -> int:
    """The length of a new upload, in bytes (it may be 0).

    Raises:
        Refused: 400, when it is missing, deferred, or no number.
    """
    if deferred is not None:
        raise Refused(400, _("The length of a file must be known before it is sent."))
    if said is None or not _NUMBER.fullmatch(said):
        raise Refused(400, _("The program did not say how long the file is."))
    return int(said)


def offset_of(said: str | None) -> int:
    """Where the bytes of this request begin.

    Raises:
        Refused: 400, when it is missing or no number.
    """
    if said is None or not _NUMBER.fullmatch(said):
        raise Refused(400, _("The program did not say which part of the file this is."))
    return int(said)


def body_length(said: str | None) -> int | None:
    """The length of a request's body; ``None`` when it is not told in advance.

    Raises:
        Refused: 400, when it is no number.
    """
    if not said:
        return None
    if not _NUMBER.fullmatch(said):
        raise Refused(400, _("The program did not say how long this part is."))
    return int(said)


def octets(content_type: str | None) -> None:
    """Bytes are sent as bytes.

    Raises:
        Refused: 415.
    """
    if (content_type or "").split(";")[0].strip().lower() != CONTENT_TYPE:
        raise Refused(415, _("Parts of a file are sent as %(type)s.") % {"type": CONTENT_TYPE})


def checksum_of(said: str | None) -> Checksum | None:
    """``algorithm base64`` of Upload-Checksum.

    Raises:
        Refused: 400, for what cannot be read or an algorithm that is not offered.
    """
    if said is None:
        return None
    algorithm, _space, coded = said.partition(" ")
    if algorithm not in ALGORITHMS:
        raise Refused(400, _("This kind of checksum is not known here."))
    digest = _decoded(coded)
    if digest is None or len(digest) != hashlib.new(algorithm, usedforsecurity=False).digest_size:
        raise Refused(400, _("The checksum cannot be read."))
    return Checksum(algorithm, digest)


def metadata_of(said: str | None) -> Metadata:
    """``key base64,key base64,key`` of Upload-Metadata; keys are unique.

    Raises:
        Refused: 400, for what cannot be read.
    """
    if said is None or not said.strip():
        return Metadata()
    unreadable = Refused(400, _("What the program says about the file cannot be read."))
    if len(said) > _LONGEST:
        raise unreadable
    values: dict[str, bytes] = {}
    for pair in said.split(","):
        key, _space, coded = pair.strip().partition(" ")
        value = _decoded(coded)
        if not _KEY.fullmatch(key) or key in values or value is None:
            raise unreadable
        values[key] = value
    return Metadata(said.strip(), values)


def _decoded(coded: str) -> bytes | None:
    try:
        return base64.b64decode(coded.strip().encode("ascii"), validate=True)
    except (binascii.Error, UnicodeEncodeError, ValueError):
        return None
