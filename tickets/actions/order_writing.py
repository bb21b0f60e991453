"""One batch of imported orders into rows: a fixed number of statements, whatever its size."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime

from tickets.actions import preorders, releases, watch
from tickets.actions.order_rows import LineRow, OrderRow
from tickets.actor import Actor
from tickets.lifecycle import PickupState
from tickets.models import Customer, Order, OrderLine, Pickup, Product, Shipment, Store, Supplier
from tickets.models.order import SHIPMENT_KINDS

_ORDER_FIELDS = (
    "customer",
    "number",
    "placed_at",
    "paid_at",
    "cancelled_at",
    "financial_status",
    "fulfillment_status",
    "channel",
    "shipping_method",
    "shipping_label",
    "country",
    "currency",
    "total",
    "member",
    "preorder",
    "ship_to",
    "import_hash",
)


def write_orders(
    store: Store,
    rows: Sequence[OrderRow],
    cancelled: Mapping[str, datetime | None],
    *,
    actor: Actor,
    now: datetime,
) -> None:
    """Insert or update these orders with all that hangs on them. Inside a transaction.

    ``cancelled`` says when orders that are known already were cancelled, by number key: an
    export that does not know of it does not bring them back.
    """
    customers = _customers(store, rows)
    products, moved = _products(store, [line for row in rows for line in row.lines])
    orders = _orders(store, rows, customers, cancelled)
    _lines(rows, orders, products)
    _shipments(rows, orders)
    _pickups(store, rows, orders)
    releases.proposals(moved, actor=actor, now=now)
    known = [order for key, order in orders.items() if key in cancelled]
    watch.plan_orders(known, now)  # what is new has not been seen by a carrier
    fresh = [order for key, order in orders.items() if key not in cancelled and order.preorder]
    preorders.plan([*known, *fresh], now)


def _customers(store: Store, rows: Iterable[OrderRow]) -> dict[str, Customer]:
    """By e-mail key. A name or number that is known is never replaced by nothing."""
    told = {Customer.key(row.email): row for row in rows}
    known = {c.email_key: c for c in Customer.objects.filter(store=store, email_key__in=told)}
    fresh = []
    for key, row in sorted(told.items()):
        old = known.get(key)
        wanted = (row.email, row.name or (old.name if old else ""))
        phone = row.phone or (old.phone if old else "")
        if old is not None and (old.email, old.name, old.phone) == (*wanted, phone):
            continue
        fresh.append(_customer(store, key, row, wanted[1], phone))
    saved = Customer.objects.bulk_create(
        fresh,
        update_conflicts=True,
        unique_fields=["store", "email_key"],
        update_fields=["email", "name", "phone"],
    )
    return known | {customer.email_key: customer for customer in saved}


def _customer(store: Store, key: str, row: OrderRow, name: str, phone: str) -> Customer:
    # Language and zone are a first guess: an update leaves them as the customer chose.
    return Customer(
        store=store,
        email=row.email,
        email_key=key,
        name=name,
        phone=phone,
        locale=row.locale or store.locale,
        time_zone=row.time_zone,
    )


def _suppliers(store: Store, names: set[str]) -> dict[str, Supplier]:
    known = {s.name: s for s in Supplier.objects.filter(store=store, name__in=names)}
    missing = sorted(names - known.keys() - {""})
    made = Supplier.objects.bulk_create(
        [Supplier(store=store, name=name) for name in missing],
        update_conflicts=True,
        unique_fields=["store", "name"],
        update_fields=["name"],
    )
    return known | {supplier.name: supplier for supplier in made}


def _products(
    store: Store, lines: Sequence[LineRow]
) -> tuple[dict[str, Product], dict[Product, date]]:
    """By SKU, and the release dates that a person has to confirm first.

    What a person has set right (kind, supplier) is only filled in.
    """
    suppliers = _suppliers(store, {line.supplier for line in lines})
    told = {line.sku: line for line in lines}
    known = {p.sku: p for p in Product.objects.filter(store=store, sku__in=told)}
    moved = _moved(told, known)
    fresh = []
    for sku, line in sorted(told.items()):
        old = known.get(sku)
        product = Product(
            store=store,
            sku=sku,
            title=line.title,
            kind=old.kind if old and old.kind != "goods" else line.kind,
            release_on=_release_on(line, old, moved),
            supplier=(old.supplier if old and old.supplier_id else None)
            or suppliers.get(line.supplier),
        )
        if old is None or any(
            getattr(old, name) != getattr(product, name)
            for name in ("title", "kind", "release_on", "supplier_id")
        ):
            fresh.append(product)
    saved = Product.objects.bulk_create(
        fresh,
        update_conflicts=True,
        unique_fields=["store", "sku"],
        update_fields=["title", "kind", "release_on", "supplier"],
    )
    return known | {product.sku: product for product in saved}, moved


def _moved(told: Mapping[str, LineRow], known: Mapping[str, Product]) -> dict[Product, date]:
    """The products of which another release date is told, and which customers wait for.

    Also those of which the date that stands is told again, where another one is proposed.
    """
    dated = {
        known[sku]: line.release_on
        for sku, line in told.items()
        if sku in known and line.release_on is not None
    }
    other = [product for product, day in dated.items() if day != product.release_on]
    waited = releases.waited_for(other) if other else set()
    proposed = releases.proposed(list(dated)) if dated else set()
    return {product: day for product, day in dated.items() if product.pk in waited | proposed}


def _release_on(line: LineRow, old: Product | None, moved: Mapping[Product, date]) -> date | None:
    if old is None:
        return line.release_on
    return old.release_on if old in moved else line.release_on or old.release_on


def _orders(
    store: Store,
    rows: Sequence[OrderRow],
    customers: dict[str, Customer],
    cancelled: Mapping[str, datetime | None],
) -> dict[str, Order]:
    fresh = [_order(store, row, customers[Customer.key(row.email)]) for row in rows]
    for order in fresh:
        order.cancelled_at = order.cancelled_at or cancelled.get(order.number_key)
    saved = Order.objects.bulk_create(
        fresh,
        update_conflicts=True,
        unique_fields=["store", "number_key"],
        update_fields=list(_ORDER_FIELDS),
    )
    return {order.number_key: order for order in saved}


def _order(store: Store, row: OrderRow, customer: Customer) -> Order:
    return Order(
        store=store,
        customer=customer,
        number=row.number,
        number_key=row.number_key,
        placed_at=row.placed_at,
        paid_at=row.paid_at,
        cancelled_at=row.cancelled_at,
        financial_status=row.financial_status,
        fulfillment_status=row.fulfillment_status,
        channel=row.channel,
        shipping_method=row.shipping_method,
        shipping_label=row.shipping_label,
        country=row.country,
        currency=row.currency,
        total=row.total,
        member=row.member,
        preorder=row.preorder,
        ship_to=dict(row.ship_to),
        import_hash=row.digest,
    )


def _lines(
    rows: Iterable[OrderRow], orders: dict[str, Order], products: dict[str, Product]
) -> None:
    """Upsert by ``line_key``; a line that is gone goes, unless a claim speaks of it."""
    fresh = [
        OrderLine(
            order=orders[row.number_key],
            line_key=line.line_key,
            position=position,
            product=products[line.sku],
            title=line.title,
            quantity=line.quantity,
            price=line.price,
        )
        for row in rows
        for position, line in enumerate(row.lines)
    ]
    saved = OrderLine.objects.bulk_create(
        fresh,
        update_conflicts=True,
        unique_fields=["order", "line_key"],
        update_fields=["position", "product", "title", "quantity", "price"],
    )
    OrderLine.objects.filter(order__in=orders.values(), claim_items=None).exclude(
        pk__in=[line.pk for line in saved]
    ).delete()


def _shipments(rows: Iterable[OrderRow], orders: dict[str, Order]) -> None:
    """One row for each thing that is sent; its date fills a gap or replaces an imported one."""
    known: dict[tuple[int, str], list[Shipment]] = {}
    for shipment in Shipment.objects.filter(order__in=orders.values()).select_for_update():
        known.setdefault((shipment.order_id, shipment.kind), []).append(shipment)
    fresh: list[Shipment] = []
    moved: list[Shipment] = []
    stray: list[int] = []
    for row in rows:
        order = orders[row.number_key]
        for kind in SHIPMENT_KINDS:
            there = known.get((order.pk, kind), [])
            if kind not in row.shipment_kinds:
                stray += [shipment.pk for shipment in there if _unknown(shipment)]
            elif not there:
                fresh.append(Shipment(order=order, kind=kind, shipped_at=row.fulfilled_at))
            elif len(there) == 1 and _ships(there[0], row.fulfilled_at):
                there[0].shipped_at = row.fulfilled_at
                moved.append(there[0])
    Shipment.objects.bulk_create(fresh)
    Shipment.objects.bulk_create(
        moved, update_conflicts=True, unique_fields=["id"], update_fields=["shipped_at"]
    )
    Shipment.objects.filter(pk__in=stray).delete()


def _unknown(shipment: Shipment) -> bool:
    """Nobody has seen this parcel: it goes when the order turns out not to be sent so."""
    return not (
        shipment.tracking_number
        or shipment.carrier
        or shipment.delivered_at
        or shipment.last_tracking_at
    )


def _ships(shipment: Shipment, fulfilled_at: datetime | None) -> bool:
    """Whether the order's date may become the shipment's: never after it was delivered."""
    if fulfilled_at is None or shipment.shipped_at == fulfilled_at:
        return False
    if shipment.delivered_at is not None and fulfilled_at > shipment.delivered_at:
        return False
    return shipment.shipped_at is None or not shipment.tracking_number


def _pickups(store: Store, rows: Iterable[OrderRow], orders: dict[str, Order]) -> None:
    Pickup.objects.bulk_create(
        [
            Pickup(store=store, order=orders[row.number_key])
            for row in rows
            if row.waits_on_the_shelf
        ],
        ignore_conflicts=True,
    )


def open_pickups_of_closed_orders(store: Store, rows: Iterable[OrderRow]) -> list[Pickup]:
    """What still lies on the shelf although the shop says the order is over."""
    over = [row.number_key for row in rows if not row.waits_on_the_shelf]
    return list(
        Pickup.objects.filter(
            store=store,
            order__number_key__in=over,
            state__in=[PickupState.PREPARING, PickupState.RESERVED],
            needs_person=False,
        ).order_by("pk")
    )
