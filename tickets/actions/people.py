"""Customers whom we know by an address alone, and what a visit tells about any of them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.utils.translation import gettext as _

from tickets.errors import InvalidInput
from tickets.models import Customer, Store

# What a browser tells of its owner, and a draft keeps among its answers.
_CLUES = ("time_zone", "locale")


def customer_by_email(
    store: Store, email: str, *, name: str = "", answers: Mapping[str, Any] | None = None
) -> Customer:
    """The store's customer of that address, made where there is none yet.

    Nobody has shown that the address is theirs: what is known of an existing customer stays as
    it is, and whatever may be read is mailed to the address, never shown.

    Raises:
        InvalidInput: this is no address.
    """
    try:
        validate_email(email)
    except ValidationError as error:
        raise InvalidInput(_("Please type a whole e-mail address."), "email") from error
    clues = {key: str((answers or {}).get(key, ""))[:64] for key in _CLUES}
    customer, _made = Customer.objects.get_or_create(
        store=store,
        email_key=Customer.key(email),
        defaults={
            "email": email,
            "name": name.strip()[:200],
            **{key: value for key, value in clues.items() if value},
        },
    )
    return customer


def learn(customer: Customer, answers: Mapping[str, Any]) -> None:
    """Keep the language and the clock of a customer who has shown to know their order."""
    fresh: dict[str, Any] = {
        key: str(answers[key])[:64]
        for key in _CLUES
        if answers.get(key) and str(answers[key]) != getattr(customer, key)
    }
    if fresh:
        Customer.objects.filter(pk=customer.pk).update(**fresh)
        for key, value in fresh.items():
            setattr(customer, key, value)
