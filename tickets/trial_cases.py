"""One past request of a trial, told under both versions: what, by which rule, and why."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django.utils.functional import cached_property

from policies.compare import Change, compare
from policies.compared import Group, grouped
from policies.describe import rule_name
from policies.evaluate import decide, explain
from policies.models import PolicyTrial, PolicyTrialCase
from policies.pack import Pack
from policies.parse import facts_from_json
from policies.publish import load_whole, pack_of
from policies.shapes import Decision, Facts
from policies.simulate import reasons_for


@dataclass(frozen=True, slots=True)
class Side:
    """One of the two decisions, with the sentences a customer would have read."""

    decision: Decision
    rule_name: str
    sentences: list[str]


@dataclass(frozen=True)
class Explained:
    """A case under both packs. ``why``: the differences that made it come out otherwise."""

    case: PolicyTrialCase
    trial: PolicyTrial
    locale: str

    @cached_property
    def facts(self) -> Facts:
        """The facts it was decided by, as they are kept on its event or its question."""
        return facts_from_json(kept_facts(self.case))

    @cached_property
    def packs(self) -> tuple[Pack, Pack]:
        """The pack that applied then, and the draft as it was tried."""
        return pack_of(self.case.version), load_whole(self.trial.source, "draft")

    @cached_property
    def before(self) -> Side:
        """What the version of its time says."""
        return self._side(self.packs[0])

    @cached_property
    def after(self) -> Side:
        """What the draft says."""
        return self._side(self.packs[1])

    @cached_property
    def why(self) -> tuple[Group, ...]:
        """The changes that decided it, in words."""
        old, new = self.packs
        changes: tuple[Change, ...] = reasons_for(
            compare(old, new),
            str(self.facts.request),
            self.before.decision,
            self.after.decision,
            (old, new),
        )
        return grouped(changes, old, new, self.locale)

    def _side(self, pack: Pack) -> Side:
        decision = decide(pack, self.facts)
        told = explain(pack, self.facts, decision, locale=self.locale)
        return Side(decision, rule_name(pack, decision.rule, self.locale), told)


def kept_facts(case: PolicyTrialCase) -> Mapping[str, Any]:
    """The facts of a case, where they have always been."""
    if case.event is not None:
        found: Mapping[str, Any] = case.event.data["facts"]
        return found
    assert case.inquiry is not None
    asked: Mapping[str, Any] = case.inquiry.facts
    return asked
