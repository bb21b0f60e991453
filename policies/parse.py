"""JSON to `Facts`, strictly: every mistake names what is wrong and where.

Written by hand for speed; a line is read in a few microseconds. Unknown keys are refused, so
that a misspelt fact never passes silently. A null stands for "not known".
"""

import re
from collections.abc import Callable, Mapping
from datetime import datetime
from decimal import Decimal
from typing import Any

from policies.quick import quick
from policies.shapes import (
    NOTHING_SAID,
    Channel,
    EvidenceKind,
    Facts,
    OrderFacts,
    Request,
    Said,
    ShippingMethod,
)

# Far enough for every order there is, near enough that no sum of days can overflow.
FIRST_YEAR, LAST_YEAR = 1970, 2100

_COUNTRY = re.compile(r"[A-Z]{2}")
_CURRENCY = re.compile(r"[A-Z]{3}")
_AMOUNT = re.compile(r"[0-9]{1,15}(\.[0-9]{1,6})?")
_KEYS = frozenset({"id", "store", "request", "at", "order", "said", "evidence"})
_REQUESTS = {str(item): item for item in Request}
_CHANNELS = {str(item): item for item in Channel}
_METHODS = {str(item): item for item in ShippingMethod}
_KINDS = {str(item): str(item) for item in EvidenceKind}
_FACTS, _ORDER_FACTS, _SAID_FACTS = quick(Facts), quick(OrderFacts), quick(Said)

Reader = Callable[[Any], Any]


class FactsError(ValueError):
    """Facts that cannot be used. `path` is dotted (`order.placed_at`, `evidence[2]`)."""

    def __init__(self, path: str, problem: str) -> None:
        self.path = path
        self.problem = problem
        super().__init__(f"{path}: {problem}" if path else problem)


class _Wrong(Exception):
    """What is wrong with one value; its reader does not know the path, its caller does."""


def parse_facts(data: Any) -> Facts:
    """Read facts from decoded JSON, or raise FactsError."""
    if not isinstance(data, dict | Mapping):
        raise FactsError("", f"must be an object, not {_kind(data)}")
    if not _KEYS.issuperset(data):
        raise _unknown("", next(key for key in data if key not in _KEYS))
    get = data.get
    path = "request"
    try:
        request = _REQUESTS.get(_text(get(path)))
        if request is None:
            raise _Wrong(f"{data[path]!r} is not a known request type")
        path = "id"
        name = _text(get(path))
        path = "store"
        store = _text(get(path))
        path = "at"
        at = _moment(get(path))
    except _Wrong as wrong:
        raise FactsError(path, str(wrong)) from None
    order, said, evidence = get("order"), get("said"), get("evidence")
    return _FACTS(
        name,
        store,
        request,
        at,
        None if order is None else _ORDER_FACTS(**_section(order, "order", _ORDER)),
        NOTHING_SAID
        if said is None or said == {}
        else _SAID_FACTS(**_section(said, "said", _SAID)),
        () if evidence is None else _evidence(evidence),
    )


def facts_from_json(data: Any) -> Facts:
    """Read back what `Facts.as_json` wrote; raises FactsError like `parse_facts`."""
    return parse_facts(data)


def _section(data: Any, path: str, readers: Mapping[str, Reader]) -> dict[str, Any]:
    if not isinstance(data, dict | Mapping):
        raise FactsError(path, f"must be an object, not {_kind(data)}")
    found = {}
    key = ""
    try:
        for key, value in data.items():
            reader = readers[key]
            if value is not None:
                found[key] = reader(value)
    except KeyError:
        raise _unknown(path, key) from None
    except _Wrong as wrong:
        raise FactsError(f"{path}.{key}", str(wrong)) from None
    return found


def _evidence(data: Any) -> tuple[str, ...]:
    if not isinstance(data, list | tuple):
        raise FactsError("evidence", f"must be a list, not {_kind(data)}")
    try:
        return tuple(map(_KINDS.__getitem__, data))
    except (KeyError, TypeError):  # TypeError: a list, say, cannot even be looked up
        known = ", ".join(sorted(_KINDS))
        for index, kind in enumerate(data):
            if not isinstance(kind, str) or kind not in _KINDS:
                raise FactsError(f"evidence[{index}]", f"{kind!r} is not one of {known}") from None
        raise


def _text(value: Any) -> str:
    if isinstance(value, str):
        return value
    raise _Wrong("is missing" if value is None else f"must be a string, not {_kind(value)}")


def _moment(value: Any) -> datetime:
    try:
        moment = datetime.fromisoformat(value)
    except (TypeError, ValueError):
        moment = None
    # A bare date would parse as well, and would hide which midnight is meant.
    if moment is None or "T" not in value:
        raise _Wrong(f"{_text(value)!r} is not an ISO 8601 date and time")
    if moment.tzinfo is None:
        raise _Wrong(f"{value!r} has no offset, so it names no instant")
    if not FIRST_YEAR <= moment.year <= LAST_YEAR:
        raise _Wrong(f"{value!r} lies outside the years {FIRST_YEAR} to {LAST_YEAR}")
    return moment


def _flag(value: Any) -> bool:
    if value is True or value is False:
        return value is True
    raise _Wrong(f"must be true or false, not {_kind(value)}")


def _count(value: Any) -> int:
    if type(value) is not int:  # a bool is an int to Python, not to a customer
        raise _Wrong(f"must be a whole number, not {_kind(value)}")
    if value < 0:
        raise _Wrong("must not be negative")
    return value


def _amount(value: Any) -> Decimal:
    if not isinstance(value, str) or not _AMOUNT.fullmatch(value):
        raise _Wrong(f"{_text(value)!r} is not an amount such as '199.00'")
    return Decimal(value)


def _country(value: Any) -> str:
    if not isinstance(value, str) or not _COUNTRY.fullmatch(value):
        raise _Wrong(f"{_text(value)!r} is not a country code of two capital letters")
    return value


def _currency(value: Any) -> str:
    if not isinstance(value, str) or not _CURRENCY.fullmatch(value):
        raise _Wrong(f"{_text(value)!r} is not a currency code of three capital letters")
    return value


def _channel(value: Any) -> Channel:
    found = _CHANNELS.get(value) if isinstance(value, str) else None
    if found is None:
        raise _Wrong(f"{_text(value)!r} is not one of {', '.join(_CHANNELS)}")
    return found


def _method(value: Any) -> ShippingMethod:
    found = _METHODS.get(value) if isinstance(value, str) else None
    if found is None:
        raise _Wrong(f"{_text(value)!r} is not one of {', '.join(_METHODS)}")
    return found


def _unknown(path: str, key: Any) -> FactsError:
    where = f"{path}.{key}" if path else str(key)
    return FactsError(where, "is not a known key")


def _kind(value: Any) -> str:
    """Name a JSON type as its writer would."""
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "a truth value"
    if isinstance(value, int | float):
        return "a number"
    if isinstance(value, str):
        return "a string"
    return "a list" if isinstance(value, list | tuple) else "an object"


_ORDER: Mapping[str, Reader] = {
    "placed_at": _moment,
    "paid_at": _moment,
    "shipped_at": _moment,
    "delivered_at": _moment,
    "last_tracking_at": _moment,
    "pickup_confirmed_at": _moment,
    "collected_at": _moment,
    "channel": _channel,
    "shipping_method": _method,
    "country": _country,
    "currency": _currency,
    "total": _amount,
    "member": _flag,
    "preorder": _flag,
    "in_stock": _flag,
}
_SAID: Mapping[str, Reader] = {
    "opened": _flag,
    "package_damaged": _flag,
    "video_exists": _flag,
    "receipt": _flag,
    "remote": _flag,
    "forfeit_points": _flag,
    "active_orders": _count,
    "charged_at": _moment,
    "review_posted_at": _moment,
    "points_earned_at": _moment,
    "discovered_at": _moment,
    "ip_address": _text,
    "account_email": _text,
}
