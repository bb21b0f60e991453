"""Bad input by the hundred: each ends as ready or as a refusal that has words, and soon."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.evidence.bad_files import HUNDREDS, dressed_up, good
from tickets.actions.check_evidence import Refusal
from tickets.evidence import programs
from tickets.evidence.inspect import LIMITS, inspect
from tickets.file_words import problem_words

KNOWN = {
    "empty", "not_video", "not_photo", "no_picture", "too_many_pixels", "cut_short", "no_length",
    "too_heavy", "broken_video", "broken_photo",
}  # fmt: skip
MANY = Path(__file__).with_name("many_probes.py")
SOON = 10.0  # seconds for one file, on a busy machine


def _probe_all(room: Path, files: dict[str, bytes]) -> dict[str, str]:
    """The code of each; one process opens them all, under the limits of one."""
    for name, content in files.items():
        (room / name).write_bytes(content)
    found = programs.run(MANY, [str(room)], LIMITS)
    assert set(found) == set(files)
    slow = {name: seconds for name, (_code, seconds) in found.items() if seconds > SOON}
    assert slow == {}
    return {name: code for name, (code, _seconds) in found.items()}


@pytest.mark.parametrize("kind", HUNDREDS)
def test_whatever_was_done_to_a_file_it_has_an_end_and_words_for_it(
    tmp_path: Path, kind: str
) -> None:
    files = dict(HUNDREDS[kind]())
    assert len(files) > 100
    found = _probe_all(tmp_path, files)
    unknown = {name: code for name, code in found.items() if code not in KNOWN | {"ready"}}
    assert unknown == {}
    fallback = problem_words("of long ago")
    assert all(problem_words(code) != fallback for code in set(found.values()) - {"ready"})


def test_a_film_with_its_index_in_front_is_never_taken_for_whole_when_it_was_cut(
    tmp_path: Path,
) -> None:
    whole = good()["video-streamed"]
    parts = {f"video-{part}": whole[: len(whole) * part // 40] for part in range(4, 40)}
    assert set(_probe_all(tmp_path, parts).values()) == {"cut_short"}


def test_what_is_dressed_up_or_made_to_hurt_is_known_for_what_it_is(tmp_path: Path) -> None:
    files = dressed_up()
    found = _probe_all(tmp_path, {name: content for name, (content, _may) in files.items()})
    assert {name: code for name, code in found.items() if code not in files[name][1]} == {}


@pytest.mark.parametrize(
    ("name", "code"),
    [
        ("photo-50000", "too_many_pixels"),
        ("video-zip-bomb.mp4", "not_video"),
        ("video-one-picture", "no_length"),
        ("photo-gif-html", "not_photo"),
    ],
)
def test_the_true_program_says_the_same(tmp_path: Path, name: str, code: str) -> None:
    path = tmp_path / "file"
    path.write_bytes(dressed_up()[name][0])
    assert inspect(path, name.split("-")[0], sha256="a" * 64) == Refusal(code, "a" * 64)
