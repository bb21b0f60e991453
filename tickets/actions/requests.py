"""A request that is no claim becomes a ticket: accepted by a rule, or written to a person."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _

from policies.evaluate import explain
from policies.pack import Pack
from policies.publish import in_force, pack_of
from policies.types import Facts, Request, Verdict
from tickets.actions import custody
from tickets.actions.base import Turn
from tickets.actions.drafts import Preview, form_key_of, judge, judge_facts
from tickets.actions.files_to_send import files_to_send
from tickets.actions.guidance import count
from tickets.actions.inquiries import end, tell, ticket_of
from tickets.actions.people import learn
from tickets.actions.trace import decision_data
from tickets.actions.watch import taken_up
from tickets.actions.wording import clean
from tickets.actor import Actor
from tickets.errors import CannotFile, InvalidInput
from tickets.facts import facts_of_draft
from tickets.lifecycle import PickupState, TicketState
from tickets.models import (
    Customer,
    Draft,
    Event,
    Evidence,
    Message,
    Order,
    Pickup,
    Store,
    Ticket,
)
from tickets.models.claim import FILED_VERDICTS
from tickets.models.ticket import NORMAL, URGENT
from tickets.permissions import permit
from tickets.references import new_reference

# What stands on no list: nothing to decide, a person reads it.
OTHER = "other"
# What a request must say of itself before anybody can act on it.
NEEDS: Mapping[str, tuple[str, ...]] = {
    "change_address": ("name", "street", "city", "postcode", "country"),
    "delete_account": ("confirmed",),
}
# What can be asked only of an order that has not left, and no more once it was cancelled.
_BEFORE_IT_LEAVES = frozenset(
    {"cancel_order", "change_address", "order_not_shipped", "preorder", "pickup"}
)
_OPEN = (TicketState.NEW, TicketState.OPEN, TicketState.WAITING)


# What changes a whole order: of several who ordered together only the buyer may ask for it.
BUYERS_ALONE = ("cancel_order", "change_address", "pickup")


@dataclass(frozen=True, slots=True)
class Opening:
    """What a ticket is opened from: who asks, about what, and what the rules say of it."""

    store: Store
    customer: Customer
    order: Order | None
    request: str
    pack: Pack
    found: Preview | None
    actor: Actor
    now: datetime
    form_key: uuid.UUID
    channel: str = ""


def can_send(pack: Pack, found: Preview | None, *, has_order: bool) -> bool:
    """Whether a draft can be sent as a request: accepted, no claim, and the order is known."""
    if found is None or found.facts.request in pack.claim_requests:
        return False
    known = has_order or not pack.asks_order(found.facts.request)
    return found.decision.verdict == Verdict.ACCEPTED and known


def is_over(order: Order | None, request: str) -> bool:
    """Whether the order was cancelled, so that nothing of it can be sent, changed or fetched."""
    if order is None or order.cancelled_at is None or request not in _BEFORE_IT_LEAVES:
        return False
    if request == "pickup":  # what was not fetched in time is told by its own rule
        return Pickup.objects.filter(order=order, state=PickupState.CANCELLED).exists()
    return not order.shipments.filter(shipped_at__isnull=False).exists()


def open_request(
    draft: Draft,
    *,
    customer: Customer,
    details: Mapping[str, str],
    note: str = "",
    actor: Actor,
    now: datetime,
) -> Ticket:
    """Send what the rule accepts: a ticket with its priority and the date of its answer.

    Sent twice it is one ticket. While another request of this type is open for the same order,
    what was typed is added to that one.

    Raises:
        CannotFile: by the rules of this moment it is not accepted (any more).
        InvalidInput: something is missing that it cannot do without.
        NotAllowed: the actor is neither this customer nor staff of the store.
    """
    with transaction.atomic():
        row = _lock(draft)
        before = ticket_of(row)
        if before is not None:
            return before
        permit(actor, row.store, "file", customer.pk)
        if row.claimant_id is not None and row.request in BUYERS_ALONE:
            raise InvalidInput(_("Only the person who placed the order can ask for this."))
        order = row.order
        if order is not None:  # two of one order wait for each other here
            order = Order.objects.select_for_update().get(pk=order.pk)
            learn(customer, row.answers)
        found = judge(row, facts_of_draft(row, now))
        if is_over(order, row.request):
            raise CannotFile(_("The order is cancelled already."), found.decision)
        if not can_send(found.pack, found, has_order=row.order is not None):
            told = " ".join(explain(found.pack, found.facts, found.decision))
            raise CannotFile(told, found.decision)
        opening = Opening(
            row.store,
            customer,
            row.order,
            row.request,
            found.pack,
            found,
            actor,
            now,
            form_key_of(row),
        )
        needed = _details(row.request, details)
        tell(row, found, now=now)
        twin = _open_twin(opening)
        if twin is not None:
            return _add_to(twin, opening, row, needed, note)
        turn = _ticket(opening)
        ticket = turn.ticket
        assert ticket is not None
        said = {"message": _say(opening, ticket, note).pk} if note.strip() else {}
        _moves_over(row, ticket, actor, now)
        event = _event(turn, opening, "request_accepted", details=needed, **said)
        if ticket.priority == URGENT:
            turn.alert(event)
        turn.flush()
        taken_up(row.order, row.request, now)
        end(row, "filed", ticket, now=now)
    return ticket


def write(
    draft: Draft,
    body: str,
    *,
    customer: Customer,
    order: Order | None = None,
    actor: Actor,
    now: datetime,
) -> Ticket:
    """Write to a person about what a draft asks; the ticket keeps what the rules said of it.

    ``order`` is one that was named only now, where the draft has none.

    Raises:
        InvalidInput: nothing written, or too much.
        NotAllowed: the actor is neither this customer nor staff of the store.
    """
    text = clean(body)
    with transaction.atomic():
        row = _lock(draft)
        before = ticket_of(row)
        if before is not None:
            return before
        permit(actor, row.store, "file", customer.pk)
        if row.order is not None:
            learn(customer, row.answers)
        found = None if row.request == OTHER else judge(row, facts_of_draft(row, now))
        pack = found.pack if found else pack_of(in_force(row.store_id, now))
        opening = Opening(
            row.store,
            customer,
            row.order or order,
            row.request,
            pack,
            found,
            actor,
            now,
            form_key_of(row),
        )
        if found is not None:
            tell(row, found, now=now)
        turn = _written(opening, text)
        ticket = turn.ticket
        assert ticket is not None
        _moves_over(row, ticket, actor, now)
        end(row, "wrote", ticket, now=now)
    return ticket


def write_about(
    store: Store,
    request: str,
    body: str,
    *,
    customer: Customer,
    order: Order | None,
    form_key: uuid.UUID,
    now: datetime,
) -> Ticket:
    """Write to a person after a general answer, or about anything; sent twice it is one.

    Raises:
        InvalidInput: nothing written, or too much.
    """
    text = clean(body)
    actor = Actor.of_customer(customer)
    with transaction.atomic():
        permit(actor, store, "file", customer.pk)
        # The customer's row is the lock: a form sent twice at once waits here.
        Customer.objects.select_for_update().get(pk=customer.pk)
        before = Message.objects.select_related("ticket").filter(form_key=form_key).first()
        if before is not None:
            return before.ticket
        found = None if request == OTHER else _judge_general(store, request, now)
        pack = found.pack if found else pack_of(in_force(store.pk, now))
        opening = Opening(store, customer, order, request, pack, found, actor, now, form_key)
        ticket = _written(opening, text).ticket
        assert ticket is not None
        if found is not None:
            count(store, "answer", request, "wrote", now=now)
    return ticket


def _judge_general(store: Store, request: str, now: datetime) -> Preview:
    facts = Facts(id="question", store=store.slug, request=Request(request), at=now)
    return judge_facts(store.pk, None, facts)


def _lock(draft: Draft) -> Draft:
    rows = Draft.objects.select_for_update(of=("self",))
    return rows.select_related("store", "order__customer").get(pk=draft.pk)


def _details(request: str, typed: Mapping[str, str]) -> dict[str, str]:
    """What the request must say of itself, as it was typed, and nothing else."""
    found = {key: value.strip()[:200] for key, value in typed.items() if value.strip()}
    for name in NEEDS.get(request, ()):
        if name not in found:
            raise InvalidInput(_("We need this to do what you ask."), name)
    return found


def _open_twin(opening: Opening) -> Ticket | None:
    """An open request of this type of the same customer for the same order."""
    if opening.order is None:
        return None
    return (
        Ticket.objects.select_for_update(of=("self",))
        .select_related("store", "customer", "order")
        .filter(
            order=opening.order,
            customer=opening.customer,
            request=opening.request,
            state__in=_OPEN,
            events__kind="request_accepted",
        )
        .first()
    )


def _add_to(
    twin: Ticket, opening: Opening, draft: Draft, details: dict[str, str], note: str
) -> Ticket:
    """The same was asked before: what is typed now goes there, and a person is told."""
    turn = Turn(actor=opening.actor, now=opening.now, store=opening.store, ticket=twin)
    if note.strip():
        message = _say(opening, twin, note)
        turn.event("message_added", message=message.pk, message_kind="customer")
    event = turn.event("request_repeated", request=opening.request, details=details)
    twin.last_speaker = "customer"
    turn.turn_to(TicketState.OPEN)
    if twin.priority == URGENT:
        turn.alert(event)
    _moves_over(draft, twin, opening.actor, opening.now)
    turn.flush()
    end(draft, "filed", twin, now=opening.now)
    return twin


def _ticket(opening: Opening) -> Turn:
    """The ticket's row, at its place in the queue, and the turn that is on it."""
    ticket = Ticket.objects.create(
        store=opening.store,
        reference=new_reference(),
        customer=opening.customer,
        order=opening.order,
        request=opening.request,
        subject=_subject(opening),
        priority=_priority(opening),
        channel=opening.channel,
        opened_at=opening.now,
        updated_at=opening.now,
    )
    return Turn(actor=opening.actor, now=opening.now, store=opening.store, ticket=ticket)


def _subject(opening: Opening) -> str:
    if opening.request == OTHER:
        return _("Something else")
    return opening.pack.label(opening.request, opening.store.locale)[:200]


def _priority(opening: Opening) -> int:
    """The pack's, where something can still be done; what the rule has ended is not urgent."""
    if opening.request == OTHER or opening.found is None:
        return NORMAL
    unknown = opening.found.facts.order is None and opening.pack.asks_order(opening.request)
    alive = opening.found.decision.verdict in FILED_VERDICTS
    return opening.pack.priority(opening.request) if unknown or alive else NORMAL


def _event(turn: Turn, opening: Opening, kind: str, **data: Any) -> Any:
    """The opening event with the decision on it, the deadline of the answer, and the mail."""
    event = _opened(turn, opening, kind, **data)
    _owe_answer(turn, opening, event)
    turn.mail("ticket_opened", event)
    return event


def _owe_answer(turn: Turn, opening: Opening, event: Event) -> None:
    """A person answers by a date, and the event says it."""
    ticket = turn.ticket
    assert ticket is not None
    request = opening.request if opening.request != OTHER else ""
    due_at = opening.pack.answer_due(
        request if request and ticket.priority == opening.pack.priority(request) else "",
        opening.now,
    )
    event.data["answer_due_at"] = due_at.isoformat()
    turn.due(ticket, "answer_due", due_at)


def _opened(turn: Turn, opening: Opening, kind: str, **data: Any) -> Event:
    """The opening event with the decision on it."""
    found = opening.found
    decided: dict[str, Any] = {}
    if found is not None:
        decided = {
            "rule": found.decision.rule,
            "version": found.version,
            **decision_data(found.decision, found.facts, found.pack),
        }
    return turn.event(kind, request=opening.request, **decided, **data)


def open_by_phone(opening: Opening, text: str, *, owes_answer: bool) -> tuple[Turn, Message]:
    """What a customer said on the telephone, as a ticket of theirs; the caller ends the turn.

    A person has answered already. ``owes_answer``: somebody still owes them more.
    """
    turn = _ticket(opening)
    ticket = turn.ticket
    assert ticket is not None
    ticket.answered_at = opening.now
    message = _say(opening, ticket, text)
    event = _opened(turn, opening, "ticket_opened", message=message.pk, channel=opening.channel)
    if owes_answer:
        _owe_answer(turn, opening, event)
        if ticket.priority == URGENT:
            turn.alert(event)
    return turn, message


def _written(opening: Opening, text: str) -> Turn:
    turn = _ticket(opening)
    assert turn.ticket is not None
    said = _say(opening, turn.ticket, text)
    event = _event(turn, opening, "ticket_opened", message=said.pk)
    if turn.ticket.priority == URGENT:
        turn.alert(event)
    turn.flush()
    return turn


def _say(opening: Opening, ticket: Ticket, text: str) -> Message:
    # On the telephone it is the customer who spoke, whoever has written it down.
    by_staff = opening.actor.kind == "staff" and opening.channel != "phone"
    return Message.objects.create(
        ticket=ticket,
        kind="agent" if by_staff else "customer",
        author=opening.actor.user if by_staff else None,
        body=clean(text),
        channel=opening.channel,
        at=opening.now,
        form_key=opening.form_key,
    )


def _moves_over(draft: Draft, ticket: Ticket, actor: Actor, now: datetime) -> None:
    """The files handed in become the ticket's.

    Raises:
        Conflict: one of them is still on its way; ``field`` is ``files``.
    """
    files = [row for row in files_to_send(draft, now) if row.ticket_id is None]
    Evidence.objects.filter(pk__in=[row.pk for row in files]).update(ticket=ticket)
    custody.begin(files, "filed", actor=actor, now=now)
