"""The shape of a pack file: frozen pydantic models, strict, every key known.

A figure stands once, in its rule, and is referred to as `name` (a figure of the check's own
rule) or `rule.id/name` (another rule's).
"""

from datetime import date, time
from decimal import Decimal
from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from policies.checks import Check, RequestChecks
from policies.fields import (
    CountryCode,
    CurrencyCode,
    Days,
    FigureName,
    FigureRef,
    Model,
    NonEmpty,
    RuleId,
    Sentences,
    Slug,
    Text,
)
from policies.shapes import EvidenceKind, Outcome, Request, ShippingMethod

Weekday = Literal["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"]
WEEKDAYS: tuple[Weekday, ...] = (
    "monday",
    "tuesday",
    "wednesday",
    "thursday",
    "friday",
    "saturday",
    "sunday",
)

# The store ---------------------------------------------------------------------------------


class Holidays(Model):
    """Whose public holidays the business days skip."""

    country: CountryCode
    subdivision: str | None = None


class Contact(Model):
    """One way to reach the store; `open: false` switches it off, and `notice` says so."""

    kind: Literal["phone", "email"]
    value: NonEmpty
    open: bool = True
    notice: Text | None = None

    @model_validator(mode="after")
    def _closed_says_so(self) -> Self:
        if not self.open and self.notice is None:
            raise ValueError("a channel that is switched off needs a notice")
        return self


class OpeningSpan(Model):
    """From, inclusive, to, exclusive, on the store's clock."""

    start: Annotated[time, Field(alias="from")]
    end: Annotated[time, Field(alias="to")]

    @model_validator(mode="after")
    def _forwards(self) -> Self:
        if self.start >= self.end:
            raise ValueError("opens after it closes")
        return self


class Store(Model):
    """Who the store is and how it counts time."""

    slug: Slug
    name: NonEmpty
    place: Text
    time_zone: NonEmpty
    holidays: Holidays | None = None
    currencies: Annotated[tuple[CurrencyCode, ...], Field(min_length=1)]
    locale: NonEmpty = "en"
    opening_hours: dict[Weekday, tuple[OpeningSpan, ...]]
    closed_on_holidays: bool = True
    channels: tuple[Contact, ...] = ()
    house: tuple[str, ...] = ()


# Rules -------------------------------------------------------------------------------------

Figure = int | Annotated[Decimal, Field(ge=0)] | Days


class Rule(Model):
    """One promise: its figures, its dates, and what it says, in each locale.

    `says` maps a verdict, or a text of the rule's own that a check names, to sentences.
    """

    kinds: Annotated[tuple[Literal["E", "T", "G", "D"], ...], Field(min_length=1)]
    page: NonEmpty
    starts_on: date | None = None
    ends_on: date | None = None
    figures: dict[FigureName, Figure] = {}
    house: tuple[FigureName, ...] = ()
    outcomes: tuple[Outcome, ...] = ()
    sentence: Text
    says: dict[str, Sentences] = {}
    reading: str | None = None


# What the desk needs -----------------------------------------------------------------------


class Media(Model):
    """How a kind of evidence is taken in. `max_bytes` is per file."""

    media: Literal["video", "photo"]
    max_bytes: Annotated[int, Field(gt=0)]
    label: Text | None = None
    steps: Sentences | None = None


class ProcessData(Model):
    """What follows an approval under a claim's rule."""

    manufacturer: bool = False
    customer_returns: bool = False
    return_shipping_paid_by: Literal["customer", "store"] | None = None
    inspection: bool = False

    @model_validator(mode="after")
    def _somebody_pays(self) -> Self:
        if self.customer_returns != (self.return_shipping_paid_by is not None):
            raise ValueError("return_shipping_paid_by belongs to customer_returns")
        return self


class ManufacturerData(Model):
    """The manufacturer's time: figures of `rule`."""

    rule: RuleId
    weeks_due: FigureRef
    update_weeks: FigureRef


class LimitData(Model):
    """A process that has to end: figures of `rule`."""

    rule: RuleId
    days: FigureRef
    warn_days_before: FigureRef


class PickupData(Model):
    """In-store pickup: figures of its two rules."""

    rule: RuleId
    prepare_rule: RuleId
    reserve_days: FigureRef
    reminder_days: FigureRef
    prepare_days: FigureRef


class RefundData(Model):
    """How long a refund may take: a figure of `rule`."""

    rule: RuleId
    days: FigureRef


class DeskData(Model):
    """What the desk's timers and steps read."""

    processes: dict[RuleId, ProcessData] = {}
    manufacturer: ManufacturerData | None = None
    defect_process: LimitData | None = None
    pickup: PickupData | None = None
    refund: RefundData | None = None


class HouseFigures(Model):
    """Figures that no store publishes; a manager may change them."""

    evidence_days: Annotated[int, Field(gt=0)]
    evidence_reminder_days: Days
    upload_grace_hours: Annotated[int, Field(ge=0)]


class Carrier(Model):
    """A carrier, recognised by how its tracking numbers begin."""

    prefix: NonEmpty
    name: NonEmpty
    site: NonEmpty
    digits_only: bool = False
    phone: str | None = None


class Estimate(Model):
    """A range of business days after shipping: figures of the estimates' rule."""

    first: Annotated[FigureRef, Field(alias="from")]
    last: Annotated[FigureRef, Field(alias="to")]


class Estimates(Model):
    """The delivery estimates by shipping method; `default` when the method is not known."""

    rule: RuleId
    default: ShippingMethod
    methods: Annotated[dict[ShippingMethod, Estimate], Field(min_length=1)]


class PackDocument(Model):
    """A whole pack file, as read."""

    format: Literal[1]
    version: NonEmpty
    starts_on: date
    store: Store
    unwritten: RuleId
    house: HouseFigures
    pages: dict[str, Text]
    evidence: dict[EvidenceKind, Media] = {}
    estimates: Estimates | None = None
    carriers: tuple[Carrier, ...] = ()
    desk: DeskData = DeskData()
    rules: Annotated[dict[RuleId, Rule], Field(min_length=1)]
    first: tuple[Check, ...] = ()
    requests: dict[Request, RequestChecks]
    phrases: dict[str, Sentences] = {}
