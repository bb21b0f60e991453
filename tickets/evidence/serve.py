"""Hand out a file: whole or in ranges, privately, as what it is, and never as a page.

How the bytes travel is the setting ``EVIDENCE_DELIVERY``: ``direct`` streams them from here,
``accel`` lets nginx send them from the disk, ``presigned`` sends the browser to the S3 bucket
with an address that lives for five minutes. Access has been checked before, in every case.
"""

from __future__ import annotations

import logging
import re
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

from django.conf import settings
from django.core.files.storage import default_storage
from django.http import (
    HttpRequest,
    HttpResponse,
    HttpResponseBase,
    HttpResponseNotModified,
    HttpResponseRedirect,
    StreamingHttpResponse,
)
from django.utils.http import content_disposition_header, parse_etags

from tickets.evidence.links import readable_name
from tickets.evidence.stored import StorageAway, open_range
from tickets.evidence.waiting import hand_back_connection
from tickets.lifecycle import EvidenceState
from tickets.models import Evidence

PRESIGNED_SECONDS = 300
# Shown in the page; anything else is only ever saved.
INLINE = {
    "image/jpeg",
    "image/png",
    "image/webp",
    "video/mp4",
    "video/webm",
    "video/quicktime",
    "video/x-matroska",
    "video/3gpp",
}
_RANGE = re.compile(r"bytes=(\d{0,19})-(\d{0,19})")
log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Piece:
    """What is handed out: where it lies, how long it is in bytes, and what it may be shown as.

    ``etag`` comes with its quotes. ``content_type`` is what inspection found, never what the
    sender said; empty where nobody has looked yet.
    """

    stored: str
    size: int
    content_type: str
    etag: str
    name: str

    @property
    def shown(self) -> bool:
        """Whether a browser may show it in a page; else it is only saved."""
        return self.content_type in INLINE


def piece_of(evidence: Evidence, what: str) -> Piece | None:
    """The original, or one of the copies that were made of it; None where there is none."""
    if what == "original":
        readable = evidence.state != EvidenceState.UNREADABLE
        return Piece(
            stored=str(evidence.file.name),
            size=evidence.size,
            content_type=evidence.content_type if readable else "",
            etag=f'"{evidence.sha256}"' if evidence.sha256 else f'"{evidence.pk}-{evidence.size}"',
            name=evidence.original_name or "file",
        )
    copy = evidence.copies.filter(kind=what).first()
    if copy is None:
        return None
    return Piece(
        stored=str(copy.file.name),
        size=copy.size,
        content_type=copy.content_type,
        etag=f'"{copy.pk}-{copy.size}-{copy.made_at:%Y%m%d%H%M%S%f}"',
        name=readable_name(evidence, what, copy.content_type),
    )


def respond(request: HttpRequest, piece: Piece, *, download: bool = False) -> HttpResponseBase:
    """The file, or the range of it that was asked for (RFC 9110, one range).

    The caller has checked that this person may see it, and noted it.

    Raises:
        StorageAway: the file's bytes cannot be had now.
    """
    inline = piece.shown and not download
    if settings.EVIDENCE_DELIVERY == "presigned":
        return _elsewhere(piece, inline)
    if settings.EVIDENCE_DELIVERY == "accel":
        response: HttpResponseBase = HttpResponse()
        response["X-Accel-Redirect"] = settings.EVIDENCE_ACCEL_PREFIX + quote(piece.stored)
    else:
        response = _streamed(request, piece)
    return _dress(response, piece, inline)


def _streamed(request: HttpRequest, piece: Piece) -> HttpResponseBase:
    known = parse_etags(request.headers.get("If-None-Match", ""))
    if "*" in known or piece.etag in (each.removeprefix("W/") for each in known):
        return HttpResponseNotModified()
    # Ranges are a matter of GET alone (14.2), and of the very bytes that If-Range names.
    wanted = request.headers.get("Range", "") if request.method == "GET" else ""
    if request.headers.get("If-Range", piece.etag) != piece.etag:
        wanted = ""
    span = _span(wanted, piece.size)
    if span is None:
        refused = HttpResponse(status=416)
        refused["Content-Range"] = f"bytes */{piece.size}"
        return refused
    start, end, partial = span
    if request.method == "HEAD":
        response: HttpResponseBase = HttpResponse()
    else:
        hand_back_connection()
        source = open_range(piece.stored, start, end)
        response = StreamingHttpResponse(source, status=206 if partial else 200)
        if source.has_descriptor:
            # Django hands this to the server's file wrapper: the kernel sends it (sendfile).
            response.file_to_stream = source  # type: ignore[attr-defined]  # as FileResponse does
            response.block_size = source.block_size  # type: ignore[attr-defined]  # likewise
    response["Content-Length"] = str(end - start + 1)
    if partial:
        response["Content-Range"] = f"bytes {start}-{end}/{piece.size}"
    return response


def _span(header: str, size: int) -> tuple[int, int, bool] | None:
    """First and last byte and whether it is a part; None where it cannot be satisfied.

    A header that is no single byte range is ignored, as RFC 9110 (14.2) asks.
    """
    whole = (0, size - 1, False)
    found = _RANGE.fullmatch(header.replace(" ", ""))
    if found is None or found.groups() == ("", ""):
        return whole
    first, last = found.groups()
    if not first:
        return (max(0, size - int(last)), size - 1, True) if int(last) else None
    start = int(first)
    end = min(int(last), size - 1) if last else size - 1
    if last and int(last) < start:
        return whole
    return (start, end, True) if start < size else None


def _elsewhere(piece: Piece, inline: bool) -> HttpResponseBase:
    """To the bucket, by an address that only says: these bytes, as this type, for five minutes."""
    hand_back_connection()
    storage: Any = default_storage
    try:
        address = storage.url(
            piece.stored,
            parameters={
                "ResponseContentType": _type(piece, inline),
                "ResponseContentDisposition": _disposition(piece, inline),
                "ResponseCacheControl": "private, no-store",
            },
            expire=PRESIGNED_SECONDS,
        )
    except Exception as error:  # whatever the storage's client raises, the file is not to be had
        log.error("No address could be signed: %s", type(error).__name__)
        raise StorageAway from error
    response = HttpResponseRedirect(address)
    response["Cache-Control"] = "no-store"
    response["Referrer-Policy"] = "no-referrer"
    return response


def _dress(response: HttpResponseBase, piece: Piece, inline: bool) -> HttpResponseBase:
    response["Content-Type"] = _type(piece, inline)
    response["Content-Disposition"] = _disposition(piece, inline)
    response["ETag"] = piece.etag
    response["Accept-Ranges"] = "bytes"
    # Kept, but asked about each time: who may see it can change, and every look is noted.
    response["Cache-Control"] = "private, no-cache"
    response["X-Content-Type-Options"] = "nosniff"
    # Opened by itself, the file is nobody's page.
    response["Content-Security-Policy"] = "default-src 'none'; sandbox"
    response["Cross-Origin-Resource-Policy"] = "same-origin"
    return response


def _type(piece: Piece, inline: bool) -> str:
    return piece.content_type if inline else "application/octet-stream"


def _disposition(piece: Piece, inline: bool) -> str:
    return content_disposition_header(not inline, piece.name) or "attachment"
