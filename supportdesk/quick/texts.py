"""Translations that are looked up once in each language.

What a catalogue says never changes while the process runs, and a page of the desk asks for a
hundred texts. Django goes through its chain of catalogues for each of them anew.
"""

from __future__ import annotations

import threading
from typing import Any

from django.utils import translation
from django.utils.translation import trans_real

_find = trans_real.gettext
_MOST = 20_000  # more than there are texts: somebody translates what people type


def gettext(message: str) -> str:
    """Django's `gettext`, with what it has found kept beside the catalogue."""
    catalogue = getattr(trans_real._active, "value", None)  # type: ignore[attr-defined]  # not in the stubs
    if catalogue is None or type(message) is not str:
        return _find(message)
    kept: dict[str, str] | None = catalogue.__dict__.get("kept_texts")
    if kept is None or len(kept) > _MOST:
        kept = catalogue.kept_texts = {}
    found = kept.get(message)
    if found is None:
        found = kept[message] = _find(message)
    return found


def install() -> None:
    """Let Django use it, and keep the reader's language with the thread.

    Every face is served by threads (`supportdesk.wsgi`): the task-aware storage that Django has
    for asynchronous views costs more than the look-up.
    """
    trans: Any = translation._trans  # type: ignore[attr-defined]  # not in the stubs
    trans_real._active = threading.local()  # type: ignore[attr-defined]  # not in the stubs
    trans.gettext = gettext
