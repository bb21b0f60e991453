"""Who may do what. Deny by default."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tickets.actor import Actor
from tickets.errors import NotAllowed
from tickets.models import Membership, Role

if TYPE_CHECKING:
    from tickets.models import Store, User

# What each role adds to the one before it.
VERBS: dict[str, frozenset[str]] = {
    Role.READ_ONLY: frozenset({"see"}),
    Role.AGENT: frozenset({"see", "work"}),
    Role.LEAD: frozenset({"see", "work", "override"}),
    Role.MANAGER: frozenset({"see", "work", "override", "report", "publish"}),
    Role.ADMIN: frozenset({"see", "work", "override", "report", "publish", "manage"}),
}
# What customers may do with what is their own.
CUSTOMER_VERBS = frozenset({"file", "add_evidence", "say", "withdraw", "see_own"})
ALL_VERBS = frozenset().union(*VERBS.values()) | CUSTOMER_VERBS


def roles_with(verb: str) -> list[str]:
    """The roles that include ``verb``."""
    return [role for role, verbs in VERBS.items() if verb in verbs]


def may(user: User, store: Store, verb: str) -> bool:
    """Whether a member of staff may do ``verb`` in ``store``."""
    if not user.is_active:
        return False
    if user.is_superuser:
        return verb in ALL_VERBS
    return Membership.objects.filter(user=user, store=store, role__in=roles_with(verb)).exists()


def permit(actor: Actor, store: Store, verb: str, owner_id: int | None = None) -> None:
    """Let the actor through, or raise.

    Staff may do a customer's verb where they may work. A customer may do theirs only
    with what is their own: ``owner_id`` is the customer the object belongs to.

    Raises:
        NotAllowed: the actor may not; says so in plain words.
    """
    if actor.kind == "system":
        return
    if actor.kind == "staff" and actor.user is not None:
        if may(actor.user, store, "work" if verb in CUSTOMER_VERBS else verb):
            return
    elif (
        actor.kind == "customer"
        and actor.customer is not None
        and verb in CUSTOMER_VERBS
        and actor.customer.pk == owner_id
    ):
        return
    raise NotAllowed
