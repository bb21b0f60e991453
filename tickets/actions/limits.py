"""What an agent may promise back without a lead: the store's limit, over all of one order.

The pack says it (`desk.agent_refund_limit`, by currency; none is no limit). What was promised on
the order before counts, by whichever request and whoever approved it: two small refunds are as
much money as a large one.
"""

from __future__ import annotations

from decimal import Decimal

from django.db.models import OuterRef, Subquery, Sum
from django.utils.translation import gettext as _

from policies.pack import Pack
from tickets.actions.base import Turn
from tickets.errors import NeedsLead
from tickets.lifecycle import ClaimState, RefundState
from tickets.models import Claim, Event, Order, Refund
from tickets.permissions import may

_MONEY = ("refund", "return")
# Approved, and not asked for yet: the items are on their way back.
_PROMISED = (ClaimState.APPROVED, ClaimState.AWAITING_RETURN, ClaimState.INSPECTING)


def hold_to(
    turn: Turn, order: Order, pack: Pack, amount: Decimal, *, claim: Claim | None = None
) -> dict[str, str]:
    """Let an amount through, or a lead be asked; returns what the event keeps of the limit.

    ``claim`` is the one it is for: what was promised for it before is replaced by this.

    Raises:
        NeedsLead: with this, an agent would have promised more than the store's limit.
    """
    limit = pack.agent_refund_limit(order.currency)
    if limit is None or turn.actor.kind == "system":
        return {}
    # One at a time: two agents cannot each promise the whole of it in the same second.
    Order.objects.select_for_update(of=("self",), no_key=True).get(pk=order.pk)
    before = promised(order, claim)
    kept = {"agent_limit": str(limit), "promised_before": str(before)}
    if before + amount <= limit:
        return kept
    user = turn.actor.user
    if user is None or not may(user, turn.store, "override"):
        raise NeedsLead(_too_much(limit, before, order.currency))
    return kept


def _too_much(limit: Decimal, before: Decimal, currency: str) -> str:
    said = {"limit": f"{currency} {limit:.2f}", "before": f"{currency} {before:.2f}"}
    if before:
        return (
            _("Needs a lead: above %(limit)s on one order, and %(before)s is promised already.")
            % said
        )
    return _("Needs a lead: above %(limit)s.") % said


def promised(order: Order, claim: Claim | None = None) -> Decimal:
    """What is promised back on an order: asked for, paid, or approved and not asked for yet."""
    refunds = Refund.objects.filter(order=order).exclude(state=RefundState.CANCELLED)
    told = Event.objects.filter(claim=OuterRef("pk"), kind="claim_approved").order_by("-seq")
    waiting = Claim.objects.filter(
        order=order, state__in=_PROMISED, outcome__in=_MONEY, refund__isnull=True
    ).annotate(told=Subquery(told.values("data__amount")[:1]))
    if claim is not None:
        waiting = waiting.exclude(pk=claim.pk)
    asked: Decimal = refunds.aggregate(sum=Sum("amount"))["sum"] or Decimal(0)
    return asked + sum((Decimal(one.told) for one in waiting if one.told), Decimal(0))
