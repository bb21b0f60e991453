"""A right of the customer's country beside the store's rule: what it asks of an action."""

from __future__ import annotations

from django.utils.translation import gettext as _

from policies.pack import Pack, PackFloor
from tickets.errors import InvalidInput
from tickets.models import Claim


def floor_of(claim: Claim, pack: Pack) -> PackFloor | None:
    """The floor that is on for a claim in its own version of the rules, if any."""
    return pack.floor_for(claim.type, claim.order.country or None)


def outlives_missing_evidence(claim: Claim, pack: Pack) -> bool:
    """Whether missing evidence alone may end this claim neither by the clock nor by a rule."""
    floor = floor_of(claim, pack)
    return floor is not None and floor.data.missing_evidence_may_not_refuse


def need_reason(claim: Claim, pack: Pack, note: str) -> None:
    """Let a claim with such a right be refused with a reason in the customer's hands only.

    Raises:
        InvalidInput: a floor is on for this claim, and nothing is said to the customer.
    """
    if floor_of(claim, pack) is not None and not note.strip():
        raise InvalidInput(
            _(
                "A right of the customer's country may be better than the rule. "
                "Tell the customer why you refuse nevertheless."
            ),
            "note",
        )
