"""Films and photos as some programs write them: nothing of them is lost, or held against them."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import pytest
from PIL import Image

from tests.evidence_files import flat, make_video, scene
from tickets.evidence.apart import pictures_program, probe
from tickets.evidence.apart.metadata import film_time


def frames_of(path: Path) -> list[float]:
    with av.open(str(path)) as film:
        return [round(float(frame.time or 0), 3) for frame in film.decode(video=0)]


def test_the_preview_of_a_screen_recorders_film_begins_at_its_beginning(tmp_path: Path) -> None:
    """Matroska says no decoding time of the first packets where pictures refer to later ones."""
    options = {"g": "12", "bf": "2", "preset": "fast", "tune": "film"}
    film = make_video(3.0, kind="matroska", codec="libx264", picture=scene(1), **options)
    original, out = tmp_path / "obs.mkv", tmp_path / "out"
    original.write_bytes(film)
    with av.open(str(original)) as source:
        assert next(source.demux(video=0)).dts is None  # else this proves nothing

    answer = pictures_program.answer(["preview", str(original), str(out)])

    assert answer["ok"]
    before, after = frames_of(original), frames_of(out)
    assert len(after) == len(before)
    assert abs(after[0] - before[0]) < 0.05 and abs(after[-1] - before[-1]) < 0.05


def test_an_old_camera_that_left_pictures_out_is_not_said_to_be_cut_short(tmp_path: Path) -> None:
    path = tmp_path / "dropped.avi"
    with av.open(str(path), "w", format="avi") as film:
        stream = film.add_stream("mpeg4", rate=25)
        stream.width, stream.height, stream.pix_fmt = 160, 120, "yuv420p"
        for number in range(60):
            if number % 4 == 3:
                continue  # the card was too slow
            frame = av.VideoFrame.from_image(flat(number, (160, 120)))
            frame.pts, frame.time_base = number, Fraction(1, 25)
            film.mux(stream.encode(frame))
        film.mux(stream.encode())

    told = probe.look("video", path)

    assert 2.0 < told["seconds"] < 3.0
    whole = path.read_bytes()
    path.write_bytes(whole[: len(whole) * 2 // 3])
    with pytest.raises(probe.Bad, match="cut_short"):
        probe.look("video", path)


@pytest.mark.parametrize("said", ["0001-01-01T00:00:00+23:00", "9999-12-31T23:59:59-10:00"])
def test_a_date_at_the_edge_of_the_calendar_breaks_no_film(said: str) -> None:
    assert film_time({"creation_time": said}) == {"captured_at": None, "captured_zone": False}


@pytest.mark.parametrize("said", [("0001:01:01 00:00:00", "+23:00"), ("9999:12:31 23:59:59", "-9")])
def test_a_photo_with_such_a_date_still_says_that_it_names_a_place(
    tmp_path: Path, said: tuple[str, str]
) -> None:
    image = Image.new("RGB", (640, 480), (200, 10, 10))
    exif: Any = image.getexif()
    inner, place = exif.get_ifd(0x8769), exif.get_ifd(0x8825)
    inner[36867], inner[36881] = said
    place[1], place[2] = "N", (48.0, 12.0, 30.0)
    path = tmp_path / "p.jpg"
    image.save(path, "JPEG", exif=exif)

    told = probe.look("photo", path)

    assert (told["captured_at"], told["has_place"]) == (None, True)


def one_film(path: Path, stamps: list[int], sound: float = 0.0) -> Path:
    """A film whose pictures stand at these milliseconds."""
    with av.open(str(path), "w", format="mp4") as film:
        stream = film.add_stream("libx264", rate=30, options={"bf": "0"})
        stream.width, stream.height, stream.pix_fmt = 160, 120, "yuv420p"
        stream.codec_context.time_base = Fraction(1, 1000)
        voice = film.add_stream("aac", rate=48_000) if sound else None
        for number, stamp in enumerate(stamps):
            frame = av.VideoFrame.from_image(flat(number, (160, 120)))
            frame.pts, frame.time_base = stamp, Fraction(1, 1000)
            film.mux(stream.encode(frame))
        film.mux(stream.encode())
        for number in range(int(sound * 48_000 / 1024)) if voice is not None else ():
            piece = av.AudioFrame(format="fltp", layout="mono", samples=1024)
            piece.sample_rate, piece.pts = 48_000, number * 1024
            piece.planes[0].update(bytes(piece.planes[0].buffer_size))
            film.mux(voice.encode(piece))  # type: ignore[union-attr]  # there is one
        if voice is not None:
            film.mux(voice.encode())
    return path


@pytest.mark.parametrize(
    ("stamps", "sound", "seconds"),
    [
        ([0, 10, 20, 3000, 3010, 9000, 20_000], 0.0, 20.0),  # a rate that varies
        (list(range(0, 1000, 33)), 10.0, 1.0),  # sound that goes on alone
        (list(range(5000, 6000, 33)), 3.0, 1.0),  # pictures that begin late
    ],
)
def test_times_are_those_of_the_pictures(
    tmp_path: Path, stamps: list[int], sound: float, seconds: float
) -> None:
    path = one_film(tmp_path / "film.mp4", stamps, sound)

    told = probe.look("video", path)
    copied = pictures_program.answer(["copy", str(path), str(tmp_path / "sheet")])
    shown = pictures_program.answer(["preview", str(path), str(tmp_path / "out")])

    assert told["seconds"] == pytest.approx(seconds, abs=0.1)
    times = copied["sheet"]["data"]["times"]
    assert times == sorted(times) and times[0] >= 0 and times[-1] <= told["seconds"]
    assert shown["ok"]
    assert frames_of(tmp_path / "out") == frames_of(path)


def test_a_film_of_one_picture_has_no_length(tmp_path: Path) -> None:
    with pytest.raises(probe.Bad, match="no_length"):
        probe.look("video", one_film(tmp_path / "one.mp4", [0]))
