"""The second CSV: what carriers know of the parcels.

Columns: ``order``, and any of ``tracking number``, ``carrier``, ``kind`` (parcel or poster,
parcel when empty), ``shipped at``, ``last event at``, ``delivered at``.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import BinaryIO

from django.utils.translation import gettext as _

from tickets.actions.order_rows import BadRow, DeliveryRow
from tickets.intake.cells import Cells, one_line
from tickets.intake.table import Record, Table, Unreadable
from tickets.models.order import SHIPMENT_KINDS, order_number_key

COLUMNS = (
    "order",
    "tracking number",
    "carrier",
    "kind",
    "shipped at",
    "last event at",
    "delivered at",
)


def read_tracking(
    file: BinaryIO, *, progress: Callable[[int], object] | None = None
) -> Iterator[DeliveryRow | BadRow]:
    """The rows of a tracking file, and those that cannot be used.

    Raises:
        UnusableFile: the file as a whole is no such table.
    """
    for item in Table(file, ("order", "tracking number"), progress):
        if isinstance(item, Unreadable):
            yield BadRow(item.line, item.reason, one_line(item.guess["order"])[:60])
        else:
            yield _delivery(item)


def _delivery(record: Record) -> DeliveryRow | BadRow:
    cells = Cells(record)
    number = cells.text("order", 60, required=True)
    kind = record["kind"].casefold() or "parcel"
    if kind not in SHIPMENT_KINDS:
        cells.problems.append(_("kind is neither parcel nor poster"))
    row = DeliveryRow(
        number_key=order_number_key(number),
        tracking_number=cells.text("tracking number", 60),
        carrier=cells.text("carrier", 60),
        kind=kind,
        shipped_at=cells.time("shipped at"),
        last_tracking_at=cells.time("last event at"),
        delivered_at=cells.time("delivered at"),
        line=record.line,
    )
    if cells.problems:
        return BadRow(record.line, "; ".join(cells.problems), number)
    return row
