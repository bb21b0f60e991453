"""What a file is, is decided by its content."""

from __future__ import annotations

import io
from pathlib import Path

import pytest
from PIL import Image

from tests.evidence_files import make_photo, make_sound, make_video
from tickets.evidence import inspect as inspection
from tickets.evidence.inspect import Unusable, inspect


def _look(tmp_path: Path, content: bytes, media: str) -> inspection.Inspected:
    path = tmp_path / "file"  # no ending: the name says nothing
    path.write_bytes(content)
    return inspect(path, media)


@pytest.mark.parametrize("kind", ["mp4", "mov", "webm", "matroska", "avi", "mpegts"])
def test_a_real_video_is_one_in_every_usual_container(tmp_path: Path, kind: str) -> None:
    seen = _look(tmp_path, make_video(kind=kind), "video")
    assert (seen.width, seen.height) == (160, 120)
    assert seen.seconds == pytest.approx(2.0, abs=0.3)
    assert seen.content_type.startswith("video/")


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP"])
def test_a_real_photo_is_one(tmp_path: Path, kind: str) -> None:
    seen = _look(tmp_path, make_photo(kind), "photo")
    assert (seen.content_type, seen.width) == (f"image/{kind.lower()}", 320)


def _bomb() -> bytes:
    out = io.BytesIO()
    Image.new("1", (20_000, 20_000)).save(out, "PNG")
    return out.getvalue()


VIDEO = make_video(12, faststart=True)
FILM = make_video()  # its index stands at the end, so half of it cannot even be opened
PHOTO = make_photo()


@pytest.mark.parametrize(
    ("content", "media", "code"),
    [
        (b"", "video", "empty"),
        (b"just text, whatever its name" * 50, "video", "not_video"),
        (PHOTO, "video", "not_video"),
        (VIDEO, "photo", "not_photo"),
        (b"%PDF-1.7 no picture", "photo", "not_photo"),
        (make_sound(), "video", "no_picture"),
        (VIDEO[: len(VIDEO) // 2], "video", "cut_short"),
        (FILM[: len(FILM) // 2], "video", "broken_video"),
        (PHOTO[: len(PHOTO) // 2], "photo", "broken_photo"),
        (_bomb(), "photo", "too_many_pixels"),
        (b"#EXTM3U\n#EXTINF:10,\nfile:///etc/passwd\n", "video", "not_video"),
    ],
)
def test_anything_else_is_refused_in_plain_words(
    tmp_path: Path, content: bytes, media: str, code: str
) -> None:
    with pytest.raises(Unusable) as refused:
        _look(tmp_path, content, media)
    assert refused.value.code == code
    assert refused.value.message.startswith(("This", "There", "We"))


def test_a_decoder_that_hangs_or_crashes_hurts_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    hanging = tmp_path / "hangs.py"
    hanging.write_text("import time; time.sleep(60)")
    monkeypatch.setattr(inspection, "_PROBE", hanging)
    monkeypatch.setattr(inspection, "TIME_LIMIT", 0.5)
    with pytest.raises(Unusable) as refused:
        _look(tmp_path, VIDEO, "video")
    assert refused.value.code == "too_heavy"

    hanging.write_text("import os; os.abort()")
    monkeypatch.setattr(inspection, "TIME_LIMIT", 30)
    with pytest.raises(Unusable) as refused:
        _look(tmp_path, VIDEO, "video")
    assert refused.value.code == "too_heavy"
