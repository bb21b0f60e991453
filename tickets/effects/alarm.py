"""The mail about rules that cannot be read. It has no event: nothing happened to anybody yet."""

from __future__ import annotations

from datetime import datetime

from django.conf import settings
from django.urls import reverse
from django.utils.translation import gettext as _

from policies.models import PolicyAlarm
from tickets.effects import to_staff
from tickets.effects.outcome import Outcome
from tickets.models import Store


def send(alarm: PolicyAlarm, now: datetime) -> Outcome:
    """Tell the store's staff, once; a repeat carries the same Message-ID."""
    store = alarm.version.store

    def words() -> tuple[str, str]:
        return _subject(alarm, store), _body(alarm, store)

    return to_staff.send(store, "alarm", alarm.pk, words, now)


def _subject(alarm: PolicyAlarm, store: Store) -> str:
    return _("The rules of %(store)s, version %(number)d, cannot be read") % {
        "store": store.name,
        "number": alarm.version.number,
    }


def _body(alarm: PolicyAlarm, store: Store) -> str:
    intro = _(
        "Version %(number)d of the rules of %(store)s cannot be read. The last version that can "
        "be read stays in force, so customers are still answered. Please publish a version "
        "without these mistakes:"
    ) % {"number": alarm.version.number, "store": store.name}
    lines = "\n".join(f"- {mistake['text']}" for mistake in alarm.mistakes[:30])
    path = reverse("policybook:version", args=[store.slug, alarm.version.number])
    return f"{intro}\n\n{lines}\n\n{settings.BASE_URL}{path}\n"
