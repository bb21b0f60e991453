"""Real little files to send: made here, never stored in the repository."""

import io
import tempfile
from pathlib import Path

import av
import pillow_heif
from PIL import Image


def make_video(
    seconds: float = 2.0,
    *,
    size: tuple[int, int] = (160, 120),
    rate: int = 10,
    kind: str = "mp4",
    codec: str = "",  # else the one that fits the kind
    faststart: bool = False,  # the index in front, as a phone that streams writes it
) -> bytes:
    """A real video in which every frame differs."""
    codec = codec or ("libvpx" if kind == "webm" else "mpeg4")
    options = {"movflags": "faststart"} if faststart else {}
    with (
        tempfile.NamedTemporaryFile() as file,
        av.open(file.name, "w", format=kind, options=options) as container,
    ):
        stream = container.add_stream(codec, rate=rate)
        stream.width, stream.height = size
        stream.pix_fmt = "yuv420p"
        for number in range(int(seconds * rate)):
            shade = (number * 37) % 256
            image = Image.new("RGB", size, (shade, 255 - shade, (number * 91) % 256))
            container.mux(stream.encode(av.VideoFrame.from_image(image)))
        container.mux(stream.encode())
        container.close()
        return Path(file.name).read_bytes()


def make_sound(seconds: float = 1.0) -> bytes:
    """A film container with sound and no picture."""
    out = io.BytesIO()
    with av.open(out, "w", format="mp4") as container:
        stream = container.add_stream("aac", rate=44100)
        for number in range(int(seconds * 43)):
            frame = av.AudioFrame(format="fltp", layout="mono", samples=1024)
            frame.sample_rate = 44100
            frame.pts = number * 1024
            for plane in frame.planes:
                plane.update(bytes(plane.buffer_size))
            container.mux(stream.encode(frame))
        container.mux(stream.encode())
    return out.getvalue()


def make_photo(kind: str = "JPEG", size: tuple[int, int] = (320, 240)) -> bytes:
    """A real picture with something to see on it; also ``HEIF``, as a phone takes it."""
    pillow_heif.register_heif_opener()
    out = io.BytesIO()
    image = Image.linear_gradient("L").resize(size).convert("RGB")
    image.save(out, kind)
    return out.getvalue()
