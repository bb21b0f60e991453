"""The words of a decision: facts in, a decision out. Frozen, and free of any clock.

Time is a fact (`Facts.at`), never read here. Every date is an aware `datetime`;
what day it belongs to is the business of `policies.calendar` alone.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from enum import StrEnum
from types import MappingProxyType
from typing import Any


class Verdict(StrEnum):
    """What the store's rules say about a request."""

    ACCEPTED = "accepted"
    EVIDENCE_NEEDED = "evidence_needed"
    DISCRETIONARY = "discretionary"
    REFUSED = "refused"
    WAIT = "wait"
    ELSEWHERE = "elsewhere"
    ANSWERED = "answered"


class Request(StrEnum):
    """What a customer may ask for or about."""

    MISSING_PHOTOCARD = "missing_photocard"
    DEFECT = "defect"
    TRANSIT_DAMAGE = "transit_damage"
    LOST_PARCEL = "lost_parcel"
    TRACKING_STALLED = "tracking_stalled"
    POSTER_MISSING = "poster_missing"
    ORDER_NOT_SHIPPED = "order_not_shipped"
    SHIPPING_TIME = "shipping_time"
    CANCEL_ORDER = "cancel_order"
    CHANGE_ADDRESS = "change_address"
    CHANGE_OF_MIND = "change_of_mind"
    PICKUP = "pickup"
    PREORDER = "preorder"
    PREORDER_BENEFITS = "preorder_benefits"
    PENDING_CHARGE = "pending_charge"
    GIFT_CARD = "gift_card"
    CUSTOMS = "customs"
    RESTOCK = "restock"
    CHARTS = "charts"
    MEMBERSHIP = "membership"
    FREE_SHIPPING = "free_shipping"
    POINTS = "points"
    POINTS_EXPIRED = "points_expired"
    REVIEW_POINTS = "review_points"
    DELETE_ACCOUNT = "delete_account"
    ACCOUNT_DETAILS = "account_details"
    POP_NOW_RETURN = "pop_now_return"
    BLIND_BOX = "blind_box"
    AUTHENTICITY = "authenticity"
    PAYMENT_METHODS = "payment_methods"
    CARRIER_CONTACT = "carrier_contact"
    PAGE_ERROR = "page_error"


class EvidenceKind(StrEnum):
    """A kind of file that a customer may hand in."""

    UNBOXING_VIDEO = "unboxing_video"
    PHOTO = "photo"
    DEFECT_PHOTO = "defect_photo"
    RECEIPT = "receipt"
    SCREENSHOT = "screenshot"


class Outcome(StrEnum):
    """What may come of a request."""

    REFUND = "refund"
    REPLACEMENT = "replacement"
    RETURN = "return"
    CANCELLATION = "cancellation"
    ADDRESS_CHANGE = "address_change"
    INVESTIGATION = "investigation"
    DELETION = "deletion"
    POINTS = "points"
    FREE_SHIPPING = "free_shipping"
    STAFF_CHECK = "staff_check"


class Channel(StrEnum):
    """Where the order was bought."""

    ONLINE = "online"
    STORE = "store"
    DISTRIBUTOR = "distributor"
    POP_NOW = "pop_now"


class ShippingMethod(StrEnum):
    """How the order travels."""

    STANDARD = "standard"
    PRIORITY = "priority"
    EXPRESS = "express"
    PICKUP = "pickup"


@dataclass(frozen=True, slots=True)
class OrderFacts:
    """What is known of the order. None: not known, or has not happened."""

    placed_at: datetime | None = None
    paid_at: datetime | None = None
    shipped_at: datetime | None = None
    delivered_at: datetime | None = None
    last_tracking_at: datetime | None = None
    pickup_confirmed_at: datetime | None = None
    collected_at: datetime | None = None
    channel: Channel = Channel.ONLINE
    shipping_method: ShippingMethod | None = None
    country: str | None = None
    currency: str | None = None
    total: Decimal | None = None
    member: bool | None = None
    preorder: bool | None = None
    in_stock: bool | None = None


@dataclass(frozen=True, slots=True)
class Said:
    """What the customer declares. None: the customer has not said."""

    opened: bool | None = None
    package_damaged: bool | None = None
    video_exists: bool | None = None
    receipt: bool | None = None
    remote: bool | None = None
    forfeit_points: bool | None = None
    active_orders: int | None = None
    charged_at: datetime | None = None
    review_posted_at: datetime | None = None
    points_earned_at: datetime | None = None
    discovered_at: datetime | None = None
    ip_address: str | None = None
    account_email: str | None = None


NOTHING_SAID = Said()
NOTHING: Mapping[str, Any] = MappingProxyType({})


@dataclass(frozen=True, slots=True)
class Facts:
    """One request, with everything the decision may look at."""

    id: str
    store: str
    request: Request
    at: datetime
    order: OrderFacts | None = None
    said: Said = NOTHING_SAID
    evidence: tuple[str, ...] = ()

    def as_json(self) -> dict[str, Any]:
        """Return the facts as plain JSON values, what is unknown left out.

        `policies.types.facts_from_json` reads them back to an equal `Facts`.
        """
        found: dict[str, Any] = {
            "id": self.id,
            "store": self.store,
            "request": str(self.request),
            "at": self.at.isoformat(),
        }
        if self.order is not None:
            found["order"] = _plain(self.order, OrderFacts.__slots__)
        said = _plain(self.said, Said.__slots__)
        if said:
            found["said"] = said
        if self.evidence:
            found["evidence"] = [str(kind) for kind in self.evidence]
        return found


@dataclass(frozen=True, slots=True)
class Reason:
    """Why the decision came out so: a key into the pack's texts, rendered only when read.

    `key` is `<rule id>:<text>`; `params` names what the check looked at.
    """

    key: str
    params: Mapping[str, Any] = field(default_factory=lambda: NOTHING)


@dataclass(frozen=True, slots=True)
class Decision:
    """What the rules say, with the id of the rule that settled it.

    `closes_at` and `opens_at` are aware and in the store's own zone. `missing` lists
    alternatives, each a map of what is still needed; empty when nothing is. `floor` is the id
    of the floor of the customer's country where, and only where, it made the answer better.
    """

    id: str
    verdict: Verdict
    rule: str
    closes_at: datetime | None = None
    opens_at: datetime | None = None
    missing: tuple[Mapping[str, int], ...] = ()
    outcomes: tuple[str, ...] = ()
    reasons: tuple[Reason, ...] = ()
    floor: str = ""

    def as_json(self, explain: Sequence[str] | None = None) -> dict[str, Any]:
        """Return the decision as plain JSON values; `explain` is added when given."""
        found: dict[str, Any] = {
            "id": self.id,
            "verdict": self.verdict.value,
            "rule": self.rule,
            "closes_at": None if self.closes_at is None else self.closes_at.isoformat(),
            "opens_at": None if self.opens_at is None else self.opens_at.isoformat(),
            "missing": [dict(alternative) for alternative in self.missing],
            "outcomes": [str(outcome) for outcome in self.outcomes],
        }
        if self.floor:
            found["floor"] = self.floor
        if explain is not None:
            found["explain"] = list(explain)
        return found


def _plain(source: OrderFacts | Said, names: Sequence[str]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for name in names:
        value = getattr(source, name)
        if value is None:
            continue
        if isinstance(value, datetime):
            found[name] = value.isoformat()
        elif isinstance(value, Decimal | StrEnum):
            found[name] = str(value)
        else:
            found[name] = value
    return found
