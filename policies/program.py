"""A pack's checks, compiled once to plain functions, so that a decision takes microseconds.

Each step looks at the facts and either settles the request or returns None for the next. A
step whose rule was not in force when the order was placed does not exist for that order.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from types import MappingProxyType

from policies.calendar import Calendar
from policies.checks import (
    AmountOver,
    Check,
    Evidence,
    Limit,
    Settle,
    Unwritten,
    WaitUntil,
    Window,
)
from policies.conditions import Getter, Predicate, check_facts, condition, getter
from policies.quick import quick
from policies.schema import PackDocument, Rule
from policies.shapes import Decision, Facts, Reason, Request, Verdict

Step = Callable[[Facts, datetime | None], Decision | None]
Prelude = Callable[[Facts], datetime | None]

_DECISION = quick(Decision)
_PROMISING = frozenset({Verdict.ACCEPTED, Verdict.EVIDENCE_NEEDED, Verdict.DISCRETIONARY})


@dataclass(frozen=True, slots=True)
class Routine:
    """The steps for one request type, the window's end, and the facts that can matter."""

    first: tuple[Step, ...]
    windows: tuple[Prelude, ...]
    steps: tuple[Step, ...]
    facts: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Program:
    """A whole pack, ready to run."""

    store: str
    routines: Mapping[Request, Routine]
    unwritten: Callable[[Facts], Decision]


def split_ref(ref: str, rule: str) -> tuple[str, str]:
    """Return the rule and the name that a figure's reference points to."""
    other, _, name = ref.rpartition("/")
    return other or rule, name


def compile_program(document: PackDocument, calendar: Calendar) -> Program:
    """Compile a checked pack. Undefined references are a KeyError: proofread it first."""
    return Compiler(document, calendar).program()


def run(routine: Routine, facts: Facts, unwritten: Callable[[Facts], Decision]) -> Decision:
    """Return what a routine's steps settle, in order; where none does, there is no rule."""
    for step in routine.first:
        settled = step(facts, None)
        if settled is not None:
            return settled
    closes_at = None
    for window in routine.windows:
        closes_at = window(facts)
        if closes_at is not None:
            break
    for step in routine.steps:
        settled = step(facts, closes_at)
        if settled is not None:
            return settled
    return unwritten(facts)


class Compiler:
    """Turns the checks of one pack into steps."""

    def __init__(self, document: PackDocument, calendar: Calendar) -> None:
        self.document = document
        self.calendar = calendar

    def program(self) -> Program:
        """Return the whole pack, compiled."""
        empty = Routine((), (), (), ())
        first = tuple(self.step(check) for check in self.document.first)
        routines = dict.fromkeys(Request, empty)
        for request in Request:
            checks = self.checks(request)
            windows = [check for check in checks if isinstance(check, Window)]
            routines[request] = Routine(
                first=first,
                windows=tuple(self.prelude(check) for check in windows),
                steps=tuple(self.step(check) for check in checks),
                facts=self.facts((*self.document.first, *checks)),
            )
        return Program(
            store=self.document.store.slug,
            routines=MappingProxyType(routines),
            unwritten=self.unwritten(),
        )

    def facts(self, checks: tuple[Check, ...]) -> tuple[str, ...]:
        """Return what the checks look at; a rule with dates looks at the order's day as well."""
        found = check_facts(checks)
        rules = (
            self.document.rules[item.rule] for item in checks if not isinstance(item, Unwritten)
        )
        if "placed_at" in found or not any(rule.starts_on or rule.ends_on for rule in rules):
            return found
        return (*found, "placed_at")

    def checks(self, request: Request) -> tuple[Check, ...]:
        """Return the checks of a request, also where they are those of another."""
        found = self.document.requests.get(request)
        if found is None:
            return ()
        if found.same_as is not None:
            return self.document.requests[found.same_as].checks
        return found.checks

    def number(self, ref: str, rule: str) -> int:
        """Return a figure that is a whole number."""
        value = self.figure(ref, rule)
        if not isinstance(value, int):
            raise TypeError(f"{ref} is not a whole number")
        return value

    def figure(self, ref: str, rule: str) -> object:
        """Return the figure that a reference points to."""
        owner, name = split_ref(ref, rule)
        return self.document.rules[owner].figures[name]

    def step(self, check: Check) -> Step:
        """Return a check as a step, under its condition and within its rule's dates."""
        if isinstance(check, Unwritten):
            when, give = self.condition(check), self.unwritten()
            return lambda facts, closes_at: give(facts) if when(facts) else None
        makers: dict[type, Callable[..., Step]] = {
            Settle: self.settle,
            Window: self.window,
            WaitUntil: self.wait_until,
            Evidence: self.evidence,
            AmountOver: self.amount_over,
        }
        made = makers[type(check)](check)
        holds = None if check.when is None else self.condition(check)
        alive = self.in_force(self.document.rules[check.rule])
        if holds is None and alive is None:
            return made

        def guarded(facts: Facts, closes_at: datetime | None) -> Decision | None:
            if (holds is not None and not holds(facts)) or (alive is not None and not alive(facts)):
                return None
            return made(facts, closes_at)

        return guarded

    def condition(self, check: Check) -> Predicate:
        """Return whether a check's condition holds."""
        rule = getattr(check, "rule", self.document.unwritten)
        return condition(check.when or (), self.calendar, lambda ref: self.figure(ref, rule))

    def in_force(self, rule: Rule) -> Predicate | None:
        """Return whether the rule exists for the order; None when it always does."""
        if rule.starts_on is None and rule.ends_on is None:
            return None
        first, last = rule.starts_on or date.min, rule.ends_on or date.max
        local_date = self.calendar.local_date

        def alive(facts: Facts) -> bool:
            placed = None if facts.order is None else facts.order.placed_at
            return first <= local_date(placed or facts.at) <= last

        return alive

    def giver(
        self, check: Settle | Window | WaitUntil | Evidence | AmountOver, verdict: Verdict
    ) -> Callable[..., Decision]:
        """Return what makes this check's decisions; everything constant is made once."""
        key = getattr(check, "says", None) or str(verdict)
        reasons = (
            Reason(f"{check.rule}:{key}", MappingProxyType({"facts": check_facts((check,))})),
        )
        outcomes = self.outcomes(check.rule) if verdict in _PROMISING else ()
        rule = check.rule

        def give(
            facts: Facts,
            closes_at: datetime | None,
            opens_at: datetime | None = None,
            missing: tuple[Mapping[str, int], ...] = (),
        ) -> Decision:
            return _DECISION(
                facts.id, verdict, rule, closes_at, opens_at, missing, outcomes, reasons
            )

        return give

    def outcomes(self, rule: str) -> tuple[str, ...]:
        """Return what may come of a request under a rule, sorted."""
        return tuple(sorted(str(item) for item in self.document.rules[rule].outcomes))

    def unwritten(self) -> Callable[[Facts], Decision]:
        """Return what leaves a request to the store's unwritten rule."""
        rule = self.document.unwritten
        reasons = (Reason(f"{rule}:{Verdict.DISCRETIONARY}"),)
        return lambda facts: _DECISION(
            facts.id, Verdict.DISCRETIONARY, rule, None, None, (), (), reasons
        )

    def settle(self, check: Settle) -> Step:
        """Return a step that always settles."""
        return self.giver(check, check.verdict)

    def start(self, check: Window | WaitUntil) -> Getter:
        """Return what reads the first known of the dates that a check counts from."""
        getters = tuple(getter(name) for name in check.start)
        if len(getters) == 1:
            return getters[0]
        return lambda facts: next(
            (found for get in getters if (found := get(facts)) is not None), None
        )

    def prelude(self, check: Window) -> Prelude:
        """Return what computes a window's end, before any check is tried."""
        start, days = self.start(check), self.number(check.days, check.rule)
        holds = None if check.when is None else self.condition(check)
        alive = self.in_force(self.document.rules[check.rule])
        closes = self.calendar.window_closes

        def compute(facts: Facts) -> datetime | None:
            begun = start(facts)
            if begun is None or (holds and not holds(facts)) or (alive and not alive(facts)):
                return None
            return closes(begun, days)

        return compute

    def window(self, check: Window) -> Step:
        """Return a step that refuses once the window is over."""
        start = self.start(check)
        days = self.number(check.days, check.rule)
        wait, refuse = self.giver(check, Verdict.WAIT), self.giver(check, Verdict.REFUSED)
        passes = check.no_start == "pass"
        closes = self.calendar.window_closes

        def step(facts: Facts, closes_at: datetime | None) -> Decision | None:
            begun = start(facts)
            if begun is None:
                return None if passes else wait(facts, None)
            end = closes(begun, days)
            return refuse(facts, end) if facts.at >= end else None

        return step

    def wait_until(self, check: WaitUntil) -> Step:
        """Return a step that waits until its days are over."""
        start, wait = self.start(check), self.giver(check, Verdict.WAIT)
        counts = tuple(self.number(ref, check.rule) for ref in check.business_days)
        extra = 1 + (0 if check.days is None else self.number(check.days, check.rule))
        estimate = self.estimate_days() if check.after_estimate else None
        unwritten, calendar = self.unwritten(), self.calendar

        def step(facts: Facts, closes_at: datetime | None) -> Decision | None:
            steps = counts
            if estimate is not None:
                last = estimate(facts)
                if last is None:  # a way of shipping that the store says nothing about
                    return unwritten(facts)
                steps = (*counts, last)
            begun = start(facts)
            if begun is None:
                return wait(facts, closes_at)
            day = calendar.local_date(begun)
            for count in steps:
                day = calendar.business_days_after(day, count)
            opens_at = calendar.midnight(day + timedelta(days=extra))
            return wait(facts, closes_at, opens_at) if facts.at < opens_at else None

        return step

    def estimate_days(self) -> Callable[[Facts], int | None]:
        """Return what reads the last business day of the delivery estimate."""
        estimates = self.document.estimates
        if estimates is None:
            raise KeyError("estimates")
        table = {
            method: self.number(item.last, estimates.rule)
            for method, item in estimates.methods.items()
        }
        default, method_of = estimates.default, getter("shipping_method")
        return lambda facts: table.get(method_of(facts) or default)

    def evidence(self, check: Evidence) -> Step:
        """Return a step that asks for what is missing."""
        needs = tuple(
            tuple((str(kind), self.number(ref, check.rule)) for kind, ref in alternative.items())
            for alternative in check.need or ({},)
        )
        declared = tuple((name, getter(name)) for name in check.facts)
        give = self.giver(check, Verdict.EVIDENCE_NEEDED)

        def step(facts: Facts, closes_at: datetime | None) -> Decision | None:
            unsaid = {name: 1 for name, get in declared if not _declared(get(facts))}
            have = facts.evidence
            missing = []
            for alternative in needs:
                lack = {
                    kind: count - have.count(kind)
                    for kind, count in alternative
                    if have.count(kind) < count
                }
                if not lack and not unsaid:
                    return None
                missing.append(lack | unsaid)
            return give(facts, closes_at, None, tuple(missing))

        return step

    def amount_over(self, check: AmountOver) -> Step:
        """Return a step that refuses a total not over its limit."""
        rows = tuple((row, self.figure(row.over, check.rule)) for row in check.limits)
        refuse, unwritten = self.giver(check, Verdict.REFUSED), self.unwritten()

        def step(facts: Facts, closes_at: datetime | None) -> Decision | None:
            order = facts.order
            if order is None or (order.country is None and order.currency is None):
                return None
            for row, limit in rows:
                if not _fits(row, order.country, order.currency, order.channel):
                    continue
                if order.total is None or order.total > Decimal(str(limit)):
                    return None
                return refuse(facts, closes_at)
            return unwritten(facts)

        return step


def _fits(row: Limit, country: str | None, currency: str | None, channel: str) -> bool:
    return (
        (row.channel is None or row.channel == channel)
        and country in (None, row.country)
        and currency in (None, row.currency)
    )


def _declared(value: object) -> bool:
    """Say whether the customer has declared it: text that is not blank, or yes."""
    return bool(value.strip()) if isinstance(value, str) else value not in (None, False)
