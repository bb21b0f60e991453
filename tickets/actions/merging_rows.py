"""What a merge changes, row by row, as it was and as it became; and how it is put back.

Rows are looked at before and after, so that nothing a turn does by itself (clocks, snoozes,
retention) can be forgotten. What belongs together is put back together or not at all: whose turn
it is with its snooze, the clocks with their deadlines. What somebody has changed since stays.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from tickets.actions import snoozing
from tickets.actions.base import Turn
from tickets.actions.targets import KINDS as TARGETS
from tickets.models import Deadline, Merge, Ticket, TicketTag, Watcher

_ITSELF = ("id", "last_seq", "updated_at", "stage")  # numbers of events, and what follows by itself
_FIELDS = {
    field.attname: field for field in Ticket._meta.concrete_fields if field.name not in _ITSELF
}
_TURN = ("state", "waiting_for", "snoozed_until")
_CLOCKS = ("first_due_at", "resolve_due_at", "resolve_left", "answered_at", "escalated_at")
_KINDS = {snoozing.KIND: "turn", **dict.fromkeys(TARGETS, "clocks")}
_GROUPS = {**dict.fromkeys(_TURN, "turn"), **dict.fromkeys(_CLOCKS, "clocks")}
_PUT_ON = (TicketTag, Watcher)

# As JSON keeps it: tickets and their columns [before, after]; deadlines by ticket and kind.
Record = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Picture:
    """The rows of some tickets at one moment, in plain values."""

    tickets: Mapping[int, Mapping[str, Any]]
    deadlines: Mapping[int, Mapping[str, list[list[Any]]]]
    put_on: Mapping[str, frozenset[int]]


def look(tickets: Collection[int]) -> Picture:
    """The rows of these tickets as they are in the database now."""
    rows = Ticket.objects.filter(pk__in=tickets).values("pk", *_FIELDS)
    found = {row.pop("pk"): {name: _plain(value) for name, value in row.items()} for row in rows}
    put_on = {
        model.__name__: frozenset(
            model.objects.filter(ticket__in=tickets).values_list("pk", flat=True)
        )
        for model in _PUT_ON
    }
    return Picture(found, {pk: _deadlines(pk) for pk in found}, put_on)


def _plain(value: Any) -> Any:
    return value.astimezone(UTC).isoformat() if isinstance(value, datetime) else value


def _deadlines(ticket: int, kind: str = "") -> dict[str, list[list[Any]]]:
    rows = Deadline.objects.filter(ticket=ticket, **({"kind": kind} if kind else {}))
    found: dict[str, list[list[Any]]] = {}
    for of, *values in rows.order_by("pk").values_list(
        "kind", "pk", "state", "settled_at", "wake_at"
    ):
        found.setdefault(of, []).append([_plain(value) for value in values])
    return found


def compare(before: Picture, after: Picture) -> Record:
    """What has changed between two pictures of the same tickets."""
    tickets: Record = {}
    deadlines: Record = {}
    for pk, was in before.tickets.items():
        now = after.tickets[pk]
        tickets[str(pk)] = {name: [was[name], now[name]] for name in was if was[name] != now[name]}
        old, new = before.deadlines[pk], after.deadlines[pk]
        deadlines[str(pk)] = {
            kind: [old.get(kind, []), new.get(kind, [])]
            for kind in sorted({*old, *new})
            if old.get(kind) != new.get(kind)
        }
    put_on = {name: sorted(after.put_on[name] - had) for name, had in before.put_on.items()}
    return {"tickets": tickets, "deadlines": deadlines, "put_on": put_on}


# --- back --------------------------------------------------------------------------------


def put_back(turn: Turn, record: Record, *, spoken: bool) -> bool:
    """Let the turn's ticket be as it was before; False where something was changed since.

    ``spoken``: something was said or done there since, so whose turn it is follows from that.
    The columns are set on the turn's ticket, for its caller to save; deadlines are written.
    """
    ticket = turn.ticket
    assert ticket is not None
    columns = record["tickets"].get(str(ticket.pk), {})
    kinds = record["deadlines"].get(str(ticket.pk), {})
    whole = True
    for group in _ordered({*map(_group, columns), *(_KINDS.get(kind, kind) for kind in kinds)}):
        mine = {name: pair for name, pair in columns.items() if _group(name) == group}
        dues = {kind: pair for kind, pair in kinds.items() if _KINDS.get(kind, kind) == group}
        follows = group == "turn" and spoken
        follows = follows or (group == "clocks" and not whole)
        if follows or not _untouched(ticket, mine, dues):
            whole = False
            continue
        for name, (was, _became) in mine.items():
            setattr(ticket, name, _FIELDS[name].to_python(was) if was is not None else None)
        for was, became in dues.values():
            _put_back_deadlines(was, became)
    return whole


def _group(column: str) -> str:
    return _GROUPS.get(column, column)


def _ordered(groups: Iterable[str]) -> list[str]:
    """Whose turn it is, and the clocks that follow from it and from the rest, at the end."""
    return sorted(groups, key=lambda group: (group == "clocks", group == "turn", group))


def _untouched(ticket: Ticket, columns: Record, kinds: Record) -> bool:
    return all(
        _plain(getattr(ticket, name)) == became for name, (_was, became) in columns.items()
    ) and all(
        _deadlines(ticket.pk, kind).get(kind, []) == became
        for kind, (_was, became) in kinds.items()
    )


def _put_back_deadlines(was: list[list[Any]], became: list[list[Any]]) -> None:
    old, new = {row[0]: row for row in was}, {row[0]: row for row in became}
    Deadline.objects.filter(pk__in=new.keys() - old.keys()).delete()
    for pk, row in old.items():
        if new.get(pk) != row:
            state, settled_at, wake_at = row[1:]
            Deadline.objects.filter(pk=pk).update(
                state=state, settled_at=settled_at, wake_at=wake_at
            )


def hand_over(record: Record, ticket: int, later: Merge) -> None:
    """Let a later merge into the same ticket keep what this one would have put back there.

    Its rows came to stand on what this one had made of them: they are put back when the last
    of the two is undone.
    """
    key = str(ticket)
    for part in ("tickets", "deadlines"):
        its = later.before[part].setdefault(key, {})
        for name, (was, became) in record[part].get(key, {}).items():
            if name not in its:
                its[name] = [was, became]
            elif its[name][0] == became:
                its[name] = [was, its[name][1]]
    # Nor is whose turn it is put back where somebody has spoken since the first of the two.
    later.before["seq"] = min(later.before["seq"], record["seq"])
    later.save(update_fields=["before"])


def take_off(record: Record, others: Iterable[Merge]) -> None:
    """Take off the target what came with the merge; what another merged one brings, too, stays."""
    others = list(others)
    for model, of in ((TicketTag, "tag_id"), (Watcher, "user_id")):
        name = model.__name__
        made = model.objects.filter(pk__in=record["put_on"][name])
        kept: list[int] = []
        for other in others:
            brings = model.objects.filter(ticket=other.source_id).values_list(of, flat=True)
            shared = made.exclude(pk__in=kept).filter(**{f"{of}__in": list(brings)})
            theirs = list(shared.values_list("pk", flat=True))
            if theirs:
                other.before["put_on"][name] += theirs
                other.save(update_fields=["before"])
                kept += theirs
        made.exclude(pk__in=kept).delete()
