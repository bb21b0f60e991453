"""An order to Korea, under a version of the rules in which the law of Korea is switched on."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from policies.publish import publish
from tests.cast import NOON, make_order
from tests.policies.switching import source_with_floors
from tickets.models import Customer, Order, Store

FLOOR = "kpopusa.floor.kr-not-as-agreed"


def with_rights(store: Store) -> None:
    """Publish the store's rules with the floors on, in force for every order of the stories."""
    source = source_with_floors(store.slug)
    publish(store.pk, source, starts_at=NOON - timedelta(days=90), now=NOON)


def korean_order(customer: Customer, *, country: str = "KR", **extra: Any) -> Order:
    """An order that was sent to Korea, placed while the floors were on."""
    with_rights(customer.store)
    order = make_order(customer, "#1082", **extra)
    order.country = country
    order.save(update_fields=["country"])
    return order
