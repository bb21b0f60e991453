"""A release date moves: proposed by an import or a person, confirmed by a lead, then told.

Confirming writes the rows and wakes the sweep; the sweep tells one order at a time, each once,
whatever crashes in between.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, datetime

from django.db import connection, transaction
from django.db.models import F, QuerySet
from django.utils.translation import gettext as _

from tickets.actions.base import Turn
from tickets.actions.preorders import (
    Expectation,
    come_due,
    expectation,
    expected,
    is_open,
    open_preorders,
    plan_next,
)
from tickets.actor import Actor
from tickets.errors import Conflict, InvalidInput
from tickets.lifecycle import DeadlineState
from tickets.models import Deadline, Order, OrderLine, Product, ReleaseMove
from tickets.permissions import permit

__all__ = ["Expectation", "confirm", "dismiss", "expectation", "fire", "proposals", "propose"]

# One statement whatever the number of orders: what waited for the old date waits no longer, and
# each affected order gets a row that is due at once, the oldest order's first: the sweep tells
# them in this order. A row that is due already stays: it tells of a move before this one.
_WAKE = """
WITH affected AS (
    SELECT id, store_id FROM tickets_order WHERE id = ANY(%(orders)s)
), gone AS (
    UPDATE tickets_deadline d SET state = 'cancelled', settled_at = %(now)s
    FROM affected a
    WHERE d.order_id = a.id AND d.kind = 'preorder_due'
      AND (d.state = 'overdue' OR (d.state = 'pending' AND d.wake_at > %(now)s))
)
INSERT INTO tickets_deadline
    (store_id, order_id, kind, step, cycle, due_at, wake_at, state, attempts, last_error)
SELECT a.store_id, a.id, 'preorder_due', 0,
       1 + coalesce((SELECT max(d.cycle) FROM tickets_deadline d
                     WHERE d.order_id = a.id AND d.kind = 'preorder_due' AND d.step = 0), 0),
       %(now)s, %(now)s, 'pending', 0, ''
FROM affected a ORDER BY a.id
"""


def affected(product: Product) -> QuerySet[Order]:
    """The open pre-orders with this product."""
    return open_preorders().filter(lines__product=product).order_by().distinct()


def waited_for(products: Sequence[Product]) -> set[int]:
    """The ids of those that an open pre-order waits for; one statement."""
    lines = OrderLine.objects.filter(product__in=products, order__in=open_preorders())
    return set(lines.order_by().values_list("product", flat=True).distinct())


def proposed(products: Sequence[Product]) -> set[int]:
    """The ids of those whose date is proposed to move; one statement."""
    moves = ReleaseMove.objects.filter(product__in=products, state="proposed")
    return set(moves.values_list("product", flat=True))


def propose(
    product: Product,
    after: date | None,
    *,
    actor: Actor,
    now: datetime,
) -> ReleaseMove | None:
    """Say that a product is released on another day (None: not known any more).

    With open pre-orders of it a person has to confirm that first: returns the proposal, in
    place of an older one. Else the date changes at once, and there is none.

    Raises:
        InvalidInput: it is that day already.
        NotAllowed: the actor does not work in this store.
    """
    permit(actor, product.store, "work")
    with transaction.atomic():
        row = Product.objects.select_for_update(of=("self",)).select_related("store").get(
            pk=product.pk
        )  # fmt: skip
        if row.release_on == after:
            raise InvalidInput(_("That is its release date already."), "release_on")
        if not affected(row).exists():
            row.release_on = after
            row.save(update_fields=["release_on"])
            ReleaseMove.objects.filter(product=row, state="proposed").delete()
            return None
        return _write(row, after, actor, now)


def _write(row: Product, after: date | None, actor: Actor, now: datetime) -> ReleaseMove:
    move, _made = ReleaseMove.objects.update_or_create(
        product=row,
        state="proposed",
        defaults={
            "store": row.store,
            "before": row.release_on,
            "after": after,
            "proposed_at": now,
            "proposed_by": actor.user,
        },
    )
    return move


def proposals(told: Mapping[Product, date], *, actor: Actor, now: datetime) -> None:
    """What an import says of products whose open pre-orders keep them from changing by it.

    The same that somebody has dismissed is not proposed again; the date that stands already
    takes an import's own proposal back.
    """
    for product, after in told.items():
        if after == product.release_on:
            ReleaseMove.objects.filter(product=product, state="proposed", proposed_by=None).delete()
            continue
        decided = ReleaseMove.objects.filter(product=product).exclude(state="proposed")
        last = decided.order_by("-decided_at", "-pk").first()
        if last is not None and last.state == "dismissed" and last.after == after:
            continue
        standing = ReleaseMove.objects.filter(product=product, state="proposed").first()
        if standing is None or (standing.before, standing.after) != (product.release_on, after):
            _write(product, after, actor, now)


def confirm(move: ReleaseMove, after: date | None, *, actor: Actor, now: datetime) -> ReleaseMove:
    """The date moves, and every affected customer is told. Confirming twice is once.

    ``after`` is the date that the person looked at.

    Raises:
        Conflict: another date was proposed meanwhile, or it was dismissed.
        NotAllowed: the actor is no lead of this store.
    """
    with transaction.atomic():
        row = _locked(move, actor)
        if row.state == "confirmed" and row.after == after:
            return row
        _as_seen(row, after)
        row.state, row.decided_at, row.decided_by = "confirmed", now, actor.user
        row.save()
        Product.objects.filter(pk=row.product_id).update(release_on=row.after)
        _wake(row, now)
    return row


def dismiss(move: ReleaseMove, after: date | None, *, actor: Actor, now: datetime) -> ReleaseMove:
    """The date stays. Dismissing twice is once.

    Raises:
        Conflict: another date was proposed meanwhile, or it was confirmed.
        NotAllowed: the actor is no lead of this store.
    """
    with transaction.atomic():
        row = _locked(move, actor)
        if row.state == "dismissed" and row.after == after:
            return row
        _as_seen(row, after)
        row.state, row.decided_at, row.decided_by = "dismissed", now, actor.user
        row.save()
    return row


def _locked(move: ReleaseMove, actor: Actor) -> ReleaseMove:
    # The product first, as everywhere: a proposal and a confirmation take turns.
    Product.objects.select_for_update().get(pk=move.product_id)
    row = (
        ReleaseMove.objects.select_for_update(of=("self",))
        .select_related("store", "product")
        .filter(pk=move.pk)
        .first()
    )
    if row is None:
        raise Conflict(_("This was taken back meanwhile."))
    permit(actor, row.store, "override")
    return row


def _as_seen(row: ReleaseMove, after: date | None) -> None:
    if row.state != "proposed":
        raise Conflict(_("Somebody has decided this already."))
    if row.after != after:
        raise Conflict(_("Another date was proposed meanwhile. Please look again."))


def _wake(row: ReleaseMove, now: datetime) -> None:
    # Locked first, so that the cycles are counted on what nobody else is about to change.
    rows = Order.objects.filter(pk__in=affected(row.product).values("pk"))
    orders = list(rows.select_for_update().order_by("pk").values_list("pk", flat=True))
    with connection.cursor() as cursor:
        cursor.execute(_WAKE, {"now": now, "orders": orders})


def fire(turn: Turn, deadline: Deadline) -> DeadlineState:
    """A pre-order's row is due: tell of the move that woke it, else see whether it is late."""
    order = turn.order
    assert order is not None
    told = order.events.filter(kind="release_moved").values_list("data__move", flat=True)
    moves = ReleaseMove.objects.select_related("product").filter(
        product__lines__order=order, state="confirmed", decided_at=deadline.due_at
    )
    move = moves.exclude(pk__in=list(told)).order_by("pk").first()
    if move is None:
        return come_due(turn, deadline)
    if not is_open(order):
        return DeadlineState.CANCELLED
    lines = OrderLine.objects.filter(order=order).select_related("product")
    found = expected(order, list(lines), turn.now)
    _tell(turn, move, found)
    if found is not None:
        plan_next(turn, deadline, found.due_at)
    return DeadlineState.FIRED


def _tell(turn: Turn, move: ReleaseMove, found: Expectation | None) -> None:
    event = turn.event(
        "release_moved",
        rule=found.rule if found else "",
        move=move.pk,
        product=move.product.title,
        before=move.before.isoformat() if move.before else None,
        after=move.after.isoformat() if move.after else None,
        ships_by=found.ships_by.isoformat() if found else None,
        is_pickup=bool(found and found.is_pickup),
    )
    turn.mail("release_moved", event)
    ReleaseMove.objects.filter(pk=move.pk).update(orders_told=F("orders_told") + 1)
