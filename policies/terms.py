"""What the desk's timers need of a pack, with the figures looked up."""

from dataclasses import dataclass

from policies.program import split_ref
from policies.schema import PackDocument


@dataclass(frozen=True)
class Manufacturer:
    """Weeks after acceptance: when a replacement is overdue, and when the customer hears."""

    rule: str
    weeks_due: int
    update_weeks: tuple[int, ...]


@dataclass(frozen=True)
class DefectProcess:
    """Days from receipt of the items within which the process is to end."""

    rule: str
    days: int
    warn_days_before: int


@dataclass(frozen=True)
class PickupTerms:
    """In-store pickup: local days of reservation, reminders before its end, preparation."""

    rule: str
    prepare_rule: str
    reserve_days: int
    reminder_days: tuple[int, ...]
    prepare_days: int


@dataclass(frozen=True)
class RefundTerms:
    """Days after which an unpaid refund is an alert."""

    rule: str
    days: int


@dataclass(frozen=True)
class PreorderTerms:
    """Calendar days from a release until its goods are in the store, and until they leave it."""

    rule: str
    reach_days: int
    ship_days: int


def manufacturer(document: PackDocument) -> Manufacturer | None:
    """Return the manufacturer's terms, where claims go to one."""
    data = document.desk.manufacturer
    if data is None:
        return None
    return Manufacturer(
        data.rule,
        _number(document, data.weeks_due, data.rule),
        _numbers(document, data.update_weeks, data.rule),
    )


def defect_process(document: PackDocument) -> DefectProcess | None:
    """Return the time that the process of a defect may take, where it is limited."""
    data = document.desk.defect_process
    if data is None:
        return None
    return DefectProcess(
        data.rule,
        _number(document, data.days, data.rule),
        _number(document, data.warn_days_before, data.rule),
    )


def pickup(document: PackDocument) -> PickupTerms | None:
    """Return the terms of in-store pickup, where the store has it."""
    data = document.desk.pickup
    if data is None:
        return None
    return PickupTerms(
        data.rule,
        data.prepare_rule,
        _number(document, data.reserve_days, data.rule),
        _numbers(document, data.reminder_days, data.rule),
        _number(document, data.prepare_days, data.prepare_rule),
    )


def refund(document: PackDocument) -> RefundTerms | None:
    """Return how long a refund may take, where the store says so."""
    data = document.desk.refund
    return None if data is None else RefundTerms(data.rule, _number(document, data.days, data.rule))


def preorder(document: PackDocument) -> PreorderTerms | None:
    """Return how pre-orders follow the release date, where the store says so."""
    data = document.desk.preorder
    if data is None:
        return None
    reach, ship = (
        _number(document, ref, data.rule) if ref is not None else 0
        for ref in (data.reach_days, data.ship_days)
    )
    return PreorderTerms(data.rule, reach, ship)


def _number(document: PackDocument, ref: str, rule: str) -> int:
    owner, name = split_ref(ref, rule)
    value = document.rules[owner].figures[name]
    if not isinstance(value, int):
        raise TypeError(f"{ref} is not a whole number")
    return value


def _numbers(document: PackDocument, ref: str, rule: str) -> tuple[int, ...]:
    owner, name = split_ref(ref, rule)
    value = document.rules[owner].figures[name]
    if not isinstance(value, tuple):
        raise TypeError(f"{ref} is not a list of numbers")
    return value
