"""What a macro costs against a plain reply. ``MACRO_ROUNDS=20`` takes fewer, to try it out."""

from __future__ import annotations

import os
import statistics
import time
import uuid
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta

from supportdesk import clock
from tests.bench.__main__ import Figure
from tests.bench.desk import agents_of, cookie_of
from tests.bench.server import TOKEN, Client, serving
from tests.cast import Story, make_customer, make_order
from tickets.actions import keep_macros, macros, replies
from tickets.actions.keep_macros import Wanted
from tickets.actions.reply_drafts import Typed
from tickets.actions.stores import open_store
from tickets.actor import Actor
from tickets.models import Event, Macro, Message, Store, Ticket, User

ROUNDS = int(os.environ.get("MACRO_ROUNDS", "200"))
WARM = max(3, ROUNDS // 10)
TEXT = (
    "Dear {{ first_name }},\n\nyour request {{ reference }} about order {{ order_number }} is "
    "with us. It can be sent until {{ closes_at }}.\n{{ status_link }}\n\n{{ agent_name }}"
)


def figures() -> Iterator[Figure]:
    """A run (reply, tag, assign, snooze) against a plain reply of the same length, in turns.

    Once as an agent waits for it, through the desk; once whole, until the message is said.
    """
    now = clock.now()
    store = open_store("kpopusa", now=now, mail_from="bench@example.com")
    agent = agents_of([store])[0]
    kept = _macro_of(store, agent, now)
    tickets = iter(_claims(store, (ROUNDS + WARM) * 4 + 2, now))
    yield _through_the_desk(kept, agent, tickets)
    yield _until_it_is_said(kept, agent, tickets)
    assert Event.objects.filter(kind="macro_used").count() == (ROUNDS + WARM) * 2
    assert Message.objects.filter(kind="agent").count() == (ROUNDS + WARM) * 4


def _macro_of(store: Store, agent: User, now: datetime) -> Macro:
    wanted = Wanted(
        "Usual", "agent", {"en": TEXT}, assign="me", add_tags=["parcel"], snooze="tomorrow"
    )
    return keep_macros.make(store, wanted, shared=False, actor=Actor.staff(agent), now=now)


def _claims(store: Store, amount: int, now: datetime) -> list[Ticket]:
    found = []
    for number in range(amount):
        customer = make_customer(store, f"together{number}@example.com", "Mina Kim")
        order = make_order(customer, f"M{number}", now=now, placed=timedelta(days=5))
        story = Story(order, now)
        found.append(story.file("missing_photocard", opened=True, video_exists=True).ticket)
    return found


def _through_the_desk(kept: Macro, agent: User, tickets: Iterator[Ticket]) -> Figure:
    """From the press of the button to the answer."""
    cookie = f"{cookie_of(agent)}; csrftoken={TOKEN}"
    body = macros.compose(kept, next(tickets), user=agent, now=clock.now())
    assert body is not None
    with serving() as client:

        def reply(ticket: Ticket) -> float:
            typed = {"kind": "agent", "body": body.body}
            return _posted(client, ticket, "messages/", typed, cookie)

        def run(ticket: Ticket) -> float:
            return _posted(client, ticket, f"macros/{kept.pk}/run/", {}, cookie)

        return _compared("a macro, pressed / a plain reply, pressed", run, reply, tickets)


def _posted(
    client: Client, ticket: Ticket, place: str, typed: dict[str, str], cookie: str
) -> float:
    ticket.refresh_from_db(fields=["last_seq"])
    form = {"seen": str(ticket.last_seq), "form_key": str(uuid.uuid4()), **typed}
    started = time.perf_counter()
    status = client.post(f"/desk/tickets/{ticket.reference}/{place}", form, "", cookie=cookie)
    took = time.perf_counter() - started
    assert status == 302, (place, status)
    return took


def _until_it_is_said(kept: Macro, agent: User, tickets: Iterator[Ticket]) -> Figure:
    """The actions alone, with the job that makes the reply a message."""
    actor, now = Actor.staff(agent), clock.now()
    replies.send_due(now + timedelta(hours=1), limit=10_000)
    body = macros.compose(kept, next(tickets), user=agent, now=now)
    assert body is not None

    def said(act: Callable[[int], object], ticket: Ticket) -> float:
        ticket.refresh_from_db(fields=["last_seq"])
        started = time.perf_counter()
        act(ticket.last_seq)
        replies.send_due(now + timedelta(minutes=1))
        return time.perf_counter() - started

    def reply(ticket: Ticket) -> float:
        def act(seen: int) -> object:
            typed = Typed("agent", body.body, seen=seen)
            return replies.send(ticket, typed, actor=actor, now=now, form_key=uuid.uuid4())

        return said(act, ticket)

    def run(ticket: Ticket) -> float:
        def act(seen: int) -> object:
            return macros.run(kept, ticket, actor=actor, now=now, form_key=uuid.uuid4(), seen=seen)

        return said(act, ticket)

    return _compared("a macro, until it is said / a plain reply", run, reply, tickets)


def _compared(
    name: str,
    one: Callable[[Ticket], float],
    other: Callable[[Ticket], float],
    tickets: Iterator[Ticket],
) -> Figure:
    """The ratio of the medians, in turns, each on a ticket of its own."""
    ones, others = [], []
    for lap in range(ROUNDS + WARM):
        took = one(next(tickets)), other(next(tickets))
        if lap >= WARM:
            ones.append(took[0])
            others.append(took[1])
    mine, theirs = statistics.median(ones), statistics.median(others)
    print(f"  {name}: {mine * 1000:.1f} ms / {theirs * 1000:.1f} ms (medians)", flush=True)
    return Figure(name, mine / theirs, "x", 2)
