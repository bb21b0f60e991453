"""What managers type beside the figures: texts, files, periods, and the day rules begin."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from django import forms
from django.core.validators import MaxValueValidator, MinValueValidator
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from policies.calendar import Calendar
from tickets.actions.policies import MAX_CHARACTERS
from tickets.models import Store

FIRST_DAY, LAST_DAY = date(1970, 1, 1), date(2100, 12, 31)


def today_of(store: Store, now: datetime) -> date:
    """The day it is in the store."""
    return Calendar(ZoneInfo(store.time_zone)).local_date(now)


class DraftForm(forms.Form):
    """Which version to begin from, and what to call the draft."""

    base = forms.IntegerField(widget=forms.HiddenInput)
    title = forms.CharField(required=False, max_length=120, label=gettext_lazy("Name of the draft"))


class TextForm(forms.Form):
    """The whole text, typed or as a file. A file wins over what stands in the field."""

    revision = forms.IntegerField(widget=forms.HiddenInput)
    title = forms.CharField(max_length=120, label=gettext_lazy("Name of the draft"))
    upload = forms.FileField(
        required=False,
        label=gettext_lazy("Take the text from a file"),
        help_text=gettext_lazy("A YAML file. It replaces the text below."),
    )
    source = forms.CharField(
        required=False,
        strip=False,
        label=gettext_lazy("The rules as text"),
        widget=forms.Textarea(
            attrs={"rows": 34, "spellcheck": "false", "class": "form-control rules-text"}
        ),
    )

    def clean_upload(self) -> str | None:
        """The text of the file."""
        found: Any = self.cleaned_data.get("upload")
        if not found:
            return None
        if (found.size or 0) > 4 * MAX_CHARACTERS:
            raise forms.ValidationError(_("This file is far too large for a store's rules."))
        try:
            text: str = found.read().decode("utf-8-sig")
        except UnicodeDecodeError:
            raise forms.ValidationError(_("This file is no text in UTF-8.")) from None
        return text

    def text(self) -> str:
        """What is to be saved."""
        uploaded: str | None = self.cleaned_data.get("upload")
        return uploaded if uploaded is not None else str(self.cleaned_data["source"])


class RevisionForm(forms.Form):
    """The draft as the person saw it."""

    revision = forms.IntegerField(widget=forms.HiddenInput)


def _day(label: Any) -> forms.DateField:
    """A day within the years that rules know: beyond the calendar's end there is no midnight."""
    return forms.DateField(
        label=label,
        widget=forms.DateInput(attrs={"type": "date"}),
        validators=[MinValueValidator(FIRST_DAY), MaxValueValidator(LAST_DAY)],
    )


class TrialForm(RevisionForm):
    """Over which days' requests a draft is tried."""

    first = _day(gettext_lazy("First day"))
    last = _day(gettext_lazy("Last day"))

    @staticmethod
    def proposal(store: Store, now: datetime, revision: int) -> dict[str, Any]:
        """The last three months."""
        today = today_of(store, now)
        return {"first": today - timedelta(days=90), "last": today, "revision": revision}


class PublicationForm(RevisionForm):
    """From which day on the draft's rules apply."""

    day = _day(gettext_lazy("In force from"))
    deliberate = forms.BooleanField(
        required=False,
        label=gettext_lazy("I have seen what was published meanwhile, and go on without it."),
    )

    def __init__(self, *args: Any, stale: bool, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if not stale:
            del self.fields["deliberate"]
