"""Rules of a store, switched on, and what came of them."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from tests.cast import NOON
from tickets.actions import automation_clock, automations, run_automations
from tickets.actions.talk import say
from tickets.actor import Actor
from tickets.automations.facts import Rule, Step
from tickets.models import (
    Automation,
    AutomationCause,
    Customer,
    Event,
    Firing,
    Store,
    Ticket,
    TicketTag,
    User,
)

THEN = NOON + timedelta(minutes=1)
URGENT = ("priority", {"priority": 0})


def rule(
    when: str, *thens: tuple[str, Any], ifs: tuple[tuple[str, Any], ...] = (), **value: Any
) -> Rule:
    """``rule("tagged", URGENT, tag="vip")``."""
    return Rule(
        when,
        value,
        tuple(Step(key, value) for key, value in ifs),
        tuple(Step(key, value) for key, value in thens),
    )


def has(tag: str) -> tuple[str, Any]:
    return ("add_tags", {"tags": [tag]})


def let(
    store: Store,
    who: User,
    wanted: Rule,
    *,
    name: str = "Rule",
    on: bool = True,
    now: datetime = NOON,
) -> Automation:
    """Make it, and switch it on."""
    made = automations.make(store, name, wanted, actor=Actor.staff(who), now=now)
    return automations.switch(made, on, actor=Actor.staff(who), now=now)


def run(now: datetime = THEN) -> int:
    """Both jobs come by."""
    automation_clock.sweep(now)
    return run_automations.run_due(now)


def writes(ticket: Ticket, customer: Customer, body: str = "Hello?", now: datetime = NOON) -> None:
    say(ticket, body, kind="customer", actor=Actor.of_customer(customer), now=now)


def tags(ticket: Ticket) -> set[str]:
    return set(TicketTag.objects.filter(ticket=ticket).values_list("tag__key", flat=True))


def log(automation: Automation | None = None) -> list[tuple[str, str]]:
    """Outcomes with their reasons, the oldest first."""
    rows = Firing.objects.order_by("pk")
    if automation is not None:
        rows = rows.filter(automation=automation)
    return list(rows.values_list("outcome", "reason"))


def kinds(ticket: Ticket) -> list[str]:
    return list(Event.objects.filter(ticket=ticket).order_by("seq").values_list("kind", flat=True))


def waiting_causes() -> int:
    return AutomationCause.objects.filter(done_at=None).count()
