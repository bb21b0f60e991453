"""The moments of a customer's own video: a form for them, and what there is to look at."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django import forms
from django.utils.translation import gettext as _

from tickets.actor import Actor
from tickets.evidence import links
from tickets.file_words import MARK_LABELS, clock_words
from tickets.models import Evidence, EvidenceCopy
from tickets.models.evidence import MARKS

# “0:42”, “1:02:03”, “42”; also with the wide colon of Korean keyboards, and a part of a second.
_CLOCK = re.compile(r"(?:(?:(\d{1,2}):)?(\d{1,3}):)?(\d{1,5})(?:[.,]\d*)?")
_FRAMES = 16  # as many of the sheet as fit a phone without scrolling for long


class ClockField(forms.CharField):
    """A time within a video, as players show it; its value is in seconds."""

    def clean(self, value: Any) -> float | None:
        """The seconds, or None where nothing was typed."""
        typed = str(super().clean(value)).strip().replace("：", ":")
        if not typed:
            return None
        found = _CLOCK.fullmatch(typed)
        if found is None or (found[2] and int(found[3]) > 59) or (found[1] and int(found[2]) > 59):
            raise forms.ValidationError(
                _("Please write it as the player shows it: minutes, a colon, seconds. Like 0:42.")
            )
        hours, minutes, seconds = (int(part or 0) for part in found.groups())
        return float(hours * 3600 + minutes * 60 + seconds)


class MomentsForm(forms.Form):
    """One field a moment, none of them required."""

    def __init__(self, data: Mapping[str, Any] | None, evidence: Evidence) -> None:
        super().__init__(
            data,
            initial={name: clock_words(at) for name, at in evidence.marks.items()},
        )
        for name in MARKS:
            self.fields[name] = ClockField(
                label=str(MARK_LABELS[name]),
                required=False,
                max_length=12,
                widget=forms.TextInput(attrs={"autocomplete": "off", "placeholder": "0:00"}),
            )

    @property
    def marks(self) -> dict[str, float]:
        """The moments that were named, in seconds."""
        return {name: at for name, at in self.cleaned_data.items() if at is not None}


def rows(form: MomentsForm) -> list[dict[str, Any]]:
    """Each moment with its field, its drawing and its hint, in the order of filming."""
    hints = {
        "sealed": _("The closed box, from all sides"),
        "label": _("When it can be read"),
        "opening": _("When the first seal is cut"),
        "contents": _("When everything lies there"),
    }
    return [
        {"field": form[name], "picture": f"portal/guide/{name}.svg", "hint": hints[name]}
        for name in MARKS
    ]


@dataclass(frozen=True, slots=True)
class Frame:
    """One picture of the contact sheet: its seconds, and the part of the sheet that it is."""

    at: float
    box: str


@dataclass(frozen=True, slots=True)
class Film:
    """Addresses of a video and of its copies; empty where there is no such copy (yet)."""

    original: str
    preview: str
    sheet: str
    sheet_width: int
    sheet_height: int
    frames: tuple[Frame, ...]


def film(evidence: Evidence, actor: Actor | None, *, now: datetime) -> Film:
    """What the holder of the draft's key (no ``actor``), or the customer, has to look at."""

    def address(what: str) -> str:
        if actor is not None:
            return links.link(evidence, what, actor=actor, now=now)
        assert evidence.draft is not None
        return links.draft_link(evidence, what, evidence.draft, now=now)

    copies = {copy.kind: copy for copy in evidence.copies.all()}
    sheet = copies.get("sheet")
    return Film(
        original=address("original"),
        preview=address("preview") if "preview" in copies else "",
        sheet=address("sheet") if sheet else "",
        sheet_width=sheet.width if sheet else 0,
        sheet_height=sheet.height if sheet else 0,
        frames=_frames(sheet) if sheet else (),
    )


def _frames(sheet: EvidenceCopy) -> tuple[Frame, ...]:
    """The sheet's frames, thinned out evenly where there are very many."""
    data = sheet.data
    columns, width, height = (int(data[key]) for key in ("columns", "width", "height"))
    found = [
        Frame(float(at), f"{place % columns * width} {place // columns * height} {width} {height}")
        for place, at in enumerate(data["times"])
    ]
    step = max(1, -(-len(found) // _FRAMES))
    return tuple(found[::step])
