"""What people type, made fit to be kept."""

from __future__ import annotations

from django.utils.translation import gettext as _

from tickets.errors import InvalidInput

MAX_BODY = 20_000  # characters of one message


def clean(body: str) -> str:
    """What was typed, fit to be kept.

    Raises:
        InvalidInput: nothing written, or too much.
    """
    text = body.replace("\x00", "").strip()
    if not text:
        raise InvalidInput(_("Please write something."), "body")
    if len(text) > MAX_BODY:
        raise InvalidInput(
            _("This is longer than %(n)d characters. Please shorten it, or attach it.")
            % {"n": MAX_BODY},
            "body",
        )
    return text


def as_typed(body: str) -> str:
    """The same while it is being written: every letter of it, on lines as a page shows them."""
    return body.replace("\x00", "").replace("\r\n", "\n").replace("\r", "\n")
