"""The fields of what can be done to a ticket, as a macro and a change of several ask for them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from django import forms
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from tickets.actions.deeds import LONGEST_TAG, MOST_TAGS
from tickets.desk import labels
from tickets.models import User
from tickets.models.macros import MOST_DAYS

SNOOZES: Mapping[str, Promise] = {
    "": _("Not put off"),
    "tomorrow": _("Until tomorrow's opening"),
    "monday": _("Until Monday's opening"),
    "days": _("For as many days"),
}
_TAGS = (LONGEST_TAG + 2) * MOST_TAGS * 2


class ChangesForm(forms.Form):
    """Who has it, how pressing it is, its tags, and until when it is put off."""

    assigns: Mapping[str, Promise] = {}  # what can be chosen beside the people
    people: Mapping[str, User]

    assign = forms.ChoiceField(label=_("Assigned to"), required=False)
    priority = forms.TypedChoiceField(
        label=_("Priority"),
        choices=[("", _("As it is")), *labels.PRIORITIES.items()],
        required=False,
        coerce=int,
        empty_value=None,
    )
    add_tags = forms.CharField(
        label=_("Tags to put on"),
        required=False,
        max_length=_TAGS,
        help_text=_("With commas between them."),
    )
    remove_tags = forms.CharField(
        label=_("Tags to take off"),
        required=False,
        max_length=_TAGS,
        help_text=_("With commas between them."),
    )
    snooze = forms.ChoiceField(label=_("Put off"), choices=list(SNOOZES.items()), required=False)
    snooze_days = forms.IntegerField(
        label=_("Days"), required=False, min_value=1, max_value=MOST_DAYS
    )

    def offer(self, people: Sequence[User]) -> None:
        """Let it be given to one of these people, too."""
        self.people = {str(person.pk): person for person in people}
        named = [(f"person-{pk}", person.get_full_name()) for pk, person in self.people.items()]
        fields: dict[str, Any] = self.fields
        fields["assign"].choices = [*self.assigns.items(), *named]
