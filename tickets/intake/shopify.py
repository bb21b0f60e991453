"""Shopify's order export, as its admin writes it, order by order, in constant memory.

The first line of an order carries the order's own columns; the lines below it repeat the
``Name`` and carry one more ``Lineitem`` each. A bad line leaves out its whole order: half an
order would be a wrong one. Columns may stand in any order; unknown ones are ignored.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import BinaryIO

from django.utils.translation import gettext as _

from tickets.actions.order_rows import BadRow, LineRow, OrderRow
from tickets.intake import places, words
from tickets.intake.cells import Cells, one_line
from tickets.intake.table import Record, Table, Unreadable
from tickets.models.order import order_number_key

REQUIRED = (
    "Name",
    "Email",
    "Currency",
    "Total",
    "Created at",
    "Lineitem quantity",
    "Lineitem name",
    "Lineitem price",
)
# A line that has any of these begins an order; the lines after it leave them empty.
_OWN = ("Financial Status", "Currency", "Subtotal", "Total", "Shipping Method", "Paid at")
_ADDRESS = ("Address1", "Address2", "Company", "City", "Zip", "Province", "Country")
MAX_LINES = 1000


@dataclass(slots=True)
class _Group:
    """An order while its lines come in."""

    number: str
    first: Record | None
    lines: list[Record] = field(default_factory=list)
    bad: bool = False


def read_orders(
    file: BinaryIO,
    *,
    methods: Mapping[str, str] | None = None,
    progress: Callable[[int], object] | None = None,
) -> Iterator[OrderRow | BadRow]:
    """The orders of an export, and the rows that cannot be used, as they come.

    Args:
        methods: the shop's own shipping labels, each with its method.
        progress: told the bytes of every line read.

    Raises:
        UnusableFile: the file as a whole is no such export.
    """
    group = _Group("", None)
    for item in Table(file, REQUIRED, progress):
        record = item.guess if isinstance(item, Unreadable) else item
        number = one_line(record["Name"])[:60]
        if not _belongs(record, number, group):
            yield from _finished(group, methods)
            has_own = any(record[column] for column in (*_OWN, "Created at"))
            group = _Group(number, record if has_own else None)
            if not has_own and isinstance(item, Record):
                group.bad = True
                yield BadRow(item.line, _("is a line without an order"), number)
                continue
        if isinstance(item, Unreadable):
            group.bad = True
            yield BadRow(item.line, item.reason, number)
            continue
        problem = _problem(item, number, group)
        if problem:
            group.bad = True
            group.lines.clear()
            yield BadRow(item.line, problem, number)
        elif not group.bad:
            group.lines.append(item)
    yield from _finished(group, methods)


def _belongs(record: Record, number: str, group: _Group) -> bool:
    """Whether the record is one more line of the order before it."""
    if number:
        return order_number_key(number) == order_number_key(group.number)
    return bool(group.number) and not any(record[column] for column in _OWN)


def _problem(record: Record, number: str, group: _Group) -> str:
    """What is wrong with one line; empty when it can be used."""
    cells = Cells(record)
    if not number:
        cells.problems.append(_("Name is missing"))
    elif not order_number_key(number) or len(one_line(record["Name"])) > 60:
        cells.problems.append(_("Name is no order number"))
    if group.first is record:
        _order_fields(cells)
    elif group.first is not None and any(
        record[column] and record[column] != group.first[column] for column in _OWN
    ):
        cells.problems.append(
            _("contradicts line %(line)d of the same order") % {"line": group.first.line}
        )
    cells.quantity("Lineitem quantity")
    cells.money("Lineitem price")
    cells.text("Lineitem name", 300, required=True)
    cells.text("Lineitem sku", 80)
    cells.text("Vendor", 120)
    if len(group.lines) >= MAX_LINES:
        cells.problems.append(_("is beyond the %(limit)d lines of an order") % {"limit": MAX_LINES})
    return "; ".join(cells.problems)


def _order_fields(cells: Cells) -> None:
    """Read what the first line says of the order, for its problems only."""
    cells.email("Email")
    cells.currency("Currency")
    cells.money("Total")
    cells.time("Created at", required=True)
    for column in ("Paid at", "Fulfilled at", "Cancelled at"):
        cells.time(column)
    for column in ("Financial Status", "Fulfillment Status"):
        cells.text(column, 30)
    cells.text("Shipping Method", 120)
    for prefix in ("Billing", "Shipping"):
        cells.text(f"{prefix} Name", 200)


def _finished(group: _Group, methods: Mapping[str, str] | None) -> Iterator[OrderRow]:
    if group.lines and not group.bad and group.first is not None:
        yield _order(group, methods)


def _order(group: _Group, methods: Mapping[str, str] | None) -> OrderRow:
    first = group.first
    assert first is not None  # _finished looked
    cells = Cells(first)
    tags = [tag.strip() for tag in first["Tags"].split(",") if tag.strip()]
    label = cells.text("Shipping Method", 120)
    lines = _lines(group.lines, first["Tags"])
    country = places.country_code(first["Shipping Country"] or first["Billing Country"])
    province = first["Shipping Province"] or first["Billing Province"]
    placed_at = cells.time("Created at", required=True)
    assert placed_at is not None  # _problem looked
    return OrderRow(
        number=group.number,
        number_key=order_number_key(group.number),
        email=cells.text("Email", 254),
        name=cells.text("Shipping Name", 200) or cells.text("Billing Name", 200),
        phone=_phone(first),
        placed_at=placed_at,
        paid_at=cells.time("Paid at"),
        fulfilled_at=cells.time("Fulfilled at"),
        cancelled_at=cells.time("Cancelled at"),
        financial_status=cells.text("Financial Status", 30).lower(),
        fulfillment_status=cells.text("Fulfillment Status", 30).lower(),
        channel=words.channel(first["Source"], tags),
        shipping_method=words.shipping_method(label, methods),
        shipping_label=label,
        country=country,
        currency=cells.currency("Currency"),
        total=cells.money("Total"),
        member=words.is_member(tags),
        preorder=words.is_preorder(first["Tags"])
        or any(_is_preorder_line(record) for record in group.lines),
        ship_to=_ship_to(first),
        locale=places.locale(country),
        time_zone=places.time_zone(country, province),
        lines=lines,
        line=first.line,
    )


def _is_preorder_line(record: Record) -> bool:
    return words.is_preorder(record["Lineitem name"], record["Lineitem properties"])


def _lines(records: list[Record], tags: str) -> tuple[LineRow, ...]:
    seen: Counter[str] = Counter()
    lines = []
    for record in records:
        cells = Cells(record)
        title = cells.text("Lineitem name", 300)
        sku = cells.text("Lineitem sku", 80) or words.made_up_sku(title)
        seen[sku] += 1
        told = (record["Lineitem properties"], title, tags if _is_preorder_line(record) else "")
        lines.append(
            LineRow(
                line_key=f"{sku}#{seen[sku]}",
                sku=sku,
                title=title,
                kind=words.product_kind(sku, title),
                quantity=cells.quantity("Lineitem quantity"),
                price=cells.money("Lineitem price"),
                supplier=cells.text("Vendor", 120),
                release_on=words.release_date(*told),
            )
        )
    return tuple(lines)


def _phone(record: Record) -> str:
    # The export guards what a spreadsheet would take for a formula with an apostrophe.
    for column in ("Shipping Phone", "Phone", "Billing Phone"):
        if record[column]:
            return one_line(record[column]).lstrip("'")[:40]
    return ""


def _ship_to(record: Record) -> tuple[tuple[str, str], ...]:
    """The address as told, without empty parts; nothing when the order is not sent."""
    told = ((part, one_line(record[f"Shipping {part}"]).lstrip("'")[:200]) for part in _ADDRESS)
    parts = tuple((part.lower(), value) for part, value in told if value)
    name = one_line(record["Shipping Name"])
    return (("name", name), *parts) if parts else ()
