"""How to film and photograph it: each step of the pack beside a drawing of it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache

from policies.articles import Article
from policies.checks import Evidence
from policies.pack import Pack
from policies.parts import EvidenceInfo

# The drawings of a kind, in the order in which it is made (templates/portal/guide). Kinds that
# a store adds are drawn like their medium.
_DRAWN: Mapping[str, tuple[str, ...]] = {
    "video": ("sealed", "label", "opening", "contents"),
    "photo": ("light", "whole", "close"),
    "defect_photo": ("pointed", "close", "note"),
    "receipt": ("light", "whole", "close"),
    "screenshot": ("screen", "whole", "close"),
}


@dataclass(frozen=True, slots=True)
class DrawnStep:
    """One step in words, and the templates of its drawings: none, one, or what is left over."""

    text: str
    pictures: tuple[str, ...]


def drawn(kind: str, media: str, steps: Sequence[str]) -> list[DrawnStep]:
    """The steps with their drawings; where there are more drawings, the last step has the rest."""
    names = _DRAWN.get(kind) or _DRAWN.get(media, ())
    pictures = [f"portal/guide/{name}.svg" for name in names]
    last = len(steps) - 1
    return [
        DrawnStep(text, tuple(pictures[place:] if place == last else pictures[place : place + 1]))
        for place, text in enumerate(steps)
    ]


def film_of(pack: Pack) -> EvidenceInfo | None:
    """The kind of evidence that is filmed, where the store takes one."""
    return next((info for info in pack.evidence_kinds.values() if info.media == "video"), None)


def wants_film(pack: Pack, article: Article) -> bool:
    """Whether a rule that is told in this article asks for a video."""
    return not _filmed(pack).isdisjoint(article.rules)


@lru_cache(maxsize=64)
def _filmed(pack: Pack) -> frozenset[str]:
    """The rules whose checks ask for a video."""
    films = {kind for kind, info in pack.evidence_kinds.items() if info.media == "video"}
    return frozenset(
        check.rule
        for request in pack.document.requests.values()
        for check in request.checks
        if isinstance(check, Evidence)
        for way in check.need or ()
        if films.intersection(str(kind) for kind in way)
    )
