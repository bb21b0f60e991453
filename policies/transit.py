"""When a parcel is expected: the pack's estimate, counted in the store's business days."""

from dataclasses import dataclass
from datetime import date, datetime

from policies.pack import Pack
from policies.program import split_ref
from policies.shapes import ShippingMethod


@dataclass(frozen=True, slots=True)
class Expected:
    """The first and the last day, on the store's calendar, and the rule that promises them."""

    first: date
    last: date
    rule: str


def expected(pack: Pack, shipped_at: datetime, method: ShippingMethod | None) -> Expected | None:
    """Return when a parcel shipped at `shipped_at` is to arrive.

    None where the store publishes no estimate, or none for this way of shipping; `method`
    None is the way that the pack takes by default.
    """
    estimates = pack.document.estimates
    if estimates is None:
        return None
    found = estimates.methods.get(method or estimates.default)
    if found is None:
        return None
    days: list[date] = []
    for ref in (found.first, found.last):
        owner, figure = split_ref(ref, estimates.rule)
        count = pack.document.rules[owner].figures[figure]
        if not isinstance(count, int):
            return None
        days.append(pack.calendar.business_days_after(shipped_at, count))
    return Expected(days[0], days[1], estimates.rule)
