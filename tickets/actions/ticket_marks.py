"""What staff put on a ticket: a later day, tags, a priority, watchers, links to others."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta

from django.db import transaction
from django.utils.translation import gettext as _

from tickets.actions import snoozing
from tickets.actions.base import Turn, ticket_turn
from tickets.actor import Actor
from tickets.errors import Conflict, InvalidInput
from tickets.lifecycle import TicketState
from tickets.models import Tag, Ticket, TicketLink, TicketTag, User, Watcher
from tickets.models.marks import LINK_KINDS
from tickets.models.ticket import PRIORITIES
from tickets.permissions import may, permit

LONGEST_SNOOZE = timedelta(days=366)
MOST_TAGS, LONGEST_TAG = 20, 40
_OPEN = (TicketState.NEW, TicketState.OPEN, TicketState.WAITING)


def snooze(ticket: Ticket, until: datetime, *, actor: Actor, now: datetime) -> None:
    """Take a ticket out of the queues until an instant, or until the customer speaks.

    Raises:
        InvalidInput: ``until`` is not ahead, or more than a year away.
        Conflict: the ticket is solved or closed.
    """
    with ticket_turn(ticket.pk, "work", actor=actor, now=now) as turn:
        assert turn.ticket is not None
        if not now < until <= now + LONGEST_SNOOZE:
            raise InvalidInput(_("Choose a time ahead, within a year."), "until")
        if turn.ticket.state not in _OPEN:
            raise Conflict(_("It is solved: there is nothing to put off."))
        if turn.ticket.snoozed_until != until:
            snoozing.put_off(turn, until)


def unsnooze(ticket: Ticket, *, actor: Actor, now: datetime) -> None:
    """Bring a ticket back into the queues now; awake, it stays so."""
    with ticket_turn(ticket.pk, "work", actor=actor, now=now) as turn:
        snoozing.wake(turn, "hand")


def tag_key(name: str) -> str:
    """How tags are compared: ``VIP  buyer`` and ``vip buyer`` are one."""
    return " ".join(name.split()).casefold()


def set_tags(ticket: Ticket, names: Iterable[str], *, actor: Actor, now: datetime) -> None:
    """Let a ticket have exactly these tags; those that the store has not yet are made.

    Raises:
        InvalidInput: too many, or one that is too long.
    """
    wanted = {tag_key(name): " ".join(name.split()) for name in names if name.strip()}
    if len(wanted) > MOST_TAGS:
        raise InvalidInput(_("At most %(n)d tags, please.") % {"n": MOST_TAGS}, "tags")
    if any(len(text) > LONGEST_TAG for pair in wanted.items() for text in pair):
        raise InvalidInput(_("A tag has at most %(n)d characters.") % {"n": LONGEST_TAG}, "tags")
    with ticket_turn(ticket.pk, "work", actor=actor, now=now) as turn:
        assert turn.ticket is not None
        has = dict(TicketTag.objects.filter(ticket=turn.ticket).values_list("tag__key", "tag_id"))
        added, removed = sorted(wanted.keys() - has.keys()), sorted(has.keys() - wanted.keys())
        if not added and not removed:
            return
        store = turn.store
        Tag.objects.bulk_create(
            [Tag(store=store, key=key, name=wanted[key]) for key in added], ignore_conflicts=True
        )
        found = Tag.objects.filter(store=store, key__in=added)
        TicketTag.objects.bulk_create(TicketTag(ticket=turn.ticket, tag=tag) for tag in found)
        gone = [has[key] for key in removed]
        TicketTag.objects.filter(ticket=turn.ticket, tag__in=gone).delete()
        turn.event("tagged", added=[wanted[key] for key in added], removed=removed)


def set_priority(ticket: Ticket, priority: int, *, actor: Actor, now: datetime) -> None:
    """Say how urgent a ticket is (0 urgent … 3 low); its place in the queue follows.

    Raises:
        InvalidInput: there is no such priority.
    """
    if priority not in PRIORITIES:
        raise InvalidInput(_("Choose one of the priorities."), "priority")
    with ticket_turn(ticket.pk, "work", actor=actor, now=now) as turn:
        assert turn.ticket is not None
        before = turn.ticket.priority
        if before == priority:
            return
        turn.ticket.priority = priority
        turn.event("priority_set", before=before, after=priority)


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
