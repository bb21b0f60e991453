"""The form of figures: every figure of a pack's text as a field, whatever else the text says."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from babel.dates import get_day_names
from django import forms
from django.conf import settings
from django.core.exceptions import ValidationError
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from policies.describe import figure_name, unit_of
from policies.program import split_ref
from policies.reading import PackError, Path, Source
from policies.schema import WEEKDAYS, HouseFigures
from policies.wording import babel_locale, template
from policies.words import say_or
from tickets.policybook import packs

_SPAN = re.compile(r"^(\d{1,2}:\d{2})\s*[-–]\s*(\d{1,2}:\d{2})$")


class NumbersField(forms.CharField):
    """Several whole numbers, with commas between them."""

    def to_python(self, value: Any) -> Any:
        """The numbers as a list."""
        text = super().to_python(value) or ""
        try:
            return [int(part) for part in text.replace(";", ",").split(",") if part.strip()]
        except ValueError:
            raise ValidationError(_("Whole numbers with commas between them, please.")) from None

    def prepare_value(self, value: Any) -> Any:
        """The list as it is typed."""
        return ", ".join(map(str, value)) if isinstance(value, list | tuple) else value


class HoursField(forms.CharField):
    """The spans of one day: ``12:00–19:30``, several with commas; empty when closed."""

    def to_python(self, value: Any) -> Any:
        """The spans as the pack has them."""
        spans = []
        for part in (super().to_python(value) or "").split(","):
            if not part.strip():
                continue
            found = _SPAN.match(part.strip())
            if found is None:
                raise ValidationError(_("Write hours like 12:00–19:30, or leave it empty."))
            spans.append({"from": found[1].zfill(5), "to": found[2].zfill(5)})
        return spans

    def prepare_value(self, value: Any) -> Any:
        """The spans as they are typed."""
        if not isinstance(value, list):
            return value
        return ", ".join(f"{span.get('from')}–{span.get('to')}" for span in value)


class FigureField(forms.DecimalField):
    """A figure: a whole number, or an amount."""

    def clean(self, value: Any) -> Any:
        """A whole number where it is one."""
        found = super().clean(value)
        return int(found) if isinstance(found, Decimal) and found == int(found) else found


@dataclass(slots=True)
class Section:
    """Fields that stand together under a heading. ``sentence`` says what the rule promises."""

    heading: str
    rule: str = ""
    sentence: str = ""
    names: list[str] = field(default_factory=list)
    bound: list[forms.BoundField] = field(default_factory=list)


class FiguresForm(forms.Form):
    """The fields of one text. Only what a person changed is applied, to whatever the text is by
    then: each field carries what it said when the page was made."""

    revision = forms.IntegerField(widget=forms.HiddenInput)

    def __init__(self, source: str, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.paths: dict[str, Path] = {}
        self.sections: list[Section] = []
        self.readable = True
        self.pack = packs.read(source).pack
        try:
            self.data_of_text: Any = Source(source, "draft").data
            self._build()
        except (PackError, AttributeError, TypeError, ValueError):
            # So broken that there are no figures in it: the text itself is the way.
            self.readable = False
        for section in self.sections:
            section.bound = [self[name] for name in section.names]

    def _build(self) -> None:
        self._rules(self.data_of_text.get("rules") or {})
        self._floors(self.data_of_text.get("floors") or [])
        store = self.data_of_text.get("store") or {}
        self._channels(store.get("channels") or [])
        self._hours(store.get("opening_hours") or {})
        self._own(self.data_of_text.get("house") or {})
        self._limits((self.data_of_text.get("desk") or {}).get("agent_refund_limit") or {})

    def _rules(self, rules: Mapping[str, Any]) -> None:
        locale = get_language() or "en"
        for rule_id, rule in rules.items():
            said = _sentence(rule, locale, rules, rule_id)
            section = self._section(_heading(rule_id), rule_id, said)
            house = rule.get("house") or []
            for name, value in (rule.get("figures") or {}).items():
                label = figure_name(name, locale)
                label = label[:1].upper() + label[1:]
                if name in house:
                    label = _("%(name)s (house)") % {"name": label}
                made = _figure(value, self._unit(rule_id, name))
                self._add(section, ("rules", rule_id, "figures", name), made, label, value)
            for key, label in (("starts_on", _("First day")), ("ends_on", _("Last day"))):
                day = forms.DateField(
                    required=False, widget=forms.DateInput(attrs={"type": "date"})
                )
                self._add(section, ("rules", rule_id, key), day, label, rule.get(key))

    def _unit(self, rule_id: str, name: str) -> str:
        """What a figure counts, in words, where that is known."""
        unit = unit_of(self.pack, rule_id, name)
        return say_or(f"unit_name.{unit}", "", get_language() or "en")

    def _floors(self, floors: list[Mapping[str, Any]]) -> None:
        locale = get_language() or "en"
        for index, floor in enumerate(floors):
            heading = _("Right by country: %(countries)s") % {
                "countries": ", ".join(floor.get("countries") or [])
            }
            section = self._section(heading, str(floor.get("id", "")), _sentence(floor, locale))
            switch = forms.BooleanField(required=False)
            path = ("floors", index, "on")
            self._add(section, path, switch, _("Switched on"), bool(floor.get("on")))

    def _channels(self, channels: list[Mapping[str, Any]]) -> None:
        for index, channel in enumerate(channels):
            kind = {"phone": _("Phone"), "email": _("E-mail")}.get(channel["kind"], "")
            section = self._section(f"{kind}: {channel.get('value', '')}")
            path: Path = ("store", "channels", index)
            switch = forms.BooleanField(required=False)
            self._add(section, (*path, "open"), switch, _("Open"), channel.get("open", True))
            notice = channel.get("notice") or {}
            for code, language in settings.LANGUAGES:
                made = forms.CharField(
                    required=False, max_length=300, widget=forms.TextInput(attrs={"lang": code})
                )
                label = _("Notice (%(language)s)") % {"language": language}
                self._add(section, (*path, "notice", code), made, label, notice.get(code, ""))

    def _hours(self, hours: Mapping[str, Any]) -> None:
        section = self._section(_("Opening hours"))
        names = get_day_names("wide", locale=babel_locale(get_language() or "en"))
        for index, day in enumerate(WEEKDAYS):
            label = names[index][:1].upper() + names[index][1:]
            made = HoursField(required=False, max_length=80)
            path = ("store", "opening_hours", day)
            self._add(section, path, made, label, hours.get(day) or [])

    def _own(self, house: Mapping[str, Any]) -> None:
        section = self._section(_("Figures that we set ourselves"))
        for name, known in HouseFigures.model_fields.items():
            value = house.get(name, known.default)
            if isinstance(value, int | list):
                label = figure_name(name, get_language() or "en")
                label = label[:1].upper() + label[1:]
                made = _figure(value, self._unit("", name))
                self._add(section, ("house", name), made, label, value)

    def _limits(self, limits: Mapping[str, Any]) -> None:
        """What an agent refunds on one order without a lead, in each currency that has a limit."""
        if not limits:
            return
        section = self._section(_("What an agent refunds without a lead (house)"))
        for currency, value in limits.items():
            path = ("desk", "agent_refund_limit", currency)
            self._add(section, path, _figure(value, _("On one order, in all.")), currency, value)

    def _section(self, heading: str, rule: str = "", sentence: str = "") -> Section:
        self.sections.append(Section(heading, rule, sentence))
        return self.sections[-1]

    def _add(self, section: Section, path: Path, made: forms.Field, label: str, value: Any) -> None:
        name = "/".join(map(str, path))
        made.label, made.initial, made.show_hidden_initial = label, value, True
        self.fields[name] = made
        self.paths[name] = path
        section.names.append(name)

    def hidden(self) -> Iterator[str]:
        """What each field said when the page was made, for the next reading of the form."""
        for name in self.paths:
            bound = self[name]
            if self.is_bound:
                # The text may have been saved by somebody else meanwhile: theirs is no change.
                was = self.data.get(bound.html_initial_name, "")
                yield bound.field.hidden_widget().render(bound.html_initial_name, was, {"id": None})
            else:
                yield bound.as_hidden(only_initial=True)

    def changes(self) -> dict[Path, Any]:
        """What the person changed: places in the text, and their values."""
        found: dict[Path, Any] = {}
        for name in self.changed_data:
            if name not in self.paths:
                continue
            path, value = self.paths[name], self.cleaned_data.get(name)
            if path[-2:-1] == ("notice",):
                found.update(self._notice(path, str(value or "")))
            else:
                found[path] = value
        return found

    def _notice(self, path: Path, text: str) -> dict[Path, Any]:
        """A notice in one language; where it is new or taken away, in all that are given."""
        place: Path = path[:-1]
        channel = self.data_of_text["store"]["channels"][path[2]]
        if channel.get("notice") and text:
            return {path: text}
        given = {
            code: self.cleaned_data.get("/".join(map(str, (*place, code))))
            for code, _language in settings.LANGUAGES
        }
        return {place: {code: said for code, said in given.items() if said} or None}


def _figure(value: Any, unit: str) -> forms.Field:
    if isinstance(value, list):
        return NumbersField(help_text=_("Numbers with commas between them."))
    return FigureField(min_value=0, max_digits=15, decimal_places=6, help_text=unit)


def _heading(rule_id: str) -> str:
    words = str(rule_id).partition(".")[2].replace(".", ": ").replace("-", " ")
    return words[:1].upper() + words[1:]


def _sentence(
    data: Mapping[str, Any], locale: str, rules: Mapping[str, Any] | None = None, rule_id: str = ""
) -> str:
    """The sentence of a rule with its figures, as far as a text that may be broken has them."""
    texts = data.get("sentence") or {}
    text = str(texts.get(locale) or texts.get(locale.split("-")[0]) or texts.get("en") or "")

    def value(name: str) -> Any:
        owner, figure = split_ref(name, rule_id)
        found = ((rules or {}).get(owner) or {}).get("figures", {}).get(figure, "…")
        return tuple(found) if isinstance(found, list) else found

    try:
        return template(text).render(value, locale) or text
    except ValueError:
        return text
