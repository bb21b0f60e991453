"""Staff and their roles: who may set up whom.

A store's administrator takes people on for their own stores and says what they may do there. What
concerns a person everywhere (the address, the password, whether they may still sign in) is theirs
to change only where the person works in no other store, and never for a superuser.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django import forms
from django.contrib import admin
from django.contrib.admin.utils import unquote
from django.contrib.auth.admin import UserAdmin
from django.contrib.auth.forms import BaseUserCreationForm, UserChangeForm
from django.core.exceptions import PermissionDenied
from django.db.models import Exists, OuterRef, QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from tickets.admin_scope import StoreFilter, managed, person_of
from tickets.desk.labels import REQUESTS
from tickets.models import Membership, User

if TYPE_CHECKING:
    Inline = admin.TabularInline[Any, Any]
    RoleForm = forms.ModelForm[Membership]
    People = UserAdmin[User]
    NewPerson = BaseUserCreationForm[User]
    Person = UserChangeForm[User]
else:
    Inline, People = admin.TabularInline, UserAdmin
    RoleForm = forms.ModelForm
    NewPerson, Person = BaseUserCreationForm, UserChangeForm

# What concerns a person everywhere, and who is more than an administrator of a store.
_PERSONAL = ("email", "name", "locale", "time_zone", "is_active", "is_staff")
_ABOVE = ("is_superuser",)


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


def _by_word(pair: tuple[str, str]) -> str:
    return pair[1].casefold()


class MembershipForm(RoleForm):
    """A role in a store, and which kinds of requests *Next ticket* gives there."""

    skills = forms.MultipleChoiceField(
        label=_("Skills"),
        required=False,
        choices=[],
        help_text=_("What “Next ticket” gives to this person. Nothing chosen: everything."),
        widget=forms.SelectMultiple(attrs={"size": 6}),
    )

    class Meta:
        model = Membership
        fields = ("store", "role", "skills")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        known = {key: str(word) for key, word in REQUESTS.items()}
        # What a store's rules have named so, and no word of ours is for, stays as it is.
        known |= {key: key for key in self.instance.skills or () if key not in known}
        field = self.fields["skills"]
        assert isinstance(field, forms.MultipleChoiceField)
        choices: list[tuple[str, str]] = sorted(known.items(), key=_by_word)
        field.choices = choices


class MembershipInline(Inline):
    """What a person may do in which store."""

    model = Membership
    form = MembershipForm
    extra = 1

    def get_queryset(self, request: HttpRequest) -> QuerySet[Membership]:
        """Of this administrator's stores: what somebody does elsewhere is not theirs to see."""
        return super().get_queryset(request).filter(store__in=managed(person_of(request)))

    def formfield_for_foreignkey(self, db_field: Any, request: HttpRequest, **kwargs: Any) -> Any:
        """Roles are given in one's own stores."""
        if db_field.name == "store":
            kwargs["queryset"] = managed(person_of(request))
        return super().formfield_for_foreignkey(db_field, request, **kwargs)

    def get_min_num(self, request: HttpRequest, obj: User | None = None, **kwargs: Any) -> int:
        """Who is taken on by a store's administrator works there: else nobody would see them."""
        return 1 if obj is None and not person_of(request).is_superuser else 0

    def get_formset(self, request: HttpRequest, obj: User | None = None, **kwargs: Any) -> Any:
        """The first line has to be filled in where one is needed."""
        needed = self.get_min_num(request, obj) > 0
        return super().get_formset(request, obj, validate_min=needed, **kwargs)

    def _may(self, request: HttpRequest, obj: User | None) -> bool:
        user = person_of(request)
        if user.is_superuser:
            return True
        return managed(user).exists() and not (obj is not None and obj.is_superuser)

    def has_view_permission(self, request: HttpRequest, obj: User | None = None) -> bool:
        """Whoever sets up a store."""
        return self._may(request, None)

    def has_add_permission(self, request: HttpRequest, obj: User | None = None) -> bool:
        """Whoever sets up a store."""
        return self._may(request, obj)

    def has_change_permission(self, request: HttpRequest, obj: User | None = None) -> bool:
        """Whoever sets up a store."""
        return self._may(request, obj)

    def has_delete_permission(self, request: HttpRequest, obj: User | None = None) -> bool:
        """Whoever sets up a store."""
        return self._may(request, obj)


@admin.register(User)
class StaffAdmin(People):
    """Staff: an e-mail address is the name; memberships say what they may do."""

    form = UserForm
    add_form = NewUserForm
    inlines = (MembershipInline,)
    ordering = ("email",)
    list_display = ("email", "name", "is_active", "is_staff")
    list_filter = ("is_active", "is_staff", ("memberships__store", StoreFilter))
    search_fields = ("email", "name")
    filter_horizontal = ()
    fieldsets = (
        (None, {"fields": ("email", "name", "password")}),
        (_("How they read"), {"fields": ("locale", "time_zone")}),
        (_("Access"), {"fields": ("is_active", "is_staff", "is_superuser")}),
        (_("Dates"), {"fields": ("date_joined", "last_login")}),
    )
    add_fieldsets = ((None, {"fields": ("email", "name", "password1", "password2")}),)

    def get_queryset(self, request: HttpRequest) -> QuerySet[User]:
        """The people of this administrator's stores, each once."""
        rows = super().get_queryset(request)
        user = person_of(request)
        if user.is_superuser and user.is_active:
            return rows
        here = Membership.objects.filter(user=OuterRef("pk"), store__in=managed(user).values("pk"))
        return rows.filter(Exists(here))

    def _all_mine(self, request: HttpRequest, person: User) -> bool:
        """Whether this person works nowhere but where the administrator sets things up."""
        user = person_of(request)
        if user.is_superuser:
            return True
        if person.is_superuser:
            return False
        mine = managed(user).values("pk")
        return not person.memberships.exclude(store__in=mine).exists()

    def _mine(self, request: HttpRequest, obj: User | None) -> bool:
        user = person_of(request)
        if user.is_superuser:
            return user.is_active
        if obj is None or obj.pk is None:
            return managed(user).exists()
        return self.get_queryset(request).filter(pk=obj.pk).exists()

    def get_fieldsets(self, request: HttpRequest, obj: User | None = None) -> Any:
        """Nobody but a superuser reads who else is one, or makes one."""
        found = super().get_fieldsets(request, obj)
        if person_of(request).is_superuser:
            return found
        left_out = (
            *_ABOVE,
            *(() if obj is None or self._all_mine(request, obj) else ("password",)),
        )
        return [
            (title, {**options, "fields": [f for f in options["fields"] if f not in left_out]})
            for title, options in found
        ]

    def get_readonly_fields(self, request: HttpRequest, obj: User | None = None) -> Any:
        """What concerns a person in stores that are not this administrator's stays as it is."""
        dates = ("date_joined", "last_login")
        if obj is None or self._all_mine(request, obj):
            return dates
        return (*dates, *_PERSONAL)

    def has_module_permission(self, request: HttpRequest) -> bool:
        """Whether the index lists it at all."""
        return self._mine(request, None)

    def has_view_permission(self, request: HttpRequest, obj: User | None = None) -> bool:
        """The people of their stores."""
        return self._mine(request, obj)

    def has_add_permission(self, request: HttpRequest) -> bool:
        """Somebody new, who begins in one of their stores."""
        return self._mine(request, None)

    def has_change_permission(self, request: HttpRequest, obj: User | None = None) -> bool:
        """The people of their stores; a superuser is changed by superusers alone."""
        above = obj is not None and obj.is_superuser and not person_of(request).is_superuser
        return self._mine(request, obj) and not above

    def has_delete_permission(self, request: HttpRequest, obj: User | None = None) -> bool:
        """Who leaves is deactivated: what they did keeps their name."""
        return person_of(request).is_superuser

    def user_change_password(
        self,
        request: HttpRequest,
        id: str,  # noqa: A002  (Django calls it so)
        form_url: str = "",
    ) -> Any:
        """A password is set for people who work in no other store: it opens all that is theirs."""
        person = self.get_object(request, unquote(id))
        if person is not None and not self._all_mine(request, person):
            raise PermissionDenied
        return super().user_change_password(request, id, form_url)
