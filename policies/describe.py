"""Rules, figures and checks in words, for those who keep the rules."""

from collections.abc import Iterator, Mapping
from decimal import Decimal
from typing import Any

from policies.checks import (
    AmountOver,
    AnyTest,
    Check,
    Evidence,
    EvidenceTest,
    FactTest,
    WaitUntil,
    Window,
)
from policies.compare_checks import checks_of, rule_of
from policies.pack import Pack
from policies.parts import pick
from policies.program import split_ref
from policies.shapes import Request
from policies.wording import joined, number
from policies.words import ENGLISH, say, say_or

_SUFFIXES = ("days", "weeks", "months", "hours", "photos", "videos", "files")


def rule_name(pack: Pack, rule_id: str, locale: str) -> str:
    """Return a short name: made of the id in English, the article's heading elsewhere."""
    rule = pack.rules.get(rule_id)
    if not locale.startswith(ENGLISH) and rule is not None and rule.data.title is not None:
        return pick(rule.data.title, locale)[0]
    words = rule_id.partition(".")[2].replace(".", ": ").replace("-", " ")
    return words[:1].upper() + words[1:]


def figure_name(name: str, locale: str) -> str:
    """Return what a figure is called."""
    return say_or(f"figure.{name}", name.replace("_", " "), locale)


def unit_of(pack: Pack | None, rule_id: str, name: str) -> str:
    """Return what a figure counts: a key under `unit.`, or nothing where that is not known."""
    if pack is not None and (rule_id, name) in _business_days(pack):
        return "business_days"
    parts = name.split("_")
    return next((unit for unit in _SUFFIXES if unit in parts), "")


def figure_told(pack: Pack, rule_id: str, name: str, value: Any, locale: str) -> str:
    """Return a figure with what it counts: `7 days`, `2 photos`, `1, 2, and 3`."""
    if isinstance(value, int | Decimal) and not isinstance(value, bool):
        unit = unit_of(pack, rule_id, name)
        if unit:
            return say(f"unit.{unit}", locale, n=value)
    return number(value, locale)


def _business_days(pack: Pack) -> frozenset[tuple[str, str]]:
    found: set[tuple[str, str]] = set()
    estimates = pack.document.estimates
    if estimates is not None:
        for item in estimates.methods.values():
            found.add(split_ref(item.first, estimates.rule))
            found.add(split_ref(item.last, estimates.rule))
    for request in (None, *Request):
        for check in checks_of(pack.document, request):
            if isinstance(check, WaitUntil):
                found.update(split_ref(ref, check.rule) for ref in check.business_days)
    return frozenset(found)


def describe(pack: Pack, check: Check, locale: str = ENGLISH) -> str:
    """Return one check as a sentence without its full stop."""
    told = _settled(pack, check, locale)
    if not check.when:
        return told
    tests = joined([_test(pack, check, test, locale) for test in check.when], locale)
    return say("check.when", locale, check=told, tests=tests)


def _settled(pack: Pack, check: Check, locale: str) -> str:
    rule = rule_of(check)
    values: dict[str, Any] = {"rule": rule_name(pack, rule, locale) if rule else ""}
    key = f"check.{check.check}"
    if isinstance(check, Window | WaitUntil):
        values["facts"] = joined([_fact(name, locale) for name in check.start], locale, "or")
    if isinstance(check, Window):
        values["n"] = _figure(pack, check.days, rule, locale)
        key += ".pass" if check.no_start == "pass" else ""
    elif isinstance(check, WaitUntil):
        values["n"] = joined(_waits(pack, check, locale), locale)
    elif isinstance(check, Evidence):
        values["need"] = _needs(pack, check, locale)
    elif isinstance(check, AmountOver):
        limits = [f"{_figure(pack, row.over, rule, locale)} {row.currency}" for row in check.limits]
        values["need"] = joined(limits, locale, "or")
    return say(key, locale, **values)


def _waits(pack: Pack, check: WaitUntil, locale: str) -> Iterator[str]:
    for ref in check.business_days:
        yield _figure(pack, ref, check.rule, locale)
    if check.after_estimate:
        yield say("check.wait_until.estimate", locale)
    if check.days is not None:
        yield _figure(pack, check.days, check.rule, locale)


def _needs(pack: Pack, check: Evidence, locale: str) -> str:
    ways = [_way(pack, way, check.rule, locale) for way in check.need or ()]
    facts = [_fact(name, locale) for name in check.facts]
    told = [joined(ways, locale, "or")] if ways else []
    return joined([*told, *facts], locale)


def _way(pack: Pack, way: Mapping[Any, str], rule: str, locale: str) -> str:
    told = []
    for kind, ref in way.items():
        owner, name = split_ref(ref, rule)
        count = pack.document.rules[owner].figures.get(name)
        told.append(f"{say(f'evidence.{kind}', locale)} × {number(count, locale)}")
    return joined(told, locale)


def _figure(pack: Pack, ref: str, rule: str, locale: str) -> str:
    owner, name = split_ref(ref, rule)
    found = pack.document.rules.get(owner)
    value = None if found is None else found.figures.get(name)
    return name if value is None else figure_told(pack, owner, name, value, locale)


def _fact(name: str, locale: str) -> str:
    return say_or(f"fact.{name}", name.replace("_", " "), locale)


def _test(pack: Pack, check: Check, test: FactTest | EvidenceTest | AnyTest, locale: str) -> str:
    if isinstance(test, AnyTest):
        options = [
            joined([_test(pack, check, item, locale) for item in option], locale)
            for option in test.any
        ]
        return joined(options, locale, "or")
    if isinstance(test, EvidenceTest):
        key = "test.given" if test.given else "test.not_given"
        return say(key, locale, fact=say(f"evidence.{test.evidence}", locale))
    return _fact_test(pack, check, test, locale)


def _fact_test(pack: Pack, check: Check, test: FactTest, locale: str) -> str:
    fact = _fact(test.fact, locale)
    match test.operator:
        case "missing":
            return say("test.missing" if test.missing else "test.known", locale, fact=fact)
        case "happened":
            key = "test.happened" if test.happened else "test.not_happened"
            return say(key, locale, fact=fact)
        case "over" | "within_days" as operator:
            ref = test.over or test.within_days or ""
            value = _figure(pack, ref, rule_of(check) or pack.unwritten, locale)
            return say(f"test.{operator}", locale, fact=fact, value=value)
        case "at_least":
            return say("test.at_least", locale, fact=fact, value=number(test.at_least, locale))
        case _:
            value = _value(test.is_ if test.operator == "is_" else test.one_of, locale)
            return say("test.is", locale, fact=fact, value=value)


def _value(value: Any, locale: str) -> str:
    if isinstance(value, bool):
        return say("yes" if value else "no", locale)
    if isinstance(value, tuple):
        return joined([str(item) for item in value], locale, "or")
    return str(value)
