"""The log of what automations did and did not do, in words, a page at a time."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.db.models import Q
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as _l

from tickets import labels as common
from tickets.actions.undoing import may_be_undone
from tickets.automations.doings import DOINGS
from tickets.automations.facts import Step
from tickets.automations.inputs import Known
from tickets.automations.sentence import doing_words
from tickets.desk import labels
from tickets.desk.automations import stores
from tickets.desk.person import Desk
from tickets.models import Automation, Event, Firing

UNDO_VERB = "override"
PER_PAGE = 50
OUTCOMES: Mapping[str, Promise] = {
    "did": _l("It acted"),
    "stopped": _l("Held back"),
    "failed": _l("Could not act"),
}


@dataclass(frozen=True, slots=True)
class Done:
    """One firing, in words. ``does``: icon, words, whether it was so already."""

    firing: Firing
    outcome: str
    cause: str
    does: list[tuple[str, str, bool]]
    may_undo: bool


@dataclass(frozen=True, slots=True)
class Log:
    """A page of the log; ``after`` is where the next begins, 0 on the last."""

    rows: list[Done]
    after: int


def page(desk: Desk, *, automation: Automation | None, outcome: str, after: int) -> Log:
    """What automations did or did not do, the newest first, from a row on."""
    rows = Firing.objects.filter(automation__store__in=[store.pk for store in stores(desk)])
    if automation is not None:
        rows = rows.filter(automation=automation)
    if outcome in OUTCOMES:
        rows = rows.filter(outcome=outcome)
    if after:
        rows = rows.filter(pk__lt=after)
    rows = rows.select_related(
        "automation__store", "version", "ticket__customer", "event", "deadline", "undone_by"
    )
    found = list(rows.order_by("-pk")[: PER_PAGE + 1])
    shown = found[:PER_PAGE]
    known = {row.automation.store_id: Known(row.automation.store) for row in shown}
    undoable = _undoable(desk, shown)
    told = [
        Done(
            row,
            str(OUTCOMES[row.outcome]),
            _cause(row),
            list(_did(row.did, known[row.automation.store_id])),
            row.pk in undoable,
        )
        for row in shown
    ]
    return Log(told, shown[-1].pk if len(found) > PER_PAGE else 0)


def _did(did: Iterable[Mapping[str, Any]], known: Known) -> Iterable[tuple[str, str, bool]]:
    quiet = ("tell_assignee", "tell_leads", "watch")  # these write no event
    for one in did:
        part = DOINGS.get(one["key"])
        stands = not one["events"] and one["key"] not in quiet
        yield (
            part.icon if part else "bolt",
            doing_words(Step(one["key"], one["value"]), known),
            stands,
        )


def _cause(firing: Firing) -> str:
    if firing.event is not None:
        return str(common.EVENTS.get(firing.event.kind, firing.event.kind))
    if firing.deadline is not None:
        return str(labels.DEADLINES.get(firing.deadline.kind, firing.deadline.kind))
    return str(_("A deadline"))


def _undoable(desk: Desk, firings: Sequence[Firing]) -> set[int]:
    """Those of which something can be taken back, by somebody who may; one statement."""
    asked = Q()
    for row in firings:
        numbers = [seq for one in row.did for seq in one["events"]]
        may = UNDO_VERB in desk.verbs(row.automation.store_id)
        if row.outcome == "did" and row.undone_at is None and numbers and may:
            asked |= Q(ticket=row.ticket_id, seq__in=numbers)
    if not asked:
        return set()
    there = {
        (event.ticket_id, event.seq)
        for event in Event.objects.filter(asked)
        if may_be_undone(event)
    }
    return {
        row.pk
        for row in firings
        if row.undone_at is None
        and any((row.ticket_id, seq) in there for one in row.did for seq in one["events"])
    }
