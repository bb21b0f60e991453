"""Requests about an order that has not left: cancel it, or change where it goes.

Each decides again by the store's rules with what is known now, under the locks of the order and
the ticket: what was shipped meanwhile is refused plainly, and nothing changes.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime

from django.db import transaction
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from policies.evaluate import decide, explain
from policies.models import PolicyVersion
from policies.pack import Pack
from policies.publish import in_force, pack_of
from policies.types import Decision, Facts, Request, Verdict
from tickets.actions import pickups, preorders, watch
from tickets.actions.base import Turn, ticket_turn
from tickets.actions.deeds import ANSWER_KINDS
from tickets.actions.money import request_refund_of_ticket
from tickets.actions.trace import decision_data
from tickets.actor import Actor
from tickets.errors import CannotFile, Conflict, InvalidInput
from tickets.facts import order_facts, said_from
from tickets.lifecycle import PickupState, TicketState
from tickets.models import Order, Pickup, Ticket
from tickets.models.ticket import NORMAL

# How the form of a request calls the parts of an address, and how an order does.
ADDRESS: Mapping[str, str] = {
    "name": "name",
    "street": "address1",
    "more": "address2",
    "city": "city",
    "region": "province",
    "postcode": "zip",
    "country": "country",
}
_POSSIBLE = (Verdict.ACCEPTED, Verdict.DISCRETIONARY)


@dataclass(frozen=True, slots=True)
class Today:
    """What the rules say of a request with what is known now."""

    decision: Decision
    facts: Facts
    pack: Pack
    version: PolicyVersion

    @property
    def has_left(self) -> bool:
        """Whether the order is on its way, or has arrived: whatever a rule says, it is too late."""
        order = self.facts.order
        return order is not None and bool(
            order.shipped_at or order.delivered_at or order.collected_at
        )

    @property
    def possible(self) -> bool:
        """Whether a person may still do it."""
        return self.decision.verdict in _POSSIBLE and not self.has_left

    def told(self, locale: str) -> str:
        """The rules' answer in words."""
        return " ".join(explain(self.pack, self.facts, self.decision, locale=locale))


def judge_today(ticket: Ticket, order: Order, now: datetime) -> Today:
    """Decide a ticket's request again: what was said then, the order as it is now."""
    version = in_force(order.store_id, order.placed_at)
    pack = pack_of(version)
    opening = ticket.events.filter(kind__in=("request_accepted", "ticket_opened")).first()
    said = opening.data.get("facts", {}).get("said", {}) if opening is not None else {}
    facts = Facts(
        id=ticket.reference,
        store=pack.slug,
        request=Request(ticket.request),
        at=now,
        order=order_facts(order, request=ticket.request),
        said=said_from(said),
    )
    return Today(decide(pack, facts), facts, pack, version)


@contextmanager
def _turn(
    ticket: Ticket, request: str, done: str, seen: int | None, actor: Actor, now: datetime
) -> Iterator[tuple[Turn, Order, Today | None]]:
    """Lock pickup, order and ticket, in the order in which everybody does.

    Yields the decision of today; None where the step was taken before.
    """
    if ticket.request != request or ticket.order_id is None:
        raise InvalidInput(_("This request is about something else."))
    with transaction.atomic():
        list(Pickup.objects.select_for_update().filter(order=ticket.order_id))
        order = Order.objects.select_for_update(of=("self",)).select_related("store").get(
            pk=ticket.order_id
        )  # fmt: skip
        with ticket_turn(ticket.pk, "work", actor=actor, now=now) as turn:
            assert turn.ticket is not None
            if turn.ticket.events.filter(kind=done).exists():
                yield turn, order, None
                return
            turn.saw(seen)
            if turn.ticket.state in (TicketState.SOLVED, TicketState.CLOSED):
                raise Conflict(_("This request is over. Reopen it with a message first."))
            if order.cancelled_at is not None:
                raise Conflict(_("The order is cancelled already."))
            today = judge_today(turn.ticket, order, now)
            if not today.possible:
                raise CannotFile(_refusal(today), today.decision)
            turn.settle(turn.ticket, ANSWER_KINDS)
            turn.ticket.priority = NORMAL
            yield turn, order, today


def _refusal(today: Today) -> str:
    if today.has_left:
        return _("The order has left meanwhile. Nothing was changed: tell the customer.")
    said = today.told(get_language() or "en")
    return _("By the store's rules this is not possible now: %(said)s") % {"said": said}


def cancel_order(
    ticket: Ticket, *, note: str = "", actor: Actor, now: datetime, seen: int | None = None
) -> Ticket:
    """Cancel the order of a request for it, and request its refund if it was paid. Twice is once.

    The refund is due by the store's rule; a pickup is cancelled by its own action, which
    requests the refund and mails. With nothing to pay back the request is solved.

    Raises:
        CannotFile: shipped meanwhile, or no longer possible by the rules; nothing changes.
        Conflict: somebody else did something here since, or the order is cancelled already.
        NotAllowed: the actor does not work in this store.
    """
    with _turn(ticket, Request.CANCEL_ORDER, "order_cancelled", seen, actor, now) as (
        turn,
        order,
        today,
    ):
        row = turn.ticket
        assert row is not None
        if today is None:
            return row
        pickup = Pickup.objects.filter(order=order).first()
        shelved = pickup is not None and pickup.state in (
            PickupState.PREPARING,
            PickupState.RESERVED,
        )
        event = turn.event(
            "order_cancelled",
            rule=today.decision.rule,
            version=today.version,
            note=note,
            pickup=pickup.pk if pickup is not None and shelved else None,
            **decision_data(today.decision, today.facts, today.pack),
        )
        if pickup is not None and shelved:
            reason = _("The customer asked for it: %(reference)s")
            said = reason % {"reference": row.spoken_reference}
            pickups.cancel(pickup, said, actor=actor, now=now)
            owed = getattr(Pickup.objects.get(pk=pickup.pk), "refund", None) is not None
        else:
            Order.objects.filter(pk=order.pk).update(cancelled_at=now)
            order.cancelled_at = now
            owed = _refund(turn, order, today.pack)
            if owed:
                promised = turn.events[-1].data
                event.data |= {k: promised[k] for k in ("amount", "currency", "due_at")
                               if k in promised}  # fmt: skip
            turn.mail("order_cancelled", event)
        order.cancelled_at = now
        watch.plan_orders([order], now)
        preorders.plan([order], now)
        turn.turn_to(TicketState.OPEN if owed else TicketState.SOLVED)
    return row


def _refund(turn: Turn, order: Order, pack: Pack) -> bool:
    """Request what was paid; whether anything was."""
    if order.paid_at is None or order.financial_status in pickups.NOT_OWED or order.total <= 0:
        return False
    request_refund_of_ticket(turn, order, pack, order.total)
    return True


def change_address(
    ticket: Ticket, *, note: str = "", actor: Actor, now: datetime, seen: int | None = None
) -> Ticket:
    """Send the order where the request says; before and after stand on the event. Twice is once.

    Raises:
        CannotFile: shipped meanwhile, or no longer possible by the rules; nothing changes.
        InvalidInput: the request does not hold an address.
        Conflict: somebody else did something here since, or the order is cancelled.
        NotAllowed: the actor does not work in this store.
    """
    with _turn(ticket, Request.CHANGE_ADDRESS, "address_changed", seen, actor, now) as (
        turn,
        order,
        today,
    ):
        row = turn.ticket
        assert row is not None
        if today is None:
            return row
        after = wanted_address(row)
        if not after:
            raise InvalidInput(_("The request holds no new address. Ask the customer for it."))
        before, order.ship_to = order.ship_to, after
        order.save(update_fields=["ship_to"])
        event = turn.event(
            "address_changed",
            rule=today.decision.rule,
            version=today.version,
            note=note,
            before=before,
            after=after,
            **decision_data(today.decision, today.facts, today.pack),
        )
        turn.mail("address_changed", event)
        turn.turn_to(TicketState.SOLVED)
    return row


def wanted_address(ticket: Ticket) -> dict[str, str]:
    """The corrected address as an order keeps it: what was asked last; empty where nothing was."""
    asked = ticket.events.filter(kind__in=("request_accepted", "request_repeated"))
    newest = asked.order_by("-seq").first()
    details = newest.data.get("details", {}) if newest is not None else {}
    if not details.get("street"):
        return {}
    return {there: str(details[here]) for here, there in ADDRESS.items() if details.get(here)}
