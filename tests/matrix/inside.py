"""The table of the desk, the rules and the reports: what staff see and do."""

from __future__ import annotations

from datetime import date
from typing import Any

from policies.models import PolicyTrialCase
from policies.publish import in_force
from tests.cast import NOON, make_customer
from tests.desk import test_routes as desk_routes
from tests.desk.talk import question
from tests.matrix.rows import Call, Row, book, book_home, desk, reports
from tests.matrix.world import World
from tests.policybook import test_routes as book_routes
from tickets import trials
from tickets.actions import policies
from tickets.actor import Actor

_ASKED = ("export-check", "macro-form", "automation-form")


# What Stan has ticked is none of his: nothing is chosen.
_ODD: dict[str, dict[tuple[str, str], int | str | None]] = {"bulk-start": {("stan", "POST"): 422}}
_OF_THE_STORE = ("reader", "agent", "lead", "manager", "admin", "superuser")


def _desk(name: str, route: desk_routes.Route) -> Row:
    def stage(world: World) -> Any:
        if route.on == "nothing":
            return None
        lead = world.users["lead"]
        if name == "next":  # Stan is given what waits in his own store, and nothing of this one
            question(make_customer(world.other, "ann@example.com", "Ann"))
        return desk_routes.bring(route.on, world.browser("lead"), lead, world.get)

    def call(world: World, who: str, thing: Any) -> Call:
        user = world.users.get(who)
        if user is not None and who in _OF_THE_STORE:
            desk_routes.own(thing, user)
        if user is not None and who in ("reader", "stan", "nobody", "lee"):
            user = None  # a ticket could not be given to them
        if name == "assignee" and who == "superuser":
            user = world.users["agent"]  # given by somebody who is of no store, to one who is
        return Call(desk_routes.address(name, thing), desk_routes.typed_for(name, thing, user))

    method = "POST" if route.posts else "GET"
    answer = route.answers if route.posts else 302 if name in ("claim", "marks") else 200
    # These are posted, too, and nothing is written.
    asked_by_form = {"POST": 200} if name in _ASKED else {}
    if name == "bulk-new":
        asked_by_form = {"POST": 422}  # a preview of nothing
    return Row(
        desk,
        {method: answer} | asked_by_form,
        call,
        stage,
        route.verb,
        frozenset({"POST"} if route.posts else ()),
        has_object="<" in desk_routes.pattern_of(name),
        odd=_ODD.get(name, {}),
    )


DESK = {f"desk:{name}": _desk(name, route) for name, route in desk_routes.ROUTES.items()}


def _versions(world: World) -> dict[str, int]:
    """Two versions, a draft that changes something, and a trial of it with a case."""
    actor, store = Actor.staff(world.users["manager"]), world.store
    world.get("defect")
    version = in_force(store.pk, NOON)
    draft = policies.start_draft(store, version, title="Tried", actor=actor, now=NOON)
    text = draft.source.replace("outcomes: [replacement, refund]", "outcomes: [replacement]")
    draft = policies.save_draft(draft, text, revision=1, actor=actor, now=NOON)
    days = {"first": date(2026, 3, 1), "last": date(2026, 3, 31)}
    trial = policies.start_trial(draft, **days, revision=2, actor=actor, now=NOON)
    trials.run_due(NOON)
    second = policies.start_draft(store, version, actor=actor, now=NOON)
    policies.publish_draft(second, date(2026, 3, 6), revision=1, actor=actor, now=NOON)
    case = PolicyTrialCase.objects.filter(trial=trial).first()
    assert case is not None
    return {"draft": draft.pk, "trial": trial.pk, "case": case.pk}


# Forms that are shown as well as sent; what is sent in vain changes nothing.
_SHOWN = {"figures", "text"}


def _book(name: str, verb: str, typed: dict[str, Any] | None) -> Row:
    methods = {"GET": 200} if typed is None else {"POST": 302}
    if name == "home":
        methods = {"GET": 302}
    if name in _SHOWN:
        methods |= {"POST": 422}
    # A trial that has ended cannot be stopped any more.
    writes = {"POST"} if typed is not None and name != "cancellation" else set()
    return Row(
        book_home if name == "home" else book,
        methods,
        lambda world, who, things: Call(book_routes.address(name, things), typed),
        _versions,
        verb,
        frozenset(writes),
        has_object=name != "home",
    )


BOOK = {
    f"policybook:{name}": _book(name, verb, typed)
    for name, (verb, typed) in book_routes.ROUTES.items()
}


def _report(path: str) -> Row:
    return Row(reports, {"GET": 200}, lambda world, who, thing: Call(path))


REPORTS = {
    "reports:overview": _report("/reports/"),
    "reports:list": _report("/reports/claims/"),
    "reports:csv": _report("/reports/claims/csv"),
}
ROWS = DESK | BOOK | REPORTS
