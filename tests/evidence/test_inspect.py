"""What a file is, is decided by its content: looked into apart, to its end, under limits."""

from __future__ import annotations

import hashlib
import os
import time
from datetime import UTC, datetime
from pathlib import Path

import psutil
import pytest
from PIL import Image, ImageFilter

from tests.evidence_files import flat, make_photo, make_sound, make_video, scene
from tickets.actions.check_evidence import Findings, Refusal
from tickets.evidence import inspect as inspection
from tickets.evidence import programs
from tickets.evidence.apart import probe
from tickets.evidence.inspect import inspect, sha256_of
from tickets.evidence.programs import Died, Limits

TAKEN = datetime(2026, 3, 1, 10, 0, tzinfo=UTC)
LIMITS = Limits(memory=1024**3, cpu=20, wall=20.0)


def _look(room: Path, content: bytes, media: str = "video", kind: str = "") -> Findings | Refusal:
    path = room / "file"  # no ending: the name says nothing
    path.write_bytes(content)
    return inspect(path, media, sha256="a" * 64, kind=kind, run=_here)


def _here(program: Path, arguments: list[str], *_limits: object) -> dict[str, object]:
    """In this process: for good files of our own, where the point is what is found."""
    assert program == inspection.PROBE
    return probe.answer(arguments)


def _good(found: Findings | Refusal) -> Findings:
    assert isinstance(found, Findings), found
    return found


@pytest.mark.parametrize(
    ("kind", "codec", "content_type"),
    [
        ("mp4", "h264", "video/mp4"),
        ("mp4", "mpeg4", "video/mp4"),
        ("mov", "h264", "video/quicktime"),
        ("mov", "hevc", "video/quicktime"),
        ("mp4", "hevc", "video/mp4"),
        ("webm", "vp8", "video/webm"),
        ("matroska", "h264", "video/x-matroska"),
        ("avi", "mpeg4", "video/x-msvideo"),
        ("mpegts", "h264", "video/mp2t"),
    ],
)
def test_a_real_video_is_one_in_every_usual_container(
    tmp_path: Path, kind: str, codec: str, content_type: str
) -> None:
    coder = {"h264": "libx264", "hevc": "libx265", "vp8": "libvpx"}.get(codec, codec)
    seen = _good(_look(tmp_path, make_video(kind=kind, codec=coder)))
    assert (seen.content_type, seen.codec) == (content_type, codec)
    assert (seen.width, seen.height) == (160, 120)
    assert seen.seconds == pytest.approx(2.0, abs=0.15)


@pytest.mark.parametrize(
    ("kind", "content_type"),
    [
        ("JPEG", "image/jpeg"),
        ("PNG", "image/png"),
        ("WEBP", "image/webp"),
        ("HEIF", "image/heic"),
        ("AVIF", "image/avif"),
    ],
)
def test_a_real_photo_is_one(tmp_path: Path, kind: str, content_type: str) -> None:
    seen = _good(_look(tmp_path, make_photo(kind), "photo"))
    assert (seen.content_type, seen.width, seen.height) == (content_type, 320, 240)
    assert seen.seconds is None


def test_a_photo_with_a_second_one_behind_it_is_the_photo_that_the_phone_took(
    tmp_path: Path,
) -> None:
    pair = tmp_path / "pair.jpg"
    first, second = scene(1)(0, (400, 300)), scene(2)(0, (400, 300))
    first.save(pair, "MPO", save_all=True, append_images=[second])
    seen = _good(_look(tmp_path, pair.read_bytes(), "photo"))
    assert (seen.content_type, seen.width) == ("image/jpeg", 400)


@pytest.mark.parametrize("kind", ["JPEG", "HEIF", "WEBP", "PNG"])
def test_a_photo_says_when_and_whether_where_and_is_measured_as_it_is_shown(
    tmp_path: Path, kind: str
) -> None:
    told = {"taken": "2026:03:01 11:00:00", "zone": "+01:00", "place": True, "orientation": 6}
    seen = _good(_look(tmp_path, make_photo(kind, **told), "photo"))
    assert (seen.width, seen.height) == (240, 320)
    assert (seen.captured_at, seen.captured_zone, seen.has_place) == (TAKEN, True, True)

    plain = _good(_look(tmp_path, make_photo(kind, taken="2026:03:01 10:00:00"), "photo"))
    assert (plain.captured_at, plain.captured_zone, plain.has_place) == (TAKEN, False, False)


@pytest.mark.parametrize("taken", ["", "0000:00:00 00:00:00", "soon", "1970:01:01 00:00:00"])
def test_a_camera_that_does_not_know_the_time_has_said_nothing(tmp_path: Path, taken: str) -> None:
    seen = _good(_look(tmp_path, make_photo(taken=taken, orientation=1), "photo"))
    assert (seen.captured_at, seen.captured_zone) == (None, False)


def test_a_film_says_when_and_whether_where_and_is_measured_as_it_is_shown(
    tmp_path: Path,
) -> None:
    film = {"codec": "libx264", "place": True, "turned": True}
    iphone = make_video(kind="mov", apple="2026-03-01T11:00:00+0100", **film)
    android = make_video(taken="2026-03-01T10:00:00Z", **film)
    for content in (iphone, android):
        seen = _good(_look(tmp_path, content))
        assert (seen.width, seen.height) == (120, 160)
        assert (seen.captured_at, seen.captured_zone, seen.has_place) == (TAKEN, True, True)
    seen = _good(_look(tmp_path, make_video(codec="libx264")))
    assert (seen.captured_at, seen.has_place) == (None, False)


VIDEO = make_video(12, faststart=True)
FILM = make_video()  # its index stands at the end
PHOTO = make_photo()


@pytest.mark.parametrize(
    ("content", "media", "code"),
    [
        (b"", "video", "empty"),
        (b"just text, whatever its name" * 50, "video", "not_video"),
        (PHOTO, "video", "not_video"),
        (VIDEO, "photo", "not_photo"),
        (make_sound(), "video", "no_picture"),
        (VIDEO[: len(VIDEO) // 2], "video", "cut_short"),
        (VIDEO[:-4000], "video", "cut_short"),
        (FILM[: len(FILM) // 2], "video", "cut_short"),
        (make_video(0.1), "video", "no_length"),
        (PHOTO[: len(PHOTO) // 2], "photo", "broken_photo"),
    ],
)
def test_anything_else_is_refused_by_its_code(
    tmp_path: Path, content: bytes, media: str, code: str
) -> None:
    assert _look(tmp_path, content, media) == Refusal(code, "a" * 64)


def test_where_the_rules_do_not_say_what_a_file_must_be_both_will_do(tmp_path: Path) -> None:
    assert _good(_look(tmp_path, VIDEO, "any")).seconds == pytest.approx(12, abs=0.2)
    assert _good(_look(tmp_path, PHOTO, "any")).content_type == "image/jpeg"


# -- advice ------------------------------------------------------------------------


def _black(_number: int, size: tuple[int, int]) -> Image.Image:
    return Image.new("RGB", size, (6, 6, 6))


def _dark(number: int, size: tuple[int, int]) -> Image.Image:
    return scene(5)(number, size).point(lambda value: value // 6)


def _blurred(number: int, size: tuple[int, int]) -> Image.Image:
    return scene(5)(number, size).filter(ImageFilter.GaussianBlur(24))


def _same(_number: int, size: tuple[int, int]) -> Image.Image:
    return scene(5)(0, size)


BIG = (640, 480)


@pytest.mark.parametrize(
    ("picture", "size", "advice"),
    [
        (scene(5), BIG, ()),
        (scene(5), (320, 240), ("small",)),
        (_black, BIG, ("black",)),
        (_dark, BIG, ("dark",)),
        (_blurred, BIG, ("blurred",)),
        (_same, BIG, ("frozen",)),
        (flat, BIG, ()),
    ],
)
def test_advice_is_given_where_hardly_anybody_would_disagree(
    tmp_path: Path, picture: object, size: tuple[int, int], advice: tuple[str, ...]
) -> None:
    film = make_video(4, size=size, picture=picture, codec="libx264", preset="ultrafast")
    assert _good(_look(tmp_path, film)).advice == advice
    if advice != ("frozen",):
        photo = make_photo(size=size, picture=picture)
        assert _good(_look(tmp_path, photo, "photo")).advice == advice


def test_only_an_unboxing_can_be_short(tmp_path: Path) -> None:
    long = make_video(inspection.SHORT_UNBOXING + 1, size=BIG, rate=2, picture=scene(5))
    short = make_video(3, size=BIG, picture=scene(5))
    assert _good(_look(tmp_path, long, kind="unboxing_video")).advice == ()
    assert _good(_look(tmp_path, short, kind="unboxing_video")).advice == ("short",)
    assert _good(_look(tmp_path, short, kind="other_video")).advice == ()


# -- apart, under limits ------------------------------------------------------------


def test_the_hash_is_that_of_every_byte(tmp_path: Path) -> None:
    path = tmp_path / "file"
    path.write_bytes(VIDEO * 60)
    beats: list[int] = []
    assert sha256_of(path, lambda: beats.append(1)) == hashlib.sha256(VIDEO * 60).hexdigest()
    assert beats


@pytest.mark.parametrize(("content", "media"), [(VIDEO, "video"), (make_photo("HEIF"), "photo")])
def test_the_true_program_finds_a_good_file_good_and_leaves_it_as_it_is(
    tmp_path: Path, content: bytes, media: str
) -> None:
    path = tmp_path / "file"
    path.write_bytes(content)
    path.chmod(0o400)
    before = path.stat()
    found = _good(inspect(path, media, sha256="a" * 64))
    assert found.width in (160, 320)
    assert path.read_bytes() == content
    assert path.stat().st_mtime_ns == before.st_mtime_ns


BAD_ENDS = {
    "crashes": "import os; os.abort()",
    "hangs": "import time; time.sleep(60)",
    "spins": "while True: pass",
    "eats memory": "held = []\nwhile True: held.append(bytes(10_000_000))",
    "says nothing": "",
    "says nonsense": "print('{\"ok\": tru')",
    "says too little": "print('{\"ok\": true}')",
    "says something else": "print('[1, 2]')",
    "says it without end": "while True: print('x' * 10_000)",
    "nests": "print('[' * 200_000)",
    "writes": "open(__file__ + '.out', 'wb').write(bytes(1_000_000)); print('{}')",
    "leaves children": (
        "import os, time\nif os.fork() == 0:\n    time.sleep(60)\nelse:\n    os._exit(0)"
    ),
}


@pytest.mark.parametrize("how", BAD_ENDS)
def test_a_decoder_that_comes_to_a_bad_end_makes_the_file_unreadable_and_hurts_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, how: str
) -> None:
    simulated = tmp_path / "simulated.py"
    simulated.write_text(BAD_ENDS[how])
    (tmp_path / "file").write_bytes(VIDEO)
    monkeypatch.setattr(inspection, "PROBE", simulated)
    limits = Limits(memory=512 * 1024**2, cpu=1, wall=2.5)
    monkeypatch.setattr(inspection, "LIMITS", limits)

    began = time.monotonic()
    found = inspect(tmp_path / "file", "video", sha256="a" * 64)

    assert found == Refusal("too_heavy", "a" * 64)
    assert time.monotonic() - began < 10
    assert not _running(simulated)
    assert not list(tmp_path.glob("core*"))
    written = tmp_path / "simulated.py.out"
    assert not written.exists() or written.stat().st_size == 0


def _running(program: Path) -> list[int]:
    me = psutil.Process(os.getpid())
    return [
        each.pid
        for each in me.children(recursive=True)
        if each.status() != psutil.STATUS_ZOMBIE and str(program) in each.cmdline()
    ]


def test_a_program_knows_no_secret_and_has_no_core_and_goes_after_others(tmp_path: Path) -> None:
    telling = tmp_path / "telling.py"
    telling.write_text(
        "import json, os, resource, sys\n"
        "print(json.dumps({'environment': sorted(os.environ), 'nice': os.nice(0),"
        " 'core': resource.getrlimit(resource.RLIMIT_CORE)[1],"
        " 'isolated': sys.flags.isolated, 'stdin': sys.stdin.read(),"
        " 'own_group': os.getpgid(0) == os.getpid()}))"
    )
    told = programs.run(telling, [], LIMITS)
    assert not {"SECRET_KEY", "DATABASE_URL", "REDIS_URL"} & set(told["environment"])
    assert (told["nice"], told["core"], told["isolated"], told["stdin"]) == (10, 0, 1, "")
    assert told["own_group"]


def test_what_the_beat_raises_ends_the_program(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    hanging = tmp_path / "hanging.py"
    hanging.write_text("import time; time.sleep(60)")
    monkeypatch.setattr(programs, "BEAT", 0.2)

    class Over(Exception):
        pass

    def beat() -> None:
        raise Over

    with pytest.raises(Over):
        programs.run(hanging, [], LIMITS, beat)
    assert not _running(hanging)


def test_a_worker_that_is_to_end_does_not_wait_for_its_programs(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    hanging = tmp_path / "hanging.py"
    hanging.write_text("import time; time.sleep(60)")
    monkeypatch.setattr(programs, "_halting", type(programs._halting)())
    programs.halt()
    with pytest.raises(programs.Halted):
        programs.run(hanging, [], LIMITS)
    assert not _running(hanging)


def test_without_an_answer_there_is_none(tmp_path: Path) -> None:
    with pytest.raises(Died):
        programs.run(tmp_path / "is not there.py", [], LIMITS)
