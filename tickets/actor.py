"""Who acts. Handed in with every action, never read from the surroundings."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from tickets.models import Customer, User


@dataclass(frozen=True, slots=True)
class Actor:
    """A member of staff, a customer, the system itself, or an integration."""

    kind: str
    user: User | None = None
    customer: Customer | None = None

    @classmethod
    def staff(cls, user: User) -> Actor:
        """The signed-in person."""
        return cls("staff", user=user)

    @classmethod
    def of_customer(cls, customer: Customer) -> Actor:
        """The person who holds a signed link or an order's number and address."""
        return cls("customer", customer=customer)

    def on_event(self) -> dict[str, Any]:
        """The three columns by which an event names its actor."""
        return {
            "actor_kind": self.kind,
            "actor_user": self.user,
            "actor_customer": self.customer,
        }


SYSTEM = Actor("system")
INTEGRATION = Actor("integration")
