"""A customer's film that is here and was looked into, with its contact sheet."""

from __future__ import annotations

import io
from datetime import datetime

from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from PIL import Image, ImageDraw

from tests.evidence_files import make_video
from tickets.actions.add_evidence import Arrival, take_in
from tickets.actions.check_evidence import Findings, settle
from tickets.models import Draft, Evidence, EvidenceCopy

SECONDS = 20
_FRAMES, _COLUMNS, _WIDTH, _HEIGHT = 8, 4, 160, 120


def has_a_film(draft: Draft, now: datetime, *, plays: bool = True) -> Evidence:
    """A film of twenty seconds in that draft; one that ``plays`` not is in no browser's format."""
    body = make_video(SECONDS, size=(320, 240), kind="webm") if plays else b"of another world"
    name = default_storage.save("evidence/film.webm", ContentFile(body))
    arrival = Arrival("unboxing_video", name, "unboxing.webm", len(body), now, now)
    evidence = take_in(arrival, draft=draft, actor=None, now=now)
    found = Findings("video/webm", "f" * 64, 320, 240, float(SECONDS), advice=("dark",))
    settle(evidence.pk, found, now=now)
    _sheet(evidence, now)
    return Evidence.objects.get(pk=evidence.pk)


def _sheet(evidence: Evidence, now: datetime) -> None:
    """Eight pictures in two rows, each with its number."""
    rows = _FRAMES // _COLUMNS
    sheet = Image.new("RGB", (_COLUMNS * _WIDTH, rows * _HEIGHT))
    for place in range(_FRAMES):
        shade = 255 * place // _FRAMES
        frame = Image.new("RGB", (_WIDTH, _HEIGHT), (shade, 120, 255 - shade))
        ImageDraw.Draw(frame).text((60, 40), str(place), fill="white", font_size=40)
        sheet.paste(frame, (place % _COLUMNS * _WIDTH, place // _COLUMNS * _HEIGHT))
    out = io.BytesIO()
    sheet.save(out, "JPEG")
    EvidenceCopy.objects.create(
        evidence=evidence,
        kind="sheet",
        file=default_storage.save("copies/sheet.jpg", ContentFile(out.getvalue())),
        content_type="image/jpeg",
        size=len(out.getvalue()),
        width=sheet.width,
        height=sheet.height,
        data={
            "columns": _COLUMNS,
            "width": _WIDTH,
            "height": _HEIGHT,
            "times": [SECONDS * place / _FRAMES for place in range(_FRAMES)],
        },
        made_at=now,
    )
