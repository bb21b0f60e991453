"""What a pack says for the desk: how evidence comes in, what follows, and the timers' figures."""

from decimal import Decimal
from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from policies.fields import CurrencyCode, FigureRef, Model, RuleId, Sentences, Text
from policies.shapes import Request

Amount = Annotated[int, Field(ge=0)] | Annotated[Decimal, Field(ge=0)]


class Media(Model):
    """How a kind of evidence is taken in. `max_bytes` is per file."""

    media: Literal["video", "photo"]
    """`video` or `photo`."""
    max_bytes: Annotated[int, Field(gt=0)]
    """The largest size of one file, in bytes."""
    label: Text | None = None
    """What the kind is called here, by locale."""
    steps: Sentences | None = None
    """How to make it, step by step, by locale."""


class ProcessData(Model):
    """What follows an approval under a claim's rule."""

    manufacturer: bool = False
    """The manufacturer is asked first."""
    customer_returns: bool = False
    """The customer sends the items back."""
    return_shipping_paid_by: Literal["customer", "store"] | None = None
    """Who pays for the way back; only with `customer_returns`."""
    inspection: bool = False
    """The store inspects what comes back before the outcome follows."""

    @model_validator(mode="after")
    def _somebody_pays(self) -> Self:
        if self.customer_returns != (self.return_shipping_paid_by is not None):
            raise ValueError("customer_returns and return_shipping_paid_by only stand together")
        return self


class ManufacturerData(Model):
    """The manufacturer's time: figures of `rule`."""

    rule: RuleId
    """The rule whose figures these are."""
    weeks_due: FigureRef
    """Weeks after acceptance at which staff are alerted."""
    update_weeks: FigureRef
    """Weeks after acceptance at which the customer hears."""


class LimitData(Model):
    """A process that has to end: figures of `rule`."""

    rule: RuleId
    """The rule whose figures these are."""
    days: FigureRef
    """Days within which the process has to end."""
    warn_days_before: FigureRef
    """Days before that at which staff are alerted."""


class PickupData(Model):
    """In-store pickup: figures of its two rules."""

    rule: RuleId
    """The rule about the reservation."""
    prepare_rule: RuleId
    """The rule about the preparation."""
    reserve_days: FigureRef
    """Days for which a confirmed pickup is held."""
    reminder_days: FigureRef
    """Days before the end on which the customer is reminded."""
    prepare_days: FigureRef
    """Business days that the preparation takes at most."""


class RefundData(Model):
    """How long a refund may take: a figure of `rule`."""

    rule: RuleId
    """The rule whose figure this is."""
    days: FigureRef
    """Days after which staff are alerted of an unpaid refund."""


class PreorderData(Model):
    """How pre-orders follow the release date: figures of `rule`, in calendar days.

    Without figures a pre-order is expected on the product's own date.
    """

    rule: RuleId
    """The rule whose figures these are."""
    reach_days: FigureRef | None = None
    """Days after the release until the goods have reached the store, at most."""
    ship_days: FigureRef | None = None
    """Days after that until they have left it, at most."""


class DeskData(Model):
    """What the desk's timers and steps read."""

    processes: dict[RuleId, ProcessData] = {}
    """What follows an approval, by the rule that settled the claim."""
    manufacturer: ManufacturerData | None = None
    """The manufacturer's time for a replacement."""
    defect_process: LimitData | None = None
    """The time in which a return has to end."""
    pickup: PickupData | None = None
    """In-store pickup."""
    refund: RefundData | None = None
    """How long a refund may take."""
    preorder: PreorderData | None = None
    """How pre-orders follow the release date; without it none is watched."""
    urgent: tuple[Request, ...] = ()
    """Types of request that go to the very top of the queue."""
    high: tuple[Request, ...] = ()
    """Types of request that come right after those."""
    agent_refund_limit: dict[CurrencyCode, Amount] = {}
    """What an agent may refund on one order without a lead (house), by currency; in a currency
    that is left out there is no limit."""
