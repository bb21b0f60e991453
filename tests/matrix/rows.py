"""What one row of the table says, who gets through which door, and what the others are answered."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from tests.matrix.world import PEOPLE, PUBLISH, REPORT, SEE, VISITORS, World

SIGN_IN = "asked to sign in"  # 302 to the desk's sign-in, with the address for afterwards
ADMIN_SIGN_IN = "asked to sign in at the set-up"
# An answer that a row expects: a status, or one of the two above. None: let through.
Answer = int | str | None


@dataclass(frozen=True)
class Call:
    """What is sent to an address."""

    path: str
    data: Any = None
    query: str = ""
    extra: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Row:
    """One route: who may, by which method, what is answered then, and what it leaves behind.

    ``methods`` holds the status for whoever is let through; any other method is answered 405.
    ``writes`` are the methods that have to leave something behind; the others must not.
    """

    door: Callable[[Row, str], Answer]
    methods: Mapping[str, int]
    call: Callable[[World, str, Any], Call]
    stage: Callable[[World], Any] = lambda world: None
    verb: str = SEE
    writes: frozenset[str] = frozenset()
    has_object: bool = True
    # Whether a method that is not taken is told to those alone who are let through.
    door_first: bool = False
    # The few cells that are answered otherwise, and why that is said beside them.
    odd: Mapping[tuple[str, str], Answer] = field(default_factory=dict)

    def expects(self, who: str, method: str) -> Answer:
        """The status, or where somebody is sent."""
        if (who, method) in self.odd:
            return self.odd[who, method]
        told = self.door(self, who)
        if method not in self.methods:
            return told if told is not None and self.door_first else 405
        return self.methods[method] if told is None else told


# --- doors --------------------------------------------------------------------------------


def public(row: Row, who: str) -> Answer:
    """Everybody comes in."""
    return None


def desk(row: Row, who: str) -> Answer:
    """Staff; what another store has is not found, what the role does not allow is refused."""
    if who in VISITORS:
        return SIGN_IN
    if who == "nobody":
        return 403
    if who == "stan":
        # An agent of another store: what is a manager's there is not theirs, either.
        return 404 if row.has_object else 403 if row.verb == PUBLISH else None
    return None if row.verb in PEOPLE[who] else 403


def book(row: Row, who: str) -> Answer:
    """The rules and the reports: who may not read a page is told that there is none."""
    if who in VISITORS:
        return SIGN_IN
    if who == "stan" and row.verb == SEE and not row.has_object:
        return None
    return None if row.verb in PEOPLE[who] else 404


def book_home(row: Row, who: str) -> Answer:
    """Straight on for who has one store; a choice for who has several."""
    return 200 if who == "superuser" else book(row, who)


def reports(row: Row, who: str) -> Answer:
    """The managers' pages."""
    if who in VISITORS:
        return SIGN_IN
    return None if REPORT in PEOPLE[who] else 404


def minas(row: Row, who: str) -> Answer:
    """Whoever holds Mina's link, or the key of her draft; a forged one finds nothing."""
    return None if who == "mina" else 404


def minas_and_staff(row: Row, who: str) -> Answer:
    """Mina by her link, and the staff of the store by their session."""
    if who == "mina" or row.verb in PEOPLE[who]:
        return None
    return 403 if SEE in PEOPLE[who] else 404


def staff_file(row: Row, who: str) -> Answer:
    """A lasting address of a file, for whoever may see it."""
    return None if SEE in PEOPLE[who] else 404


def agents_own(row: Row, who: str) -> Answer:
    """An address that was made for one person, here the agent."""
    return None if who == "agent" else 404


def signed_in(row: Row, who: str) -> Answer:
    """Whoever has an account, for their own account alone."""
    return SIGN_IN if who in VISITORS else None
