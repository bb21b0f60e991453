"""The second CSV: what carriers know of the parcels.

Columns: ``order``, and any of ``tracking number``, ``carrier``, ``kind`` (parcel or poster,
parcel when empty), ``shipped at``, ``last event at``, ``delivered at``, and what that last event
was: ``event``, ``place``. A parcel may stand in as many rows as it has events.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import BinaryIO

from django.utils.translation import gettext as _

from policies.carriers import recognise
from policies.pack import Pack
from tickets.actions.order_rows import BadRow, DeliveryRow
from tickets.carriers import mistake
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
    "event",
    "place",
)


def read_tracking(
    file: BinaryIO,
    *,
    pack: Pack | None = None,
    progress: Callable[[int], object] | None = None,
) -> Iterator[DeliveryRow | BadRow]:
    """The rows of a tracking file, and those that cannot be used.

    ``pack`` knows the store's own carriers; a number that cannot be its carrier's is no row.

    Raises:
        UnusableFile: the file as a whole is no such table.
    """
    for item in Table(file, ("order", "tracking number"), progress):
        if isinstance(item, Unreadable):
            yield BadRow(item.line, item.reason, one_line(item.guess["order"])[:60])
        else:
            yield _delivery(item, pack)


def _delivery(record: Record, pack: Pack | None) -> DeliveryRow | BadRow:
    cells = Cells(record)
    number = cells.text("order", 60, required=True)
    kind = record["kind"].casefold() or "parcel"
    if kind not in SHIPMENT_KINDS:
        cells.problems.append(_("kind is neither parcel nor poster"))
    carrier = cells.text("carrier", 60)
    row = DeliveryRow(
        number_key=order_number_key(number),
        tracking_number=_tracking_number(cells, carrier, pack),
        carrier=carrier,
        kind=kind,
        shipped_at=cells.time("shipped at"),
        last_tracking_at=cells.time("last event at"),
        delivered_at=cells.time("delivered at"),
        line=record.line,
        event=cells.text("event", 200),
        place=cells.text("place", 120),
    )
    if cells.problems:
        return BadRow(record.line, "; ".join(cells.problems), number)
    return row


def _tracking_number(cells: Cells, carrier: str, pack: Pack | None) -> str:
    """The number as its carrier writes it; as it stands where nobody knows it."""
    typed = cells.text("tracking number", 60)
    found = recognise(typed, pack, carrier)
    if found is None:
        return typed
    if found.mistyped:
        cells.problems.append(
            _("tracking number “%(number)s”: %(problem)s")
            % {"number": typed, "problem": mistake(found)}
        )
    return found.number
