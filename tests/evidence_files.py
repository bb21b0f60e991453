"""Real little files to send: made here, never stored in the repository."""

import io
import random
import struct
import tempfile
from collections.abc import Callable
from fractions import Fraction
from pathlib import Path

import av
import pillow_heif
from PIL import ExifTags, Image, ImageDraw

VIENNA = "+48.2082+016.3738/"  # a place, as ISO 6709 writes it
_CODECS = {"webm": "libvpx"}
_QUIET = {"libx265": {"x265-params": "log-level=none", "preset": "ultrafast"}}


def flat(number: int, size: tuple[int, int]) -> Image.Image:
    """A picture of one colour, another in each frame: small, and without any feature."""
    shade = (number * 37) % 256
    return Image.new("RGB", size, (shade, 255 - shade, (number * 91) % 256))


def scene(seed: int) -> Callable[[int, tuple[int, int]], Image.Image]:
    """Pictures with something to see: boxes on a table that move from frame to frame."""

    def draw(number: int, size: tuple[int, int]) -> Image.Image:
        dice = random.Random(seed)
        image = Image.new("RGB", size, (196, 186, 170))
        pen = ImageDraw.Draw(image)
        for _ in range(12):
            x, y = dice.randrange(size[0]), dice.randrange(size[1])
            wide, high = dice.randrange(8, size[0] // 2), dice.randrange(8, size[1] // 2)
            colour = tuple(dice.randrange(256) for _ in range(3))
            step = dice.randrange(-3, 4) * number
            pen.rectangle((x + step, y, x + step + wide, y + high), fill=colour, outline=(0, 0, 0))
        return image

    return draw


def make_video(
    seconds: float = 2.0,
    *,
    size: tuple[int, int] = (160, 120),
    rate: int = 10,
    kind: str = "mp4",
    codec: str = "",  # else the one that fits the kind
    faststart: bool = False,  # the index in front, as a phone that streams writes it
    picture: Callable[[int, tuple[int, int]], Image.Image] = flat,
    sound: bool = False,
    taken: str = "",  # "2026-03-01T10:00:00Z": as the container's own time
    apple: str = "",  # "2026-03-01T11:00:00+0100": as an iPhone writes it, zone included
    place: bool = False,  # Vienna, as phones write it
    turned: bool = False,  # held upright: to be turned a quarter clockwise to be seen
    **options: str,  # of the encoder
) -> bytes:
    """A real video; every frame differs unless ``picture`` says otherwise."""
    codec = codec or _CODECS.get(kind, "mpeg4")
    flags = ["+faststart"] if faststart else []
    flags += ["+use_metadata_tags"] if apple else []
    container_options = {"movflags": "".join(flags)} if flags else {}
    with (
        tempfile.NamedTemporaryFile() as file,
        av.open(file.name, "w", format=kind, options=container_options) as container,
    ):
        if taken:
            container.metadata["creation_time"] = taken
        if apple:
            container.metadata["com.apple.quicktime.creationdate"] = apple
        if place:
            key = "com.apple.quicktime.location.ISO6709" if apple else "location"
            container.metadata[key] = VIENNA
        stream = container.add_stream(
            codec, rate=rate, options={**_QUIET.get(codec, {}), **options}
        )
        stream.width, stream.height = size
        stream.pix_fmt = "yuv420p"
        voice = container.add_stream("aac", rate=44100) if sound else None
        for number in range(int(seconds * rate)):
            container.mux(stream.encode(av.VideoFrame.from_image(picture(number, size))))
        container.mux(stream.encode())
        if voice is not None:
            _silence(container, voice, seconds)
        container.close()
        made = Path(file.name).read_bytes()
    return _turned(made, size[1]) if turned else made


def make_sound(seconds: float = 1.0) -> bytes:
    """A film container with sound and no picture."""
    out = io.BytesIO()
    with av.open(out, "w", format="mp4") as container:
        _silence(container, container.add_stream("aac", rate=44100), seconds)
    return out.getvalue()


def _silence(
    container: av.container.OutputContainer, stream: av.AudioStream, seconds: float
) -> None:
    for number in range(int(seconds * 43)):
        frame = av.AudioFrame(format="fltp", layout="mono", samples=1024)
        frame.sample_rate = 44100
        frame.time_base = Fraction(1, 44100)
        frame.pts = number * 1024
        for plane in frame.planes:
            plane.update(bytes(plane.buffer_size))
        container.mux(stream.encode(frame))
    container.mux(stream.encode())


def _turned(film: bytes, height: int) -> bytes:
    """The matrix of the first track's header (ISO 14496-12, 8.3.2) as a phone held upright has."""
    at = film.index(b"tkhd") + 44
    one = 1 << 16
    matrix = struct.pack(">9i", 0, one, 0, -one, 0, 0, height * one, 0, 1 << 30)
    return film[:at] + matrix + film[at + len(matrix) :]


def make_photo(
    kind: str = "JPEG",
    size: tuple[int, int] = (320, 240),
    *,
    picture: Callable[[int, tuple[int, int]], Image.Image] | None = None,
    taken: str = "",  # "2026:03:01 10:00:00", the camera's own clock
    zone: str = "",  # "+01:00"
    place: bool = False,  # Vienna
    orientation: int = 0,  # EXIF's: 6 is held upright
) -> bytes:
    """A real picture with something to see on it; also ``HEIF``, as a phone takes it."""
    pillow_heif.register_heif_opener()
    out = io.BytesIO()
    image = picture(0, size) if picture else Image.linear_gradient("L").resize(size).convert("RGB")
    exif = Image.Exif()
    if taken:
        exif.get_ifd(ExifTags.IFD.Exif)[ExifTags.Base.DateTimeOriginal] = taken
    if zone:
        exif.get_ifd(ExifTags.IFD.Exif)[ExifTags.Base.OffsetTimeOriginal] = zone
    if place:
        gps = exif.get_ifd(ExifTags.IFD.GPSInfo)
        gps[ExifTags.GPS.GPSLatitudeRef], gps[ExifTags.GPS.GPSLatitude] = "N", (48.0, 12.0, 29.0)
        gps[ExifTags.GPS.GPSLongitudeRef], gps[ExifTags.GPS.GPSLongitude] = "E", (16.0, 22.0, 25.0)
    if orientation:
        exif[ExifTags.Base.Orientation] = orientation
    if taken or zone or place or orientation:
        exif[ExifTags.Base.Make] = "Vienna Cameras"
        image.save(out, kind, exif=exif.tobytes())
    else:
        image.save(out, kind)
    return out.getvalue()
