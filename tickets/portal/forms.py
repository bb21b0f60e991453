"""What customers type, cleaned. A form knows nothing of rules."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as _l

from tickets.models import OrderLine


class OrderForm(forms.Form):
    """Which order. Number and address are checked together, and never apart."""

    number = forms.CharField(
        label=_l("Order number"),
        max_length=60,
        help_text=_l("It stands in the subject of the confirmation mail, for example #1001."),
        widget=forms.TextInput(attrs={"autocapitalize": "characters", "spellcheck": "false"}),
    )
    email = forms.EmailField(
        label=_l("E-mail address"),
        max_length=254,
        help_text=_l("The one you ordered with."),
    )
    time_zone = forms.CharField(required=False, max_length=64, widget=forms.HiddenInput)


class Item:
    """One line of the order as a card: ticked or not, how many, and which part of it."""

    def __init__(self, line: OrderLine, chosen: Mapping[str, Any] | None, taken: bool) -> None:
        self.line = line
        self.taken = taken
        self.checked = chosen is not None and not taken
        self.quantity = int((chosen or {}).get("quantity") or 1)
        self.component = str((chosen or {}).get("component", ""))
        self.amounts = range(1, min(line.quantity, 99) + 1)
        self.problem = ""


class ItemsForm:
    """The items of an order to tick. Kept by hand: a card is no form field."""

    def __init__(
        self,
        lines: Iterable[OrderLine],
        chosen: Iterable[Mapping[str, Any]],
        taken: Iterable[int],
        data: Mapping[str, Any] | None = None,
    ) -> None:
        by_line = {item.get("line"): item for item in chosen}
        closed = set(taken)
        self.items = [Item(line, by_line.get(line.pk), line.pk in closed) for line in lines]
        self.problems: list[tuple[str, str]] = []
        if data is not None:
            self._read(data)

    def _read(self, data: Mapping[str, Any]) -> None:
        for item in self.items:
            pk = item.line.pk
            item.checked = f"line_{pk}" in data and not item.taken
            item.component = str(data.get(f"component_{pk}", "")).strip()[:200]
            typed = str(data.get(f"quantity_{pk}", "1"))
            item.quantity = int(typed) if typed.isascii() and typed.isdigit() else 0
            if item.checked and item.quantity not in item.amounts:
                item.problem = _("Please choose a number between 1 and %(n)d.") % {
                    "n": item.line.quantity
                }
                item.quantity = 1
                self.problems.append((f"line_{pk}", item.problem))
        if not any(item.checked for item in self.items):
            self.problems.append(("items", _("Please tick at least one item.")))

    def answers(self) -> list[dict[str, Any]]:
        """The ticked items, as a draft keeps them."""
        return [
            {"line": item.line.pk, "quantity": item.quantity, "component": item.component}
            for item in self.items
            if item.checked
        ]


class DateAnswer(forms.Form):
    """A day, as the customer remembers it."""

    value = forms.DateField(
        label=_l("Date"), widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d")
    )

    def answer(self, zone: ZoneInfo) -> str:
        """Noon of that day on the customer's clock: the day is what counts."""
        day = self.cleaned_data["value"]
        return datetime(day.year, day.month, day.day, 12, tzinfo=zone).astimezone(UTC).isoformat()


class NumberAnswer(forms.Form):
    """A small number."""

    value = forms.IntegerField(label=_l("Number"), min_value=0, max_value=999)

    def answer(self, zone: ZoneInfo) -> int:
        """The number itself."""
        return int(self.cleaned_data["value"])


class TextAnswer(forms.Form):
    """A line of text."""

    value = forms.CharField(label=_l("Your answer"), max_length=200)

    def answer(self, zone: ZoneInfo) -> str:
        """The text as typed."""
        return str(self.cleaned_data["value"])


class MessageForm(forms.Form):
    """Something said to the store."""

    body = forms.CharField(
        label=_l("Your message"),
        max_length=20_000,
        widget=forms.Textarea(attrs={"rows": 5}),
    )
    form_key = forms.UUIDField(required=False, widget=forms.HiddenInput)


class NoteForm(forms.Form):
    """What a customer wants to add before sending."""

    note = forms.CharField(
        label=_l("Anything to add?"),
        required=False,
        max_length=4000,
        help_text=_l("In your own words, in any language."),
        widget=forms.Textarea(attrs={"rows": 3}),
    )
