"""What somebody types to make a macro, or to change one."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from django import forms
from django.conf import settings
from django.utils.dateparse import parse_datetime
from django.utils.functional import Promise
from django.utils.translation import gettext as _t
from django.utils.translation import gettext_lazy as _

from tickets.actions.keep_macros import Wanted
from tickets.actions.wording import MAX_BODY
from tickets.desk.changes_form import ChangesForm
from tickets.models import Macro, Store, User
from tickets.models.macros import LONGEST_NAME

KINDS: Mapping[str, Promise] = {
    "agent": _("A reply to the customer"),
    "note": _("An internal note"),
    "": _("Nothing: it only changes the ticket"),
}
THEN: Mapping[str, Promise] = {
    "": _("As the request stands"),
    "open": _("It stays open, we go on"),
    "waiting": _("It waits for the customer"),
    "solved": _("It is solved"),
}
ASSIGNS: Mapping[str, Promise] = {
    "": _("Nobody new"),
    "me": _("Whoever runs it"),
    "nobody": _("Given back to all"),
}


class MacroForm(ChangesForm):
    """All of a macro. A form checks shapes; what may be is the action's to say.

    ``changed`` is the macro's last change that was looked at; ``example`` the reference of a ticket
    that the preview is filled from.
    """

    assigns = ASSIGNS
    field_order = ("name", "shared", "kind", "then_state")  # errors are listed as they stand
    name = forms.CharField(label=_("Name"), max_length=LONGEST_NAME)
    shared = forms.BooleanField(label=_("For everybody at the store"), required=False)
    kind = forms.ChoiceField(
        label=_("It says"),
        choices=list(KINDS.items()),
        required=False,
        widget=forms.RadioSelect,
        initial="agent",
    )
    then_state = forms.ChoiceField(label=_("Then"), choices=list(THEN.items()), required=False)
    position = forms.IntegerField(
        label=_("Place in the list"), required=False, min_value=0, max_value=999, initial=0
    )
    changed = forms.CharField(required=False, max_length=40, widget=forms.HiddenInput)
    example = forms.CharField(
        label=_("Filled from this ticket"),
        required=False,
        max_length=40,
        help_text=_("A reference. Empty: the newest one."),
    )

    def __init__(
        self,
        people: Sequence[User],
        locales: Sequence[str],
        data: Any = None,
        *,
        initial: dict[str, Any] | None = None,
        may_share: bool = False,
    ) -> None:
        super().__init__(data, auto_id="macro-%s", initial=initial)
        self.offer(people)
        self.locales = list(locales)
        if not may_share:
            del self.fields["shared"]
        spoken = dict(settings.LANGUAGES)
        for locale in self.locales:
            self.fields[f"text_{locale}"] = forms.CharField(
                label=_t("Text: %(language)s") % {"language": spoken.get(locale, locale)},
                required=False,
                strip=False,
                max_length=MAX_BODY * 2,  # line ends may count twice; the action counts them once
                widget=forms.Textarea(attrs={"rows": 7, "lang": locale, "data-placeholders": ""}),
            )

    @property
    def texts(self) -> list[forms.BoundField]:
        """The fields of the texts, one for each language."""
        return [self[f"text_{locale}"] for locale in self.locales]

    def clean_changed(self) -> Any:
        """The instant, or None for what is none."""
        try:
            return parse_datetime(str(self.cleaned_data["changed"]))
        except ValueError:
            return None

    def wanted(self) -> Wanted:
        """What was typed, as the actions take it; of a form with errors, as far as it goes."""
        data = self.cleaned_data
        assign = data.get("assign") or ""
        person = self.people.get(assign.removeprefix("person-"))
        return Wanted(
            name=data.get("name") or "",
            kind=data.get("kind") or "",
            texts={locale: data.get(f"text_{locale}") or "" for locale in self.locales},
            then_state=data.get("then_state") or "",
            assign="person" if person is not None else assign,
            assignee=person,
            priority=data.get("priority"),
            add_tags=(data.get("add_tags") or "").split(","),
            remove_tags=(data.get("remove_tags") or "").split(","),
            snooze=data.get("snooze") or "",
            snooze_days=data.get("snooze_days"),
            position=data.get("position") or 0,
        )


def locales_of(store: Store, macro: Macro | None) -> list[str]:
    """The languages that a text can be written in: the store's first, then all that we speak."""
    there = [text.locale for text in macro.texts.all()] if macro is not None else []
    spoken = [code for code, _name in settings.LANGUAGES]
    return list(dict.fromkeys([store.locale, *spoken, *there]))


def initial_of(macro: Macro) -> dict[str, Any]:
    """A macro as its form shows it."""
    assign = f"person-{macro.assignee_id}" if macro.assign == "person" else macro.assign
    return {
        "name": macro.name,
        "kind": macro.kind,
        "then_state": macro.then_state,
        "assign": assign,
        "priority": macro.priority,
        "add_tags": ", ".join(macro.add_tags),
        "remove_tags": ", ".join(macro.remove_tags),
        "snooze": macro.snooze,
        "snooze_days": macro.snooze_days,
        "position": macro.position,
        "changed": macro.changed_at.isoformat(),
        **{f"text_{text.locale}": text.body for text in macro.texts.all()},
    }
