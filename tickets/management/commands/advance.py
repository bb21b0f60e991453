"""Move the demo's clock forward, and let happen what the time brings."""

from __future__ import annotations

import re
from datetime import datetime, timedelta, tzinfo
from typing import Any
from zoneinfo import ZoneInfo

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import OperationalError
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from supportdesk import clock
from tickets.models import Store
from tickets.timelapse import Passed, happen, lapse

_UNITS = {"d": "days", "h": "hours", "m": "minutes"}
_AT_MOST = timedelta(days=366)


class Command(BaseCommand):
    help = (
        "Move the demo's clock forward, e.g. by 21d, 12h or 90m. Deadlines fire and mails go out "
        "on the way, each at its time. Refused outside DEBUG."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("by", help="How far: 21d, 12h, 90m, or several as in 1d12h.")

    def handle(self, *args: Any, **options: Any) -> None:
        if not settings.DEBUG:
            raise CommandError(
                "The clock can only be moved in the demo: real deadlines wait for real time. "
                "(DEBUG is off.)",
                returncode=2,
            )
        by = length(options["by"])
        start = clock.now()
        end = start + by
        ahead = clock.offset()
        zone = _zone()
        days = _Days(self.stdout.write, zone)
        try:
            days.add(happen(start))  # what the jobs have not come to yet is not blamed on tomorrow
            for passed in lapse(
                start, end, before_step=lambda at: clock.set_offset(ahead + (at - start))
            ):
                days.add(passed)
        except OperationalError as error:
            raise CommandError(
                "The database does not answer; the clock stands where it came to.", returncode=1
            ) from error
        finally:
            days.close()
        told = end.astimezone(zone).strftime("%a %d %b %Y, %H:%M")
        self.stdout.write(f"It is {told} ({zone}).")


def length(text: str) -> timedelta:
    """``21d``, ``12h``, ``90m`` or ``1d12h`` as a time span.

    Raises:
        CommandError: it is none, is nothing, or is more than a year.
    """
    if not re.fullmatch(r"(\d{1,6}[dhm])+", text, re.ASCII):
        raise CommandError(
            f"{text!r} is no time span: write 21d, 12h or 90m. The clock only goes forward.",
            returncode=2,
        )
    span = timedelta()
    for number, unit in re.findall(r"(\d+)([dhm])", text):
        span += timedelta(**{_UNITS[unit]: int(number)})
    if not timedelta() < span <= _AT_MOST:
        raise CommandError("Move the clock by more than nothing, by a year at most.", returncode=2)
    return span


def _zone() -> tzinfo:
    """The first store's zone: days are told as people there count them."""
    name = Store.objects.order_by("pk").values_list("time_zone", flat=True).first()
    return ZoneInfo(name or "UTC")


class _Days:
    """Collects what happened, and prints a line for each day on which something did."""

    def __init__(self, write: Any, zone: tzinfo) -> None:
        self._write = write
        self._zone = zone
        self._day = ""
        self._counts: dict[str, int] = {}

    def add(self, passed: Passed) -> None:
        day = _day(passed.at, self._zone)
        if day != self._day:
            self.close()
            self._day = day
        counts = dict(passed.fired)
        if passed.mails:
            counts["mails"] = passed.mails
        if passed.failed:
            counts["failed"] = passed.failed
        for kind, count in counts.items():
            self._counts[kind] = self._counts.get(kind, 0) + count

    def close(self) -> None:
        if self._counts:
            said = ", ".join(_said(kind, count) for kind, count in self._counts.items())
            self._write(f"{self._day}  {said}")
        self._counts = {}


def _day(at: datetime, zone: tzinfo) -> str:
    return at.astimezone(zone).strftime("%a %d %b")


def _said(kind: str, count: int) -> str:
    """“2 pickup reminders”."""
    words = {
        "evidence_reminder": ngettext("%d evidence reminder", "%d evidence reminders", count),
        "evidence_due": ngettext("%d claim expired", "%d claims expired", count),
        "manufacturer_update": ngettext("%d weekly update", "%d weekly updates", count),
        "manufacturer_due": ngettext(
            "%d manufacturer too late", "%d manufacturers too late", count
        ),
        "process_warning": ngettext("%d process to end soon", "%d processes to end soon", count),
        "process_due": ngettext("%d process too long", "%d processes too long", count),
        "pickup_reminder": ngettext("%d pickup reminder", "%d pickup reminders", count),
        "pickup_expiry": ngettext("%d reservation over", "%d reservations over", count),
        "refund_due": ngettext("%d refund overdue", "%d refunds overdue", count),
        "answer_due": ngettext("%d answer overdue", "%d answers overdue", count),
        "carrier_due": ngettext("%d carrier too late", "%d carriers too late", count),
        "parcel_late": ngettext("%d parcel late", "%d parcels late", count),
        "parcel_stalled": ngettext("%d parcel stalled", "%d parcels stalled", count),
        "poster_late": ngettext("%d poster late", "%d posters late", count),
        "preorder_due": ngettext("%d pre-order looked at", "%d pre-orders looked at", count),
        "wait_over": ngettext("%d reminder", "%d reminders", count),
        "mails": ngettext("%d mail", "%d mails", count),
        "failed": ngettext("%d deadline failed", "%d deadlines failed", count),
    }
    return (words.get(kind) or _("%d × ") + kind) % count
