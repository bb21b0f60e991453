"""Calling a colleague by name in a note: ``@Nora`` or ``@Nora Kim``."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from django.db.models import Q, QuerySet
from django.utils.translation import gettext as _

from tickets.actions.base import Turn
from tickets.errors import InvalidInput
from tickets.models import Event, Mention, Message, Store, User, Watcher
from tickets.permissions import may

MOST = 10  # people called in one note
LONGEST = 60  # characters of a name that are looked at
_CALL = re.compile(r"(?<![\w@.])@(?=\w)")
_WORD = re.compile(r"[\w.\-]+")


@dataclass(frozen=True, slots=True)
class Called:
    """Who a note calls, and the names in it that are nobody's here."""

    people: tuple[User, ...] = ()
    unknown: tuple[str, ...] = ()


def colleagues(store: Store) -> QuerySet[User]:
    """Who can be called in a note on a ticket of this store: everybody who may see it."""
    everywhere = Q(is_superuser=True)
    here = Q(memberships__store=store)
    return User.objects.filter(everywhere | here, is_active=True).distinct().order_by("name", "pk")


def beginning(store: Store, typed: str) -> QuerySet[User]:
    """Those whose name, or a part of it, or address begins like what was typed."""
    fits = Q(name__istartswith=typed) | Q(name__icontains=f" {typed}") | Q(email__istartswith=typed)
    return colleagues(store).filter(fits)


def find(body: str, people: Iterable[User]) -> Called:
    """Whom a text calls, among ``people``: by the longest name that fits, whatever its case.

    A first name, or the part of an address before the ``@``, will do where it is one person's.
    """
    names = _names(people)
    found: dict[int, User] = {}
    unknown: list[str] = []
    for call in _CALL.finditer(body):
        rest = body[call.end() : call.end() + LONGEST]
        person = _longest(rest, names)
        if person is not None:
            found.setdefault(person.pk, person)
            continue
        word = _WORD.match(rest)
        if word is not None and word[0] not in unknown:
            unknown.append(word[0])
    return Called(tuple(found.values())[:MOST], tuple(unknown[:MOST]))


def in_note(body: str, store: Store) -> Called:
    """Whom a note on a ticket of this store calls. No query where it calls nobody.

    Raises:
        InvalidInput: it calls a person of the house who may not see the ticket.
    """
    if not _CALL.search(body):
        return Called()
    called = find(body, colleagues(store))
    for name in called.unknown:
        if _is_staff(name):
            raise InvalidInput(
                _("%(name)s cannot see this ticket, and so cannot be called here.")
                % {"name": f"@{name}"},
                "body",
            )
    return called


def _is_staff(name: str) -> bool:
    """Whether a word is how somebody of the house is called, here or elsewhere, now or before."""
    name = name.rstrip(".-")
    return User.objects.filter(
        Q(name__iexact=name) | Q(name__istartswith=f"{name} ") | Q(email__istartswith=f"{name}@")
    ).exists()


def _names(people: Iterable[User]) -> list[tuple[str, User]]:
    """Every way to call each of them, the longest first; what two share is nobody's."""
    by_name: dict[str, User | None] = {}
    for person in people:
        ways = {
            person.get_full_name().casefold(),
            person.get_short_name().casefold(),
            person.email.partition("@")[0].casefold(),
        }
        for way in ways - {""}:
            # The full name of one beats the first name of another.
            full = way == person.get_full_name().casefold()
            taken = by_name.get(way)
            if way not in by_name or (full and taken is not None and not _is_full(taken, way)):
                by_name[way] = person
            elif taken is not None and not _is_full(taken, way):
                by_name[way] = None
    return sorted(
        ((way, person) for way, person in by_name.items() if person is not None),
        key=lambda pair: -len(pair[0]),
    )


def _is_full(person: User, way: str) -> bool:
    return person.get_full_name().casefold() == way


def _longest(rest: str, names: Sequence[tuple[str, User]]) -> User | None:
    folded = rest.casefold()
    for way, person in names:
        if folded.startswith(way) and _ends(way, folded[len(way) : len(way) + 1]):
            return person
    return None


def _ends(way: str, following: str) -> bool:
    """Whether a name ends there. In Korean, Chinese and Japanese the next word follows at once."""
    return way[-1].upper() == way[-1].lower() or not following.isalnum()


def call(turn: Turn, message: Message, people: Sequence[User], event: Event) -> None:
    """Note who was called: each watches the ticket from now on, and gets a mail without the text.

    Raises:
        InvalidInput: one of them may not see this ticket (any more).
    """
    ticket = turn.ticket
    assert ticket is not None
    for person in people:
        fresh = User.objects.filter(pk=person.pk).first()
        if fresh is None or not may(fresh, ticket.store, "see"):
            raise InvalidInput(
                _("%(name)s cannot see this ticket, and so cannot be called here.")
                % {"name": person.get_full_name()},
                "body",
            )
    Mention.objects.bulk_create(Mention(message=message, user=person) for person in people)
    Watcher.objects.bulk_create(
        (Watcher(ticket=ticket, user=person, since=turn.now) for person in people),
        ignore_conflicts=True,
    )
    for person in people:
        if turn.actor.user is None or person.pk != turn.actor.user.pk:
            turn.tell("mentioned", event, person)
