"""Short-lived addresses of files: made for one person, worth nothing to anybody else.

An address names the file, what of it, and whom it was made for. The view behind it asks again,
at each request, whether that person may still see the file; the address alone opens nothing.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from pathlib import PurePosixPath

from django.conf import settings
from django.core import signing
from django.urls import reverse
from django.utils.crypto import constant_time_compare, salted_hmac

from tickets.actor import Actor
from tickets.models import Draft, Evidence, Ticket

WHAT = ("original", "sheet", "preview")
_SALT = "tickets.files"
# Addresses made within these seconds are the same, so that a page that refreshes itself does
# not load its pictures anew.
_STEP = 300
_STRANGE = re.compile(r"[^\w.-]+")
_ENDINGS = {"image/jpeg": ".jpg", "image/png": ".png", "video/mp4": ".mp4"}


@dataclass(frozen=True, slots=True)
class Named:
    """What an address of ours says. ``whom`` is ``staff``, ``customer`` or ``draft``.

    ``holder`` is the primary key of the user, the ticket or the draft; ``proof`` the link
    generation of the ticket or a digest of the draft's key.
    """

    evidence_id: int
    what: str
    whom: str
    holder: int
    proof: str
    expired: bool


def link(
    evidence: Evidence, what: str, *, actor: Actor, now: datetime, download: bool = False
) -> str:
    """The address by which this member of staff, or the file's own customer, sees a filed file.

    ``what`` is ``original``, ``sheet`` or ``preview``. It lives for ``FILE_LINK_SECONDS``, or up
    to five minutes less. Whoever asks has found the file through ``access``.

    Raises:
        ValueError: ``what`` is unknown, the file was not filed, or the actor is nobody's browser.
    """
    if actor.kind == "staff" and actor.user is not None:
        return _address(evidence, what, ["s", actor.user.pk, ""], now, download)
    ticket = ticket_of(evidence)
    if actor.kind == "customer" and ticket is not None:
        whom = ["c", ticket.pk, str(ticket.link_generation)]
        return _address(evidence, what, whom, now, download)
    raise ValueError("Files are shown to staff, and to the customer of their own request.")


def draft_link(
    evidence: Evidence, what: str, draft: Draft, *, now: datetime, download: bool = False
) -> str:
    """The address of a file that has not been sent yet, for whoever holds its draft's key."""
    return _address(evidence, what, ["d", draft.pk, _digest(draft)], now, download)


def read(token: str, now: datetime) -> Named | None:
    """What an address says, also when its time is over; None when it was not made by us."""
    try:
        pk, what, whom, holder, proof, until = signing.Signer(salt=_SALT).unsign_object(token)
    except (signing.BadSignature, ValueError, UnicodeError):
        return None
    kinds = {"s": "staff", "c": "customer", "d": "draft"}
    return Named(pk, what, kinds[whom], holder, proof, expired=now.timestamp() >= until)


def fits_draft(named: Named, draft: Draft) -> bool:
    """Whether the address was made for this very draft."""
    return named.holder == draft.pk and constant_time_compare(named.proof, _digest(draft))


def ticket_of(evidence: Evidence) -> Ticket | None:
    """The conversation a filed file belongs to."""
    return evidence.claim.ticket if evidence.claim is not None else evidence.ticket


def readable_name(evidence: Evidence, what: str, content_type: str = "") -> str:
    """What the file is called in an address and when it is saved: nothing in it leads anywhere."""
    given = PurePosixPath(evidence.original_name.replace("\\", "/")).name
    stem, dot, ending = given.rpartition(".")
    if not dot:
        stem, ending = given, ""
    stem = _STRANGE.sub("-", stem).strip("-.")[:60] or "file"
    if what == "original":
        ending = _STRANGE.sub("", ending)[:10].strip("-.")
        return f"{stem}.{ending}" if ending else stem
    return f"{stem}-{what}{_ENDINGS.get(content_type, '')}"


def _digest(draft: Draft) -> str:
    return salted_hmac(_SALT, draft.key, algorithm="sha256").hexdigest()[:20]


def _address(
    evidence: Evidence, what: str, whom: list[object], now: datetime, download: bool
) -> str:
    if what not in WHAT:
        raise ValueError(f"Of a file there is no {what!r}.")
    until = int(now.timestamp()) // _STEP * _STEP + settings.FILE_LINK_SECONDS
    path = _signed(evidence.pk, what, tuple(whom), until, readable_name(evidence, what), _key())
    return f"{path}?download" if download else path


def _key() -> str:
    return str(settings.SECRET_KEY)


@lru_cache(maxsize=500)
def _signed(pk: int, what: str, whom: tuple[object, ...], until: int, name: str, key: str) -> str:
    """The same within five minutes: a ticket is looked at, answered, and looked at again."""
    token = signing.Signer(key=key, salt=_SALT).sign_object([pk, what, *whom, until])
    return reverse("uploads:linked", args=[token, name])
