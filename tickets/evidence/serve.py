"""Hand out one piece of evidence: whole or in ranges, privately, as what it is."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from django.core.files.storage import default_storage
from django.http import (
    HttpRequest,
    HttpResponse,
    HttpResponseBase,
    HttpResponseNotModified,
    StreamingHttpResponse,
)
from django.utils.http import content_disposition_header

from tickets.evidence.waiting import hand_back_connection
from tickets.models import Evidence

CHUNK = 256 * 1024
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
_RANGE = re.compile(r"bytes=(\d*)-(\d*)")


def respond(request: HttpRequest, evidence: Evidence) -> HttpResponseBase:
    """The file, or the range of it that was asked for (RFC 9110, one range).

    The caller has checked that this person may see it.
    """
    etag = f'"{evidence.sha256}"'
    if request.headers.get("If-None-Match") == etag:
        return _dress(HttpResponseNotModified(), evidence, etag, request)
    size = evidence.size
    wanted = request.headers.get("Range", "")
    if request.headers.get("If-Range", etag) != etag:
        wanted = ""
    span = _span(wanted, size)
    if span is None:
        refused = HttpResponse(status=416)
        refused["Content-Range"] = f"bytes */{size}"
        return _dress(refused, evidence, etag, request)
    start, end, partial = span
    response: HttpResponseBase
    if request.method == "HEAD":
        response = HttpResponse(status=206 if partial else 200)
    else:
        hand_back_connection()
        response = StreamingHttpResponse(
            _read(str(evidence.file.name), start, end), status=206 if partial else 200
        )
    response["Content-Length"] = str(end - start + 1)
    if partial:
        response["Content-Range"] = f"bytes {start}-{end}/{size}"
    return _dress(response, evidence, etag, request)


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


def _read(name: str, start: int, end: int) -> Iterator[bytes]:
    bucket: Any = getattr(default_storage, "bucket", None)
    if bucket is not None:  # S3: ask for the range itself, or the whole object would be fetched
        key = default_storage._normalize_name(name)  # type: ignore[attr-defined]  # S3Storage's own
        body = bucket.Object(key).get(Range=f"bytes={start}-{end}")["Body"]
        yield from body.iter_chunks(CHUNK)
        return
    left = end - start + 1
    with default_storage.open(name, "rb") as file:
        file.seek(start)
        while left > 0 and (piece := file.read(min(CHUNK, left))):
            left -= len(piece)
            yield piece


def _dress(
    response: HttpResponseBase, evidence: Evidence, etag: str, request: HttpRequest
) -> HttpResponseBase:
    inline = evidence.content_type in INLINE and "download" not in request.GET
    name = evidence.original_name or "file"
    disposition = content_disposition_header(not inline, name)
    response["Content-Type"] = evidence.content_type if inline else "application/octet-stream"
    if disposition:
        response["Content-Disposition"] = disposition
    response["ETag"] = etag
    response["Accept-Ranges"] = "bytes"
    response["Cache-Control"] = "private, max-age=3600"
    response["X-Content-Type-Options"] = "nosniff"
    # Opened by itself, the file is nobody's page.
    response["Content-Security-Policy"] = "default-src 'none'; sandbox"
    response["Cross-Origin-Resource-Policy"] = "same-origin"
    return response
