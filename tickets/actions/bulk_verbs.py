"""What can be done to many tickets at once: a typed list, kept with the change as JSON.

Nothing here changes a ticket by itself: each entry does one of `tickets.actions.deeds` in a turn.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any, ClassVar

from django.utils.translation import gettext as _

from tickets.actions import deeds, snoozing
from tickets.actions.base import Turn
from tickets.actions.wording import clean
from tickets.errors import InvalidInput
from tickets.models import Event, Store, User
from tickets.models.macros import MOST_DAYS
from tickets.models.talking import THEN_STATES
from tickets.models.ticket import PRIORITIES
from tickets.placeholders import problems

SAYS = ("", "reply", "note")


class Around:
    """What the deeds of one change ask again and again: people, and when a store opens.

    ``asked_at`` is when the change was asked for: "tomorrow" is the day after that.
    """

    def __init__(self, asked_at: datetime) -> None:
        self.asked_at = asked_at
        self._people: dict[int, User | None] = {}
        self._openings: dict[tuple[int, int, bool], datetime | None] = {}

    def person(self, pk: int) -> User:
        """Somebody by their key.

        Raises:
            InvalidInput: there is nobody.
        """
        if pk not in self._people:
            self._people[pk] = User.objects.filter(pk=pk).first()
        found = self._people[pk]
        if found is None:
            raise InvalidInput(_("This person does not work in this store."), "assign")
        return found

    def opening(self, store: Store, days: int, *, monday: bool) -> datetime:
        """When the store opens after so many days, or on its next Monday.

        Raises:
            InvalidInput: it never does.
        """
        asked = (store.pk, days, monday)
        if asked not in self._openings:
            self._openings[asked] = snoozing.opening(
                store.pk, self.asked_at, days=days, monday=monday
            )
        found = self._openings[asked]
        if found is None:
            raise InvalidInput(
                _("The store has no opening hours: nothing can be put off till then.")
            )
        return min(found, self.asked_at + deeds.LONGEST_SNOOZE)


@dataclass(frozen=True, slots=True)
class Assign:
    """To one person, or (``None``) back to all. ``name`` is theirs, for those who read it."""

    key: ClassVar[str] = "assign"
    person: int | None
    name: str = ""

    def check(self) -> None:
        """Anybody may be named; whether they work in a ticket's store is asked there."""

    def do(self, turn: Turn, around: Around) -> Event | None:
        """See `deeds.assign`."""
        return deeds.assign(turn, None if self.person is None else around.person(self.person))


@dataclass(frozen=True, slots=True)
class Prioritise:
    """0 urgent … 3 low."""

    key: ClassVar[str] = "priority"
    priority: int

    def check(self) -> None:
        """One of the four."""
        if self.priority not in PRIORITIES:
            raise InvalidInput(_("Choose one of the priorities."), "priority")

    def do(self, turn: Turn, around: Around) -> Event | None:
        """See `deeds.prioritise`."""
        return deeds.prioritise(turn, self.priority)


@dataclass(frozen=True, slots=True)
class Retag:
    """Tags put on, and tags taken off, as they were typed."""

    key: ClassVar[str] = "tags"
    add: tuple[str, ...] = ()
    remove: tuple[str, ...] = ()

    def check(self) -> None:
        """Not too many, none too long, none in both."""
        both = deeds.tags_by_key(self.add).keys() & deeds.tags_by_key(self.remove).keys()
        if both:
            raise InvalidInput(
                _("“%(tag)s” cannot be put on and taken off at once.") % {"tag": min(both)}, "tags"
            )

    def do(self, turn: Turn, around: Around) -> Event | None:
        """See `deeds.retag`."""
        return deeds.retag(turn, add=self.add, remove=self.remove)


@dataclass(frozen=True, slots=True)
class PutOff:
    """Until the store opens after so many days, or on its next Monday."""

    key: ClassVar[str] = "put_off"
    days: int = 1
    monday: bool = False

    def check(self) -> None:
        """Within a year."""
        if not 1 <= self.days <= MOST_DAYS:
            raise InvalidInput(_("Choose a time ahead, within a year."), "snooze_days")

    def do(self, turn: Turn, around: Around) -> Event | None:
        """See `deeds.put_off`."""
        until = around.opening(turn.store, self.days, monday=self.monday)
        return deeds.put_off(turn, until)


@dataclass(frozen=True, slots=True)
class Solve:
    """The end of the conversation."""

    key: ClassVar[str] = "solve"

    def check(self) -> None:
        """Whether a claim is open is each ticket's to say."""

    def do(self, turn: Turn, around: Around) -> Event | None:
        """See `deeds.solve`."""
        return deeds.solve(turn)


Deed = Assign | Prioritise | Retag | PutOff | Solve
# In the order in which they are done.
_KINDS: Mapping[str, Callable[..., Deed]] = {
    kind.key: kind for kind in (Assign, Prioritise, Retag, PutOff, Solve)
}


@dataclass(frozen=True, slots=True)
class Plan:
    """All that one change does to each ticket.

    ``says`` is ``reply`` or ``note`` with its ``body``, whose placeholders each ticket fills;
    ``then_state`` is where a reply leads. A ``macro`` (its key, and its ``name``) is all there is
    to do where there is one.
    """

    deeds: tuple[Deed, ...] = ()
    says: str = ""
    body: str = ""
    then_state: str = ""
    macro: int | None = None
    name: str = ""

    @property
    def verb(self) -> str:
        """How the database calls it."""
        return "macro" if self.macro is not None else self.says or "change"

    @property
    def speaks(self) -> bool:
        """Whether something is said, on each ticket by itself."""
        return self.macro is not None or bool(self.says)

    @property
    def ends(self) -> bool:
        """Whether a customer who has written meanwhile would be passed over."""
        return (
            self.macro is not None
            or self.says == "reply"
            or any(isinstance(deed, Solve) for deed in self.deeds)
        )

    def check(self) -> None:
        """Let only what can be done anywhere through.

        Raises:
            InvalidInput: nothing is to be done, or something that can be done nowhere.
        """
        if self.macro is not None:
            if self.deeds or self.says:
                raise InvalidInput(
                    _("A macro stands alone: it says and does what it holds."), "macro"
                )
            return
        if not self.deeds and not self.says:
            raise InvalidInput(_("Choose what is to be changed."))
        for deed in self.deeds:
            deed.check()
        kinds = {type(deed) for deed in self.deeds}
        if PutOff in kinds and (Solve in kinds or self.then_state == "solved"):
            raise InvalidInput(_("What is solved is not put off."), "snooze")
        if self.says:
            self._check_words()

    def _check_words(self) -> None:
        clean(self.body)
        for problem in problems(self.body):
            raise InvalidInput(problem, "body")
        if self.says == "reply" and any(isinstance(deed, Solve) for deed in self.deeds):
            raise InvalidInput(_("Say by the reply itself where it leads."), "solve")
        if self.says not in SAYS or self.then_state not in THEN_STATES:
            raise InvalidInput(_("Choose what is to be changed."))

    def do(self, turn: Turn, around: Around) -> list[Event]:
        """All deeds, in an open turn; what stood so already is no event.

        Raises:
            InvalidInput, Conflict: one of them cannot be done here: then none may be.
        """
        done = [deed.do(turn, around) for deed in self.deeds]
        return [event for event in done if event is not None]

    def as_json(self) -> dict[str, Any]:
        """As the job keeps it."""
        told = {name: getattr(self, name) for name in ("says", "body", "then_state", "macro")}
        kept = {name: value for name, value in told.items() if value not in ("", None)}
        if self.name:
            kept["name"] = self.name
        return {**kept, "deeds": [{"do": deed.key, **asdict(deed)} for deed in self.deeds]}


def plan_of(kept: Mapping[str, Any]) -> Plan:
    """The plan that `Plan.as_json` has kept."""
    told = {name: value for name, value in kept.items() if name != "deeds"}
    return Plan(deeds=tuple(_deed(one) for one in kept.get("deeds", ())), **told)


def _deed(kept: Mapping[str, Any]) -> Deed:
    told = {
        name: tuple(value) if isinstance(value, list) else value
        for name, value in kept.items()
        if name != "do"
    }
    return _KINDS[kept["do"]](**told)


def in_order(found: Iterable[Deed | None]) -> tuple[Deed, ...]:
    """Deeds in the order in which they are done."""
    order = list(_KINDS)
    there = [deed for deed in found if deed is not None]
    return tuple(sorted(there, key=lambda deed: order.index(deed.key)))
