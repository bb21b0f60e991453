"""What staff put on a ticket: a later day, tags, a priority, watchers, links to others."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from django.db import transaction
from django.utils.translation import gettext as _

from tickets.actions import deeds, snoozing
from tickets.actions.base import Turn, ticket_turn
from tickets.actor import Actor
from tickets.errors import InvalidInput
from tickets.models import Event, Ticket, TicketLink, TicketTag, User, Watcher
from tickets.models.marks import LINK_KINDS
from tickets.permissions import may, permit


def snooze(ticket: Ticket, until: datetime, *, actor: Actor, now: datetime) -> Event | None:
    """Take a ticket out of the queues until an instant: see `deeds.put_off`."""
    with ticket_turn(ticket.pk, "work", actor=actor, now=now) as turn:
        return deeds.put_off(turn, until)


def unsnooze(ticket: Ticket, *, actor: Actor, now: datetime) -> Event | None:
    """Bring a ticket back into the queues now; awake, it stays so."""
    with ticket_turn(ticket.pk, "work", actor=actor, now=now) as turn:
        return snoozing.wake(turn, "hand")


def set_tags(ticket: Ticket, names: Iterable[str], *, actor: Actor, now: datetime) -> Event | None:
    """Let a ticket have exactly these tags; those that the store has not yet are made.

    Raises:
        InvalidInput: too many, or one that is too long.
    """
    wanted = deeds.tags_by_key(names)
    with ticket_turn(ticket.pk, "work", actor=actor, now=now) as turn:
        assert turn.ticket is not None
        has = TicketTag.objects.filter(ticket=turn.ticket).values_list("tag__key", flat=True)
        return deeds.retag(turn, add=wanted.values(), remove=set(has) - wanted.keys())


def set_priority(ticket: Ticket, priority: int, *, actor: Actor, now: datetime) -> Event | None:
    """Say how urgent a ticket is; its place in the queue follows: see `deeds.prioritise`."""
    with ticket_turn(ticket.pk, "work", actor=actor, now=now) as turn:
        return deeds.prioritise(turn, priority)


def watch(ticket: Ticket, user: User, on: bool, *, actor: Actor, now: datetime) -> None:
    """Let a person hear of what happens on a ticket, or no more.

    Everybody may watch what they may see; it changes nothing for anybody else, so it is no event.

    Raises:
        InvalidInput: that person may not see it.
    """
    with transaction.atomic():
        permit(actor, ticket.store, "see")
        if not on:
            Watcher.objects.filter(ticket=ticket, user=user).delete()
            return
        if not may(user, ticket.store, "see"):
            raise InvalidInput(_("This person does not work in this store."), "user")
        Watcher.objects.bulk_create(
            [Watcher(ticket=ticket, user=user, since=now)], ignore_conflicts=True
        )


def link(ticket: Ticket, other: Ticket, kind: str, *, actor: Actor, now: datetime) -> None:
    """Say that two tickets belong together; both have it in their history.

    ``ticket`` is a *duplicate* or a *follow_up* of ``other``; *related* has no direction. Linked
    already, the newer word counts.

    Raises:
        InvalidInput: a ticket and itself, or no such kind.
        NotAllowed: the actor may not work on both.
    """
    if ticket.pk == other.pk:
        raise InvalidInput(_("This is the ticket itself."), "other")
    if kind not in LINK_KINDS:
        raise InvalidInput(_("Choose how they belong together."), "kind")
    if kind == "related" and ticket.pk > other.pk:
        ticket, other = other, ticket
    with transaction.atomic():
        turns = _both(ticket, other, actor, now)
        before = TicketLink.objects.filter(ticket=ticket, other=other).first()
        if before is not None and before.kind == kind:
            return
        _forget(ticket, other)
        TicketLink.objects.create(
            ticket=ticket, other=other, kind=kind, made_at=now, made_by=actor.user
        )
        turns[ticket.pk].event("linked", other=other.reference, link=kind)
        turns[other.pk].event("linked", other=ticket.reference, link=kind)
        for turn in turns.values():
            turn.flush()


def unlink(ticket: Ticket, other: Ticket, *, actor: Actor, now: datetime) -> None:
    """Take a link away, whichever of the two it was made on; without one nothing changes."""
    with transaction.atomic():
        turns = _both(ticket, other, actor, now)
        if not _forget(ticket, other):
            return
        turns[ticket.pk].event("unlinked", other=other.reference)
        turns[other.pk].event("unlinked", other=ticket.reference)
        for turn in turns.values():
            turn.flush()


def _forget(one: Ticket, other: Ticket) -> int:
    pair = [one.pk, other.pk]
    gone, _each = TicketLink.objects.filter(ticket__in=pair, other__in=pair).delete()
    return gone


def _both(one: Ticket, other: Ticket, actor: Actor, now: datetime) -> dict[int, Turn]:
    """A turn on each, locked in the order of their keys, so that two cannot wait for each other."""
    rows = (
        Ticket.objects.select_for_update(of=("self",))
        .select_related("store", "claim")
        .order_by("pk")
    )
    turns: dict[int, Turn] = {}
    for row in rows.filter(pk__in=[one.pk, other.pk]):
        permit(actor, row.store, "work", row.customer_id)
        turns[row.pk] = Turn(
            actor=actor, now=now, store=row.store, ticket=row, claim=getattr(row, "claim", None)
        )
    return turns
