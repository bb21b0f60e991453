"""Tests over named facts, compiled to predicates."""

from collections.abc import Callable, Iterable
from datetime import datetime
from decimal import Decimal
from operator import attrgetter
from typing import Any

from policies.calendar import Calendar
from policies.checks import (
    AmountOver,
    AnyTest,
    Check,
    Condition,
    Evidence,
    EvidenceTest,
    FactTest,
    WaitUntil,
    Window,
)
from policies.fields import ORDER_FACTS
from policies.shapes import Channel, Facts

Getter = Callable[[Facts], Any]
Predicate = Callable[[Facts], bool]
Figures = Callable[[str], object]


def getter(name: str) -> Getter:
    """Return what reads a named fact; None when it is not known."""
    read = attrgetter(name)
    if name not in ORDER_FACTS:
        return attrgetter(f"said.{name}")
    default = Channel.ONLINE if name == "channel" else None
    return lambda facts: default if facts.order is None else read(facts.order)


def condition(tests: Condition, calendar: Calendar, figure: Figures) -> Predicate:
    """Return whether all the tests hold."""
    compiled = tuple(_test(test, calendar, figure) for test in tests)
    if len(compiled) == 1:
        return compiled[0]
    if len(compiled) == 2:
        first, second = compiled
        return lambda facts: first(facts) and second(facts)
    return lambda facts: all(holds(facts) for holds in compiled)


def _test(
    test: FactTest | EvidenceTest | AnyTest, calendar: Calendar, figure: Figures
) -> Predicate:
    if isinstance(test, AnyTest):
        options = tuple(condition(tests, calendar, figure) for tests in test.any)
        return lambda facts: any(holds(facts) for holds in options)
    if isinstance(test, EvidenceTest):
        kind, given = str(test.evidence), test.given
        return lambda facts: (kind in facts.evidence) is given
    return _fact_test(test, calendar, figure)


def _fact_test(test: FactTest, calendar: Calendar, figure: Figures) -> Predicate:
    get = getter(test.fact)
    match test.operator:
        case "is_":
            wanted = test.is_
            return lambda facts: get(facts) == wanted
        case "one_of":
            options = frozenset(test.one_of or ())
            return lambda facts: get(facts) in options
        case "missing":
            absent = test.missing
            return lambda facts: (get(facts) is None) is absent
        case "happened":
            return _happened(get, test.happened is True)
        case "at_least":
            least = test.at_least or 0
            return lambda facts: (found := get(facts)) is not None and found >= least
        case "over":
            limit = Decimal(str(figure(test.over or "")))
            return lambda facts: (found := get(facts)) is not None and found > limit
        case _:
            return _within(get, figure(test.within_days or ""), calendar)


def _happened(get: Getter, wanted: bool) -> Predicate:
    def holds(facts: Facts) -> bool:
        moment = get(facts)
        return (moment is not None and moment <= facts.at) is wanted

    return holds


def _within(get: Getter, days: object, calendar: Calendar) -> Predicate:
    if not isinstance(days, int):
        raise TypeError("within_days needs a whole number")

    def holds(facts: Facts) -> bool:
        start: datetime | None = get(facts)
        return start is not None and facts.at < calendar.window_closes(start, days)

    return holds


def check_facts(checks: Iterable[Check]) -> tuple[str, ...]:
    """Return the names of all facts that checks look at, in the order of first use.

    The evidence itself is no named fact and is left out.
    """
    found: dict[str, None] = {}
    for check in checks:
        found.update(dict.fromkeys(_condition_facts(check.when or ())))
        if isinstance(check, Window | WaitUntil):
            found.update(dict.fromkeys(check.start))
        if isinstance(check, WaitUntil) and check.after_estimate:
            found["shipping_method"] = None
        if isinstance(check, Evidence):
            found.update(dict.fromkeys(check.facts))
        if isinstance(check, AmountOver):
            found.update(dict.fromkeys(("channel", "country", "currency", "total")))
    return tuple(found)


def _condition_facts(tests: Condition | tuple[()]) -> Iterable[str]:
    for test in tests:
        if isinstance(test, FactTest):
            yield test.fact
        elif isinstance(test, AnyTest):
            for option in test.any:
                yield from _condition_facts(option)
