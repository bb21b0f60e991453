"""Automations in words: which there are, what they did, and what one would have done."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db.models import Count, OuterRef, Q, QuerySet, Subquery
from django.db.models.functions import Coalesce
from django.http import Http404

from tickets import access
from tickets import labels as common
from tickets.actions.automations import rule_of
from tickets.automations import past
from tickets.automations.doings import DOINGS
from tickets.automations.facts import Rule
from tickets.automations.form_fields import Typed, typed_of_rule
from tickets.automations.inputs import Known
from tickets.automations.sentence import doing_words, sentence
from tickets.automations.triggers import TRIGGERS
from tickets.desk.automation_form import AutomationForm
from tickets.desk.person import Desk
from tickets.models import Automation, AutomationVersion, Firing, Store, Ticket

VERB = "publish"
WEEK = timedelta(days=7)


@dataclass(frozen=True, slots=True)
class Row:
    """An automation in the list. ``acted`` counts the last seven days."""

    automation: Automation
    sentence: str
    last: datetime | None
    acted: int
    troubled: int
    first: bool = False
    final: bool = False


@dataclass(frozen=True, slots=True)
class Shelf:
    """A store's automations, as the list shows them; ``retired`` are those laid aside."""

    store: Store
    rows: list[Row]
    retired: list[Automation]


# --- whose they are ----------------------------------------------------------------------


def publishes(desk: Desk, store_id: int) -> bool:
    """Whether this person says what a store does by itself."""
    return VERB in desk.verbs(store_id)


def stores(desk: Desk) -> list[Store]:
    """The stores whose automations are this person's, of those that are looked at."""
    return [one for one in desk.stores if one.pk in desk.here and publishes(desk, one.pk)]


def any_store(desk: Desk) -> bool:
    """Whether there is such a store at all."""
    return any(publishes(desk, one.pk) for one in desk.stores)


def one(desk: Desk, pk: int) -> Automation:
    """One automation of this person's stores, or 404."""
    rows = access.automations_for(desk.actor).select_related("store", "current__made_by")
    found = rows.filter(pk=pk).first()
    if found is None:
        raise Http404
    return found


# --- the list ----------------------------------------------------------------------------


def shelves(desk: Desk) -> list[Shelf]:
    """Store by store: all that there are, in their order, with what they did lately."""
    here = stores(desk)
    rows = _counted(
        access.automations_for(desk.actor).filter(store__in=[store.pk for store in here]), desk.now
    )
    of: dict[int, list[Automation]] = {}
    for row in rows.select_related("current").order_by("position", "pk"):
        of.setdefault(row.store_id, []).append(row)
    return [_shelf(store, of.get(store.pk, [])) for store in here]


def _counted(rows: QuerySet[Automation], now: datetime) -> QuerySet[Automation]:
    firings = Firing.objects.filter(automation=OuterRef("pk"))
    lately = firings.filter(caused_at__gt=now - WEEK).order_by().values("automation")
    did, not_done = Q(outcome="did"), ~Q(outcome="did")
    return rows.annotate(
        last_at=Subquery(firings.filter(did).order_by("-pk").values("at")[:1]),
        acted=Coalesce(Subquery(lately.annotate(n=Count("pk", filter=did)).values("n")), 0),
        troubled=Coalesce(Subquery(lately.annotate(n=Count("pk", filter=not_done)).values("n")), 0),
    )


def _shelf(store: Store, found: Sequence[Any]) -> Shelf:
    known = Known(store)
    there = [row for row in found if row.retired_at is None]
    rows = [
        Row(
            row,
            sentence(rule_of(row.current), known),
            row.last_at,
            row.acted,
            row.troubled,
            first=at == 0,
            final=at == len(there) - 1,
        )
        for at, row in enumerate(there)
    ]
    return Shelf(store, rows, [row for row in found if row.retired_at is not None])


def moved(automation: Automation, up: bool) -> list[int]:
    """The keys of a store's automations with this one a place further up, or down."""
    rows = Automation.objects.filter(store=automation.store_id, retired_at=None)
    keys = list(rows.order_by("position", "pk").values_list("pk", flat=True))
    if automation.pk in keys:
        at = keys.index(automation.pk)
        keys.insert(max(0, at + (-1 if up else 1)), keys.pop(at))
    return keys


# --- the form ----------------------------------------------------------------------------


def empty_form(store: Store) -> AutomationForm:
    """The form for a new one."""
    return AutomationForm(Known(store), Typed(), active=False)


def filled_form(automation: Automation) -> AutomationForm:
    """The form of one that is there."""
    assert automation.current is not None
    typed = typed_of_rule(rule_of(automation.current), automation.name)
    return AutomationForm(Known(automation.store), typed, seen=automation.current.number)


# --- the dry run -------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Would:
    """One line of a dry run: on which ticket, when, why, and what would have changed."""

    ticket: Ticket
    at: datetime
    cause: str
    does: list[tuple[str, str, bool]]  # icon, words, whether it was so already


@dataclass(frozen=True, slots=True)
class Trial:
    """What a dry run found, in words."""

    tried: past.Tried
    rows: list[Would]
    most: int = past.MOST

    @property
    def more(self) -> int:
        """How many times are counted and not shown."""
        return self.tried.acted - len(self.rows)


def trial(rule: Rule, store: Store, now: datetime) -> Trial:
    """Run a checked rule over the past; nothing changes."""
    known = Known(store)
    tried = past.try_on(rule, store, now)
    words = [(DOINGS[one.key].icon, doing_words(one, known)) for one in rule.actions]
    cause = TRIGGERS[rule.when]
    rows = [
        Would(
            row.ticket,
            row.at,
            str(common.EVENTS.get(row.kind, row.kind)) if not cause.timed else str(cause.label),
            [(*said, stands) for said, stands in zip(words, row.stands, strict=True)],
        )
        for row in tried.rows
    ]
    return Trial(tried, rows)


# --- versions ----------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Version:
    """One version, in words."""

    version: AutomationVersion
    sentence: str
    in_force: bool


def versions(automation: Automation) -> list[Version]:
    """All that it has ever said, the newest first."""
    known = Known(automation.store)
    rows = automation.versions.select_related("made_by").order_by("-number")
    return [
        Version(row, sentence(rule_of(row), known), row.pk == automation.current_id) for row in rows
    ]
