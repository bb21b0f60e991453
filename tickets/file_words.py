"""What people are told of a file: what is wrong with it, what would help, its moments."""

from __future__ import annotations

from collections.abc import Mapping

from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as _l

MARK_LABELS: Mapping[str, Promise] = {
    "sealed": _l("Still sealed"),
    "label": _l("Shipping label"),
    "opening": _l("Opening"),
    "contents": _l("Everything that was inside"),
}

_PROBLEMS: Mapping[str, Promise] = {
    "empty": _l("This file is empty. Please choose it again; it may not have been saved fully."),
    "not_video": _l(
        "This is not a video. Please send the video itself, as your phone recorded it."
    ),
    "not_photo": _l("This is not a photo. Please send a picture (JPEG, PNG, WebP or HEIC)."),
    "no_picture": _l(
        "There is no picture in this video, only sound or nothing. Please send another."
    ),
    "too_many_pixels": _l(
        "This picture is larger than we can open. Please send a smaller version of it."
    ),
    "cut_short": _l(
        "This video breaks off: its end is missing. Please copy it from your phone again and "
        "send it once more."
    ),
    "no_length": _l(
        "This video has no length: nothing was recorded. Please record it again, or send another."
    ),
    "too_heavy": _l(
        "This file is made in a way that we cannot open safely. Please send it as your phone "
        "recorded it, or record it again."
    ),
    "interrupted": _l(
        "Something failed on our side while this file arrived, and we cannot be sure that it is "
        "complete. Please send it again."
    ),
    "infected": _l(
        "Our virus scanner found something dangerous in this file, so nobody will open it. "
        "Please send another."
    ),
    "broken_video": _l(
        "We cannot play this video. Please send the file as your phone recorded it."
    ),
    "broken_file": _l("We cannot open this file. Please send it in another format."),
    "not_sendable": _l(
        "Files of this kind cannot be sent. Pictures, films, PDF, text and office documents can."
    ),
    "broken_photo": _l(
        "We cannot open this picture. Please take it again, or send it in another format."
    ),
}

# What would make a good file more useful. Nobody is held up by it.
_ADVICE: Mapping[str, Promise] = {
    "short": _l(
        "It is very short. A video of an unboxing shows the sealed box, the label, the opening "
        "and everything inside, in one take."
    ),
    "black": _l("There is almost nothing to see in it but black. Was the lens covered?"),
    "dark": _l("It is very dark. With a lamp or at a window, the details can be seen."),
    "small": _l("Its picture is very small: a shipping label can hardly be read on it."),
    "blurred": _l("It is blurred. Hold the camera still, and wait until the picture is sharp."),
    "frozen": _l("The picture hardly moves: it looks like a photo rather than a video."),
}


def problem_words(code: str) -> str:
    """What was wrong with a file and what helps; something usable for a code from long ago."""
    found = _PROBLEMS.get(code)
    return str(found) if found else _("We cannot open this file. Please send another.")


def advice_words(code: str) -> str:
    """What would make a file more useful; empty for a code that nobody knows."""
    return str(_ADVICE.get(code, ""))


def clock_words(seconds: float) -> str:
    """A time within a video as players show it: ``0:42``, ``12:05``, ``1:02:03``."""
    minutes, rest = divmod(int(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{rest:02}" if hours else f"{minutes}:{rest:02}"
