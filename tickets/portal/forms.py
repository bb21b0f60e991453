"""What customers type, cleaned. A form knows nothing of rules."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import UTC, date, datetime
from typing import Any
from zoneinfo import ZoneInfo

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as _l

from tickets.models import OrderLine

_FIRST_YEAR = 2000  # no order, charge or point of these stores is older


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
        self.amounts = range(1, min(line.own, 99) + 1)
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
                    "n": item.line.own
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

    today: date | None = None

    def clean_value(self) -> date:
        """No day that has not come yet, on the customer's own calendar."""
        day: date = self.cleaned_data["value"]
        if self.today is not None and day > self.today:
            raise forms.ValidationError(_("This day has not come yet."))
        if day.year < _FIRST_YEAR:
            raise forms.ValidationError(_("Please look at the year again."))
        return day

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


class IpAnswer(forms.Form):
    """An address in the network."""

    value = forms.GenericIPAddressField(
        label=_l("Your answer"),
        help_text=_l(
            "It is filled in with the one you are using now. Change it if it was another."
        ),
    )

    def answer(self, zone: ZoneInfo) -> str:
        """The address in its normal form."""
        return str(self.cleaned_data["value"])


class EmailAnswer(forms.Form):
    """An e-mail address."""

    value = forms.EmailField(
        label=_l("Your answer"),
        max_length=254,
        widget=forms.EmailInput(attrs={"autocomplete": "email"}),
    )

    def answer(self, zone: ZoneInfo) -> str:
        """The address as typed."""
        return str(self.cleaned_data["value"])


class ContactForm(forms.Form):
    """Who writes, where no order says it."""

    name = forms.CharField(
        label=_l("Your name"),
        required=False,
        max_length=200,
        widget=forms.TextInput(attrs={"autocomplete": "name"}),
    )
    email = forms.EmailField(
        label=_l("E-mail address"),
        max_length=254,
        help_text=_l("We mail our answer there."),
        widget=forms.EmailInput(attrs={"autocomplete": "email"}),
    )


class ReminderForm(forms.Form):
    """Whom to remind, where no order says it."""

    email = forms.EmailField(
        label=_l("E-mail address"),
        max_length=254,
        help_text=_l("We write there once, on that day, and for nothing else."),
        widget=forms.EmailInput(attrs={"autocomplete": "email"}),
    )


class AddressForm(forms.Form):
    """The whole address as it should be, so that nobody has to put it together."""

    name = forms.CharField(
        label=_l("Name on the parcel"),
        max_length=200,
        widget=forms.TextInput(attrs={"autocomplete": "shipping name"}),
    )
    street = forms.CharField(
        label=_l("Street and number"),
        max_length=200,
        widget=forms.TextInput(attrs={"autocomplete": "shipping address-line1"}),
    )
    more = forms.CharField(
        label=_l("Apartment, floor, company"),
        required=False,
        max_length=200,
        widget=forms.TextInput(attrs={"autocomplete": "shipping address-line2"}),
    )
    city = forms.CharField(
        label=_l("Town"),
        max_length=200,
        widget=forms.TextInput(attrs={"autocomplete": "shipping address-level2"}),
    )
    region = forms.CharField(
        label=_l("State or province"),
        required=False,
        max_length=200,
        widget=forms.TextInput(attrs={"autocomplete": "shipping address-level1"}),
    )
    postcode = forms.CharField(
        label=_l("Postcode"),
        max_length=40,
        widget=forms.TextInput(attrs={"autocomplete": "shipping postal-code"}),
    )
    country = forms.CharField(
        label=_l("Country"),
        max_length=100,
        widget=forms.TextInput(attrs={"autocomplete": "shipping country-name"}),
    )


class ConfirmForm(forms.Form):
    """What cannot be undone is said once more before it is sent."""

    confirmed = forms.BooleanField(label=_l("Yes, delete my account. This cannot be undone."))


class MessageForm(forms.Form):
    """Something said to the store."""

    body = forms.CharField(
        label=_l("Your message"),
        max_length=20_000,
        widget=forms.Textarea(attrs={"rows": 5}),
    )
    form_key = forms.UUIDField(required=False, widget=forms.HiddenInput)


class WriteForm(ContactForm):
    """Something said by somebody whom no order names; the number may help the person who reads."""

    number = forms.CharField(
        label=_l("Order number"),
        required=False,
        max_length=60,
        widget=forms.TextInput(attrs={"autocapitalize": "characters", "spellcheck": "false"}),
    )
    body = forms.CharField(
        label=_l("Your message"),
        max_length=20_000,
        widget=forms.Textarea(attrs={"rows": 5}),
    )
    form_key = forms.UUIDField(required=False, widget=forms.HiddenInput)
    field_order = ("body", "name", "email", "number", "form_key")


class NoteForm(forms.Form):
    """What a customer wants to add before sending."""

    note = forms.CharField(
        label=_l("Anything to add?"),
        required=False,
        max_length=4000,
        help_text=_l("In your own words, in any language."),
        widget=forms.Textarea(attrs={"rows": 3}),
    )
