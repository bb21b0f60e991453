"""Small helpers that every model module shares."""

from __future__ import annotations

from collections.abc import Iterable
from enum import StrEnum

from django.db import models


def one_of(field: str, states: type[StrEnum] | Iterable[str], name: str) -> models.CheckConstraint:
    """The database refuses any other value in ``field`` than these."""
    return models.CheckConstraint(
        name=name, condition=models.Q(**{f"{field}__in": [str(state) for state in states]})
    )


def implies(condition: models.Q, consequence: models.Q, name: str) -> models.CheckConstraint:
    """The database refuses a row that meets ``condition`` and not ``consequence``."""
    return models.CheckConstraint(name=name, condition=~condition | consequence)


def email_key(address: str) -> str:
    """The normal form in which e-mail addresses are compared (shown as typed)."""
    return address.strip().casefold()
