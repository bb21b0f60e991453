"""What changes from one pack to another, rule by rule: data, to be told by `policies.compared`.

Nothing is said here. A `Change` names what changed, its two values, and whether decisions
depend on it; two packs that promise the same differ in nothing.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from policies.compare_checks import CheckChange, check_changes, deciding_figures
from policies.pack import Pack
from policies.schema import WEEKDAYS, Contact, Rule
from policies.shapes import Request

__all__ = ["Change", "compare"]

_MISSING = object()
# What people see first: what changes a decision stands before what only sounds different.
_PARTS = ("rule", "request", "first", "floor", "store", "house", "desk", "other")
_TOLD_APART = frozenset(
    {"figures", "house", "outcomes", "starts_on", "ends_on", "kinds", "page", "sentence", "says"}
)
# Parts of a pack that decisions depend on, where a generic difference is found in them.
_DECIDING = frozenset({"estimates", "unwritten"})


@dataclass(frozen=True, slots=True)
class Change:
    """One difference.

    `part` and `subject` say where: a rule by id, a request type, a floor, or a part of the pack.
    `key` says what kind of change it is, `name` which one (a figure, a weekday, a locale).
    None before: it was not there; None after: it is gone.
    """

    part: str
    subject: str
    key: str
    name: str = ""
    before: Any = None
    after: Any = None
    decides: bool = False


def compare(before: Pack, after: Pack) -> tuple[Change, ...]:
    """Return every difference, each once; those that change decisions first, then by part."""
    found = [
        *_rules(before, after),
        *_requests(before, after),
        *_first(before, after),
        *_floors(before, after),
        *_store(before, after),
        *_rest(before, after),
    ]
    deciding = {(item.part, item.subject) for item in found if item.decides}
    return tuple(
        sorted(
            found,
            key=lambda item: (
                (item.part, item.subject) not in deciding,
                _PARTS.index(item.part),
                not item.decides,
            ),
        )
    )


# Rules -------------------------------------------------------------------------------------


def _rules(before: Pack, after: Pack) -> Iterator[Change]:
    old, new = before.document.rules, after.document.rules
    deciding = deciding_figures(before.document) | deciding_figures(after.document)
    for rule_id in dict.fromkeys((*new, *old)):
        if rule_id not in old:
            yield Change("rule", rule_id, "rule.added", after=new[rule_id], decides=True)
        elif rule_id not in new:
            yield Change("rule", rule_id, "rule.removed", before=old[rule_id], decides=True)
        elif old[rule_id] != new[rule_id]:
            yield from _rule(rule_id, old[rule_id], new[rule_id], deciding)


def _rule(
    rule_id: str, old: Rule, new: Rule, deciding: frozenset[tuple[str, str]]
) -> Iterator[Change]:
    was: Any
    now: Any
    for name in dict.fromkeys((*new.figures, *old.figures)):
        was, now = old.figures.get(name), new.figures.get(name)
        if was != now:
            decides = (rule_id, name) in deciding
            yield Change("rule", rule_id, "figure", name, was, now, decides)
    for key, was, now in (
        ("rule.starts", old.starts_on, new.starts_on),
        ("rule.ends", old.ends_on, new.ends_on),
        ("rule.outcomes", tuple(sorted(old.outcomes)), tuple(sorted(new.outcomes))),
    ):
        if was != now:
            yield Change("rule", rule_id, key, "", was, now, decides=True)
    if set(old.house) != set(new.house):
        yield Change("rule", rule_id, "rule.house", "", tuple(old.house), tuple(new.house))
    for name in ("kinds", "page"):
        was, now = getattr(old, name), getattr(new, name)
        if was != now:
            yield Change("rule", rule_id, f"rule.{name}", "", was, now)
    yield from _texts("rule", rule_id, "sentence", old.sentence, new.sentence)
    for key in dict.fromkeys((*new.says, *old.says)):
        was, now = old.says.get(key, {}), new.says.get(key, {})
        yield from _texts("rule", rule_id, f"says.{key}", was, now)
    for name in type(new).model_fields:
        if name not in _TOLD_APART:
            yield from _values("rule", rule_id, name, getattr(old, name), getattr(new, name))


# Requests and checks -------------------------------------------------------------------------


def _requests(before: Pack, after: Pack) -> Iterator[Change]:
    for request in Request:
        old, new = before.document.requests.get(request), after.document.requests.get(request)
        subject = str(request)
        opens = (bool(old and old.claim), bool(new and new.claim))
        if opens[0] != opens[1]:
            yield Change("request", subject, "request.claim", "", *opens, decides=True)
        labels = ((old and old.label) or {}, (new and new.label) or {})
        yield from _texts("request", subject, "label", *labels)
        for found in check_changes(before.document, after.document, request):
            yield _check("request", subject, found)


def _first(before: Pack, after: Pack) -> Iterator[Change]:
    for found in check_changes(before.document, after.document, None):
        yield _check("first", "", found)


def _check(part: str, subject: str, found: CheckChange) -> Change:
    return Change(part, subject, found.key, found.rule, found.before, found.after, decides=True)


# Floors, the store, the rest -------------------------------------------------------------------


def _floors(before: Pack, after: Pack) -> Iterator[Change]:
    old = {floor.id: floor for floor in before.document.floors}
    new = {floor.id: floor for floor in after.document.floors}
    for floor_id in dict.fromkeys((*new, *old)):
        was, now = old.get(floor_id), new.get(floor_id)
        if was is None or now is None:
            key = "floor.added" if was is None else "floor.removed"
            decides = bool((was and was.on) or (now and now.on))
            yield Change("floor", floor_id, key, "", was, now, decides)
            continue
        if was.on != now.on:
            key = "floor.on" if now.on else "floor.off"
            yield Change("floor", floor_id, key, "", was.on, now.on, decides=True)
        for name in type(now).model_fields:
            if name not in ("id", "on"):
                pair = getattr(was, name), getattr(now, name)
                yield from _values("floor", floor_id, name, *pair, decides=now.on)


def _store(before: Pack, after: Pack) -> Iterator[Change]:
    old, new = before.document.store, after.document.store
    apart = {"opening_hours", "channels"}
    deciding = {"time_zone", "holidays", "slug"}
    for name in type(new).model_fields:
        if name not in apart:
            pair = getattr(old, name), getattr(new, name)
            yield from _values("store", "", name, *pair, decides=name in deciding)
    for day in WEEKDAYS:
        was, now = old.opening_hours.get(day, ()), new.opening_hours.get(day, ())
        if was != now:
            yield Change("store", "", "hours", day, was, now)
    ways, ways_now = _channels(old.channels), _channels(new.channels)
    for place in dict.fromkeys((*ways_now, *ways)):
        yield from _channel(place, ways.get(place), ways_now.get(place))
    if set(ways) == set(ways_now) and list(ways) != list(ways_now):
        yield Change("store", "", "channel.order", "", list(ways), list(ways_now))


def _channels(channels: tuple[Contact, ...]) -> dict[str, Contact]:
    """By kind; the second of a kind gets a number."""
    found: dict[str, Contact] = {}
    for item in channels:
        count = sum(1 for other in found.values() if other.kind == item.kind)
        found[f"{item.kind} {count + 1}" if count else item.kind] = item
    return found


def _channel(place: str, was: Contact | None, now: Contact | None) -> Iterator[Change]:
    if was is None or now is None:
        key = "channel.added" if was is None else "channel.removed"
        yield Change("store", "", key, place, was and was.value, now and now.value)
        return
    if was.open != now.open:
        key = "channel.opened" if now.open else "channel.closed"
        yield Change("store", "", key, place, was.open, now.open)
    if was.value != now.value:
        yield Change("store", "", "channel.value", place, was.value, now.value)
    yield from _texts("store", "", f"channel.{place}.notice", was.notice or {}, now.notice or {})


def _rest(before: Pack, after: Pack) -> Iterator[Change]:
    """Whatever else a pack holds, now or in a later format."""
    apart = {"rules", "requests", "first", "floors", "store", "format"}
    for name in type(after.document).model_fields:
        if name in apart:
            continue
        part = name if name in ("house", "desk") else "other"
        pair = getattr(before.document, name), getattr(after.document, name)
        yield from _values(part, "", name, *pair, decides=name in _DECIDING)


# Values ----------------------------------------------------------------------------------------


def _texts(
    part: str, subject: str, name: str, old: Mapping[str, Any], new: Mapping[str, Any]
) -> Iterator[Change]:
    """A text that is told otherwise, in each language on its own."""
    for locale in dict.fromkeys((*new, *old)):
        if old.get(locale) != new.get(locale):
            pair = _sentences(old.get(locale)), _sentences(new.get(locale))
            yield Change(part, subject, "text", f"{name}:{locale}", *pair)


def _sentences(value: Any) -> tuple[str, ...] | None:
    if value is None:
        return None
    return (value,) if isinstance(value, str) else tuple(value)


def _values(
    part: str, subject: str, path: str, old: Any, new: Any, *, decides: bool = False
) -> Iterator[Change]:
    """Differences of plain values, down to the smallest that a person can name."""
    old, new = _plain(old), _plain(new)
    if old == new:
        return
    if _is_text(old) or _is_text(new):
        yield from _texts(part, subject, path, old or {}, new or {})
    elif isinstance(old, dict) and isinstance(new, dict):
        for key in dict.fromkeys((*new, *old)):
            below = old.get(key), new.get(key)
            yield from _values(part, subject, f"{path}.{key}", *below, decides=decides)
    elif _is_list_of_dicts(old) and _is_list_of_dicts(new):
        was, now = _named(old), _named(new)
        for key in dict.fromkeys((*now, *was)):
            below = was.get(key), now.get(key)
            yield from _values(part, subject, f"{path}.{key}", *below, decides=decides)
        if list(was) != list(now) and set(was) == set(now):
            yield Change(part, subject, "order", path, tuple(was), tuple(now), decides)
    else:
        yield Change(part, subject, "value", path, old, new, decides)


def _plain(value: Any) -> Any:
    if hasattr(value, "model_dump"):
        return value.model_dump(mode="json", by_alias=True)
    if isinstance(value, Mapping):
        return {str(key): _plain(item) for key, item in value.items()}
    if isinstance(value, tuple | list):
        return [_plain(item) for item in value]
    return value


def _is_text(value: Any) -> bool:
    return isinstance(value, dict) and isinstance(value.get("en"), str | list)


def _is_list_of_dicts(value: Any) -> bool:
    return isinstance(value, list) and all(isinstance(item, dict) for item in value)


def _named(rows: list[dict[str, Any]]) -> dict[str, dict[str, Any]]:
    """Rows by what they are known by, so that one more at the top is one change, not all."""
    found: dict[str, dict[str, Any]] = {}
    for index, row in enumerate(rows):
        name = str(row.get("id") or row.get("prefix") or row.get("name") or index)
        while name in found:
            name += "+"
        found[name] = row
    return found
