"""Whose set-up is it? A store's administrator sees and changes that of their stores, and no more.

``is_staff`` opens the door and shows nothing behind it: what is there comes from memberships with
the verb ``manage``. Superusers see all. What happened is looked at, by whoever it is.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

from django.contrib import admin
from django.contrib.admin import RelatedFieldListFilter
from django.db.models import Model, QuerySet
from django.http import HttpRequest

from tickets import access
from tickets.models import Store, Supplier, User

# Django's admin classes are generic in their stubs alone.
if TYPE_CHECKING:
    Admin = admin.ModelAdmin[Any]
else:
    Admin = admin.ModelAdmin


def person_of(request: HttpRequest) -> User:
    """Who is signed in; the set-up lets nobody else in."""
    return cast(User, request.user)


def managed(user: User) -> QuerySet[Store]:
    """The stores whose set-up is this person's: all of them for a superuser."""
    return access.stores_for(user, "manage")


class OfMyStores(Admin):
    """Set-up of a store: its administrators see and change their own stores' rows.

    ``of_store`` is the path from a row to its store.
    """

    of_store = "store"

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        """The rows of this person's stores: for lists, search, choices and single pages alike."""
        rows = super().get_queryset(request)
        user = person_of(request)
        if user.is_superuser and user.is_active:
            return rows
        # As keys: a join could double rows, and the admin refuses to delete from distinct ones.
        return rows.filter(**{f"{self.of_store}__in": managed(user).values("pk")})

    def _mine(self, request: HttpRequest, obj: Model | None) -> bool:
        """Whether this person sets up a store, and the object's, if one is asked about."""
        user = person_of(request)
        if not user.is_active:
            return False
        if user.is_superuser:
            return True
        if obj is None or obj.pk is None:
            return managed(user).exists()
        return self.get_queryset(request).filter(pk=obj.pk).exists()

    def has_module_permission(self, request: HttpRequest) -> bool:
        """Whether the index lists it at all."""
        return self._mine(request, None)

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Their stores' rows."""
        return self._mine(request, obj)

    def has_add_permission(self, request: HttpRequest) -> bool:
        """For their own stores: the form offers no other."""
        return self._mine(request, None)

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Their stores' rows."""
        return self._mine(request, obj)

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Their stores' rows; what anything hangs on, the database keeps."""
        return self._mine(request, obj)

    def formfield_for_foreignkey(self, db_field: Any, request: HttpRequest, **kwargs: Any) -> Any:
        """Only this person's stores, and what is theirs, can be chosen or typed in."""
        stores = managed(person_of(request))
        if db_field.remote_field.model is Store:
            kwargs["queryset"] = stores
        elif db_field.remote_field.model is Supplier:
            kwargs["queryset"] = Supplier.objects.filter(store__in=stores.values("pk"))
        return super().formfield_for_foreignkey(db_field, request, **kwargs)


class LookOnly(OfMyStores):
    """Rows that only actions write: to be searched and read, never changed here, by nobody."""

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


class StoreFilter(RelatedFieldListFilter):
    """The filter by store: the names of others' stores are not told."""

    def field_choices(self, field: Any, request: HttpRequest, model_admin: Any) -> Any:
        """This person's stores."""
        return [(store.pk, str(store)) for store in managed(person_of(request))]
