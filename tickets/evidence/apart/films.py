"""A film: all of its packets read, pictures decoded all through it, its end decoded wholly.

Decoding every picture of a long film would take minutes. What is decoded is what a person would
look at: a key picture at least every few seconds up to the end, and everything after the last
one. A file that was cut off, or whose data are not what its index says, does not get through.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import av

from tickets.evidence.apart.advice import WIDTH, Grey, advise
from tickets.evidence.apart.kinds import Bad, Kind
from tickets.evidence.apart.metadata import film_place, film_time
from tickets.evidence.apart.wholeness import cut_short

MAX_FRAME = 40_000_000  # pixels
MAX_STREAMS = 64
LONGEST = 24 * 3600.0  # seconds; no recording of an unboxing is a day long
_KEYS = 120  # key pictures that are decoded of a long film
_KEYS_APART = 0.5  # seconds at least, also in a film that has nothing but key pictures
_END_PATIENCE = 60.0  # seconds of processor for all that follows the last key picture
_SAMPLES = 60  # small pictures kept for advice
FAULTS = (av.error.FFmpegError, OSError, ValueError, LookupError, ArithmeticError, RuntimeError)


@contextmanager
def opened(path: Path, demuxer: str) -> Iterator[tuple[Any, Any]]:
    """The container and its stream of pictures.

    The demuxer is named and only files may be opened: a playlist dressed as a film, or an index
    that refers to other files, could make the library fetch something else.

    Raises:
        Bad: not to be opened, without pictures, or larger than we decode.
    """
    options = {"protocol_whitelist": "file", "probesize": "8000000", "enable_drefs": "0"}
    if demuxer != "mov":
        del options["enable_drefs"]
    try:
        source = av.open(f"file:{path}", mode="r", format=demuxer, options=options)
    except FAULTS as error:
        raise Bad("broken_video") from error
    with source:
        yield source, _pictures(source)


def _pictures(source: Any) -> Any:
    if len(source.streams) > MAX_STREAMS:
        raise Bad("too_heavy")
    cover = av.stream.Disposition.attached_pic  # of a song: no film
    found = [each for each in source.streams.video if not each.disposition & cover]
    if not found:
        raise Bad("no_picture")
    stream = found[0]
    if stream.codec_context is None:
        raise Bad("broken_video")
    if stream.width * stream.height > MAX_FRAME:
        raise Bad("too_many_pixels")
    stream.thread_type = "NONE"
    return stream


@dataclass
class Seen:
    """What a walk through all packets found; times are seconds as the file counts them."""

    packets: int = 0
    corrupt: bool = False
    start: float | None = None
    end: float = 0.0
    last_key: int | None = None  # in the stream's own time base
    tried: int = 0
    decoded: int = 0
    size: tuple[int, int] = (0, 0)
    samples: list[tuple[float, Grey]] = field(default_factory=list)

    @property
    def seconds(self) -> float:
        """The length, from the first picture to the end of the last."""
        return max(0.0, self.end - (self.start or 0.0))

    def sample(self, frame: Any, at: float) -> None:
        """Keep a small grey copy of a picture; the size is that of the first."""
        if not self.size[0]:
            turned = int(getattr(frame, "rotation", 0)) % 180 != 0
            size = (frame.width, frame.height)
            self.size = (size[1], size[0]) if turned else size
        if frame.width * frame.height > MAX_FRAME:
            raise Bad("too_many_pixels")
        height = max(16, round(WIDTH * frame.height / max(1, frame.width)) // 2 * 2)
        if height > 8 * WIDTH:
            return
        grey = frame.reformat(width=WIDTH, height=height, format="gray").to_ndarray()
        self.samples.append((at, grey))


def film(path: Path, kind: Kind) -> dict[str, Any]:
    """What a film is, as it is shown: turned as its camera was held.

    Raises:
        Bad: it cannot be opened, has no picture or no length, or does not decode to its end.
    """
    broken = cut_short(path, kind.demuxer)
    try:
        with opened(path, kind.demuxer) as (source, stream):
            seen = _walk(source, stream)
            _whole(seen, stream, broken)
            _end(source, stream, seen)
            if not seen.decoded or not seen.size[0]:
                raise Bad("broken_video")
            return _told(source, stream, seen, kind)
    except Bad as bad:
        # A film without its index cannot be opened at all; say why it has none.
        raise Bad("cut_short") if broken and str(bad) == "broken_video" else bad from bad
    except FAULTS as error:
        raise Bad("cut_short" if broken else "broken_video") from error


def _walk(source: Any, stream: Any) -> Seen:
    seen = Seen()
    length = float(stream.duration * stream.time_base) if stream.duration else 0.0
    apart = max(_KEYS_APART, length / _KEYS)
    next_key = float("-inf")
    for packet in source.demux():
        if packet.stream_index != stream.index or not packet.size:
            continue
        stamp = packet.pts if packet.pts is not None else packet.dts
        seen.packets += 1
        seen.corrupt = seen.corrupt or packet.is_corrupt
        if stamp is None:
            continue
        at = float(stamp * stream.time_base)
        seen.start = at if seen.start is None else min(seen.start, at)
        seen.end = max(seen.end, at + float((packet.duration or 0) * stream.time_base))
        if not packet.is_keyframe:
            continue
        seen.last_key = packet.dts if packet.dts is not None else stamp
        if at >= next_key or at < next_key - 10 * apart:
            next_key = at + apart
            _key(stream, packet, seen, at)
        if seen.tried > 40 * _KEYS:  # times that jump about: made to keep us busy
            raise Bad("too_heavy")
    return seen


def _key(stream: Any, packet: Any, seen: Seen, at: float) -> None:
    """Decode one key picture by itself."""
    context = stream.codec_context
    seen.tried += 1
    try:
        frames = [*context.decode(packet), *context.decode(None)]
    except av.error.FFmpegError:
        frames = []
    context.flush_buffers()
    if frames:
        seen.decoded += 1
        seen.sample(frames[0], at)


def _whole(seen: Seen, stream: Any, broken: bool) -> None:
    """What the packets alone say."""
    if not seen.packets:
        raise Bad("cut_short" if broken else "no_picture")
    # AVI counts pictures that its camera left out, and has nothing in their place.
    missing = 0 if stream.container.format.name == "avi" else stream.frames - seen.packets
    # An index that names pictures which are not there; a few at the end are nobody's loss.
    if broken or seen.corrupt or (stream.frames and missing > max(2, stream.frames // 50)):
        raise Bad("cut_short")
    if seen.packets < 2 or seen.seconds <= 0:
        raise Bad("no_length")
    if seen.seconds > LONGEST:
        raise Bad("broken_video")
    if seen.decoded * 2 < seen.tried:
        raise Bad("broken_video")


def _end(source: Any, stream: Any, seen: Seen) -> None:
    """Decode all that follows the last key picture, up to the last one."""
    context = stream.codec_context
    context.flush_buffers()
    if seen.last_key is not None:
        source.seek(seen.last_key, stream=stream, backward=True)
    until = time.process_time() + _END_PATIENCE
    next_sample, last, faults, count = float("-inf"), None, 0, 0
    for packet in source.demux(stream):
        before = packet.dts is not None and seen.last_key is not None and packet.dts < seen.last_key
        if before and packet.size:
            continue
        try:
            frames = context.decode(packet if packet.size else None)
        except av.error.EOFError:
            break
        except av.error.FFmpegError:
            faults += 1
            continue
        for frame in frames:
            count += 1
            last = frame.time if frame.time is not None else last
            at = last if last is not None else 0.0
            if at >= next_sample:
                next_sample = at + _KEYS_APART
                if len(seen.samples) < 2 * _SAMPLES:
                    seen.sample(frame, at)
        if not packet.size or time.process_time() > until:
            break
    if not count or faults > count:
        raise Bad("cut_short" if seen.decoded else "broken_video")
    seen.decoded += 1


def _told(source: Any, stream: Any, seen: Seen, kind: Kind) -> dict[str, Any]:
    tags = [dict(source.metadata), *(dict(each.metadata) for each in source.streams)]
    codec_tags = [str(getattr(each.codec_context, "codec_tag", "")) for each in source.streams]
    merged: dict[str, str] = {}
    for each in reversed([tags[0], dict(stream.metadata)]):
        merged |= each
    samples = [grey for _at, grey in sorted(seen.samples, key=lambda pair: pair[0])]
    thin = samples[:: max(1, len(samples) // _SAMPLES)]
    return {
        "content_type": kind.content_type,
        "codec": stream.codec_context.codec.canonical_name,
        "width": seen.size[0],
        "height": seen.size[1],
        "seconds": round(seen.seconds, 3),
        "advice": advise(thin, seen.size, seen.seconds),
        "has_place": film_place(tags, codec_tags),
        **film_time(merged),
    }
