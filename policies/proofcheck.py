"""Proofreading of the checks: what they name must exist, and each can be reached."""

from __future__ import annotations

from typing import TYPE_CHECKING

from policies.checks import (
    AmountOver,
    AnyTest,
    Check,
    Condition,
    Evidence,
    EvidenceTest,
    FactTest,
    Settle,
    Unwritten,
    WaitUntil,
    Window,
)
from policies.fields import DATE_FACTS, FLAG_FACTS
from policies.shapes import Channel, EvidenceKind, ShippingMethod, Verdict

if TYPE_CHECKING:
    from policies.proofread import Proof
    from policies.reading import Path

_CHOICES: dict[str, frozenset[str]] = {
    "channel": frozenset(Channel),
    "shipping_method": frozenset(ShippingMethod),
}


class CheckProof:
    """Reads the checks of a document whose shape is right."""

    def __init__(self, proof: Proof) -> None:
        self.proof = proof
        self.document = proof.document

    def read(self) -> None:
        """Read the checks that come first, and those of every request."""
        self.checks(("first",), self.document.first)
        for request, item in self.document.requests.items():
            path: Path = ("requests", str(request))
            self.checks((*path, "checks"), item.checks)
            if item.same_as is not None:
                other = self.document.requests.get(item.same_as)
                if other is None or other.same_as is not None:
                    self.proof.complain(
                        (*path, "same_as"), f"{item.same_as} has no checks of its own"
                    )

    def checks(self, path: Path, checks: tuple[Check, ...]) -> None:
        """Read a list of checks in order."""
        settled = False
        for index, check in enumerate(checks):
            here: Path = (*path, index)
            if settled:
                self.proof.complain(here, "can never be reached: the check above always settles")
            settled = settled or (isinstance(check, Settle) and check.when is None)
            self.check(here, check)

    def check(self, path: Path, check: Check) -> None:
        """Read one check."""
        rule_id = self.document.unwritten if isinstance(check, Unwritten) else check.rule
        if not self.proof.rule_exists((*path, "rule"), rule_id):
            return
        self.condition((*path, "when"), check.when or (), rule_id)
        match check:
            case Settle():
                self.says(path, check, check.verdict)
                self.outcomes(path, check)
            case Window():
                self.proof.figure((*path, "days"), check.days, rule_id, int)
                self.says(path, check, Verdict.REFUSED)
                if check.no_start == "wait":
                    self.says(path, check, Verdict.WAIT)
            case WaitUntil():
                self.wait_until(path, check)
            case Evidence():
                self.evidence(path, check)
            case AmountOver():
                self.says(path, check, Verdict.REFUSED)
                for index, limit in enumerate(check.limits):
                    self.amount((*path, "limits", index, "over"), limit.over, rule_id)

    def says(self, path: Path, check: Check, verdict: Verdict) -> None:
        """Note what the check will say, and that it can be said."""
        if not isinstance(check, Unwritten):
            key = getattr(check, "says", None) or str(verdict)
            self.proof.must_say(path, check.rule, key)

    def outcomes(self, path: Path, check: Settle) -> None:
        """An acceptance without an outcome would promise nothing."""
        if check.check == "accept" and not self.document.rules[check.rule].outcomes:
            self.proof.complain(path, f"accepts, but the rule {check.rule} has no outcomes")

    def wait_until(self, path: Path, check: WaitUntil) -> None:
        """Read what is waited for."""
        self.says(path, check, Verdict.WAIT)
        for ref in check.business_days:
            self.proof.figure((*path, "business_days"), ref, check.rule, int)
        if check.days is not None:
            self.proof.figure((*path, "days"), check.days, check.rule, int)
        if check.after_estimate and self.document.estimates is None:
            self.proof.complain((*path, "after_estimate"), "the pack has no estimates")

    def evidence(self, path: Path, check: Evidence) -> None:
        """Read the alternatives."""
        self.says(path, check, Verdict.EVIDENCE_NEEDED)
        for index, alternative in enumerate(check.need or ()):
            for kind, ref in alternative.items():
                here: Path = (*path, "need", index, str(kind))
                self.kind(here, kind)
                if self.proof.figure(here, ref, check.rule, int) == 0:
                    self.proof.complain(here, "asks for no file at all")

    def kind(self, path: Path, kind: EvidenceKind) -> None:
        """Check that the pack says how this kind of evidence is taken in."""
        if kind not in self.document.evidence:
            self.proof.complain(path, f"the pack does not say how it takes in '{kind}'")

    def amount(self, path: Path, ref: str, rule_id: str) -> None:
        """Check that a figure is one number, whole or not."""
        if isinstance(self.proof.figure(path, ref, rule_id, None), tuple):
            self.proof.complain(path, f"the figure {ref!r} must be one number")

    def condition(self, path: Path, tests: Condition | tuple[()], rule_id: str) -> None:
        """Read a condition's tests."""
        for index, test in enumerate(tests):
            here: Path = (*path, index)
            if isinstance(test, AnyTest):
                for number, option in enumerate(test.any):
                    self.condition((*here, "any", number), option, rule_id)
            elif isinstance(test, EvidenceTest):
                self.kind((*here, "evidence"), test.evidence)
            else:
                self.fact_test(here, test, rule_id)

    def fact_test(self, path: Path, test: FactTest, rule_id: str) -> None:
        """Check that an operator fits its fact, and its operand as well."""
        operator, name = test.operator, test.fact
        wants_date = operator in ("happened", "within_days")
        if wants_date and name not in DATE_FACTS:
            self.proof.complain(path, f"'{operator}' needs a date, and {name} is none")
        if operator in ("is_", "one_of") and name in DATE_FACTS:
            self.proof.complain(path, f"{name} is a date and never equals a word")
        if operator == "is_" and isinstance(test.is_, bool) != (name in FLAG_FACTS):
            wanted = "true or false" if name in FLAG_FACTS else "a word"
            self.proof.complain(path, f"{name} is compared with {wanted}")
        if operator == "at_least" and name != "active_orders":
            self.proof.complain(path, f"{name} cannot be counted")
        if operator == "over":
            if name != "total":
                self.proof.complain(path, f"{name} is no amount")
            self.amount(path, test.over or "", rule_id)
        if operator == "within_days":
            self.proof.figure(path, test.within_days or "", rule_id, int)
        words = {test.is_} if isinstance(test.is_, str) else set(test.one_of or ())
        for word in sorted(words - _CHOICES.get(name, frozenset(words))):
            self.proof.complain(path, f"{word!r} is no {name.replace('_', ' ')}")
