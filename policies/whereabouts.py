"""Where a rule of a pack is enforced: found in the pack itself, never written by hand."""

from collections.abc import Iterable, Iterator

from pydantic import BaseModel

from policies.checks import AmountOver, Check, Evidence, Unwritten, WaitUntil, Window
from policies.deskdata import DeskData, ProcessData
from policies.schema import PackDocument
from policies.shapes import Request

# What a part of `desk` does with the figures of its rule; another part is called by its key.
_TIMERS = {
    "manufacturer": "mails to the customer while the manufacturer has it, alert when it is late",
    "defect_process": "alerts before and at the end of a return",
    "pickup": "reminders of a reserved pickup, and its expiry with the refund",
    "refund": "alert when a refund has not been paid",
    "preorder": "the day by which a pre-order leaves, counted from its release date",
}


def enforced(document: PackDocument, rule_id: str) -> list[str]:
    """Return where a rule decides, times or counts anything, in words; empty where it is told."""
    return [
        *decisions(document, rule_id),
        *timers(document, rule_id),
        *_steps(document, rule_id),
        *_reference(document, rule_id),
    ]


def decisions(document: PackDocument, rule_id: str) -> list[str]:
    """Return the requests whose checks cite the rule, or count by its figures."""
    if rule_id == document.unwritten:
        return ["decision: whatever no check settles"]
    cited: list[str] = []
    counted: list[str] = []
    if any(_cites(check, rule_id) for check in document.first):
        cited.append("every request")
    for request in document.requests:
        checks = _checks(document, request)
        if any(_cites(check, rule_id) for check in checks):
            cited.append(f"`{request}`")
        elif any(_counts_by(document, check, rule_id) for check in checks):
            counted.append(f"`{request}`")
    found = [f"decision: {', '.join(cited)}"] if cited else []
    return [*found, *([f"its figures: {', '.join(counted)}"] if counted else [])]


def timers(document: PackDocument, rule_id: str) -> list[str]:
    """Return the desk's timers that take their days from the rule."""
    found = []
    for key, part in _parts(document.desk):
        names = [name for name, value in part if value == rule_id and name.endswith("rule")]
        if "rule" in names:
            found.append(f"timer: {_TIMERS.get(key, key.replace('_', ' '))}")
        elif names:
            words = names[0].removesuffix("_rule").replace("_", " ")
            found.append(f"timer: {key.replace('_', ' ')}, {words}")
    return found


def _parts(desk: DeskData) -> Iterator[tuple[str, BaseModel]]:
    for key, value in desk:
        for part in value if isinstance(value, tuple) else (value,):
            if isinstance(part, BaseModel):
                yield key, part


def _steps(document: PackDocument, rule_id: str) -> Iterator[str]:
    process = document.desk.processes.get(rule_id)
    steps = list(_steps_of(process)) if process is not None else []
    if steps:
        yield f"after approval: {', '.join(steps)}"


def _steps_of(process: ProcessData) -> Iterator[str]:
    if process.manufacturer:
        yield "the manufacturer"
    if process.customer_returns:
        yield f"the return, paid by the {process.return_shipping_paid_by}"
    if process.inspection:
        yield "the inspection"


def _reference(document: PackDocument, rule_id: str) -> Iterator[str]:
    if document.estimates is not None and document.estimates.rule == rule_id:
        yield "delivery estimates"
    if document.carriers_rule == rule_id and document.carriers:
        yield "carriers by tracking number"


def _checks(document: PackDocument, request: Request) -> tuple[Check, ...]:
    item = document.requests[request]
    return item.checks if item.same_as is None else document.requests[item.same_as].checks


def _cites(check: Check, rule_id: str) -> bool:
    return not isinstance(check, Unwritten) and check.rule == rule_id


def _counts_by(document: PackDocument, check: Check, rule_id: str) -> bool:
    if isinstance(check, WaitUntil) and check.after_estimate and document.estimates is not None:
        return document.estimates.rule == rule_id
    return any(ref.rpartition("/")[0] == rule_id for ref in _figures(check))


def _figures(check: Check) -> Iterable[str]:
    if isinstance(check, Window):
        return (check.days,)
    if isinstance(check, WaitUntil):
        return (*check.business_days, *((check.days,) if check.days else ()))
    if isinstance(check, Evidence):
        return tuple(ref for alternative in check.need or () for ref in alternative.values())
    if isinstance(check, AmountOver):
        return tuple(limit.over for limit in check.limits)
    return ()
