"""What the rules would say of a claim had some facts been other ones. Nothing is written."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, tzinfo
from typing import Any

from policies.evaluate import decide, explain
from policies.pack import Pack, PackFloor
from policies.publish import pack_of
from policies.types import Decision, Facts, OrderFacts
from tickets.facts import facts_of_claim
from tickets.models import Claim, OrderLine


@dataclass(frozen=True, slots=True)
class Proposal:
    """What the claim's own version of the rules says, and all that it asks for.

    ``needed`` lists the alternatives of evidence as if none had been handed in: each a
    map kind -> files in all, the measure against which boxes are ticked. ``floor`` is the right
    of the order's country that is on beside the rule; ``decision.floor`` when it was better.
    """

    pack: Pack
    facts: Facts
    decision: Decision
    needed: tuple[Mapping[str, int], ...]
    sentences: tuple[str, ...]
    floor: PackFloor | None = None


def propose(
    claim: Claim,
    *,
    lines: Sequence[OrderLine] | None = None,
    locale: str = "en",
    zone: tzinfo | None = None,
) -> Proposal:
    """The decision on the facts of today, by the version that the claim was filed under.

    ``zone`` is the reader's own: dates are said in it as well.
    """
    return _proposal(pack_of(claim.policy_version), facts_of_claim(claim, lines), locale, zone)


def what_if(
    claim: Claim,
    *,
    said: Mapping[str, Any],
    evidence: Mapping[str, int],
    delivered_at: datetime | None = None,
    lines: Sequence[OrderLine] | None = None,
    locale: str = "en",
) -> Proposal:
    """The decision with these declarations and files in place of the claim's own.

    ``said`` and ``evidence`` replace key by key (``None``: not said); ``delivered_at``
    replaces the delivery where it is given.
    """
    facts = facts_of_claim(claim, lines)
    files = {**{kind: facts.evidence.count(kind) for kind in facts.evidence}, **evidence}
    order = facts.order or OrderFacts()
    if delivered_at is not None:
        order = replace(order, delivered_at=delivered_at)
    changed = replace(
        facts,
        said=replace(facts.said, **said),
        order=order,
        evidence=tuple(sorted(kind for kind, n in files.items() for _ in range(n))),
    )
    return _proposal(pack_of(claim.policy_version), changed, locale)


def _proposal(pack: Pack, facts: Facts, locale: str, zone: tzinfo | None = None) -> Proposal:
    decision = decide(pack, facts)
    bare = decide(pack, replace(facts, evidence=()))
    return Proposal(
        pack,
        facts,
        decision,
        bare.missing,
        tuple(explain(pack, facts, decision, locale=locale, zone=zone, filed=True)),
        pack.floor_for(facts.request, facts.order.country if facts.order else None),
    )
