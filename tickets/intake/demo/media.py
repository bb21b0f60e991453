"""Small real pictures and films for the demo's claims, drawn here: no file is shipped."""

from __future__ import annotations

import random
import tempfile
from pathlib import Path

import av
from PIL import Image, ImageDraw, ImageFont

_SIZE = (480, 360)
_FILM = (320, 240)
_TABLE, _CARD, _TAPE, _INK = (214, 205, 190), (176, 128, 84), (226, 200, 150), (40, 36, 32)


def photo(caption: str, *, damaged: bool = False) -> bytes:
    """A JPEG of a parcel on a table, with its caption; dented if asked for."""
    with tempfile.NamedTemporaryFile(suffix=".jpg") as file:
        _scene(caption, 0.0, damaged=damaged).save(file.name, "JPEG", quality=82)
        return Path(file.name).read_bytes()


def film(caption: str, seconds: float = 3.0) -> bytes:
    """A WebM, which every browser plays, of a box that is opened in one take."""
    rate = 5
    count = int(seconds * rate)
    with tempfile.NamedTemporaryFile(suffix=".webm") as file:
        with av.open(file.name, "w", format="webm") as container:
            options = {"deadline": "realtime", "cpu-used": "8"}
            stream = container.add_stream("libvpx", rate=rate, options=options)
            stream.width, stream.height = _FILM
            stream.thread_count = 1
            stream.pix_fmt = "yuv420p"
            for number in range(count):
                picture = _scene(caption, number / (count - 1)).resize(_FILM)
                frame = av.VideoFrame.from_image(picture)  # type: ignore[no-untyped-call]  # PyAV's
                container.mux(stream.encode(frame))
            container.mux(stream.encode())
        return Path(file.name).read_bytes()


def _table(caption: str) -> Image.Image:
    """Everybody's table looks different: two films of two people are not to look alike."""
    dice = random.Random(caption)  # noqa: S311  # a demo, not a secret
    image = Image.new("RGB", _SIZE, _TABLE)
    draw = ImageDraw.Draw(image)
    for _ in range(7):  # cloth, books, a mat
        x, y = dice.randrange(-60, 440), dice.randrange(-60, 320)
        shade = dice.randrange(40, 240)
        tint = (shade, max(0, shade - dice.randrange(30)), max(0, shade - dice.randrange(50)))
        draw.rectangle((x, y, x + dice.randrange(90, 260), y + dice.randrange(70, 200)), fill=tint)
    return image


def _scene(caption: str, opened: float, *, damaged: bool = False) -> Image.Image:
    image = _table(caption)
    draw = ImageDraw.Draw(image)
    draw.rectangle((120, 110, 360, 290), fill=_CARD, outline=_INK, width=2)
    gap = int(opened * 70)
    draw.polygon([(120, 110), (240 - gap, 110 - gap), (240 - gap, 130 - gap), (120, 130)], _TAPE)
    draw.polygon([(360, 110), (240 + gap, 110 - gap), (240 + gap, 130 - gap), (360, 130)], _TAPE)
    if opened > 0.5:
        draw.rectangle((190, 70, 290, 130), fill=(92, 86, 160), outline=_INK, width=2)
    if damaged:
        draw.polygon([(360, 200), (300, 235), (330, 260), (360, 285)], fill=(96, 66, 40))
    draw.rectangle((200, 190, 285, 240), fill=(250, 250, 248), outline=_INK)
    draw.text((208, 200), "SHIP TO", fill=_INK, font=ImageFont.load_default(14))
    draw.text((16, 320), caption, fill=_INK, font=ImageFont.load_default(20))
    return image
