"""Every route of the desk against every role: what may be, and that nothing else happens.

A new route fails the first test until it stands in the table.
"""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Any

import pytest
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.db import transaction
from django.test import Client

from tests.automations.house import URGENT, let, rule, run, writes
from tests.cast import NOON, make_order
from tests.desk.errands import NEW_ADDRESS, ask, on_its_way, step
from tests.desk.steps import at_counter, take
from tickets.actions import (
    attachments,
    automations,
    bulk,
    keep_macros,
    run_bulk,
    ticket_marks,
    watch,
)
from tickets.actions.add_evidence import Arrival
from tickets.actions.bulk_verbs import Plan, Prioritise
from tickets.actions.customer_notes import remove_note
from tickets.actions.keep_macros import Wanted
from tickets.actions.merging import merge
from tickets.actions.releases import propose
from tickets.actions.saved_views import remove_view
from tickets.actions.shares import give
from tickets.actions.splitting import split
from tickets.actions.talk import open_ticket, say
from tickets.actor import Actor
from tickets.deadlines import sweep
from tickets.desk.urls import urlpatterns
from tickets.models import (
    Automation,
    BulkJob,
    Claim,
    Customer,
    CustomerNote,
    Event,
    Firing,
    Macro,
    Message,
    Order,
    OrderShare,
    Outbox,
    Pickup,
    Presence,
    Product,
    Refund,
    ReleaseMove,
    ReplyDraft,
    SavedView,
    Shipment,
    Store,
    Ticket,
    TicketLink,
    TicketTag,
    User,
    Watcher,
)

Person = Customer | Store | CustomerNote | SavedView | Macro | ReplyDraft | Order | OrderShare
Case = Claim | Ticket | Message | Refund | Pickup
Thing = Case | Shipment | Product | ReleaseMove | Person | BulkJob | Automation | Firing | None
READS, WORKS, LEADS, PUBLISHES = "see", "work", "override", "publish"
# What each person may do at KPOP USA; None stands for a visitor who has not signed in.
PEOPLE: dict[str, frozenset[str]] = {
    "reader": frozenset({READS}),
    "agent": frozenset({READS, WORKS}),
    "lead": frozenset({READS, WORKS, LEADS}),
    "manager": frozenset({READS, WORKS, LEADS, PUBLISHES}),
}


@dataclass(frozen=True)
class Route:
    """One route: how it is called, what it needs, what is typed, and on what it is tried."""

    verb: str
    typed: dict[str, Any] = field(default_factory=dict)
    on: str = "ready"  # what must be there: see `stage`
    posts: bool = True
    answers: int = 302  # what a change that was made answers


def reads(on: str = "ready") -> Route:
    return Route(READS, on=on, posts=False)


ROUTES: dict[str, Route] = {
    "queue": reads("nothing"),
    "ticket": reads(),
    "claim": reads(),
    "what-if": reads(),
    "beside": reads(),
    "related": reads(),
    "pickups": reads("nothing"),
    "pickup": reads("reserved"),
    "refunds": reads("nothing"),
    "messages": Route(
        WORKS,
        {"kind": "agent", "body": "Hello", "form_key": "6a6c9f1c-4d43-4b3c-9a55-0e6cb8b7a0f1"},
    ),
    "assignee": Route(WORKS, {"assignee": "me"}),
    "solution": Route(WORKS, on="question"),
    "delivery": Route(WORKS, {"delivered_at": "2026-03-04T10:00"}),
    "claim-delivery": Route(WORKS, {"delivered_at": "2026-03-04T10:00"}),
    "decision": Route(WORKS, {"decide": "approve", "outcome": "replacement"}),
    "evidence-request": Route(WORKS, {"need_photo": 1, "days": 5}),
    "manufacturer": Route(WORKS),
    "manufacturer-answer": Route(WORKS, {"agreed": "no"}, on="asked"),
    "return": Route(WORKS, on="coming"),
    "inspection": Route(WORKS, {"passed": "yes"}, on="inspecting"),
    "fulfilment": Route(WORKS, on="approved"),
    "payment": Route(WORKS, on="owed"),
    "override": Route(LEADS, {"reason": "Seen"}, on="waiting"),
    "hold": Route(LEADS, {"reason": "The bank asks"}),
    "hold-release": Route(LEADS, {"reason": "The bank is content"}, on="held"),
    "custody": reads(),
    "custody-csv": reads(),
    "export": Route(LEADS, on="stored", answers=200),
    "export-check": reads("nothing"),
    "reopening": Route(WORKS, {"reason": "Again"}, on="refused"),
    "withdrawal": Route(WORKS),
    "pickup-confirmation": Route(WORKS, on="preparing"),
    "pickup-handover": Route(
        WORKS, {"receipt_seen": "on", "identification_seen": "on"}, on="reserved"
    ),
    "pickup-extension": Route(WORKS, {"days": 3, "reason": "Holiday"}, on="reserved"),
    "pickup-cancellation": Route(WORKS, {"reason": "Asked"}, on="reserved"),
    "refund-payment": Route(WORKS, on="refund"),
    "cancellation": Route(WORKS, on="cancelling"),
    "address": Route(WORKS, on="moving"),
    "carrier": Route(WORKS, on="lost"),
    "carrier-answer": Route(WORKS, {"found": "no"}, on="inquired"),
    "compensation": Route(WORKS, {"outcome": "refund"}, on="given up"),
    "done": Route(WORKS, {"note": "Done."}, on="moving"),
    "refusal": Route(WORKS, {"note": "It left."}, on="cancelling"),
    "parcels": reads("nothing"),
    "parcel-investigation": Route(WORKS, on="late"),
    "parcel-delivery": Route(WORKS, {"delivered_at": "2026-03-04T10:00"}, on="late"),
    "parcel-snooze": Route(WORKS, {"days": 3}, on="late"),
    "releases": reads("nothing"),
    "release-proposal": Route(WORKS, on="album"),
    "release-confirmation": Route(LEADS, {"after": "2026-04-03"}, on="move"),
    "release-dismissal": Route(LEADS, {"after": "2026-04-03"}, on="move"),
}

A_CALL = {
    "request": "restock",
    "note": "Asks for Dawn.",
    "form_key": "6a6c9f1c-4d43-4b3c-9a55-0e6cb8b7a0f2",
}
ROUTES |= {
    "calls": reads("nothing"),
    "call": reads("caller"),
    "call-log": Route(WORKS, A_CALL, on="caller"),
    "call-stranger": Route(WORKS, {**A_CALL, "email": "new@example.com"}, on="store"),
    "customer": reads("caller"),
    "customer-notes": Route(WORKS, {**A_CALL, "body": "Likes Dawn."}, on="caller"),
    "customer-note-removal": Route(WORKS, on="noted"),
    "customer-note-return": Route(WORKS, on="caller"),
}
ROUTES |= {
    "live": reads("nothing"),
    "view": reads("kept"),
    "view-counts": reads("nothing"),
    "view-new": Route(WORKS, {"name": "All done", "state": "done"}, on="nothing"),
    "view-change": Route(WORKS, {"name": "Renamed", "state": "done"}, on="kept"),
    "view-removal": Route(WORKS, on="kept"),
    "view-restoration": Route(WORKS, on="gone"),
}

ROUTES |= {
    "search": reads("nothing"),
    "drafts": reads("nothing"),
    "draft": Route(WORKS, {"kind": "agent", "body": "Hello, we", "seen": 1}),
    "draft-files": reads(),
    "colleagues": reads(),
    "marks": reads(),
    "snooze": Route(WORKS, {"until": "tomorrow"}),
    "wake": Route(WORKS, on="put off"),
    "tags": Route(WORKS, {"tags": "vip"}),
    "priority": Route(WORKS, {"priority": 0}),
    "watch": Route(READS, {"on": "1"}),
    "links": Route(WORKS, {"kind": "related"}, on="beside"),
    "unlink": Route(WORKS, on="linked"),
}

ROUTES |= {
    "older": reads(),
    "draft-file-removal": Route(WORKS, on="attached"),
    "undo": Route(WORKS, on="being sent"),
    "take-back": Route(WORKS),
}

ROUTES |= {
    "next": Route(WORKS, on="nobody's"),
    "presence": Route(READS, {"seen": 1}, answers=200),
}


ROUTES |= {
    "shares": reads("album order"),
    "share-new": Route(WORKS, {"email": "jae@example.com", "quantity": 1}, on="album order"),
    "share-removal": Route(WORKS, on="shared"),
}

ROUTES |= {"palette": reads("nothing"), "keys": reads("nothing")}

A_MACRO = {"name": "Another", "kind": "agent", "text_en": "Soon."}
A_RUN = {"form_key": "6a6c9f1c-4d43-4b3c-9a55-0e6cb8b7a0f3"}
ROUTES |= {
    "macros": reads("nothing"),
    "macro": reads("macro"),
    "macro-form": Route(WORKS, on="store", posts=False),
    "macro-new": Route(WORKS, A_MACRO, on="store"),
    "macro-change": Route(WORKS, A_MACRO, on="macro"),
    "macro-retirement": Route(WORKS, on="macro"),
    "macro-return": Route(WORKS, on="laid aside"),
    "ticket-macros": Route(WORKS, posts=False),
    "ticket-macro": Route(WORKS, on="with macro", posts=False),
    "macro-text": Route(WORKS, on="with macro"),
    "macro-run": Route(WORKS, A_RUN, on="with macro"),
}


ROUTES |= {
    "merging": reads(),
    "merge": Route(WORKS, {"way": "in"}, on="beside"),
    "unmerge": Route(WORKS, on="merged"),
    "splitting": reads("said"),
    "split": Route(WORKS, on="said"),
    "unsplit": Route(WORKS, on="split off"),
}


A_CHANGE = {"priority": 0, "form_key": "6a6c9f1c-4d43-4b3c-9a55-0e6cb8b7a0f4"}
ROUTES |= {
    "bulk-list": reads("nothing"),
    "bulk-new": Route(WORKS, on="nothing", posts=False),
    "bulk-start": Route(WORKS, A_CHANGE, on="ticked"),
    "bulk": reads("at work"),
    "bulk-stop": Route(WORKS, on="at work"),
    "bulk-undo": Route(WORKS, on="changed"),
}


AN_AUTOMATION = {
    "name": "Another",
    "when": "solved",
    "then-0-key": "add_tags",
    "then-0-tags": "done",
    "seen": 1,
}
ROUTES |= {
    "automations": Route(PUBLISHES, on="nothing", posts=False),
    "automation-log": Route(PUBLISHES, on="nothing", posts=False),
    "automation-form": Route(PUBLISHES, on="store", posts=False),
    "automation-new": Route(PUBLISHES, AN_AUTOMATION, on="store"),
    "automation": Route(WORKS, on="automation", posts=False),
    "automation-change": Route(PUBLISHES, AN_AUTOMATION, on="automation"),
    "automation-past": Route(PUBLISHES, on="automation", posts=False),
    "automation-versions": Route(PUBLISHES, on="automation", posts=False),
    "automation-version": Route(PUBLISHES, {"version": 1, "seen": 2}, on="automation changed"),
    "automation-on": Route(PUBLISHES, on="automation off"),
    "automation-off": Route(PUBLISHES, on="automation"),
    "automation-place": Route(PUBLISHES, {"way": "down"}, on="automation"),
    "automation-retirement": Route(PUBLISHES, on="automation"),
    "automation-return": Route(PUBLISHES, on="automation gone"),
    "firing-undo": Route(LEADS, on="automation fired"),
}


def test_every_route_stands_in_the_table() -> None:
    assert {pattern.name for pattern in urlpatterns} == set(ROUTES)


@pytest.fixture
def stage(
    request: pytest.FixtureRequest, as_: Callable[[User], Client], lead: User
) -> Callable[[str], Thing]:
    """Bring things to where a route applies, by the hands of the lead."""

    return lambda on: bring(on, as_(lead), lead, request.getfixturevalue)


def bring(on: str, lena: Client, lead: User, get: Callable[[str], Any]) -> Thing:
    """Bring things to where a route applies; ``get`` makes a part of the cast by its name."""
    if on in ("preparing", "reserved", "refund"):
        return _shelf(lena, get("pickup"), on)
    if on in ("coming", "inspecting", "owed"):
        return _defect(lena, get("defect"), on)
    if on in ("question", "nobody's", "ticked", "at work", "changed"):
        return _bulk(_question(get("mina")), lead, on)
    if on in ("cancelling", "moving", "lost", "inquired", "given up"):
        return _errand(lena, get("mina"), on)
    if on in ("late", "album", "move"):
        return _watched(get("mina"), Actor.staff(lead), on)
    if on in ("attached", "being sent"):
        return _reply(_question(get("mina")), lead, on)
    if on in ("kept", "gone"):
        return _kept_list(lead, get("mina").store, on)
    if on in ("caller", "store", "noted"):
        return _caller(get("mina"), lead, on)
    if on in ("macro", "laid aside", "with macro") or on.startswith("automation"):
        acts = on.startswith("automation")
        return _automation(get("mina"), on) if acts else _macro(get, lead, on)
    if on in ("album order", "shared", "said", "split off", "merged"):
        joined = on not in ("said", "split off", "merged")
        make = _together if joined else _merged_or_split
        return make(get("mina"), Actor.staff(lead), on)
    if on == "waiting":
        waiting: Claim = get("waiting")
        return waiting
    return _ready(lena, get("ready"), on)


def _automation(mina: Customer, on: str) -> Automation | Firing:
    """One before another, by the hands of a manager of every store."""
    manager, _made = User.objects.get_or_create(email="all@example.com", is_superuser=True)
    first = let(mina.store, manager, rule("customer_wrote", URGENT), on=on != "automation off")
    let(mina.store, manager, rule("solved", URGENT), on=False)
    if on == "automation changed":
        wanted = rule("refused", URGENT)
        actor = Actor.staff(manager)
        return automations.change(first, "Changed", wanted, seen=1, actor=actor, now=NOON)
    if on == "automation gone":
        automations.retire(first, actor=Actor.staff(manager), now=NOON)
    if on == "automation fired":
        writes(_question(mina), mina)
        run()
        return Firing.objects.get()
    return first


def _macro(get: Callable[[str], Any], lead: User, on: str) -> Macro | Claim:
    wanted = Wanted("Soon", "agent", {"en": "Dear {{ customer_name }}"}, priority=1)
    store, lena = get("mina").store, Actor.staff(lead)
    found = keep_macros.make(store, wanted, shared=True, actor=lena, now=NOON)
    if on == "laid aside":
        keep_macros.retire(found, actor=lena, now=NOON)
    if on == "with macro":
        ready: Claim = get("ready")
        return ready
    return found


def _bulk(ticket: Ticket, lead: User, on: str) -> Ticket | BulkJob:
    if on not in ("at work", "changed"):
        return ticket
    actor, key = Actor.staff(lead), uuid.UUID(A_RUN["form_key"])
    plan = Plan((Prioritise(1),))
    job = bulk.start(plan, [ticket.pk], told="One", actor=actor, now=NOON, form_key=key)
    if on == "changed":
        run_bulk.run_due(NOON)
    return job


def own(thing: Thing, user: User) -> None:
    """A change of many tickets is its maker's alone."""
    if isinstance(thing, BulkJob):
        BulkJob.objects.update(user=user)


def _together(mina: Customer, lena: Actor, on: str) -> Order | OrderShare:
    order = make_order(mina, "#9001")
    if on == "album order":
        return order
    return give(order.lines.all()[0], "jae@example.com", 1, actor=lena, now=NOON)


def _merged_or_split(mina: Customer, lena: Actor, on: str) -> Ticket | Message:
    ticket = _question(mina)
    if on == "merged":
        return merge(ticket, _question(mina), actor=lena, now=NOON).source
    message = say(ticket, "And?", kind="customer", actor=Actor.of_customer(mina), now=NOON)
    return message if on == "said" else split(ticket, message.pk, actor=lena, now=NOON).target


def _question(mina: Customer) -> Ticket:
    return open_ticket(
        mina.store,
        mina,
        order=None,
        request="restock",
        subject="When is it back?",
        body="The Dawn version?",
        actor=Actor.of_customer(mina),
        now=NOON,
    )


def _reply(ticket: Ticket, writer: User, on: str) -> ReplyDraft:
    send_at = NOON + timedelta(seconds=10) if on == "being sent" else None
    reply = ReplyDraft.objects.create(
        ticket=ticket, user=writer, body="Soon.", touched_at=NOON, send_at=send_at
    )
    stored = default_storage.save("evidence/label.pdf", ContentFile(b"%PDF-1.7"))
    arrival = Arrival("attachment", stored, "label.pdf", 8, NOON, NOON)
    if on == "attached":
        attachments.take_in(arrival, ticket, actor=Actor.staff(writer), now=NOON)
    return reply


def _kept_list(owner: User, store: Store, on: str) -> SavedView:
    found = SavedView(
        owner=owner, store=store, name="New ones", filters={"state": ["new"]}, made_at=NOON
    )
    if on == "kept":
        found.save()
    else:
        found.pk = 987654  # deleted just now: it is known by its undo alone
    return found


def _caller(mina: Customer, lead: User, on: str) -> Customer | Store | CustomerNote:
    if on == "noted":
        return CustomerNote.objects.create(customer=mina, author=lead, body="Mine", at=NOON)
    return mina.store if on == "store" else mina


def _shelf(lena: Client, pickup: Pickup, on: str) -> Pickup | Refund:
    if on != "preparing":
        at_counter(lena, pickup, "confirmation")
    if on == "refund":
        at_counter(lena, pickup, "cancellation", reason="Asked")
        return Refund.objects.get(pickup=pickup)
    return pickup


def _ready(lena: Client, claim: Claim, on: str) -> Claim:
    if on == "refused":
        take(lena, claim, "decision", decide="refuse", rule="kpopusa.contact-window")
    elif on == "approved":
        take(lena, claim, "decision", decide="approve", outcome="replacement")
    elif on == "asked":
        take(lena, claim, "manufacturer")
    elif on == "held":
        step(lena, claim.ticket, "hold", reason="The bank asks")
    elif on == "put off":
        step(lena, claim.ticket, "snooze", until="tomorrow")
    elif on in ("beside", "linked"):
        other = _question(claim.ticket.customer)
        if on == "linked":
            step(lena, claim.ticket, "links", kind="related", other=other.reference)
    elif on == "stored":
        for evidence in claim.evidence.all():
            if not default_storage.exists(str(evidence.file.name)):
                default_storage.save(str(evidence.file.name), ContentFile(b"a film"))
    return claim


def _errand(lena: Client, mina: Customer, on: str) -> Ticket:
    if on in ("cancelling", "moving"):
        order = make_order(mina, "#4001", shipped=None)
        moving = on == "moving"
        return ask(order, "change_address" if moving else "cancel_order", **NEW_ADDRESS)
    order = make_order(mina, "#7001", placed=timedelta(days=41), delivered=None)
    on_its_way(order, shipped=timedelta(days=40), scanned=timedelta(days=30))
    ticket = ask(order, "lost_parcel")
    if on != "lost":
        step(lena, ticket, "carrier")
    if on == "given up":
        step(lena, ticket, "carrier-answer", found="no")
    return ticket


def _watched(mina: Customer, lena: Actor, on: str) -> Shipment | Product | ReleaseMove:
    if on != "late":
        return _release(mina, lena, on)
    order = make_order(mina, "#7001", placed=timedelta(days=41), delivered=None)
    shipment = on_its_way(order, shipped=timedelta(days=40), scanned=timedelta(days=30))
    watch.plan([shipment], {order.pk: order}, NOON)
    sweep(NOON)
    return shipment


def _release(mina: Customer, lena: Actor, on: str) -> Product | ReleaseMove:
    make_order(mina, "#6001", shipped=None, preorder=True)
    album = Product.objects.get(sku="ALB-AURORA")
    if on == "album":
        return album
    move = propose(album, date(2026, 4, 3), actor=lena, now=NOON)
    assert move is not None
    return move


def _defect(lena: Client, claim: Claim, on: str) -> Claim:
    take(lena, claim, "decision", decide="approve", outcome="refund")
    if on != "coming":
        take(lena, claim, "return")
    if on == "owed":
        take(lena, claim, "inspection", passed="yes")
    return claim


def pattern_of(name: str) -> str:
    return "/desk/" + str(next(p.pattern for p in urlpatterns if p.name == name))


def address(name: str, thing: Any) -> str:
    path = pattern_of(name)
    ticket = thing.ticket if isinstance(thing, Claim | ReplyDraft | Message) else thing
    if isinstance(ticket, Ticket):
        path = path.replace("<str:reference>", ticket.reference)
    path = path.replace("<str:other>", _other_ticket())
    if isinstance(thing, OrderShare):
        path = path.replace("<int:share>", str(thing.pk))
        thing = thing.order
    if name == "bulk-start" and isinstance(thing, Ticket):
        path += f"?pick={thing.pk}"
    if name in ("ticket-macro", "macro-text", "macro-run"):
        thing = Macro.objects.first()
    if name == "draft-file-removal":
        thing = thing.attachments.first()
    return path.replace("<int:pk>", str(getattr(thing, "pk", 0)))


def _other_ticket() -> str:
    """The reference of the question that stands beside."""
    found = Ticket.objects.filter(request="restock").values_list("reference", flat=True)
    return str(found.first() or "2222222W")


def typed_for(name: str, thing: Any, user: User | None) -> dict[str, Any]:
    typed = dict(ROUTES[name].typed)
    if isinstance(thing, Claim):
        thing.ticket.refresh_from_db()
        typed["seen"] = thing.ticket.last_seq
        typed["shipment"] = thing.order.shipments.get().pk
    elif isinstance(thing, Pickup | Ticket):
        thing.refresh_from_db()
        typed["seen"] = thing.last_seq
    elif isinstance(thing, Shipment):
        thing.order.refresh_from_db()
        typed |= {"seen": thing.order.last_seq, "shipment": thing.pk}
    elif isinstance(thing, Product):
        typed[f"product-{thing.pk}-release_on"] = "2026-05-01"
    elif isinstance(thing, CustomerNote) and user is not None:
        CustomerNote.objects.filter(pk=thing.pk).update(author=user)  # nobody deletes another's
    elif isinstance(thing, ReplyDraft) and user is not None:
        ReplyDraft.objects.filter(pk=thing.pk).update(user=user)  # nobody takes back another's
    elif isinstance(thing, SavedView | Macro) and user is not None:
        type(thing).objects.filter(pk=thing.pk).update(owner=user)  # nobody changes another's
        thing.owner = user
        if name == "view-restoration":
            typed["undo"] = remove_view(thing, actor=Actor.staff(user))
    elif name == "customer-note-return" and user is not None:
        note = CustomerNote.objects.create(customer=thing, author=user, body="Mine", at=NOON)
        typed["undo"] = remove_note(note, actor=Actor.staff(user))
    if name == "take-back" and user is not None:
        actor = Actor.staff(user)  # nobody takes back another's
        done = ticket_marks.set_priority(thing.ticket, 0, actor=actor, now=NOON)
        typed["numbers"] = done.seq if done is not None else ""
    typed |= _beside(name, thing)
    if typed.get("assignee") == "me":
        typed["assignee"] = user.pk if user else ""
    return typed


def _beside(name: str, thing: Any) -> dict[str, Any]:
    """What has to be named that stands beside the thing itself."""
    if isinstance(thing, Order):
        return {"line": thing.lines.all()[0].pk, "seen": thing.last_seq}
    return {"other": _other_ticket()} if name in ("links", "merge") else {}


def call(client: Client, name: str, thing: Any, user: User | None) -> int:
    route = ROUTES[name]
    path = address(name, thing)
    if route.posts:
        assert client.get(path).status_code in (302, 403, 404, 405)
        return client.post(path, typed_for(name, thing, user)).status_code
    return client.get(path).status_code


def trace() -> tuple[object, ...]:
    """What every change leaves behind."""
    return (
        Event.objects.count(),
        Outbox.objects.count(),
        Message.objects.count(),
        list(CustomerNote.objects.values_list("pk")),
        list(SavedView.objects.values_list("name")),
        list(Macro.objects.values_list("name", "retired_at").order_by("pk")),
        Refund.objects.filter(state="paid").count(),
        Shipment.objects.filter(delivered_at__isnull=False).count(),
        list(ReleaseMove.objects.values_list("pk", "state")),
        [model.objects.count() for model in (ReplyDraft, Watcher, TicketLink, TicketTag, Presence)],
        list(ReplyDraft.objects.values_list("pk", "send_at", "attachments")),
        list(BulkJob.objects.values_list("pk", "state").order_by("pk")),
        list(Automation.objects.order_by("pk").values()),
        list(Firing.objects.order_by("pk").values("undone_at")),
    )


@contextmanager
def undone() -> Iterator[None]:
    """What happens inside is looked at, and has not happened afterwards."""
    with transaction.atomic():
        yield
        transaction.set_rollback(True)


@pytest.mark.parametrize("name", ROUTES)
def test_a_role_may_what_it_may(
    request: pytest.FixtureRequest,
    as_: Callable[[User], Client],
    stage: Callable[[str], Any],
    name: str,
) -> None:
    route = ROUTES[name]
    thing = stage(route.on)
    before = trace()
    for who, may in PEOPLE.items():
        user: User = request.getfixturevalue(who)
        with undone():
            own(thing, user)
            status = call(as_(user), name, thing, user if WORKS in may else None)
            if route.verb not in may:
                assert (status, trace()) == (403, before), who
            elif route.posts:
                assert status == route.answers, who
                assert trace() != before, who
            else:
                assert status in (200, 302), who
                assert trace() == before, who


@pytest.mark.parametrize("name", ROUTES)
def test_strangers_find_nothing(
    as_: Callable[[User | None], Client],
    stage: Callable[[str], Any],
    stranger: User,
    person: Callable[..., User],
    name: str,
) -> None:
    thing = stage(ROUTES[name].on)
    before = trace()
    # Who has not signed in is asked to; the address is kept for afterwards.
    visitor = as_(None)
    path = address(name, thing)
    answer = visitor.post(path) if ROUTES[name].posts else visitor.get(path)
    assert answer.status_code == 302
    assert answer["Location"].startswith("/accounts/login/?next=/desk/")
    # Who belongs to no store is told so.
    assert call(as_(person("nobody")), name, thing, None) == 403
    # An agent of another store cannot tell the forbidden from the missing.
    if name == "view-new":
        return  # a list of their own is theirs: see test_saved_views
    status = call(as_(stranger), name, thing, None)
    # There is no next one, and that is said in the queue; what was ticked is not theirs.
    told = {"next": 302, "bulk-start": 422}.get(name, 200)
    if ROUTES[name].verb == PUBLISHES:  # an agent publishes nothing at their own store, either
        told = 403
    assert status == (404 if "<" in pattern_of(name) else told)
    assert trace() == before


@pytest.mark.parametrize("name", [name for name in ROUTES if "<" in pattern_of(name)])
def test_what_does_not_exist_is_not_found(
    as_: Callable[[User], Client], agent: User, kpopusa: Store, name: str
) -> None:
    path = pattern_of(name).replace("<str:reference>", "2222222W").replace("<int:pk>", "999999")
    client = as_(agent)
    answer = client.post(path, {"seen": 1}) if ROUTES[name].posts else client.get(path)
    assert answer.status_code == 404


def test_changes_need_the_forms_own_token(agent: User, ready: Claim) -> None:
    client = Client(enforce_csrf_checks=True)
    client.force_login(agent, backend="django.contrib.auth.backends.ModelBackend")
    assert (
        take(client, ready, "decision", decide="approve", outcome="replacement").status_code == 403
    )
    ready.refresh_from_db()
    assert ready.state == "under_review"


def test_the_pages_keep_to_the_strict_policy(
    as_: Callable[[User], Client], agent: User, ready: Claim
) -> None:
    answer = as_(agent).get(f"/desk/tickets/{ready.ticket.reference}/")
    page = answer.content.decode()
    assert "style=" not in page
    assert "onclick" not in page
    assert "unsafe" not in answer["Content-Security-Policy"]
    assert answer["Cache-Control"] == "no-store"
