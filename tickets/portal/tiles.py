"""What a customer may have on their mind, in their words; each leads to request types."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _


@dataclass(frozen=True, slots=True)
class Tile:
    """One of the eight; more than one request makes a list to choose from."""

    slug: str
    icon: str
    title: Promise
    hint: Promise
    requests: tuple[str, ...]


TILES: Mapping[str, Tile] = {
    tile.slug: tile
    for tile in (
        Tile(
            "missing",
            "cards",
            _("Something is missing"),
            _("A photocard, a poster, another part"),
            ("missing_photocard",),
        ),
        Tile(
            "defect", "tool", _("It is defective"), _("Broken, stained, not working"), ("defect",)
        ),
        Tile(
            "damaged",
            "package-off",
            _("It arrived damaged"),
            _("The package or what is in it"),
            ("transit_damage",),
        ),
        Tile(
            "not-arrived",
            "truck-delivery",
            _("It has not arrived"),
            _("Parcel, poster, tracking"),
            (
                "lost_parcel",
                "tracking_stalled",
                "order_not_shipped",
                "poster_missing",
                "shipping_time",
                "carrier_contact",
                "customs",
            ),
        ),
        Tile(
            "change",
            "edit",
            _("Cancel or change my order"),
            _("Address, cancelling, giving back"),
            ("cancel_order", "change_address", "change_of_mind", "pop_now_return"),
        ),
        Tile(
            "pickup", "building-store", _("Pickup in the store"), _("When, until when"), ("pickup",)
        ),
        Tile(
            "payment",
            "credit-card",
            _("Payment or points"),
            _("Charges, gift cards, points"),
            (
                "pending_charge",
                "payment_methods",
                "gift_card",
                "points",
                "points_expired",
                "review_points",
                "free_shipping",
                "membership",
            ),
        ),
        Tile(
            "other",
            "message-circle",
            _("Something else"),
            _("Ask us anything"),
            (
                "preorder",
                "preorder_benefits",
                "restock",
                "charts",
                "authenticity",
                "blind_box",
                "account_details",
                "delete_account",
                "page_error",
                "other",
            ),
        ),
    )
}
# What stands on no list: nothing to decide, a person reads it.
OTHER = "other"


def tile_of(request: str) -> Tile:
    """The tile under which a request type stands."""
    for tile in TILES.values():
        if request in tile.requests:
            return tile
    return TILES["other"]
