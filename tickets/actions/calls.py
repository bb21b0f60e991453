"""A telephone call becomes part of the story: on an open ticket, or as a new one."""

from __future__ import annotations

import re
import uuid
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _

from policies.publish import in_force, pack_of
from policies.types import Facts, Request
from tickets.actions import snoozing
from tickets.actions.base import Turn, ticket_turn
from tickets.actions.deeds import ANSWER_KINDS
from tickets.actions.drafts import Preview, answer, identify, judge_facts, start_draft
from tickets.actions.people import customer_by_email
from tickets.actions.requests import OTHER, Opening, open_by_phone
from tickets.actions.shares import is_partner
from tickets.actions.wording import clean
from tickets.actor import Actor
from tickets.errors import Conflict, InvalidInput
from tickets.facts import order_facts
from tickets.lifecycle import TicketState, WaitingFor
from tickets.models import Customer, Draft, Message, Order, Store, Ticket
from tickets.permissions import permit

CHANNEL = "phone"
FEWEST_DIGITS, LONGEST_PHONE = 5, 40
_OVER = (TicketState.SOLVED, TicketState.CLOSED)


@dataclass(frozen=True, slots=True)
class Call:
    """What came of a call.

    ``ticket`` is the open one that it was about, ``None`` for a new one, which may be about an
    ``order``. ``phone`` is the number they called from, kept where none is known. ``solved``:
    nobody owes them anything any more. ``send_form``: the claim's form goes to them by mail.
    """

    request: str
    note: str
    ticket: Ticket | None = None
    order: Order | None = None
    phone: str = ""
    solved: bool = False
    send_form: bool = False


@dataclass(frozen=True, slots=True)
class Caller:
    """Somebody whom the store does not know yet. The address is what makes a customer one."""

    email: str
    name: str = ""
    phone: str = ""


def log_call(
    customer: Customer, call: Call, *, actor: Actor, now: datetime, form_key: uuid.UUID
) -> Ticket:
    """Keep a call: a note for colleagues on its ticket, or a new ticket with what they said.

    The same ``form_key`` twice is one call. Nobody is mailed, but for a new ticket on which
    the customer is owed an answer, and where the form was asked for.

    Raises:
        InvalidInput: nothing written or too much; another customer's ticket or order; a
            number that is none; no form for such a request.
        Conflict: it cannot be solved on the telephone, its claim is still open.
        NotAllowed: this person does not work in the customer's store.
    """
    text = clean(call.note)
    phone = clean_phone(call.phone)
    with transaction.atomic():
        store = Store.objects.get(pk=customer.store_id)
        permit(actor, store, "work")
        # The customer's row is the lock: a form sent twice at once waits here.
        rows = Customer.objects.select_for_update(no_key=True)
        caller = rows.get(pk=customer.pk)
        before = Message.objects.select_related("ticket").filter(form_key=form_key).first()
        if before is not None:
            return _again(before, caller)
        _theirs(caller, call)
        learned = _learn_phone(caller, phone)
        form = _form(store, caller, call, now) if call.send_form else None
        data: dict[str, Any] = {"request": call.request, "solved": call.solved}
        data |= {"phone_learned": True} if learned else {}
        data |= {"form": form.pk} if form is not None else {}
        if call.ticket is not None:
            return _on_ticket(call.ticket, text, call, data, actor, now, form_key)
        return _new(store, caller, text, call, data, actor, now, form_key)


def log_call_of_stranger(
    store: Store, caller: Caller, call: Call, *, actor: Actor, now: datetime, form_key: uuid.UUID
) -> Ticket:
    """The same for somebody whom the store does not know yet, in one transaction.

    An address that is known names its customer: what is known of them stays as it is.

    Raises:
        InvalidInput: as above, or this is no address.
        NotAllowed: this person does not work in the store.
    """
    with transaction.atomic():
        permit(actor, store, "work")
        clean(call.note)
        clean_phone(caller.phone)
        key = Customer.key(caller.email)
        known = Customer.objects.filter(store=store, email_key=key).exists()
        customer = customer_by_email(store, caller.email.strip(), name=caller.name)
        # Whoever says somebody's address has not shown to be them: no number is learned of it.
        phone = "" if known else caller.phone
        told = Call(call.request, call.note, phone=phone, solved=call.solved)
        return log_call(customer, told, actor=actor, now=now, form_key=form_key)


def clean_phone(typed: str) -> str:
    """A telephone number as it was typed, fit to be kept; empty for none.

    Raises:
        InvalidInput: it holds other signs than numbers have, or too few or too many digits.
    """
    text = " ".join(typed.replace("\x00", "").split())
    if not text:
        return ""
    digits = sum(sign.isdigit() for sign in text)
    known = re.fullmatch(r"\+?[\d\s()./-]+", text, re.ASCII) is not None
    if not known or digits < FEWEST_DIGITS or len(text) > LONGEST_PHONE:
        raise InvalidInput(_("Please type a telephone number, or leave it empty."), "phone")
    return text


def _again(before: Message, customer: Customer) -> Ticket:
    if before.ticket.customer_id != customer.pk:
        raise Conflict(_("This form was used already. Please open the page again."))
    return before.ticket


def _theirs(customer: Customer, call: Call) -> None:
    if call.ticket is not None and call.ticket.customer_id != customer.pk:
        raise InvalidInput(_("This is somebody else's ticket."), "ticket")
    if call.order is not None and not is_partner(call.order, customer):
        raise InvalidInput(_("This is somebody else's order."), "order")


def _learn_phone(customer: Customer, phone: str) -> bool:
    """Keep the number where none is known; one that is known is theirs to change."""
    if not phone or customer.phone:
        return False
    return bool(Customer.objects.filter(pk=customer.pk, phone="").update(phone=phone))


def _form(store: Store, customer: Customer, call: Call, now: datetime) -> Draft:
    """The claim's form, begun for them: the order and what has happened are filled in."""
    order = call.order or (call.ticket.order if call.ticket is not None else None)
    if order is None or not is_partner(order, customer):
        raise InvalidInput(_("Choose the order, so that the form can begin with it."), "order")
    pack = pack_of(in_force(store.pk, order.placed_at))
    if call.request not in {str(name) for name in pack.claim_requests}:
        told = _("There is no form for this: it is no claim. Log the call without it.")
        raise InvalidInput(told, "send_form")
    clues = {"locale": customer.locale, "time_zone": customer.time_zone}
    order.claimant = customer if order.customer_id != customer.pk else None
    draft = identify(start_draft(store, now=now), order, now=now)
    kept = {key: value for key, value in clues.items() if value}
    return answer(draft, request=call.request, answers=kept, now=now)


def _on_ticket(
    ticket: Ticket,
    text: str,
    call: Call,
    data: dict[str, Any],
    actor: Actor,
    now: datetime,
    form_key: uuid.UUID,
) -> Ticket:
    with ticket_turn(ticket.pk, "work", actor=actor, now=now, to_root=True) as turn:
        row = turn.ticket
        assert row is not None
        message = Message.objects.create(
            ticket=row,
            kind="note",
            author=actor.user,
            body=text,
            channel=CHANNEL,
            at=now,
            form_key=form_key,
        )
        row.answered_at = row.answered_at or now
        snoozing.wake(turn, "customer")
        if row.state in _OVER and not call.solved:
            turn.turn_to(TicketState.OPEN)
        _logged(turn, message, call, data)
    return row


def _new(
    store: Store,
    customer: Customer,
    text: str,
    call: Call,
    data: dict[str, Any],
    actor: Actor,
    now: datetime,
    form_key: uuid.UUID,
) -> Ticket:
    found = _judge(store, call, now)
    opening = Opening(
        store,
        customer,
        call.order,
        call.request,
        found.pack if found else pack_of(in_force(store.pk, now)),
        found,
        actor,
        now,
        form_key,
        CHANNEL,
    )
    owes = not (call.solved or call.send_form)
    turn, message = open_by_phone(opening, text, owes_answer=owes)
    _logged(turn, message, call, data)
    turn.flush()
    assert turn.ticket is not None
    return turn.ticket


def _judge(store: Store, call: Call, now: datetime) -> Preview | None:
    """What the rules say this minute; nothing where there is nothing to decide."""
    if call.request == OTHER:
        return None
    known = order_facts(call.order, request=call.request) if call.order is not None else None
    request = Request(call.request)
    facts = Facts(id="call", store=store.slug, request=request, at=now, order=known)
    return judge_facts(store.pk, call.order, facts)


def _logged(turn: Turn, message: Message, call: Call, data: dict[str, Any]) -> None:
    """The event, what it ends, and the mail where the customer has something coming."""
    ticket = turn.ticket
    assert ticket is not None
    due = next((one.due_at for one in turn.deadlines if one.kind in ANSWER_KINDS), None)
    if due is not None:
        data = {**data, "answer_due_at": due.isoformat()}
    event = turn.event("call_logged", message=message.pk, message_kind=message.kind, **data)
    if call.send_form or (call.ticket is None and not call.solved):
        turn.mail("call_logged", event)
    if call.solved:
        _solve(turn)
    elif call.send_form and turn.claim is None:
        turn.turn_to(TicketState.WAITING, WaitingFor.CUSTOMER)


def _solve(turn: Turn) -> None:
    ticket = turn.ticket
    assert ticket is not None
    if turn.claim is not None and turn.claim.is_open:
        raise Conflict(_("The claim on this ticket is still open. Decide it first."))
    turn.settle(ticket, ANSWER_KINDS)
    if ticket.state not in _OVER:
        turn.turn_to(TicketState.SOLVED)
        turn.event("ticket_solved")
