"""A film that every browser plays: H.264 and AAC in an MP4 whose index stands in front.

What is that already is packed anew without being coded anew. Either way nothing of what was
written in the original goes along: no tags, no tracks but picture and sound, no notes in between.
"""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path
from typing import Any

import av

from tickets.evidence.apart.films import FAULTS, opened
from tickets.evidence.apart.kinds import Bad, Kind

SHORT_SIDE = 720  # pixels of a film that is coded anew
_AS_IT_IS = (1920, 1080)  # and of one that is not
_RATE = 30
_THREADS = 2
_EARLY = 2000  # pieces of sound, some forty seconds
_PLAIN = {"movflags": "+faststart", "fflags": "+bitexact"}
_NOTES = "filter_units=remove_types=6"  # H.264's "supplemental" units: captions, dates, anything
_CODING = {"preset": "ultrafast", "crf": "27", "threads": str(_THREADS), "bf": "0"}


def write_film(path: Path, out: Path, kind: Kind) -> dict[str, Any]:
    """Write the preview of a film.

    Raises:
        Bad: it cannot be decoded.
    """
    try:
        size = _packed_anew(path, out, kind)
        if size is None:
            size = _coded_anew(path, out, kind)
    except FAULTS as error:
        raise Bad("broken_video") from error
    return {"ending": "mp4", "width": size[0], "height": size[1], "data": {}}


def _sound(source: Any) -> Any:
    found = [each for each in source.streams.audio if each.codec_context is not None]
    return found[0] if found else None


def _packed_anew(path: Path, out: Path, kind: Kind) -> tuple[int, int] | None:
    """Copy the packets; None where they are not what every browser plays, or will not be packed."""
    with opened(path, kind.demuxer) as (source, stream):
        sound = _sound(source)
        context = stream.codec_context
        plays = (
            context.codec.canonical_name == "h264"
            and context.pix_fmt in ("yuv420p", "yuvj420p")
            and max(stream.width, stream.height) <= _AS_IT_IS[0]
            and min(stream.width, stream.height) <= _AS_IT_IS[1]
            and (sound is None or sound.codec_context.codec.canonical_name == "aac")
            and kind.demuxer in ("mov", "matroska")
        )
        if not plays:
            return None
        try:
            return _packets(source, stream, sound, out)
        except FAULTS:
            return None


def _packets(source: Any, stream: Any, sound: Any, out: Path) -> tuple[int, int]:
    turned = 0
    with av.open(str(out), "w", format="mp4", options=_PLAIN) as made:
        picture = made.add_stream_from_template(stream)
        picture.metadata.clear()
        plain = av.bitstream.BitStreamFilterContext(_NOTES, stream, picture)
        target = None
        if sound is not None:
            target = made.add_stream_from_template(sound)
            target.metadata.clear()
        made.metadata.clear()
        wanted = [each for each in (stream, sound) if each is not None]
        for packet in source.demux(wanted):
            if packet.dts is None:
                if packet.size:  # Matroska does not say it of the first: they would be lost
                    raise ValueError("a packet without its time")
                continue
            if packet.stream_index == stream.index:
                for each in plain.filter(packet):
                    each.stream = picture
                    made.mux(each)
            else:
                packet.stream = target
                made.mux(packet)
    with av.open(str(out)) as check:
        frame = next(iter(check.decode(video=0)), None)
        if frame is None:
            raise ValueError("nothing was packed")
        turned = int(frame.rotation) % 180
        size = (frame.width, frame.height)
    return (size[1], size[0]) if turned else size


def _coded_anew(path: Path, out: Path, kind: Kind) -> tuple[int, int]:
    with opened(path, kind.demuxer) as (source, stream):
        stream.thread_type = "AUTO"
        stream.codec_context.thread_count = _THREADS  # each holds pictures of its own
        sound = _sound(source)
        with av.open(str(out), "w", format="mp4", options=_PLAIN) as made:
            start = float(source.start_time or 0) / 1_000_000
            film = _Film(made, stream, start)
            voice = _Voice(made, sound, start) if sound is not None else None
            wanted = [each for each in (stream, sound) if each is not None]
            for packet in source.demux(wanted):
                mine = film if packet.stream_index == stream.index else voice
                assert mine is not None
                try:
                    frames = packet.decode()
                except av.error.EOFError:
                    continue
                except av.error.FFmpegError:
                    continue  # a damaged picture; the next ones may be whole
                for frame in frames:
                    mine.take(frame)
                if voice is not None and film.size is not None:
                    voice.begin()
            if film.size is None:
                raise Bad("no_picture")
            film.end()
            if voice is not None:
                voice.end()
            return film.size


class _Film:
    """Pictures: turned as they are shown, made smaller, at most ``_RATE`` a second."""

    def __init__(self, made: Any, stream: Any, start: float) -> None:
        self.start = start
        rate = stream.average_rate or stream.guessed_rate or Fraction(_RATE)
        self.rate = min(Fraction(_RATE), max(Fraction(1), Fraction(rate)))
        self.time_base = stream.time_base
        self.out = made.add_stream("libx264", rate=self.rate, options=_CODING)
        self.out.pix_fmt = "yuv420p"
        self.out.time_base = Fraction(1, 90_000)
        self.out.codec_context.time_base = Fraction(1, 90_000)
        self.made = made
        self.size: tuple[int, int] | None = None
        self.graph: Any = None
        self.shape: tuple[int, int, str] | None = None
        self.next_at = float("-inf")
        self.last = -1

    def take(self, frame: Any) -> None:
        """Code one picture, or pass over it where more come than are shown."""
        if frame.pts is None or frame.time is None or frame.time + 1e-6 < self.next_at:
            return
        self.next_at = max(self.next_at, frame.time - 0.5 / self.rate) + float(1 / self.rate) * 0.98
        shape = (frame.width, frame.height, frame.format.name)
        if shape != self.shape:
            self.graph, self.shape = self._filters(frame), shape
        at = frame.time
        self.graph.push(frame)
        picture = self.graph.pull()
        if self.size is None:
            self.size = (picture.width, picture.height)
            self.out.width, self.out.height = self.size
        stamp = round((at - self.start) * 90_000)
        if stamp <= self.last:
            return
        picture.pts, picture.time_base, self.last = stamp, Fraction(1, 90_000), stamp
        picture.pict_type = 0
        self.made.mux(self.out.encode(picture))

    def end(self) -> None:
        """Let the coder go."""
        self.made.mux(self.out.encode())

    def _filters(self, frame: Any) -> Any:
        graph = av.filter.Graph()
        turned = int(frame.rotation) % 360
        width, height = frame.width, frame.height
        steps = {90: ["transpose=cclock"], 180: ["hflip", "vflip"], 270: ["transpose=clock"]}
        chain = list(steps.get(turned, []))
        if turned % 180:
            width, height = height, width
        wide, high = self.size or _fitted(width, height)
        chain += [f"scale={wide}:{high}", "setsar=1", "format=yuv420p"]
        last = graph.add_buffer(
            width=frame.width,
            height=frame.height,
            format=frame.format,
            time_base=self.time_base,
        )
        for step in chain:
            name, _, arguments = step.partition("=")
            following = graph.add(name, arguments or None)
            last.link_to(following)
            last = following
        sink = graph.add("buffersink")
        last.link_to(sink)
        graph.configure()
        return graph


class _Voice:
    """Sound: AAC, two channels at most. It waits until the size of the pictures is known."""

    def __init__(self, made: Any, stream: Any, start: float) -> None:
        self.made = made
        self.start = start
        self.early: list[Any] | None = []
        self.out = made.add_stream("aac", rate=48_000)
        self.out.bit_rate = 96_000
        self.out.layout = "mono" if stream.codec_context.channels == 1 else "stereo"
        self.resampler = av.AudioResampler(format="fltp", layout=self.out.layout.name, rate=48_000)

    def take(self, frame: Any) -> None:
        """Code one piece of sound, or keep it until the pictures have begun."""
        if self.early is None:
            self._code(frame)
        elif len(self.early) < _EARLY:
            self.early.append(frame)

    def begin(self) -> None:
        """The pictures have begun."""
        early, self.early = self.early, None
        for frame in early or ():
            self._code(frame)

    def _code(self, frame: Any) -> None:
        if frame.pts is not None and frame.time_base:
            frame.pts -= round(self.start / frame.time_base)
        for piece in self.resampler.resample(frame):
            self.made.mux(self.out.encode(piece))

    def end(self) -> None:
        """Let the coder go."""
        for piece in self.resampler.resample(None):
            self.made.mux(self.out.encode(piece))
        self.made.mux(self.out.encode())


def _fitted(width: int, height: int) -> tuple[int, int]:
    """Even sides, the shorter one ``SHORT_SIDE`` at the most."""
    share = min(1.0, SHORT_SIDE / min(width, height), 1920 / max(width, height))
    return max(2, round(width * share) // 2 * 2), max(2, round(height * share) // 2 * 2)
