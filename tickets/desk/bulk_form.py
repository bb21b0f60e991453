"""What somebody types to change many tickets at once."""

from __future__ import annotations

import uuid
from collections.abc import Mapping, Sequence
from typing import Any

from django import forms
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from tickets.actions.bulk_verbs import (
    Assign,
    Deed,
    Plan,
    Prioritise,
    PutOff,
    Retag,
    Solve,
    in_order,
)
from tickets.actions.wording import MAX_BODY
from tickets.desk.changes_form import ChangesForm
from tickets.models import Macro, User

SAYS: Mapping[str, Promise] = {
    "": _("Nothing"),
    "reply": _("A reply to each customer"),
    "note": _("An internal note"),
}
ASSIGNS: Mapping[str, Promise] = {
    "": _("As it is"),
    "me": _("Me"),
    "nobody": _("Given back to all"),
}


class BulkForm(ChangesForm):
    """What is to be done. A form checks shapes; what may be is the action's to say."""

    assigns = ASSIGNS
    solve = forms.BooleanField(label=_("Mark as solved"), required=False)
    says = forms.ChoiceField(
        label=_("What is said"),
        choices=list(SAYS.items()),
        required=False,
        widget=forms.RadioSelect,
    )
    body = forms.CharField(
        label=_("Text"),
        required=False,
        strip=False,
        max_length=MAX_BODY * 2,  # line ends may count twice; the action counts them once
        widget=forms.Textarea(attrs={"rows": 6, "data-placeholders": ""}),
        help_text=_("Placeholders are filled from each ticket. Nobody is called by @name here."),
    )
    macro = forms.TypedChoiceField(
        label=_("Or run a macro"), required=False, coerce=int, empty_value=None
    )
    form_key = forms.UUIDField(widget=forms.HiddenInput)

    def __init__(
        self, user: User, people: Sequence[User], macros: Sequence[Macro], data: Any = None
    ) -> None:
        initial = {"form_key": uuid.uuid4()}
        super().__init__(data, auto_id="bulk-%s", initial=initial)
        self.user = user
        self.offer(people)
        self.macros = {macro.pk: macro for macro in macros}
        fields: dict[str, Any] = self.fields
        several = len({macro.store_id for macro in macros}) > 1
        fields["macro"].choices = [
            ("", _("None")),
            *((pk, f"{one.name} ({one.store})" if several else one.name) for pk, one in self.known),
        ]
        for field in fields.values():
            if isinstance(field.widget, forms.CheckboxInput | forms.RadioSelect):
                css = "form-check-input"
            else:
                css = "form-select" if isinstance(field.widget, forms.Select) else "form-control"
            field.widget.attrs.setdefault("class", css)

    @property
    def known(self) -> list[tuple[int, Macro]]:
        """The macros that can be run, by their keys."""
        return list(self.macros.items())

    def clean(self) -> dict[str, Any]:
        """Days are asked for where there are to be some."""
        data = super().clean() or {}
        if data.get("snooze") == "days" and not data.get("snooze_days"):
            self.add_error("snooze_days", _("For how many days?"))
        if not data.get("says") and (data.get("body") or "").strip() and not self.errors:
            self.add_error("says", _("Say whether this is a reply or a note."))
        return data

    def plan(self) -> Plan:
        """What was typed, as the action takes it. Only of a form that is valid."""
        data = self.cleaned_data
        macro = self.macros.get(data["macro"]) if data["macro"] is not None else None
        says = data["says"] or ""
        # Solved with a reply means: when that is sent.
        solve = Solve() if data["solve"] and says != "reply" else None
        return Plan(
            deeds=in_order([*self._deeds(data), solve]),
            says=says,
            body=data["body"] if says else "",
            then_state="solved" if data["solve"] and says == "reply" else "",
            macro=macro.pk if macro is not None else None,
            name=macro.name if macro is not None else "",
        )

    def _deeds(self, data: Mapping[str, Any]) -> list[Deed | None]:
        found: list[Deed | None] = [self._assign(data["assign"] or "")]
        if data["priority"] is not None:
            found.append(Prioritise(data["priority"]))
        add, remove = _tags(data["add_tags"]), _tags(data["remove_tags"])
        if add or remove:
            found.append(Retag(add, remove))
        if data["snooze"]:
            days = data["snooze_days"] if data["snooze"] == "days" else 1
            found.append(PutOff(days, monday=data["snooze"] == "monday"))
        return found

    def _assign(self, chosen: str) -> Assign | None:
        if not chosen:
            return None
        if chosen == "nobody":
            return Assign(None)
        person = self.user if chosen == "me" else self.people[chosen.removeprefix("person-")]
        return Assign(person.pk, person.get_full_name())


def _tags(typed: str) -> tuple[str, ...]:
    return tuple(" ".join(one.split()) for one in typed.split(",") if one.strip())
