"""Set-up: stores, staff, suppliers, products. What happened can be looked at, and no more."""

from __future__ import annotations

from typing import Any

from allauth.account.decorators import secure_admin_login
from allauth.account.models import EmailAddress
from django.contrib import admin
from django.contrib.auth.models import Group
from django.db import transaction
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from policies.models import PolicyVersion
from tickets import admin_staff  # noqa: F401  (it registers the staff)
from tickets.actions import targets
from tickets.admin_scope import LookOnly, OfMyStores, StoreFilter, person_of
from tickets.desk.labels import PRIORITIES
from tickets.models import (
    Claim,
    Customer,
    Deadline,
    Event,
    Inquiry,
    Order,
    Outbox,
    Pickup,
    Product,
    Refund,
    ReleaseMove,
    Shipment,
    Store,
    Supplier,
    Target,
    Ticket,
)
from tickets.target_form import FROM_NOW, TargetForm

admin.site.site_header = _("Set-up")
admin.site.site_title = _("Set-up")
admin.site.index_title = _("Stores and staff")
admin.site.site_url = "/desk/"
# One door for staff: the one that counts how often somebody tries a password.
admin.site.login = secure_admin_login(admin.site.login)  # type: ignore[method-assign]  # as allauth documents it
# Roles are memberships, store by store: Django's groups would be a second way.
admin.site.unregister(Group)
# A person has one address, which stands with the person.
admin.site.unregister(EmailAddress)


@admin.register(Store)
class StoreAdmin(OfMyStores):
    """A store: its promises lie in its rules, here is what surrounds them."""

    of_store = "pk"
    list_display = ("name", "slug", "time_zone", "is_open")
    search_fields = ("name", "slug")

    def get_readonly_fields(self, request: HttpRequest, obj: Store | None = None) -> Any:
        """The slug names the store in addresses and packs: it does not change any more."""
        return ("slug",) if obj else ()

    def has_add_permission(self, request: HttpRequest) -> bool:
        """Who sets up one store does not open another."""
        return person_of(request).is_superuser

    def has_delete_permission(self, request: HttpRequest, obj: Store | None = None) -> bool:
        """A store that has a history is closed (``is_open``), not deleted."""
        return False


@admin.register(Supplier)
class SupplierAdmin(OfMyStores):
    """Manufacturers and distributors."""

    list_display = ("name", "store", "email")
    list_filter = (("store", StoreFilter),)
    list_select_related = ("store",)
    search_fields = ("name", "email")


@admin.register(Target)
class TargetAdmin(OfMyStores):
    """What the stores aim at: the first answer and the solution, by priority."""

    form = TargetForm
    list_display = ("store", "priority_in_words", "first_minutes", "resolve_minutes")
    list_filter = (("store", StoreFilter),)
    list_select_related = ("store",)

    @admin.display(description=_("Priority"), ordering="priority")
    def priority_in_words(self, target: Target) -> str:
        """The word for it."""
        return str(PRIORITIES[target.priority])

    def get_readonly_fields(self, request: HttpRequest, obj: Target | None = None) -> Any:
        """Whose it is and for what stays: another one is another row."""
        return ("store", "priority_in_words") if obj else ()

    def get_fieldsets(self, request: HttpRequest, obj: Target | None = None) -> Any:
        """What they are for, the figures, and from when a change counts."""
        whose = self.get_readonly_fields(request, obj) or ("store", "priority")
        fields = (*whose, "first_minutes", "resolve_minutes")
        return [(None, {"fields": fields, "description": FROM_NOW})]

    def save_model(self, request: HttpRequest, obj: Target, form: Any, change: bool) -> None:
        """Save it, and let this process look at it at once; others do within a minute."""
        super().save_model(request, obj, form, change)
        transaction.on_commit(targets.forget)

    def delete_model(self, request: HttpRequest, obj: Target) -> None:
        """Without the row nothing is aimed at."""
        super().delete_model(request, obj)
        transaction.on_commit(targets.forget)

    def delete_queryset(self, request: HttpRequest, queryset: Any) -> None:
        """Several at once."""
        super().delete_queryset(request, queryset)
        transaction.on_commit(targets.forget)


@admin.register(Product)
class ProductAdmin(OfMyStores):
    """What the stores sell; the import keeps titles fresh, kind and supplier are ours."""

    list_display = ("title", "sku", "kind", "store", "supplier", "release_on")
    list_filter = (("store", StoreFilter), "kind")
    list_select_related = ("store", "supplier")
    autocomplete_fields = ("supplier",)
    search_fields = ("title", "sku")

    def get_readonly_fields(self, request: HttpRequest, obj: Product | None = None) -> Any:
        """Customers wait for a release date: it moves on the desk, where a lead confirms it."""
        return ("release_on",) if obj else ()


@admin.register(Customer)
class CustomerAdmin(LookOnly):
    """Customers, by address or name."""

    list_display = ("email", "name", "store")
    list_select_related = ("store",)
    search_fields = ("email_key", "name")


@admin.register(Order)
class OrderAdmin(LookOnly):
    """Orders as the shop told them."""

    list_display = ("number", "store", "customer", "placed_at", "total", "currency")
    list_filter = (("store", StoreFilter),)
    list_select_related = ("store", "customer")
    search_fields = ("number_key", "customer__email_key")


@admin.register(Ticket)
class TicketAdmin(LookOnly):
    """Conversations."""

    list_display = ("reference", "store", "customer", "state", "opened_at")
    list_filter = (("store", StoreFilter), "state")
    list_select_related = ("store", "customer")
    search_fields = ("reference", "customer__email_key")


@admin.register(Claim)
class ClaimAdmin(LookOnly):
    """Claims with what they stand under."""

    of_store = "ticket__store"
    list_display = ("ticket", "type", "state", "verdict", "rule", "filed_at")
    list_filter = (("ticket__store", StoreFilter), "type", "state")
    list_select_related = ("ticket",)
    search_fields = ("ticket__reference", "rule")


@admin.register(Pickup)
class PickupAdmin(LookOnly):
    """The shelf."""

    list_display = ("order", "store", "state", "reserved_until", "needs_person")
    list_filter = (("store", StoreFilter), "state", "needs_person")
    list_select_related = ("order", "store")
    search_fields = ("order__number_key",)


@admin.register(Refund)
class RefundAdmin(LookOnly):
    """Money promised back."""

    list_display = ("order", "store", "amount", "currency", "state", "requested_at")
    list_filter = (("store", StoreFilter), "state")
    list_select_related = ("order", "store")
    search_fields = ("order__number_key",)


@admin.register(Deadline)
class DeadlineAdmin(LookOnly):
    """What must have happened by when."""

    list_display = ("kind", "store", "due_at", "state", "attempts", "last_error")
    list_filter = (("store", StoreFilter), "kind", "state")
    list_select_related = ("store",)
    search_fields = (
        "claim__ticket__reference",
        "ticket__reference",
        "pickup__order__number_key",
        "order__number_key",
        "shipment__tracking_number",
    )


@admin.register(Shipment)
class ShipmentAdmin(LookOnly):
    """What was sent, and what the carrier said last."""

    of_store = "order__store"
    list_display = ("tracking_number", "kind", "order", "shipped_at", "last_tracking_at",
                    "delivered_at")  # fmt: skip
    list_filter = (("order__store", StoreFilter), "kind")
    list_select_related = ("order",)
    search_fields = ("tracking_number", "order__number_key")


@admin.register(Inquiry)
class InquiryAdmin(LookOnly):
    """What customers asked, what the rules answered, and how it ended."""

    list_display = ("request", "store", "customer", "at", "verdict", "rule", "ended")
    list_filter = (("store", StoreFilter), "verdict", "ended")
    list_select_related = ("store", "customer")
    search_fields = ("customer__email_key", "order__number_key", "rule")


@admin.register(ReleaseMove)
class ReleaseMoveAdmin(LookOnly):
    """Release dates that moved, or were to; the desk confirms them."""

    list_display = ("product", "store", "before", "after", "state", "decided_by", "orders_told")
    list_filter = (("store", StoreFilter), "state")
    list_select_related = ("product", "store", "decided_by")
    search_fields = ("product__title", "product__sku")


@admin.register(Event)
class EventAdmin(LookOnly):
    """What happened, and by whose hand."""

    list_display = ("at", "kind", "store", "ticket", "seq", "actor_kind", "actor_user", "rule")
    list_filter = (("store", StoreFilter), "actor_kind")
    list_select_related = ("store", "ticket", "actor_user")
    search_fields = ("ticket__reference", "kind", "rule")


@admin.register(Outbox)
class OutboxAdmin(LookOnly):
    """Mails to send, and how that went: dead and bounced ones are worth a look."""

    list_display = ("template", "store", "state", "attempts", "wake_at", "last_error")
    list_filter = ("state", ("store", StoreFilter), "template")
    list_select_related = ("store",)
    search_fields = ("message_id", "event__ticket__reference")


@admin.register(PolicyVersion)
class PolicyVersionAdmin(LookOnly):
    """Published rules: append-only, and published from a draft, under Policies."""

    list_display = ("store", "number", "starts_at", "published_at", "published_by")
    list_filter = (("store", StoreFilter),)
    list_select_related = ("store", "published_by")
    search_fields = ("store__name",)
