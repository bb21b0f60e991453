"""The decision card: what the rule says, on which facts, and which boxes are ticked."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, time
from typing import Any
from zoneinfo import ZoneInfo

from django.utils.dateparse import parse_date
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from policies.types import EvidenceKind
from tickets.actions.what_if import Proposal
from tickets.desk import labels
from tickets.desk.rulebook import sentence
from tickets.models import Claim

MOST_FILES = 20


@dataclass(frozen=True, slots=True)
class Box:
    """One line of the checklist: so many of a kind, so many here."""

    label: str
    need: int
    have: int

    @property
    def ticked(self) -> bool:
        """Whether enough are here."""
        return self.have >= self.need


@dataclass(frozen=True, slots=True)
class Known:
    """One fact that the decision may look at, and what it is."""

    name: str
    value: Any
    is_date: bool = False


@dataclass(frozen=True, slots=True)
class Right:
    """A right of the customer's country beside the rule. ``better``: the answer is by it."""

    id: str
    sentence: str
    source: str
    advice: str
    better: bool


@dataclass(frozen=True, slots=True)
class Card:
    """One decision, ready to be shown. ``ways`` are alternatives: one complete way is enough."""

    verdict: str
    rule: str
    sentence: str
    closes_at: datetime | None
    in_time: bool
    opens_at: datetime | None
    sentences: tuple[str, ...]
    facts: tuple[Known, ...]
    ways: tuple[tuple[Box, ...], ...]
    version: int
    changed: bool
    right: Right | None = None


@dataclass(frozen=True, slots=True)
class Field:
    """One field of the what-if form. ``kind`` is ``yes_no``, ``date`` or ``count``."""

    name: str
    label: str
    kind: str
    value: str
    yes: str = ""
    no: str = ""


def card(claim: Claim, proposal: Proposal) -> Card:
    """A decision with its words; ``changed`` when it is not what the claim stands under."""
    made = proposal.decision
    counts = {kind: proposal.facts.evidence.count(kind) for kind in proposal.facts.evidence}
    asked = [claim.asked] if claim.asked else []
    return Card(
        verdict=str(made.verdict),
        rule=made.rule,
        sentence=sentence(proposal.pack, made.rule),
        closes_at=made.closes_at,
        in_time=made.closes_at is None or proposal.facts.at < made.closes_at,
        opens_at=made.opens_at,
        sentences=proposal.sentences,
        facts=_facts(proposal, claim),
        ways=tuple(
            tuple(
                Box(_kind(proposal, kind), need, counts.get(kind, 0)) for kind, need in way.items()
            )
            for way in [*proposal.needed, *asked]
        ),
        version=claim.policy_version.number,
        changed=(str(made.verdict), made.rule) != (claim.verdict, claim.rule),
        right=_right(proposal),
    )


def _right(proposal: Proposal) -> Right | None:
    floor, locale = proposal.floor, get_language() or "en"
    if floor is None:
        return None
    better = proposal.decision.floor == floor.id
    return Right(
        floor.id, floor.sentence(locale), floor.source(locale), floor.advice(locale), better
    )


def _kind(proposal: Proposal, kind: str) -> str:
    known = proposal.pack.evidence_kinds.get(kind)
    return known.label(get_language() or "en") if known else str(labels.EVIDENCE.get(kind, kind))


def _facts(proposal: Proposal, claim: Claim) -> tuple[Known, ...]:
    """The facts this type of request is judged by, the instant of asking first."""
    facts = proposal.facts
    found = [Known(_("Asked"), facts.at, is_date=True)]
    for name in proposal.pack.request_facts(claim.type):
        value = getattr(facts.order, name, None)
        if value is None:
            value = getattr(facts.said, name, None)
        if isinstance(value, datetime):
            found.append(Known(labels.fact(name), value, is_date=True))
        elif isinstance(value, bool) and name in labels.SAID:
            found.append(Known(labels.fact(name), str(labels.SAID[name][0 if value else 1])))
        else:
            found.append(Known(labels.fact(name), _("not known") if value is None else value))
    kinds = sorted(set(facts.evidence))
    files = ", ".join(f"{facts.evidence.count(kind)} × {_kind(proposal, kind)}" for kind in kinds)
    found.append(Known(_("Files that count"), files or _("none")))
    return tuple(found)


def fields(claim: Claim, proposal: Proposal) -> list[Field]:
    """What can be changed to see the decision change: only what this type is judged by."""
    facts, found = proposal.facts, []
    for name in proposal.pack.request_facts(claim.type):
        if name in labels.SAID:
            said = getattr(facts.said, name)
            yes, no = labels.SAID[name]
            value = "" if said is None else ("yes" if said else "no")
            found.append(Field(name, labels.fact(name), "yes_no", value, str(yes), str(no)))
        elif name in ("delivered_at", "discovered_at"):
            at = getattr(facts.order, name, None) or getattr(facts.said, name, None)
            day = at.astimezone(proposal.pack.zone).date().isoformat() if at else ""
            found.append(Field(name, labels.fact(name), "date", day))
    wanted = {kind for way in proposal.needed for kind in way} | set(facts.evidence)
    for kind in sorted(wanted & set(proposal.pack.evidence_kinds)):
        count = str(facts.evidence.count(kind))
        found.append(Field(f"files_{kind}", _kind(proposal, kind), "count", count))
    return found


def parse(claim: Claim, typed: Mapping[str, str]) -> dict[str, Any]:
    """What was typed into the what-if form, for the action; what makes no sense is left out."""
    said: dict[str, Any] = {
        name: {"yes": True, "no": False}.get(typed[name]) for name in labels.SAID if name in typed
    }
    evidence = {}
    for kind in EvidenceKind:
        count = typed.get(f"files_{kind}", "")
        if count.isdecimal() and len(count) < 4:
            evidence[kind.value] = min(int(count), MOST_FILES)
    if "discovered_at" in typed:
        said["discovered_at"] = _day(claim, typed, "discovered_at")
    return {
        "said": said,
        "evidence": evidence,
        "delivered_at": _day(claim, typed, "delivered_at"),
    }


def _day(claim: Claim, typed: Mapping[str, str], name: str) -> datetime | None:
    """Noon of the typed day on the store's clock."""
    try:
        day = parse_date(typed.get(name, ""))
    except ValueError:
        return None
    if day is None:
        return None
    if not 1990 <= day.year <= 2200:
        return None
    return datetime.combine(day, time(12), ZoneInfo(claim.ticket.store.time_zone))
