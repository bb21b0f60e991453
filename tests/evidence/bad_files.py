"""Files that are not what they should be, by the hundred: cut off, damaged, dressed up, made to
exhaust whoever opens them. Made here, the same every time.
"""

import io
import random
import struct
import zipfile
import zlib
from collections.abc import Callable, Iterator
from functools import cache

from PIL import Image

from tests.evidence_files import make_photo, make_sound, make_video, scene

KIB = 1024


@cache
def good() -> dict[str, bytes]:
    """A file of every container that is taken: ``photo-…`` and ``video-…``."""
    film = {"picture": scene(3), "size": (192, 144)}
    files = {
        "video-mp4": make_video(3, **film),
        "video-streamed": make_video(3, codec="libx264", faststart=True, sound=True, **film),
        "video-mov": make_video(3, kind="mov", codec="libx264", turned=True, place=True, **film),
        "video-hevc": make_video(2, kind="mov", codec="libx265", apple="2026-03-01", **film),
        "video-3gp": make_video(2, kind="3gp", **film),
        "video-webm": make_video(3, kind="webm", **film),
        "video-mkv": make_video(3, kind="matroska", codec="libx264", **film),
        "video-avi": make_video(3, kind="avi", **film),
        "video-ts": make_video(3, kind="mpegts", codec="libx264", **film),
        "video-mpg": make_video(3, kind="mpeg", codec="mpeg2video", **film | {"rate": 25}),
    }
    for kind in ("JPEG", "PNG", "WEBP", "HEIF"):
        files[f"photo-{kind.lower()}"] = make_photo(
            kind, (200, 150), picture=scene(4), place=True, taken="2026:03:01 10:00:00"
        )
    return files


def cut_off() -> Iterator[tuple[str, bytes]]:
    """Every good file, ending at many points."""
    for name, content in good().items():
        size = len(content)
        points = {1, 3, 8, 11, 16, 31, 64, 200, size - 1, size - 7, size - 300}
        points |= {size * part // 12 for part in range(1, 12)}
        for point in sorted(points):
            if 0 < point < size:
                yield f"{name}-cut-{point}", content[:point]


def damaged() -> Iterator[tuple[str, bytes]]:
    """Every good file, with bytes turned, left out, or doubled."""
    for name, content in good().items():
        dice = random.Random(name)
        for number in range(10):
            broken = bytearray(content)
            for _ in range(1 << number % 8):
                broken[dice.randrange(len(broken))] = dice.randrange(256)
            yield f"{name}-turned-{number}", bytes(broken)
        for number in range(4):
            at = dice.randrange(len(content) // 2)
            length = dice.randrange(1, len(content) // 3)
            yield f"{name}-without-{number}", content[:at] + content[at + length :]
            yield f"{name}-doubled-{number}", content[: at + length] + content[at:]


_BEGINNINGS = (
    b"\x00\x00\x00\x18ftypmp42",
    b"\x00\x00\x00\x14ftypqt  ",
    b"\x00\x00\x00\x18ftypheic",
    b"\x00\x00\x00\x18ftypavif",
    b"\x00\x00\x00\x08moov",
    b"\xff\xff\xff\xffmdat",
    b"\x1a\x45\xdf\xa3",
    b"RIFF\xff\xff\xff\xffAVI ",
    b"RIFF\x00\x00\x00\x00WEBP",
    b"\xff\xd8\xff\xe0",
    b"\x89PNG\r\n\x1a\n",
    b"\x00\x00\x01\xba",
    b"GIF89a",
    b"PK\x03\x04",
    b"%PDF-1.7\n",
    b"\x7fELF",
    b"MZ",
    b"\x00" * 16,
)


def made_up() -> Iterator[tuple[str, bytes]]:
    """The beginning of something, and noise or nothing behind it."""
    dice = random.Random(7)
    for number, beginning in enumerate(_BEGINNINGS):
        for media in ("photo", "video"):
            yield f"{media}-begun-{number}", beginning
            yield f"{media}-noise-{number}", beginning + dice.randbytes(20 * KIB)
            yield f"{media}-zeros-{number}", beginning + bytes(20 * KIB)
    for size in (1, 2, 511, 512, 513, 64 * KIB):
        yield f"video-random-{size}", dice.randbytes(size)
        yield f"photo-random-{size}", dice.randbytes(size)
        yield f"video-null-{size}", bytes(size)
    yield "video-ts-noise", b"".join(b"\x47" + dice.randbytes(187) for _ in range(400))


def boxes(*parts: tuple[bytes, bytes]) -> bytes:
    """ISO boxes out of names and contents."""
    return b"".join(struct.pack(">I", 8 + len(body)) + name + body for name, body in parts)


def _patched(content: bytes, name: bytes, offset: int, value: bytes) -> bytes:
    at = content.index(name) + 4 + offset
    return content[:at] + value + content[at + len(value) :]


@cache
def dressed_up() -> dict[str, tuple[bytes, set[str]]]:
    """What is made to be taken for something else, or to hurt; and what may become of it."""
    film, photo = good()["video-mp4"], good()["photo-jpeg"]
    html = b"<html><script>alert(1)</script></html>"
    svg = b'<svg xmlns="http://www.w3.org/2000/svg" onload="alert(1)"/>'
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w", zipfile.ZIP_DEFLATED) as packed:
        packed.writestr("film.mp4", bytes(50 * KIB * KIB))
    zipped = archive.getvalue()
    none = {"not_video"}
    return {
        "video-zip-bomb.mp4": (zipped, none),
        "video-playlist.mp4": (b"#EXTM3U\n#EXTINF:10,\nfile:///etc/passwd\n", none),
        "video-concat.mp4": (b"ffconcat version 1.0\nfile /etc/passwd\n", none),
        "video-dash.mp4": (b'<?xml version="1.0"?><MPD><BaseURL>http://127.0.0.1/', none),
        "video-svg": (svg, none),
        "photo-svg": (svg, {"not_photo"}),
        "photo-html": (html, {"not_photo"}),
        "photo-pdf": (b"%PDF-1.7 no picture", {"not_photo"}),
        "photo-gif-html": (b"GIF89a" + html, {"not_photo"}),
        "photo-tiff": (_saved("TIFF"), {"not_photo"}),
        "photo-bmp": (_saved("BMP"), {"not_photo"}),
        "photo-eps": (b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 9 9\n", {"not_photo"}),
        "photo-with-zip-behind": (photo + zipped, {"ready"}),
        "photo-with-html-behind": (photo + html, {"ready"}),
        "video-with-zip-behind": (film + zipped, {"ready", "cut_short"}),
        "video-that-is-a-photo": (photo, none),
        "photo-that-is-a-video": (film, {"not_photo"}),
        "video-sound": (make_sound(), {"no_picture"}),
        "video-empty": (b"", {"empty"}),
        "photo-empty": (b"", {"empty"}),
        "video-one-picture": (make_video(0.1), {"no_length"}),
        "photo-50000": (png(50_000, 50_000), {"too_many_pixels"}),
        "photo-2-billion": (png(2_147_483_647, 2_147_483_647), {"too_many_pixels"}),
        "photo-no-pixels": (png(0, 0), {"broken_photo"}),
        "photo-bomb": (png(20_000, 20_000, bytes(2501 * 20_000)), {"too_many_pixels"}),
        "photo-large": (png(10_000, 11_000, bytes(1251 * 11_000)), {"ready"}),
        "photo-text-bomb": (_png_with_text(), {"broken_photo", "ready"}),
        "photo-jpeg-65500": (_patched_jpeg(photo), {"too_many_pixels"}),
        **_films_that_lie(film),
    }


def _films_that_lie(film: bytes) -> dict[str, tuple[bytes, set[str]]]:
    huge, negative = b"\x7f\xff\xff\xff", b"\xff\xff\xff\xff"
    any_end = {"ready", "broken_video", "cut_short", "no_length", "no_picture", "too_heavy"}
    bad = any_end - {"ready"}
    return {
        # Version and flags, two times, the scale, the length (ISO 14496-12, 8.2.2, 8.4.2).
        "video-no-length": (_patched(film, b"stts", 12, bytes(4)), any_end),
        "video-no-samples": (_patched(film, b"stts", 4, bytes(4)), any_end),
        "video-long-media": (_patched(film, b"mdhd", 16, huge), any_end),
        "video-negative-media": (_patched(film, b"mdhd", 16, negative), any_end),
        "video-no-scale": (_patched(film, b"mdhd", 12, bytes(4)), any_end),
        "video-huge-steps": (_patched(film, b"stts", 12, huge), any_end),
        "video-negative-steps": (_patched(film, b"stts", 12, negative), any_end),
        "video-many-samples": (_patched(film, b"stsz", 8, huge), any_end),
        "video-wide-samples": (_patched(film, b"stsz", 4, huge), any_end),
        "video-many-chunks": (_patched(film, b"stco", 4, huge), any_end),
        "video-chunks-outside": (_patched(film, b"stco", 8, huge), bad),
        "video-huge-box": (_patched(film, b"mdat", -8, huge), bad),
        "video-tiny-box": (_patched(film, b"mdat", -8, b"\0\0\0\x02"), bad),
        "video-wide-picture": (
            _patched(film, b"mp4v", 24, b"\xff\xff\xff\xff"),
            any_end | {"too_many_pixels"},
        ),
        "video-elsewhere": (_elsewhere(film), any_end),
        "video-nested": (_nested(), bad),
        "video-nothing-but-index": (boxes((b"ftyp", b"mp42" * 3), (b"moov", b"")), bad),
        "video-nothing-but-data": (boxes((b"ftyp", b"mp42" * 3), (b"mdat", bytes(9000))), bad),
        "video-many-streams": (_many_streams(), bad),
        "video-many-boxes": (boxes((b"ftyp", b"mp42" * 3)) + boxes((b"free", b"")) * 300_000, bad),
    }


def _elsewhere(film: bytes) -> bytes:
    """An index that says: the pictures are in /etc/passwd."""
    at = film.index(b"url \x00\x00\x00\x01") + 4
    return film[:at] + b"\x00\x00\x00\x00" + film[at + 4 :].replace(b"mp4v", b"mp4v", 1)


def _nested() -> bytes:
    body = b""
    for _ in range(3000):
        body = struct.pack(">I", 8 + len(body)) + b"moov" + body
    return boxes((b"ftyp", b"mp42" * 3)) + body


def _many_streams() -> bytes:
    """The one track of a film, five hundred times."""
    film = make_video(0.5, faststart=True)
    at = film.index(b"trak") - 4
    track = film[at : at + struct.unpack(">I", film[at : at + 4])[0]]
    index = film.index(b"moov") - 4
    length = struct.unpack(">I", film[index : index + 4])[0] + 500 * len(track)
    film = film[:at] + track * 500 + film[at:]
    return film[:index] + struct.pack(">I", length) + film[index + 4 :]


def _saved(kind: str) -> bytes:
    out = io.BytesIO()
    Image.linear_gradient("L").save(out, kind)
    return out.getvalue()


def _chunk(name: bytes, body: bytes) -> bytes:
    return struct.pack(">I", len(body)) + name + body + struct.pack(">I", zlib.crc32(name + body))


def png(width: int, height: int, pixels: bytes = b"", *more: bytes) -> bytes:
    """A black-and-white PNG of any size that it says it has."""
    head = struct.pack(">IIBBBBB", width, height, 1, 0, 0, 0, 0)
    chunks = [_chunk(b"IHDR", head), *more, _chunk(b"IDAT", zlib.compress(pixels, 9))]
    return b"\x89PNG\r\n\x1a\n" + b"".join(chunks) + _chunk(b"IEND", b"")


def _png_with_text() -> bytes:
    """A small picture, and a comment that would fill the memory."""
    text = b"Comment\0\0" + zlib.compress(bytes(200 * KIB * KIB), 9)
    return png(100, 100, bytes(14 * 100), _chunk(b"zTXt", text))


def _patched_jpeg(photo: bytes) -> bytes:
    at = photo.index(b"\xff\xc0") + 5
    return photo[:at] + struct.pack(">HH", 65_500, 65_500) + photo[at + 4 :]


Maker = Callable[[], Iterator[tuple[str, bytes]]]
HUNDREDS: dict[str, Maker] = {"cut off": cut_off, "damaged": damaged, "made up": made_up}
