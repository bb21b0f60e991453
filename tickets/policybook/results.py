"""The sums of a trial, in the shape of its page."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

from policies.describe import rule_name
from policies.models import PolicyTrial
from policies.pack import Pack
from policies.shapes import Facts, OrderFacts, Said, Verdict
from policies.simulate import Tally
from policies.wording import money
from policies.words import say, say_or
from tickets import labels
from tickets.policybook import packs
from tickets.templatetags import dates


@dataclass(frozen=True, slots=True)
class Cell:
    """How many requests moved from one verdict to another."""

    count: int
    move: str
    same: bool


@dataclass(frozen=True, slots=True)
class Line:
    """One verdict before, with the counts of each verdict after."""

    verdict: str
    cells: list[Cell]


@dataclass(frozen=True, slots=True)
class Refunds:
    """What may have to be refunded in one currency, both ways."""

    currency: str
    before: Decimal
    after: Decimal
    count_before: int
    count_after: int

    @property
    def more(self) -> Decimal:
        """What the draft would cost beyond what applied; below zero, what it would save."""
        return self.after - self.before


@dataclass(frozen=True, slots=True)
class Results:
    """Everything that was counted."""

    tally: Tally
    columns: list[str]
    lines: list[Line]
    refunds: list[Refunds]
    rules: list[tuple[str, str, int]]
    requests: list[tuple[str, int, int]]

    @property
    def readable(self) -> int:
        """How many requests were decided twice."""
        return self.tally.seen - self.tally.unreadable

    @property
    def changed(self) -> int:
        """How many requests have a row of their own, or would have without the limit."""
        return self.tally.another_verdict + self.tally.other_outcomes


def read(trial: PolicyTrial, locale: str) -> Results:
    """The sums of a trial, sorted for reading."""
    tally = Tally.from_json(trial.summary)
    pack = packs.read(trial.source).pack
    used = {verdict for move in tally.matrix for verdict in move.split(">")}
    columns = [str(verdict) for verdict in Verdict if str(verdict) in used]
    return Results(
        tally,
        columns,
        [_line(tally, before, columns) for before in columns],
        [
            Refunds(currency, item.before, item.after, item.count_before, item.count_after)
            for currency, item in sorted(tally.money.items())
        ],
        [
            (_name(pack, before, locale), _name(pack, after, locale), count)
            for (before, after), count in _moves(tally)
        ],
        [
            (pack.label(request, locale) if pack else request, count, tally.requests[request])
            for request, count in tally.changed_requests.most_common()
        ],
    )


def _line(tally: Tally, before: str, columns: list[str]) -> Line:
    cells = [
        Cell(tally.matrix.get(f"{before}>{after}", 0), f"{before}>{after}", before == after)
        for after in columns
    ]
    return Line(before, cells)


def _moves(tally: Tally) -> Iterator[tuple[tuple[str, str], int]]:
    for move, count in tally.rules.most_common(40):
        before, _, after = move.partition(">")
        yield (before, after), count


def _name(pack: Pack | None, rule_id: str, locale: str) -> str:
    return rule_name(pack, rule_id, locale) if pack is not None else rule_id


def decided_by_person(stored: str) -> str:
    """What became of the claim in fact, in words; empty where nobody has decided."""
    state, _, outcome = stored.partition(":")
    if not state:
        return ""
    told = labels.claim_state_label(state)
    return f"{told}: {labels.OUTCOMES.get(outcome, outcome)}" if outcome else told


def facts_told(facts: Facts, pack: Pack, locale: str) -> list[tuple[str, str]]:
    """The facts of one request in words: what was known, and what was said and handed in."""
    zone = str(pack.zone)
    told = [(say("fact.at", locale), dates.say(facts.at, zone, None))]
    for source in (facts.order, facts.said):
        if source is None:
            continue
        for name in type(source).__dataclass_fields__:
            value = getattr(source, name)
            if value is not None and name != "currency":
                label = say_or(f"fact.{name}", name, locale)
                told.append((label, _value(value, source, zone, locale)))
    for kind in dict.fromkeys(facts.evidence):
        label = say(f"evidence.{kind}", locale)
        told.append((label, str(facts.evidence.count(kind))))
    return [(label[:1].upper() + label[1:], value) for label, value in told]


def _value(value: Any, source: OrderFacts | Said, zone: str, locale: str) -> str:
    if isinstance(value, datetime):
        return dates.say(value, zone, None)
    if isinstance(value, bool):
        return say("yes" if value else "no", locale)
    if isinstance(value, Decimal):
        currency = getattr(source, "currency", None)
        return money(value, currency, locale) if currency else str(value)
    return str(value)
