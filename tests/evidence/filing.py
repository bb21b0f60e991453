"""Filed requests whose files really lie in the storage, as they arrived."""

from __future__ import annotations

import hashlib
import io
from datetime import datetime
from typing import Any

from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.test import Client
from PIL import Image

from tests.cast import NOON, Story
from tickets.actions.add_evidence import Arrival, take_in
from tickets.actions.check_evidence import Findings, Refusal, settle
from tickets.actions.file_claim import file_claim
from tickets.actions.talk import open_ticket
from tickets.actions.uploads import Place, begin
from tickets.actor import Actor
from tickets.models import (
    Claim,
    Customer,
    Draft,
    Evidence,
    EvidenceCopy,
    Order,
    Ticket,
    Upload,
    User,
)

FILM = bytes(range(256)) * 40  # what plays does not matter here, what comes back does


def picture(shade: int = 40) -> bytes:
    """A small JPEG."""
    out = io.BytesIO()
    Image.new("RGB", (32, 24), (shade, 80, 120)).save(out, "JPEG")
    return out.getvalue()


def put(
    draft: Draft | None = None,
    *,
    claim: Claim | None = None,
    content: bytes = FILM,
    name: str = "unboxing.mp4",
    kind: str = "unboxing_video",
    content_type: str = "video/mp4",
    problem: str = "",
    checked: bool = True,
    now: datetime = NOON,
) -> Evidence:
    """A file arrives, and is found good, bad, or not looked into yet."""
    stored = default_storage.save("evidence/file.bin", ContentFile(content))
    arrival = Arrival(kind, stored, name, len(content), now, now)
    actor = Actor.of_customer(claim.ticket.customer) if claim is not None else None
    evidence = take_in(arrival, draft=draft, claim=claim, actor=actor, now=now)
    if checked:
        digest = hashlib.sha256(content).hexdigest()
        seconds = 12.0 if content_type.startswith("video/") else None
        found = (
            Refusal(problem, digest, infected=problem == "infected")
            if problem
            else Findings(content_type, digest, 320, 240, seconds)
        )
        settle(evidence.pk, found, now=now)
    return Evidence.objects.get(pk=evidence.pk)


def filed(order: Order, *, now: datetime = NOON, **file: Any) -> tuple[Claim, Evidence]:
    """A missing photocard with its video, sent."""
    story = Story(order, now)
    draft = story.draft(opened=True)
    evidence = put(draft, now=now, **file)
    claim = file_claim(draft, actor=Actor.of_customer(order.customer), now=now)
    return claim, Evidence.objects.get(pk=evidence.pk)


def begun(
    place: Place,
    *,
    name: str = "unboxing.mp4",
    length: int = 1000,
    actor: Actor | None = None,
    now: datetime = NOON,
) -> Upload:
    """A film begins its way to this place; not a byte of it is here."""
    return begin(
        place,
        kind="unboxing_video",
        name=name,
        length=length,
        parts={},
        stored_name=f"evidence/2026/03/{name}",
        actor=actor,
        now=now,
    )


def question_of(customer: Customer) -> Ticket:
    """A question to the shop, which is no claim."""
    return open_ticket(
        customer.store,
        customer,
        order=None,
        request="page_error",
        subject="The shop",
        body="An error.",
        actor=Actor.of_customer(customer),
        now=NOON,
    )


def copy_of(evidence: Evidence, kind: str, content: bytes, content_type: str) -> EvidenceCopy:
    """A copy as a job makes it."""
    return EvidenceCopy.objects.create(
        evidence=evidence,
        kind=kind,
        file=default_storage.save("copies/copy.bin", ContentFile(content)),
        content_type=content_type,
        size=len(content),
        width=32,
        height=24,
        made_at=NOON,
    )


def browser_of(user: User) -> Client:
    """A browser in which this person is signed in."""
    client = Client()
    client.force_login(user, backend="django.contrib.auth.backends.ModelBackend")
    return client


def body(response: Any) -> bytes:
    """All that a response carries, streamed or not."""
    if getattr(response, "streaming", False):
        return b"".join(response.streaming_content)
    return bytes(response.content)
