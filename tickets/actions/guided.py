"""What the guided form asks and says: read-only, by the same decision as everything else."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta, tzinfo
from functools import partial
from itertools import product
from typing import Any, get_type_hints

from policies.evaluate import decide, explain
from policies.models import PolicyVersion
from policies.pack import Pack
from policies.publish import in_force, pack_of
from policies.types import Decision, Facts, Request, Said, Verdict
from tickets.actions.drafts import Preview, judge_facts, preview
from tickets.facts import order_facts
from tickets.models import Draft, Order, Store

_MOST_UNKNOWN = 4  # facts tried in every combination: 3**4 decisions of some microseconds each


@dataclass(frozen=True, slots=True)
class Guide:
    """The answer as things stand, and which questions could still change it.

    ``asks`` names every declared fact that matters, in the pack's order, answered or not;
    ``needed`` lists the alternatives of evidence as if none had been handed in; ``unknown`` the
    questions that the customer cannot answer. ``general``: the order would decide, but nobody
    knows which it is, so that the sentences are the rules' own and promise nothing.
    """

    pack: Pack
    facts: Facts
    decision: Decision
    version: PolicyVersion
    needed: tuple[Mapping[str, int], ...]
    asks: tuple[str, ...]
    sentences: tuple[str, ...]
    unknown: frozenset[str] = frozenset()
    general: bool = False

    @property
    def unanswered(self) -> list[str]:
        """The questions that are still open."""
        return [
            name
            for name in self.asks
            if getattr(self.facts.said, name) is None and name not in self.unknown
        ]

    @property
    def found(self) -> Preview:
        """The decision as the actions keep it."""
        return Preview(self.decision, self.facts, self.version, self.pack)


def guide(draft: Draft, *, now: datetime, locale: str = "en", zone: tzinfo | None = None) -> Guide:
    """The guide for a draft, as if it were sent now."""
    found = preview(draft, now=now)
    return _guide(found, locale, zone, frozenset(draft.answers.get("unknown", [])))


def guide_without_order(
    store: Store,
    request: str,
    *,
    now: datetime,
    locale: str = "en",
    zone: tzinfo | None = None,
) -> Guide:
    """The guide for somebody who has not told which order: general answers need none."""
    facts = Facts(id="question", store=store.slug, request=Request(request), at=now)
    return _guide(judge_facts(store.pk, None, facts), locale, zone)


def guide_for_order(
    order: Order,
    request: str,
    *,
    now: datetime,
    locale: str = "en",
    zone: tzinfo | None = None,
) -> Guide:
    """The guide for somebody who asks about an order this minute, on the telephone say.

    Nothing was declared yet: ``asks`` are the questions whose answer can change the decision.
    """
    known = order_facts(order, request=request)
    store = order.store.slug
    facts = Facts(id="call", store=store, request=Request(request), at=now, order=known)
    return _guide(judge_facts(order.store_id, order, facts), locale, zone)


def decide_for(facts: Facts, store: Store, *, locale: str = "en") -> tuple[Decision, list[str]]:
    """The decision on facts from outside, by the store's version of the order's day."""
    placed = facts.order.placed_at if facts.order else None
    pack = pack_of(in_force(store.pk, placed or facts.at))
    decision = decide(pack, facts)
    return decision, explain(pack, facts, decision, locale=locale)


def _guide(
    found: Preview, locale: str, zone: tzinfo | None, unknown: frozenset[str] = frozenset()
) -> Guide:
    pack, facts, decision = found.pack, found.facts, found.decision
    bare = replace(facts, evidence=())
    rules = _in_general(found, locale)
    return Guide(
        pack=pack,
        facts=facts,
        decision=decision,
        version=found.version,
        needed=decide(pack, bare).missing,
        asks=tuple(_asks(pack, bare, locale)),
        sentences=rules or tuple(explain(pack, facts, decision, locale=locale, zone=zone)),
        unknown=unknown,
        general=bool(rules),
    )


def _in_general(found: Preview, locale: str) -> tuple[str, ...]:
    """The rules' own words, where the order would decide and nobody knows which it is.

    What was decided without it would say of an order what nobody has looked up.
    """
    request = found.facts.request
    if found.facts.order is not None or not found.pack.asks_order(request):
        return ()
    if found.decision.verdict in (Verdict.ANSWERED, Verdict.ELSEWHERE):
        return ()
    return tuple(rule.sentence(locale) for rule in found.pack.rules_of(request))


# What each declared fact is, looked up once: it is asked for on every page of a form.
_KINDS = {name: str(kind) for name, kind in get_type_hints(Said).items()}


def _asks(pack: Pack, facts: Facts, locale: str) -> Sequence[str]:
    """The declared facts whose answer can still change the decision, whatever the others are."""
    candidates = [
        name
        for name in pack.request_facts(facts.request)
        if name in Said.__dataclass_fields__ and pack.question(name, locale) is not None
    ]
    unknown = [name for name in candidates if getattr(facts.said, name) is None][:_MOST_UNKNOWN]
    return [name for name in candidates if _matters(pack, facts, name, unknown)]


def _matters(pack: Pack, facts: Facts, name: str, unknown: Sequence[str]) -> bool:
    others = [other for other in unknown if other != name]
    values = partial(_samples, at=facts.at)
    for combination in product(*(values(other) for other in others)):
        rest = dict(zip(others, combination, strict=True))
        seen = {
            _outcome(pack, replace(facts, said=replace(facts.said, **rest, **{name: value})))
            for value in values(name)
        }
        if len(seen) > 1:
            return True
    return False


def _outcome(pack: Pack, facts: Facts) -> tuple[Any, ...]:
    found = decide(pack, facts)
    missing = tuple(tuple(sorted(way.items())) for way in found.missing)
    return found.verdict, found.rule, missing


def _samples(name: str, at: datetime) -> tuple[Any, ...]:
    """Values that stand for all that a person may answer."""
    kind = _KINDS[name]
    if "bool" in kind:
        return (True, False)
    if "datetime" in kind:
        return (None, at - timedelta(minutes=1), at - timedelta(days=1500))
    if "int" in kind:
        return (0, 1)
    return (None, "given")
