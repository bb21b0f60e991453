"""The conversation: say something, open a ticket, take one."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from datetime import datetime

from django.db import transaction
from django.utils.translation import gettext as _

from tickets.actions import deeds, follow_up
from tickets.actions.attachments import Attached, put_on
from tickets.actions.base import Turn, ticket_turn
from tickets.actions.deeds import ANSWER_KINDS
from tickets.actions.mentions import call
from tickets.actions.wording import clean
from tickets.actor import Actor
from tickets.errors import Conflict
from tickets.lifecycle import ClaimState, TicketState, WaitingFor
from tickets.models import Customer, Event, Message, Order, Store, Ticket, User
from tickets.permissions import permit
from tickets.placeholders import must_be_filled
from tickets.references import new_reference

# Whose turn it is once we have answered, by the state of the claim.
_WAITS: dict[str, WaitingFor] = {
    ClaimState.AWAITING_EVIDENCE: WaitingFor.CUSTOMER,
    ClaimState.AWAITING_RETURN: WaitingFor.CUSTOMER,
    ClaimState.WITH_MANUFACTURER: WaitingFor.MANUFACTURER,
}


def say(
    ticket: Ticket,
    body: str,
    *,
    kind: str,
    actor: Actor,
    now: datetime,
    form_key: uuid.UUID | None = None,
    seen: int | None = None,
    channel: str = "",
    then_state: str = "",
    mentions: Sequence[User] = (),
    attachments: Sequence[Attached] = (),
) -> Message:
    """Add a message: from the ``customer``, an ``agent`` (mailed), or a ``note`` for staff.

    The same ``form_key`` twice is one message. An agent's reply waits for the customer, unless
    ``then_state`` says ``open``, ``waiting`` or ``solved``; a customer's answer opens a solved
    ticket again, and of a closed one begins a new ticket that is linked to it: the message
    returned is that one's. What is said on a ticket that was merged into another arrives there.
    ``mentions`` are called in a note; ``attachments`` are files of this
    ticket that nobody has sent yet, or such that have just been stored.

    Raises:
        InvalidInput: nothing written, too much, too many files, a placeholder that was left
            standing (agents only), or a person called who may not see the ticket.
        NotAllowed: this actor may not write here.
        Conflict: something happened since the page was opened (agents only); the ticket is
            closed; its claim is still open, so it cannot be solved.
    """
    text = clean(body)
    if kind == "agent":
        must_be_filled(text)
    verb = "say" if kind == "customer" else "work"
    with ticket_turn(ticket.pk, verb, actor=actor, now=now, to_root=True) as turn:
        row = turn.ticket
        assert row is not None
        if form_key is not None:
            before = Message.objects.filter(form_key=form_key).first()
            if before is not None:
                return before
        if kind == "agent":
            can_answer(turn, then_state, seen)
        if kind == "customer" and row.state == TicketState.CLOSED:
            return follow_up.begin(turn, text, form_key=form_key, attachments=attachments)
        message = Message.objects.create(
            ticket=row,
            kind=kind,
            author=actor.user if kind != "customer" else None,
            body=text,
            channel=channel,
            at=now,
            form_key=form_key,
        )
        files = put_on(turn, message, attachments) if attachments else []
        event = turn.event("message_added", message=message.pk, message_kind=kind)
        if files:
            event.data["files"] = files
        if mentions:
            event.data["mentions"] = [person.pk for person in mentions]
            call(turn, message, mentions, event)
        _whose_turn(turn, kind, event, then_state)
    return message


def can_answer(turn: Turn, then_state: str, seen: int | None) -> None:
    """Whether an agent may answer now, and the ticket may stand as they wish afterwards.

    Raises:
        Conflict: something happened meanwhile, the ticket is closed, or its claim is still open.
    """
    turn.saw(seen)
    ticket = turn.ticket
    assert ticket is not None
    if ticket.state == TicketState.CLOSED:
        raise Conflict(_("This conversation is closed. Open it again before you answer."))
    if then_state == "solved" and turn.claim is not None and turn.claim.is_open:
        raise Conflict(
            _("The claim on this ticket is still open. Decide it first."), field="then_state"
        )


def _whose_turn(turn: Turn, kind: str, event: Event, then_state: str) -> None:
    ticket = turn.ticket
    assert ticket is not None
    if kind == "note":
        return
    ticket.last_speaker = kind
    if kind == "customer":
        turn.turn_to(TicketState.OPEN)
        return
    turn.mail("message", event)
    turn.settle(ticket, ANSWER_KINDS)
    if then_state:
        _then(turn, then_state)
        return
    waits_for = WaitingFor.CUSTOMER if turn.claim is None else _WAITS.get(turn.claim.state)
    if ticket.state in (TicketState.NEW, TicketState.OPEN) and waits_for is not None:
        turn.turn_to(TicketState.WAITING, waits_for)
    elif ticket.state == TicketState.NEW:
        turn.turn_to(TicketState.OPEN)


def _then(turn: Turn, state: str) -> None:
    """Where the writer wants the ticket to stand after the reply."""
    assert turn.ticket is not None
    if state == "waiting":
        turn.turn_to(TicketState.WAITING, WaitingFor.CUSTOMER)
    elif state == "open":
        turn.turn_to(TicketState.OPEN)
    elif turn.ticket.state != TicketState.SOLVED:
        turn.turn_to(TicketState.SOLVED)
        turn.event("ticket_solved")


def open_ticket(
    store: Store,
    customer: Customer,
    *,
    order: Order | None,
    request: str,
    subject: str,
    body: str,
    actor: Actor,
    now: datetime,
    form_key: uuid.UUID | None = None,
) -> Ticket:
    """Open a conversation that is no claim: a question, or a request a person must answer.

    The same ``form_key`` twice is one ticket.
    """
    text = clean(body)
    with transaction.atomic():
        permit(actor, store, "file", customer.pk)
        # The customer's row is the lock: a form sent twice at once waits here.
        Customer.objects.select_for_update().get(pk=customer.pk)
        if form_key is not None:
            before = Message.objects.select_related("ticket").filter(form_key=form_key).first()
            if before is not None:
                return before.ticket
        ticket = Ticket.objects.create(
            store=store,
            reference=new_reference(),
            customer=customer,
            order=order,
            request=request,
            subject=subject[:200],
            opened_at=now,
            updated_at=now,
        )
        kind = "customer" if actor.kind == "customer" else "agent"
        message = Message.objects.create(
            ticket=ticket,
            kind=kind,
            author=actor.user,
            body=text,
            at=now,
            form_key=form_key,
        )
        turn = Turn(actor=actor, now=now, store=store, ticket=ticket)
        event = turn.event("ticket_opened", request=request, message=message.pk)
        turn.mail("ticket_opened", event)
        turn.flush()
    return ticket


def assign(ticket: Ticket, user: User | None, *, actor: Actor, now: datetime) -> Event | None:
    """Give a ticket to somebody, or back to all (``None``): see `deeds.assign`."""
    with ticket_turn(ticket.pk, "work", actor=actor, now=now) as turn:
        return deeds.assign(turn, user)


def set_solved(
    ticket: Ticket, *, actor: Actor, now: datetime, seen: int | None = None
) -> Event | None:
    """Close a conversation that has no open claim: see `deeds.solve`.

    Raises:
        Conflict: its claim is still open, or something happened meanwhile.
    """
    with ticket_turn(ticket.pk, "work", actor=actor, now=now) as turn:
        assert turn.ticket is not None
        if turn.ticket.state == TicketState.SOLVED:
            return None
        turn.saw(seen)
        return deeds.solve(turn)
