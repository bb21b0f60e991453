"""Is this file what it must be? Decided by its content, in a process of its own."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from django.utils.translation import gettext as _

_PROBE = Path(__file__).with_name("probe.py")
TIME_LIMIT = 90  # seconds by the clock; the probe also limits its own processor time


@dataclass(frozen=True, slots=True)
class Inspected:
    """What a good file is: pixels as coded, seconds for a video."""

    content_type: str
    width: int
    height: int
    seconds: float | None = None


class Unusable(Exception):
    """The file will not do; ``message`` says why and what helps, ``code`` is for tests and logs."""

    def __init__(self, code: str, media: str) -> None:
        super().__init__(code)
        self.code = code
        self.message = _words(code, media)


def inspect(path: Path | str, media: str) -> Inspected:
    """Look at the file at ``path``, which must be a ``photo`` or a ``video``.

    A file that makes the decoder run out of time, of memory or into a crash is unusable,
    and hurts nothing: the decoder runs apart.

    Raises:
        Unusable: empty, of another kind by content, not decodable, cut short, or too heavy.
    """
    try:
        done = subprocess.run(  # noqa: S603  (our own interpreter and our own program)
            [sys.executable, "-I", str(_PROBE), media, str(path)],
            stdin=subprocess.DEVNULL,
            capture_output=True,
            timeout=TIME_LIMIT,
            check=False,
            env={"PATH": os.environ.get("PATH", ""), "LANG": "C.UTF-8"},
        )
        answer: dict[str, Any] = json.loads(done.stdout)
    except subprocess.TimeoutExpired as error:
        raise Unusable("too_heavy", media) from error
    except ValueError as error:  # it died before it could answer
        raise Unusable("too_heavy", media) from error
    if not answer.pop("ok"):
        raise Unusable(answer["code"], media)
    return Inspected(**answer)


def _words(code: str, media: str) -> str:
    if code == "empty":
        return _("This file is empty. Please choose it again; it may not have been saved fully.")
    if code == "not_video":
        return _("This is not a video. Please send the video itself, as your phone recorded it.")
    if code == "not_photo":
        return _("This is not a photo. Please send a picture (JPEG, PNG, WebP or HEIC).")
    if code == "no_picture":
        return _("There is no picture in this video, only sound or nothing. Please send another.")
    if code == "too_many_pixels":
        return _("This picture is larger than we can open. Please send a smaller version of it.")
    if code == "cut_short":
        return _(
            "This video breaks off: its end is missing. Please copy it from your phone "
            "again and send it once more."
        )
    if media == "video":
        return _("We cannot play this video. Please send the file as your phone recorded it.")
    return _("We cannot open this picture. Please take it again, or send it in another format.")
