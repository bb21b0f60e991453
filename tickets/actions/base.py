"""What every action shares: one lock, one transaction, and the rows that are its trace.

An action opens a :class:`Turn` on a ticket or a pickup, changes what it changes, and
tells the turn which events, mails and deadlines follow. They are written together at
the end of the same transaction; after the commit Celery is nudged, which only makes
sooner what the sweeps would find anyway.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _

from supportdesk.nudge import drain_outbox as nudge
from supportdesk.nudge import drain_outbox_later as nudge_later
from supportdesk.nudge import index_words, run_automations
from tickets.actions import clocks, retention, snoozing, watching
from tickets.actions.ledger import Ledger
from tickets.actor import Actor
from tickets.errors import Conflict
from tickets.lifecycle import DeadlineState, TicketState, WaitingFor
from tickets.models import (
    Claim,
    Customer,
    Deadline,
    Event,
    Inquiry,
    Order,
    Outbox,
    Pickup,
    Refund,
    Shipment,
    Store,
    Ticket,
    User,
)
from tickets.permissions import permit

Subject = Claim | Pickup | Refund | Ticket | Inquiry | Shipment | Order


@dataclass
class Turn:
    """One action's turn on one subject, under its lock. Flushed once, at the end."""

    actor: Actor
    now: datetime
    store: Store
    ticket: Ticket | None = None
    pickup: Pickup | None = None
    claim: Claim | None = None
    order: Order | None = None
    inquiry: Inquiry | None = None
    ledger: Ledger = field(default_factory=Ledger)
    events: list[Event] = field(default_factory=list)
    mails: list[Outbox] = field(default_factory=list)
    deadlines: list[Deadline] = field(default_factory=list)
    hold: timedelta = timedelta()  # how long its mails wait, so that it can be taken back
    _deadlines_touched: bool = False
    _outcome_before: str = field(init=False, default="")
    _state_before: str = field(init=False, default="")

    def __post_init__(self) -> None:
        self._outcome_before = retention.outcome_of(self.ticket, self.claim)
        self._state_before = self.ticket.state if self.ticket is not None else ""

    @property
    def subject(self) -> Ticket | Pickup | Order | Inquiry:
        """What the turn is on, and its events are of."""
        found = self.ticket or self.pickup or self.order or self.inquiry
        assert found is not None
        return found

    def event(self, kind: str, *, rule: str = "", version: Any = None, **data: Any) -> Event:
        """Add one event; it gets the subject's next number and is saved at the flush."""
        subject = self.subject
        subject.last_seq += 1
        event = Event(
            store=self.store,
            ticket=self.ticket,
            claim=self.claim if self.ticket else None,
            pickup=self.pickup if not self.ticket else None,
            order=self.order,
            inquiry=self.inquiry,
            seq=subject.last_seq,
            kind=kind,
            at=self.now,
            rule=rule,
            policy_version=version,
            data=data,
            **self.actor.on_event(),
        )
        self.events.append(event)
        return event

    def mail(self, template: str, event: Event, *, customer: Customer | None = None) -> None:
        """Mail the customer about this event: an outbox row in the same transaction."""
        to = customer or (self.ticket.customer if self.ticket else None)
        if to is None and self.pickup is not None:
            to = self.pickup.order.customer
        if to is None and self.order is not None:
            to = self.order.customer
        if to is None and self.inquiry is not None:
            to = self.inquiry.customer
        self._queue(template, event, to_customer=to)

    def alert(self, event: Event) -> None:
        """Tell the store's staff about this event."""
        self._queue("staff_alert", event, to_store=True)

    def tell(self, template: str, event: Event, user: User) -> None:
        """Mail one member of staff about this event."""
        self._queue(template, event, to_user=user)

    def _queue(self, template: str, event: Event, **to: Any) -> None:
        self.mails.append(
            Outbox(
                store=self.store,
                event=event,
                template=template,
                wake_at=self.now + self.hold,
                pickup=self.pickup,
                cycle=self.pickup.cycle if self.pickup else None,
                **to,
            )
        )

    def due(
        self,
        subject: Subject,
        kind: str,
        due_at: datetime,
        *,
        step: int = 0,
        cycle: int = 1,
        wake_at: datetime | None = None,
    ) -> None:
        """Set a deadline. ``wake_at`` is when the sweep acts, where that is later."""
        self._deadlines_touched = True
        self.deadlines.append(
            Deadline(
                store=self.store,
                kind=kind,
                step=step,
                cycle=cycle,
                due_at=due_at,
                wake_at=wake_at or due_at,
                **{_column(subject): subject},
            )
        )

    def settle(
        self, subject: Subject, kinds: Iterable[str], state: DeadlineState = DeadlineState.MET
    ) -> None:
        """Close what still waits of these kinds; what was overdue is met, but late."""
        self._deadlines_touched = True
        self.ledger.settle(subject, kinds, state, self.now)

    def deadlines_touched(self) -> None:
        """Say that the ticket's next due date is to be found anew."""
        self._deadlines_touched = True

    def turn_to(self, state: TicketState, waiting_for: WaitingFor = WaitingFor.NOBODY) -> None:
        """Say whose turn it is in the conversation now.

        Raises:
            Conflict: it is part of another conversation now, and has no turns of its own.
        """
        assert self.ticket is not None
        if self.ticket.merged_into_id is not None:
            raise Conflict(_("This was merged into another ticket. Take it apart first."))
        self.ticket.state = state
        self.ticket.waiting_for = waiting_for

    def saw(self, seen: int | None) -> None:
        """Refuse to act on a page that is out of date; the conflict carries what happened.

        Raises:
            Conflict: something happened after the event numbered ``seen``.
        """
        subject = self.subject
        if seen is None or subject.last_seq == seen:
            return
        last = subject.events.select_related("actor_user", "actor_customer").last()
        raise Conflict(_("Something happened here since you opened this page."), last)

    def flush(self) -> None:
        """Write the trace and the subject itself."""
        self.finish()
        write([self])
        if self.ticket is not None:
            self.stamp(self.ticket)
            self.ticket.save()
        if self.pickup is not None:
            self.pickup.save()
        if self.order is not None:
            self.order.save(update_fields=["last_seq", "cancelled_at"])
        if self.inquiry is not None:
            self.inquiry.save()

    def finish(self) -> None:
        """Let all that goes by where the ticket stands now follow; writes no trace."""
        retention.follow(self, self._outcome_before)
        snoozing.follow(self, self._state_before)
        clocks.follow(self)
        watching.tell_watchers(self)

    def stamp(self, ticket: Ticket) -> None:
        """Set what follows from the trace, once that is written: the next date, and the last.

        Reminders on the way to a date do not count as one.
        """
        if self._deadlines_touched:
            found = (self.ledger.promised(ticket), clocks.due_of(ticket))
            ticket.next_due_at = min((at for at in found if at is not None), default=None)
        if self.events:
            ticket.updated_at = self.now

    def write(self) -> None:
        """Write the trace alone."""
        write([self])


def write(turns: Sequence[Turn]) -> None:
    """Write the trace of turns, in as few statements as there are tables."""
    events = [event for turn in turns for event in turn.events]
    Event.objects.bulk_create(events)
    mails = [mail for turn in turns for mail in turn.mails]
    Outbox.objects.bulk_create(mails)
    Deadline.objects.bulk_create(row for turn in turns for row in turn.deadlines)
    if mails:
        transaction.on_commit(nudge_later if turns[0].hold else nudge)
    if any(event.kind in _SAYS_SOMETHING for event in events):
        transaction.on_commit(index_words)
    if any(event.ticket_id is not None for event in events):
        transaction.on_commit(run_automations)


# What people can look for once it has happened.
_SAYS_SOMETHING = frozenset({"message_added", "ticket_opened", "claim_filed", "tagged"})


def _column(subject: Subject) -> str:
    """The deadline's column for a subject."""
    return type(subject).__name__.lower()


@contextmanager
def ticket_turn(
    ticket_id: int, verb: str, *, actor: Actor, now: datetime, to_root: bool = False
) -> Iterator[Turn]:
    """Lock a ticket (and its claim), let the actor through, and flush at the end.

    ``to_root``: of a ticket that was merged into another the turn is on that other one.
    """
    while True:
        with transaction.atomic():
            ticket = (
                Ticket.objects.select_for_update(of=("self",))
                .select_related("store", "customer", "order")
                .get(pk=ticket_id)
            )
            if to_root and ticket.merged_into_id is not None:
                # Whoever holds the other waits for this one: so it is let go before.
                ticket_id = ticket.merged_into_id
                transaction.set_rollback(True)
                continue
            permit(actor, ticket.store, verb, ticket.customer_id)
            claim = claim_under_lock(ticket)
            turn = Turn(actor=actor, now=now, store=ticket.store, ticket=ticket, claim=claim)
            yield turn
            turn.flush()
            return


def claim_under_lock(ticket: Ticket) -> Claim | None:
    """The claim of a ticket that is locked, its row locked too."""
    claim = (
        Claim.objects.select_for_update(of=("self",))
        .select_related("order", "policy_version")
        .defer("policy_version__source")
        .filter(ticket=ticket)
        .first()
    )
    if claim is not None:
        claim.ticket = ticket
    return claim


@contextmanager
def pickup_turn(pickup_id: int, verb: str, *, actor: Actor, now: datetime) -> Iterator[Turn]:
    """Lock a pickup, let the actor through, and flush at the end."""
    with transaction.atomic():
        pickup = (
            Pickup.objects.select_for_update(of=("self",))
            .select_related("store", "order__customer")
            .get(pk=pickup_id)
        )
        permit(actor, pickup.store, verb)
        turn = Turn(actor=actor, now=now, store=pickup.store, pickup=pickup)
        yield turn
        turn.flush()


@contextmanager
def order_turn(order_id: int, verb: str, *, actor: Actor, now: datetime) -> Iterator[Turn]:
    """Lock an order, let the actor through, and flush at the end."""
    with transaction.atomic():
        order = (
            Order.objects.select_for_update(of=("self",))
            .select_related("store", "customer")
            .get(pk=order_id)
        )
        permit(actor, order.store, verb, order.customer_id)
        turn = Turn(actor=actor, now=now, store=order.store, order=order)
        yield turn
        turn.flush()


@contextmanager
def inquiry_turn(inquiry_id: int, verb: str, *, actor: Actor, now: datetime) -> Iterator[Turn]:
    """Lock an inquiry, let the actor through, and flush at the end."""
    with transaction.atomic():
        inquiry = (
            Inquiry.objects.select_for_update(of=("self",))
            .select_related("store", "customer", "order__customer", "draft")
            .get(pk=inquiry_id)
        )
        permit(actor, inquiry.store, verb, inquiry.customer_id)
        turn = Turn(actor=actor, now=now, store=inquiry.store, inquiry=inquiry)
        yield turn
        turn.flush()
