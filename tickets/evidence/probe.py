"""Look into one file and say what it is; run as a program of its own, under limits.

``python probe.py photo|video PATH`` writes one JSON object. A file made to exhaust or crash
a decoder takes this process down and nothing else. It imports nothing of the product.
"""

from __future__ import annotations

import json
import math
import resource
import sys
from pathlib import Path
from typing import Any

MEMORY = 3 * 1024**3  # address space, mappings included; a 4K video needs well under half
CPU_SECONDS = 60
MAX_PIXELS = 120_000_000  # a photo of 120 megapixels is 360 MB once decoded
MAX_FRAME = 40_000_000
IMAGES = {"JPEG": "image/jpeg", "PNG": "image/png", "WEBP": "image/webp", "HEIF": "image/heic"}


class Bad(Exception):
    """The file will not do; the code says why."""


def container(head: bytes) -> tuple[str, str, str] | None:
    """What the first bytes say: (photo|video, demuxer, content type), or None."""
    if head[4:8] == b"ftyp":
        brand = head[8:12]
        if brand in {b"heic", b"heix", b"hevc", b"heim", b"heis", b"mif1", b"msf1"}:
            return "photo", "", "image/heic"
        if brand == b"qt  ":
            return "video", "mov", "video/quicktime"
        return "video", "mov", "video/3gpp" if brand[:2] == b"3g" else "video/mp4"
    if head[4:8] in {b"moov", b"mdat", b"wide", b"free", b"skip"}:
        return "video", "mov", "video/quicktime"
    if head[:4] == b"\x1a\x45\xdf\xa3":
        webm = b"webm" in head[:64]
        return "video", "matroska", "video/webm" if webm else "video/x-matroska"
    if head[:4] == b"RIFF" and head[8:12] == b"AVI ":
        return "video", "avi", "video/x-msvideo"
    if len(head) > 376 and head[0] == head[188] == head[376] == 0x47:
        return "video", "mpegts", "video/mp2t"
    if head[:4] == b"\x00\x00\x01\xba":
        return "video", "mpeg", "video/mpeg"
    if head[:3] == b"\xff\xd8\xff" or head[:8] == b"\x89PNG\r\n\x1a\n":
        return "photo", "", ""
    if head[:4] == b"RIFF" and head[8:12] == b"WEBP":
        return "photo", "", ""
    return None


def photo(path: Path) -> dict[str, Any]:
    """Decode every pixel of a photo, within a bound."""
    import pillow_heif
    from PIL import Image

    Image.MAX_IMAGE_PIXELS = None  # we bound it ourselves, before anything is decoded
    pillow_heif.register_heif_opener(thumbnails=False)
    try:
        with Image.open(path, formats=list(IMAGES)) as image:
            if image.width * image.height > MAX_PIXELS:
                raise Bad("too_many_pixels")
            image.load()
            return {
                "content_type": IMAGES[str(image.format)],
                "width": image.width,
                "height": image.height,
            }
    except (OSError, ValueError, SyntaxError, KeyError) as error:
        raise Bad("broken_photo") from error


def video(path: Path, demuxer: str, content_type: str) -> dict[str, Any]:
    """Decode real pictures at the start, in the middle and near the end."""
    import av

    try:
        # The demuxer is named and only files may be opened: a playlist dressed as a
        # video could make the decoder fetch something else.
        opened = av.open(
            str(path), mode="r", format=demuxer, options={"protocol_whitelist": "file"}
        )
    except (av.error.FFmpegError, OSError, ValueError) as error:
        raise Bad("broken_video") from error
    with opened as source:
        if not source.streams.video:
            raise Bad("no_picture")
        stream = source.streams.video[0]
        stream.thread_type = "NONE"
        if stream.width * stream.height > MAX_FRAME:
            raise Bad("too_many_pixels")
        try:
            first = _frame(source, stream, None)
            seconds = _seconds(source, stream)
            start = float(first.time or 0)
            for share in (0.5, 0.95):
                _frame(source, stream, start + seconds * share)
        except (av.error.FFmpegError, OSError, ValueError, MemoryError) as error:
            raise Bad("cut_short") from error
        return {
            "content_type": content_type,
            "width": first.width,
            "height": first.height,
            "seconds": round(seconds, 3),
        }


def _seconds(source: Any, stream: Any) -> float:
    """The length; read off the packets where the file does not say it (a recording in a page)."""
    if stream.duration and stream.time_base:
        return max(0.0, float(stream.duration * stream.time_base))
    if source.duration:
        return max(0.0, float(source.duration) / 1_000_000)
    source.seek(0)
    end = 0.0
    for packet in source.demux(stream):
        if packet.pts is not None and packet.time_base:
            end = max(end, float((packet.pts + (packet.duration or 0)) * packet.time_base))
    return end


def _frame(source: Any, stream: Any, at: float | None) -> Any:
    """The picture at ``at`` seconds (the first one for None), decoded; Bad when there is none."""
    if at is not None:
        source.seek(int(at / stream.time_base), stream=stream, backward=True)
    last = None
    for frame in source.decode(stream):
        last = frame
        if at is None or (frame.time is not None and frame.time + 0.25 >= at):
            return frame
    if last is None or (at is not None and (last.time is None or last.time + 2.0 < at)):
        raise Bad("no_picture" if at is None else "cut_short")
    return last


def look(wanted: str, path: Path) -> dict[str, Any]:
    """Everything the desk wants to know of a file, or Bad."""
    with path.open("rb") as file:
        head = file.read(512)
    if not head:
        raise Bad("empty")
    found = container(head)
    if found is None or found[0] != wanted:
        raise Bad(f"not_{wanted}")
    result = photo(path) if wanted == "photo" else video(path, found[1], found[2])
    if not all(math.isfinite(result.get(key) or 0) for key in ("width", "height", "seconds")):
        raise Bad("cut_short")
    return result


def main() -> None:
    """Limits first, so that not even an import escapes them."""
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    resource.setrlimit(resource.RLIMIT_CPU, (CPU_SECONDS, CPU_SECONDS + 5))
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    wanted, path = sys.argv[1], Path(sys.argv[2])
    try:
        answer = {"ok": True, **look(wanted, path)}
    except Bad as bad:
        answer = {"ok": False, "code": str(bad)}
    except MemoryError:
        answer = {"ok": False, "code": "too_heavy"}
    sys.stdout.write(json.dumps(answer))


if __name__ == "__main__":
    main()
