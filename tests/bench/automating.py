"""What 50 rules in force add to filing a claim, and what it takes to run them afterwards.

Filing is timed as `tests.bench.filing` does it: the last form, through the server. The rules are
switched on and off between two filings, so that both see the same tables and the same machine.
``AUTOMATION_ROUNDS=20`` takes fewer rounds, to try something out.
"""

from __future__ import annotations

import os
import statistics
import time
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta

from supportdesk import clock
from tests.bench.__main__ import Figure
from tests.bench.server import Client, serving
from tests.cast import Story, make_customer, make_order
from tickets.actions import automations, run_automations
from tickets.actions.stores import open_store
from tickets.actor import Actor
from tickets.automations.facts import Rule, Step
from tickets.models import (
    AutomationCause,
    AutomationListens,
    Firing,
    Membership,
    Role,
    Store,
    User,
)

ROUNDS = min(int(os.environ.get("AUTOMATION_ROUNDS", "200")), 250)  # more in a minute: a storm
WARM = max(3, ROUNDS // 10)
RULES = 50
_ACT = 2  # of the rules act on what is filed here; the others look at it and pass


def figures() -> Iterator[Figure]:
    """The ratio of the medians, in turns."""
    now = clock.now()
    store = open_store("kpopusa", now=now, mail_from="bench@example.com")
    _rules(store, now)
    paths = iter(_drafts(store, (ROUNDS + WARM) * 2, now))
    took: dict[bool, list[float]] = {True: [], False: []}
    with serving() as client:
        for lap in range(ROUNDS + WARM):
            for on in (True, False) if lap % 2 else (False, True):
                _switch(store, on)
                seconds = _file(client, next(paths), lap * 2 + on)
                if lap >= WARM:
                    took[on].append(seconds)
    assert AutomationCause.objects.count() == ROUNDS + WARM
    ruled, bare = statistics.median(took[True]), statistics.median(took[False])
    print(f"  filing: {ruled * 1000:.2f} ms with rules, {bare * 1000:.2f} ms without (medians)")
    _run_them(ROUNDS + WARM)
    name = f"filing a claim, {RULES} rules in force / none"
    yield Figure(name, ruled / bare, "x", 1.10)


def _rules(store: Store, now: datetime) -> None:
    boss = User.objects.create_user("rules@example.com", name="Marek")
    Membership.objects.create(user=boss, store=store, role=Role.MANAGER)
    for number in range(RULES):
        whens = ("request_filed", "customer_wrote", "solved", "tagged", "evidence_complete")
        when = "request_filed" if number < RULES // 2 else whens[number % len(whens)]
        value = {"tag": f"tag {number}"} if when == "tagged" else {}
        conditions = (
            Step("request_type", {"requests": ["missing_photocard", "defect"]}),
            Step("words", {"words": ["box", "상자"]}),
            Step("order_total_at_least", {"amount": f"{1 + number * 200}.00", "currency": "USD"}),
        )
        ifs = conditions[: 2 + (number >= _ACT)]
        thens = (
            Step("add_tags", {"tags": [f"rule {number}"]}),
            Step("priority", {"priority": 1}),
        )
        rule = Rule(when, value, ifs, thens)
        made = automations.make(store, f"Rule {number}", rule, actor=Actor.staff(boss), now=now)
        automations.switch(made, True, actor=Actor.staff(boss), now=now)


def _switch(store: Store, on: bool) -> None:
    """In force, or not. What was filed stays to be run: a real switch would drop it."""
    if on:
        automations.listen(store.pk)
    else:
        AutomationListens.objects.filter(store=store).delete()


def _drafts(store: Store, amount: int, now: datetime) -> list[str]:
    paths = []
    for number in range(amount):
        customer = make_customer(store, f"automation{number}@example.com", "Mina Kim")
        order = make_order(customer, f"A{number}", now=now, placed=timedelta(days=5))
        draft = Story(order, now).draft("missing_photocard", opened=True, video_exists=True)
        paths.append(f"/{store.slug}/claim/{draft.key}/review/")
    return paths


def _file(client: Client, path: str, number: int) -> float:
    visitor = f"10.{number >> 16 & 255}.{number >> 8 & 255}.{number & 255}"
    started = time.perf_counter()
    status = client.post(path, {"note": "It was not in the box."}, visitor)
    took = time.perf_counter() - started
    assert status == 302, (path, status)
    return took


def _run_them(amount: int) -> None:
    """Let the job see all that was filed: printed, not bounded."""
    later = clock.now() + timedelta(seconds=1)
    took = _timed(lambda: run_automations.run_due(later, seconds=600))
    assert not AutomationCause.objects.exists()
    acted = Firing.objects.filter(outcome="did").count()
    assert acted == amount * _ACT, acted
    print(f"  running them: {took / amount * 1000:.1f} ms for a claim, {acted // amount} acted")


def _timed(act: Callable[[], object]) -> float:
    started = time.perf_counter()
    act()
    return time.perf_counter() - started
