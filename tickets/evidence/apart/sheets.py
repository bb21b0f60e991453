"""A contact sheet: frames of a film side by side, each with its time, to be read at a glance."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any

from PIL import Image

from tickets.evidence.apart.films import FAULTS, opened
from tickets.evidence.apart.kinds import Bad, Kind

COLUMNS, ROWS = 5, 4
WIDTH = 240  # pixels of a frame; one that stands is so high at the most as three are wide
_HIGHEST = 3 * WIDTH
MAX_BYTES = 250_000
_QUALITIES = (78, 68, 58, 48, 38, 28)
_PATIENCE = 120.0  # seconds of processor for the pictures of one film
_LONG = 20.0  # seconds of film beyond which not every picture is decoded


@dataclass(frozen=True, slots=True)
class Frame:
    """A picture of the film as it is shown, ``WIDTH`` pixels wide, and its second."""

    at: float
    image: Image.Image


def frames_of(path: Path, kind: Kind) -> list[Frame]:
    """About ``COLUMNS × ROWS`` frames, evenly over the film.

    Key pictures are taken where there are enough of them, as those cost next to nothing; a film
    with few is decoded from its beginning to its end.

    Raises:
        Bad: not one picture could be decoded.
    """
    try:
        frames = _by_keys(path, kind)
        if not _is_even(frames):
            through = _through(path, kind)
            frames = max(frames, through, key=len)
    except FAULTS as error:
        raise Bad("broken_video") from error
    if not frames:
        raise Bad("no_picture")
    return frames


def _is_even(frames: Sequence[Frame]) -> bool:
    """Whether they are enough, and no part of the film goes unseen between two of them."""
    if len(frames) < COLUMNS * ROWS * 0.6:
        return False
    gaps = [after.at - before.at for before, after in pairwise(frames)]
    return max(gaps) <= 1.7 * (frames[-1].at - frames[0].at) / (COLUMNS * ROWS - 1)


def _span(source: Any, stream: Any) -> tuple[float, float]:
    """First second and length, as the container tells them; zero where it does not."""
    start = float((stream.start_time or 0) * stream.time_base)
    if stream.duration:
        return start, float(stream.duration * stream.time_base)
    return start, float(source.duration or 0) / 1_000_000


def _by_keys(path: Path, kind: Kind) -> list[Frame]:
    found: dict[float, Frame] = {}
    with opened(path, kind.demuxer) as (source, stream):
        start, length = _span(source, stream)
        for number in range(COLUMNS * ROWS):
            target = start + length * (number + 0.5) / (COLUMNS * ROWS)
            try:
                source.seek(int(target / stream.time_base), stream=stream, backward=True)
                picture = next(iter(source.decode(stream)), None)
            except FAULTS:
                continue
            if picture is None or picture.time is None or picture.time in found:
                if not found and number >= 2:
                    break  # it cannot be sought in
                continue
            found[picture.time] = _frame(picture, picture.time - start)
            if number >= 3 and len(found) == 1:
                break  # one key picture for all of it
    return [found[at] for at in sorted(found)]


def _through(path: Path, kind: Kind) -> list[Frame]:
    """Decode from the beginning, and keep what comes nearest after each of the times."""
    until = time.process_time() + _PATIENCE
    with opened(path, kind.demuxer) as (source, stream):
        start, length = _span(source, stream)
        if length > _LONG:
            stream.codec_context.skip_frame = "NONREF"
        kept: list[Frame] = []
        step = length / (COLUMNS * ROWS) if length > 0 else 0.5
        wanted = start + step / 2 if length > 0 else start
        try:
            for picture in source.decode(stream):
                if time.process_time() > until:
                    break
                if picture.time is None or picture.time + 1e-6 < wanted:
                    continue
                kept.append(_frame(picture, picture.time - start))
                wanted = max(wanted + step, picture.time + step / 2)
                if len(kept) >= 2 * COLUMNS * ROWS:  # longer than it says, or says nothing
                    kept, step = kept[::2], step * 2
        except FAULTS:
            pass  # what was seen so far will do
        return kept[: COLUMNS * ROWS] if length > 0 else _thinned(kept)


def _thinned(frames: list[Frame]) -> list[Frame]:
    most = COLUMNS * ROWS
    if len(frames) <= most:
        return frames
    return [frames[int(number * len(frames) / most)] for number in range(most)]


def _frame(picture: Any, at: float) -> Frame:
    turned = int(picture.rotation) % 360
    across = turned % 180 != 0
    width, height = (picture.height, picture.width) if across else (picture.width, picture.height)
    high = min(_HIGHEST, max(2, round(WIDTH * height / width)))
    size = (high, WIDTH) if across else (WIDTH, high)
    image = picture.reformat(width=size[0], height=size[1], format="rgb24").to_image()
    # ``rotation`` counts anticlockwise, as Pillow does.
    return Frame(round(max(0.0, at), 3), image.rotate(turned, expand=True) if turned else image)


def write_sheet(frames: Sequence[Frame], out: Path) -> dict[str, Any]:
    """Write the sheet as a JPEG of ``MAX_BYTES`` or a little more; what there is to know of it."""
    width, height = frames[0].image.size
    columns = min(COLUMNS, len(frames))
    rows = -(-len(frames) // columns)
    sheet = Image.new("RGB", (columns * width, rows * height), "black")
    for number, frame in enumerate(frames):
        image = (
            frame.image
            if frame.image.size == (width, height)
            else frame.image.resize((width, height))
        )
        sheet.paste(image, (number % columns * width, number // columns * height))
    for quality in _QUALITIES:
        sheet.save(out, "JPEG", quality=quality, optimize=True)
        if out.stat().st_size <= MAX_BYTES:
            break
    data = {
        "columns": columns,
        "width": width,
        "height": height,
        "times": [frame.at for frame in frames],
    }
    return {"ending": "jpg", "width": sheet.width, "height": sheet.height, "data": data}
