"""A store's pack, loaded and proofread: what it promises, and what the desk needs of it."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, time
from decimal import Decimal
from functools import cached_property, lru_cache
from pathlib import Path
from types import MappingProxyType
from typing import Any
from zoneinfo import ZoneInfo

from policies import terms
from policies.calendar import Calendar
from policies.conditions import check_facts
from policies.fields import ORDER_FACTS
from policies.floors import with_floors
from policies.parts import ContactChannel, EvidenceInfo, PackFloor, PackRule, Process, pick
from policies.phrases import ENGLISH, shared
from policies.program import Program, compile_program, split_ref
from policies.proofread import proofread
from policies.reading import Mistake, PackError
from policies.schema import WEEKDAYS, Carrier, PackDocument
from policies.shapes import Request
from policies.terms import (
    DefectProcess,
    Manufacturer,
    PickupTerms,
    PreorderTerms,
    RefundTerms,
)
from policies.wording import template

__all__ = [
    "ContactChannel",
    "DefectProcess",
    "EvidenceInfo",
    "Manufacturer",
    "Mistake",
    "Pack",
    "PackError",
    "PackFloor",
    "PackRule",
    "PickupTerms",
    "PreorderTerms",
    "Process",
    "RefundTerms",
    "load_builtin_packs",
    "load_pack",
]

PACKS = Path(__file__).parent / "packs"

_PLAIN_PROCESS = Process()


@dataclass(frozen=True, eq=False)
class Pack:
    """One store's promises. Immutable; compare and hash it by identity."""

    document: PackDocument
    source: str

    # The store ---------------------------------------------------------------------------

    @property
    def slug(self) -> str:
        """Return the store's short name, as in `Facts.store`."""
        return self.document.store.slug

    @property
    def name(self) -> str:
        """Return the store's name."""
        return self.document.store.name

    @property
    def version(self) -> str:
        """Return the pack's own name for its version."""
        return self.document.version

    @property
    def starts_on(self) -> date:
        """Return the local day from which the pack means to be in force."""
        return self.document.starts_on

    @property
    def locale(self) -> str:
        """Return the store's own locale."""
        return self.document.store.locale

    @property
    def currencies(self) -> tuple[str, ...]:
        """Return the currencies (ISO 4217) that the store sells in."""
        return self.document.store.currencies

    @cached_property
    def zone(self) -> ZoneInfo:
        """Return the store's time zone."""
        return ZoneInfo(self.document.store.time_zone)

    def place(self, locale: str = ENGLISH) -> str:
        """Return where the store's clock hangs, for people ("in Las Vegas")."""
        return pick(self.document.store.place, locale)[0]

    @cached_property
    def calendar(self) -> Calendar:
        """Return how the store counts time."""
        store = self.document.store
        hours: dict[int, list[tuple[time, time]]] = {
            WEEKDAYS.index(day): [(span.start, span.end) for span in spans]
            for day, spans in store.opening_hours.items()
        }
        country = None if store.holidays is None else store.holidays.country
        subdivision = None if store.holidays is None else store.holidays.subdivision
        return Calendar(
            self.zone, country, subdivision, hours, closed_on_holidays=store.closed_on_holidays
        )

    @cached_property
    def channels(self) -> tuple[ContactChannel, ...]:
        """Return the ways to reach the store, the fastest first."""
        return tuple(ContactChannel(item) for item in self.document.store.channels)

    @property
    def carriers(self) -> tuple[Carrier, ...]:
        """Return the carriers that the store names."""
        return self.document.carriers

    def carrier_of(self, tracking_number: str) -> Carrier | None:
        """Return the carrier that a tracking number begins like; None when unknown.

        The longest prefix wins.
        """
        number = "".join(tracking_number.split()).upper()
        found = [
            item
            for item in self.document.carriers
            if number.startswith(item.prefix) and (not item.digits_only or number.isdecimal())
        ]
        return max(found, key=lambda item: len(item.prefix), default=None)

    # Rules and texts -----------------------------------------------------------------------

    @cached_property
    def rules(self) -> Mapping[str, PackRule]:
        """Return every rule by id, in the order of the pack."""
        return MappingProxyType(
            {key: PackRule(key, rule, self) for key, rule in self.document.rules.items()}
        )

    def rule(self, rule_id: str) -> PackRule:
        """Return one rule; KeyError when the pack has none of that id."""
        return self.rules[rule_id]

    @cached_property
    def floors(self) -> Mapping[str, PackFloor]:
        """Return every floor by id, those that are off as well."""
        return MappingProxyType(
            {data.id: PackFloor(data.id, data, self) for data in self.document.floors}
        )

    def floor_for(self, request: str, country: str | None) -> PackFloor | None:
        """Return the floor that is on for a request in the order's country, if any.

        It need not have changed an answer: `Decision.floor` says whether it did.
        """
        return next(
            (
                floor
                for floor in self.floors.values()
                if floor.on and country in floor.data.countries and request in floor.data.requests
            ),
            None,
        )

    def says(self, owner: str, key: str) -> Mapping[str, tuple[str, ...]] | None:
        """Return what a rule, or a floor, says under a key, by locale; None when nothing."""
        rule = self.document.rules.get(owner)
        if rule is not None:
            return rule.says.get(key)
        floor = self.floors.get(owner)
        said = () if floor is None else floor.data.says.items()
        return next((texts for clause, texts in said if clause == key), None)

    @cached_property
    def plans(self) -> dict[tuple[str, str], Any]:
        """Return the sentences that `policies.explain` has prepared, by reason and locale."""
        return {}

    @cached_property
    def memory(self) -> dict[object, object]:
        """Return what `policies.explain` has said before and may say again."""
        return {}

    @property
    def unwritten(self) -> str:
        """Return the id of the rule for everything on which the store publishes none."""
        return self.document.unwritten

    @property
    def pages(self) -> Mapping[str, Mapping[str, str]]:
        """Return the help pages' titles by slug, each by locale."""
        return self.document.pages

    def value(self, name: str, rule_id: str) -> object:
        """Return what a placeholder of a rule, or a floor, stands for without any facts.

        None when unknown.
        """
        if name == "store":
            return self.name
        if name in ("phone", "email"):
            kinds = {item.kind: item.value for item in self.channels if item.open}
            return kinds.get(name)
        owner, figure = split_ref(name, rule_id)
        rule = self.document.rules.get(owner)
        if rule is not None:
            return rule.figures.get(figure)
        floor = self.floors.get(owner)
        return None if floor is None else floor.figures.get(figure)

    def phrases(self, key: str, locale: str = ENGLISH) -> tuple[tuple[str, ...], str]:
        """Return a shared text, as this pack says it, and the locale it is in.

        KeyError when neither the pack nor the shared texts have it.
        """
        own = self.document.phrases.get(key)
        for tag in (locale, locale.split("-")[0]):
            if own is not None and tag in own:
                return own[tag], tag
            if key in shared(tag):
                return shared(tag)[key], tag
        if own is not None:
            return own[ENGLISH], ENGLISH
        return shared(ENGLISH)[key], ENGLISH

    def phrase(self, key: str, locale: str = ENGLISH, **values: object) -> str:
        """Return the first sentence of a shared text with its placeholders filled in."""
        sentences, used = self.phrases(key, locale)
        return template(sentences[0]).render(values.get, used) or ""

    def label(self, request: str, locale: str = ENGLISH) -> str:
        """Return a request type in a customer's words."""
        own = self.document.requests.get(Request(request))
        if own is not None and own.label is not None:
            return pick(own.label, locale)[0]
        return self.phrase(f"request.{Request(request)}", locale)

    def question(self, fact: str, locale: str = ENGLISH) -> str | None:
        """Return how a form asks for a declared fact; None for what nobody is asked."""
        try:
            return self.phrase(f"question.{fact}", locale)
        except KeyError:
            return None

    # Requests ------------------------------------------------------------------------------

    @cached_property
    def program(self) -> Program:
        """Return the compiled checks."""
        program = compile_program(self.document, self.calendar)
        return with_floors(program, self.document, self.calendar)

    @cached_property
    def claim_requests(self) -> tuple[Request, ...]:
        """Return the request types that open a claim in this store."""
        return tuple(key for key, item in self.document.requests.items() if item.claim)

    def request_facts(self, request: str) -> tuple[str, ...]:
        """Return the facts that may change the decision, in the order the checks meet them.

        Declared facts (`Said`) and the order's own; the evidence is left out.
        """
        return self.program.routines[Request(request)].facts

    def asks_order(self, request: str) -> bool:
        """Say whether a request needs to know which order it is about.

        It does where it opens a claim, or where its own checks look at the order. What is
        checked before any request (who sold it, say) asks nobody for a number.
        """
        found = self.document.requests.get(Request(request))
        if found is None:
            return False
        checks = (
            found.checks if found.same_as is None else self.document.requests[found.same_as].checks
        )
        return found.claim or not ORDER_FACTS.isdisjoint(check_facts(checks))

    def rules_of(self, request: str) -> tuple[PackRule, ...]:
        """Return the rules that a request's own checks name, in their order, each once."""
        found = self.document.requests.get(Request(request))
        if found is not None and found.same_as is not None:
            found = self.document.requests[found.same_as]
        named = [getattr(check, "rule", "") for check in (found.checks if found else ())]
        return tuple(self.rules[key] for key in dict.fromkeys(named) if key)

    # What the desk needs -------------------------------------------------------------------

    def priority(self, request: str) -> int:
        """Return how urgent a type of request is: 0 urgent, 1 high, 2 normal."""
        desk = self.document.desk
        if request in desk.urgent:
            return 0
        return 1 if request in desk.high else 2

    def answer_due(self, request: str, at: datetime) -> datetime:
        """Return by when a person answers a request that came at `at` (house).

        So many business days later, at the end of the day. With none it is that same day: the
        next business day, where this one is none or the store has closed already.
        """
        house = self.document.house
        days = house.answer_days if self.priority(request) else house.urgent_answer_days
        if days:
            return self.calendar.overdue_from(at, days)
        today = self.calendar.local_date(at)
        last = self.calendar.last_closing(today)
        over = last is not None and at >= last
        ends_today = self.calendar.is_business_day(today) and not over
        return self.calendar.overdue_from(at, 0 if ends_today else 1)

    @cached_property
    def evidence_kinds(self) -> Mapping[str, EvidenceInfo]:
        """Return the kinds of evidence that the store takes."""
        return MappingProxyType(
            {
                str(kind): EvidenceInfo(str(kind), data, self)
                for kind, data in self.document.evidence.items()
            }
        )

    @property
    def evidence_days(self) -> int:
        """Return the local days that a customer has to add missing evidence (house)."""
        return self.document.house.evidence_days

    @property
    def evidence_reminder_days(self) -> tuple[int, ...]:
        """Return the days before that deadline on which the customer is reminded (house)."""
        return self.document.house.evidence_reminder_days

    @property
    def upload_grace_hours(self) -> int:
        """Return the hours that an upload begun in time may still take (house)."""
        return self.document.house.upload_grace_hours

    def keep_days(self, outcome: str) -> int:
        """Return the days for which a case's files are kept after its end (house).

        `outcome` is `approved`, `refused`, `expired`, `withdrawn`, or `other` for a request
        that was no claim. Raises AttributeError for anything else.
        """
        days: int = getattr(self.document.house, f"keep_{outcome}_days")
        return days

    def process(self, rule_id: str) -> Process:
        """Return what follows an approval under a rule; nothing special where none is named."""
        return self.document.desk.processes.get(rule_id, _PLAIN_PROCESS)

    @cached_property
    def manufacturer(self) -> Manufacturer | None:
        """Return the manufacturer's terms, where claims go to one."""
        return terms.manufacturer(self.document)

    @cached_property
    def defect_process(self) -> DefectProcess | None:
        """Return the time that the process of a defect may take, where it is limited."""
        return terms.defect_process(self.document)

    @cached_property
    def pickup(self) -> PickupTerms | None:
        """Return the terms of in-store pickup, where the store has it."""
        return terms.pickup(self.document)

    @cached_property
    def refund(self) -> RefundTerms | None:
        """Return how long a refund may take, where the store says so."""
        return terms.refund(self.document)

    @cached_property
    def preorder(self) -> PreorderTerms | None:
        """Return how pre-orders follow the release date, where the store says so."""
        return terms.preorder(self.document)

    @property
    def carrier_days(self) -> int:
        """Return the local days that a carrier has to answer an inquiry (house)."""
        return self.document.house.carrier_days

    def agent_refund_limit(self, currency: str) -> Decimal | None:
        """Return what an agent may refund on one order without a lead (house), if it is limited."""
        limit = self.document.desk.agent_refund_limit.get(currency)
        return None if limit is None else Decimal(str(limit))

    @property
    def refund_days(self) -> int | None:
        """Return the days a refund may take, where the store says so."""
        return None if self.refund is None else self.refund.days


def load_pack(text: str, source: str, *, taken: frozenset[str] = frozenset()) -> Pack:
    """Load a pack from its YAML text.

    `source` names it in messages; `taken` are names that no store can have, because they are
    addresses of the product's own. Raises PackError, with every mistake at once.
    """
    return Pack(proofread(text, source, taken=taken), source)


@lru_cache(maxsize=1)
def load_builtin_packs() -> Mapping[str, Pack]:
    """Return the packs that come with the product, by store slug.

    Raises PackError when one of them is broken, or two are of the same store.
    """
    found: dict[str, Pack] = {}
    for path in sorted(PACKS.glob("*.yaml")):
        pack = load_pack(path.read_text(encoding="utf-8"), path.name)
        if pack.slug in found:
            message = f"is of the store {pack.slug}, as is {found[pack.slug].source}"
            raise PackError([Mistake(path.name, None, "store.slug", None, message)])
        found[pack.slug] = pack
    return MappingProxyType(found)
