"""The table of all rules, as Markdown: what each says, and where it is enforced.

Everything is read from the packs: which checks cite a rule, which timers of the desk take their
days from it. Where nothing does, the rule is told, and only told.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from decimal import Decimal

from policies.checks import Check, Unwritten
from policies.pack import Pack
from policies.parts import PackFloor, PackRule
from policies.shapes import Request
from policies.whereabouts import enforced

_HEAD = """# The rules of every store

Made by `manage.py pack table` from the packs in `policies/packs/`; do not edit it. What a pack
is made of: `manage.py pack schema`. How to write one: [a new store](a-new-store.md).

Kinds: **E** enforced on a request or claim, **T** a timer that acts by itself, **G** guidance,
**D** reference data. `(house)` marks a figure that the store does not publish and that a manager
may change. The days in force are the rule's own, else its pack's: an order falls under what was
in force when it was placed. *Told* means that a rule is told in the help centre and with other
answers, and that nothing is decided by it.
"""
_RULES = "| Rule | Kinds | What it says | Figures | In force | Page | Where it is enforced |"
_FLOORS = "| Floor | Countries | What it says | Figures | On | Source |"
_REQUESTS = "| Request | Decided by, in this order |"


def rulebook(packs: Sequence[Pack]) -> str:
    """Return the whole page: every store, its rules, its floors, and its requests."""
    parts = [_HEAD]
    for pack in packs:
        parts.append(f"## {pack.name} (`{pack.slug}`)\n\n{_store(pack)}\n")
        parts.append(_table(_RULES, (_rule(rule) for rule in pack.rules.values())))
        if pack.floors:
            parts.append(f"### Rights by country\n\n{_advice(pack)}\n")
            parts.append(_table(_FLOORS, (_floor(item) for item in pack.floors.values())))
        parts.append(f"### Requests\n\n{_fallback(pack)}\n")
        parts.append(_table(_REQUESTS, _requests(pack)))
    return "\n".join(parts)


def _table(head: str, rows: Iterable[Sequence[str]]) -> str:
    columns = head.count("|") - 1
    lines = [head, "|" + " --- |" * columns]
    lines += ["| " + " | ".join(_cell(text) for text in row) + " |" for row in rows]
    return "\n".join(lines) + "\n"


def _cell(text: str) -> str:
    """One line, whose bars are no columns."""
    return " ".join(text.split()).replace("|", "\\|")


def _store(pack: Pack) -> str:
    store = pack.document.store
    holidays = "none"
    if store.holidays is not None:
        holidays = "-".join(filter(None, (store.holidays.country, store.holidays.subdivision)))
    figures = pack.document.house
    reminders = _value(figures.evidence_reminder_days)

    def house(key: str) -> str:
        return " (house)" if key in store.house else ""

    return (
        f"Version {pack.version}, from {pack.starts_on.isoformat()}. "
        f"Time zone {store.time_zone}{house('time_zone')}; "
        f"holidays {holidays}{house('holidays')}; "
        f"currencies {', '.join(store.currencies)}{house('currencies')}; "
        f"opening hours {_hours(pack)}{house('opening_hours')}. "
        f"Missing evidence may be added for {figures.evidence_days} days, with reminders "
        f"{reminders} days before; an upload begun in time has "
        f"{figures.upload_grace_hours} hours more (house). A person answers within "
        f"{figures.answer_days} business days, an urgent request within "
        f"{figures.urgent_answer_days} (house; 0 is the same day). The files of a case are kept "
        f"after its end for {figures.keep_approved_days} days where it was approved, "
        f"{figures.keep_refused_days} where it was refused, {figures.keep_expired_days} where its "
        f"evidence did not come, {figures.keep_withdrawn_days} where it was withdrawn, "
        f"{figures.keep_other_days} where it was no claim (house). {_limits(pack)}"
    )


def _limits(pack: Pack) -> str:
    limits = pack.document.desk.agent_refund_limit
    if not limits:
        return "An agent refunds any amount without a lead (house)."
    told = " or ".join(f"{currency} {amount}" for currency, amount in limits.items())
    return f"What an agent refunds on one order without a lead is at most {told} (house)."


def _hours(pack: Pack) -> str:
    """Days of the same hours that follow each other stand together."""
    runs: list[tuple[list[str], str]] = []
    for day, spans in pack.document.store.opening_hours.items():
        hours = ", ".join(f"{span.start:%H:%M}–{span.end:%H:%M}" for span in spans)
        if runs and runs[-1][1] == hours:
            runs[-1][0].append(day)
        else:
            runs.append(([day], hours))
    told = [
        f"{'–'.join(dict.fromkeys((days[0], days[-1]))).title()} {hours or 'closed'}"
        for days, hours in runs
    ]
    return "; ".join(told) or "none"


def _rule(rule: PackRule) -> tuple[str, ...]:
    said = rule.sentence()
    if rule.data.reading:
        said += f" *Reading: {rule.data.reading}*"
    title = rule.pack.pages[rule.page]["en"]
    places = enforced(rule.pack.document, rule.id)
    return (
        f"`{rule.id}`",
        " ".join(rule.kinds),
        said,
        _figures(rule.figures, rule.house),
        _in_force(rule),
        title,
        "; ".join(places) or "told",
    )


def _floor(floor: PackFloor) -> tuple[str, ...]:
    return (
        f"`{floor.id}`",
        ", ".join(floor.data.countries),
        f"{floor.sentence()} For {_names(floor.data.requests)}.",
        _figures(floor.figures, ()),
        "on" if floor.on else "off",
        floor.source(),
    )


def _advice(pack: Pack) -> str:
    return next(iter(pack.floors.values())).advice()


def _figures(figures: Mapping[str, int | Decimal | tuple[int, ...]], house: Sequence[str]) -> str:
    return "<br>".join(
        f"{name} = {_value(value)}{' (house)' if name in house else ''}"
        for name, value in figures.items()
    )


def _value(value: object) -> str:
    return ", ".join(map(str, value)) if isinstance(value, tuple) else str(value)


def _in_force(rule: PackRule) -> str:
    """The rule's own days, else its pack's."""
    first, last = rule.data.starts_on or rule.pack.starts_on, rule.data.ends_on
    return f"from {first.isoformat()}" + (f" to {last.isoformat()}" if last else "")


# The requests ------------------------------------------------------------------------------


def _fallback(pack: Pack) -> str:
    first = _chain(pack.document.first)
    before = f"Before any of them: {first}. " if first else ""
    without = [request for request in Request if request not in pack.document.requests]
    rest = f" So is every request that is not listed: {_names(without)}." if without else ""
    return f"{before}What none of its checks settles is left to `{pack.unwritten}`.{rest}"


def _requests(pack: Pack) -> Iterator[tuple[str, str]]:
    for request, item in pack.document.requests.items():
        marks = [word for word, holds in _marks(pack, request, claim=item.claim) if holds]
        name = f"`{request}`{_brackets(marks)}"
        if item.same_as is not None:
            yield name, f"as `{item.same_as}`"
        else:
            yield name, _chain(item.checks) or f"`{pack.unwritten}`"


def _marks(pack: Pack, request: Request, *, claim: bool) -> Iterator[tuple[str, bool]]:
    desk = pack.document.desk
    yield "a claim", claim
    yield "top of the queue", request in desk.urgent
    yield "right after it", request in desk.high


def _brackets(words: Sequence[str]) -> str:
    return f" ({', '.join(words)})" if words else ""


def _chain(checks: Sequence[Check]) -> str:
    told = []
    for check in checks:
        rule = "" if isinstance(check, Unwritten) else f" `{check.rule.partition('.')[2]}`"
        on = " if" if check.when is not None else ""
        told.append(f"{check.check.replace('_', ' ')}{on}{rule}")
    return " → ".join(told)


def _names(requests: Iterable[Request]) -> str:
    return ", ".join(f"`{request}`" for request in requests)
