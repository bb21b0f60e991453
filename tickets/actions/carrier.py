"""A parcel is looked for: the carrier is asked, answers or does not, and a person decides."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal

from django.utils.translation import gettext as _

from policies.pack import Pack
from policies.publish import in_force, pack_of
from policies.types import Verdict
from tickets.actions import watch
from tickets.actions.base import Turn, order_turn
from tickets.actions.deeds import ANSWER_KINDS
from tickets.actions.money import request_refund_of_ticket
from tickets.actions.preorders import settle
from tickets.actions.stepping import step_turn
from tickets.actions.trace import decision_data
from tickets.actor import Actor
from tickets.errors import Conflict, InvalidInput
from tickets.lifecycle import DeadlineState, TicketState, WaitingFor
from tickets.models import Order, Shipment, Ticket
from tickets.models.event import standing_of
from tickets.permissions import permit
from tickets.references import new_reference

PARCEL_REQUESTS = tuple(request.value for request in watch.REQUESTS.values())
CARRIER_KINDS = ("carrier_due",)
_OVER = (TicketState.SOLVED, TicketState.CLOSED)


def _pack(turn: Turn) -> Pack:
    ticket = turn.ticket
    assert ticket is not None
    if ticket.request not in PARCEL_REQUESTS or ticket.order is None:
        raise InvalidInput(_("This request is about something else."))
    return pack_of(in_force(ticket.store_id, ticket.order.placed_at))


def _last_of(ticket: Ticket, *kinds: str) -> str:
    found = standing_of(ticket).filter(kind__in=kinds).order_by("-seq")
    return found.values_list("kind", flat=True).first() or ""


def _still_open(ticket: Ticket) -> None:
    if ticket.state in _OVER:
        raise Conflict(_("This request is over. Reopen it with a message first."))


def ask_carrier(
    ticket: Ticket,
    *,
    number: str = "",
    note: str = "",
    actor: Actor,
    now: datetime,
    seen: int | None = None,
) -> Ticket:
    """An inquiry was opened with the carrier: the ticket waits for it, up to a date. Twice is once.

    ``number`` is the carrier's own for its inquiry. The customer is told the date.

    Raises:
        InvalidInput: the request is not about a parcel.
        Conflict: it is over, or something happened meanwhile.
    """
    with step_turn(ticket.pk, "work", actor=actor, now=now) as turn:
        row = turn.ticket
        assert row is not None
        pack = _pack(turn)
        if row.waiting_for == WaitingFor.CARRIER:
            return row
        turn.saw(seen)
        _still_open(row)
        due_at = pack.calendar.window_closes(now, pack.carrier_days)
        turn.settle(row, ANSWER_KINDS)
        turn.settle(row, CARRIER_KINDS, DeadlineState.CANCELLED)
        cycle = row.events.filter(kind="carrier_asked").count() + 1
        turn.due(row, "carrier_due", due_at, cycle=cycle)
        event = turn.event("carrier_asked", number=number, note=note, due_at=due_at.isoformat())
        turn.mail("carrier_asked", event)
        turn.turn_to(TicketState.WAITING, WaitingFor.CARRIER)
    return row


def record_carrier_answer(
    ticket: Ticket,
    found: bool,
    *,
    note: str = "",
    actor: Actor,
    now: datetime,
    seen: int | None = None,
) -> Ticket:
    """What the carrier found out. A parcel that is found ends it; a lost one waits for a person.

    Raises:
        InvalidInput: the request is not about a parcel.
        Conflict: nobody asked the carrier, or something happened meanwhile.
    """
    with step_turn(ticket.pk, "work", actor=actor, now=now) as turn:
        row = turn.ticket
        assert row is not None
        _pack(turn)
        last = standing_of(row).filter(kind__in=("carrier_asked", "carrier_answered")).last()
        if last is None:
            raise Conflict(_("Nobody has asked the carrier yet."))
        if last.kind == "carrier_answered" and last.data.get("found") == found:
            return row
        turn.saw(seen)
        _still_open(row)
        turn.settle(row, CARRIER_KINDS)
        event = turn.event("carrier_answered", found=found, note=note)
        turn.mail("carrier_answered", event)
        turn.turn_to(TicketState.SOLVED if found else TicketState.OPEN)
    return row


def make_good(
    ticket: Ticket,
    outcome: str,
    *,
    amount: Decimal | None = None,
    tracking: str = "",
    note: str = "",
    actor: Actor,
    now: datetime,
    seen: int | None = None,
) -> Ticket:
    """A person decides what the customer gets for a parcel that is lost. Twice is once.

    A ``refund`` is requested, and paying it ends the request; a ``replacement`` is sent already.

    Raises:
        InvalidInput: another outcome, an amount that is nothing or more than the order's total,
            or a request that is not about a parcel.
        Conflict: the carrier has not given the parcel up, or something happened meanwhile.
    """
    if outcome not in ("refund", "replacement"):
        raise InvalidInput(_("Choose a refund or a replacement."), "outcome")
    with step_turn(ticket.pk, "work", actor=actor, now=now) as turn:
        row = turn.ticket
        assert row is not None
        pack = _pack(turn)
        before = standing_of(row).filter(kind="parcel_made_good").last()
        if before is not None and before.data.get("outcome") == outcome:
            return row
        turn.saw(seen)
        _still_open(row)
        if _last_of(row, "carrier_asked", "carrier_answered") != "carrier_answered":
            raise Conflict(_("The carrier has not answered yet."))
        order = row.order
        assert order is not None
        said = {"tracking": tracking} if outcome == "replacement" else {}
        event = turn.event("parcel_made_good", outcome=outcome, note=note, **said)
        if outcome == "refund":
            request_refund_of_ticket(turn, order, pack, check_total(order, amount))
            event.data |= {"amount": turn.events[-1].data["amount"], "currency": order.currency}
        turn.mail("parcel_made_good", event)
        turn.turn_to(TicketState.OPEN if outcome == "refund" else TicketState.SOLVED)
    return row


def check_total(order: Order, amount: Decimal | None) -> Decimal:
    """What is paid back for a whole parcel: what was given, else all.

    Raises:
        InvalidInput: nothing, less than nothing, or more than the order's total.
    """
    chosen = amount if amount is not None else order.total
    if chosen <= 0 or chosen > order.total:
        raise InvalidInput(
            _("The amount must be between 0.01 and %(total)s %(currency)s.")
            % {"total": order.total, "currency": order.currency},
            "amount",
        )
    return chosen.quantize(Decimal("0.01"))


def open_investigation(
    shipment: Shipment, *, actor: Actor, now: datetime, seen: int | None = None
) -> Ticket:
    """Look for a late parcel before its customer has asked: a ticket, and the customer is told.

    While somebody looks for a parcel of this order already, that conversation is the answer.

    Raises:
        Conflict: it has arrived or is not late any more, or something happened meanwhile.
        NotAllowed: the actor does not work in this store.
    """
    with order_turn(shipment.order_id, "work", actor=actor, now=now) as turn:
        order = turn.order
        assert order is not None
        rows = list(watch.overdue_of(shipment).select_for_update())
        twin = watch.looked_into(order).first()
        if twin is not None:
            settle(rows, DeadlineState.MET, now)
            return twin
        turn.saw(seen)
        if not rows:
            raise Conflict(_("Nobody has to look at this parcel any more."))
        settle(rows, DeadlineState.MET, now)
        ticket = _open(order, shipment, rows[0].kind, actor, now)
        turn.event("investigation_opened", ticket=ticket.reference, shipment=shipment.pk)
    return ticket


def _open(order: Order, shipment: Shipment, kind: str, actor: Actor, now: datetime) -> Ticket:
    permit(actor, order.store, "work")
    decision, facts, pack, version = watch.judge(shipment, order, kind, now)
    if decision.verdict == Verdict.WAIT:
        raise Conflict(_("By the newest tracking event this parcel is not late."))
    request = watch.REQUESTS[kind]
    ticket = Ticket.objects.create(
        store=order.store,
        reference=new_reference(),
        customer=order.customer,
        order=order,
        request=request,
        subject=pack.label(request, order.store.locale)[:200],
        priority=pack.priority(request),
        opened_at=now,
        updated_at=now,
        last_speaker="agent",
        state=TicketState.OPEN,
    )
    turn = Turn(actor=actor, now=now, store=order.store, ticket=ticket)
    due_at = pack.answer_due(request, now)
    event = turn.event(
        "request_accepted",
        rule=decision.rule,
        version=version,
        request=request.value,
        answer_due_at=due_at.isoformat(),
        details={},
        shipment=shipment.pk,
        tracking_number=shipment.tracking_number,
        by_us=True,
        **decision_data(decision, facts, pack),
    )
    turn.due(ticket, "answer_due", due_at)
    turn.mail("investigation_opened", event)
    turn.flush()
    return ticket
