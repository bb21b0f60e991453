"""A draft pack against past requests: what would have been decided otherwise, and what it costs.

Pure, and in constant memory: past requests come from an iterator, one at a time, and only sums
are kept. Both sides are decided here, by the same facts, so that what differs is the rules'.
"""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from policies.compare import Change
from policies.compare_checks import checks_of, figures_of, rule_of
from policies.evaluate import decide
from policies.pack import Pack
from policies.parse import FactsError, facts_from_json
from policies.shapes import Decision, Facts, Outcome, Request, Verdict

__all__ = ["Past", "Replayed", "Tally", "reasons_for", "replay"]


@dataclass(frozen=True, slots=True)
class Past:
    """One past request: the facts it was decided by, and the pack that applied then.

    `amount` is what the claimed items (or, without items, the order) cost, in `currency`.
    """

    key: int
    facts: Mapping[str, Any]
    pack: Pack
    amount: Decimal | None = None
    currency: str = ""


@dataclass(frozen=True, slots=True)
class Replayed:
    """One past request under both packs. Without decisions: its facts cannot be read."""

    past: Past
    facts: Facts | None = None
    before: Decision | None = None
    after: Decision | None = None

    @property
    def otherwise(self) -> bool:
        """Say whether the verdict, or what may come of it, is another."""
        if self.before is None or self.after is None:
            return False
        before, after = self.before, self.after
        return (before.verdict, before.outcomes) != (after.verdict, after.outcomes)

    @property
    def details(self) -> bool:
        """Say whether only details differ: the rule, a date, or what is still missing."""
        if self.before is None or self.after is None or self.otherwise:
            return False
        return _details(self.before) != _details(self.after)

    @property
    def refunds(self) -> tuple[bool, bool]:
        """Say whether it may end in a refund, before and after."""
        return refunds(self.before), refunds(self.after)


def refunds(decision: Decision | None) -> bool:
    """Say whether a decision accepts a request that may end in a refund."""
    return (
        decision is not None
        and decision.verdict is Verdict.ACCEPTED
        and Outcome.REFUND in decision.outcomes
    )


def _details(decision: Decision) -> tuple[Any, ...]:
    missing = [dict(way) for way in decision.missing]
    return decision.rule, decision.closes_at, decision.opens_at, missing, decision.floor


def replay(requests: Iterable[Past], draft: Pack) -> Iterator[Replayed]:
    """Decide each past request by the pack of its time and by the draft, one at a time."""
    for past in requests:
        try:
            facts = facts_from_json(past.facts)
            before, after = decide(past.pack, facts), decide(draft, facts)
        except (FactsError, ValueError):
            yield Replayed(past)
            continue
        yield Replayed(past, facts, before, after)


@dataclass(slots=True)
class Money:
    """What may have to be refunded in one currency, before and after, with how many requests."""

    before: Decimal = Decimal(0)
    after: Decimal = Decimal(0)
    count_before: int = 0
    count_after: int = 0


@dataclass(slots=True)
class Tally:
    """The sums over a replay. `as_json` and `from_json` carry it from one chunk to the next."""

    seen: int = 0
    unreadable: int = 0
    another_verdict: int = 0
    other_outcomes: int = 0
    other_details: int = 0
    without_amount: int = 0
    stored: int = 0
    matrix: Counter[str] = field(default_factory=Counter)
    requests: Counter[str] = field(default_factory=Counter)
    changed_requests: Counter[str] = field(default_factory=Counter)
    rules: Counter[str] = field(default_factory=Counter)
    money: dict[str, Money] = field(default_factory=dict)

    def add(self, found: Replayed) -> None:
        """Count one request."""
        self.seen += 1
        if found.before is None or found.after is None or found.facts is None:
            self.unreadable += 1
            return
        before, after, request = found.before, found.after, str(found.facts.request)
        self.requests[request] += 1
        self.matrix[f"{before.verdict}>{after.verdict}"] += 1
        if before.verdict is not after.verdict:
            self.another_verdict += 1
        elif found.otherwise:
            self.other_outcomes += 1
        elif found.details:
            self.other_details += 1
        if found.otherwise:
            self.changed_requests[request] += 1
            self.rules[f"{before.rule}>{after.rule}"] += 1
        self._refunds(found)

    def _refunds(self, found: Replayed) -> None:
        before, after = found.refunds
        if not (before or after):
            return
        amount = found.past.amount
        if amount is None or not found.past.currency:
            self.without_amount += 1
            return
        money = self.money.setdefault(found.past.currency, Money())
        if before:
            money.before += amount
            money.count_before += 1
        if after:
            money.after += amount
            money.count_after += 1

    def as_json(self) -> dict[str, Any]:
        """Return the sums as plain JSON values; amounts are decimal strings."""
        names = ("seen", "unreadable", "another_verdict", "other_outcomes", "other_details")
        return {
            **{name: getattr(self, name) for name in (*names, "without_amount", "stored")},
            **{name: dict(getattr(self, name)) for name in _COUNTERS},
            "money": {
                currency: {
                    "before": str(item.before),
                    "after": str(item.after),
                    "count_before": item.count_before,
                    "count_after": item.count_after,
                }
                for currency, item in self.money.items()
            },
        }

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> "Tally":
        """Read back what `as_json` wrote; what is not there counts as nothing yet."""
        made = cls()
        for name, value in data.items():
            if name in _COUNTERS:
                setattr(made, name, Counter(value))
            elif name == "money":
                made.money = {
                    currency: Money(
                        Decimal(item["before"]),
                        Decimal(item["after"]),
                        item["count_before"],
                        item["count_after"],
                    )
                    for currency, item in value.items()
                }
            else:
                setattr(made, name, value)
        return made


_COUNTERS = ("matrix", "requests", "changed_requests", "rules")


def reasons_for(
    changes: Iterable[Change],
    request: str,
    before: Decision,
    after: Decision,
    packs: tuple[Pack, Pack],
) -> tuple[Change, ...]:
    """Return the changes that made one request come out otherwise, as far as rules tell.

    Those of the two rules that settled it; where those did not change, everything that the
    checks of such a request look at.
    """
    deciding = [item for item in changes if item.decides]
    cited = {before.rule, after.rule}
    near = [item for item in deciding if _touches(item, request, cited)]
    settled = [item for item in near if item.subject in cited or item.part == "request"]
    if settled:
        return tuple(settled)
    looked_at = {
        rule
        for pack in packs
        for check in (*checks_of(pack.document, None), *checks_of(pack.document, Request(request)))
        for rule in (rule_of(check), *(owner for owner, _ in figures_of(pack.document, check)))
    }
    return tuple(item for item in deciding if _touches(item, request, looked_at))


def _touches(item: Change, request: str, rules: set[str]) -> bool:
    if item.part == "rule":
        return item.subject in rules
    return item.part != "request" or item.subject == request
