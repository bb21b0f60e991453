"""From what a manager chose to two instants: whole local days of the store."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from django import forms
from django.utils.translation import gettext_lazy as _

from policies.calendar import Calendar
from tickets.models import Store

PRESETS = (
    ("this-month", _("This month")),
    ("last-month", _("Last month")),
    ("last-30-days", _("Last 30 days")),
    ("custom", _("From … to …")),
)
_FIRST, _LAST = date(2000, 1, 1), date(2100, 1, 1)
_DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Period:
    """Local days ``first`` to ``last``, both included: ``starts_at <= instant < ends_at``."""

    preset: str
    first: date
    last: date
    starts_at: datetime
    ends_at: datetime

    def query(self) -> dict[str, str]:
        """The parameters that choose this very period again, whatever day it is then."""
        return {"period": "custom", "from": self.first.isoformat(), "to": self.last.isoformat()}


class PeriodForm(forms.Form):
    """Which store, and which days."""

    store = forms.ModelChoiceField(
        Store.objects.none(), to_field_name="slug", label=_("Store"), empty_label=None
    )
    period = forms.ChoiceField(choices=PRESETS, label=_("Period"))

    def __init__(self, data: Mapping[str, Any], *, stores: list[Store]) -> None:
        super().__init__(data)
        field = self.fields["store"]
        assert isinstance(field, forms.ModelChoiceField)
        field.queryset = Store.objects.filter(pk__in=[store.pk for store in stores])
        # "from" is a word of Python's, so these two cannot be attributes of the class.
        for name, label in (("from", _("From")), ("to", _("To"))):
            self.fields[name] = forms.DateField(
                required=False,
                label=label,
                widget=forms.DateInput(attrs={"type": "date"}),
            )

    def clean(self) -> dict[str, object]:
        """A period of one's own needs both days, in their order."""
        values: dict[str, object] = super().clean() or {}
        first, last = values.get("from"), values.get("to")
        if values.get("period") != "custom" or self.errors:
            return values
        if not isinstance(first, date) or not isinstance(last, date):
            self.add_error("from", _("Choose both days."))
        elif not _FIRST <= first <= last <= _LAST:
            self.add_error("to", _("The last day must not be before the first."))
        return values


def period_of(
    store: Store, preset: str, now: datetime, first: date | None = None, last: date | None = None
) -> Period:
    """The period of a preset on the store's calendar; a clock change moves no edge of it.

    Raises:
        ValueError: ``custom`` without both days.
    """
    calendar = Calendar(ZoneInfo(store.time_zone))
    today = calendar.local_date(now)
    month = today.replace(day=1)
    if preset == "this-month":
        first, last = month, (month + timedelta(days=31)).replace(day=1) - _DAY
    elif preset == "last-month":
        first, last = (month - _DAY).replace(day=1), month - _DAY
    elif preset == "last-30-days":
        first, last = today - timedelta(days=29), today
    if first is None or last is None:
        raise ValueError("a custom period needs its first and its last day")
    return Period(preset, first, last, calendar.midnight(first), calendar.midnight(last + _DAY))
