"""The plan as the two CSV files that a shop would hand over."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from tickets.intake.demo.catalogue import RELEASES
from tickets.intake.demo.orders import Plan, before
from tickets.intake.demo.parcels import happened, parcel_number

# The columns of Shopify's own export, in its order.
COLUMNS = [
    "Name",
    "Email",
    "Financial Status",
    "Paid at",
    "Fulfillment Status",
    "Fulfilled at",
    "Accepts Marketing",
    "Currency",
    "Subtotal",
    "Shipping",
    "Taxes",
    "Total",
    "Discount Code",
    "Discount Amount",
    "Shipping Method",
    "Created at",
    "Lineitem quantity",
    "Lineitem name",
    "Lineitem price",
    "Lineitem compare at price",
    "Lineitem sku",
    "Lineitem requires shipping",
    "Lineitem taxable",
    "Lineitem fulfillment status",
    "Billing Name",
    "Billing Street",
    "Billing Address1",
    "Billing Address2",
    "Billing Company",
    "Billing City",
    "Billing Zip",
    "Billing Province",
    "Billing Country",
    "Billing Phone",
    "Shipping Name",
    "Shipping Street",
    "Shipping Address1",
    "Shipping Address2",
    "Shipping Company",
    "Shipping City",
    "Shipping Zip",
    "Shipping Province",
    "Shipping Country",
    "Shipping Phone",
    "Notes",
    "Note Attributes",
    "Cancelled at",
    "Payment Method",
    "Payment Reference",
    "Refunded Amount",
    "Vendor",
    "Outstanding Balance",
    "Employee",
    "Location",
    "Device ID",
    "Id",
    "Tags",
    "Risk Level",
    "Source",
    "Lineitem discount",
    "Phone",
]


def orders_csv(plans: list[Plan], anchor: datetime, zone: ZoneInfo) -> bytes:
    """The order export, newest order first, as the shop's admin lists them."""
    out = io.StringIO(newline="")
    writer = csv.DictWriter(out, COLUMNS, restval="")
    writer.writeheader()
    for plan in sorted(plans, key=lambda plan: plan.placed):
        writer.writerows(_rows(plan, anchor, zone))
    return out.getvalue().encode()


def _rows(plan: Plan, anchor: datetime, zone: ZoneInfo) -> Iterator[dict[str, str]]:
    for index, (item, count) in enumerate(plan.lines):
        row = {
            "Name": plan.number,
            "Email": plan.person.email,
            "Lineitem quantity": str(count),
            "Lineitem name": item.title,
            "Lineitem price": item.price,
            "Lineitem sku": item.sku,
            "Lineitem requires shipping": "true",
            "Lineitem taxable": "true",
            "Lineitem fulfillment status": "pending" if plan.shipped is None else "fulfilled",
            "Lineitem discount": "0.00",
            "Vendor": item.vendor,
        }
        yield row if index else {**row, **_own(plan, anchor, zone)}


def _own(plan: Plan, anchor: datetime, zone: ZoneInfo) -> dict[str, str]:
    placed = _time(plan.placed, anchor, zone)
    person = plan.person
    row = {
        "Financial Status": "paid" if plan.cancelled is None else "refunded",
        "Paid at": placed,
        "Fulfillment Status": "unfulfilled" if plan.shipped is None else "fulfilled",
        "Fulfilled at": _time(plan.shipped, anchor, zone),
        "Accepts Marketing": "no",
        "Currency": plan.currency,
        "Subtotal": str(plan.subtotal),
        "Shipping": str(plan.shipping),
        "Taxes": "0.00",
        "Total": str(plan.total),
        "Discount Amount": "0.00",
        "Shipping Method": plan.label,
        "Created at": placed,
        "Cancelled at": _time(plan.cancelled, anchor, zone),
        "Payment Method": "Shopify Payments",
        "Refunded Amount": "0.00" if plan.cancelled is None else str(plan.total),
        "Outstanding Balance": "0.00",
        "Id": str(5_000_000_000_000 + int(plan.number[2:])),
        "Tags": _tags(plan, anchor, zone),
        "Risk Level": "Low",
        "Source": plan.source,
        "Phone": f"'{person.phone}",
        "Billing Name": person.name,
        "Billing Country": person.country,
        "Billing Province": person.province,
        "Billing Phone": f"'{person.phone}",
    }
    return row if plan.source == "pos" else row | _address(plan)


def _tags(plan: Plan, anchor: datetime, zone: ZoneInfo) -> str:
    """The order's own, and when what was ordered before its release comes out."""
    days = [RELEASES[item.sku] for item, _count in plan.lines if item.sku in RELEASES]
    if not days:
        return plan.tags
    released = (anchor + timedelta(days=max(days))).astimezone(zone).date()
    return f"{plan.tags}, release: {released.isoformat()}"


def _address(plan: Plan) -> dict[str, str]:
    person = plan.person
    return {
        "Shipping Name": person.name,
        "Shipping Street": person.street,
        "Shipping Address1": person.street,
        "Shipping City": person.city,
        "Shipping Zip": f"'{person.zip}",
        "Shipping Province": person.province,
        "Shipping Country": person.country,
        "Shipping Phone": f"'{person.phone}",
    }


TRACKING = (
    "order",
    "tracking number",
    "carrier",
    "kind",
    "shipped at",
    "last event at",
    "delivered at",
    "event",
    "place",
)


def tracking_csv(plans: list[Plan], anchor: datetime, zone: ZoneInfo) -> bytes:
    """What the carriers know of the parcels that were sent, a row for each of their events."""
    out = io.StringIO(newline="")
    writer = csv.writer(out)
    writer.writerow(TRACKING)
    for plan in plans:
        if plan.shipped is None or "pickup" in plan.label.lower() or plan.source == "pos":
            continue
        for kind, delivered in _parcels(plan):
            number = parcel_number(plan, kind)
            shipped = _time(plan.shipped, anchor, zone)
            for at, text, place in happened(plan, delivered):
                arrived = _time(delivered, anchor, zone) if at == delivered else ""
                when = _time(at, anchor, zone)
                writer.writerow((plan.number, *number, kind, shipped, when, arrived, text, place))
    return out.getvalue().encode()


def _parcels(plan: Plan) -> Iterator[tuple[str, float | None]]:
    posters = [item.sku.startswith("PST-") for item, _count in plan.lines]
    if not all(posters):
        yield "parcel", plan.delivered
    if any(posters):
        yield "poster", plan.poster_delivered


def _time(days: float | None, anchor: datetime, zone: ZoneInfo) -> str:
    if days is None:
        return ""
    return before(anchor, days).astimezone(zone).strftime("%Y-%m-%d %H:%M:%S %z")
