"""Several who ordered together: what of an order belongs to whom."""

from __future__ import annotations

from datetime import datetime

from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _

from tickets.actions.base import order_turn
from tickets.actions.people import customer_by_email
from tickets.actor import Actor
from tickets.errors import Conflict, InvalidInput
from tickets.models import ClaimItem, Customer, Order, OrderLine, OrderShare

FITS = "share_fits_its_line"


def give(
    line: OrderLine,
    email: str,
    quantity: int,
    *,
    name: str = "",
    actor: Actor,
    now: datetime,
) -> OrderShare:
    """Say how many of a line belong to another person than the buyer; again, the newer word counts.

    From then on that person finds the order by its number and their own address, sees these items
    alone, and asks for them in their own name.

    Raises:
        InvalidInput: no address, the buyer's own, or more than is left of the line.
        Conflict: they have an open request about more than that.
        NotAllowed: the actor may not work in this store.
    """
    with order_turn(line.order_id, "work", actor=actor, now=now) as turn:
        order = turn.order
        assert order is not None
        customer = customer_by_email(turn.store, email, name=name)
        if customer.pk == order.customer_id:
            raise InvalidInput(_("This is the buyer: what is not given away is theirs."), "email")
        if quantity < 1:
            raise InvalidInput(_("At least one, please."), "quantity")
        share = OrderShare.objects.filter(line=line, customer=customer).first()
        before = share.quantity if share is not None else 0
        if share is not None and before == quantity:
            return share
        if share is not None and _asked_for(share) > quantity:
            raise Conflict(_("They have an open request about more of these items."))
        left = line.quantity - _given_to_others(line, customer.pk) - quantity
        if 0 < _asked_by_buyer(line) > left:
            raise Conflict(_("The buyer has an open request about these items."))
        share = share or OrderShare(line=line, order=order, customer=customer)
        share.quantity = quantity
        _keep(share)
        turn.event(
            "share_given",
            line=line.pk,
            title=line.title,
            customer=customer.pk,
            quantity=quantity,
            before=before,
        )
    return share


def take_back(share: OrderShare, *, actor: Actor, now: datetime) -> None:
    """Let the items be the buyer's again. What was asked for by then stays as it is.

    Raises:
        Conflict: they have asked for something of it already: their request needs it.
        NotAllowed: the actor may not work in this store.
    """
    with order_turn(share.order_id, "work", actor=actor, now=now) as turn:
        row = OrderShare.objects.select_related("line").filter(pk=share.pk).first()
        if row is None:
            return
        if row.claim_items.exists():
            raise Conflict(_("They have a request about it: it stays theirs."))
        turn.event("share_taken", line=row.line_id, title=row.line.title, customer=row.customer_id)
        row.delete()


def _keep(share: OrderShare) -> None:
    try:
        with transaction.atomic():
            share.save()
    except IntegrityError as error:
        if FITS not in str(error):
            raise
        raise InvalidInput(
            _("There are not so many of “%(title)s” left.") % {"title": share.line.title},
            "quantity",
        ) from error


def _asked_for(share: OrderShare) -> int:
    rows = share.claim_items.filter(claim_open=True).values_list("quantity", flat=True)
    return max(rows, default=0)


def _asked_by_buyer(line: OrderLine) -> int:
    rows = ClaimItem.objects.filter(line=line, share=None, claim_open=True)
    return max(rows.values_list("quantity", flat=True), default=0)


def _given_to_others(line: OrderLine, customer_id: int) -> int:
    rows = OrderShare.objects.filter(line=line).exclude(customer=customer_id)
    return sum(rows.values_list("quantity", flat=True))


def is_partner(order: Order, customer: Customer) -> bool:
    """Whether an order is theirs: they placed it, or have a share of it."""
    if order.customer_id == customer.pk:
        return True
    return OrderShare.objects.filter(order=order, customer=customer).exists()


def shares_of(order: Order) -> list[OrderShare]:
    """Who has what of an order, in the order of its lines."""
    rows = OrderShare.objects.filter(order=order).select_related("line", "customer")
    return list(rows.order_by("line__position", "line__id", "id"))
