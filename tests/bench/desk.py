"""The agents' pages among 10,000, 200,000 and a million tickets, against a bare Django view.

A database and two processes of gunicorn for each size, all there at once; four connections: all
four ask one size for a page, a few times, then the next size for it, then for the next page, round
after round, so that whatever else the machine does meets all pages and all sizes alike. Medians
by the clock of the client. The crowd is `tests.bench.crowd`; the ticket that is opened, and the
requests that are sent, come about as a customer's do.

``DESK_SIZES=10000,50000`` takes other numbers of tickets, to try something out.
"""

from __future__ import annotations

import html
import itertools
import os
import re
import statistics
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path

import psycopg
from django.conf import settings
from django.contrib.auth import BACKEND_SESSION_KEY, HASH_SESSION_KEY, SESSION_KEY
from django.db import connection

from supportdesk import clock
from supportdesk.sessions import SessionStore
from tests.bench import crowd
from tests.bench.__main__ import Figure
from tests.bench.server import Client, serving
from tests.cast import Story, a_file, add_evidence, make_customer, make_order
from tickets.actions import talk
from tickets.actions.file_claim import file_claim
from tickets.actions.stores import open_store
from tickets.actor import Actor
from tickets.models import Membership, Role, Store, User

SIZES = tuple(map(int, os.environ.get("DESK_SIZES", "10000,200000,1000000").split(",")))
LINES, EACH, ROUNDS, WARM = 4, 3, 20, 4
GROWTH = 1.3
BARE = "bare view"
# At most so many times a bare view, among the most tickets.
TIMES = {
    "queue, first page": 10,
    "queue, my tickets": 10,
    "queue, deep": 10,
    "ticket page": 10,
    "search, rare word": 12,
    "search, common word": 20,
}
FEW_QUERIES = ("queue, first page", "queue, my tickets", "queue, deep", "ticket page")
MOST_QUERIES = 12
CALL = "call look-up, digits"
SUBMISSION = "a customer's submission"

_NUMBERS = itertools.count(1)  # of senders, over all sizes
Address = Callable[[int], str]


@dataclass
class Took:
    """What one size gave: seconds by page, queries by page, and the workers' memory."""

    seconds: dict[str, list[float]] = field(default_factory=dict)
    queries: dict[str, int] = field(default_factory=dict)
    grew: float = 0.0

    def median(self, name: str) -> float:
        return statistics.median(self.seconds[name])


@dataclass(frozen=True)
class Place:
    """A database of one size: its address, the ticket that is opened, the drafts to be sent."""

    database: str
    ticket: str
    drafts: Iterator[str]


@dataclass(frozen=True)
class Asked:
    """A server of one size, and what it is asked for."""

    client: Client
    pages: Mapping[str, Address]
    drafts: Iterator[str]


def figures() -> Iterator[Figure]:
    """How each page grows with the tickets; its time and its queries among the most of them."""
    now = clock.now()
    stores = [open_store(slug, now=now, mail_from="b@example.com") for slug in ("kpopusa", "kpop2")]
    agents = agents_of(stores)
    cookie = cookie_of(agents[0])
    places: dict[int, Place] = {}
    there = 0
    for size in SIZES:
        first = crowd.free()
        crowd.grow(stores, agents, first, first + size - there - 1, now)
        there = size
        crowd.settle()
        crowd.check()
        ticket = ticket_of(stores[0], agents[0], size)
        drafts = drafts_of(stores[0], (ROUNDS + WARM) * LINES)
        places[size] = Place(_kept(size), ticket, iter(drafts))
    found = measure(places, cookie)
    for size, took in found.items():
        told = ", ".join(f"{name} {took.median(name) * 1000:.1f}" for name in took.seconds)
        print(f"  {size:,} tickets, milliseconds (medians): {told}", flush=True)
    yield from _judged(found[SIZES[0]], found[SIZES[-1]])


def _kept(size: int) -> str:
    """A copy of the database as it is now, for the servers of this size: its address."""
    name = f"desk_{size}"
    address, mine = os.environ["DATABASE_URL"].rsplit("/", 1)
    where = connection.get_connection_params()
    connection.close()
    connection.close_pool()  # nobody may be in what is copied
    with psycopg.connect(host=where["host"], user=where["user"], dbname="postgres") as admin:
        admin.autocommit = True
        admin.execute(f"CREATE DATABASE {name} TEMPLATE {mine} STRATEGY FILE_COPY")
    return f"{address}/{name}"


def _judged(few: Took, many: Took) -> Iterator[Figure]:
    bare = many.median(BARE)
    for name in many.seconds:
        if name != BARE:
            label = f"{name}: {SIZES[-1]:,} tickets / {SIZES[0]:,}"
            yield Figure(label, many.median(name) / few.median(name), "x", GROWTH)
    for name, bound in TIMES.items():
        yield Figure(f"{name} / a bare view", many.median(name) / bare, "x", bound)
    for name in FEW_QUERIES:
        yield Figure(f"{name}: queries", many.queries[name], "", MOST_QUERIES)
    slow = statistics.quantiles(many.seconds[CALL], n=20)[-1]
    yield Figure(f"{CALL}: 95 of 100 within", slow * 1000, "ms", 100)
    yield Figure("a worker's memory at the end / after warming up", many.grew, "x", 1.1)


def measure(places: Mapping[int, Place], cookie: str) -> dict[int, Took]:
    """Every page `LINES` x `EACH` x `ROUNDS` times of each size, the sizes in turns.

    All are served at the same time, and asked one after the other within every round: so what
    else the machine does meets them alike, and one is to another what they themselves make of it.
    """
    found = {size: Took() for size in places}
    with ExitStack() as open_servers:
        asked: dict[int, Asked] = {}
        for size, place in places.items():
            serve = serving(workers=2, threads=4, database=place.database)
            client = open_servers.enter_context(serve)
            pages = addresses(client, cookie, place.ticket, size)
            asked[size] = Asked(client, pages, place.drafts)
        laps(asked, cookie, WARM, {size: Took() for size in places})
        before = {size: memory(one.client.server) for size, one in asked.items()}
        laps(asked, cookie, ROUNDS, found)
        for size, one in asked.items():
            found[size].grew = memory(one.client.server) / before[size]
    return found


def addresses(client: Client, cookie: str, ticket: str, size: int) -> dict[str, Address]:
    """What is asked for, by name; a rare word is another one every time."""
    deep = _deep(client, cookie, size)
    spread = 7919  # a prime: one ticket after the other, far from each other

    def number(lap: int) -> int:
        return 1 + lap * spread % size

    return {
        BARE: lambda lap: "/bench/bare/",
        "queue, first page": lambda lap: "/desk/?queue=open",
        "queue, my tickets": lambda lap: "/desk/?queue=mine",
        "queue, done": lambda lap: "/desk/?queue=done",
        "queue, deep": lambda lap: deep,
        "ticket page": lambda lap: f"/desk/tickets/{ticket}/",
        "search, rare word": lambda lap: f"/desk/search/?q={crowd.rare(number(lap))}",
        "search, common word": lambda lap: f"/desk/search/?q={crowd.COMMON}",
        CALL: lambda lap: f"/desk/calls/?q=702{number(lap):07d}",
        "call look-up, name": lambda lap: "/desk/calls/?q=jordan",
    }


def laps(asked: Mapping[int, Asked], cookie: str, rounds: int, took: Mapping[int, Took]) -> None:
    """Ask each size for every page ``rounds`` times on each of the connections.

    Raises:
        RuntimeError: an answer was not the one that belongs there.
    """
    lock, failed = threading.Lock(), list[Exception]()
    together = threading.Barrier(LINES, timeout=300)
    names = list(next(iter(asked.values())).pages)

    def line(number: int) -> None:
        own = {size: Client(one.client.port) for size, one in asked.items()}
        try:
            for lap in range(rounds):
                for name, (size, one) in itertools.product(names, asked.items()):
                    together.wait()
                    for again in range(EACH):
                        turn = (lap * EACH + again) * LINES + number
                        ask(own[size], name, one.pages[name](turn), cookie, took[size], lock)
                for size, one in asked.items():
                    together.wait()
                    with lock:
                        path = next(one.drafts)
                    _send(
                        own[size], path, took[size], lock, f"10.{number}.{lap // 250}.{lap % 250}"
                    )
        except Exception as error:  # told below: an answer that fails is no figure
            failed.append(error)
            together.abort()

    lines = [threading.Thread(target=line, args=(number,)) for number in range(LINES)]
    for each in lines:
        each.start()
    for each in lines:
        each.join()
    if failed:  # the first: the others only found that it had gone
        raise failed[0]


def ask(own: Client, name: str, path: str, cookie: str, took: Took, lock: threading.Lock) -> None:
    started = time.perf_counter()
    status = own.get(path, "" if name == BARE else cookie, part="look-up" in name)
    lasted = time.perf_counter() - started
    if status != 200:
        raise RuntimeError(f"{path} answered {status}")
    with lock:
        took.seconds.setdefault(name, []).append(lasted)
        took.queries[name] = max(own.queries, took.queries.get(name, 0))


def _send(own: Client, path: str, took: Took, lock: threading.Lock, visitor: str) -> None:
    started = time.perf_counter()
    status = own.post(path, {"note": "It was not in the box."}, visitor)
    lasted = time.perf_counter() - started
    if status != 302:
        raise RuntimeError(f"{path} answered {status}")
    with lock:
        took.seconds.setdefault(SUBMISSION, []).append(lasted)
        took.queries[SUBMISSION] = own.queries


def _deep(client: Client, cookie: str, size: int) -> str:
    """The address of a page in the middle of all open tickets, as its links lead there."""
    path = "/desk/?queue=open"
    for _page in range(max(1, size // 20 // 30 // 2)):
        if client.get(path, cookie) != 200:
            raise RuntimeError(f"{path} does not open")
        after = re.search(r'rel="next" href="([^"]+)"', client.body.decode())
        if after is None:
            raise RuntimeError(f"nothing follows {path}")
        path = "/desk/" + html.unescape(after[1])
    return path


def memory(server: int) -> float:
    """The memory of the server's processes, in bytes: what each has for itself."""
    children = Path(f"/proc/{server}/task/{server}/children").read_text().split()
    found = 0.0
    for child in children:
        for row in Path(f"/proc/{child}/smaps_rollup").read_text().splitlines():
            if row.startswith(("Private_Clean", "Private_Dirty")):
                found += int(row.split()[1]) * 1024
    return found


def agents_of(stores: Sequence[Store]) -> list[User]:
    """So few that each has more than a page of tickets among the fewest: all pages are full."""
    made = []
    for number in range(8):
        user = User.objects.create_user(f"agent{number}@staff.test", name=f"Agent {number}")
        for store in stores:
            Membership.objects.create(user=user, store=store, role=Role.AGENT)
        made.append(user)
    return made


def cookie_of(user: User) -> str:
    """The cookie of a person who is signed in."""
    session = SessionStore()
    session[SESSION_KEY] = str(user.pk)
    session[BACKEND_SESSION_KEY] = settings.AUTHENTICATION_BACKENDS[0]
    session[HASH_SESSION_KEY] = user.get_session_auth_hash()
    session.save()
    return f"{settings.SESSION_COOKIE_NAME}={session.session_key}"


def ticket_of(store: Store, agent: User, size: int) -> str:
    """A claim with its film and three messages: the reference of its ticket."""
    now = clock.now()
    customer = make_customer(store, f"opened{size}@example.com", "Mina Kim")
    draft = Story(make_order(customer, f"T{size}", now=now), now).draft(
        "missing_photocard", opened=True
    )
    # A film of its own: one that was seen before would add what the others do not have.
    add_evidence(a_file(at=now, mark=str(size)), draft=draft, actor=None, now=now)
    mina = Actor.of_customer(customer)
    ticket = file_claim(draft, actor=mina, now=now).ticket
    said = (("customer", mina), ("agent", Actor.staff(agent)), ("customer", mina))
    for minute, (kind, actor) in enumerate(said):
        body = crowd.texts()[minute]
        talk.say(ticket, body, kind=kind, actor=actor, now=_later(now, minute))
    return ticket.reference


def _later(now: datetime, minutes: int) -> datetime:
    return now + timedelta(minutes=minutes)


def drafts_of(store: Store, number: int) -> list[str]:
    """The addresses of so many claims that only have to be sent, each of another customer."""
    now = clock.now()
    paths = []
    for _each in range(number):
        name = f"sends{next(_NUMBERS)}"
        customer = make_customer(store, f"{name}@example.com", "Sender")
        order = make_order(customer, name, now=now, placed=timedelta(days=5))
        draft = Story(order, now).draft("missing_photocard", opened=True, video_exists=True)
        paths.append(f"/{store.slug}/claim/{draft.key}/review/")
    return paths
