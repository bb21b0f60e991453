"""Copies for looking at: they show what the original shows, and say nothing of what it says."""

from __future__ import annotations

import hashlib
import io
from pathlib import Path

import av
import imagehash
import pytest
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from PIL import Image, ImageChops, ImageStat

from tests.cast import NOON, Story
from tests.evidence_files import flat, make_photo, make_video, scene
from tickets.actions.add_evidence import Arrival, take_in
from tickets.actions.drafts import identify, start_draft
from tickets.evidence import filejobs, likeness, pictures, work
from tickets.evidence.apart import pictures_program, probe
from tickets.intake.demo.checks import check_files, here
from tickets.models import Draft, Evidence, EvidenceCopy, FileJob, FilePrint

UNBOXING = "unboxing_video"
TOLD = {"place": True, "turned": True, "sound": True, "taken": "2026-03-01T10:00:00Z"}
# What the originals say and no copy may: the place, the time, the maker.
SECRETS = (b"48.2082", b"+48", b"GPS", b"Exif", b"2026", b"Vienna", b"location", b"\xa9xyz")


@pytest.fixture
def draft(story: Story) -> Draft:
    return identify(start_draft(story.order.store, now=NOON), story.order, now=NOON)


def _arrive(draft: Draft, content: bytes, kind: str = "unboxing_video") -> Evidence:
    stored = default_storage.save("evidence/2026/03/file", ContentFile(content))
    arrival = Arrival(kind, stored, "mine", len(content), NOON, NOON)
    return take_in(arrival, draft=draft, actor=None, now=NOON)


def _all_of_it(draft: Draft, content: bytes, kind: str = "unboxing_video") -> Evidence:
    evidence = _arrive(draft, content, kind)
    check_files(NOON)
    evidence.refresh_from_db()
    assert evidence.state == "ready", evidence.problem
    return evidence


def _bytes(copy: EvidenceCopy) -> bytes:
    with copy.file.open("rb") as file:
        return file.read()


def _like(first: Image.Image, second: Image.Image) -> bool:
    """Whether two pictures show the same, the same way up."""
    size = (48, 48)
    one, other = first.convert("RGB").resize(size), second.convert("RGB").resize(size)
    return sum(ImageStat.Stat(ImageChops.difference(one, other)).mean) / 3 < 12


def test_a_film_gets_a_sheet_of_frames_with_their_times(draft: Draft) -> None:
    film = make_video(10, size=(640, 360), picture=scene(1), codec="libx264")
    sheet = _all_of_it(draft, film).copies.get(kind="sheet")

    assert (sheet.content_type, sheet.made_at) == ("image/jpeg", NOON)  # its time stood still
    assert sheet.file.name.startswith("copies/2026/03/")
    content = _bytes(sheet)
    assert sheet.size == len(content) <= 250_000
    data = sheet.data
    assert (data["columns"], data["width"], data["height"]) == (5, 240, 135)
    assert data["times"] == pytest.approx([0.2 + n * 0.5 for n in range(20)], abs=0.11)
    with Image.open(io.BytesIO(content)) as image:
        assert image.size == (sheet.width, sheet.height) == (1200, 540)
        for number in (0, 7, 19):
            left, top = number % 5 * 240, number // 5 * 135
            cell = image.crop((left, top, left + 240, top + 135))
            assert _like(cell, scene(1)(round(data["times"][number] * 10), (640, 360)))


@pytest.mark.parametrize("codec", ["libx264", "libx265"])
def test_a_film_that_was_held_upright_is_shown_upright(draft: Draft, codec: str) -> None:
    film = make_video(2, kind="mov", size=(400, 300), picture=scene(2), codec=codec, turned=True)
    evidence = _all_of_it(draft, film)
    upright = scene(2)(0, (400, 300)).rotate(-90, expand=True)

    sheet, preview = evidence.copies.get(kind="sheet"), evidence.copies.get(kind="preview")
    assert (sheet.data["width"], sheet.data["height"]) == (240, 320)
    with Image.open(io.BytesIO(_bytes(sheet))) as image:
        assert _like(image.crop((0, 0, 240, 320)), upright)
    assert (preview.width, preview.height) == (300, 400)
    with av.open(io.BytesIO(_bytes(preview))) as film_:
        frame = next(film_.decode(video=0))
        assert _like(frame.to_image().rotate(frame.rotation, expand=True), upright)


@pytest.mark.parametrize(
    ("kind", "codec", "sound"),
    [
        ("mov", "libx265", True),
        ("mp4", "mpeg4", True),
        ("webm", "", False),
        ("avi", "", False),
        ("mpegts", "libx264", False),
        ("mov", "libx264", True),
        ("matroska", "libx264", True),
    ],
)
def test_the_preview_of_a_film_is_what_every_browser_plays(
    draft: Draft, kind: str, codec: str, sound: bool
) -> None:
    film = make_video(3, kind=kind, codec=codec, sound=sound, size=(320, 240), picture=scene(3))
    preview = _all_of_it(draft, film).copies.get(kind="preview")

    content = _bytes(preview)
    assert (preview.content_type, preview.width, preview.height) == ("video/mp4", 320, 240)
    assert content.index(b"moov") < content.index(b"mdat")  # it plays before it is here whole
    with av.open(io.BytesIO(content)) as made:
        picture = made.streams.video[0]
        assert (picture.codec_context.name, picture.codec_context.pix_fmt) == ("h264", "yuv420p")
        assert float(picture.duration * picture.time_base) == pytest.approx(3, abs=0.2)
        assert [each.codec_context.name for each in made.streams.audio] == ["aac"] * sound
        if sound:
            voice = made.streams.audio[0]
            assert float(voice.duration * voice.time_base) == pytest.approx(3, abs=0.2)
        assert sum(1 for _ in made.decode(video=0)) >= 28


def test_what_is_larger_than_is_looked_at_is_made_smaller(draft: Draft) -> None:
    film = make_video(0.5, size=(2560, 1440), codec="libx264", preset="ultrafast", rate=60)
    preview = _all_of_it(draft, film).copies.get(kind="preview")
    assert (preview.width, preview.height) == (1280, 720)
    with av.open(io.BytesIO(_bytes(preview))) as made:
        assert made.streams.video[0].average_rate <= 31

    photo = make_photo(size=(4000, 3000), picture=scene(1), orientation=6)
    preview = _all_of_it(draft, photo, "photo").copies.get(kind="preview")
    assert (preview.width, preview.height) == (1536, 2048)


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP", "HEIF"])
def test_a_photo_gets_a_preview_the_right_way_up(draft: Draft, kind: str) -> None:
    photo = make_photo(kind, (400, 300), picture=scene(4), orientation=6, place=True)
    evidence = _all_of_it(draft, photo, "photo")
    preview = evidence.copies.get()  # and no sheet
    assert (preview.kind, preview.content_type) == ("preview", "image/jpeg")
    with Image.open(io.BytesIO(_bytes(preview))) as image:
        assert (image.format, image.size) == ("JPEG", (300, 400))
        assert _like(image, scene(4)(0, (400, 300)).rotate(-90, expand=True))


@pytest.mark.parametrize(
    ("content", "kind"),
    [
        (make_video(3, codec="libx264", size=(400, 300), picture=scene(5), **TOLD), UNBOXING),
        (
            make_video(
                3, kind="mov", codec="libx264", apple="2026-03-01T11:00:00+0100", size=(400, 300),
                picture=scene(5), place=True,
            ),
            UNBOXING,
        ),
        (make_video(3, codec="libx265", size=(400, 300), picture=scene(5), **TOLD), UNBOXING),
        (make_photo(taken="2026:03:01 10:00:00", place=True, orientation=6), "photo"),
        (make_photo("HEIF", taken="2026:03:01 10:00:00", place=True, orientation=6), "photo"),
        (make_photo("PNG", taken="2026:03:01 10:00:00", place=True, orientation=6), "photo"),
    ],
)  # fmt: skip
def test_no_copy_says_what_the_original_says_and_that_stays_as_it_is(
    draft: Draft, content: bytes, kind: str
) -> None:
    evidence = _all_of_it(draft, content, kind)
    assert evidence.has_place
    copies = list(evidence.copies.all())
    assert len(copies) == (2 if kind == "unboxing_video" else 1)
    for copy in copies:
        made = _bytes(copy)
        assert [secret for secret in SECRETS if secret in made] == []
        _says_nothing(copy.file.path, copy.content_type)
    assert Path(evidence.file.path).read_bytes() == content
    assert evidence.sha256 == hashlib.sha256(content).hexdigest()


def _says_nothing(path: str, content_type: str) -> None:
    media = content_type.split("/")[0].replace("image", "photo")
    told = probe.answer([media, path])
    assert (told["captured_at"], told["has_place"]) == (None, False)
    if media == "photo":
        with Image.open(path) as image:
            assert not image.getexif()
            assert set(image.info) <= {"jfif", "jfif_version", "jfif_unit", "jfif_density",
                                       "progressive", "progression"}  # fmt: skip
        return
    with av.open(path) as film:
        assert set(film.metadata) <= {"major_brand", "minor_version", "compatible_brands"}
        for stream in film.streams:
            assert stream.type in ("video", "audio")
            told = {k: v for k, v in stream.metadata.items() if k != "vendor_id"}
            assert told.pop("language", "und") == "und"
            assert told.pop("handler_name", "VideoHandler") in ("VideoHandler", "SoundHandler")
            assert told == {}


# -- prints ---------------------------------------------------------------------------


def test_a_photo_sent_on_keeps_its_print(draft: Draft) -> None:
    picture = scene(6)(0, (800, 600))
    out = io.BytesIO()
    picture.resize((500, 375)).save(out, "JPEG", quality=40)
    first = _all_of_it(draft, make_photo(size=(800, 600), picture=scene(6)), "photo")
    second = _all_of_it(draft, out.getvalue(), "photo")
    other = _all_of_it(draft, make_photo(size=(800, 600), picture=scene(7)), "photo")

    one, two, three = (FilePrint.objects.get(evidence=each) for each in (first, second, other))
    assert (one.bits ^ two.bits).bit_count() <= 6
    assert (one.bits ^ three.bits).bit_count() > 12
    grey = picture.convert("L")
    grey.thumbnail((256, 256))
    assert abs(imagehash.hex_to_hash(str(one)) - imagehash.phash(grey)) <= 4
    assert one.at == 0


def test_a_print_is_signed_and_its_bands_are_its_four_parts() -> None:
    bits = 0xFFFF_0001_8000_1234
    assert likeness.bands_of(bits) == likeness.bands_of(bits - (1 << 64))
    assert likeness.bands_of(bits) == [0x1234, 0x18000, 0x20001, 0x3FFFF]


def test_a_film_has_prints_of_frames_all_through_it_and_none_of_what_has_no_features(
    draft: Draft,
) -> None:
    film = _all_of_it(draft, make_video(8, size=(320, 240), picture=scene(8), codec="libx264"))
    times = list(film.prints.values_list("at", flat=True))
    assert 5 <= len(times) <= 8
    assert times[0] < 2
    assert times[-1] > 6
    plain = _all_of_it(draft, make_video(3, picture=flat))
    assert not plain.prints.exists()
    assert plain.copies.filter(kind="sheet").exists()


# -- made once, and never in the way ------------------------------------------------------


def test_copies_are_made_once_whoever_asks_again(draft: Draft) -> None:
    evidence = _all_of_it(draft, make_video(3, picture=scene(9)))
    before = sorted(EvidenceCopy.objects.values_list("pk", "file"))
    prints = FilePrint.objects.count()
    path = Path(evidence.file.path)
    pictures.make_copies(evidence, path, now=NOON, run=here)
    pictures.make_preview(evidence, path, now=NOON, run=here)
    assert sorted(EvidenceCopy.objects.values_list("pk", "file")) == before
    assert FilePrint.objects.count() == prints
    folder = Path(default_storage.path("copies/2026/03"))
    named = {Path(name).name for _pk, name in before}
    assert named <= {each.name for each in folder.iterdir()}


@pytest.mark.parametrize("ends", ["import os; os.abort()", 'print(\'{"ok": false, "code": 1}\')'])
def test_a_file_stays_ready_whatever_becomes_of_its_copies(
    draft: Draft, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, ends: str
) -> None:
    simulated = tmp_path / "simulated.py"
    simulated.write_text(ends)
    monkeypatch.setattr(pictures, "PROGRAM", simulated)
    evidence = _arrive(draft, make_video(1))
    work.run_due(NOON, stages=work.ALL)
    evidence.refresh_from_db()
    job = FileJob.objects.get(evidence=evidence)
    assert (evidence.state, job.stage, job.settled_at is not None) == ("ready", "done", True)
    assert job.last_error.startswith("no preview: ")
    assert not evidence.copies.exists()


def test_the_true_program_makes_them_under_its_limits(draft: Draft) -> None:
    evidence = _arrive(draft, make_video(2, size=(320, 240), picture=scene(1), sound=True))
    work.run_due(NOON, stages=work.ALL)
    assert set(evidence.copies.values_list("kind", flat=True)) == {"sheet", "preview"}
    assert FileJob.objects.get().last_error == ""
    assert filejobs.take(NOON, work.ALL) is None


def test_a_file_that_is_nothing_has_no_picture(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"nothing")
    asked = ["copy", str(tmp_path / "file"), str(tmp_path / "out")]
    assert pictures_program.answer(asked) == {"ok": False, "code": "not_video"}
