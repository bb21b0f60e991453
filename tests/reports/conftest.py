"""A store with a month behind it."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client

from tests.cast import NOON, Story, make_customer, make_order
from tickets.actions import decide_claim, pickups
from tickets.actions.money import mark_refund_paid
from tickets.actor import SYSTEM, Actor
from tickets.models import Claim, Pickup, Refund, Store, User


@pytest.fixture
def at_noon(monkeypatch: pytest.MonkeyPatch) -> None:
    """Everybody's watch stands at noon of 5 March in Las Vegas."""
    monkeypatch.setattr("supportdesk.clock.now", lambda: NOON)


@pytest.fixture
def marek(client: Client, manager: User, at_noon: None) -> Client:
    """The manager of KPOP USA, signed in."""
    client.force_login(manager)
    return client


@pytest.fixture
def filed(mina: Any) -> Callable[..., Claim]:
    """File a claim of a type, some time before noon."""
    numbers = iter(range(5000, 6000))

    def make(kind: str = "missing_photocard", *evidence: str, ago: int = 0, **said: Any) -> Claim:
        now = NOON - timedelta(days=ago)
        order = make_order(mina, f"#{next(numbers)}", now=now)
        return Story(order, now).file(kind, *evidence, **{"opened": True, **said})

    return make


@pytest.fixture
def month(filed: Callable[..., Claim], agent: User, jo: Any) -> dict[str, Any]:
    """Claims of every kind and end, two pickups, one refund paid and one owed."""
    nora = Actor.staff(agent)
    waiting = filed()
    replaced = filed("missing_photocard", "unboxing_video")
    decide_claim.approve(replaced, "replacement", actor=nora, now=NOON)
    refused = filed("defect", "unboxing_video")
    decide_claim.refuse(refused, "kpopusa.change-of-mind", actor=nora, now=NOON)
    refunded = filed("transit_damage", "photo", "photo", opened=False, package_damaged=True)
    decide_claim.approve(refunded, "refund", actor=nora, now=NOON)
    mark_refund_paid(Refund.objects.get(claim=refunded), actor=nora, now=NOON)
    owed = filed("transit_damage", "photo", "photo", opened=False, package_damaged=True)
    decide_claim.approve(owed, "refund", actor=nora, now=NOON)
    collected, cancelled = (a_pickup(jo, number) for number in ("#7001", "#7002"))
    pickups.hand_over(collected, receipt_seen=True, identification_seen=True, actor=nora, now=NOON)
    pickups.cancel(cancelled, "they rang", actor=nora, now=NOON)
    return {"waiting": waiting, "replaced": replaced, "refused": refused, "refunded": refunded}


def a_pickup(customer: Any, number: str) -> Pickup:
    order = make_order(customer, number, shipped=None, shipping_method="pickup")
    pickup = Pickup.objects.create(store=order.store, order=order)
    return pickups.confirm(pickup, actor=SYSTEM, now=NOON)


@pytest.fixture
def elsewhere(popmart: Store) -> Claim:
    """A claim of another store, which nobody here may count."""
    customer = make_customer(popmart, "ada@example.com", "Ada")
    return Story(make_order(customer, "#9001")).file("defect", "unboxing_video")
