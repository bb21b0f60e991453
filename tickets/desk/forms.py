"""What staff type: one form a step. A form checks shapes; the actions check what may be."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from policies.carriers import recognise
from tickets.carriers import mistake
from tickets.labels import OUTCOMES


@dataclass(frozen=True, slots=True)
class Money:
    """What a refund would be if nothing else is typed, and in which currency."""

    usual: Decimal
    currency: str


class StepForm(forms.Form):
    """A form of one step. ``seen`` is the ticket's last event that the person looked at.

    ``name`` keeps the ids of several forms of one page apart; ``options`` are what the
    page knows and the form needs (outcomes, rules, kinds of evidence).
    """

    seen = forms.IntegerField(min_value=0, widget=forms.HiddenInput)
    sentences: Sequence[tuple[str, str]] = ()
    # Whether the empty form looks different with other options.
    options_show = True

    def __init__(
        self,
        data: Mapping[str, Any] | None = None,
        *,
        name: str = "",
        options: Any = None,
        initial: dict[str, Any] | None = None,
    ) -> None:
        self.options = options
        super().__init__(data, auto_id=f"{name}-%s" if name else "id_%s", initial=initial)
        self.use_required_attribute = True
        self.prepare()
        for bound in self.visible_fields():
            self._describe(bound)

    def prepare(self) -> None:
        """Fill in choices out of ``options``; nothing for most forms."""

    def _describe(self, bound: forms.BoundField) -> None:
        widget = bound.field.widget
        if isinstance(widget, forms.CheckboxInput | forms.RadioSelect):
            widget.attrs.setdefault("class", "form-check-input")
        elif isinstance(widget, forms.Select):
            widget.attrs.setdefault("class", "form-select")
        else:
            widget.attrs.setdefault("class", "form-control")
        if self.is_bound and bound.errors:
            widget.attrs["class"] += " is-invalid"


def _note(label: Any, hint: Any, *, required: bool = False) -> forms.CharField:
    return forms.CharField(
        label=label,
        help_text=hint,
        required=required,
        max_length=4000,
        widget=forms.Textarea(attrs={"rows": 2}),
    )


def _amount() -> forms.DecimalField:
    return forms.DecimalField(
        label=_("Amount"),
        required=False,
        min_value=Decimal("0.01"),
        max_digits=12,
        decimal_places=2,
        widget=forms.NumberInput(attrs={"inputmode": "decimal", "step": "0.01"}),
    )


def _ask_amount(form: StepForm, money: Money | None) -> None:
    if money is None:
        del form.fields["amount"]
        return
    form.fields["amount"].label = _("Amount in %(currency)s") % {"currency": money.currency}
    form.fields["amount"].help_text = _("For a refund. Empty: %(usual)s, what the items cost.") % {
        "usual": money.usual
    }


def _choices(form: StepForm, name: str, choices: Sequence[tuple[str, Any]]) -> None:
    field = form.fields[name]
    if isinstance(field, forms.ChoiceField):
        field.choices = choices


def _rules(form: StepForm, pairs: Sequence[tuple[str, str]]) -> None:
    _choices(form, "rule", [("", _("Choose a rule")), *((rule, rule) for rule, _said in pairs)])
    form.sentences = pairs


_TO_CUSTOMER = _("The customer reads this in the mail.")
_WITH_REASON = _(
    "A right of the customer's country may be better than the rule, so a refusal says why. "
    "The customer reads this in the mail."
)
_REASON = _("Stands in the history, with your name.")


class ApproveForm(StepForm):
    """An outcome (the button pressed says which) and a word to the customer."""

    outcome = forms.CharField(widget=forms.HiddenInput)
    amount = _amount()
    note = _note(_("Note to the customer"), _TO_CUSTOMER)

    def prepare(self) -> None:
        """``options`` is the ``Money`` of the claim; None where no outcome is money."""
        _ask_amount(self, self.options)


class RefuseForm(StepForm):
    """A rule of the pack, and a word to the customer."""

    rule = forms.ChoiceField(label=_("Rule"), help_text=_("The customer is told its sentence."))
    note = _note(_("Note to the customer"), _TO_CUSTOMER)

    def prepare(self) -> None:
        """``options`` is ((rule id, sentence) pairs, whether a reason must be given)."""
        pairs, with_reason = self.options or ((), False)
        _rules(self, pairs)
        if with_reason:
            self.fields["note"].required = True
            self.fields["note"].label = _("Reason, for the customer")
            self.fields["note"].help_text = _WITH_REASON


class EvidenceRequestForm(StepForm):
    """How many files of which kind, until when."""

    days = forms.IntegerField(
        label=_("Days to send it"),
        min_value=1,
        max_value=60,
        widget=forms.NumberInput(attrs={"inputmode": "numeric"}),
    )
    note = _note(_("What exactly is needed"), _TO_CUSTOMER)

    def prepare(self) -> None:
        """``options`` is (kind -> label, default days)."""
        kinds, days = self.options or ({}, 7)
        self.kinds = list(kinds)
        self.fields["days"].initial = days
        for kind, label in kinds.items():
            self.fields[f"need_{kind}"] = forms.IntegerField(
                label=label,
                min_value=0,
                max_value=20,
                required=False,
                initial=0,
                widget=forms.NumberInput(attrs={"inputmode": "numeric"}),
            )

    def counts(self) -> list[forms.BoundField]:
        """The fields for the kinds, for the template."""
        return [self[f"need_{kind}"] for kind in self.kinds]

    def clean(self) -> dict[str, Any]:
        """At least one file must be asked for."""
        data = super().clean() or {}
        data["wanted"] = {
            kind: data[f"need_{kind}"] for kind in self.kinds if data.get(f"need_{kind}")
        }
        if not data["wanted"] and not self.errors:
            raise forms.ValidationError(_("Say how many files of which kind are needed."))
        return data


class NoteForm(StepForm):
    """A step that needs nothing but an optional word to the customer."""

    note = _note(_("Note to the customer"), _TO_CUSTOMER)


class AnswerForm(StepForm):
    """What the manufacturer said, and what follows when it agreed."""

    agreed = forms.TypedChoiceField(
        label=_("The manufacturer"),
        choices=[("yes", _("agreed: approve")), ("no", _("did not agree: back to review"))],
        coerce=lambda value: value == "yes",
        widget=forms.RadioSelect,
    )
    outcome = forms.ChoiceField(label=_("Outcome when it agreed"), required=False)
    amount = _amount()
    note = _note(_("Note to the customer"), _TO_CUSTOMER)

    def prepare(self) -> None:
        """``options`` is (outcomes that may be approved, their ``Money`` or None)."""
        outcomes, money = self.options or ((), None)
        _choices(self, "outcome", [(key, OUTCOMES.get(key, key)) for key in outcomes])
        _ask_amount(self, money)


class InspectForm(StepForm):
    """What the inspection of the returned items found; a failed one cites a rule."""

    passed = forms.TypedChoiceField(
        label=_("The items"),
        choices=[("yes", _("are as claimed")), ("no", _("are not as claimed: refuse"))],
        coerce=lambda value: value == "yes",
        widget=forms.RadioSelect,
    )
    rule = forms.ChoiceField(label=_("Rule, if refused"), required=False)
    amount = _amount()
    note = _note(_("Note to the customer"), _TO_CUSTOMER)

    def prepare(self) -> None:
        """``options`` is (rule and sentence pairs, the ``Money`` of the claim or None)."""
        pairs, money = self.options or ((), None)
        _rules(self, pairs)
        _ask_amount(self, money)


class FulfilForm(StepForm):
    """The replacement is on its way."""

    options_show = False  # they only read what was typed
    tracking = forms.CharField(
        label=_("Tracking number"),
        required=False,
        max_length=60,
        help_text=_("The customer gets it in the mail."),
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
    )
    note = _note(_("Note to the customer"), _TO_CUSTOMER)

    def clean_tracking(self) -> str:
        """The number as its carrier writes it. ``options`` is the claim's pack, or None."""
        typed = str(self.cleaned_data["tracking"]).strip()
        found = recognise(typed, self.options)
        if found is None:
            return typed
        if found.mistyped:
            raise forms.ValidationError(mistake(found))
        return found.number


class ReasonForm(StepForm):
    """A step that must be explained."""

    reason = _note(_("Reason"), _REASON, required=True)


class DoneForm(StepForm):
    """What was asked is done; the customer reads these words."""

    note = _note(_("Answer to the customer"), _TO_CUSTOMER, required=True)


class RefusalForm(StepForm):
    """It cannot be done; the customer reads why."""

    note = _note(_("Reason, for the customer"), _TO_CUSTOMER, required=True)


class CarrierForm(StepForm):
    """An inquiry that was opened with the carrier."""

    number = forms.CharField(
        label=_("Number of the inquiry"),
        required=False,
        max_length=60,
        help_text=_("As the carrier calls it. Only colleagues see it."),
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
    )
    note = _note(_("Note to the customer"), _TO_CUSTOMER)


class CarrierAnswerForm(StepForm):
    """What the carrier found out."""

    found = forms.TypedChoiceField(
        label=_("The parcel"),
        choices=[
            ("yes", _("was found and is on its way: close this")),
            ("no", _("is lost: decide next")),
        ],
        coerce=lambda value: value == "yes",
        widget=forms.RadioSelect,
    )
    note = _note(_("Note to the customer"), _TO_CUSTOMER)


class CompensationForm(StepForm):
    """What the customer gets for a parcel that is lost."""

    outcome = forms.ChoiceField(
        label=_("The customer gets"),
        choices=[("replacement", _("the goods again: sent already")), ("refund", _("a refund"))],
        widget=forms.RadioSelect,
    )
    amount = _amount()
    tracking = forms.CharField(
        label=_("Tracking number"),
        required=False,
        max_length=60,
        help_text=_("Of what was sent again."),
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
    )
    note = _note(_("Note to the customer"), _TO_CUSTOMER)

    def prepare(self) -> None:
        """``options`` is the ``Money`` of the whole order."""
        _ask_amount(self, self.options)


class SnoozeForm(StepForm):
    """Look at it again after some days."""

    days = forms.IntegerField(
        label=_("Days"),
        min_value=1,
        max_value=60,
        initial=3,
        widget=forms.NumberInput(attrs={"inputmode": "numeric"}),
    )


class ReleaseForm(forms.Form):
    """Another release date for a product; empty when nobody knows it any more."""

    release_on = forms.DateField(
        label=_("New release date"),
        required=False,
        help_text=_("Empty: not known any more."),
        widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"),
    )


class DeliveryForm(StepForm):
    """When a parcel arrived, on the store's clock."""

    shipment = forms.IntegerField(min_value=1, widget=forms.HiddenInput)
    delivered_at = forms.DateTimeField(
        label=_("Delivered"),
        help_text=_("On the store's clock. The windows count from this day."),
        widget=forms.DateTimeInput(attrs={"type": "datetime-local"}, format="%Y-%m-%dT%H:%M"),
        input_formats=["%Y-%m-%dT%H:%M", "%Y-%m-%dT%H:%M:%S", "%Y-%m-%d %H:%M", "%Y-%m-%d"],
    )


class AssigneeForm(StepForm):
    """Who takes care of a ticket; empty for nobody."""

    assignee = forms.ChoiceField(label=_("Assignee"), required=False)
    note = forms.CharField(
        label=_("Note for whoever gets it"),
        required=False,
        help_text=_("Only colleagues see it. It calls them, and they are mailed."),
        widget=forms.Textarea(attrs={"rows": 2}),
    )
    form_key = forms.UUIDField(required=False, widget=forms.HiddenInput)

    def prepare(self) -> None:
        """``options`` are (pk, name) of those who work in the store."""
        people = self.options or ()
        _choices(self, "assignee", [("", _("Nobody")), *((str(pk), name) for pk, name in people)])


class HandOverForm(StepForm):
    """The two things the counter must see before a pickup leaves the shelf."""

    receipt_seen = forms.BooleanField(label=_("I have seen the e-mail receipt"), required=False)
    identification_seen = forms.BooleanField(
        label=_("I have seen an identification"), required=False
    )


class ExtendForm(ReasonForm):
    """More days for a reservation."""

    days = forms.IntegerField(
        label=_("More days"),
        min_value=1,
        max_value=60,
        initial=7,
        widget=forms.NumberInput(attrs={"inputmode": "numeric"}),
    )
    field_order = ["days", "reason"]


class PlainForm(StepForm):
    """A step that is one button."""
