"""A pickup that waits, and outbox rows about it: the smallest world that has mails to send."""

from datetime import UTC, datetime, timedelta
from typing import Any

from policies.models import PolicyVersion
from tickets.models import Customer, Event, Order, Outbox, Pickup, Store

NOW = datetime(2026, 3, 10, 12, 0, tzinfo=UTC)


def a_store(slug: str = "corner") -> Store:
    found = Store.objects.filter(slug=slug).first()
    return found or Store.objects.create(
        slug=slug,
        name="Corner Shop",
        time_zone="America/Los_Angeles",
        mail_from="support@corner.example",
        alert_to="alerts@corner.example",
    )


def its_rules(store: Store) -> PolicyVersion:
    """The store's pack; a store that was not opened with one gets an empty version."""
    found = PolicyVersion.objects.filter(store=store).first()
    return found or PolicyVersion.objects.create(
        store=store, number=1, starts_at=NOW - timedelta(days=99), source="", published_at=NOW
    )


def a_pickup(store: Store | None = None, number: str = "1001", email: str = "mina@example.org"):
    store = store or a_store()
    customer, _ = Customer.objects.get_or_create(
        store=store,
        email_key=Customer.key(email),
        defaults={"email": email, "name": "Mina", "time_zone": "Europe/Vienna"},
    )
    order = Order.objects.create(
        store=store,
        customer=customer,
        number=f"#{number}",
        number_key=number,
        placed_at=NOW - timedelta(days=10),
        paid_at=NOW - timedelta(days=10),
        financial_status="paid",
        shipping_method="pickup",
        currency="USD",
        total="30.00",
    )
    return Pickup.objects.create(
        store=store,
        order=order,
        state="reserved",
        rule="kpopusa.pickup.reserve",
        policy_version=its_rules(store),
        confirmed_at=NOW - timedelta(days=8),
        reserved_until=NOW + timedelta(days=12),
    )


def a_mail(pickup: Pickup, template: str = "pickup_reminder", **more: Any) -> Outbox:
    """A due row about a pickup, with an event of its own."""
    pickup.last_seq += 1
    pickup.save()
    until = pickup.reserved_until
    event = Event.objects.create(
        store=pickup.store,
        pickup=pickup,
        seq=pickup.last_seq,
        kind=more.pop("kind", "pickup_reminded"),
        at=NOW,
        actor_kind="system",
        data=more.pop("data", {"reserved_until": until.isoformat() if until else None}),
    )
    values: dict[str, Any] = {
        "store": pickup.store,
        "event": event,
        "template": template,
        "to_customer": pickup.order.customer,
        "pickup": pickup,
        "cycle": pickup.cycle,
        "wake_at": NOW,
    }
    return Outbox.objects.create(**{**values, **more})
