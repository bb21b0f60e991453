"""The one way in which a claim's state changes: by the table."""

from __future__ import annotations

from django.utils.translation import gettext as _

from tickets.errors import Conflict
from tickets.labels import claim_state_label
from tickets.lifecycle import CLAIM_MOVES, ClaimState, may_follow
from tickets.models import Claim


def move(claim: Claim, there: ClaimState) -> None:
    """Follow the table of moves.

    Raises:
        Conflict: the claim's state does not lead there (any more).
    """
    if not may_follow(CLAIM_MOVES, claim.state, there):
        raise Conflict(
            _("This claim is “%(state)s” now, so that is not possible.")
            % {"state": claim_state_label(claim.state)}
        )
    claim.state = there
