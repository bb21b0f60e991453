"""The jobs of ours that stand beside the other desk's, each with what its answer must hold."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import timedelta
from urllib.parse import urlencode

from supportdesk import clock
from tests.bench import crowd, desk
from tests.bench.peer_rounds import QUICK, SLOW, Outcome, Work, measure, page, told, turns
from tests.bench.server import Client, serving
from tickets.actions.stores import open_store
from tickets.models import Claim, Membership, Role, Store, User
from tickets.references import spoken

PER_PAGE = 30
NOTE = "It was not in the box."
_ROW = b'<li class="row-line'


def run(size: int) -> Outcome:
    """Fill the database with ``size`` tickets of two stores, serve it, and measure."""
    now = clock.now()
    stores = [open_store(slug, now=now, mail_from="b@example.com") for slug in ("kpopusa", "kpop2")]
    agents = desk.agents_of(stores)
    with told("ours filled"):
        crowd.grow(stores, agents, 1, size, now)
        crowd.settle()
    crowd.check()
    shown = desk.ticket_of(stores[0], agents[0], size)
    drafts = desk.drafts_of(stores[0], turns(QUICK))
    before = Claim.objects.count()
    with serving(workers=2, threads=4) as client:
        works = _works(client, agents[0], shown, size)
        works |= {"report": _report(stores[0], len(drafts)), "submission": _submission(drafts)}
        outcome = measure(client, works)
    came = Claim.objects.count() - before
    if came != len(drafts):
        raise RuntimeError(f"{len(drafts)} were sent, {came} claims came about")
    return outcome


def _works(client: Client, agent: User, shown: str, size: int) -> dict[str, Work]:
    cookie = desk.cookie_of(agent)
    addresses = desk.addresses(client, cookie, shown, size)
    said = [text.split()[0].encode() for text in crowd.texts()[:3]]

    def bare(own: Client, _turn: int) -> bool:
        return own.body == b"ok"

    def full(own: Client, _turn: int) -> bool:
        return own.body.count(_ROW) == PER_PAGE

    def some(own: Client, _turn: int) -> bool:
        return own.body.count(_ROW) > 0

    def ticket_shown(own: Client, _turn: int) -> bool:
        return all(text in own.body for text in [*said, shown.encode()])

    def found(own: Client, turn: int) -> bool:
        reference = spoken(f"{1 + turn * 7919 % size:08x}").encode()
        return own.body.count(_ROW) == 1 and reference in own.body

    def found_many(own: Client, _turn: int) -> bool:
        return full(own, _turn) and own.body.count(crowd.COMMON.encode()) > PER_PAGE

    proofs: dict[str, Callable[[Client, int], bool]] = {
        desk.BARE: bare,
        "queue, first page": full,
        "queue, my tickets": some,
        "queue, done": full,
        "ticket page": ticket_shown,
        "search, rare word": found,
        "search, common word": found_many,
    }
    return {
        # The bare view as a stranger asks for it, as on the other desk.
        name: Work(page(addresses[name], "" if name == desk.BARE else cookie), real, QUICK)
        for name, real in proofs.items()
    }


def _report(store: Store, drafts: int) -> Work:
    """A manager's numbers of all the years of one store."""
    manager = User.objects.create_user("manager@staff.test", name="Manager")
    Membership.objects.create(user=manager, store=store, role=Role.MANAGER)
    today = clock.now().date()
    days = {"from": today - timedelta(days=800), "to": today + timedelta(days=1)}
    query = urlencode({"store": store.slug, "period": "custom", **days})
    claims = Claim.objects.filter(ticket__store=store).count()

    def counted(own: Client, _turn: int) -> bool:
        numbers = map(int, re.findall(rb">(\d+)</a>", own.body))
        return any(claims <= number <= claims + drafts for number in numbers)

    return Work(page(lambda _turn: f"/reports/?{query}", desk.cookie_of(manager)), counted, SLOW)


def _submission(drafts: list[str]) -> Work:
    """A customer sends a claim that is filled in: each one another customer's."""

    def send(own: Client, turn: int) -> int:
        return own.post(drafts[turn], {"note": NOTE}, f"10.0.{turn // 250}.{turn % 250}")

    def sent(own: Client, turn: int) -> bool:
        place = own.headers.get("Location", "")
        return bool(place) and place != drafts[turn]

    return Work(send, sent, QUICK, status=302)
