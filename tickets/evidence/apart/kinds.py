"""What kind a file is, by its first bytes and by nothing else."""

from __future__ import annotations

from dataclasses import dataclass

_HEIC = {b"heic", b"heix", b"hevc", b"hevx", b"heim", b"heis", b"hevm", b"mif1", b"msf1"}
_AVIF = {b"avif", b"avis"}
# A QuickTime film of old may begin with any of these instead of its brand.
_ATOMS = {b"moov", b"mdat", b"wide", b"free", b"skip", b"pnot"}


class Bad(Exception):
    """The file will not do; the code says why."""


@dataclass(frozen=True, slots=True)
class Kind:
    """``photo`` or ``video``; the demuxer that is to read a film; the type it is served as."""

    media: str
    demuxer: str
    content_type: str


def kind_of(head: bytes) -> Kind | None:
    """What the first 512 bytes say; None for anything that we do not take."""
    return _boxes(head) or _other_film(head) or _photo(head)


def _boxes(head: bytes) -> Kind | None:
    if head[4:8] == b"ftyp":
        brand = head[8:12]
        if brand in _HEIC:
            return Kind("photo", "", "image/heic")
        if brand in _AVIF:
            return Kind("photo", "", "image/avif")
        if brand == b"qt  ":
            return Kind("video", "mov", "video/quicktime")
        return Kind("video", "mov", "video/3gpp" if brand[:2] == b"3g" else "video/mp4")
    return Kind("video", "mov", "video/quicktime") if head[4:8] in _ATOMS else None


def _other_film(head: bytes) -> Kind | None:
    if head[:4] == b"\x1a\x45\xdf\xa3":
        webm = b"webm" in head[:64]
        return Kind("video", "matroska", "video/webm" if webm else "video/x-matroska")
    if head[:4] == b"RIFF" and head[8:12] == b"AVI ":
        return Kind("video", "avi", "video/x-msvideo")
    if len(head) > 376 and head[0] == head[188] == head[376] == 0x47:
        return Kind("video", "mpegts", "video/mp2t")
    if head[:4] == b"\x00\x00\x01\xba":
        return Kind("video", "mpeg", "video/mpeg")
    return None


def _photo(head: bytes) -> Kind | None:
    if head[:3] == b"\xff\xd8\xff":
        return Kind("photo", "", "image/jpeg")
    if head[:8] == b"\x89PNG\r\n\x1a\n":
        return Kind("photo", "", "image/png")
    if head[:4] == b"RIFF" and head[8:12] == b"WEBP":
        return Kind("photo", "", "image/webp")
    return None
