"""Order exports as a shop's admin writes them, made for a test."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from tickets.actions.order_rows import BadRow, OrderRow
from tickets.intake.demo.files import COLUMNS
from tickets.intake.shopify import read_orders

PLACED = "2026-03-01 10:22:33 -0800"


def line(sku: str = "ALB-1", title: str = "Tidal Hours album", **cells: Any) -> dict[str, Any]:
    """The cells of one line item."""
    return {
        "Lineitem quantity": 1,
        "Lineitem name": title,
        "Lineitem price": "20.00",
        "Lineitem sku": sku,
        "Vendor": "Hanbit Distribution",
        **cells,
    }


def order(number: str = "#1001", *more: dict[str, Any], **cells: Any) -> list[dict[str, Any]]:
    """The rows of one order: its own cells on the first line only, as Shopify has it."""
    own = {
        "Financial Status": "paid",
        "Paid at": PLACED,
        "Fulfillment Status": "unfulfilled",
        "Currency": "USD",
        "Subtotal": "20.00",
        "Total": "25.90",
        "Shipping Method": "Standard Shipping",
        "Created at": PLACED,
        "Shipping Name": "김민아",
        "Shipping Address1": "1 Main St",
        "Shipping City": "Las Vegas",
        "Shipping Zip": "'89101",
        "Shipping Province": "NV",
        "Shipping Country": "US",
        **line(),
    }
    who = {"Name": number, "Email": "mina@example.com"}
    return [{**who, **own, **cells}, *({**who, **each} for each in more)]


def export(*orders: Iterable[dict[str, Any]], columns: Iterable[str] = COLUMNS) -> bytes:
    """A whole file out of orders."""
    out = io.StringIO(newline="")
    writer = csv.DictWriter(out, list(columns), restval="", extrasaction="ignore")
    writer.writeheader()
    for rows in orders:
        writer.writerows(rows)
    return out.getvalue().encode()


def saved(folder: Path, content: bytes, name: str = "orders.csv") -> Path:
    path = folder / name
    path.write_bytes(content)
    return path


def read(content: bytes) -> tuple[list[OrderRow], list[BadRow]]:
    """What the reader makes of a file: the orders, and the bad rows."""
    found = list(read_orders(io.BytesIO(content)))
    return (
        [item for item in found if isinstance(item, OrderRow)],
        [item for item in found if isinstance(item, BadRow)],
    )
