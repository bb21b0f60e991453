"""What the stories of this room share."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from supportdesk import clock
from tickets.actions import pickups
from tickets.actor import Actor
from tickets.models import Pickup, User


@pytest.fixture
def reserved_now(pickup: Pickup, agent: User) -> Callable[[], Pickup]:
    """Put the pickup on the shelf at this very moment of the test's own clock."""
    return lambda: pickups.confirm(pickup, actor=Actor.staff(agent), now=clock.now())
