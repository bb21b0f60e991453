"""What would make a good file more useful, judged on a few small grey pictures of it.

Codes only, and never a refusal. Each is given only where hardly anybody would disagree: advice
that is wrong is worse than none.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

Grey = np.ndarray[Any, np.dtype[np.uint8]]

WIDTH = 320  # pixels across the pictures that are judged
SMALL = 360  # pixels of the short side; a label is not read on less
_BLACK, _BLACK_LIGHTS = 24.0, 48.0  # of 255: the mean, and its brightest hundredth
_DARK = 45.0
_FLAT = 10.0  # spread of brightness under which there is nothing to be sharp
_BLURRED = 4.0  # variance of the Laplacian; a sharp picture of anything has hundreds
_STILL = 0.7  # mean difference of two pictures; a hand that holds a camera makes more
_STILL_SECONDS = 3.0


def advise(pictures: Sequence[Grey], size: tuple[int, int], seconds: float | None) -> list[str]:
    """Codes for a photo (one picture) or a film (several, in the order of time)."""
    codes = []
    if min(size) < SMALL:
        codes.append("small")
    if not pictures:
        return codes
    if _share(pictures, _black) >= 0.9:
        return [*codes, "black"]
    if float(np.median([picture.mean() for picture in pictures])) < _DARK:
        codes.append("dark")
    if _share(pictures, _blurred) >= 0.9:
        codes.append("blurred")
    if seconds is not None and seconds >= _STILL_SECONDS and _frozen(pictures):
        codes.append("frozen")
    return codes


def _share(pictures: Sequence[Grey], is_so: Any) -> float:
    return sum(bool(is_so(picture)) for picture in pictures) / len(pictures)


def _black(picture: Grey) -> bool:
    return bool(picture.mean() <= _BLACK and np.percentile(picture, 99) <= _BLACK_LIGHTS)


def _blurred(picture: Grey) -> bool:
    if min(picture.shape) < 16 or picture.std() < _FLAT:
        return False
    grey = picture.astype(np.float32)
    middle = grey[1:-1, 1:-1]
    around = grey[:-2, 1:-1] + grey[2:, 1:-1] + grey[1:-1, :-2] + grey[1:-1, 2:]
    return bool((around - 4 * middle).var() < _BLURRED)


def _frozen(pictures: Sequence[Grey]) -> bool:
    if len(pictures) < 3 or len({picture.shape for picture in pictures}) != 1:
        return False
    first = pictures[0].astype(np.int16)
    return all(np.abs(picture - first).mean() < _STILL for picture in pictures[1:])
