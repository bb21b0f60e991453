"""A line of ordinary JSON straight to `Facts`: read, checked and typed in one step.

The decoder knows the shapes; it is made from `OrderFacts` and `Said` themselves, so that no fact
can be forgotten here. It is quick, and laconic: of a line that it does not take it says nothing,
and `policies.parse` reads that line again to say what is wrong. What it would take differently
from that reader (a date with a blank in it, a key that stands twice) it leaves alone, too.
"""

from datetime import datetime
from decimal import Decimal
from operator import attrgetter
from types import UnionType
from typing import Annotated, Any, Literal, Union, cast, get_args, get_origin, get_type_hints

import msgspec

from policies.parse import FIRST_YEAR, LAST_YEAR
from policies.quick import quick
from policies.shapes import (
    NOTHING_SAID,
    Channel,
    EvidenceKind,
    Facts,
    OrderFacts,
    Request,
    Said,
)

_Moment = Annotated[datetime, msgspec.Meta(tz=True)]
_Amount = Annotated[str, msgspec.Meta(pattern=r"^[0-9]{1,15}(\.[0-9]{1,6})?\Z")]
_CODES: dict[str, Any] = {
    "country": Annotated[str, msgspec.Meta(pattern=r"^[A-Z]{2}\Z")],
    "currency": Annotated[str, msgspec.Meta(pattern=r"^[A-Z]{3}\Z")],
}
_TYPES: dict[type, Any] = {
    datetime: _Moment,
    Decimal: _Amount,
    int: Annotated[int, msgspec.Meta(ge=0)],
}
_Kind: Any = Literal[tuple(str(kind) for kind in EvidenceKind)]
_FACTS = quick(Facts)


def _struct(name: str, shape: type) -> type[msgspec.Struct]:
    """Return the decoder's type with a shape's own names; what is unknown stands as None."""
    fields: list[tuple[str, Any, Any]] = []
    for key, hint in get_type_hints(shape).items():
        known = [item for item in _members(hint) if item is not type(None)]
        wanted: Any = _CODES.get(key) or _TYPES.get(known[0], known[0])
        fields.append((key, wanted | None, None))
    return msgspec.defstruct(name, fields, forbid_unknown_fields=True, omit_defaults=True)


def _members(hint: Any) -> tuple[Any, ...]:
    return get_args(hint) if get_origin(hint) in (Union, UnionType) else (hint,)


_Order = _struct("_Order", OrderFacts)
_Said = _struct("_Said", Said)
_Line = msgspec.defstruct(
    "_Line",
    [
        ("id", str),
        ("store", str),
        ("request", Request),
        ("at", _Moment),
        ("order", _Order | None, None),
        ("said", _Said | None, None),
        ("evidence", tuple[_Kind, ...] | None, None),
    ],
    forbid_unknown_fields=True,
    omit_defaults=True,
)
_decode = msgspec.json.Decoder(_Line).decode
_encode = msgspec.json.Encoder().encode
_DATES = {
    struct: attrgetter(*(key for key in struct.__struct_fields__ if key.endswith("_at")))
    for struct in (_Order, _Said)
}


def read_line(line: bytes) -> Facts | None:
    """Return the facts of an ordinary line; None of one that needs the careful reader.

    The facts' `order` and `said` are the decoder's own values with the same names: whoever
    decides and explains only reads them.
    """
    try:
        read: Any = _decode(line)
    except ValueError:  # of the decoder: DecodeError, ValidationError, and no UTF-8
        return None
    order, said = read.order, read.said
    if not _plain(line, read) or not FIRST_YEAR <= read.at.year <= LAST_YEAR:
        return None
    if (order is not None and not _near(order)) or (said is not None and not _near(said)):
        return None
    if order is not None:
        if order.total is not None:
            order.total = Decimal(order.total)
        if order.channel is None:
            order.channel = Channel.ONLINE
    return _FACTS(
        read.id,
        read.store,
        read.request,
        read.at,
        cast(OrderFacts | None, order),
        NOTHING_SAID if said is None else cast(Said, said),
        read.evidence or (),
    )


def _plain(line: bytes, read: Any) -> bool:
    """Say whether what was read, written again, has as many keys and dates as the line.

    A key that stands twice, which this decoder does not mind, leaves one quotation mark and
    colon too many in the line (a null is not written again), and a date without its T one T
    too few. White space before a colon, or letters escaped by number, would hide either.
    """
    again = _encode(read)
    keys, read_keys = line.count(b'":'), again.count(b'":')
    return (
        (keys == read_keys or keys - line.count(b"null") == read_keys)
        and line.count(b"T") == again.count(b"T")
        and b" :" not in line
        and b"\t" not in line
        and b"\r" not in line[:-1]
    )


def _near(part: Any) -> bool:
    """Say whether all dates lie in the years that can be counted with."""
    for moment in _DATES[type(part)](part):
        if moment is not None and not FIRST_YEAR <= moment.year <= LAST_YEAR:
            return False
    return True
