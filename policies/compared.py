"""The changes between two packs, told in a reader's language: words and figures, no text diff."""

from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from babel.dates import format_date, get_day_names
from babel.lists import format_list
from babel.numbers import format_decimal

from policies.compare import Change
from policies.describe import describe, figure_name, figure_told, rule_name
from policies.pack import Pack
from policies.parts import pick
from policies.schema import WEEKDAYS, Floor, Rule
from policies.wording import babel_locale
from policies.words import say, say_or

__all__ = ["Group", "Told", "grouped"]


@dataclass(frozen=True, slots=True)
class Told:
    """One change as a line; a text that changed has its two versions to stand side by side."""

    line: str
    before: tuple[str, ...] = ()
    after: tuple[str, ...] = ()
    is_text: bool = False
    decides: bool = False


@dataclass(frozen=True, slots=True)
class Group:
    """The changes of one rule, request or part. `decides`: some decision comes out otherwise."""

    heading: str
    rule: str
    lines: tuple[Told, ...]
    decides: bool


def grouped(
    changes: tuple[Change, ...], before: Pack, after: Pack, locale: str = "en"
) -> tuple[Group, ...]:
    """Return the changes by rule, request and part, in the order of `compare`."""
    places: dict[tuple[str, str], list[Change]] = {}
    for change in changes:
        places.setdefault((change.part, change.subject), []).append(change)
    teller = _Teller(before, after, locale)
    return tuple(
        Group(
            teller.heading(part, subject),
            subject if part in ("rule", "floor") else "",
            tuple(teller.tell(item) for item in items),
            any(item.decides for item in items),
        )
        for (part, subject), items in places.items()
    )


class _Teller:
    def __init__(self, before: Pack, after: Pack, locale: str) -> None:
        self.before, self.after, self.locale = before, after, locale

    def say(self, key: str, **values: Any) -> str:
        return say(key, self.locale, **values)

    def heading(self, part: str, subject: str) -> str:
        if part == "rule":
            pack = self.after if subject in self.after.rules else self.before
            return rule_name(pack, subject, self.locale)
        if part == "request":
            return self.after.label(subject, self.locale)
        if part == "floor":
            return rule_name(self.after, subject, self.locale)
        return self.say("first.heading" if part == "first" else f"part.{part}")

    def tell(self, change: Change) -> Told:
        if change.key == "text":
            return self.text(change)
        makers = {"figure": self.figure, "value": self.value, "hours": self.hours}
        maker = makers.get(change.key)
        line = maker(change) if maker is not None else self.by_key(change)
        return Told(line, decides=change.decides)

    def figure(self, change: Change) -> str:
        name = figure_name(change.name, self.locale)
        return self.say(
            "arrow",
            name=name[:1].upper() + name[1:],
            before=self.figure_value(self.before, change, change.before),
            after=self.figure_value(self.after, change, change.after),
        )

    def figure_value(self, pack: Pack, change: Change, value: Any) -> str:
        if value is None:
            return self.say("none")
        return figure_told(pack, change.subject, change.name, value, self.locale)

    def value(self, change: Change) -> str:
        pair = self.plain(change.before), self.plain(change.after)
        key = change.name.rpartition(".")[2]
        if change.part == "house":
            pair = tuple(  # type: ignore[assignment]  # two in, two out
                self.plain(value)
                if value is None
                else figure_told(self.after, "", key, _listed(value), self.locale)
                for value in (change.before, change.after)
            )
        name = figure_name(key, self.locale) if change.part == "house" else self.path(change.name)
        return self.say("value", name=name, before=pair[0], after=pair[1])

    def hours(self, change: Change) -> str:
        names = get_day_names("wide", locale=babel_locale(self.locale))
        day = names[WEEKDAYS.index(change.name)]
        spans = [self.spans(value) for value in (change.before, change.after)]
        return self.say("hours", day=day, before=spans[0], after=spans[1])

    def spans(self, spans: Any) -> str:
        told = [f"{item.start:%H:%M}–{item.end:%H:%M}" for item in spans or ()]
        return ", ".join(told) or self.say("closed")

    def by_key(self, change: Change) -> str:
        if change.key == "request.claim":
            return self.say("request.claim.on" if change.after else "request.claim.off")
        if change.key == "order":
            return self.say("order", name=self.path(change.name))
        values: dict[str, str] = {"name": change.name}
        if change.key.startswith("channel."):
            kind, _, number = change.name.partition(" ")
            values["name"] = f"{self.say(f'channel.{kind}')} {number}".strip() if kind else ""
        if isinstance(change.after or change.before, Rule | Floor):
            side = self.after if change.after is not None else self.before
            values["sentence"] = self.sentence(side, change)
        elif change.key.startswith("check."):
            values |= {"before": "", "after": ""}
            if change.before is not None:
                values["before"] = describe(self.before, change.before, self.locale)
            if change.after is not None:
                values["after"] = describe(self.after, change.after, self.locale)
        else:
            empty = "always" if change.key in ("rule.starts", "rule.ends") else "none"
            values["before"] = self.plain(change.before, empty, change.key)
            values["after"] = self.plain(change.after, empty, change.key)
        return self.say(change.key, **values)

    def sentence(self, pack: Pack, change: Change) -> str:
        if change.part == "rule":
            return pack.rule(change.subject).sentence(self.locale)
        found: Floor = change.after if change.after is not None else change.before
        return pick(found.sentence, self.locale)[0]

    def plain(self, value: Any, empty: str = "none", key: str = "") -> str:
        """A value as people write it."""
        if value is None or value in ("", (), []):
            return self.say(empty)
        if isinstance(value, bool):
            return self.say("yes" if value else "no")
        if isinstance(value, date):
            return format_date(value, "long", locale=babel_locale(self.locale))
        if isinstance(value, int | Decimal):
            return str(format_decimal(value, locale=babel_locale(self.locale)))
        if isinstance(value, tuple | list):
            told = [self.item(item, key) for item in value]
            return str(format_list(told, locale=babel_locale(self.locale)))
        if isinstance(value, dict):
            return ", ".join(
                f"{self.path(name)} {self.plain(item)}" for name, item in value.items()
            )
        return str(value)

    def item(self, item: Any, key: str) -> str:
        if key == "rule.outcomes":
            return self.after.phrase(f"outcome.{item}", self.locale)
        if key == "channel.order":
            return self.say(f"channel.{str(item).partition(' ')[0]}")
        if key == "rule.house":
            return figure_name(str(item), self.locale)
        return self.plain(item)

    def path(self, path: str) -> str:
        """Where a value stands, in words as far as there are any."""
        first, _, rest = path.partition(".")
        name = say_or(f"path.{first}", first.replace("_", " "), self.locale)
        return f"{name}: {rest.replace('_', ' ')}" if rest else name

    def text(self, change: Change) -> Told:
        name, _, tag = change.name.rpartition(":")
        shown = babel_locale(tag).get_display_name(babel_locale(self.locale)) or tag
        line = self.say("text", name=self.text_name(name), language=shown)
        return Told(line, change.before or (), change.after or (), True, change.decides)

    def text_name(self, name: str) -> str:
        if name.startswith("says."):
            verdict = name.removeprefix("says.")
            told = say_or(f"verdict.{verdict}", verdict.replace("_", " "), self.locale)
            return self.say("text.says", verdict=told)
        last = name.rpartition(".")[2]
        return say_or(f"text.{last}", "", self.locale) or self.say("text.other", name=name)


def _listed(value: Any) -> Any:
    return tuple(value) if isinstance(value, list) else value
