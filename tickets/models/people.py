"""Staff: who they are and what they may do where."""

from __future__ import annotations

from typing import Any, ClassVar

from django.contrib.auth.base_user import AbstractBaseUser, BaseUserManager
from django.contrib.auth.models import PermissionsMixin
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models.functions import Lower
from django.utils.translation import gettext_lazy as _

from tickets.models.base import one_of


class UserManager(BaseUserManager["User"]):
    """Creates people whose e-mail address is their name."""

    def create_user(self, email: str, password: str | None = None, **fields: Any) -> User:
        """A person who can sign in; the address is stored as typed, compared in lower case."""
        if not email:
            raise ValueError("A user needs an e-mail address.")
        user = self.model(email=self.normalize_email(email), **fields)
        user.set_password(password)
        user.save(using=self._db)
        return user

    def create_superuser(self, email: str, password: str | None = None, **fields: Any) -> User:
        """An administrator of everything."""
        return self.create_user(email, password, is_staff=True, is_superuser=True, **fields)

    def get_by_natural_key(self, username: str | None) -> User:
        """Sign-in does not care about case."""
        return self.get(email__iexact=username)


class User(AbstractBaseUser, PermissionsMixin):
    """A member of staff. Customers have no account: a signed link is theirs."""

    email = models.EmailField(_("e-mail address"))
    name = models.CharField(_("name"), max_length=150, blank=True)
    locale = models.CharField(max_length=12, default="en")
    time_zone = models.CharField(max_length=64, blank=True)
    is_staff = models.BooleanField(_("may open the set-up pages"), default=False)
    is_active = models.BooleanField(_("active"), default=True)
    date_joined = models.DateTimeField(auto_now_add=True)

    USERNAME_FIELD = "email"
    EMAIL_FIELD = "email"
    REQUIRED_FIELDS: ClassVar[list[str]] = []
    objects = UserManager()

    class Meta:
        constraints = [models.UniqueConstraint(Lower("email"), name="user_email_once")]
        ordering = ["email"]

    def __str__(self) -> str:
        return self.name or self.email

    def get_full_name(self) -> str:
        """The name people know, or the address."""
        return self.name or self.email

    def get_short_name(self) -> str:
        """The first word of the name."""
        return self.get_full_name().split()[0]


class Role(models.TextChoices):
    """What a person may do in one store."""

    READ_ONLY = "read_only", _("read only")
    AGENT = "agent", _("agent")
    LEAD = "lead", _("lead")
    MANAGER = "manager", _("manager")
    ADMIN = "admin", _("administrator")


class Membership(models.Model):
    """A person's role in one store.

    ``skills`` are the kinds of requests that *Next ticket* gives them there; empty means all.
    ``given_at`` is when it last gave them one.
    """

    user = models.ForeignKey(
        User, on_delete=models.CASCADE, related_name="memberships", db_index=False
    )
    store = models.ForeignKey("tickets.Store", on_delete=models.PROTECT, related_name="memberships")
    role = models.CharField(max_length=12, choices=Role.choices)
    skills = ArrayField(models.CharField(max_length=30), default=list, blank=True)
    given_at = models.DateTimeField(null=True, blank=True, editable=False)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["user", "store"], name="membership_once"),
            one_of("role", Role.values, "membership_role_known"),
        ]
        ordering = ["store_id", "user_id"]

    def __str__(self) -> str:
        return f"{self.user}: {self.get_role_display()}"
