"""The table of the set-up: which model, by whom, and what can be done with its rows."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from django.contrib import admin

from policies.models import PolicyVersion
from tests.cast import PASSWORD
from tests.desk.test_routes import bring
from tests.matrix.outside import waiting_draft
from tests.matrix.rows import ADMIN_SIGN_IN, Answer, Call, Row
from tests.matrix.world import MANAGE, PEOPLE, World
from tickets.actions.inquiries import latest
from tickets.models import (
    Deadline,
    Event,
    Inquiry,
    Membership,
    Outbox,
    Product,
    Supplier,
    Target,
    User,
)

LOOK = "what happened: looked at by who sets up the store, changed by nobody"
SET_UP = "set-up: of their own stores by administrators, of all by superusers"
# Every model that is registered, and what it is. One that is missing here fails a test.
MODELS: dict[str, str] = {
    "tickets.user": SET_UP,
    "tickets.store": SET_UP,
    "tickets.supplier": SET_UP,
    "tickets.product": SET_UP,
    "tickets.target": SET_UP,
    "tickets.customer": LOOK,
    "tickets.order": LOOK,
    "tickets.ticket": LOOK,
    "tickets.claim": LOOK,
    "tickets.pickup": LOOK,
    "tickets.refund": LOOK,
    "tickets.deadline": LOOK,
    "tickets.shipment": LOOK,
    "tickets.inquiry": LOOK,
    "tickets.releasemove": LOOK,
    "tickets.event": LOOK,
    "tickets.outbox": LOOK,
    "policies.policyversion": LOOK,
}
# What nobody but a superuser does with the set-up, and what not even they do.
ABOVE = {("tickets.user", "delete"), ("tickets.store", "add")}
NEVER = {("tickets.store", "delete")}


def through(row: Row, who: str) -> Answer:
    """Into the set-up: who has neither its flag nor a role is asked to sign in."""
    if who in ("admin", "superuser"):
        return None if row.verb in PEOPLE[who] else 403
    return 403 if who == "nobody" else ADMIN_SIGN_IN


def above(row: Row, who: str) -> Answer:
    """What superusers do alone."""
    return 403 if who == "admin" else through(row, who)


def opened(row: Row, who: str) -> Answer:
    """The first page, with nothing on it for who has no role."""
    return None if who == "nobody" else through(row, who)


def by_hand(row: Row, who: str) -> Answer:
    """As `through`; a row that is not theirs is not there, and leads back to the first page."""
    return 302 if who == "nobody" else through(row, who)


def nobodys(row: Row, who: str) -> Answer:
    """Refused to everybody who comes in at all."""
    return 403 if who in ("admin", "superuser", "nobody") else ADMIN_SIGN_IN


def thing_of(model: str) -> Callable[[World], Any]:
    """A row of the model at KPOP USA."""

    def find(world: World) -> Any:
        store, ticket = world.store, world.get("ready").ticket
        lead = world.users["lead"]

        def stage(on: str) -> Any:
            return bring(on, world.browser("lead"), lead, world.get)

        found: dict[str, Callable[[], Any]] = {
            "user": lambda: _newcomer(world),
            "store": lambda: store,
            "supplier": lambda: Supplier.objects.create(store=store, name="Aurora Ltd"),
            "product": lambda: Product.objects.create(store=store, sku="NEW", title="New"),
            "target": lambda: Target.objects.filter(store=store).order_by("pk")[0],
            "customer": lambda: world.get("mina"),
            "order": lambda: world.get("album_order"),
            "ticket": lambda: ticket,
            "claim": lambda: world.get("ready"),
            "pickup": lambda: world.get("pickup"),
            "refund": lambda: stage("refund"),
            "deadline": lambda: Deadline.objects.filter(store=store).order_by("pk")[0],
            "shipment": lambda: world.get("album_order").shipments.get(),
            "inquiry": lambda: _inquiry(world),
            "releasemove": lambda: stage("move"),
            "event": lambda: Event.objects.filter(store=store).order_by("pk")[0],
            "outbox": lambda: Outbox.objects.filter(store=store).order_by("pk")[0],
            "policyversion": lambda: PolicyVersion.objects.filter(store=store).order_by("pk")[0],
        }
        return found[model.rpartition(".")[2]]()

    return find


def _newcomer(world: World) -> User:
    person = User.objects.create_user("petra@staff.test", PASSWORD, name="Petra")
    Membership.objects.create(user=person, store=world.store, role="agent")
    return person


def _inquiry(world: World) -> Inquiry:
    found = latest(waiting_draft(world))
    assert found is not None
    return found


def _typed(model: str, view: str) -> Callable[[World, Any], dict[str, Any]]:
    """What a whole form holds."""

    def fields(world: World, thing: Any) -> dict[str, Any]:
        roles = {"memberships-TOTAL_FORMS": "1", "memberships-INITIAL_FORMS": "0"}
        role = {"memberships-0-store": world.store.pk, "memberships-0-role": "agent"}
        if view in ("delete", "password"):
            return {"post": "yes", "password1": PASSWORD + "!", "password2": PASSWORD + "!"}
        pack = {
            "tickets.user": {"email": "new@staff.test", "name": "New", **roles, **role},
            "tickets.store": {
                "slug": "new",
                "name": "New name",
                "time_zone": "Asia/Seoul",
                "locale": "en",
                "accent": "#206bc4",
                "mail_from": "help@new.test",
            },
            "tickets.supplier": {"store": world.store.pk, "name": "Another"},
            "tickets.product": {
                "store": world.store.pk, "sku": "NEWER", "title": "Newer", "kind": "goods",
            },
            "tickets.target": {
                "store": world.store.pk, "priority": 1, "first_minutes": 77,
                "resolve_minutes": 500, "first_hours": 1, "resolve_hours": 9,
            },
        }  # fmt: skip
        typed = dict(pack.get(model, {"state": "approved"}))
        if model == "tickets.user":
            typed |= (
                {"password1": PASSWORD + "!", "password2": PASSWORD + "!"}
                if view == "add"
                else {"locale": "en", "is_active": "on", "memberships-TOTAL_FORMS": "0"}
            )
        return typed

    return fields


def _add_target(world: World) -> Any:
    Target.objects.filter(store=world.store, priority=1).delete()


def _row(model: str, view: str, path: str) -> Row:
    typed = _typed(model, view)
    look = MODELS[model] == LOOK

    def call(world: World, who: str, thing: Any) -> Call:
        where = f"/admin/{model.replace('.', '/')}/" + path.format(pk=getattr(thing, "pk", 0))
        return Call(where, typed(world, thing) if view not in ("changelist", "history") else {})

    both = {"GET": 200, "POST": 200}
    door, methods, writes = through, both, frozenset[str]()
    if view == "history":
        door = by_hand
    elif view == "to-change":
        # Only an address that leads on to the page of the row, which asks who comes.
        door, methods = opened, dict.fromkeys(both, 302)
    elif (view in ("add", "delete", "password") and look) or (model, view) in NEVER:
        door = nobodys
    elif view == "change" and look:
        methods = {**both, "POST": 403}
    elif view in ("add", "change", "delete", "password"):
        methods, writes = {**both, "POST": 302}, frozenset({"POST"})
        door = above if (model, view) in ABOVE else through
    stage = thing_of(model) if path != "add/" else lambda world: None
    if (model, view) == ("tickets.target", "add"):
        stage = _add_target
    return Row(door, methods, call, stage, MANAGE, writes)


def _rows() -> Iterator[tuple[str, Row]]:
    views = {
        "changelist": "",
        "add": "add/",
        "history": "{pk}/history/",
        "delete": "{pk}/delete/",
        "change": "{pk}/change/",
    }
    for model in MODELS:
        for view, path in views.items():
            yield f"admin:{model.replace('.', '_')}_{view}", _row(model, view, path)
        yield (
            f"/admin/{model.replace('.', '/')}/<path:object_id>/",
            _row(model, "to-change", "{pk}/"),
        )
    yield "admin:auth_user_password_change", _row("tickets.user", "password", "{pk}/password/")


def registered() -> set[str]:
    """The models that stand in the set-up."""
    return {model._meta.label_lower for model in admin.site._registry}


ROWS = dict(_rows())
