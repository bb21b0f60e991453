"""Load the demo: all of it in one transaction, or none of it; a second time changes nothing."""

from __future__ import annotations

import heapq
import io
from collections.abc import Callable
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from django.contrib.auth.hashers import make_password
from django.db import transaction

from tickets.actions import run_automations
from tickets.actions.stores import open_store
from tickets.actor import SYSTEM, Actor
from tickets.intake.demo.automations import automate
from tickets.intake.demo.files import orders_csv, tracking_csv
from tickets.intake.demo.macros import shelve
from tickets.intake.demo.orders import plans
from tickets.intake.demo.stories import stories
from tickets.intake.demo.teller import Teller
from tickets.intake.load import load_orders, load_tracking
from tickets.models import KeptMail, Membership, Role, Store, User
from tickets.timelapse import Passed, lapse

PASSWORD = "look-around-2026"  # noqa: S105  # the demo's, printed for everybody
STORES = {
    "kpopusa": ("help@kpopusa.example", "#b4235f"),
    "kpop2": ("help@kpop2.example", "#1f6f8b"),
    "popmart": ("help@popmart.example", "#c2410c"),
}
AUTOMATED = timedelta(days=25)  # so long before today the stores' automations were switched on
# name, e-mail, role, stores
STAFF = {
    "agent": ("Robin Hale", "agent@demo.test", Role.AGENT, tuple(STORES)),
    "counter": ("Kim Sol", "counter@demo.test", Role.AGENT, ("kpopusa",)),
    "lead": ("Lena Ortiz", "lead@demo.test", Role.LEAD, tuple(STORES)),
    "manager": ("Maya Chen", "manager@demo.test", Role.MANAGER, tuple(STORES)),
    "admin": ("Ada Brandt", "admin@demo.test", Role.ADMIN, tuple(STORES)),
}


def is_loaded() -> bool:
    """Whether the demo is there: one query. The administrator is made last of all."""
    return User.objects.filter(email=STAFF["admin"][1]).exists()


def load_demo(now: datetime, say: Callable[[str], object]) -> bool:
    """Open the stores, import their orders and tell the stories; False when it is there."""
    if is_loaded():
        return False
    with transaction.atomic():
        say("Opening the three stores …")
        opened = {slug: _open(slug, now) for slug in STORES}
        password = make_password(PASSWORD)  # slow on purpose, so once
        staff = {key: _person(key, opened, password) for key in STAFF if key != "admin"}
        anchor = now.replace(minute=0, second=0, microsecond=0)
        count = 0
        for store in opened.values():
            count += _import(store, anchor, now)
        for store in opened.values():
            macros = shelve(store, Actor.staff(staff["lead"]), now)
            since = anchor - AUTOMATED
            automate(store, macros, Actor.staff(staff["manager"]), since)
        say(f"{count} orders are in. Replaying six weeks of claims and pickups …")
        _replay(Teller(anchor, staff), anchor, now)
        _person("admin", opened, password)
    return True


def _open(slug: str, now: datetime) -> Store:
    mail, accent = STORES[slug]
    return open_store(slug, now=now, mail_from=mail, alert_to=mail, accent=accent)


def _person(key: str, opened: dict[str, Store], password: str) -> User:
    name, email, role, slugs = STAFF[key]
    admin = role == Role.ADMIN
    user, _made = User.objects.get_or_create(
        email=email,
        defaults={"name": name, "password": password, "is_staff": admin, "is_superuser": admin},
    )
    for slug in slugs:
        Membership.objects.get_or_create(user=user, store=opened[slug], defaults={"role": role})
    return user


def _import(store: Store, anchor: datetime, now: datetime) -> int:
    zone = ZoneInfo(store.time_zone)
    made = plans(store.slug)

    def no_bad_row(bad: object) -> None:
        raise AssertionError(f"the demo's own file has a bad row: {bad}")

    orders = io.BytesIO(orders_csv(made, anchor, zone))
    loaded = load_orders(orders, store, actor=SYSTEM, now=now, told=no_bad_row)
    tracking = io.BytesIO(tracking_csv(made, anchor, zone))
    load_tracking(tracking, store, actor=SYSTEM, now=now, told=no_bad_row)
    return loaded.counts.total


def _replay(teller: Teller, anchor: datetime, now: datetime) -> None:
    """Tell all stories at once, in the order of time, with the clock's own work in between."""
    agenda: list[tuple[datetime, int]] = []
    told = dict(enumerate(stories(teller)))

    def go_on(number: int) -> None:
        days = next(told[number], None)
        if days is not None:
            heapq.heappush(agenda, (anchor - timedelta(days=days), number))

    for number in told:
        go_on(number)
    at = agenda[0][0]
    while agenda:
        due, number = heapq.heappop(agenda)
        _until(at, due)
        at = teller.now = due
        go_on(number)
        run_automations.run_due(at)
    _until(at, now)


def _until(start: datetime, end: datetime) -> None:
    for passed in lapse(start, end, longest=None):
        _date_mails(passed)


def _date_mails(passed: Passed) -> None:
    """Mails of the invented past carry its dates; the post office itself only knows today."""
    if passed.mails:
        KeptMail.objects.filter(at__gt=passed.at).update(at=passed.at)
