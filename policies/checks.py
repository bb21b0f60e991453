"""The typed checks of a pack and their conditions. There is no expression language in strings."""

from typing import Annotated, Any, Literal, Self

from pydantic import ConfigDict, Discriminator, Field, Tag, model_validator

from policies.fields import (
    CountryCode,
    CurrencyCode,
    DateName,
    FactName,
    FigureRef,
    Model,
    RuleId,
    SaidName,
    Text,
)
from policies.shapes import Channel, EvidenceKind, Request, Verdict

_VERDICTS = {
    "elsewhere": Verdict.ELSEWHERE,
    "refuse": Verdict.REFUSED,
    "wait": Verdict.WAIT,
    "discretionary": Verdict.DISCRETIONARY,
    "accept": Verdict.ACCEPTED,
    "answer": Verdict.ANSWERED,
}

# Conditions: tests over named facts; a list of them holds when every one does -----------------


class FactTest(Model):
    """One test of one fact. Exactly one of the operators stands beside `fact`.

    `happened`: a date that is known and not after the request. `within_days`: the request is
    still inside the window of so many local days from the date.
    """

    model_config = ConfigDict(json_schema_extra={"minProperties": 2, "maxProperties": 2})

    fact: FactName
    """The name of a fact of the order, or of one that the customer declares."""
    is_: Annotated[bool | str | None, Field(alias="is")] = None
    """It is known and equals this."""
    one_of: Annotated[tuple[str, ...], Field(min_length=1)] | None = None
    """It is known and is one of these."""
    missing: bool | None = None
    """Whether it is not known."""
    happened: bool | None = None
    """Whether the date is known and not after the request."""
    at_least: int | None = None
    """It is known and not below this number."""
    over: FigureRef | None = None
    """The amount is known and above this figure."""
    within_days: FigureRef | None = None
    """The request comes within this figure's local days from the date."""

    @model_validator(mode="after")
    def _one_operator(self) -> Self:
        if len(self.model_fields_set) != 2:
            raise ValueError(
                "needs exactly one operator beside 'fact':"
                " is, one_of, missing, happened, at_least, over or within_days"
            )
        return self

    @property
    def operator(self) -> str:
        """Return the name of the operator."""
        return next(name for name in self.model_fields_set if name != "fact")


class EvidenceTest(Model):
    """Whether files of a kind have been handed in."""

    evidence: EvidenceKind
    """The kind of file."""
    given: bool
    """Whether at least one has been handed in."""


class AnyTest(Model):
    """Holds when at least one of the lists of tests holds."""

    any: Annotated[tuple["Condition", ...], Field(min_length=2)]
    """Lists of tests, one of which has to hold."""


def _kind_of_test(data: Any) -> str:
    """Tell the tests apart by their one key, so that a mistake is told for one of them only."""
    keys = data if isinstance(data, dict) else getattr(type(data), "model_fields", ())
    return next((kind for kind in ("evidence", "any") if kind in keys), "fact")


Test = Annotated[
    Annotated[FactTest, Tag("fact")]
    | Annotated[EvidenceTest, Tag("evidence")]
    | Annotated[AnyTest, Tag("any")],
    Discriminator(_kind_of_test),
]
Condition = Annotated[tuple[Test, ...], Field(min_length=1)]


# Checks: tried in order; the first that settles the request gives the verdict and the rule ----


class Settle(Model):
    """Settles the request with a verdict, always or when its condition holds."""

    check: Literal["elsewhere", "refuse", "wait", "discretionary", "accept", "answer"]
    """The verdict: `elsewhere`, `refuse`, `wait`, `discretionary`, `accept`, `answer`."""
    rule: RuleId
    """The rule that is cited."""
    when: Condition | None = None
    """Tests that all have to hold; without them it always settles."""
    says: str | None = None
    """The text of the rule that is told, where it is not the verdict's own."""

    @property
    def verdict(self) -> Verdict:
        """Return the verdict that this check gives."""
        return _VERDICTS[self.check]


class Unwritten(Model):
    """Leaves the request to the store's unwritten rule."""

    check: Literal["unwritten"]
    """`unwritten`."""
    when: Condition
    """Tests that all have to hold."""


class Window(Model):
    """In time or not. No start: wait, opening unknown (`no_start: pass` goes on instead)."""

    check: Literal["window"]
    """`window`."""
    rule: RuleId
    """The rule that is cited."""
    start: Annotated[tuple[DateName, ...], Field(alias="from", min_length=1)]
    """The facts it counts from; the first that is known."""
    days: FigureRef = "days"
    """The figure with the local days."""
    no_start: Literal["wait", "pass"] = "wait"
    """What happens while no start is known."""
    when: Condition | None = None
    """Tests that all have to hold; without them it always counts."""


class WaitUntil(Model):
    """Wait until some business days, an estimate's last day, some days (in that order) are over.

    No start: wait, opening unknown. Afterwards the next check goes on.
    """

    check: Literal["wait_until"]
    """`wait_until`."""
    rule: RuleId
    """The rule that is cited."""
    start: Annotated[tuple[DateName, ...], Field(alias="from", min_length=1)]
    """The facts it counts from; the first that is known."""
    business_days: tuple[FigureRef, ...] = ()
    """Figures with business days, one after the other."""
    after_estimate: bool = False
    """Then the last business day of the delivery estimate."""
    days: FigureRef | None = None
    """Then the figure with local days."""
    when: Condition | None = None
    """Tests that all have to hold; without them it always counts."""
    says: str | None = None
    """The text of the rule that is told, where it is not `wait`."""

    @model_validator(mode="after")
    def _waits_for_something(self) -> Self:
        if not self.business_days and not self.after_estimate and self.days is None:
            raise ValueError("waits for nothing: give business_days, after_estimate or days")
        return self


class Evidence(Model):
    """Files (alternatives) and declared facts that must be there before it goes on."""

    check: Literal["evidence"]
    """`evidence`."""
    rule: RuleId
    """The rule that is cited."""
    need: Annotated[tuple[dict[EvidenceKind, FigureRef], ...], Field(min_length=1)] | None = None
    """Alternatives, each kinds of files and the figure that says how many."""
    facts: tuple[SaidName, ...] = ()
    """Facts that the customer has to declare."""
    when: Condition | None = None
    """Tests that all have to hold; without them it is always asked for."""
    says: str | None = None
    """The text of the rule that is told, where it is not `evidence_needed`."""

    @model_validator(mode="after")
    def _needs_something(self) -> Self:
        if not self.need and not self.facts:
            raise ValueError("needs nothing: give need or facts")
        return self


class Limit(Model):
    """One amount: for whom it holds, and the figure that the order's total must exceed."""

    country: CountryCode
    """For orders to this country (ISO 3166 alpha-2)."""
    currency: CurrencyCode
    """For orders in this currency (ISO 4217)."""
    channel: Channel | None = None
    """Only for orders from this channel."""
    over: FigureRef
    """The figure that the total has to exceed."""


class AmountOver(Model):
    """Refuses a total that is not over its limit; goes on when it is, or when unknown.

    The rows for the order's channel are used where there are any, else those without one.
    An order whose country or currency no row names is left to the unwritten rule.
    """

    check: Literal["amount_over"]
    """`amount_over`."""
    rule: RuleId
    """The rule that is cited."""
    limits: Annotated[tuple[Limit, ...], Field(min_length=1)]
    """The amounts; the first that fits the order counts."""
    says: str | None = None
    """The text of the rule that is told, where it is not `refused`."""
    when: Condition | None = None
    """Tests that all have to hold; without them it always counts."""


Check = Annotated[
    Settle | Unwritten | Window | WaitUntil | Evidence | AmountOver, Field(discriminator="check")
]


class RequestChecks(Model):
    """What this store does with one type of request. Without checks it is unwritten."""

    claim: bool = False
    """Whether such a request opens a claim."""
    label: Text | None = None
    """What the request is called here, by locale."""
    same_as: Request | None = None
    """The request whose checks it shares."""
    checks: tuple[Check, ...] = ()
    """Tried in order; the first that settles the request decides it."""

    @model_validator(mode="after")
    def _one_source(self) -> Self:
        if self.same_as is not None and self.checks:
            raise ValueError("has checks of its own and 'same_as' as well: only one can hold")
        return self
