"""Set-up: stores, staff, suppliers, products. What happened can be looked at, and no more."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.contrib import admin
from django.contrib.auth.admin import UserAdmin
from django.contrib.auth.forms import BaseUserCreationForm, UserChangeForm
from django.contrib.auth.models import Group
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from policies.models import PolicyVersion
from tickets.models import (
    Claim,
    Customer,
    Deadline,
    Event,
    Inquiry,
    Membership,
    Order,
    Outbox,
    Pickup,
    Product,
    Refund,
    ReleaseMove,
    Shipment,
    Store,
    Supplier,
    Ticket,
    User,
)

# Django's admin classes are generic in their stubs alone.
if TYPE_CHECKING:
    Admin = admin.ModelAdmin[Any]
    Inline = admin.TabularInline[Any, Any]
    People = UserAdmin[User]
    NewPerson = BaseUserCreationForm[User]
    Person = UserChangeForm[User]
else:
    Admin, Inline, People = admin.ModelAdmin, admin.TabularInline, UserAdmin
    NewPerson, Person = BaseUserCreationForm, UserChangeForm

admin.site.site_header = _("Set-up")
admin.site.site_title = _("Set-up")
admin.site.index_title = _("Stores and staff")
admin.site.site_url = "/desk/"
# Roles are memberships, store by store: Django's groups would be a second way.
admin.site.unregister(Group)


class NewUserForm(NewPerson):
    """An address, a name and a password are enough."""

    class Meta:
        model = User
        fields = ("email", "name")


class UserForm(Person):
    """The same for somebody who is there already; the password has its own form."""

    class Meta:
        model = User
        fields = "__all__"


class MembershipInline(Inline):
    """What a person may do in which store."""

    model = Membership
    extra = 1
    autocomplete_fields = ("store",)


@admin.register(User)
class StaffAdmin(People):
    """Staff: an e-mail address is the name; memberships say what they may do."""

    form = UserForm
    add_form = NewUserForm
    inlines = (MembershipInline,)
    ordering = ("email",)
    list_display = ("email", "name", "is_active", "is_staff")
    list_filter = ("is_active", "is_staff", "memberships__store")
    search_fields = ("email", "name")
    filter_horizontal = ()
    readonly_fields = ("date_joined", "last_login")
    fieldsets = (
        (None, {"fields": ("email", "name", "password")}),
        (_("How they read"), {"fields": ("locale", "time_zone")}),
        (_("Access"), {"fields": ("is_active", "is_staff", "is_superuser")}),
        (_("Dates"), {"fields": ("date_joined", "last_login")}),
    )
    add_fieldsets = ((None, {"fields": ("email", "name", "password1", "password2")}),)


@admin.register(Store)
class StoreAdmin(Admin):
    """A store: its promises lie in its rules, here is what surrounds them."""

    list_display = ("name", "slug", "time_zone", "is_open")
    search_fields = ("name", "slug")

    def get_readonly_fields(self, request: HttpRequest, obj: Store | None = None) -> Any:
        """The slug names the store in addresses and packs: it does not change any more."""
        return ("slug",) if obj else ()

    def has_delete_permission(self, request: HttpRequest, obj: Store | None = None) -> bool:
        """A store that has a history is closed (``is_open``), not deleted."""
        return False


@admin.register(Supplier)
class SupplierAdmin(Admin):
    """Manufacturers and distributors."""

    list_display = ("name", "store", "email")
    list_filter = ("store",)
    list_select_related = ("store",)
    search_fields = ("name", "email")


@admin.register(Product)
class ProductAdmin(Admin):
    """What the stores sell; the import keeps titles fresh, kind and supplier are ours."""

    list_display = ("title", "sku", "kind", "store", "supplier", "release_on")
    list_filter = ("store", "kind")
    list_select_related = ("store", "supplier")
    autocomplete_fields = ("supplier",)
    search_fields = ("title", "sku")

    def get_readonly_fields(self, request: HttpRequest, obj: Product | None = None) -> Any:
        """Customers wait for a release date: it moves on the desk, where a lead confirms it."""
        return ("release_on",) if obj else ()


class LookOnly(Admin):
    """Rows that only actions write: to be searched and read, never changed here."""

    show_full_result_count = False
    list_per_page = 50

    def has_add_permission(self, request: HttpRequest) -> bool:
        """Nobody adds here."""
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Nobody changes here."""
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Nobody deletes here."""
        return False


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
    list_filter = ("store",)
    list_select_related = ("store", "customer")
    search_fields = ("number_key", "customer__email_key")


@admin.register(Ticket)
class TicketAdmin(LookOnly):
    """Conversations."""

    list_display = ("reference", "store", "customer", "state", "opened_at")
    list_filter = ("store", "state")
    list_select_related = ("store", "customer")
    search_fields = ("reference", "customer__email_key")


@admin.register(Claim)
class ClaimAdmin(LookOnly):
    """Claims with what they stand under."""

    list_display = ("ticket", "type", "state", "verdict", "rule", "filed_at")
    list_filter = ("ticket__store", "type", "state")
    list_select_related = ("ticket",)
    search_fields = ("ticket__reference", "rule")


@admin.register(Pickup)
class PickupAdmin(LookOnly):
    """The shelf."""

    list_display = ("order", "store", "state", "reserved_until", "needs_person")
    list_filter = ("store", "state", "needs_person")
    list_select_related = ("order", "store")
    search_fields = ("order__number_key",)


@admin.register(Refund)
class RefundAdmin(LookOnly):
    """Money promised back."""

    list_display = ("order", "store", "amount", "currency", "state", "requested_at")
    list_filter = ("store", "state")
    list_select_related = ("order", "store")
    search_fields = ("order__number_key",)


@admin.register(Deadline)
class DeadlineAdmin(LookOnly):
    """What must have happened by when."""

    list_display = ("kind", "store", "due_at", "state", "attempts", "last_error")
    list_filter = ("store", "kind", "state")
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

    list_display = ("tracking_number", "kind", "order", "shipped_at", "last_tracking_at",
                    "delivered_at")  # fmt: skip
    list_filter = ("order__store", "kind")
    list_select_related = ("order",)
    search_fields = ("tracking_number", "order__number_key")


@admin.register(Inquiry)
class InquiryAdmin(LookOnly):
    """What customers asked, what the rules answered, and how it ended."""

    list_display = ("request", "store", "customer", "at", "verdict", "rule", "ended")
    list_filter = ("store", "verdict", "ended")
    list_select_related = ("store", "customer")
    search_fields = ("customer__email_key", "order__number_key", "rule")


@admin.register(ReleaseMove)
class ReleaseMoveAdmin(LookOnly):
    """Release dates that moved, or were to; the desk confirms them."""

    list_display = ("product", "store", "before", "after", "state", "decided_by", "orders_told")
    list_filter = ("store", "state")
    list_select_related = ("product", "store", "decided_by")
    search_fields = ("product__title", "product__sku")


@admin.register(Event)
class EventAdmin(LookOnly):
    """What happened, and by whose hand."""

    list_display = ("at", "kind", "store", "ticket", "seq", "actor_kind", "actor_user", "rule")
    list_filter = ("store", "actor_kind")
    list_select_related = ("store", "ticket", "actor_user")
    search_fields = ("ticket__reference", "kind", "rule")


@admin.register(Outbox)
class OutboxAdmin(LookOnly):
    """Mails to send, and how that went: dead and bounced ones are worth a look."""

    list_display = ("template", "store", "state", "attempts", "wake_at", "last_error")
    list_filter = ("state", "store", "template")
    list_select_related = ("store",)
    search_fields = ("message_id", "event__ticket__reference")


@admin.register(PolicyVersion)
class PolicyVersionAdmin(LookOnly):
    """Published rules: append-only, and published from a draft, under Policies."""

    list_display = ("store", "number", "starts_at", "published_at", "published_by")
    list_filter = ("store",)
    list_select_related = ("store", "published_by")
    search_fields = ("store__name",)
