"""Where set-up says what a store aims at: minutes of its opening hours, by priority."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django import forms
from django.utils.translation import gettext_lazy as _

from tickets.actions.targets import MOST_MINUTES
from tickets.desk.labels import PRIORITIES
from tickets.models import Target

# Django's form classes are generic in their stubs alone.
if TYPE_CHECKING:
    Base = forms.ModelForm[Target]
else:
    Base = forms.ModelForm

FROM_NOW = _(
    "A change counts from now on: for new tickets at once, for those that run at the next thing "
    "that happens on them. What they have used so far stays used."
)


class TargetForm(Base):
    """Two figures; an empty one is no target."""

    first_minutes = forms.IntegerField(
        label=_("First answer, in minutes"),
        required=False,
        min_value=1,
        max_value=MOST_MINUTES,
        help_text=_(
            "Minutes of opening hours until a person has answered. Empty: nothing is aimed at."
        ),
    )
    resolve_minutes = forms.IntegerField(
        label=_("Solution, in minutes"),
        required=False,
        min_value=1,
        max_value=MOST_MINUTES,
        help_text=_(
            "Minutes of opening hours until it is solved. While the ticket waits for somebody "
            "else, or is put off, they do not run."
        ),
    )

    class Meta:
        model = Target
        fields = ("store", "priority", "first_minutes", "resolve_minutes")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        """A priority is chosen by its word; on a row that is there already it stays as it is."""
        super().__init__(*args, **kwargs)
        if "priority" in self.fields:
            words = list(PRIORITIES.items())
            self.fields["priority"] = forms.TypedChoiceField(
                label=_("Priority"), coerce=int, choices=words
            )

    def clean(self) -> dict[str, Any]:
        """The first answer comes before the end, or with it."""
        found: dict[str, Any] = super().clean() or {}
        first, whole = found.get("first_minutes"), found.get("resolve_minutes")
        if first is not None and whole is not None and first > whole:
            told = _("The first answer cannot take longer than the solution (%(n)d minutes).")
            self.add_error("first_minutes", told % {"n": whole})
        return found
