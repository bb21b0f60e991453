"""The shipments card: each parcel with what its carrier says, and when it counts as late."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from policies.publish import in_force, pack_of
from tickets.actions.tracking_view import Parcel, parcels
from tickets.carriers import mistake
from tickets.desk import forms
from tickets.desk.fields import keyed_fields_of
from tickets.models import Shipment, Ticket
from tickets.templatetags import dates

SHOWN = 3  # events of one parcel; the rest opens


@dataclass(frozen=True, slots=True)
class ShipmentCard:
    """One shipment, and the form that records its delivery: as typed, or its empty fields."""

    parcel: Parcel
    form: forms.StepForm | None
    fields: str
    mistake: str
    expected: str

    @property
    def shipment(self) -> Shipment:
        """The row itself."""
        return self.parcel.shipment

    @property
    def newest(self) -> list[object]:
        """The events that are shown at once."""
        return list(self.parcel.events[:SHOWN])

    @property
    def older(self) -> list[object]:
        """Those that open below them."""
        return list(self.parcel.events[SHOWN:])


def cards(
    ticket: Ticket, bound: tuple[str, forms.StepForm] | None, now: datetime
) -> list[ShipmentCard]:
    """The order's shipments by the rules of the day it was placed; ``bound`` as in `page`."""
    order = ticket.order
    if order is None:
        return []
    order.store = ticket.store  # the same row: not read again
    pack = pack_of(in_force(order.store_id, order.placed_at))
    return [_card(parcel, bound, now) for parcel in parcels(order, pack, now=now)]


def _card(parcel: Parcel, bound: tuple[str, forms.StepForm] | None, now: datetime) -> ShipmentCard:
    key = parcel.shipment.pk
    form = bound[1] if bound and bound[0] == f"delivery-{key}" else None
    fields = "" if form else keyed_fields_of(forms.DeliveryForm, "delivery", key)
    found = parcel.expected
    days = [dates.day(day, now) for day in (found.first, found.last)] if found else []
    return ShipmentCard(
        parcel=parcel,
        form=form,
        fields=fields,
        mistake=mistake(parcel.recognised),
        expected=" – ".join(dict.fromkeys(days)),
    )
