"""A decision in plain sentences: the pack's texts with the request's figures and dates."""

from collections.abc import Callable, Mapping
from datetime import datetime, timedelta, tzinfo
from decimal import ROUND_DOWN

from policies.fields import DATE_FACTS, ORDER_FACTS
from policies.floors import own_closes
from policies.pack import Pack
from policies.parts import pick
from policies.plans import Plan, prepare, remembered
from policies.program import split_ref
from policies.shapes import Decision, EvidenceKind, Facts, Verdict
from policies.wording import clock, joined, money, template

_MINUTE = timedelta(minutes=1)
# A sentence with one of these says how long a request can still be sent.
_WINDOW = frozenset({"closes", "own_closes", "left"})
_PLANS = 20_000  # a pack's reasons in a dozen locales; more can only be locales made up


def sentences(
    pack: Pack,
    facts: Facts,
    decision: Decision,
    locale: str,
    zone: tzinfo | None,
    *,
    filed: bool,
) -> list[str]:
    """Render the decision's reasons; a sentence whose value is not known is left out.

    Of a `filed` request the sentences about its window are left out, too. A refusal keeps
    them: there the window is the reason.
    """
    hushed = _WINDOW if filed and decision.verdict is not Verdict.REFUSED else frozenset()
    told: list[str] = []
    for reason in decision.reasons:
        plan = _plan(pack, reason.key, locale)
        if plan is None:
            continue
        if plan.fixed is not None:
            told.extend(plan.fixed)
            continue
        teller = Teller(pack, facts, decision, plan.locale, zone, plan.owner)
        for prepared in plan.sentences:
            if hushed and not hushed.isdisjoint(prepared.names):
                continue
            sentence = prepared.told(teller)
            if sentence:
                told.append(sentence)
    if decision.floor and told:
        told.append(pack.phrase("floor.advice", locale))
    return told or [_fallback(pack, decision, locale)]


def _plan(pack: Pack, key: str, locale: str) -> "Plan[Teller] | None":
    """Return the prepared sentences of a reason; None where the pack has no such text."""
    plan: Plan[Teller] | None = pack.plans.get((key, locale))
    if plan is None:
        owner, _, clause = key.rpartition(":")
        texts = pack.says(owner, clause)
        if texts is None:
            return None
        found, used = pick(texts, locale)
        made = (
            prepare(template(text), lambda name: pack.value(name, owner), _MAKERS, used)
            for text in found
        )
        prepared = tuple(item for item in made if item is not None)
        texts_only = tuple(item.text for item in prepared if item.text is not None)
        fixed = texts_only if len(texts_only) == len(prepared) else None
        plan = Plan(owner, used, prepared, fixed)
        if len(pack.plans) < _PLANS:
            pack.plans[key, locale] = plan
    return plan


def _fallback(pack: Pack, decision: Decision, locale: str) -> str:
    """Say at least the verdict: a decision made under a pack that had other texts."""
    return pack.phrase(f"verdict.{decision.verdict}", locale)


class Teller:
    """What each placeholder stands for in one answer."""

    __slots__ = ("decision", "facts", "locale", "pack", "rule_id", "zone")

    def __init__(
        self,
        pack: Pack,
        facts: Facts,
        decision: Decision,
        locale: str,
        zone: tzinfo | None,
        rule_id: str,
    ) -> None:
        self.pack = pack
        self.facts = facts
        self.decision = decision
        self.locale = locale
        self.zone = zone
        self.rule_id = rule_id

    def date_fact(self, name: str) -> datetime | None:
        """Return a date of the order or of what the customer declared."""
        source = self.facts.order if name in ORDER_FACTS else self.facts.said
        found = None if source is None else getattr(source, name)
        return found if isinstance(found, datetime) else None

    def phrase(self, key: str, *about: object, **values: object) -> str:
        """Return a shared text, made once for what it is `about`: that tells it from others."""
        return remembered(
            self.pack.memory,
            (key, self.locale, about),
            lambda: self.pack.phrase(key, self.locale, **values),
        )

    def pattern(self, name: str) -> str:
        """Return a CLDR pattern of the locale."""
        found = self.pack.memory.get((name, self.locale))
        if isinstance(found, str):
            return found
        return remembered(
            self.pack.memory,
            (name, self.locale),
            lambda: self.pack.phrases(f"pattern.{name}", self.locale)[0][0],
        )

    def day(self, moment: datetime) -> str:
        """Return an instant's day in the store's zone, with the year when it is another."""
        zone = self.pack.zone
        here = moment.astimezone(zone)
        same = here.year == self.facts.at.astimezone(zone).year
        key = (here.year, here.month, here.day, same, self.locale)
        found = self.pack.memory.get(key)
        if isinstance(found, str):
            return found
        pattern = self.pattern("day" if same else "day_with_year")
        return remembered(self.pack.memory, key, lambda: clock(here, zone, pattern, self.locale))

    def moment(self, moment: datetime) -> str:
        """Return weekday, date, time and place, and the customer's own clock if it differs."""
        if self.zone is not None:
            return self.moment_for_both(moment)
        # Windows begin and end at local midnights: few different ones.
        year = self.facts.at.astimezone(self.pack.zone).year
        key = (moment, year, self.locale)
        found = self.pack.memory.get(key)
        if isinstance(found, str):
            return found
        return remembered(self.pack.memory, key, lambda: self.moment_for_both(moment))

    def moment_for_both(self, moment: datetime) -> str:
        """Return an instant on the store's clock, and on the customer's where that differs."""
        here = moment.astimezone(self.pack.zone)
        pattern = self.pattern("time")
        day, time = self.day(here), clock(here, self.pack.zone, pattern, self.locale)
        told = self.phrase(
            "when.in_place", day, time, day=day, time=time, place=self.pack.place(self.locale)
        )
        if self.zone is None or moment.astimezone(self.zone).utcoffset() == here.utcoffset():
            return told
        return self.pack.phrase(
            "when.for_you",
            self.locale,
            when=told,
            weekday=clock(moment, self.zone, self.pattern("weekday"), self.locale),
            time=clock(moment, self.zone, pattern, self.locale),
        )

    def closes(self) -> str | None:
        """Return the last minute of the window: people read 23:59 right, and midnight wrong."""
        closes_at, floor = self.decision.closes_at, self.decision.floor
        if floor and floor != self.rule_id and closes_at is not None and self.facts.at >= closes_at:
            return self.own_closes()  # a rule that says "too late" speaks of its own window
        return self.last_minute(closes_at)

    def own_closes(self) -> str | None:
        """Return the last minute of the rule's own window, whatever a floor makes of it."""
        return self.last_minute(own_closes(self.pack.program, self.facts))

    def last_minute(self, closes_at: datetime | None) -> str | None:
        """Return the last minute before an instant."""
        return None if closes_at is None else self.moment(closes_at - _MINUTE)

    def opens(self) -> str | None:
        """Return when the request can be raised."""
        opens_at = self.decision.opens_at
        return None if opens_at is None else self.moment(opens_at)

    def left(self) -> str | None:
        """Return the days that are left; None once the window is over."""
        if self.decision.closes_at is None:
            return None
        days = self.pack.calendar.days_left(self.facts.at, self.decision.closes_at)
        if days < 0:
            return None
        return self.phrase(f"days_left{'' if days else '.none'}", days, count=days)

    def missing(self) -> str | None:
        """Return what is missing, alternatives joined by "or"."""
        missing = self.decision.missing
        if not missing:
            return None
        about = tuple(tuple(alternative.items()) for alternative in missing)
        return remembered(self.pack.memory, (about, self.locale), self.needs)

    def needs(self) -> str:
        """Return the alternatives of what is missing in words."""
        told = [self.needed(alternative) for alternative in self.decision.missing]
        *others, last = told
        if not others:
            return last
        first = joined(others, self.locale, "or")
        return self.pack.phrase("alternatives.or", self.locale, first=first, last=last)

    def needed(self, alternative: Mapping[str, int]) -> str:
        """Return one alternative in words."""
        kinds = set(EvidenceKind)
        told = [
            self.pack.phrase(f"missing.{name}", self.locale, count=count)
            if name in kinds
            else self.pack.phrase(f"missing.{name}", self.locale)
            for name, count in alternative.items()
        ]
        return joined(told, self.locale)

    def total(self) -> str | None:
        """Return the order's total with its currency."""
        order = self.facts.order
        if order is None or order.total is None or order.currency is None:
            return None
        return money(order.total, order.currency, self.locale)

    def points(self) -> int | None:
        """Return the whole units of the order's total: what a point per unit comes to."""
        order = self.facts.order
        if order is None or order.total is None:
            return None
        return int(order.total.to_integral_value(ROUND_DOWN))

    def method(self) -> str | None:
        """Return the order's way of shipping."""
        order = self.facts.order
        if order is None or order.shipping_method is None:
            return None
        return self.phrase(f"method.{order.shipping_method}")

    def estimate(self, end: str) -> object:
        """Return one end of the delivery estimate, for the order's way of shipping."""
        estimates = self.pack.document.estimates
        if estimates is None:
            return None
        order = self.facts.order
        method = None if order is None else order.shipping_method
        found = estimates.methods.get(method or estimates.default)
        if found is None:
            return None
        ref = found.first if end == "from" else found.last
        owner, figure = split_ref(ref, estimates.rule)
        return self.pack.document.rules[owner].figures[figure]


def _dated(name: str) -> Callable[[Teller], str | None]:
    """Return what tells the day of a date fact."""

    def tell(teller: Teller) -> str | None:
        moment = teller.date_fact(name)
        return None if moment is None else teller.day(moment)

    return tell


_MAKERS: Mapping[str, Callable[[Teller], object]] = {
    **{name: _dated(name) for name in DATE_FACTS},
    "closes": Teller.closes,
    "own_closes": Teller.own_closes,
    "opens": Teller.opens,
    "left": Teller.left,
    "missing": Teller.missing,
    "total": Teller.total,
    "points": Teller.points,
    "method": Teller.method,
    "estimate_from": lambda teller: teller.estimate("from"),
    "estimate_to": lambda teller: teller.estimate("to"),
}
