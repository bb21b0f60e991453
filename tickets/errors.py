"""What an action answers when it will not act. Each message is for the person who asked."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

if TYPE_CHECKING:
    from policies.types import Decision
    from tickets.models import Event


class ActionError(Exception):
    """Not done; ``message`` says why and what the person can do, in their language."""

    def __init__(self, message: str, field: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.field = field


class NotAllowed(ActionError):
    """This actor may not do that here."""

    def __init__(self, message: str = "") -> None:
        super().__init__(message or _("Your role does not allow this."))


class NeedsLead(NotAllowed):
    """More than this role may promise alone; ``message`` says from where on, ``field`` is money."""

    def __init__(self, message: str) -> None:
        super().__init__(message)
        self.field = "amount"


class InvalidInput(ActionError):
    """Something typed cannot be used; ``field`` names where."""


class Conflict(ActionError):
    """Somebody else was first; ``event`` is what happened meanwhile, where known."""

    def __init__(self, message: str, event: Event | None = None, field: str = "") -> None:
        super().__init__(message, field)
        self.event = event


class AlsoWriting(ActionError):
    """Somebody else writes an answer at this moment; who knows that may send theirs all the same.

    ``people`` are the keys of those who write: named with the next try, they stop it no more.
    """

    def __init__(self, message: str, people: tuple[int, ...]) -> None:
        super().__init__(message)
        self.people = people


class CannotFile(ActionError):
    """The store's rule does not let this request become a claim; ``decision`` says which."""

    def __init__(self, message: str, decision: Decision) -> None:
        super().__init__(message)
        self.decision = decision


class TooMany(ActionError):
    """Tried too often; ``again_in`` says after how many seconds to come back."""

    def __init__(self, again_in: int) -> None:
        minutes = max(1, round(again_in / 60))
        super().__init__(
            ngettext(
                "Too many tries. Please try again in %(n)d minute.",
                "Too many tries. Please try again in %(n)d minutes.",
                minutes,
            )
            % {"n": minutes}
        )
        self.again_in = again_in
