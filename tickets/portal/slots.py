"""The slots of the evidence pages: one kind of file each, what came and what is asked for."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from policies.pack import Pack
from tickets.evidence.arrivals import Shown

OFFERED = ("photo", "unboxing_video")
OFFERED_TO_REQUESTS = ("photo", "screenshot", "unboxing_video")


@dataclass(frozen=True, slots=True)
class Slot:
    """One kind of file: how many are needed, how to make one, and those that came or are coming."""

    kind: str
    label: str
    steps: tuple[str, ...]
    media: str
    max_bytes: int
    wanted: int
    files: Sequence[Shown]

    @property
    def have(self) -> int:
        """How many count, of those that are wanted: two films are not "2 of 1"."""
        counting = sum(1 for file in self.files if file.counts)
        return min(counting, self.wanted) if self.wanted else counting

    @property
    def done(self) -> bool:
        """Whether there are enough."""
        return self.have >= self.wanted

    @property
    def accept(self) -> str:
        """What a file chooser offers."""
        return "video/*" if self.media == "video" else "image/*"


def _slot(pack: Pack, kind: str, wanted: int, files: Iterable[Shown], locale: str) -> Slot:
    info = pack.evidence_kinds[kind]
    mine = [file for file in files if file.kind == kind]
    return Slot(
        kind, info.label(locale), info.steps(locale), info.media, info.max_bytes, wanted, mine
    )


def ways(
    pack: Pack,
    needed: Iterable[Mapping[str, int]],
    files: Sequence[Shown],
    locale: str,
) -> list[list[Slot]]:
    """The alternatives, each a list of what it takes; what is no file is left out."""
    found = []
    for way in needed:
        slots = [
            _slot(pack, kind, count, files, locale)
            for kind, count in way.items()
            if kind in pack.evidence_kinds
        ]
        if slots:
            found.append(slots)
    return found


def of_request(pack: Pack, files: Sequence[Shown], locale: str) -> list[Slot]:
    """What may be added to a request that is no claim: nothing of it is asked for."""
    kinds = dict.fromkeys([*OFFERED_TO_REQUESTS, *(file.kind for file in files)])
    return [_slot(pack, kind, 0, files, locale) for kind in kinds if kind in pack.evidence_kinds]


def extra_kinds(
    pack: Pack, needed: Iterable[Mapping[str, int]], files: Sequence[Shown], locale: str
) -> list[Slot]:
    """What may be added although nothing asks for it: a photo and a video always help."""
    asked = {kind for way in needed for kind in way}
    present = [file.kind for file in files]
    offered = () if asked else OFFERED
    kinds = dict.fromkeys([*offered, *present])
    return [
        _slot(pack, kind, 0, files, locale)
        for kind in kinds
        if kind not in asked and kind in pack.evidence_kinds
    ]


def files(pack: Pack, shown: Sequence[Shown], locale: str) -> list[dict[str, Any]]:
    """The files with the words for their kinds."""
    return [
        {"file": file, "label": pack.evidence_kinds[file.kind].label(locale)}
        for file in shown
        if file.kind in pack.evidence_kinds
    ]
