"""The demo's parcels: numbers such as the carriers give them, and what they say on the way."""

from __future__ import annotations

from collections.abc import Iterator

from policies.carriers import recognise
from tickets.intake.demo.orders import Plan

Said = tuple[float, str, str]  # days before the day of loading, what, where

_FROM = {"K-": "Las Vegas, NV", "W-": "Seoul", "P-": "Los Angeles, CA"}
_BETWEEN = {"K-": "Denver, CO", "W-": "Incheon", "P-": "Phoenix, AZ"}


def parcel_number(plan: Plan, kind: str) -> tuple[str, str]:
    """A tracking number with a check digit that fits, and its carrier."""
    serial = int(plan.number[2:]) * 7919 + (kind == "poster")
    if plan.number.startswith("W-"):
        if "Express" in plan.label:
            return _checked(f"{serial:09d}"[-9:]), "DHL"
        return _checked(f"RB{serial:08d}"[:10], "KR"), "Korea Post"
    if plan.number.startswith("P-") and serial % 2:
        return f"GFUS{serial:014d}", "GOFO Express"
    if plan.person.country != "US":
        return _checked(f"1Z8V92A703{serial:07d}"[:17]), "UPS"
    bare = _checked(f"94001{serial:016d}")
    # The store of figures knows USPS by the 420 and the postcode that its labels begin with.
    return (f"420{plan.person.zip}{bare}" if plan.number.startswith("P-") else bare), "USPS"


def _checked(head: str, tail: str = "") -> str:
    for digit in "0123456789":
        found = recognise(f"{head}{digit}{tail}")
        if found is not None and found.valid:
            return found.number
    raise AssertionError(f"no check digit fits {head}…{tail}")


def happened(plan: Plan, delivered: float | None) -> Iterator[Said]:
    """What the carrier said of a parcel from its first scan to its last, the oldest first."""
    shipped = plan.shipped
    if shipped is None:
        return
    store = plan.number[:2]
    home = f"{plan.person.city}, {plan.person.country}"
    end = delivered if delivered is not None else plan.last_event
    yield shipped, "Accepted by the carrier", _FROM[store]
    if end is None or end >= shipped:
        return
    way = shipped - end
    yield shipped - way * 0.2, "Left the sorting centre", _FROM[store]
    if delivered is None:
        yield end, "Arrived at the sorting centre", _BETWEEN[store]
        return
    yield shipped - way * 0.55, "Arrived at the sorting centre", _BETWEEN[store]
    yield delivered + min(0.2, way * 0.1), "Out for delivery", home
    yield delivered, "Delivered", home
