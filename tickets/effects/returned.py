"""Reads a returned mail: was it a failure for good, and which of our mails was it about."""

from __future__ import annotations

import logging
import re
from collections.abc import Iterator
from dataclasses import dataclass
from email.message import Message
from email.parser import BytesParser

from django.conf import settings
from flufl.bounce import all_failures

log = logging.getLogger(__name__)
# It tells of every detector it tries, and with a stack of those that trip.
logging.getLogger("flufl.bounce").setLevel(logging.CRITICAL + 1)


@dataclass(frozen=True, slots=True)
class Returned:
    """``message_ids`` of ours that it quotes, in order; ``reason`` in the mail server's words."""

    message_ids: tuple[str, ...]
    permanent: bool
    reason: str


def read(raw: bytes) -> Returned:
    """What a mail in our return box says.

    Delivery reports (RFC 3464) and the usual shapes that older servers write. A report of mere
    delay, and an autoresponder's greeting, are no failure.
    """
    message = BytesParser().parsebytes(raw)
    return Returned(tuple(_our_ids(message)), _has_failed(message), _reason(message))


def _has_failed(message: Message) -> bool:
    """A report says it in so many words; other shapes are for the library of them to know."""
    actions = {str(block.get("Action", "")).strip().lower() for block in _status_blocks(message)}
    if actions - {""}:
        return "failed" in actions
    try:
        _temporary, permanent = all_failures(message)
    except Exception:  # its detectors trip over mails that are no returns: without a sender, say
        log.info("A mail in the return box has no shape that we know.")
        return False
    return bool(permanent)


def _status_blocks(message: Message) -> Iterator[Message]:
    """The blocks of every delivery-status part: one on the report, one for each recipient."""
    for part in message.walk():
        if part.get_content_type() == "message/delivery-status" and part.is_multipart():
            yield from (block for block in part.get_payload() if isinstance(block, Message))


def _our_ids(message: Message) -> list[str]:
    pattern = re.compile(r"<[0-9a-f]{32}@" + re.escape(settings.MAIL_DOMAIN) + ">", re.IGNORECASE)
    found: dict[str, None] = {}
    for part in message.walk():
        # A returned mail's own headers, and text that quotes them.
        texts = [str(part.get("Message-ID", ""))]
        if part.get_content_maintype() in ("text", "message") and not part.is_multipart():
            payload = part.get_payload(decode=True)
            if isinstance(payload, bytes):
                texts.append(payload.decode("latin-1"))
        for text in texts:
            found.update(dict.fromkeys(match.group().lower() for match in pattern.finditer(text)))
    return list(found)


def _reason(message: Message) -> str:
    """The failed recipient's status, as RFC 3464 puts it; else the subject of the return."""
    for block in _status_blocks(message):
        code = block.get("Diagnostic-Code") or block.get("Status")
        if code:
            return " ".join(str(code).split())
    return " ".join(str(message.get("Subject", "")).split())
