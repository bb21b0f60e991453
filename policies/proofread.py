"""From a pack's text to a checked document, or to every mistake in it at once.

First the shape (pydantic), then what only the whole can tell: rules, figures and texts that
are named must exist and be of the right kind, and every verdict a check gives must be said.
"""

import json
from collections.abc import Mapping, Sequence
from itertools import pairwise
from typing import Any
from zoneinfo import ZoneInfo, available_timezones

from pydantic import ValidationError

from policies.calendar import public_holidays
from policies.complaints import shape_mistakes
from policies.fields import ALWAYS_KNOWN, ARTICLE_KNOWN, CONTACTS, SOMETIMES_KNOWN, nearest
from policies.floorproof import FloorProof
from policies.openings import MIDNIGHT
from policies.proofcheck import CheckProof
from policies.reading import Mistake, PackError, Path, Source
from policies.salvage import Salvage
from policies.schema import PackDocument, Rule
from policies.shapes import Verdict
from policies.wording import template

_MAX_CHARACTERS = 2_000_000
UNSAID = "no check says this: it is a verdict's name, or one that a check gives under 'says'"
_MOST = 3660  # ten years of days; a count of files, weeks or hours is far below
_ROUNDS = 4  # what is taken out may uncover what was hidden by it


def proofread(text: str, name: str, *, taken: frozenset[str] = frozenset()) -> PackDocument:
    """Return the checked document; raises PackError with all mistakes.

    `taken` are names that no store can have.
    """
    if len(text) > _MAX_CHARACTERS:
        raise PackError([Mistake(name, 1, "", None, "is far too long for a pack")])
    source = Source(text, name)
    try:
        document = PackDocument.model_validate_json(json.dumps(source.data))
    except ValidationError as error:
        raise PackError([*source.mistakes, *_shape_and_rest(error, source)]) from None
    proof = Proof(document, source)
    proof.read()
    if document.store.slug in taken:
        proof.complain(
            ("store", "slug"),
            f"{document.store.slug!r} is an address of the desk's own; choose another name",
        )
    if source.mistakes:
        raise PackError(source.mistakes)
    return document


def _shape_and_rest(error: ValidationError, source: Source) -> list[Mistake]:
    """Return the mistakes of the shape, and what the rest of the pack has beside them."""
    errors: Sequence[Any] = error.errors(include_url=False)
    found = list(shape_mistakes(errors, source))
    salvage = Salvage(source.data)
    for _ in range(_ROUNDS):
        salvage.without(errors)
        try:
            document = PackDocument.model_validate_json(json.dumps(salvage.data))
        except ValidationError as again:
            errors = again.errors(include_url=False)
            continue
        rest = Proof(document, source)
        kept, source.mistakes = source.mistakes, []
        rest.read()
        told = {mistake.path for mistake in found}
        found += [
            mistake
            for mistake in source.mistakes
            if mistake.path not in told and not salvage.explains(mistake.path, mistake.message)
        ]
        source.mistakes = kept
        break
    return found


class Proof:
    """One reading of a document whose shape is right."""

    def __init__(self, document: PackDocument, source: Source) -> None:
        self.document = document
        self.source = source
        self.said: set[tuple[str, str]] = set()

    def complain(self, path: Path, message: str) -> None:
        """Note a mistake at a path."""
        self.source.mistakes.append(self.source.mistake(path, message))

    def read(self) -> None:
        """Read everything; the order does not matter, mistakes are sorted by line."""
        self.store()
        self.house()
        self.rule_exists(("unwritten",), self.document.unwritten)
        self.must_say(("unwritten",), self.document.unwritten, Verdict.DISCRETIONARY)
        self.estimates()
        if self.document.carriers_rule is not None:
            self.rule_exists(("carriers_rule",), self.document.carriers_rule)
        self.desk()
        CheckProof(self).read()
        FloorProof(self).read()
        for rule_id, rule in self.document.rules.items():
            self.rule(rule_id, rule)
        for key, texts in self.document.phrases.items():
            for locale, sentences in texts.items():
                for sentence in sentences:
                    self.parse(("phrases", key, locale), sentence)

    def store(self) -> None:
        """Check the zone and the holidays against what this machine knows."""
        store = self.document.store
        try:
            ZoneInfo(store.time_zone)
        except (KeyError, OSError, ValueError):
            hint = nearest(store.time_zone, available_timezones())
            self.complain(("store", "time_zone"), f"{store.time_zone!r} is no time zone{hint}")
        if store.holidays is not None:
            try:
                public_holidays(store.holidays.country, store.holidays.subdivision, 2026)
            except NotImplementedError:
                self.complain(
                    ("store", "holidays"),
                    f"the holidays of {store.holidays.country}"
                    f"{'-' + store.holidays.subdivision if store.holidays.subdivision else ''}"
                    " are not known",
                )
        for day, spans in store.opening_hours.items():
            for before, after in pairwise(spans):
                if before.end == MIDNIGHT or after.start < before.end:
                    self.complain(("store", "opening_hours", day), "the spans overlap")

    def house(self) -> None:
        """Check that a reminder comes before what it reminds of is over."""
        house = self.document.house
        if max(house.evidence_reminder_days, default=0) >= house.evidence_days:
            self.complain(
                ("house", "evidence_reminder_days"), "a reminder would come before the claim"
            )

    def rule(self, rule_id: str, rule: Rule) -> None:
        """Check one rule: its id, page, dates, figures and texts."""
        path = ("rules", rule_id)
        if not rule_id.startswith(f"{self.document.store.slug}."):
            self.complain(path, f"does not begin with '{self.document.store.slug}.'")
        if rule.page not in self.document.pages:
            hint = nearest(rule.page, self.document.pages)
            self.complain((*path, "page"), f"there is no page {rule.page!r} in 'pages'{hint}")
        if rule.starts_on and rule.ends_on and rule.starts_on > rule.ends_on:
            self.complain((*path, "ends_on"), "ends before it starts")
        for name in rule.house:
            if name not in rule.figures:
                hint = nearest(name, rule.figures)
                self.complain((*path, "house"), f"the rule has no figure {name!r}{hint}")
        for name, figure in rule.figures.items():
            if isinstance(figure, int) and figure < 0:
                self.complain((*path, "figures", name), "must not be negative")
        self.rule_texts(path, rule_id, rule)

    def rule_texts(self, path: Path, rule_id: str, rule: Rule) -> None:
        """Check the texts of one rule. Its sentence may hold figures only."""
        for locale, text in rule.sentence.items():
            for name in self.parse((*path, "sentence", locale), text):
                if name not in ALWAYS_KNOWN:
                    self.figure((*path, "sentence", locale), name, rule_id, None)
        for key, texts in rule.says.items():
            if (rule_id, key) not in self.said:
                self.complain((*path, "says", key), UNSAID)
            for locale, sentences in texts.items():
                self.sentences((*path, "says", key, locale), sentences, rule_id)
        self.article(path, rule_id, rule)

    def article(self, path: Path, rule_id: str, rule: Rule) -> None:
        """Check a rule's help page: it has figures and the store's contacts, and no facts."""
        for locale, title in (rule.title or {}).items():
            self.told((*path, "title", locale), title, rule_id, ALWAYS_KNOWN)
        for locale, paragraphs in (rule.article or {}).items():
            place = (*path, "article", locale)
            names = [
                self.told(place, paragraph, rule_id, ARTICLE_KNOWN) for paragraph in paragraphs
            ]
            if all(CONTACTS.intersection(found) for found in names):
                self.complain(place, "needs one paragraph that names no phone or e-mail")
        if rule.article_of is None:
            return
        place = (*path, "article_of")
        if self.rule_exists(place, rule.article_of):
            if rule.article_of == rule_id:
                self.complain(place, "is the rule itself")
            elif self.document.rules[rule.article_of].article_of is not None:
                self.complain(place, f"{rule.article_of} is told on another rule's page, too")

    def told(self, path: Path, text: str, rule_id: str, known: frozenset[str]) -> tuple[str, ...]:
        """Check the placeholders of a text without facts, and return them."""
        names = self.parse(path, text)
        for name in names:
            if name not in known:
                self.figure(path, name, rule_id, None)
        return names

    def sentences(self, path: Path, sentences: tuple[str, ...], rule_id: str) -> None:
        """Check the placeholders, and that something is said whatever is unknown."""
        certain = False
        for sentence in sentences:
            names = self.parse(path, sentence)
            certain = certain or not any(name in SOMETIMES_KNOWN for name in names)
            for name in names:
                if name not in ALWAYS_KNOWN and name not in SOMETIMES_KNOWN:
                    self.figure(path, name, rule_id, None)
        if not certain:
            self.complain(
                path,
                "needs one sentence that can be said whatever is unknown:"
                " without a date or anything else of the request",
            )

    def parse(self, path: Path, text: str) -> tuple[str, ...]:
        """Return the placeholders of a text."""
        try:
            return template(text).names
        except ValueError as error:
            self.complain(path, str(error))
            return ()

    def rule_exists(self, path: Path, rule_id: str) -> bool:
        """Check that a rule of this id stands in the pack."""
        if rule_id in self.document.rules:
            return True
        hint = nearest(rule_id, self.document.rules)
        self.complain(path, f"there is no rule {rule_id!r}{hint}")
        return False

    def must_say(self, path: Path, rule_id: str, key: str) -> None:
        """Check that a rule has the text for what a check decides under it."""
        self.said.add((rule_id, str(key)))
        rule = self.document.rules.get(rule_id)
        if rule is not None and str(key) not in rule.says:
            self.complain(
                path, f"the rule {rule_id} says nothing for '{key}': it needs that under 'says'"
            )

    def figure(self, path: Path, ref: str, rule_id: str, kind: type | None) -> object:
        """Check a reference to a figure, and its kind when one is asked for."""
        owner, _, name = ref.rpartition("/")
        rule = self.document.rules.get(owner or rule_id)
        if rule is None:
            self.complain(path, f"there is no rule {owner or rule_id!r} for the figure {name!r}")
            return None
        value = rule.figures.get(name)
        if value is None:
            hint = nearest(name, rule.figures)
            self.complain(path, f"the rule {owner or rule_id} has no figure {name!r}{hint}")
        elif kind is not None and not isinstance(value, kind):
            wanted = "a whole number" if kind is int else "a list of numbers"
            self.complain(path, f"the figure {name!r} must be {wanted}")
        elif kind is int and isinstance(value, int) and value > _MOST:
            self.complain(path, f"the figure {name!r} is {value}; it must be at most {_MOST}")
        return value

    def estimates(self) -> None:
        """Check the delivery estimates."""
        estimates = self.document.estimates
        if estimates is None:
            return
        if not self.rule_exists(("estimates", "rule"), estimates.rule):
            return
        if estimates.default not in estimates.methods:
            self.complain(("estimates", "default"), "has no estimate of its own")
        for method, item in estimates.methods.items():
            path: Path = ("estimates", "methods", str(method))
            first = self.figure((*path, "from"), item.first, estimates.rule, int)
            last = self.figure((*path, "to"), item.last, estimates.rule, int)
            if isinstance(first, int) and isinstance(last, int) and first > last:
                self.complain(path, "the estimate ends before it begins")

    def desk(self) -> None:
        """Check what the desk's timers read."""
        desk = self.document.desk
        for currency in desk.agent_refund_limit:
            if currency not in self.document.store.currencies:
                self.complain(
                    ("desk", "agent_refund_limit", currency),
                    f"the store does not sell in {currency}",
                )
        for rule_id in desk.processes:
            self.rule_exists(("desk", "processes", rule_id), rule_id)
        wanted: Mapping[str, Mapping[str, type]] = {
            "manufacturer": {"weeks_due": int, "update_weeks": tuple},
            "defect_process": {"days": int, "warn_days_before": int},
            "pickup": {"reserve_days": int, "reminder_days": tuple},
            "refund": {"days": int},
        }
        for part, figures in wanted.items():
            data = getattr(desk, part)
            if data is None or not self.rule_exists(("desk", part, "rule"), data.rule):
                continue
            for name, kind in figures.items():
                self.figure(("desk", part, name), getattr(data, name), data.rule, kind)
        if desk.preorder is not None and self.rule_exists(
            ("desk", "preorder", "rule"), desk.preorder.rule
        ):
            for name in ("reach_days", "ship_days"):
                ref = getattr(desk.preorder, name)
                if ref is not None:
                    self.figure(("desk", "preorder", name), ref, desk.preorder.rule, int)
        pickup = desk.pickup
        path: Path = ("desk", "pickup", "prepare_rule")
        if pickup is not None and self.rule_exists(path, pickup.prepare_rule):
            self.figure(
                ("desk", "pickup", "prepare_days"), pickup.prepare_days, pickup.prepare_rule, int
            )
