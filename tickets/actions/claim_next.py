"""The next ticket: the most pressing one that nobody has, given to whoever asks for work.

Over all the stores in which a person may work, in the order of the queues: the urgent first, then
what is due first. What is equal in both comes from the store that they were given a ticket of the
longest time ago, and there the oldest first.

The candidates are looked at without a lock, each store's first ones from the index of its
unassigned tickets. One of them is locked then, and what somebody else is taking at this moment is
passed over; so nobody waits, and no ticket is given twice.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

from django.db import connection, transaction

from tickets.actions import deeds
from tickets.actions.base import ticket_turn
from tickets.actor import Actor
from tickets.errors import NotAllowed
from tickets.models import Event, Membership, Store, Ticket, User
from tickets.permissions import roles_with

HOW = "next"  # as the event of such an assignment says it
REST = timedelta(hours=1)  # what somebody has given back is not given to them again for so long
TWICE = timedelta(seconds=2)  # a second press so soon is the same press


class Nothing(StrEnum):
    """Why nobody was given anything."""

    EMPTY = "empty"  # all is taken, waits for others, or sleeps
    SKILLS = "skills"  # there is something, but of kinds that others take
    GIVEN_BACK = "given_back"  # only what this person has just given back


@dataclass(frozen=True, slots=True)
class Given:
    """The ticket, and the event that gave it; ``again`` where the same press had done so."""

    ticket: Ticket
    event: Event
    again: bool = False


# `= false` would be turned into another comparison, which is in no index: see `desk.lists`.
_FREE = """t.state IN ('new', 'open', 'waiting') AND t.snoozed_until IS NULL
    AND t.assignee_id IS NULL AND (t.state = 'waiting') IS FALSE"""
_SKILLED = "(coalesce(cardinality(m.skills), 0) = 0 OR t.request = ANY(m.skills))"
_GIVEN_BACK = """EXISTS (SELECT FROM tickets_event e
    WHERE e.ticket_id = t.id AND e.kind = 'assigned' AND e.at > %(rested)s
      AND e.actor_user_id = %(me)s AND e.data->>'before' = (%(me)s)::text)"""
_STORES = """unnest(%(stores)s::bigint[]) AS s (id)
    LEFT JOIN tickets_membership m ON m.store_id = s.id AND m.user_id = %(me)s"""
# More than will be taken by others in the time between looking and locking.
_EACH = 30
_FIRST = f"""
    SELECT c.id FROM {_STORES} CROSS JOIN LATERAL (
      SELECT t.id, t.priority, t.next_due_at FROM tickets_ticket t
      WHERE t.store_id = s.id AND {_FREE} AND {_SKILLED} AND NOT {_GIVEN_BACK}
      ORDER BY (t.state = 'waiting'), t.priority, t.next_due_at, t.id LIMIT {_EACH}
    ) c
    ORDER BY c.priority, c.next_due_at, m.given_at NULLS FIRST, c.id LIMIT {_EACH}
"""  # noqa: S608  (our own; values are bound)
_ANY = f"""
    SELECT EXISTS (SELECT FROM {_STORES} JOIN tickets_ticket t ON t.store_id = s.id
                   WHERE {_FREE} AND {_SKILLED}),
           EXISTS (SELECT FROM {_STORES} JOIN tickets_ticket t ON t.store_id = s.id
                   WHERE {_FREE})
"""  # noqa: S608  (as above)
# In the order of the candidates; LIMIT stands above the lock, so that one row alone is locked.
_LOCK = f"""
    SELECT t.id FROM tickets_ticket t WHERE t.id = ANY(%(keys)s::bigint[]) AND {_FREE}
    ORDER BY array_position(%(keys)s::bigint[], t.id) LIMIT 1 FOR UPDATE OF t
"""  # noqa: S608  (as above)


def take(user: User, stores: Iterable[Store], *, now: datetime) -> Given | Nothing:
    """Give a person the next ticket of these stores, or say why there is none.

    Two presses within two seconds are one: the second is answered with the same ticket.

    Raises:
        NotAllowed: they may work in none of these stores.
    """
    here = _workable(user, stores)
    if not here:
        raise NotAllowed
    with transaction.atomic():
        # One person's presses come one after another; nobody else's wait for this.
        User.objects.select_for_update(no_key=True, of=("self",)).get(pk=user.pk)
        before = _just_given(user, here, now)
        if before is not None:
            return before
        told = {"me": user.pk, "stores": here, "rested": now - REST}
        key = _locked(told)
        return _why(told) if key is None else _give(key, user, now)


def _workable(user: User, stores: Iterable[Store]) -> list[int]:
    """The keys of those stores in which this person may work now."""
    keys = sorted({store.pk for store in stores})
    if not user.is_active:
        return []
    if user.is_superuser:
        return keys
    mine = Membership.objects.filter(user=user, store__in=keys, role__in=roles_with("work"))
    return sorted(mine.values_list("store_id", flat=True))


def _just_given(user: User, stores: list[int], now: datetime) -> Given | None:
    """What they were given a moment ago and still have: the button was pressed twice."""
    recent = Event.objects.filter(
        store__in=stores,
        at__gt=now - TWICE,
        kind="assigned",
        actor_user=user,
        data__how=HOW,
        ticket__assignee=user,
    )
    event = recent.select_related("ticket__store").order_by("-id").first()
    if event is None or event.ticket is None:
        return None
    return Given(event.ticket, event, again=True)


def _locked(told: dict[str, Any]) -> int | None:
    """The best candidate, its row locked; None where there is none.

    If all are held by others for a moment, the first is waited for: a ticket that is only being
    written on is not nobody's. What turns out to be taken by then is let go of before anything
    else is waited for, so that nobody waits in a ring.
    """
    while True:
        with connection.cursor() as cursor:
            cursor.execute(_FIRST, told)
            keys = [key for (key,) in cursor.fetchall()]
        if not keys:
            return None
        found = _try_lock(keys, " SKIP LOCKED") or _try_lock(keys[:1], "")
        if found is not None:
            return found


def _try_lock(keys: list[int], passing: str) -> int | None:
    """The first of these that is still free, locked; of the others no lock is kept."""
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(_LOCK + passing, {"keys": keys})
        found = cursor.fetchone()
        if found is None:  # a row that was waited for stays locked until its savepoint is undone
            transaction.set_rollback(True)
    return None if found is None else int(found[0])


def _give(key: int, user: User, now: datetime) -> Given:
    with ticket_turn(key, "work", actor=Actor.staff(user), now=now) as turn:
        event = deeds.assign(turn, user)
        assert event is not None  # it was nobody's, under this lock
        assert turn.ticket is not None
        event.data["how"] = HOW
    Membership.objects.filter(user=user, store=turn.store).update(given_at=now)
    return Given(turn.ticket, event)


def _why(told: dict[str, Any]) -> Nothing:
    with connection.cursor() as cursor:
        cursor.execute(_ANY, told)
        fitting, there = cursor.fetchone()
    if fitting:
        return Nothing.GIVEN_BACK
    return Nothing.SKILLS if there else Nothing.EMPTY
