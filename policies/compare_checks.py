"""How the checks of a request differ between two packs, and which figures they look at."""

from collections.abc import Iterator
from dataclasses import dataclass
from difflib import SequenceMatcher

from policies.checks import (
    AmountOver,
    AnyTest,
    Check,
    Condition,
    Evidence,
    FactTest,
    Unwritten,
    WaitUntil,
    Window,
)
from policies.program import split_ref
from policies.schema import PackDocument
from policies.shapes import Request

Figure = tuple[str, str]  # a rule's id and the name of its figure


@dataclass(frozen=True, slots=True)
class CheckChange:
    """One check that came, went, moved or changed. `rule` is the one it cites, if any."""

    key: str
    rule: str
    before: Check | None
    after: Check | None


def checks_of(document: PackDocument, request: Request | None) -> tuple[Check, ...]:
    """Return the checks that are really tried: those of another request where it shares them.

    None stands for the checks that come first for every request.
    """
    if request is None:
        return document.first
    found = document.requests.get(request)
    if found is not None and found.same_as is not None:
        found = document.requests.get(found.same_as)
    return () if found is None else found.checks


def check_changes(
    before: PackDocument, after: PackDocument, request: Request | None
) -> Iterator[CheckChange]:
    """Yield what differs between the checks of a request, in their order."""
    old, new = checks_of(before, request), checks_of(after, request)
    if old == new:
        return
    keys = [item.model_dump_json() for item in old], [item.model_dump_json() for item in new]
    gone: list[Check] = []
    come: list[Check] = []
    for tag, i1, i2, j1, j2 in SequenceMatcher(None, *keys, autojunk=False).get_opcodes():
        if tag != "equal":
            gone += old[i1:i2]
            come += new[j1:j2]
    yield from _paired(gone, come)


def _paired(gone: list[Check], come: list[Check]) -> Iterator[CheckChange]:
    """The same check elsewhere has moved; one of its kind under its rule has changed."""
    for item in list(gone):
        if item in come:
            come.remove(item)
            gone.remove(item)
            yield CheckChange("check.moved", rule_of(item), item, item)
    for item in list(gone):
        twin = next((other for other in come if _alike(item, other)), None)
        if twin is not None:
            come.remove(twin)
            gone.remove(item)
            yield CheckChange("check.changed", rule_of(twin), item, twin)
    for item in gone:
        yield CheckChange("check.removed", rule_of(item), item, None)
    for item in come:
        yield CheckChange("check.added", rule_of(item), None, item)


def _alike(one: Check, other: Check) -> bool:
    return one.check == other.check and rule_of(one) == rule_of(other)


def rule_of(check: Check) -> str:
    """Return the rule that a check cites; empty for the one that leaves it unwritten."""
    return "" if isinstance(check, Unwritten) else check.rule


def deciding_figures(document: PackDocument) -> frozenset[Figure]:
    """Return the figures that some decision depends on."""
    found: set[Figure] = set()
    for request in (None, *Request):
        for check in checks_of(document, request):
            found.update(figures_of(document, check))
    return frozenset(found)


def figures_of(document: PackDocument, check: Check) -> Iterator[Figure]:
    """Yield the figures that one check looks at."""
    rule = rule_of(check) or document.unwritten
    for ref in _refs(check):
        yield split_ref(ref, rule)
    if isinstance(check, WaitUntil) and check.after_estimate and document.estimates is not None:
        for item in document.estimates.methods.values():
            yield split_ref(item.last, document.estimates.rule)


def _refs(check: Check) -> Iterator[str]:
    if isinstance(check, Window):
        yield check.days
    elif isinstance(check, WaitUntil):
        yield from check.business_days
        if check.days is not None:
            yield check.days
    elif isinstance(check, Evidence):
        for way in check.need or ():
            yield from way.values()
    elif isinstance(check, AmountOver):
        yield from (row.over for row in check.limits)
    yield from _condition_refs(check.when or ())


def _condition_refs(tests: Condition | tuple[()]) -> Iterator[str]:
    for test in tests:
        if isinstance(test, AnyTest):
            for option in test.any:
                yield from _condition_refs(option)
        elif isinstance(test, FactTest):
            yield from (ref for ref in (test.over, test.within_days) if ref is not None)
