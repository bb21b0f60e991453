"""What somebody fills in to make an automation, or to change one."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from django import forms
from django.utils.translation import gettext as _t
from django.utils.translation import gettext_lazy as _

from tickets.automations.facts import Rule
from tickets.automations.form_fields import (
    IF,
    LISTS,
    THEN,
    Typed,
    data_of,
    fields_of,
    initial_of,
)
from tickets.automations.inputs import Known, clean_inputs
from tickets.automations.sentence import checked, sentence
from tickets.automations.triggers import TRIGGERS
from tickets.errors import InvalidInput
from tickets.models.automation import LONGEST_NAME

# The lists as the check of a rule names them, and as the form does.
_NAMES = {"conditions": IF, "actions": THEN}


@dataclass(frozen=True, slots=True)
class FormLine:
    """One condition or action: the field of its kind, those of its values, how it is dropped."""

    key: forms.BoundField
    values: list[forms.BoundField]
    name: str
    label: str
    number: int


class AutomationForm(forms.Form):
    """When – if – then. Bound (``complain``) it says what is wrong, else it shows what is there.

    ``seen`` is the number of the version that was looked at.
    """

    name = forms.CharField(label=_("Name"), max_length=LONGEST_NAME)
    when = forms.ChoiceField(label=_("What happens"), error_messages={"required": _("Choose one.")})
    seen = forms.IntegerField(required=False, widget=forms.HiddenInput)
    active = forms.BooleanField(label=_("Switch it on at once"), required=False)

    def __init__(
        self,
        known: Known,
        typed: Typed,
        *,
        complain: bool = False,
        seen: int | None = None,
        active: bool | None = None,
    ) -> None:
        """``active`` is None where there is nothing to switch on: it is there already."""
        begun = {"seen": seen, "active": active}
        if complain:
            data = data_of(typed)
            data.update({name: value for name, value in begun.items() if value})
            super().__init__(data, auto_id="auto-%s")
        else:
            super().__init__(auto_id="auto-%s", initial={**initial_of(typed), **begun})
        self.known, self.typed = known, typed
        self.rule: Rule | None = None
        if active is None:
            del self.fields["active"]
        fields: dict[str, Any] = self.fields
        whens = [(key, str(one.label)) for key, one in TRIGGERS.items()]
        fields["when"].choices = [("", _t("Choose …")), *whens]
        inputs = TRIGGERS[typed.when].inputs if typed.when in TRIGGERS else ()
        self.when_names = list(fields_of("when", inputs, known))
        self.fields.update(fields_of("when", inputs, known))
        for name in LISTS:
            self._add_lines(name)

    def _add_lines(self, name: str) -> None:
        parts = LISTS[name]
        choices = [(key, str(one.label)) for key, one in parts.items()]
        label = _t("Condition") if name == IF else _t("Action")
        for at, line in enumerate(self.typed.lines[name]):
            self.fields[f"{name}-{at}-key"] = forms.ChoiceField(
                label=label, choices=choices, error_messages={"required": _t("Choose one.")}
            )
            inputs = parts[line.key].inputs if line.key in parts else ()
            self.fields.update(fields_of(f"{name}-{at}", inputs, self.known))
        more = _t("Add a condition") if name == IF else _t("Add an action")
        self.fields[f"{name}-new"] = forms.ChoiceField(
            label=more, choices=[("", _t("Choose …")), *choices], required=False
        )

    # --- as the page shows it ---

    @property
    def reads(self) -> str:
        """The rule as a sentence, as soon as it is whole; before that nothing."""
        try:
            return sentence(checked(self.typed.rule(), self.known), self.known)
        except InvalidInput:
            return ""

    @property
    def when_fields(self) -> list[forms.BoundField]:
        """What the trigger asks for."""
        return [self[name] for name in self.when_names]

    @property
    def ifs(self) -> list[FormLine]:
        """The conditions."""
        return list(self._lines(IF))

    @property
    def thens(self) -> list[FormLine]:
        """The actions."""
        return list(self._lines(THEN))

    @property
    def new_if(self) -> forms.BoundField:
        """The field that adds a condition."""
        return self[f"{IF}-new"]

    @property
    def new_then(self) -> forms.BoundField:
        """The field that adds an action."""
        return self[f"{THEN}-new"]

    def _lines(self, name: str) -> Iterator[FormLine]:
        parts = LISTS[name]
        for at, line in enumerate(self.typed.lines[name]):
            inputs = parts[line.key].inputs if line.key in parts else ()
            values = [self[f"{name}-{at}-{one.name}"] for one in inputs]
            label = str(parts[line.key].label) if line.key in parts else ""
            yield FormLine(self[f"{name}-{at}-key"], values, f"{name}-{at}", label, at + 1)

    # --- what is wrong with it ---

    def clean(self) -> dict[str, Any]:
        """Each part of the rule by its own check, then the whole."""
        found: dict[str, Any] = super().clean() or {}
        self._check_part("when", TRIGGERS.get(self.typed.when), self.typed.when_raw)
        for name, parts in LISTS.items():
            for at, line in enumerate(self.typed.lines[name]):
                self._check_part(f"{name}-{at}", parts.get(line.key), line.raw)
        if not any(field != "name" for field in self.errors):
            try:
                self.rule = checked(self.typed.rule(), self.known)
            except InvalidInput as error:
                self.say(error.message, error.field)
        return found

    def _check_part(self, prefix: str, part: Any, raw: dict[str, Any]) -> None:
        """Every input for itself: each mistake stands beside its own field."""
        for one in part.inputs if part is not None else ():
            name = f"{prefix}-{one.name}"
            if name in self.errors:
                continue
            try:
                clean_inputs((one,), raw, self.known)
            except InvalidInput as error:
                self.add_error(name, error.message)

    def say(self, message: str, field: str) -> None:
        """Put what an action refuses beside its field; what has none, above the form."""
        first, _dash, rest = field.partition("-")
        name = f"{_NAMES.get(first, first)}-{rest}" if rest else _NAMES.get(first, first)
        name = f"{name}-new" if name in LISTS else name
        self.add_error(name if name in self.fields else None, message)
