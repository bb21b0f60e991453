"""Rights by country: where a law is better for the customer than the rule, the law wins.

A floor that is switched on bends a request's checks for orders of its countries: windows close
at the later of the rule's end and the law's, and what would ask for files, or refuse by a
condition, leaves the request to a person instead. Who handles a request, and whether there is
one at all, it does not touch. Both answers are made, and the law's is taken only where it
differs and is no worse; then the decision names the floor beside the rule.

Compiled into the program of a pack: a pack without a floor that is on runs as if there were none.
"""

from collections.abc import Callable, Iterable
from dataclasses import replace
from datetime import datetime
from types import MappingProxyType

from policies.calendar import Calendar
from policies.checks import Check, Evidence, Settle, Window
from policies.conditions import getter
from policies.program import Compiler, Prelude, Program, Routine, Step, run
from policies.schema import Floor, PackDocument
from policies.shapes import Decision, Facts, Reason, Verdict

# How a customer fares, the best first; asked for files and left to a person are alike.
RANK = MappingProxyType(
    {
        Verdict.ACCEPTED: 0,
        Verdict.ANSWERED: 0,
        Verdict.EVIDENCE_NEEDED: 1,
        Verdict.DISCRETIONARY: 1,
        Verdict.WAIT: 2,
        Verdict.ELSEWHERE: 3,
        Verdict.REFUSED: 4,
    }
)


def with_floors(program: Program, document: PackDocument, calendar: Calendar) -> Program:
    """Return the program as the floors that are on bend it; the same one when none is."""
    on = tuple(floor for floor in document.floors if floor.on)
    if not on:
        return program
    routines = dict(program.routines)
    for request, routine in program.routines.items():
        for floor in on:
            checks = Compiler(document, calendar).checks(request)
            if request in floor.requests and _touches(floor, checks):
                bent = _FloorCompiler(document, calendar, floor).routine(checks)
                first = _step(floor, program, routine, bent)
                routines[request] = replace(
                    routines[request],
                    first=(first, *routines[request].first),
                    facts=_facts(routines[request].facts, floor, checks),
                )
    return replace(program, routines=MappingProxyType(routines))


def own_closes(program: Program, facts: Facts) -> datetime | None:
    """Return when the rule's own window closes, whatever a floor makes of it."""
    windows = program.routines[facts.request].windows
    return next((end for window in windows if (end := window(facts)) is not None), None)


def floor_end(floor: Floor, calendar: Calendar) -> Callable[[Facts], datetime | None]:
    """Return what computes the end of a floor's window; None where it has none, or no start.

    With a discovery that the customer has declared it is the earlier of both ends; nobody
    discovers anything before the goods are there.
    """
    window = floor.window
    if window is None:
        return lambda facts: None
    starts = tuple(getter(name) for name in window.start)
    months, days = window.months, window.discovered_days

    def end(facts: Facts) -> datetime | None:
        start: datetime | None = next(
            (found for get in starts if (found := get(facts)) is not None), None
        )
        if start is None:
            return None
        closes_at = calendar.months_close(start, months)
        found = facts.said.discovered_at
        if days is None or found is None:
            return closes_at
        return min(closes_at, calendar.window_closes(max(found, start), days))

    return end


def _touches(floor: Floor, checks: Iterable[Check]) -> bool:
    """Say whether a floor can change what these checks answer."""
    return any(
        (floor.window is not None and isinstance(check, Window))
        or (floor.missing_evidence_may_not_refuse and _rests_on_proof(check))
        for check in checks
    )


def _rests_on_proof(check: Check) -> bool:
    """Say whether a check asks for files, or refuses by a condition of the goods."""
    if isinstance(check, Evidence):
        return bool(check.need)
    return isinstance(check, Settle) and check.check == "refuse" and check.when is not None


def _facts(before: tuple[str, ...], floor: Floor, checks: Iterable[Check]) -> tuple[str, ...]:
    """Add what a floor looks at to the facts that can matter."""
    found = dict.fromkeys((*before, "country"))
    if floor.window is not None and any(isinstance(check, Window) for check in checks):
        found.update(dict.fromkeys(floor.window.start))
        if floor.window.discovered_days is not None:
            found["discovered_at"] = None
    return tuple(found)


def _step(floor: Floor, program: Program, own: Routine, bent: Routine) -> Step:
    """Return the step that comes before all others of a request."""
    countries = frozenset(floor.countries)
    bent = replace(bent, first=own.first)
    window = Reason(f"{floor.id}:window")

    def step(facts: Facts, closes_at: datetime | None) -> Decision | None:
        if facts.order is None or facts.order.country not in countries:
            return None
        rule = run(own, facts, program.unwritten)
        law = run(bent, facts, program.unwritten)
        if law == rule or RANK[law.verdict] > RANK[rule.verdict]:
            return rule
        longer = (window,) if law.closes_at != rule.closes_at else ()
        return replace(law, floor=floor.id, reasons=(*law.reasons, *longer))

    return step


class _FloorCompiler(Compiler):
    """Compiles the checks of one request as one floor bends them."""

    def __init__(self, document: PackDocument, calendar: Calendar, floor: Floor) -> None:
        super().__init__(document, calendar)
        self.floor = floor
        self.end = floor_end(floor, calendar)

    def routine(self, checks: tuple[Check, ...]) -> Routine:
        """Return the bent steps; those that come first are the caller's to add."""
        windows = [check for check in checks if isinstance(check, Window)]
        return Routine(
            first=(),
            windows=tuple(self.prelude(check) for check in windows),
            steps=tuple(self.step(check) for check in checks),
            facts=(),
        )

    def prelude(self, check: Window) -> Prelude:
        """Return the later of the rule's end and the floor's."""
        own, law = super().prelude(check), self.end

        def compute(facts: Facts) -> datetime | None:
            end = own(facts)
            if end is None:
                return None
            longer = law(facts)
            return end if longer is None else max(end, longer)

        return compute

    def window(self, check: Window) -> Step:
        """Refuse only once both windows are over."""
        own, law = super().window(check), self.end

        def step(facts: Facts, closes_at: datetime | None) -> Decision | None:
            settled = own(facts, closes_at)
            if settled is None or settled.verdict is not Verdict.REFUSED:
                return settled
            longer = law(facts)
            if longer is None or settled.closes_at is None or longer <= settled.closes_at:
                return settled
            return None if facts.at < longer else replace(settled, closes_at=longer)

        return step

    def settle(self, check: Settle) -> Step:
        """Leave a refusal that rests on a condition to a person."""
        return self.bend(check, super().settle(check))

    def evidence(self, check: Evidence) -> Step:
        """Leave a request whose files are missing to a person; they would still help."""
        return self.bend(check, super().evidence(check))

    def bend(self, check: Settle | Evidence, own: Step) -> Step:
        """Make whatever a check settles discretionary, under the same rule."""
        if not (self.floor.missing_evidence_may_not_refuse and _rests_on_proof(check)):
            return own
        outcomes = self.outcomes(check.rule)
        reason = Reason(f"{self.floor.id}:evidence")

        def step(facts: Facts, closes_at: datetime | None) -> Decision | None:
            settled = own(facts, closes_at)
            if settled is None:
                return None
            return replace(
                settled,
                verdict=Verdict.DISCRETIONARY,
                outcomes=outcomes,
                reasons=(*settled.reasons, reason),
            )

        return step
