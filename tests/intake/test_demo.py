"""The demo: loaded once, told by the same doors as real life; and its movable clock."""

from __future__ import annotations

import io
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from django.core.management import call_command
from django.core.management.base import CommandError
from pytest_django import DjangoAssertNumQueries, Settings

from supportdesk import clock
from tests.intake.exports import read
from tickets.intake.demo.files import orders_csv, tracking_csv
from tickets.intake.demo.load import PASSWORD
from tickets.intake.demo.orders import COUNTS, PICKUPS, plans
from tickets.intake.demo.tour import EXAMPLES
from tickets.lifecycle import ClaimState
from tickets.models import (
    Claim,
    Deadline,
    Event,
    KeptMail,
    Membership,
    Order,
    Outbox,
    Pickup,
    Refund,
    Shipment,
    User,
)

DAY = datetime(2026, 3, 5, 20, 0, tzinfo=UTC)


def run(*arguments: str) -> str:
    out = io.StringIO()
    call_command(*arguments, stdout=out)
    return out.getvalue()


@pytest.fixture
def own_clock(settings: Settings, tmp_path: Path) -> Iterator[None]:
    """A clock of this test's own, that runs with the real one."""
    settings.DATA_DIR = tmp_path
    settings.DEMO = settings.DEBUG = True
    settings.EMAIL_BACKEND = "tickets.effects.kept.KeepBackend"
    yield


@pytest.mark.parametrize("slug", list(COUNTS))
def test_the_demo_s_files_are_the_same_every_time_and_have_no_bad_row(slug: str) -> None:
    zone = ZoneInfo("America/Los_Angeles")
    first, again = (orders_csv(plans(slug), DAY, zone) for _each in range(2))
    assert first == again
    orders, bad = read(first)
    assert bad == []
    assert len(orders) == COUNTS[slug]
    assert all(row.placed_at < DAY for row in orders)
    assert tracking_csv(plans(slug), DAY, zone).count(b"\n") > COUNTS[slug] // 2


def test_the_demo_is_loaded_once_and_shows_every_queue(
    db: None, own_clock: None, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    run("demo_data")

    assert Order.objects.count() == sum(COUNTS.values())
    assert {"EUR", "CAD", "USD"} <= set(Order.objects.values_list("currency", flat=True))
    assert Shipment.objects.filter(kind="poster").exists()
    assert set(Claim.objects.values_list("state", flat=True)) == set(ClaimState)
    _the_shelf_is_true()
    _the_people_are_there()
    assert Deadline.objects.filter(state="overdue").exists()
    assert not Event.objects.filter(at__gt=clock.now()).exists()
    assert not Outbox.objects.filter(state="pending").exists()
    assert KeptMail.objects.filter(at__lt=clock.now() - timedelta(days=20)).exists()

    counted = (Order, Event, User, Claim, KeptMail)
    before = [table.objects.count() for table in counted]
    with django_assert_num_queries(1):
        said = run("demo_data")
    assert "already here" in said
    assert [table.objects.count() for table in counted] == before


def _the_shelf_is_true() -> None:
    found = Pickup.objects.filter(order__number__in=PICKUPS)
    shelf = dict(found.values_list("order__number", "state"))
    assert shelf["K-1004"] == "reserved"
    assert shelf["K-1034"] == "expired"  # 25 days, warned, by itself
    assert shelf["K-1037"] == "collected"
    refused = found.get(order__number="K-1035")  # no warning could be delivered
    assert (refused.state, refused.needs_person) == ("reserved", True)


def _the_people_are_there() -> None:
    """What is printed is true: orders, their addresses, and who works where."""
    for examples in EXAMPLES.values():
        for number, email, _what in examples:
            assert Order.objects.get(number=number).customer.email == email
    roles = set(Membership.objects.values_list("user__email", "role", "store__slug"))
    assert ("counter@demo.test", "agent", "kpopusa") in roles
    assert ("counter@demo.test", "agent", "popmart") not in roles
    admin = User.objects.get(email="admin@demo.test")
    assert admin.is_superuser and admin.check_password(PASSWORD)


def test_the_logins_are_printed_without_touching_anything(
    db: None, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    with django_assert_num_queries(0):
        said = run("demo_data", "--logins")
    assert "agent@demo.test" in said and "K-1001 with mina@example.com" in said


def test_beside_real_customers_there_is_no_demo(db: None, settings: Settings) -> None:
    settings.DEMO = False
    with pytest.raises(CommandError, match="never beside real customers"):
        run("demo_data")
    assert not Order.objects.exists()


# The clock -------------------------------------------------------------------------------------


def test_the_clock_brings_the_warnings_before_the_end(
    db: None, own_clock: None, reserved_now: Callable[[], Pickup]
) -> None:
    pickup = reserved_now()
    before = clock.now()

    said = run("advance", "21d")

    assert timedelta(days=21) <= clock.now() - before < timedelta(days=21, minutes=5)
    pickup.refresh_from_db()
    assert (pickup.state, pickup.needs_person) == ("expired", False)
    kinds = list(Event.objects.filter(pickup=pickup).order_by("seq").values_list("kind", flat=True))
    assert kinds == [
        "pickup_confirmed",
        *["pickup_reminded"] * 3,
        "pickup_expired",
    ]
    assert Refund.objects.get(pickup=pickup).state == "requested"
    mails = Outbox.objects.filter(template="pickup_reminder").values_list("state", flat=True)
    assert list(mails) == ["done"] * 3
    assert "pickup reminder" in said and "reservation over" in said
    assert KeptMail.objects.order_by("at").first().at < before + timedelta(days=1)  # type: ignore[union-attr]  # some came


def test_outside_the_demo_nobody_moves_the_clock(
    db: None, settings: Settings, tmp_path: Path
) -> None:
    settings.DATA_DIR, settings.DEBUG = tmp_path, False
    with pytest.raises(CommandError, match="only be moved in the demo") as told:
        run("advance", "21d")
    assert told.value.returncode == 2
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("text", ["", "3", "3w", "-3d", "1.5h", "0d", "9999d", "d3"])
def test_what_is_no_time_span_is_told(own_clock: None, text: str) -> None:
    with pytest.raises(CommandError):
        call_command("advance", text)
    assert clock.offset() == timedelta()
