"""Changes of many tickets as their pages show them: the form, a preview, and what came of it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import connection
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from tickets import access
from tickets.actions import bulk, macros
from tickets.actions.bulk_verbs import Assign, Deed, Plan, Prioritise, PutOff, Retag, plan_of
from tickets.desk import labels
from tickets.desk.bulk_choice import Choice
from tickets.desk.bulk_form import BulkForm
from tickets.desk.macros import Does
from tickets.desk.macros import does as macro_does
from tickets.desk.person import Desk
from tickets.lifecycle import BulkState, RowState
from tickets.models import BulkJob, BulkRow, Macro, Ticket, User
from tickets.permissions import roles_with
from tickets.placeholders import Filled, Part, fill, label_of
from tickets.ticket_values import About

SAMPLES = 3
ROWS = 50
JOBS = 30
STATES: Mapping[str, Promise] = {
    BulkState.WAITING: gettext_lazy("It begins in a moment"),
    BulkState.RUNNING: gettext_lazy("At work"),
    BulkState.DONE: gettext_lazy("Done"),
    BulkState.STOPPED: gettext_lazy("Stopped"),
}
OUTCOMES: Mapping[str, Promise] = {
    RowState.WAITING: gettext_lazy("not yet"),
    RowState.DONE: gettext_lazy("changed"),
    RowState.UNCHANGED: gettext_lazy("it stood so already"),
    RowState.FAILED: gettext_lazy("not changed"),
    RowState.UNDONE: gettext_lazy("taken back"),
}


# --- the form ----------------------------------------------------------------------------


def form_of(desk: Desk, choice: Choice, data: Any = None) -> BulkForm:
    """The form for these tickets: people and macros of their stores."""
    stores = _stores(choice.ids)
    people = User.objects.filter(
        is_active=True,
        memberships__store__in=stores,
        memberships__role__in=roles_with("work"),
    )
    usable = access.macros_for(desk.actor).filter(store__in=stores, retired_at=None)
    usable = usable.select_related("store").order_by("owner_id", "store_id", "position", "key")
    return BulkForm(
        desk.user, list(people.distinct().order_by("name", "email")), list(usable), data
    )


def _stores(ids: Sequence[int]) -> list[int]:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT DISTINCT t.store_id FROM tickets_ticket t WHERE t.id = ANY(%s)", [list(ids)]
        )
        return [pk for (pk,) in cursor.fetchall()]


# --- what it does, in words --------------------------------------------------------------


def does(plan: Plan, now: datetime) -> list[Does]:
    """Everything but its words, in the order in which it is done."""
    told = [_deed(deed) for deed in plan.deeds]
    if plan.then_state == "solved":
        told.append(Does("check", _("Solved, when the reply is sent")))
    if plan.says:
        said = {"reply": _("A reply to each customer"), "note": _("An internal note")}
        told.append(Does({"reply": "send", "note": "note"}[plan.says], said[plan.says]))
    if plan.macro is not None:
        told.append(Does("bolt", _("Macro: %(name)s") % {"name": plan.name}))
        rows = Macro.objects.filter(pk=plan.macro).select_related("store", "assignee")
        for macro in rows:
            told.extend(macro_does(macro, now))
    return told


def _deed(deed: Deed) -> Does:
    if isinstance(deed, Assign):
        if deed.person is None:
            return Does("user-off", _("Given back to all"))
        return Does("user", _("Assigned to %(name)s") % {"name": deed.name})
    if isinstance(deed, Prioritise):
        name = {"name": labels.PRIORITIES[deed.priority]}
        return Does("flag", _("Priority: %(name)s") % name)
    if isinstance(deed, Retag):
        tags = [*(f"+ {tag}" for tag in deed.add), *(f"− {tag}" for tag in deed.remove)]
        return Does("tag", _("Tags: %(tags)s") % {"tags": ", ".join(tags)})
    if isinstance(deed, PutOff):
        if deed.monday:
            return Does("moon", _("Put off until Monday"))
        told = _("Put off for %(days)d days") if deed.days > 1 else _("Put off until tomorrow")
        return Does("moon", told % {"days": deed.days} if deed.days > 1 else told)
    return Does("check", _("Solved"))


@dataclass(frozen=True, slots=True)
class Sample:
    """What is said on one ticket; ``missing`` are the labels of what that does not have."""

    ticket: Ticket
    parts: tuple[Part, ...]
    missing: tuple[str, ...]


def samples(desk: Desk, plan: Plan, choice: Choice) -> list[Sample]:
    """What would be said on the first few tickets."""
    if not plan.speaks:
        return []
    first = list(choice.ids[:SAMPLES])
    rows = access.tickets_for(desk.actor).filter(pk__in=first)
    rows = rows.select_related("store", "customer", "order", "claim__policy_version")
    by_key = {ticket.pk: ticket for ticket in rows}
    macros_there = Macro.objects.prefetch_related("texts")
    macro = macros_there.filter(pk=plan.macro).first() if plan.macro is not None else None
    found = []
    for ticket in (by_key[pk] for pk in first if pk in by_key):
        said = _said(desk, plan, macro, ticket)
        if said is not None:
            missing = tuple(label_of(name) for name in said.missing)
            found.append(Sample(ticket, said.parts, missing))
    return found


def _said(desk: Desk, plan: Plan, macro: Macro | None, ticket: Ticket) -> Filled | None:
    if macro is not None:
        return macros.compose(macro, ticket, user=desk.user, now=desk.now)
    locale = macros.languages(ticket)[0]
    return fill(plan.body, About(ticket, desk.user, locale, desk.now))


# --- a job -------------------------------------------------------------------------------


def about(desk: Desk, job: BulkJob) -> dict[str, Any]:
    """How far it is, and what can be done about it."""
    mine = job.user_id == desk.user.pk
    undo = job.undos.exclude(state=BulkState.STOPPED).first()
    there = job.rows.filter(state=RowState.DONE).exists()
    return {
        "job": job,
        "mine": mine,
        "state": STATES[BulkState(job.state)],
        "left": job.total - job.looked_at,
        "undo_job": undo,
        "may_undo": mine and there and undo is None and bulk.may_be_undone(job, desk.now),
    }


def told(job: BulkJob, now: datetime) -> list[Does]:
    """What it does, in words; of an undo, what that takes back."""
    whose = job.undoes if job.undoes is not None else job
    return does(plan_of(whose.params), now)


@dataclass(frozen=True, slots=True)
class Row:
    """One ticket of a job as its page shows it."""

    ticket: Ticket
    state: str
    word: str
    reason: str


def rows(desk: Desk, job: BulkJob, show: str, after: int) -> tuple[list[Row], int]:
    """A page of what came of it, by ticket; and behind which ticket the next one begins (0: none).

    ``show`` is ``failed`` or ``all``. Tickets that this person may not see are not shown.
    """
    found = BulkRow.objects.filter(job=job, ticket_id__gt=after)
    found = found.filter(ticket__in=access.tickets_for(desk.actor))
    if show == "failed":
        found = found.filter(state=RowState.FAILED)
    page = list(found.select_related("ticket__customer").order_by("ticket_id")[: ROWS + 1])
    shown = [
        Row(row.ticket, row.state, str(OUTCOMES[RowState(row.state)]), row.reason)
        for row in page[:ROWS]
    ]
    return shown, page[ROWS - 1].ticket_id if len(page) > ROWS else 0


@dataclass(frozen=True, slots=True)
class Listed:
    """A job in the list of them."""

    job: BulkJob
    state: Promise
    does: list[Does]


def listed(desk: Desk, below: int) -> tuple[list[Listed], int]:
    """A page of the jobs this person may see, the newest first; ``below`` is where it begins."""
    found = access.bulks_for(desk.actor).select_related("user", "undoes").order_by("-pk")
    if below:
        found = found.filter(pk__lt=below)
    page = list(found[: JOBS + 1])
    shown = [Listed(job, STATES[BulkState(job.state)], told(job, desk.now)) for job in page[:JOBS]]
    return shown, page[JOBS - 1].pk if len(page) > JOBS else 0
