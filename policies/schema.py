"""The shape of a pack file: frozen pydantic models, strict, every key known.

A figure stands once, in its rule, and is referred to as `name` (a figure of the check's own
rule) or `rule.id/name` (another rule's).
"""

from datetime import date, time
from decimal import Decimal
from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from policies.checks import Check, RequestChecks
from policies.deskdata import DeskData, Media
from policies.fields import (
    ClockTime,
    CountryCode,
    CurrencyCode,
    DateName,
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
    """The country (ISO 3166 alpha-2) whose public holidays are no business days."""
    subdivision: str | None = None
    """A state or province of it (ISO 3166-2, without the country)."""


class Contact(Model):
    """One way to reach the store; `open: false` switches it off, and `notice` says so."""

    kind: Literal["phone", "email"]
    """`phone` or `email`."""
    value: NonEmpty
    """The number or the address."""
    open: bool = True
    """`false` switches the channel off; `notice` then says what to use instead."""
    notice: Text | None = None
    """What is said beside the channel, by locale."""

    @model_validator(mode="after")
    def _closed_says_so(self) -> Self:
        if not self.open and self.notice is None:
            raise ValueError("a channel that is switched off needs a notice that says so")
        return self


class OpeningSpan(Model):
    """From, inclusive, to, exclusive, on the store's clock."""

    start: Annotated[ClockTime, Field(alias="from")]
    """Opens at, on the store's clock: `"09:00"`."""
    end: Annotated[ClockTime, Field(alias="to")]
    """Closes at, the same day; `"00:00"` is the midnight at its end."""

    @model_validator(mode="after")
    def _forwards(self) -> Self:
        if self.end != time(0) and self.start >= self.end:
            raise ValueError("closes before it opens; a night is two spans, one on each day")
        return self


class Store(Model):
    """Who the store is and how it counts time."""

    slug: Slug
    """The short name: the store's address on the desk, and how its rules' ids begin."""
    name: NonEmpty
    """The name that customers know."""
    place: Text
    """Where the store's clock hangs, by locale ("in Las Vegas")."""
    time_zone: NonEmpty
    """The IANA time zone that decides what a day is."""
    holidays: Holidays | None = None
    """Whose public holidays the business days skip; none without it."""
    currencies: Annotated[tuple[CurrencyCode, ...], Field(min_length=1)]
    """What it sells in (ISO 4217)."""
    locale: NonEmpty = "en"
    """The language that the store itself speaks."""
    opening_hours: dict[Weekday, tuple[OpeningSpan, ...]]
    """The open spans of each weekday; a day that is left out is closed."""
    closed_on_holidays: bool = True
    """Whether it is closed on the public holidays too."""
    channels: tuple[Contact, ...] = ()
    """How to reach the store, the fastest first."""
    house: tuple[str, ...] = ()
    """Keys of this part that the store does not publish."""


# Rules -------------------------------------------------------------------------------------

Figure = int | Annotated[Decimal, Field(ge=0)] | Days


class Rule(Model):
    """One promise: its figures, its dates, and what it says, in each locale.

    `says` maps a verdict, or a text of the rule's own that a check names, to sentences.
    """

    kinds: Annotated[tuple[Literal["E", "T", "G", "D"], ...], Field(min_length=1)]
    """E enforced on a request, T a timer, G guidance, D reference data."""
    page: NonEmpty
    """The page (of `pages`) that it comes from."""
    starts_on: date | None = None
    """The first day of orders for which the rule exists."""
    ends_on: date | None = None
    """The last day of orders for which the rule exists."""
    figures: dict[FigureName, Figure] = {}
    """Its numbers by name: a whole number, an amount, or a list of numbers."""
    house: tuple[FigureName, ...] = ()
    """Names of figures that the store does not publish; a manager may change them."""
    outcomes: tuple[Outcome, ...] = ()
    """What may come of a request that this rule accepts."""
    sentence: Text
    """The rule as a short statement to a customer, by locale, with `{figures}`."""
    says: dict[str, Sentences] = {}
    """What is told: by verdict or by the name of a text, by locale, sentences in order."""
    title: Text | None = None
    """The heading of its article in the help centre, as a customer would ask it, by locale."""
    article: Sentences | None = None
    """The article's paragraphs, by locale, with `{figures}`, `{store}`, `{phone}`, `{email}`."""
    article_of: RuleId | None = None
    """The rule on whose page this one is told; without it, it has a page of its own."""
    reading: str | None = None
    """How an ambiguous page is read."""


KeepDays = Annotated[int, Field(ge=1, le=3660)]


class HouseFigures(Model):
    """Figures that no store publishes; a manager may change them."""

    evidence_days: Annotated[int, Field(gt=0, le=3660)]
    """Days that a customer has to add missing evidence."""
    evidence_reminder_days: Days
    """Days before that deadline on which the customer is reminded."""
    upload_grace_hours: Annotated[int, Field(ge=0, le=720)]
    """Hours that an upload begun in time may still take."""
    answer_days: Annotated[int, Field(ge=0, le=365)] = 2
    """Business days within which a person answers a request; 0 is by the end of the day."""
    urgent_answer_days: Annotated[int, Field(ge=0, le=365)] = 0
    """The same for the urgent ones."""
    carrier_days: Annotated[int, Field(gt=0)] = 14
    """Days within which a carrier is to answer an inquiry about a parcel."""
    keep_approved_days: KeepDays = 180
    """Days after the end of an approved and fulfilled claim for which its files are kept."""
    keep_refused_days: KeepDays = 180
    """The same after a refusal; longer where refusals are disputed."""
    keep_expired_days: KeepDays = 180
    """The same after a claim that ended because its evidence did not come."""
    keep_withdrawn_days: KeepDays = 180
    """The same after the customer took the claim back."""
    keep_other_days: KeepDays = 180
    """The same after a request that was no claim."""


class Carrier(Model):
    """A carrier, recognised by how its tracking numbers begin."""

    prefix: NonEmpty
    """How its tracking numbers begin."""
    name: NonEmpty
    """Its name."""
    site: NonEmpty
    """Its tracking page, without `https://`."""
    digits_only: bool = False
    """Only a number without letters is its own."""
    phone: str | None = None
    """Its phone number."""


class Estimate(Model):
    """A range of business days after shipping: figures of the estimates' rule."""

    first: Annotated[FigureRef, Field(alias="from")]
    """The figure with the first business day."""
    last: Annotated[FigureRef, Field(alias="to")]
    """The figure with the last business day."""


class Estimates(Model):
    """The delivery estimates by shipping method; `default` when the method is not known."""

    rule: RuleId
    """The rule whose figures these are."""
    default: ShippingMethod
    """The method that counts when an order's is not known."""
    methods: Annotated[dict[ShippingMethod, Estimate], Field(min_length=1)]
    """The range of each method that the store ships by."""


# Rights by country -------------------------------------------------------------------------


class FloorWindow(Model):
    """A statutory window: so many months from the first date that is known.

    Where the customer declares the discovery, it closes at the earlier of both ends.
    """

    start: Annotated[tuple[DateName, ...], Field(alias="from", min_length=1)]
    """The dates it counts from; the first that is known."""
    months: Annotated[int, Field(ge=1, le=120)]
    """Calendar months, counted on the store's clock."""
    discovered_days: Annotated[int, Field(ge=1, le=3660)] | None = None
    """Local days from the day on which the customer says that they discovered it."""


class Floor(Model):
    """What a law of the customer's country gives at least, for some types of request.

    An example, not legal advice: off until somebody switches it on.
    """

    id: RuleId
    """Begins with the store's slug; never the id of a rule."""
    on: bool = False
    """Whether it counts."""
    countries: Annotated[tuple[CountryCode, ...], Field(min_length=1)]
    """The countries that an order is sent to, ISO 3166 alpha-2."""
    requests: Annotated[tuple[Request, ...], Field(min_length=1)]
    """The types of request that it speaks of."""
    window: FloorWindow | None = None
    """A window that closes no earlier than the law's."""
    missing_evidence_may_not_refuse: bool = False
    """Without the files, or against a condition of the goods, a person decides."""
    source: Text
    """The law or the case that it comes from."""
    sentence: Text
    """The floor as a short statement; its placeholders are figures."""
    says: dict[Literal["window", "evidence"], Sentences] = {}
    """What an answer adds where the window, or the clause on evidence, has changed it."""


class PackDocument(Model):
    """A whole pack file, as read."""

    format: Literal[1]
    """The format of this file."""
    version: NonEmpty
    """The pack's own name for its version."""
    starts_on: date
    """The local day from which the pack means to be in force."""
    store: Store
    """Who the store is and how it counts time."""
    unwritten: RuleId
    """The rule for everything on which the store publishes none."""
    house: HouseFigures
    """Figures of the desk that no store publishes."""
    pages: dict[str, Text]
    """The titles of the help pages by slug, each by locale."""
    evidence: dict[EvidenceKind, Media] = {}
    """The kinds of files that the store takes."""
    estimates: Estimates | None = None
    """How long the delivery takes, in business days after shipping."""
    carriers: tuple[Carrier, ...] = ()
    """The carriers that the store names."""
    carriers_rule: RuleId | None = None
    """The rule that names them to customers."""
    desk: DeskData = DeskData()
    """What the desk's timers and steps read."""
    rules: Annotated[dict[RuleId, Rule], Field(min_length=1)]
    """Every promise by its id, `store.name`. An id is never used for anything else."""
    first: tuple[Check, ...] = ()
    """Checks before those of any request."""
    requests: dict[Request, RequestChecks]
    """What the store does with each type of request; the others are unwritten."""
    phrases: dict[str, Sentences] = {}
    """Texts that all stores share, as this store says them."""
    floors: tuple[Floor, ...] = ()
    """Rights by country that may be better than the rules; off until one is switched on."""
