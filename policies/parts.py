"""The parts of a pack that other rooms hold in their hands: rules, evidence, channels, terms."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import TYPE_CHECKING, TypeVar

from policies.deskdata import Media, ProcessData
from policies.phrases import ENGLISH
from policies.schema import Contact, Floor, Rule
from policies.wording import template

if TYPE_CHECKING:
    from policies.pack import Pack

Process = ProcessData

T = TypeVar("T")


def pick(texts: Mapping[str, T], locale: str) -> tuple[T, str]:
    """Return a text in a locale, its language or English, and the locale that was used."""
    for tag in (locale, locale.split("-")[0]):
        if tag in texts:
            return texts[tag], tag
    return texts[ENGLISH], ENGLISH


@dataclass(frozen=True)
class PackRule:
    """One rule of one pack, with its texts."""

    id: str
    data: Rule
    pack: Pack

    @property
    def kinds(self) -> tuple[str, ...]:
        """Return the kinds: E enforced, T timer, G guidance, D reference data."""
        return self.data.kinds

    @property
    def page(self) -> str:
        """Return the slug of the help page that the rule belongs to."""
        return self.data.page

    @property
    def figures(self) -> Mapping[str, int | Decimal | tuple[int, ...]]:
        """Return the figures by name."""
        return self.data.figures

    @property
    def house(self) -> tuple[str, ...]:
        """Return the names of the figures that the store does not publish."""
        return self.data.house

    @property
    def outcomes(self) -> tuple[str, ...]:
        """Return what may come of a request under this rule, sorted."""
        return tuple(sorted(str(item) for item in self.data.outcomes))

    def sentence(self, locale: str = ENGLISH) -> str:
        """Return the rule as a short statement to a customer, its figures filled in."""
        text, used = pick(self.data.sentence, locale)
        return template(text).render(lambda name: self.pack.value(name, self.id), used) or ""


@dataclass(frozen=True)
class PackFloor:
    """What a law of some countries gives at least; an example that a manager switches on."""

    id: str
    data: Floor
    pack: Pack

    @property
    def on(self) -> bool:
        """Say whether it counts."""
        return self.data.on

    @property
    def figures(self) -> Mapping[str, int]:
        """Return the figures of its window by name; empty where it has none."""
        window = self.data.window
        if window is None:
            return {}
        found = {"months": window.months, "discovered_days": window.discovered_days}
        return {name: figure for name, figure in found.items() if figure is not None}

    def sentence(self, locale: str = ENGLISH) -> str:
        """Return the floor as a short statement, its figures filled in."""
        text, used = pick(self.data.sentence, locale)
        return template(text).render(lambda name: self.pack.value(name, self.id), used) or ""

    def source(self, locale: str = ENGLISH) -> str:
        """Return the law or the case that it comes from."""
        return pick(self.data.source, locale)[0]

    def advice(self, locale: str = ENGLISH) -> str:
        """Return that this is an example and not legal advice: stands wherever a floor does."""
        return self.pack.phrase("floor.advice", locale)


@dataclass(frozen=True)
class EvidenceInfo:
    """A kind of evidence: what medium it is, how large it may be, how to make it."""

    kind: str
    data: Media
    pack: Pack

    @property
    def media(self) -> str:
        """Return `video` or `photo`."""
        return self.data.media

    @property
    def max_bytes(self) -> int:
        """Return the largest size of one file, in bytes."""
        return self.data.max_bytes

    def label(self, locale: str = ENGLISH) -> str:
        """Return the name of the kind."""
        if self.data.label is not None:
            return pick(self.data.label, locale)[0]
        return self.pack.phrase(f"evidence.{self.kind}.label", locale)

    def steps(self, locale: str = ENGLISH) -> tuple[str, ...]:
        """Return how to make it, step by step."""
        if self.data.steps is not None:
            return pick(self.data.steps, locale)[0]
        return self.pack.phrases(f"evidence.{self.kind}.steps", locale)[0]


@dataclass(frozen=True)
class ContactChannel:
    """One way to reach the store, and what is said while it is switched off."""

    data: Contact

    @property
    def kind(self) -> str:
        """Return `phone` or `email`."""
        return self.data.kind

    @property
    def value(self) -> str:
        """Return the number or the address."""
        return self.data.value

    @property
    def open(self) -> bool:
        """Say whether the channel can be used now."""
        return self.data.open

    def notice(self, locale: str = ENGLISH) -> str | None:
        """Return what the store says about the channel, if anything."""
        return None if self.data.notice is None else pick(self.data.notice, locale)[0]
