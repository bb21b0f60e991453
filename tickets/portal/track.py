"""“Track my order”: what is typed, and how what is known of a parcel is said. No rule here."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as _l
from django.utils.translation import pgettext

from policies.carriers import MAX_LENGTH, clean, recognise
from policies.pack import Pack
from tickets.actions.tracking_view import Late, NumberTracked, Parcel, Tracked
from tickets.carriers import mistake
from tickets.portal.tiles import TILES
from tickets.portal.visit import label_of
from tickets.templatetags import dates

# What a customer may go on to ask from here; each leads to its own guided form.
ASKABLE = (
    "lost_parcel",
    "tracking_stalled",
    "poster_missing",
    "order_not_shipped",
    "preorder",
    "pickup",
)


class NumberForm(forms.Form):
    """A tracking number, as it stands in the mail."""

    tracking = forms.CharField(
        label=_l("Tracking number"),
        max_length=120,
        help_text=_l("You find it in the mail that told you that your order was sent."),
        widget=forms.TextInput(
            attrs={"autocapitalize": "characters", "spellcheck": "false", "autocomplete": "off"}
        ),
    )
    time_zone = forms.CharField(required=False, max_length=64, widget=forms.HiddenInput)

    def clean_tracking(self) -> str:
        """The number without its spaces and dashes."""
        number = clean(self.cleaned_data["tracking"])
        if len(number) < 5:
            raise forms.ValidationError(
                _("This is no tracking number: one has 5 to %(n)d letters and digits.")
                % {"n": MAX_LENGTH}
            )
        return number

    def held_against(self, pack: Pack) -> bool:
        """Whether the number can be right; what is wrong is told beside it."""
        found = recognise(self.cleaned_data["tracking"], pack)
        if found is None or not found.mistyped:
            return True
        self.add_error("tracking", mistake(found))
        return False


@dataclass(frozen=True, slots=True)
class Card:
    """One parcel as the page shows it: everything in words."""

    parcel: Parcel
    title: str
    state: str
    tone: str
    mistake: str
    expected: str
    late: LateWords | None


@dataclass(frozen=True, slots=True)
class LateWords:
    """When it counts as late, and what to press."""

    text: str
    since: datetime | None
    now: bool
    request: str
    label: str


def cards(found: Tracked, now: datetime) -> list[Card]:
    """The parcels of an order, each told apart where there are several."""
    count = dict.fromkeys(("parcel", "poster"), 0)
    several = len([p for p in found.parcels if p.shipment.kind == "parcel"]) > 1
    made = []
    for parcel in found.parcels:
        kind = parcel.shipment.kind
        count[kind] += 1
        title = _("Poster") if kind == "poster" else _("Parcel")
        if several and kind == "parcel":
            title = _("Parcel %(n)d") % {"n": count[kind]}
        made.append(_card(parcel, title, found.pack, now))
    return made


def number_card(found: NumberTracked, pack: Pack, now: datetime) -> Card | None:
    """What may be shown of a parcel to whoever holds its number."""
    return _card(found.parcel, _("Parcel"), pack, now) if found.parcel else None


def _card(parcel: Parcel, title: str, pack: Pack, now: datetime) -> Card:
    state, tone = _state(parcel)
    return Card(
        parcel=parcel,
        title=title,
        state=state,
        tone=tone,
        mistake=mistake(parcel.recognised),
        expected=_expected(parcel, now),
        late=late_words(parcel.late, pack) if parcel.late else None,
    )


def _state(parcel: Parcel) -> tuple[str, str]:
    """How far it is, and the colour that goes with it."""
    if parcel.shipment.delivered_at:
        return _("Delivered"), "accepted"
    if parcel.shipment.shipped_at is None:
        return _("Not sent yet"), "wait"
    if parcel.late is not None and parcel.late.now:
        return _("Late"), "evidence_needed"
    return pgettext("parcel", "On its way"), "discretionary"


def _expected(parcel: Parcel, now: datetime) -> str:
    if parcel.expected is None:
        return ""
    first, last = (dates.day(day, now) for day in (parcel.expected.first, parcel.expected.last))
    if first == last:
        return first
    return _("%(first)s to %(last)s") % {"first": first, "last": last}


def late_words(late: Late, pack: Pack) -> LateWords:
    """What the rule says of being late, in a sentence of its own."""
    if late.now:
        text = _("It is late. We look for it with the carrier as soon as you ask us to.")
    elif late.since is not None:
        text = _("Until then this is still normal. From then on we look for it when you ask.")
    else:
        text = _("There is no fixed date from which it counts as late. A person decides.")
    return LateWords(text, late.since, late.now, late.request, label_of(pack, late.request))


def mistake_of(found: NumberTracked) -> str:
    """What may be wrong with a number, also where nobody knows its parcel."""
    return mistake(found.recognised)


def about_parcels(request_type: str) -> bool:
    """Whether a request is about something that has not arrived: its page leads here."""
    return request_type in TILES["not-arrived"].requests


def pickup_words(found: Tracked) -> str:
    """How far an order is that is fetched from the store."""
    # An order that was handed over before it was imported never waited on our shelf.
    done = found.order.fulfillment_status == "fulfilled"
    state = found.pickup.state if found.pickup else "collected" if done else "preparing"
    return {
        "preparing": _("You pick this order up in the store. It is being prepared: we mail you."),
        "reserved": _("Your order is ready: please fetch it from the store."),
        "collected": _("You have picked this order up in the store."),
        "expired": _("This order was not picked up in time: it was cancelled, and is refunded."),
        "cancelled": _("The pickup of this order was cancelled."),
    }[state]
