"""How a picture looks, in 64 bits that hardly change when it is sent on (Zauner's pHash)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import imagehash
import numpy as np
from PIL import Image

from tickets.evidence.apart.sheets import Frame

OF_A_FILM = 8
# Spread of brightness under which a picture has no features: a wall, a lens that is covered. Its
# print would be that of every other such picture.
_FLAT = 6.0


def print_of(image: Image.Image) -> str | None:
    """The print as 16 hexadecimal digits; None for a picture without features."""
    grey = image.convert("L")
    grey.thumbnail((256, 256))
    if float(np.asarray(grey).std()) < _FLAT:
        return None
    return str(imagehash.phash(grey))


def prints_of(frames: Sequence[Frame]) -> list[dict[str, Any]]:
    """Prints of some frames, evenly over a film, each once."""
    found: dict[str, float] = {}
    step = max(1.0, len(frames) / OF_A_FILM)
    for number in range(min(OF_A_FILM, len(frames))):
        frame = frames[int(number * step + step / 2)]
        bits = print_of(frame.image)
        if bits is not None:
            found.setdefault(bits, frame.at)
    return [{"at": at, "bits": bits} for bits, at in found.items()]
