"""A photo: every pixel decoded within a bound, and what is written in it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from PIL import Image, ImageOps

from tickets.evidence.apart.kinds import Bad, Kind
from tickets.evidence.apart.metadata import photo_place, photo_time

MAX_PIXELS = 120_000_000  # a photo of 120 megapixels is 360 MB once decoded
PREVIEW = 2048  # pixels of the longer side of a preview
_ORIENTATION = 0x0112
# MPO: a JPEG with a second picture behind the first, as many phones write for depth or HDR.
_FORMATS = {
    "image/jpeg": ["JPEG", "MPO"],
    "image/png": ["PNG"],
    "image/webp": ["WEBP"],
    "image/heic": ["HEIF", "AVIF"],  # the general brand "mif1" may hold either
    "image/avif": ["AVIF"],
}
_TYPES = {
    "JPEG": "image/jpeg",
    "MPO": "image/jpeg",
    "PNG": "image/png",
    "WEBP": "image/webp",
    "HEIF": "image/heic",
    "AVIF": "image/avif",
}
# What Pillow and its plugins are known to raise for files that are not what they say.
BROKEN = (OSError, ValueError, SyntaxError, LookupError, TypeError, EOFError, OverflowError,
          RuntimeError, ArithmeticError, AttributeError, AssertionError)  # fmt: skip


@contextmanager
def opened(path: Path, kind: Kind) -> Iterator[Image.Image]:
    """The photo, its header read and nothing decoded.

    Raises:
        Bad: it cannot be opened, or has more pixels than we decode.
    """
    Image.MAX_IMAGE_PIXELS = None  # we bound it ourselves, before anything is decoded
    if kind.content_type == "image/heic":
        import pillow_heif

        pillow_heif.register_heif_opener(thumbnails=False)
    try:
        image = Image.open(path, formats=_FORMATS[kind.content_type])
    except BROKEN as error:
        raise Bad("broken_photo") from error
    with image:
        if image.width * image.height > MAX_PIXELS:
            raise Bad("too_many_pixels")
        yield image


def photo(path: Path, kind: Kind) -> dict[str, Any]:
    """What a photo is, as it is shown: turned as its camera was held.

    Raises:
        Bad: it does not decode to its end, or is too large.
    """
    with opened(path, kind) as image:
        try:
            image.load()
            turned = image.getexif().get(_ORIENTATION) in (5, 6, 7, 8)
        except BROKEN as error:
            raise Bad("broken_photo") from error
        size = (image.height, image.width) if turned else image.size
        return {
            "content_type": _TYPES[str(image.format)],
            "codec": str(image.format).lower(),
            "width": size[0],
            "height": size[1],
            "advice": _advice(image, size),
            **_written(image),
        }


def upright(image: Image.Image) -> Image.Image:
    """The picture as it is shown, in plain RGB on white, with nothing but its pixels."""
    try:
        turned = ImageOps.exif_transpose(image)
    except BROKEN:  # an EXIF that cannot be read turns nothing
        turned = image
    if turned.mode in ("RGBA", "LA", "PA") or "transparency" in turned.info:
        layer = turned.convert("RGBA")
        turned = Image.new("RGBA", layer.size, "white")
        turned.alpha_composite(layer)
    plain = Image.new("RGB", turned.size)
    plain.paste(turned.convert("RGB"))
    return plain


def _written(image: Image.Image) -> dict[str, Any]:
    """What its EXIF says; nothing where that cannot be read, which is no fault of the picture."""
    xmp = image.info.get("xmp")
    try:
        exif = image.getexif()
        return photo_time(exif) | {
            "has_place": photo_place(exif, xmp if isinstance(xmp, bytes) else b"")
        }
    except BROKEN:
        return {"captured_at": None, "captured_zone": False, "has_place": False}


def _advice(image: Image.Image, size: tuple[int, int]) -> list[str]:
    import numpy as np

    from tickets.evidence.apart.advice import WIDTH, advise

    try:
        grey = image.convert("L")
        if grey.width > 2 * WIDTH:
            grey = grey.reduce(grey.width // WIDTH)
        grey.thumbnail((WIDTH, WIDTH))
    except BROKEN:  # a mode that Pillow cannot make grey: the picture is none the worse
        return advise([], size, None)
    return advise([np.asarray(grey)], size, None)


def small(path: Path, kind: Kind) -> Image.Image:
    """A photo as it is shown, small: for its print."""
    return _shown(path, kind, 512)


def write_preview(path: Path, out: Path, kind: Kind) -> tuple[int, int]:
    """Write a photo as a JPEG that every browser shows, without anything but its pixels."""
    image = _shown(path, kind, PREVIEW)
    image.save(out, "JPEG", quality=84, optimize=True, progressive=True)
    return image.size


def _shown(path: Path, kind: Kind, longest: int) -> Image.Image:
    with opened(path, kind) as image:
        try:
            image.draft("RGB", (longest, longest))  # a JPEG is decoded smaller at once
            image.load()
            if max(image.size) > 4 * longest:
                image.thumbnail((4 * longest, 4 * longest), Image.Resampling.BOX)
            shown = upright(image)
            shown.thumbnail((longest, longest), Image.Resampling.LANCZOS)
        except BROKEN as error:
            raise Bad("broken_photo") from error
        return shown
