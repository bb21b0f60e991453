"""Orders as the shop knows them, and the parcels and shelves they end on."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models import Case, CharField, F, Func, IntegerField, Q, TextField, Value, When
from django.db.models.expressions import Combinable
from django.db.models.fields.json import KT
from django.db.models.functions import MD5, Coalesce, Concat, Left, Upper

from tickets.lifecycle import PickupState, RefundState
from tickets.models.base import implies, one_of
from tickets.models.store import Customer, Product, Store

CHANNELS = ("online", "store", "distributor", "pop_now")
SHIPPING_METHODS = ("", "standard", "priority", "express", "pickup")
SHIPMENT_KINDS = ("parcel", "poster")


def order_number_key(number: str) -> str:
    """How order numbers are compared: ``#1001``, ``1001`` and `` 1001 `` are one."""
    return "".join(number.split()).lstrip("#").casefold()


def _bare(*names: str) -> Combinable:
    """Parts of the address without spaces and points, in capitals.

    The signs are named one by one: what else is no letter depends on the database's language.
    """
    parts = [
        Coalesce(KT(f"ship_to__{name}"), Value(""), output_field=TextField()) for name in names
    ]
    whole = Concat(*parts, output_field=TextField()) if len(parts) > 1 else parts[0]
    signs = (Value("[[:space:].,;:#/()_-]+"), Value(""), Value("g"))
    return Upper(Func(whole, *signs, function="regexp_replace", output_field=TextField()))


# One address, however it was typed. Not everybody writes the four digits behind an American
# postcode. An order without an address has a key as well: nobody asks for it.
_ADDRESS = MD5(
    Concat(
        F("country"),
        Value("|"),
        Left(
            _bare("zip"),
            Case(When(country="US", then=Value(5)), default=20, output_field=IntegerField()),
        ),
        Value("|"),
        _bare("address1", "address2"),
        output_field=TextField(),
    )
)


class Order(models.Model):
    """One purchase. Money is numeric with its currency on the same row."""

    store = models.ForeignKey(
        Store, on_delete=models.PROTECT, related_name="orders", db_index=False
    )
    customer = models.ForeignKey(
        Customer, on_delete=models.PROTECT, related_name="orders", db_index=False
    )
    number = models.CharField(max_length=60)
    number_key = models.CharField(max_length=60)
    placed_at = models.DateTimeField()
    paid_at = models.DateTimeField(null=True, blank=True)
    cancelled_at = models.DateTimeField(null=True, blank=True)
    financial_status = models.CharField(max_length=30, blank=True)
    fulfillment_status = models.CharField(max_length=30, blank=True)
    channel = models.CharField(max_length=12, default="online")
    shipping_method = models.CharField(max_length=12, blank=True, default="")
    shipping_label = models.CharField(max_length=120, blank=True)
    country = models.CharField(max_length=2, blank=True)
    currency = models.CharField(max_length=3)
    total = models.DecimalField(max_digits=12, decimal_places=2)
    member = models.BooleanField(null=True, blank=True)
    preorder = models.BooleanField(default=False)
    ship_to = models.JSONField(default=dict, blank=True)
    address_key = models.GeneratedField(
        expression=_ADDRESS, output_field=CharField(max_length=32), db_persist=True
    )
    import_hash = models.CharField(max_length=64, blank=True)
    last_seq = models.PositiveIntegerField(default=0)
    # Who has shown to know the order, where that is one of those who ordered together: no column,
    # `access.find_order` says so.
    claimant: Customer | None = None

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["store", "number_key"], name="order_number_once"),
            one_of("channel", CHANNELS, "order_channel_known"),
            one_of("shipping_method", SHIPPING_METHODS, "order_method_known"),
            models.CheckConstraint(name="order_total_not_negative", condition=Q(total__gte=0)),
        ]
        indexes = [
            models.Index(fields=["customer", "-placed_at"], name="order_by_customer"),
            models.Index(fields=["address_key"], name="order_by_address"),
            models.Index(
                fields=["number_key"], name="order_number_begins", opclasses=["varchar_pattern_ops"]
            ),
        ]
        ordering = ["-placed_at", "-id"]

    def __str__(self) -> str:
        return self.number


class Shipment(models.Model):
    """A parcel, or the posters of an order, which travel apart."""

    PARCEL, POSTER = "parcel", "poster"

    order = models.ForeignKey(
        Order, on_delete=models.CASCADE, related_name="shipments", db_index=False
    )
    kind = models.CharField(max_length=8, default=PARCEL)
    carrier = models.CharField(max_length=60, blank=True)
    tracking_number = models.CharField(max_length=60, blank=True)
    shipped_at = models.DateTimeField(null=True, blank=True)
    last_tracking_at = models.DateTimeField(null=True, blank=True)
    delivered_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [
            one_of("kind", SHIPMENT_KINDS, "shipment_kind_known"),
            models.UniqueConstraint(
                fields=["order", "kind", "tracking_number"], name="shipment_once"
            ),
        ]
        indexes = [
            models.Index(
                fields=["tracking_number"],
                name="shipment_by_tracking",
                condition=~Q(tracking_number=""),
            )
        ]
        ordering = ["id"]

    def __str__(self) -> str:
        return self.tracking_number or f"{self.kind} of {self.order_id}"


class TrackingEvent(models.Model):
    """One thing that a carrier said of a parcel: when, what, and where."""

    shipment = models.ForeignKey(
        Shipment, on_delete=models.CASCADE, related_name="tracking_events", db_index=False
    )
    at = models.DateTimeField()
    text = models.CharField(max_length=200)
    place = models.CharField(max_length=120, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["shipment", "at", "text"], name="tracking_event_once")
        ]
        ordering = ["-at", "-id"]

    def __str__(self) -> str:
        return self.text


class OrderLine(models.Model):
    """One line of an order; ``line_key`` tells lines of one order apart across imports."""

    order = models.ForeignKey(Order, on_delete=models.CASCADE, related_name="lines", db_index=False)
    line_key = models.CharField(max_length=120)
    position = models.PositiveIntegerField()
    product = models.ForeignKey(Product, on_delete=models.PROTECT, related_name="lines")
    title = models.CharField(max_length=300)
    quantity = models.PositiveIntegerField()
    price = models.DecimalField(max_digits=12, decimal_places=2)
    # How many of it are the asker's, and by which share: no columns, `facts.own_lines` says so.
    own: int = 0
    own_share: OrderShare | None = None

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["order", "line_key"], name="line_once"),
            models.CheckConstraint(name="line_has_quantity", condition=Q(quantity__gt=0)),
        ]
        ordering = ["position", "id"]

    def __str__(self) -> str:
        return self.title


class OrderShare(models.Model):
    """What of a line belongs to another person than the buyer: an order of several together.

    A trigger refuses to give away more of a line than there is. What is not given away stays
    the buyer's.
    """

    line = models.ForeignKey(
        OrderLine, on_delete=models.CASCADE, related_name="shares", db_index=False
    )
    order = models.ForeignKey(
        Order, on_delete=models.CASCADE, related_name="shares", db_index=False
    )
    customer = models.ForeignKey(
        Customer, on_delete=models.PROTECT, related_name="shares", db_index=False
    )
    quantity = models.PositiveIntegerField(default=1)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["line", "customer"], name="share_once"),
            models.CheckConstraint(name="share_has_quantity", condition=Q(quantity__gt=0)),
        ]
        indexes = [
            models.Index(fields=["order", "customer"], name="share_of_order"),
            models.Index(fields=["customer", "-order"], name="share_of_customer"),
        ]
        ordering = ["id"]

    def __str__(self) -> str:
        return f"{self.quantity} of {self.line_id}"


class Pickup(models.Model):
    """An order that waits on the shelf. ``cycle`` counts its reservations (extensions)."""

    store = models.ForeignKey(Store, on_delete=models.PROTECT, related_name="pickups")
    order = models.OneToOneField(Order, on_delete=models.CASCADE, related_name="pickup")
    state = models.CharField(max_length=10, default=PickupState.PREPARING)
    confirmed_at = models.DateTimeField(null=True, blank=True)
    reserved_until = models.DateTimeField(null=True, blank=True)
    cycle = models.PositiveSmallIntegerField(default=1)
    rule = models.CharField(max_length=80, blank=True, default="")
    policy_version = models.ForeignKey(
        "policies.PolicyVersion",
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="+",
        db_index=False,
    )
    collected_at = models.DateTimeField(null=True, blank=True)
    handed_over_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="+",
        db_index=False,
    )
    receipt_seen = models.BooleanField(default=False)
    identification_seen = models.BooleanField(default=False)
    needs_person = models.BooleanField(default=False)
    last_seq = models.PositiveIntegerField(default=0)

    class Meta:
        constraints = [
            one_of("state", PickupState, "pickup_state_known"),
            implies(
                Q(state=PickupState.RESERVED),
                Q(
                    confirmed_at__isnull=False,
                    reserved_until__isnull=False,
                    policy_version__isnull=False,
                )
                & ~Q(rule=""),
                "pickup_reserved_has_dates_and_rule",
            ),
            implies(
                Q(state=PickupState.COLLECTED),
                Q(
                    collected_at__isnull=False,
                    handed_over_by__isnull=False,
                    receipt_seen=True,
                    identification_seen=True,
                ),
                "pickup_collected_has_who_and_when",
            ),
        ]
        indexes = [
            models.Index(
                fields=["store", "reserved_until", "id"],
                name="pickup_on_the_shelf",
                condition=Q(state="reserved"),
            )
        ]
        ordering = ["reserved_until", "id"]

    def __str__(self) -> str:
        return f"pickup of {self.order_id}"


class Refund(models.Model):
    """Money promised back: by a claim, an expired pickup or a cancellation. A person pays it."""

    store = models.ForeignKey(
        Store, on_delete=models.PROTECT, related_name="refunds", db_index=False
    )
    order = models.ForeignKey(Order, on_delete=models.PROTECT, related_name="refunds")
    claim = models.OneToOneField(
        "tickets.Claim", null=True, blank=True, on_delete=models.PROTECT, related_name="refund"
    )
    pickup = models.OneToOneField(
        Pickup, null=True, blank=True, on_delete=models.PROTECT, related_name="refund"
    )
    ticket = models.OneToOneField(
        "tickets.Ticket", null=True, blank=True, on_delete=models.PROTECT, related_name="refund"
    )
    amount = models.DecimalField(max_digits=12, decimal_places=2)
    currency = models.CharField(max_length=3)
    state = models.CharField(max_length=10, default=RefundState.REQUESTED)
    requested_at = models.DateTimeField()
    paid_at = models.DateTimeField(null=True, blank=True)
    paid_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="+",
        db_index=False,
    )

    class Meta:
        constraints = [
            one_of("state", RefundState, "refund_state_known"),
            models.CheckConstraint(name="refund_not_negative", condition=Q(amount__gte=0)),
            models.CheckConstraint(
                name="refund_has_one_cause",
                condition=Q(claim__isnull=False, pickup=None, ticket=None)
                | Q(claim=None, pickup__isnull=False, ticket=None)
                | Q(claim=None, pickup=None, ticket__isnull=False),
            ),
            implies(
                Q(state=RefundState.PAID),
                Q(paid_at__isnull=False, paid_by__isnull=False),
                "refund_paid_has_who_and_when",
            ),
        ]
        indexes = [
            models.Index(
                fields=["store", "requested_at", "id"],
                name="refund_to_pay",
                condition=Q(state="requested"),
            ),
            models.Index(F("store"), F("paid_at"), name="refund_paid_in_store"),
        ]
        ordering = ["requested_at", "id"]

    def __str__(self) -> str:
        return f"{self.amount} {self.currency}"
