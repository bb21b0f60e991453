"""The inputs of triggers, conditions and actions as fields of a form, and back again.

`Typed` is a rule as somebody is writing it: raw texts, whole or not. A page is made from it without
complaint while lines are added and taken away, and with the complaints beside the fields once it
is to be saved.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from django import forms
from django.http import QueryDict
from django.utils.datastructures import MultiValueDict
from django.utils.translation import gettext as _

from tickets.automations.conditions import CONDITIONS
from tickets.automations.doings import DOINGS
from tickets.automations.facts import Rule, Step
from tickets.automations.inputs import (
    CURRENCY,
    MANY,
    MONEY,
    NUMBER,
    ONE,
    TERMS,
    TEXT,
    Input,
    Known,
)
from tickets.automations.sentence import MOST_ACTIONS, MOST_CONDITIONS
from tickets.automations.triggers import TRIGGERS

IF, THEN = "if", "then"
LISTS: Mapping[str, Mapping[str, Any]] = {IF: CONDITIONS, THEN: DOINGS}
_MOST = {IF: MOST_CONDITIONS, THEN: MOST_ACTIONS}
_LAST_LINE = 60  # numbers of lines that are looked for in what was posted
_LETTERS = {MONEY: 20, CURRENCY: 3, TERMS: 2000}  # that a short field takes
LONG = 200  # from so many characters on, a text has several lines
Raw = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Line:
    """One condition or action as it was typed: its key, and raw values by input."""

    key: str
    raw: Raw = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Typed:
    """A rule that somebody is writing."""

    name: str = ""
    when: str = ""
    when_raw: Raw = field(default_factory=dict)
    lines: Mapping[str, tuple[Line, ...]] = field(default_factory=lambda: {IF: (), THEN: ()})

    def without(self, which: str) -> Typed:
        """The same without one line: ``if-2``."""
        name, _dash, number = which.partition("-")
        if name not in self.lines or not (number.isascii() and number.isdigit()):
            return self
        kept = tuple(one for at, one in enumerate(self.lines[name]) if at != int(number[:4]))
        return replace(self, lines={**self.lines, name: kept})

    def rule(self) -> Rule:
        """As it stands, unchecked."""
        steps = {
            name: tuple(Step(one.key, one.raw) for one in of) for name, of in self.lines.items()
        }
        return Rule(self.when, self.when_raw, steps[IF], steps[THEN])


def typed_of(post: QueryDict) -> Typed:
    """What was posted. A line that was chosen and not yet added is the last one of its list."""
    when = post.get("when", "")
    found = {}
    for name, parts in LISTS.items():
        lines = []
        for at in range(_LAST_LINE):
            key = post.get(f"{name}-{at}-key")
            if key is not None:
                inputs = parts[key].inputs if key in parts else ()
                lines.append(Line(key, _raw(post, f"{name}-{at}", inputs)))
        if post.get(f"{name}-new"):
            lines.append(Line(post.get(f"{name}-new", "")))
        found[name] = tuple(lines[: _MOST[name] + 1])
    inputs = TRIGGERS[when].inputs if when in TRIGGERS else ()
    return Typed(post.get("name", ""), when, _raw(post, "when", inputs), found)


def _raw(post: QueryDict, prefix: str, inputs: Sequence[Input]) -> Raw:
    return {
        one.name: post.getlist(f"{prefix}-{one.name}")
        if one.kind == MANY
        else post.get(f"{prefix}-{one.name}", "")
        for one in inputs
    }


def typed_of_rule(rule: Rule, name: str) -> Typed:
    """A stored rule as its form shows it."""
    trigger = TRIGGERS.get(rule.when)
    when_raw = _shown(trigger.inputs if trigger else (), rule.when_value)
    lines: dict[str, tuple[Line, ...]] = {}
    for which, steps in ((IF, rule.conditions), (THEN, rule.actions)):
        parts = LISTS[which]
        lines[which] = tuple(
            Line(one.key, _shown(parts[one.key].inputs if one.key in parts else (), one.value))
            for one in steps
        )
    return Typed(name, rule.when, when_raw, lines)


def _shown(inputs: Sequence[Input], value: Mapping[str, Any] | None) -> Raw:
    given = value or {}
    shown: Raw = {}
    for one in inputs:
        found = given.get(one.name, "")
        shown[one.name] = ", ".join(found) if one.kind == TERMS and found else found
    return shown


# --- fields ------------------------------------------------------------------------------


def fields_of(prefix: str, inputs: Sequence[Input], known: Known) -> dict[str, forms.Field]:
    """The fields of some inputs, by their names in the form."""
    return {f"{prefix}-{one.name}": _FIELDS[one.kind](one, known) for one in inputs}


def data_of(typed: Typed) -> MultiValueDict[str, Any]:
    """The same as a browser would post it, its lines counted anew."""
    data: MultiValueDict[str, Any] = MultiValueDict({"name": [typed.name], "when": [typed.when]})
    _put(data, "when", typed.when_raw)
    for name, lines in typed.lines.items():
        for at, line in enumerate(lines):
            data.setlist(f"{name}-{at}-key", [line.key])
            _put(data, f"{name}-{at}", line.raw)
    return data


def initial_of(typed: Typed) -> dict[str, Any]:
    """The same to begin a form with that does not complain."""
    many = {
        f"{which}-{at}-{one}"
        for which, lines in typed.lines.items()
        for at, line in enumerate(lines)
        for one, value in line.raw.items()
        if isinstance(value, list)
    }
    return {
        name: values if name in many else values[0] if values else ""
        for name, values in data_of(typed).lists()
    }


def _put(data: MultiValueDict[str, Any], prefix: str, raw: Raw) -> None:
    for name, value in raw.items():
        data.setlist(f"{prefix}-{name}", value if isinstance(value, list) else [value])


def _common(one: Input) -> dict[str, Any]:
    """What all fields have; whatever there is to fill in is to be filled in."""
    told = {"required": _("Fill this in.")}
    return {"label": str(one.label), "help_text": str(one.hint), "error_messages": told}


def _choice(one: Input, known: Known) -> forms.Field:
    assert one.choices is not None
    choices = [("", _("Choose …")), *one.choices(known)]
    return forms.ChoiceField(
        **_common(one),
        choices=choices,
    )


def _choices(one: Input, known: Known) -> forms.Field:
    assert one.choices is not None
    return forms.MultipleChoiceField(
        **_common(one),
        choices=one.choices(known),
        widget=forms.CheckboxSelectMultiple,
    )


def _whole(one: Input, known: Known) -> forms.Field:
    widget = forms.NumberInput(attrs={"min": one.least, "max": one.most, "inputmode": "numeric"})
    return forms.CharField(
        **_common(one),
        widget=widget,
        max_length=20,
    )


def _short(one: Input, known: Known) -> forms.Field:
    mode = {"inputmode": "decimal"} if one.kind == MONEY else {}
    return forms.CharField(
        **_common(one),
        widget=forms.TextInput(attrs=mode),
        max_length=_LETTERS[one.kind],
        initial=known.currency if one.kind == CURRENCY else None,
    )


def _text(one: Input, known: Known) -> forms.Field:
    long = one.most >= LONG
    widget = forms.Textarea(attrs={"rows": 3}) if long else forms.TextInput()
    return forms.CharField(
        **_common(one),
        widget=widget,
        max_length=one.most * 2,  # line ends may count twice; the check counts them once
    )


_FIELDS: Mapping[str, Callable[[Input, Known], forms.Field]] = {
    ONE: _choice,
    MANY: _choices,
    NUMBER: _whole,
    MONEY: _short,
    CURRENCY: _short,
    TEXT: _text,
    TERMS: _short,
}
