"""The mail about an automation that was switched off by itself. It has no event, and no case."""

from __future__ import annotations

from datetime import datetime

from django.conf import settings
from django.urls import reverse
from django.utils.translation import gettext as _

from tickets.effects import to_staff
from tickets.effects.lines import one_line
from tickets.effects.outcome import Outcome
from tickets.models import AutomationAlarm


def send(alarm: AutomationAlarm, now: datetime) -> Outcome:
    """Tell the store's managers and leads, once; a repeat carries the same Message-ID."""
    store = alarm.automation.store
    name = one_line(alarm.automation.name)

    def words() -> tuple[str, str]:
        subject = _("%(store)s: “%(name)s” was switched off by itself")
        body = _(
            "The automation “%(name)s” of %(store)s was switched off, because of what it did: "
            "%(why)s What it had done stays. Please look at it before you switch it on again."
        )
        page = reverse("desk:automation", args=[alarm.automation_id])
        known = {"store": store.name, "name": name, "why": alarm.why}
        return subject % known, f"{body % known}\n\n{settings.BASE_URL}{page}\n"

    return to_staff.send(store, "automation", alarm.pk, words, now, verb="override")
